"""`dirac-forge recipe`: recipes for projects on the index, and where what they need stands."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet

from dirac_forge.bot.requested import requested_recipe
from dirac_forge.cli.context import Context
from dirac_forge.cli.github import PullRequests, SentChanges, send
from dirac_forge.errors import InputError
from dirac_forge.feedstock.generated import put
from dirac_forge.proposals.recipes import maker_of
from dirac_forge.recipe.making.families import Order
from dirac_forge.report.migration import joined, sentences
from dirac_forge.report.recipes import as_json, as_text

__all__ = ["recipe"]


class Format(StrEnum):
    """Of the recipe's text."""

    v1 = "v1"
    v0 = "v0"


class Deps(StrEnum):
    """For which dependencies recipes are made too."""

    missing = "missing"
    none = "none"
    all = "all"


def recipe(
    context: Context,
    projects: Annotated[list[str], typer.Argument(metavar="PROJECT[==VERSION]...", help="Projects on the index.")],
    output: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Where the feedstocks' folders go.", show_default="feedstocks/ of the workspace"
        ),
    ] = None,
    feedstock: Annotated[
        str, typer.Option(metavar="NAME", help="One recipe with an output for each project, under this name.")
    ] = "",
    format_: Annotated[Format, typer.Option("--format", help="recipe.yaml (v1) or meta.yaml (v0).")] = Format.v1,
    deps: Annotated[
        Deps, typer.Option(help="Recipes for dependencies too: those that the channel lacks, none, or all.")
    ] = Deps.missing,
    pr: PullRequests = False,
    force: Annotated[bool, typer.Option("--force", help="Write over recipes that are there and differ.")] = False,
) -> int:
    """Write recipes for projects from what upstream published, and show where what they need stands.

    Nothing from upstream is executed. Projects that are released together (DIRAC and DIRACCommon, the diracx ones)
    become one recipe. A recipe that is there already stays: the same is `unchanged`, a different one is shown as a diff
    and the exit code is 1, unless --force is given.
    """
    settings = context.settings
    orders = _orders(projects, feedstock)
    with ThreadPoolExecutor(settings.connections) as executor:
        made = maker_of(context, executor).make(orders, deps.value)
    folder = output if output is not None else settings.workspace / "feedstocks"
    outcomes = [put(folder, one, format_.value, force=force) for one in made.recipes]
    sent = SentChanges()
    if pr:
        pairs = zip(made.recipes, outcomes, strict=True)
        asked = [requested_recipe(one, made.needed, outcome.folder) for one, outcome in pairs]
        sent = send(context, asked, force=True)
    text, document = as_text(made, outcomes, verbose=context.options.verbose), as_json(made, outcomes)
    context.answer(
        joined([text, sentences(sent.lines)]) if sent.lines else text,
        {**document, "requests": sent.document} if pr else document,
    )
    return max(int(any(outcome.state == "differs" for outcome in outcomes)), sent.exit_code)


def _orders(texts: list[str], feedstock: str) -> list[Order]:
    """One order for each project, or one for all where they go into the same feedstock.

    Raises InputError for what is no PROJECT or PROJECT==VERSION.
    """
    projects: dict[str, SpecifierSet] = {}
    for text in texts:
        try:
            wanted = Requirement(text)
        except InvalidRequirement as error:
            raise InputError(
                f"{text!r} is no PROJECT or PROJECT==VERSION: {str(error).splitlines()[0]}",
                hint="For example: dirac-forge recipe DIRAC, or DIRAC==9.1.9 (quoted where the shell needs it).",
            ) from None
        if wanted.url or wanted.marker or wanted.extras:
            raise InputError(f"{text!r}: expected a project and at most a version, no URL, marker or extra")
        projects[wanted.name] = wanted.specifier
    if feedstock:
        return [Order(feedstock=feedstock, projects=projects)]
    return [Order(feedstock="", projects={name: specifiers}) for name, specifiers in projects.items()]

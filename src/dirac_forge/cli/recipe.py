"""`dirac-forge recipe`: recipes for projects on the index, and where what they need stands."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet

from dirac_forge.bot.requested import requested_recipe
from dirac_forge.cli.context import Context
from dirac_forge.cli.github import SentChanges, send
from dirac_forge.errors import InputError
from dirac_forge.feedstock.generated import WriteOutcome, put
from dirac_forge.feedstock.workspace import FeedstockFolder, read_workspace
from dirac_forge.proposals.recipes import maker_of
from dirac_forge.recipe.making.families import Order
from dirac_forge.report.migration import joined, sentences
from dirac_forge.report.recipes import as_json, as_text

if TYPE_CHECKING:
    from dirac_forge.build.model import BuildReport

__all__ = ["recipe"]


def recipe(
    context: Context,
    projects: Sequence[str],
    *,
    output: Path | None,
    feedstock: str,
    format_: Literal["v1", "v0"],
    deps: Literal["missing", "none", "all"],
    table: bool,
    build: bool,
    pr: bool,
    force: bool,
) -> int:
    """Write recipes, answer with them and their dependencies, and return the exit code."""
    settings = context.settings
    orders = _orders(projects, feedstock)
    with ThreadPoolExecutor(settings.connections) as executor:
        made = maker_of(context, executor).make(orders, deps)
    folder = output if output is not None else settings.workspace / "feedstocks"
    outcomes = [put(folder, one, format_, force=force) for one in made.recipes]
    report = _built(context, outcomes) if build else None
    sent = SentChanges()
    if pr and (report is None or report.passed):  # what fails is not proposed
        pairs = zip(made.recipes, outcomes, strict=True)
        asked = [requested_recipe(one, made.needed, outcome.folder) for one, outcome in pairs]
        sent = send(context, asked, force=True)
    text, document = as_text(made, outcomes, verbose=context.options.verbose, table=table), as_json(made, outcomes)
    shown = [text]
    if report is not None:
        from dirac_forge.report.build import build_json, build_text  # noqa: PLC0415  # only with --build

        shown.append(build_text(report, verbose=context.options.verbose))
        document["build"] = build_json(report)
    if sent.lines:
        shown.append(sentences(sent.lines))
    context.answer(joined(shown), {**document, "requests": sent.document} if pr else document)
    failed = report is not None and not report.passed
    return max(int(failed or any(outcome.state == "differs" for outcome in outcomes)), sent.exit_code)


def _built(context: Context, outcomes: Sequence[WriteOutcome]) -> BuildReport:
    """Build the recipes that are written, each with those that it depends on."""
    from dirac_forge.build.session import BuildRequest, run_builds  # noqa: PLC0415  # only with --build
    from dirac_forge.check.why_not import why_not  # noqa: PLC0415

    written = [outcome.folder for outcome in outcomes if outcome.state != "differs"]
    folders = tuple(FeedstockFolder(folder.name, folder) for folder in written)
    workspace = read_workspace(context.settings.workspace)
    return run_builds(context, workspace, BuildRequest(folders=folders, with_missing=True), explain=why_not)


def _orders(texts: Sequence[str], feedstock: str) -> list[Order]:
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

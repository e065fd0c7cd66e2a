"""Usage of `dirac-forge recipe`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from dirac_forge.cli.context import Context
from dirac_forge.cli.options import PullRequests
from dirac_forge.cli.usage import examples


class Format(StrEnum):
    """Formats of a recipe."""

    v1 = "v1"
    v0 = "v0"


class Deps(StrEnum):
    """Dependencies for which recipes are made too."""

    missing = "missing"
    none = "none"
    all = "all"


@examples(
    "dirac-forge recipe DIRAC",
    "dirac-forge recipe DIRAC==9.1.9 --format v0 --output my-feedstocks",
    "dirac-forge recipe DIRACCommon DIRAC --feedstock dirac-grid",
    "dirac-forge recipe https://github.com/DIRACGrid/DB12@v1.0.4",
    "dirac-forge recipe ./my-project --as-published --maintainer octocat",
)
def recipe(
    context: Context,
    projects: Annotated[
        list[str],
        typer.Argument(
            metavar="PROJECT|URL[@TAG]|PATH",
            help="Projects on the package index, optionally with ==VERSION or [extra]; GitHub or GitLab repositories; "
            "folders, sdists and wheels.",
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Write feedstock folders into DIR.", show_default="feedstocks/ of the workspace"
        ),
    ] = None,
    feedstock: Annotated[
        str, typer.Option(metavar="NAME", help="Write one recipe with this name and one output per project.")
    ] = "",
    format_: Annotated[
        Format,
        typer.Option("--format", metavar="v1|v0", help="Write recipe.yaml (v1) or meta.yaml (v0).", show_default="v1"),
    ] = Format.v1,
    deps: Annotated[
        Deps,
        typer.Option(
            metavar="missing|none|all",
            help="Also write recipes for missing dependencies, for none, or for all.",
            show_default="missing",
        ),
    ] = Deps.missing,
    table: Annotated[bool, typer.Option("--table", help="Show a table of all dependencies.")] = False,
    build: Annotated[
        bool, typer.Option("--build", help="Build, test and install the recipes. Runs upstream code.")
    ] = False,
    maintainer: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Maintainer of new recipes: a GitHub user or team. Repeatable.",
            show_default="maintainers in the settings, else your GitHub name",
        ),
    ] = None,
    published: Annotated[
        bool,
        typer.Option("--as-published", help="For folders and sdists, use the future sdist on the index as the source."),
    ] = False,
    pr: PullRequests = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite recipes that differ.")] = False,
) -> int:
    """Write recipes from upstream metadata, and show the status of their dependencies.

    No upstream code is executed, except with --build. Projects that are released together (DIRAC and DIRACCommon, the
    diracx projects) become one recipe. An existing recipe is not overwritten without --force: if it differs, the diff
    is shown and the exit code is 1.
    """
    from dirac_forge.cli.recipe import recipe as run
    from dirac_forge.cli.recipe_request import RecipeRequest

    request = RecipeRequest(
        projects=tuple(projects),
        output=output,
        feedstock=feedstock,
        format=format_.value,
        deps=deps.value,
        table=table,
        build=build,
        pr=pr,
        force=force,
        maintainers=tuple(maintainer or ()),
        published=published,
    )
    return run(context, request)

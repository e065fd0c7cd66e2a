"""Usage of `dirac-forge sync`."""

from __future__ import annotations

from typing import Annotated

import typer

from dirac_forge.cli.context import Context
from dirac_forge.cli.usage import examples


@examples("dirac-forge sync dirac-grid diracx", "dirac-forge sync --closure dirac-grid")
def sync(
    context: Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME[@BRANCH]",
            help="Feedstocks or release lines.",
            show_default="those in the workspace and its settings",
        ),
    ] = None,
    closure: Annotated[
        str | None, typer.Option(metavar="TARGET", help="Copy the feedstocks of all packages that TARGET installs.")
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Copy every feedstock of conda-forge.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite local changes.")] = False,
) -> int:
    """Copy recipes, conda-forge.yml and variants of feedstocks into the workspace.

    An interrupted run can be repeated. Folders with local changes are kept and reported, unless --force is given.
    """
    from dirac_forge.cli.sync import sync as run

    return run(context, names or (), closure=closure, all_=all_, force=force)

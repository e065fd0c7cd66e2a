"""Usage of `dirac-forge check`."""

from __future__ import annotations

from typing import Annotated

import typer

from dirac_forge.cli.context import Context
from dirac_forge.cli.usage import examples


@examples(
    "dirac-forge check",
    "dirac-forge check 'dirac-grid >=9' --platform linux-aarch64 --python 3.13",
    "dirac-forge check --with dirac-grid",
    "dirac-forge check construct.yaml --since 2w",
)
def check(
    context: Context,
    specs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SPEC",
            help="Targets, package specs, or files: environment.yml, construct.yaml, pixi.toml, pixi.lock.",
            show_default="the workspace's targets",
        ),
    ] = None,
    with_: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            metavar="FEEDSTOCK",
            help="Check as if this recipe, or those in this folder, were built and uploaded. Repeatable.",
        ),
    ] = None,
    since: Annotated[
        str,
        typer.Option(
            metavar="DATE",
            help="Find when each target last changed since DATE (or 7d, 2w), and the upload that caused it.",
        ),
    ] = "",
    remedies: Annotated[
        bool, typer.Option("--remedies/--no-remedies", help="Search for changes that would make a target installable.")
    ] = True,
    cluster: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Solve on the workers of the Dask cluster at ADDRESS.")
    ] = "",
) -> int:
    """Check whether each target is installable, per platform and Python, and explain why not.

    A platform or Python that the target does not list is shown, but does not affect the exit code. With --with, targets
    are checked with the new packages, and each new package is also checked on its own.
    """
    from dirac_forge.cli.check import check as run

    return run(context, specs or (), with_=with_ or (), since=since, remedies=remedies, cluster=cluster)

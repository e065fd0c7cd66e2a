"""Usage of `dirac-forge installer`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dirac_forge.cli.context import Context
from dirac_forge.cli.usage import examples


@examples(
    "dirac-forge installer construct.yaml --platform linux-64",
    "dirac-forge installer construct.yaml --command 'dirac-version' --import DIRAC",
    "dirac-forge installer --verify DIRACOS-2.63-Linux-x86_64.sh",
)
def installer(
    context: Context,
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="The construct.yaml.")] = None,
    verify: Annotated[
        Path | None, typer.Option(metavar="INSTALLER", help="Build nothing; test this installer.")
    ] = None,
    lock: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH", help="Use the packages in this pixi.lock.", show_default="pixi.lock next to FILE, if any"
        ),
    ] = None,
    no_lock: Annotated[bool, typer.Option("--no-lock", help="Solve FILE again instead of using a lock.")] = False,
    output: Annotated[
        Path, typer.Option(metavar="DIR", help="Write the installer to DIR.", show_default="dist")
    ] = Path("dist"),
    imports: Annotated[
        list[str] | None, typer.Option("--import", metavar="MODULE", help="Import MODULE in the test. Repeatable.")
    ] = None,
    commands: Annotated[
        list[str] | None, typer.Option("--command", metavar="COMMAND", help="Run COMMAND in the test. Repeatable.")
    ] = None,
    attempt: Annotated[bool, typer.Option("--try/--no-try", help="Test the installer in a new prefix.")] = True,
) -> int:
    """Build the installer of a distribution from exactly the packages of its lock, and test it.

    Without a lock, FILE is solved. A lock that does not fit FILE is an error.

    This needs constructor from conda-forge. The test runs code from the packages, with a temporary home folder and
    without secrets; if the platform allows it, also without a network.
    """
    from dirac_forge.cli.installer import InstallerRequest
    from dirac_forge.cli.installer import installer as run

    return run(
        context,
        InstallerRequest(
            file=file,
            verify=verify,
            output=output,
            imports=tuple(imports or ()),
            commands=tuple(commands or ()),
            attempt=attempt,
            lock=lock,
            no_lock=no_lock,
        ),
    )

"""Usage of `dirac-forge lock`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from dirac_forge.cli.context import Context
from dirac_forge.cli.usage import examples


class _Format(StrEnum):
    pixi = "pixi"
    conda_lock = "conda-lock"
    explicit = "explicit"


@examples(
    "dirac-forge lock construct.yaml",
    "dirac-forge lock environment.yml --format explicit --output locks",
    "dirac-forge lock construct.yaml --check",
    "dirac-forge lock construct.yaml --update voms --update xrootd",
)
def lock(
    context: Context,
    file: Annotated[
        str,
        typer.Argument(metavar="FILE", help="A construct.yaml, an environment file, a pixi.toml, or a list of specs."),
    ],
    format_: Annotated[
        _Format,
        typer.Option(
            "--format", metavar="pixi|conda-lock|explicit", help="The format of the lock.", show_default="pixi"
        ),
    ] = _Format.pixi,
    output: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            help="Write the lock to PATH (a folder for explicit).",
            show_default="pixi.lock or conda-lock.yml next to FILE",
        ),
    ] = None,
    update: Annotated[
        list[str] | None,
        typer.Option(metavar="PACKAGE", help="Update only this package, and what it requires. Repeatable."),
    ] = None,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Write nothing; exit 1 if the lock does not match FILE or its channels, or is outdated.",
        ),
    ] = False,
    as_of: Annotated[
        str, typer.Option(metavar="DATE", help="Use the channels as they were on this date, such as 2026-08-01.")
    ] = "",
    force: Annotated[bool, typer.Option("--force", help="Replace a lock that was made from another file.")] = False,
) -> int:
    """Lock a distribution to exact packages for each platform.

    Environments and channels are those in FILE. The lock names FILE, and a lock of another file is not replaced. If a
    platform can't be solved, the reason is shown and nothing is written.
    """
    from dirac_forge.cli.lock import LockRequest
    from dirac_forge.cli.lock import lock as run

    return run(
        context,
        LockRequest(
            file=file,
            format=format_.value,
            output=output,
            update=tuple(update or ()),
            check=check,
            as_of=as_of,
            force=force,
        ),
    )

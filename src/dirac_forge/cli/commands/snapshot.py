"""Usage of `dirac-forge snapshot`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dirac_forge.cli.context import Context
from dirac_forge.cli.usage import examples


@examples(
    "dirac-forge snapshot dirac-grid --output frozen",
    "dirac-forge check dirac-grid --channel frozen",
)
def snapshot(
    context: Context,
    output: Annotated[Path, typer.Option(metavar="DIR", help="Write the channel to DIR, a new folder.")],
    targets: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TARGET", help="Targets of the workspace, or package specs.", show_default="the workspace's targets"
        ),
    ] = None,
    compact: Annotated[
        bool, typer.Option("--compact", help="Omit hashes, sizes and licences: enough to plan, not to install.")
    ] = False,
) -> int:
    """Write a channel folder with all versions and builds of all packages that targets depend on.

    conda, mamba, pixi and dirac-forge can read it as a channel, to plan and test offline or with the same state again.
    It contains no package files.
    """
    from dirac_forge.cli.snapshot import snapshot as run

    return run(context, targets or (), output=output, compact=compact)

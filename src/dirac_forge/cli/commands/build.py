"""Usage of `dirac-forge build`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dirac_forge.cli.context import Context
from dirac_forge.cli.usage import examples


@examples(
    "dirac-forge build dirac-grid --with-missing",
    'dirac-forge build diracx --target dirac-grid --run "dirac-grid:dcd --help"',
    "dirac-forge build dirac-grid --test-only",
)
def build(
    context: Context,
    feedstocks: Annotated[
        list[str] | None,
        typer.Argument(metavar="FEEDSTOCK", help="Names, folders or recipe files.", show_default="the whole workspace"),
    ] = None,
    with_missing: Annotated[
        bool,
        typer.Option(
            "--with-missing", help="Also build dependencies that the channels lack, from recipes in the workspace."
        ),
    ] = False,
    target: Annotated[
        list[str] | None,
        typer.Option(
            "--target",
            metavar="NAME|SPEC",
            help="After the build, install this, run `pip check` and its commands. Repeatable.",
            show_default="the targets that contain a built package",
        ),
    ] = None,
    command: Annotated[
        list[str] | None,
        typer.Option(
            "--run",
            metavar="[TARGET:]COMMAND",
            help="Also run COMMAND after TARGET (or any target) is installed. Repeatable.",
        ),
    ] = None,
    variant: Annotated[
        list[str] | None,
        typer.Option("--variant", metavar="KEY=VALUE", help="Build with this pinning value. Repeatable."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write the channel and logs to DIR.", show_default="build/ of the workspace"),
    ] = None,
    test_only: Annotated[
        bool, typer.Option("--test-only", help="Build nothing; test the packages in the local channel.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Also build unchanged recipes.")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the build and test folders until the next run.")] = False,
    jobs: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Run N builds in parallel.", show_default="limited by memory"),
    ] = None,
    container: Annotated[
        str,
        typer.Option(
            metavar="IMAGE", help="Run builds in this container image. Its Python must have py-rattler-build."
        ),
    ] = "",
    cluster: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Build on the workers of the Dask cluster at ADDRESS.")
    ] = "",
    time_limit: Annotated[
        int,
        typer.Option(
            "--time-limit", metavar="MIN", min=1, help="Stop a build or test after MIN minutes.", show_default="60"
        ),
    ] = 60,
    memory: Annotated[
        int | None,
        typer.Option(metavar="GB", min=1, help="Limit the memory of each process to GB.", show_default="no limit"),
    ] = None,
) -> int:
    """Build recipes for this machine, test them, and install the targets that depend on them.

    This runs upstream code: build scripts, tests and programs. They run in a child process with a temporary home
    folder and without tokens or agent sockets. If the machine allows it, they also have no network, and all other files
    are read-only or hidden. The result is a channel in a folder.
    """
    from dirac_forge.build.commands import read_command
    from dirac_forge.build.session import BuildRequest
    from dirac_forge.cli.build import build as run

    request = BuildRequest(
        folders=(),
        with_missing=with_missing,
        targets=tuple(target or ()),
        commands=tuple(map(read_command, command or ())),
        output=output,
        test_only=test_only,
        force=force,
        keep=keep,
        jobs=jobs,
        container=container,
        cluster=cluster,
        seconds=time_limit * 60.0,
        memory=memory * 1024**3 if memory else None,
    )
    return run(context, feedstocks or (), variant or (), request)

"""Usage of `dirac-forge build`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dirac_forge.cli.context import Context
from dirac_forge.cli.usage import examples

__all__ = ["build"]


@examples(
    "dirac-forge build dirac-grid --with-missing",
    'dirac-forge build diracx --target dirac-grid --target diracx --run "dirac-grid:dcd --help"',
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
        typer.Option("--with-missing", help="Also build what the channels lack and the workspace has a recipe for."),
    ] = False,
    target: Annotated[
        list[str] | None,
        typer.Option(
            "--target",
            metavar="NAME|SPEC",
            help="Install this afterwards, check it with pip, run its commands. Repeatable.",
            show_default="the targets that what is built belongs to",
        ),
    ] = None,
    command: Annotated[
        list[str] | None,
        typer.Option(
            "--run",
            metavar="[TARGET:]COMMAND",
            help="Also run this where TARGET, else any target, is installed. Repeatable.",
        ),
    ] = None,
    variant: Annotated[
        list[str] | None,
        typer.Option("--variant", metavar="KEY=VALUE", help="Build with this value of the pinning. Repeatable."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Keep channel and logs in DIR.", show_default="build/ of the workspace"),
    ] = None,
    test_only: Annotated[bool, typer.Option("--test-only", help="Test what the local channel has.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Build what is unchanged, too.")] = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the folders that builds and tests run in, until the next run.")
    ] = False,
    jobs: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Run N builds at the same time.", show_default="as memory allows"),
    ] = None,
    container: Annotated[
        str, typer.Option(metavar="IMAGE", help="Run builds in IMAGE, whose python has py-rattler-build.")
    ] = "",
    cluster: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Build on the workers of the Dask cluster at ADDRESS.")
    ] = "",
    time_limit: Annotated[
        int, typer.Option("--time-limit", metavar="MIN", min=1, help="Stop a build or test after MIN minutes.")
    ] = 60,
    memory: Annotated[
        int | None,
        typer.Option(metavar="GB", min=1, help="Limit the memory of each process.", show_default="no limit"),
    ] = None,
) -> int:
    """Build recipes for this machine, test them, and install what depends on them.

    This runs code from upstream: build scripts, tests and the programs of packages. They run in a child process with
    a home folder of their own, without tokens and sockets of agents, and where the machine allows it without a network
    and with every other file read-only or hidden. The result is a channel in a folder.
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

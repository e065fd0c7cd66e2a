"""Usage of `dirac-forge migrate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dirac_forge.cli.context import Context
from dirac_forge.cli.options import PullRequests
from dirac_forge.cli.running import CommandGroup
from dirac_forge.cli.usage import UsageGroup, examples


class _Usage(UsageGroup):
    usual = "dirac-forge migrate plan"


migrate = CommandGroup(_Usage)

Name = Annotated[
    str, typer.Argument(metavar="MIGRATION", help="A name in migrations/ or in the pinning, or a YAML file.")
]
StatusPage = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Read pull requests and errors from conda-forge's status page (JSON)."),
]
Paused = Annotated[bool, typer.Option("--paused", help="Continue even if the migration is paused.")]


@migrate.command("plan", "Show members, order and cycles, or plan a new platform.")
@examples(
    "dirac-forge migrate plan openssl4",
    "dirac-forge migrate plan openssl4 --target dirac-grid",
    "dirac-forge migrate plan --add-platform linux-riscv64 --target dirac-grid",
)
def plan(
    context: Context,
    migration: Annotated[str | None, typer.Argument(metavar="MIGRATION", help="A name, or a YAML file.")] = None,
    target: Annotated[
        str | None,
        typer.Option(metavar="NAME|SPEC", help="Also show the effect of each wave on this target."),
    ] = None,
    add_platform: Annotated[
        str | None, typer.Option(metavar="P", help="Plan the builds that a target needs on a new platform.")
    ] = None,
    as_dot: Annotated[bool, typer.Option("--dot", help="Print the graph for Graphviz.")] = False,
    as_mermaid: Annotated[bool, typer.Option("--mermaid", help="Print the graph as Mermaid, for Markdown.")] = False,
    as_svg: Annotated[bool, typer.Option("--svg", help="Print the graph as a self-contained SVG.")] = False,
    status_page: StatusPage = None,
) -> int:
    """Show the members, edges, waves and cycles of a migration, with reasons, or plan a new platform.

    The exit code is 3 if the workspace has no feedstocks. With --target it is also 3 if it is unknown, on any platform,
    what has to be built for the target, for example because a feedstock is not in the workspace.
    """
    from dirac_forge.cli.migrate import plan as run

    return run(
        context,
        migration,
        target=target,
        add_platform=add_platform,
        as_dot=as_dot,
        as_mermaid=as_mermaid,
        as_svg=as_svg,
        status_page=status_page,
    )


@migrate.command("status", "Show what is done, ready, waiting or not solvable.")
@examples(
    "dirac-forge migrate status openssl4",
    "dirac-forge migrate status openssl4 --svg > openssl4.svg",
    "dirac-forge migrate status openssl4 --html openssl4.html",
)
def status(
    context: Context,
    migration: Name,
    status_page: StatusPage = None,
    as_svg: Annotated[bool, typer.Option("--svg", help="Print the graph as a self-contained SVG.")] = False,
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", help="Write a self-contained page with graph, table and targets."),
    ] = None,
) -> int:
    """Show the state of each member, from the builds in the channel, or from the recipes with --offline.

    Platforms that the channel does not have are named once and otherwise ignored. The exit code is 3 if the state of a
    member is unknown, or if --platform names a platform that the channel does not have.
    """
    from dirac_forge.cli.migrate import show_status as run

    return run(context, migration, status_page=status_page, as_svg=as_svg, html=html)


@migrate.command("list", "Show running and paused migrations.")
@examples("dirac-forge migrate list")
def list_(context: Context) -> int:
    """Show the migrations in the workspace and the pinning, with their pins."""
    from dirac_forge.cli.migrate import show_list as run

    return run(context)


@migrate.command("next", "Show the members that can be rebuilt now.")
@examples("dirac-forge migrate next openssl4")
def ready(context: Context, migration: Name, status_page: StatusPage = None, paused: Paused = False) -> int:
    """Show the members that can be rebuilt now, those that block most others first."""
    from dirac_forge.cli.migrate import show_next as run

    return run(context, migration, status_page=status_page, paused=paused)


@migrate.command("why", "Explain why a feedstock is a member or not, and what it waits for.")
@examples("dirac-forge migrate why openssl4 xrootd")
def why(
    context: Context,
    migration: Name,
    feedstock: Annotated[str, typer.Argument(metavar="FEEDSTOCK", help="A name, or a folder.")],
) -> int:
    """Explain why a feedstock is a member or not, what it waits for and through which path, and what waits for it."""
    from dirac_forge.cli.migrate import why as run

    return run(context, migration, feedstock)


@migrate.command("new", "Write a migration from the pinning.")
@examples("dirac-forge migrate new openssl 4.0")
def new(
    context: Context,
    library: Annotated[str, typer.Argument(metavar="LIBRARY", help="A package, or a key of the pinning.")],
    version: Annotated[str, typer.Argument(metavar="VERSION", help="The new version.")],
) -> int:
    """Write a migration of a library to `migrations/`, based on the pinning."""
    from dirac_forge.cli.migrate import new as run

    return run(context, library, version)


@migrate.command("run", "Make the rebuild changes for members that are ready.")
@examples("dirac-forge migrate run openssl4", "dirac-forge migrate run openssl4 xrootd --write")
def rebuild(
    context: Context,
    migration: Name,
    feedstocks: Annotated[
        list[str] | None,
        typer.Argument(metavar="FEEDSTOCK", help="Rebuild only these members.", show_default="all that are ready"),
    ] = None,
    write: Annotated[bool, typer.Option("--write", help="Write the changes into the workspace.")] = False,
    pr: PullRequests = False,
    status_page: StatusPage = None,
    paused: Paused = False,
) -> int:
    """Make the rebuild changes for some or all members that are ready: new build number and migration file."""
    from dirac_forge.cli.migrate import run_rebuilds as run

    return run(context, migration, feedstocks or (), write=write, pr=pr, status_page=status_page, paused=paused)

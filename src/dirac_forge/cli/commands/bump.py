"""Usage of `dirac-forge bump`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from dirac_forge.cli.context import Context
from dirac_forge.cli.options import PullRequests
from dirac_forge.cli.usage import examples


class Dependencies(StrEnum):
    """Ways to treat requirements that upstream changed."""

    update = "update"
    report = "report"
    off = "off"


def _version(text: str | None) -> str:
    """Return the version of --to; "" if it was not given. Raises InputError for an empty one."""
    from dirac_forge.errors import InputError

    if text is not None and not text.strip():
        raise InputError("--to needs a version", hint="Give --to 1.2.3, or omit it.")
    return text or ""


@examples(
    "dirac-forge bump",
    "dirac-forge bump dirac-grid m2crypto -v",
    "dirac-forge bump dirac-grid --to 9.1.22 --write",
)
def bump(
    context: Context,
    feedstocks: Annotated[
        list[str] | None,
        typer.Argument(metavar="FEEDSTOCK", help="Names, folders or recipe files.", show_default="the whole workspace"),
    ] = None,
    to: Annotated[str | None, typer.Option("--to", metavar="VERSION", help="Update to this version.")] = None,
    write: Annotated[
        bool,
        typer.Option(
            "--write", help="Write what is proposed into the workspace; what waits or is blocked is left out."
        ),
    ] = False,
    pr: PullRequests = False,
    check: Annotated[
        bool,
        typer.Option(
            "--check/--no-check",
            help="Prove each proposal with the solver. --no-check reads no channel: it tells neither what a proposal "
            "waits for nor that a recipe is older than the channel's package.",
        ),
    ] = True,
    build: Annotated[
        bool, typer.Option("--build", help="Build, test and install each proposal. Runs upstream code.")
    ] = False,
    known_sha256: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Read the hashes of sources from this JSON file (URL to SHA-256)."),
    ] = None,
    dependencies: Annotated[
        Dependencies | None,
        typer.Option(
            metavar="update|report|off",
            help="Update requirements that upstream changed, only report them, or ignore them.",
            show_default="the inspection setting in conda-forge.yml, else update; "
            "off if --to and --known-sha256 are both given",
        ),
    ] = None,
    catch_up: Annotated[
        bool,
        typer.Option(
            "--catch-up",
            help="Also update requirements that were outdated before, even without a newer version.",
        ),
    ] = False,
) -> int:
    """Show which feedstocks have a newer release upstream, and the edits; --write applies them.

    An edit changes the version, source hashes and build number, and the requirements and commands that upstream changed
    between the two versions. If a feedstock can't be updated, the reason is shown. If an edit is uncertain, nothing is
    written.
    """
    from dirac_forge.cli.bump import bump as run
    from dirac_forge.cli.bump_request import BumpRequest

    request = BumpRequest(
        feedstocks=tuple(feedstocks or ()),
        to=_version(to),
        write=write,
        pr=pr,
        check=check,
        build=build,
        known_sha256=known_sha256,
        dependencies=dependencies.value if dependencies is not None else None,
        catch_up=catch_up,
    )
    return run(context, request)

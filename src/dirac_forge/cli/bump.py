"""`dirac-forge bump`: which feedstocks move to which version, with the edits, or why they do not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from dirac_forge.cli.bump_request import BumpRequest
from dirac_forge.cli.context import Context
from dirac_forge.cli.discovery import no_feedstocks, require_workspace
from dirac_forge.errors import InputError
from dirac_forge.feedstock.workspace import FeedstockFolder, Workspace, read_workspace
from dirac_forge.proposals.early import early_lookup
from dirac_forge.untrusted import one_line

_VERSION = re.compile(r"(?=.*[0-9])[0-9A-Za-z][0-9A-Za-z._+!-]{0,99}")


def bump(context: Context, request: BumpRequest) -> int:
    """Decide bumps, write or send them if asked for, answer with them, and return the exit code.

    Raises InputError for a build that could read the token for the pull requests.
    """
    if request.pr:
        _allow_requests(context, request)
    if not request.feedstocks:
        require_workspace(context.settings.workspace, named=context.named_workspace)
    workspace = read_workspace(context.settings.workspace)
    folders = _chosen(workspace, request.feedstocks, request.to)
    with ThreadPoolExecutor(context.settings.threads) as executor:
        lookup = early_lookup(context, () if request.known_sha256 else folders, executor)
        from dirac_forge.cli.bump_run import answered, decided_run  # noqa: PLC0415  # the answers are on their way

        run = decided_run(context, request, workspace, folders, lookup, executor)
    return answered(context, request, workspace, run)


def _allow_requests(context: Context, request: BumpRequest) -> None:
    """Raise InputError if pull requests can't be made, or a build could read the token for them."""
    from dirac_forge.cli.github import needs_token  # noqa: PLC0415  # only for pull requests

    needs_token(context)
    if request.build:
        _refuse_token(context)


def _refuse_token(context: Context) -> None:
    """Raise InputError if upstream's code could read the token for the pull requests."""
    from dirac_forge.cli.github import unsafe_build_of  # noqa: PLC0415

    unsafe = unsafe_build_of(context)
    if unsafe:
        raise InputError(
            f"--build runs upstream code, which could read {unsafe}: nothing was done",
            hint="Give the token in a file of your home folder (GITHUB_TOKEN_FILE) or by `gh auth login`, where builds "
            "are isolated (see `dirac-forge doctor`), or omit --build.",
        )


def _chosen(workspace: Workspace, feedstocks: Sequence[str], to: str) -> list[FeedstockFolder]:
    """Return the feedstocks that are named, all if none is; with `to` it has to be one.

    Raises InputError.
    """
    folders = workspace.find_all(feedstocks) or [*workspace, *workspace.lines]
    if not folders:
        raise no_feedstocks(workspace.root)
    if to and _VERSION.fullmatch(to) is None:
        raise InputError(f"--to {one_line(to, longest=60)}: expected a version such as 1.2.3")
    if to and len(folders) != 1:
        raise InputError("--to needs exactly one feedstock", hint="Name the feedstock.")
    return folders

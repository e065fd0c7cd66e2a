"""`dirac-forge bump`: which feedstocks move to which version, with the edits, or why they do not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dirac_forge.bump.proposal import Bump
from dirac_forge.cli.bump_request import BumpRequest
from dirac_forge.cli.context import Context
from dirac_forge.cli.discovery import require_workspace
from dirac_forge.errors import InputError
from dirac_forge.feedstock.change import Skip
from dirac_forge.feedstock.workspace import FeedstockFolder, Workspace, read_workspace
from dirac_forge.files import write_files
from dirac_forge.proposals.bumps import Decided, decide
from dirac_forge.untrusted import one_line

if TYPE_CHECKING:
    from dirac_forge.check.cells import Cell
    from dirac_forge.cli.github import SentChanges

__all__ = ["bump"]

_NO, _UNREADABLE, _UNKNOWN = 1, 2, 3
_VERSION = re.compile(r"(?=.*[0-9])[0-9A-Za-z][0-9A-Za-z._+!-]{0,99}")


def bump(context: Context, request: BumpRequest) -> int:
    """Decide bumps, write or send them where asked for, answer with them, and return the exit code.

    Raises InputError for a build that could read the token for the pull requests.
    """
    if request.pr:
        _allow_requests(context, request)
    if not request.feedstocks:
        require_workspace(context.settings.workspace, named=context.named_workspace)
    workspace = read_workspace(context.settings.workspace)
    folders = _chosen(workspace, request.feedstocks, request.to)
    with ThreadPoolExecutor(context.settings.connections) as executor:
        decided = decide(context, workspace, folders, request.options(), executor=executor)
        sent = _sent(context, workspace, decided, request, executor) if request.pr else None
        targets = _targets(context, decided, executor) if request.check and request.feedstocks else ()
    if request.write:
        _write_all(context, workspace, decided)
    results = [one.result for one in decided]
    from dirac_forge.cli import bump_answer  # noqa: PLC0415  # loaded before upstream is asked, it would delay that

    if context.options.json:
        bump_answer.answer_json(context, results, sent, targets)
    else:
        bump_answer.answer_text(context, workspace, request, results, sent, targets)
    asked = bool(request.to or request.feedstocks)
    return max(_exit_code(results, asked=asked), sent.exit_code if sent is not None else 0)


def _allow_requests(context: Context, request: BumpRequest) -> None:
    """Raise InputError where pull requests can't be made, or a build could read the token for them."""
    from dirac_forge.cli.github import needs_token  # noqa: PLC0415  # only for pull requests

    needs_token(context)
    if request.build:
        _refuse_token(context)


def _refuse_token(context: Context) -> None:
    """Raise InputError where upstream's code could read the token for the pull requests."""
    from dirac_forge.cli.github import unsafe_build_of  # noqa: PLC0415

    unsafe = unsafe_build_of(context)
    if unsafe:
        raise InputError(
            f"--build runs code from upstream, which could read {unsafe}: nothing was done",
            hint="Give the token in a file of your home folder (GITHUB_TOKEN_FILE) or by `gh auth login`, where builds "
            "are isolated (`dirac-forge doctor` says so), or leave --build out.",
        )


def _sent(
    context: Context, workspace: Workspace, decided: Iterable[Decided], request: BumpRequest, executor: Executor
) -> SentChanges:
    from dirac_forge.cli.github import send  # noqa: PLC0415
    from dirac_forge.pullrequest.requested import requested_bumps  # noqa: PLC0415  # 0.4 s that others do without

    pairs = [(one.folder, one.result) for one in decided]
    # Made again for a newer feedstock, a change is not built: the token is in this process then.
    again = replace(request.options(), build=False)
    asked = requested_bumps(context, workspace, pairs, again, executor=executor)
    return send(context, asked, force=bool(request.feedstocks))


def _targets(context: Context, decided: Iterable[Decided], executor: Executor) -> tuple[Cell, ...]:
    """Return the targets as they are, where no proof tells what becomes of them."""
    results = [one.result for one in decided]
    if any(isinstance(one, Bump) or one.kind != "nothing" for one in results):
        return ()
    from dirac_forge.proposals.target_state import target_state  # noqa: PLC0415  # the solver's library is large

    return target_state(context, executor)


def _chosen(workspace: Workspace, feedstocks: Sequence[str], to: str) -> list[FeedstockFolder]:
    """Return the feedstocks that are named, all where none is; with `to` it has to be one.

    Raises InputError.
    """
    folders = [workspace.find(name) for name in feedstocks] or [*workspace, *workspace.lines]
    if to and _VERSION.fullmatch(to) is None:
        raise InputError(f"--to {one_line(to, longest=60)}: expected a version such as 1.2.3")
    if to and len(folders) != 1:
        raise InputError("--to is for one feedstock", hint="Name it.")
    return folders


def _exit_code(results: Sequence[Bump | Skip], *, asked: bool) -> int:
    """Return the highest that a result asks for; what nobody `asked` for by name may be unreadable or impossible."""
    codes = {"unknown": _UNKNOWN, **({"unreadable": _UNREADABLE, "no": _NO} if asked else {})}
    skipped = [codes.get(result.kind, 0) for result in results if isinstance(result, Skip)]
    stopped = [_NO for result in results if isinstance(result, Bump) and _stopped(result)]
    return max((*skipped, *stopped), default=0)


def _stopped(bump: Bump) -> bool:
    """Whether a bump is blocked, or would make a target worse."""
    return bump.status == "blocked" or (bump.proof is not None and bump.proof.outcome == "worse")


def _write_all(context: Context, workspace: Workspace, decided: Iterable[Decided]) -> None:
    """Write the edits of the proposals, and the new recipes that the bumps need."""
    bumps = [(one.folder, one.result) for one in decided if isinstance(one.result, Bump)]
    for folder, result in bumps:
        if result.status == "proposed":
            _write(folder, result, context.settings.workspace)
    _write_recipes(context, workspace, [result for _, result in bumps])


def _write(folder: FeedstockFolder, result: Bump, workspace: Path) -> None:
    root = folder.path.parent if folder.path.is_file() else folder.path
    write_files(root, {edit.path: edit.after for edit in result.change.edits}, within=_holder(root, workspace))


def _holder(folder: Path, workspace: Path) -> Path:
    """Return the folder that writes have to stay in: the workspace for its own feedstocks."""
    own = folder.absolute().is_relative_to(workspace.absolute())
    return workspace if own else folder.absolute().parent


def _write_recipes(context: Context, workspace: Workspace, bumps: Iterable[Bump]) -> None:
    """New recipes that bumps need, as feedstocks of the workspace; one that is there stays as it is."""
    for recipe in {new.change.feedstock: new.change for bump in bumps for new in bump.recipes}.values():
        folder = workspace.root / "feedstocks" / recipe.feedstock
        if folder.exists():
            context.observer.warned(f"{folder} is there already: the recipe for {recipe.key} was not written")
        else:
            write_files(folder, {edit.path: edit.after for edit in recipe.edits})

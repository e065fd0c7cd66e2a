"""One run of `dirac-forge bump`: bumps decided, written or sent, and the exit code."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dirac_forge.bump.proposal import Bump
from dirac_forge.cli.bump_request import BumpRequest
from dirac_forge.cli.context import Context
from dirac_forge.feedstock.change import Skip
from dirac_forge.feedstock.workspace import FeedstockFolder, Workspace
from dirac_forge.files import write_files
from dirac_forge.proposals.bumps import Decided, decide
from dirac_forge.upstream.lookup import Lookup
from dirac_forge.values import dataclass

if TYPE_CHECKING:
    from dirac_forge.check.cells import Cell
    from dirac_forge.cli.github import SentChanges

_NO, _UNREADABLE, _UNKNOWN = 1, 2, 3


@dataclass(frozen=True, kw_only=True, slots=True)
class BumpRun:
    """What was decided, what became of the pull requests, and the targets if nothing is proposed."""

    decided: tuple[Decided, ...]
    sent: SentChanges | None
    targets: tuple[Cell, ...]


def decided_run(
    context: Context,
    request: BumpRequest,
    workspace: Workspace,
    folders: Sequence[FeedstockFolder],
    lookup: Lookup,
    executor: Executor,
) -> BumpRun:
    """Decide the bumps of these feedstocks, and send them where that is requested."""
    decided = decide(context, workspace, folders, request.options(), executor=executor, lookup=lookup)
    return BumpRun(
        decided=decided,
        sent=_sent(context, workspace, decided, request, executor) if request.pr else None,
        targets=_targets(context, decided, executor) if request.check and request.feedstocks else (),
    )


def answered(context: Context, request: BumpRequest, workspace: Workspace, run: BumpRun) -> int:
    """Write the bumps where that is requested, answer with them, and return the exit code."""
    from dirac_forge.cli.bump_answer import answer_json, answer_text  # noqa: PLC0415  # loaded when it is needed

    if request.write:
        _write_all(context, workspace, run.decided)
    results = [one.result for one in run.decided]
    if context.options.json:
        answer_json(context, results, run.sent, run.targets)
    else:
        answer_text(context, workspace, request, results, run.sent, run.targets)
    asked = bool(request.to or request.feedstocks)
    return max(_exit_code(results, asked=asked), run.sent.exit_code if run.sent is not None else 0)


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
    """Return the targets as they are, if no proof shows what becomes of them."""
    results = [one.result for one in decided]
    if any(isinstance(one, Bump) or one.kind != "nothing" for one in results):
        return ()
    from dirac_forge.proposals.target_state import target_state  # noqa: PLC0415  # the solver's library is large

    return target_state(context, executor)


def _exit_code(results: Sequence[Bump | Skip], *, asked: bool) -> int:
    """Return the highest exit code of the results; what was not `asked` for by name may be impossible."""
    codes = {"unknown": _UNKNOWN, "unreadable": _UNREADABLE, **({"no": _NO} if asked else {})}
    return max((codes.get(one.kind, 0) if isinstance(one, Skip) else _code(one) for one in results), default=0)


def _code(bump: Bump) -> int:
    """Return 1 for a bump that is blocked or would make a target worse, 3 if it is unknown whether it can be built."""
    if bump.status == "blocked" or (bump.proof is not None and bump.proof.outcome == "worse"):
        return _NO
    return _UNKNOWN if bump.status == "unknown" else 0


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
    """Write the new recipes that bumps need as feedstocks of the workspace; existing ones stay as they are."""
    for recipe in {new.change.feedstock: new.change for bump in bumps for new in bump.recipes}.values():
        folder = workspace.root / "feedstocks" / recipe.feedstock
        if folder.exists():
            context.observer.warned(f"{folder} already exists: the recipe for {recipe.key} was not written")
        else:
            write_files(folder, {edit.path: edit.after for edit in recipe.edits})

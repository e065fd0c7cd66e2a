"""The answer of `dirac-forge bump`: the proposals as text or JSON, and the next steps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from dirac_forge.bump.new_needs import Lack
from dirac_forge.bump.proposal import Bump
from dirac_forge.cli.context import Context
from dirac_forge.feedstock.change import Skip
from dirac_forge.feedstock.workspace import Workspace
from dirac_forge.report.bump_body import review_count
from dirac_forge.report.bumps import bumps_text
from dirac_forge.report.bumps_json import bumps_json
from dirac_forge.report.next_steps import (
    Step,
    current_steps,
    evidence_steps,
    first_steps,
    waiting_steps,
    write_steps,
    written_steps,
)
from dirac_forge.report.target_state import targets_json, targets_lines

if TYPE_CHECKING:
    from rich.console import RenderableType

    from dirac_forge.check.cells import Cell
    from dirac_forge.cli.bump_request import BumpRequest
    from dirac_forge.cli.github import SentChanges


def answer_json(
    context: Context, results: Sequence[Bump | Skip], sent: SentChanges | None, targets: Sequence[Cell]
) -> None:
    """Answer with the proposals, their bodies, and what became of requests and targets."""
    from dirac_forge.report.bodies import with_bodies  # noqa: PLC0415  # only JSON shows them

    requests = {"requests": sent.document} if sent is not None else {}
    standing = {"targets": targets_json(targets)} if targets else {}
    context.answer("", {**bumps_json(with_bodies(results)), **requests, **standing})


def answer_text(
    context: Context,
    workspace: Workspace,
    request: BumpRequest,
    results: Sequence[Bump | Skip],
    sent: SentChanges | None,
    targets: Sequence[Cell],
) -> None:
    """Answer with a table of the proposals, what needs a person, and the next steps."""
    verbose = context.options.verbose
    single = len(request.feedstocks) == 1
    shown = bumps_text(results, written=request.write, verbose=verbose, diffs=single, requested=request.pr)
    lines = [*targets_lines(targets), *(sent.lines if sent is not None else ())]
    context.answer(_with_lines(shown, lines), None, _steps(workspace, request, results, verbose=verbose))


def _steps(
    workspace: Workspace, request: BumpRequest, results: Sequence[Bump | Skip], *, verbose: bool
) -> tuple[Step, ...]:
    if all(isinstance(one, Skip) and one.kind == "nothing" for one in results):
        return current_steps()
    asked = request.feedstocks
    bumps = [result for result in results if isinstance(result, Bump)]
    ready = [bump for bump in bumps if bump.status == "proposed"]
    first, absent = _to_bump_first(workspace, bumps)
    left = len(bumps) > len(ready) or not (asked or _all_known(results))
    evidence = evidence_steps(asked, request.again) if left and not verbose else ()
    waiting = [bump.change.feedstock for bump in bumps if bump.status == "waiting"]
    unwritten = waiting_steps(waiting, request.again) if request.write else ()
    return (*_proposed_steps(request, ready), *unwritten, *first_steps(asked, first, absent), *evidence)


def _proposed_steps(request: BumpRequest, ready: Sequence[Bump]) -> tuple[Step, ...]:
    if not ready:
        return ()
    proposed = [bump.change.feedstock for bump in ready]
    if request.write or request.pr:
        return written_steps(proposed)
    return write_steps(proposed, request.again, reviewed=not any(map(review_count, ready)))


def _all_known(results: Iterable[Bump | Skip]) -> bool:
    return not any(isinstance(one, Skip) and one.kind == "unknown" for one in results)


def _to_bump_first(workspace: Workspace, bumps: Sequence[Bump]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the feedstocks that make newer versions of what blocks the bumps, and packages that none here makes."""
    looked = {bump.change.feedstock for bump in bumps}
    first: dict[str, None] = {}
    absent: dict[str, None] = {}
    for lack in _unoffered(bumps):
        maker = workspace.making(lack.need.package)
        if maker is not None:
            first[maker.name] = None
        elif lack.availability.status == "outdated":
            absent[lack.need.package] = None
    return tuple(name for name in first if name not in looked), tuple(absent)


def _unoffered(bumps: Iterable[Bump]) -> list[Lack]:
    """Return what the bumps need and no bump of the run makes."""
    blockers = [blocker for bump in bumps for blocker in bump.blocked_by]
    return [blocker for blocker in blockers if isinstance(blocker, Lack) and not blocker.offered]


def _with_lines(shown: RenderableType, lines: Sequence[str]) -> RenderableType:
    if not lines:
        return shown
    from dirac_forge.report.terminal import joined, sentences  # noqa: PLC0415  # only if something was sent

    return joined([shown, sentences(lines)])

"""Where a recipe lagged behind upstream before this release already, and upstream's requirement did not move."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from dirac_forge.bump.drift.carried import CarriedReason
from dirac_forge.bump.drift.clauses import Clause, clauses_of, joined, styled
from dirac_forge.bump.drift.draft import DriftDraft
from dirac_forge.bump.drift.lines import OutputLines, RequirementLine
from dirac_forge.bump.drift.needs import NEVER, UpstreamNeed


def raise_lagging(
    draft: DriftDraft,
    output: OutputLines,
    old: Mapping[str, UpstreamNeed],
    new: Mapping[str, UpstreamNeed],
    *,
    bare: bool,
) -> None:
    """Raise lower bounds that were behind upstream's before this release; with `bare` also write those that lack."""
    for need in _unmoved(old, new):
        for line in output.named(need.keys) if need.everywhere else ():
            if line.kind == "package" and not line.conditional and not line.template and not draft.gone(line):
                _raise_bound(draft, output, line, need, bare=bare)


def _raise_bound(
    draft: DriftDraft, output: OutputLines, line: RequirementLine, need: UpstreamNeed, *, bare: bool
) -> None:
    mine, theirs = clauses_of(draft.spec(line)), clauses_of(need.everywhere or "")
    if mine is None or theirs is None or any(clause.side == "equal" for clause in mine):
        return
    clauses = _raised(mine, theirs, bare=bare)
    if clauses is None:
        return
    reason = CarriedReason(kind="bound-behind")
    spec = joined(clauses, line.written)
    draft.respecify(output.output.name, line, spec, need.evidence, reason, project=need.project, lags=True)


def add_lagging(
    draft: DriftDraft,
    output: OutputLines,
    old: Mapping[str, UpstreamNeed],
    new: Mapping[str, UpstreamNeed],
    why_not: Callable[[UpstreamNeed], object],
) -> None:
    """Add what upstream required before this release already, everywhere, and run lacks."""
    for need in _unmoved(old, new):
        listed = any(line.key in need.keys for line in output.lines)
        if need.everywhere is None or listed or why_not(need) is not None:
            continue
        draft.add(
            output,
            "run",
            need.package,
            need.everywhere,
            evidence=need.evidence,
            reason=CarriedReason(kind="asked-before"),
            project=need.project,
            lags=True,
        )


def _unmoved(old: Mapping[str, UpstreamNeed], new: Mapping[str, UpstreamNeed]) -> Iterator[UpstreamNeed]:
    """Yield what upstream asks for as it did before."""
    for key, need in new.items():
        if key not in NEVER and key in old and old[key].lines == need.lines:
            yield need


def _raised(mine: tuple[Clause, ...], theirs: tuple[Clause, ...], *, bare: bool) -> tuple[Clause, ...] | None:
    """Return the recipe's clauses with upstream's lower bound; None if theirs is no higher.

    A line without any clause gets upstream's with `bare`, one with others only stays as it is.
    """
    own, low = _low(mine), _low(theirs)
    if low is None:
        return None
    if own is None:
        return theirs if bare and not mine else None
    if own.version >= low.version:
        return None
    return tuple(styled(low, own, []) if clause is own else clause for clause in mine)


def _low(clauses: Sequence[Clause]) -> Clause | None:
    return next((clause for clause in clauses if clause.side == "low"), None)

"""A bump with what drifted: the requirements in its text, its reasons and its reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from dirac_forge.bump.proposal import Bump

if TYPE_CHECKING:
    from dirac_forge.bump.drift.draft import Carried
    from dirac_forge.bump.drift.merge import Drift

__all__ = ["carried", "described"]


def carried(bump: Bump, drift: Drift, *, write: bool) -> Bump:
    """`bump` with its drift: in the edits with `write`, else in the report only.

    What could not be proved (`Drift.faults`) is in the report only, too. With a blocker of the drift's own the bump is
    blocked.
    """
    told = (*drift.blockers, *(note.text for note in drift.notes))
    if drift.blockers:
        bump = replace(bump, status="blocked")
    if not write or drift.faults:
        unproved = tuple(
            f"requirements were left alone, the edited recipe was not right: {one}" for one in drift.faults
        )
        would = tuple(f"not carried over: {described(line)}" for line in drift.changes)
        return _told(bump, drift, (*unproved, *would, *told))
    change = bump.change
    (edit,) = change.edits
    reasons = tuple(described(line) for line in drift.changes)
    done = replace(
        bump,
        change=replace(change, edits=(replace(edit, after=drift.text),), reasons=(*change.reasons, *reasons)),
        edited=replace(bump.edited, after=drift.text),
    )
    return _told(done, drift, told)


def _told(bump: Bump, drift: Drift, told: Sequence[str]) -> Bump:
    """`bump` with what a person should look at; blockers are reasons too."""
    change = replace(bump.change, reasons=(*drift.blockers, *bump.change.reasons))
    return replace(bump, change=change, notes=(*bump.notes, *told), drift=drift)


def described(line: Carried) -> str:
    """One line carried over, as a sentence: what, where and upstream's line behind it."""
    if line.before and line.after:
        what = f"{line.before} → {line.after}"
    else:
        what = f"{line.after} added" if line.after else f"{line.before} removed"
    behind = f": {line.evidence}" if line.evidence else ""
    return f"{line.output}, {line.part.replace('_', ' ')}: {what} ({line.reason}{behind})"

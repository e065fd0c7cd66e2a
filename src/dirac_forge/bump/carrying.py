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
    told = tuple(note.text for note in drift.notes)
    bump = replace(bump, drift=drift)
    if drift.blockers:
        bump = replace(bump, status="blocked", blocked_by=_unique((*bump.blocked_by, *drift.blockers)))
    if not write or drift.faults:
        unproved = tuple(
            f"requirements were left alone, the edited recipe was not right: {one}" for one in drift.faults
        )
        would = tuple(f"not carried over: {described(line)}" for line in drift.changes)
        return replace(bump, notes=_unique((*bump.notes, *unproved, *would, *told)))
    change = bump.change
    (edit,) = change.edits
    reasons = tuple(described(line) for line in drift.changes)
    return replace(
        bump,
        change=replace(change, edits=(replace(edit, after=drift.text),), reasons=(*change.reasons, *reasons)),
        edited=replace(bump.edited, after=drift.text),
        notes=_unique((*(note for note in bump.notes if not _settled(note, drift)), *told)),
    )


def _settled(note: str, drift: Drift) -> bool:
    """Whether a note on a line that still says the old version is about one that does not any more."""
    return any(line.line and note.startswith(f"line {line.line} still says ") for line in drift.changes)


def _unique(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))


def described(line: Carried) -> str:
    """One line carried over, as a sentence: what, where and upstream's line behind it."""
    if line.before and line.after:
        what = f"{line.before} → {line.after}"
    else:
        what = f"{line.after} added" if line.after else f"{line.before} removed"
    behind = f": {line.evidence}" if line.evidence else ""
    return f"{line.output}, {line.part.replace('_', ' ')}: {what} ({line.reason}{behind})"

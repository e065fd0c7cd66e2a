"""A bump with what drifted: the requirements in its text, or reported only."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dirac_forge.bump.proposal import Bump
from dirac_forge.bump.reasons import BumpNote, NotCarried, RefusedEdit
from dirac_forge.recipe.editing.edit import OldVersionLeft

if TYPE_CHECKING:
    from dirac_forge.bump.drift.merge import Drift

__all__ = ["carried"]


def carried(bump: Bump, drift: Drift, *, write: bool) -> Bump:
    """Return the bump with its drift: in the edits with `write`, else in the report only.

    What did not read back as it should (`Drift.faults`) is in the report only, too. A blocker of the drift blocks the
    bump.
    """
    bump = replace(bump, drift=drift)
    if drift.blockers:
        blocked_by = tuple(dict.fromkeys((*bump.blocked_by, *drift.blockers)))
        bump = replace(bump, status="blocked", blocked_by=blocked_by)
    if not write or drift.faults:
        faults = (RefusedEdit(fault=fault) for fault in drift.faults)
        changes = (NotCarried(change=change) for change in drift.changes)
        return replace(bump, notes=tuple(dict.fromkeys((*bump.notes, *faults, *changes))))
    (edit,) = bump.change.edits
    return replace(
        bump,
        change=replace(bump.change, edits=(replace(edit, after=drift.text),)),
        edited=replace(bump.edited, after=drift.text),
        notes=tuple(note for note in bump.notes if not _settled(note, drift)),
    )


def _settled(note: BumpNote, drift: Drift) -> bool:
    """Whether a note is on a line that said the old version and was changed since."""
    return isinstance(note, OldVersionLeft) and any(change.line == note.line for change in drift.changes)

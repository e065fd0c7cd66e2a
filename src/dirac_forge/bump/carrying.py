"""A bump with what drifted: the requirements in its text, or reported only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from dirac_forge.bump.bump_notes import BumpNote, NotCarried, RefusedEdit, SecondLeft
from dirac_forge.bump.proposal import Bump
from dirac_forge.recipe.editing.notes import EditNote, OldVersionLeft, old_series_notes, old_version_notes

if TYPE_CHECKING:
    from dirac_forge.bump.drift.merge import Drift


def carried(bump: Bump, drift: Drift, *, write: bool) -> Bump:
    """Return the bump with its drift: in the edits with `write`, else in the report only.

    What did not read back as it should (`Drift.faults`) is in the report only, too. A blocker of the drift blocks the
    bump, and so does a Python that is too low to build with where nothing is written.
    """
    bump = replace(bump, drift=drift)
    told = not write or bool(drift.faults)
    pythons = (replace(one, update=not drift.faults) for one in drift.pythons if told)
    blocked_by = tuple(dict.fromkeys((*bump.blocked_by, *drift.blockers, *pythons)))
    if blocked_by != bump.blocked_by:
        bump = replace(bump, status="blocked", blocked_by=blocked_by)
    if told:
        faults = (RefusedEdit(fault=fault) for fault in drift.faults)
        changes = (NotCarried(change=change) for change in drift.changes)
        return replace(bump, notes=tuple(dict.fromkeys((*bump.notes, *faults, *changes))))
    (edit,) = bump.change.edits
    return replace(
        bump,
        change=replace(bump.change, edits=(replace(edit, after=drift.text),)),
        edited=replace(bump.edited, after=drift.text),
        notes=_renewed(bump, drift.text),
    )


def _renewed(bump: Bump, text: str) -> tuple[BumpNote, ...]:
    """Return the notes of a bump for its final text, which may say the old version in fewer or other lines."""
    lines = final_lines(bump.edited.after, text)
    others = tuple(_at_final_line(note, lines) for note in bump.notes if not isinstance(note, OldVersionLeft))
    if bump.old == bump.new:
        return others
    v1 = bump.change.edits[0].path.endswith("recipe.yaml")
    # A line that says it since the drift is another project's version, which happens to be the old one.
    said = {note.text for note in old_version_notes(bump.edited.after, bump.old)}
    left = (note for note in old_version_notes(text, bump.old) if note.text in said)
    return (*others, *left, *old_series_notes(text, bump.old, bump.new, v1=v1))


def _at_final_line(note: BumpNote, lines: Mapping[int, int]) -> BumpNote:
    """Return a note on a line of the recipe with the number that the line has in the final text."""
    if isinstance(note, EditNote | SecondLeft):
        return replace(note, line=lines.get(note.line, note.line))
    return note


def final_lines(before: str, after: str) -> dict[int, int]:
    """Return the numbers, from 1, of lines before an edit that adds and removes some, and their numbers after it."""
    matcher = SequenceMatcher(a=before.split("\n"), b=after.split("\n"), autojunk=False)
    found = {}
    for _, first, last, begin, end in matcher.get_opcodes():
        for offset in range(last - first):
            found[first + offset + 1] = min(begin + offset, max(begin, end - 1)) + 1
    return found

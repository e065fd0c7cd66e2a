"""What a reviewer makes sure of before merging a bump."""

from __future__ import annotations

from collections.abc import Iterator

from dirac_forge.build.patches import TriedPatch
from dirac_forge.bump.bump_notes import NotCompared
from dirac_forge.bump.proposal import Bump
from dirac_forge.recipe.editing.notes import CommitKept, HashKept, NoHash, NumberUnknown
from dirac_forge.report.document import Block, Items, Line


def written(bump: Bump) -> bool:
    """Whether what drifted is in the edits, and not only reported."""
    drift = bump.drift
    return drift is not None and not drift.faults and any(edit.after == drift.text for edit in bump.change.edits)


def _edited_boxes(bump: Bump) -> Iterator[tuple[bool, Line]]:
    if not bump.moves:
        yield True, "The build number is raised by one everywhere in the recipe."
        return
    unknown = any(isinstance(note, NumberUnknown) for note in bump.edited.notes)
    yield not unknown, "The build number of everything at the new version is reset."
    kept = any(isinstance(note, HashKept | CommitKept | NoHash) for note in bump.edited.notes)
    yield bool(bump.edited.digests) and not kept, "Every source that changed has its new hash (see Sources)."


def _same_licences(bump: Bump) -> bool:
    """Return whether each licence of the recipe was compared and is upstream's, and so are the files."""
    drift = bump.drift
    if drift is None or drift.other_licences:
        return False
    alike = (one.agrees and one.all_listed and not (one.told or one.unlisted) for one in drift.licences)
    return bool(drift.licences) and all(alike)


def _is_clean(bump: Bump) -> bool:
    drift = bump.drift
    if drift is None or drift.notes or any(isinstance(note, NotCompared) for note in bump.notes):
        return False
    return all(one.newest for one in drift.unmet) and (written(bump) or not drift.changes)


def _is_proved(bump: Bump) -> bool:
    """Return whether targets were solved with the bump, and each one that is wanted can be installed.

    Not if builds of the bump are known to be impossible: then the targets were solved with what will not be there.
    """
    if bump.proof is None or bump.proof.outcome not in ("better", "same"):
        return False
    if any(one.status == "not-installable" and not one.replaced for one in bump.proof.environments):
        return False
    verdicts = bump.proof.verdicts
    return bool(verdicts) and all(one.after.status == "installable" for one in verdicts if one.before.wanted)


def _patch_boxes(bump: Bump) -> Iterator[tuple[bool, Line]]:
    if bump.patches:
        apply = {one.name for one in bump.tried if isinstance(one, TriedPatch) and one.state == "applies"}
        yield apply.issuperset(bump.patches), "The patches still apply, and upstream does not have them yet."


def checklist(bump: Bump) -> Iterator[Block]:
    """Yield what a reviewer makes sure of before merging a bump; what is certain is ticked."""
    boxes: list[tuple[bool, Line]] = [
        *_edited_boxes(bump),
        (_is_clean(bump), "The requirements match the new version (see Requirements and Only reported)."),
        (_same_licences(bump), "The licence matches upstream's, and the recipe names all of its files."),
        *_patch_boxes(bump),
        (_is_proved(bump), "The targets stay installable (see Checks)."),
        (False, "The feedstock was rerendered."),
        (False, "The builds and tests of this request have passed."),
    ]
    yield Items(tuple(line for _, line in boxes), done=tuple(done for done, _ in boxes))

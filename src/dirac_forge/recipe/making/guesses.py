"""The note about names of packages that are guesses."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from dirac_forge.channel.names import Mapped
from dirac_forge.recipe.notes import Note, NoteKind, note


def guessed_names(mapped: Iterable[Mapped], *, own: Collection[Mapped] = (), unread: bool) -> list[Note]:
    """Return the notes on names that are guesses; that a channel could not be read is reported elsewhere, once.

    `own` are the projects that the recipe is made of: a new one is called as its project, which needs no correction. So
    is a dependency of one word, of which no other name is known: those stand apart from what has to be checked.
    """
    named = [one for one in own if unread or not _is_new(one)]
    new = {one.project for one in own if one not in named or one.mapped_by == "normalised"}
    others = [one for one in (*mapped, *named) if one.project not in new]
    plain = set() if unread else {one.project for one in others if _is_new(one) and not _is_spelled(one.project)}
    spelled = sorted(filter(_is_spelled, new))
    notes = [note("warning", NoteKind.NEW_NAMES, projects=spelled)] if spelled else []
    if same := sorted((new | plain).difference(spelled)):
        notes.append(note("info", NoteKind.NEW_NAMES, projects=same))
    return [*notes, *_guesses((one for one in others if one.project not in plain), unread=unread)]


def _is_spelled(name: str) -> bool:
    """Whether a name is of several words, so that its spelling is a choice."""
    return "-" in name


def _is_new(one: Mapped) -> bool:
    """Whether the name is a guess, and the only one that there could be."""
    return one.mapped_by == "guess" and _as_its_project(one)


def _as_its_project(one: Mapped) -> bool:
    """Whether nothing is known of the name, neither a namesake nor a similar one."""
    return one.package == one.project and not one.alternatives


def _guesses(mapped: Iterable[Mapped], *, unread: bool) -> list[Note]:
    guesses = {one.project: one for one in mapped if one.mapped_by == "guess"}
    if not guesses:
        return []
    names = [
        name if name == guesses[name].package else f"{name} as {guesses[name].package}" for name in sorted(guesses)
    ]
    if unread:
        return [note("info", NoteKind.UNCONFIRMED_NAMES, names=names)]
    evidence = sorted({one.evidence for one in guesses.values()})
    return [note("warning", NoteKind.GUESSED_NAMES, names=names, evidence=evidence)]

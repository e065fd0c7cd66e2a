"""The note about names of packages that are guesses."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from dirac_forge.channel.names import Mapped
from dirac_forge.recipe.model import Note

__all__ = ["guessed_names"]


def guessed_names(mapped: Iterable[Mapped], *, own: Collection[Mapped] = (), unread: bool) -> list[Note]:
    """Return one note for all names that are guesses; that a channel could not be read is reported elsewhere, once.

    `own` are the projects that the recipe is made of: a new one is called as its project, which needs no correction.
    """
    named = [one for one in own if one.mapped_by != "guess" or unread or not _as_its_project(one)]
    new = sorted({one.project for one in own if one not in named or one.mapped_by == "normalised"})
    text = "called as the project, which is a guess, since nothing says otherwise"
    notes = [Note(level="info", text=f"{text}: {', '.join(new)}; [tool.dirac-forge.names] corrects it")]
    others = (one for one in (*mapped, *named) if one.project not in new)
    return [*(notes if new else []), *_guesses(others, unread=unread)]


def _as_its_project(one: Mapped) -> bool:
    """Whether nothing is known of the name, neither a namesake nor a similar one."""
    return one.package == one.project and not one.alternatives


def _guesses(mapped: Iterable[Mapped], *, unread: bool) -> list[Note]:
    guesses = {one.project: one for one in mapped if one.mapped_by == "guess"}
    if not guesses:
        return []
    names = ", ".join(
        name if name == guesses[name].package else f"{name} as {guesses[name].package}" for name in sorted(guesses)
    )
    if unread:
        return [Note(level="info", text=f"names of packages that no channel confirmed: {names}")]
    reasons = "; ".join(sorted({one.evidence for one in guesses.values()}))
    text = f"names of packages that are guesses: {names} ({reasons}); correct them in [tool.dirac-forge.names]"
    return [Note(level="warning", text=text)]

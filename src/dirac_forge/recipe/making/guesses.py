"""What a person is told about names of packages that are guesses."""

from __future__ import annotations

from collections.abc import Iterable

from dirac_forge.channel.names import Mapped
from dirac_forge.recipe.model import Note

__all__ = ["guessed_names"]


def guessed_names(mapped: Iterable[Mapped], *, unread: bool) -> list[Note]:
    """Return one note for all names that are guesses; that a channel could not be read is told elsewhere, once."""
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

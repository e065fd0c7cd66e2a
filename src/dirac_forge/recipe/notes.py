"""Notes on a recipe, as values: what a person should know, or has to fill in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from dirac_forge.recipe.note_kinds import NoteKind
from dirac_forge.values import dataclass

__all__ = ["Fact", "Level", "Note", "NoteKind", "filled", "kept", "note"]

Level = Literal["info", "warning", "todo"]
Fact = str | tuple[str, ...]
_MOST_NAMED = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """Something a person should know about a recipe; `todo` where a line has to be filled in by hand."""

    level: Level
    kind: NoteKind
    facts: tuple[tuple[str, Fact], ...] = ()
    output: str = ""
    """The output that it is about, where a recipe has several."""
    folder: bool = False
    """Whether the sources are a folder, not an sdist."""

    @property
    def text(self) -> str:
        """The note in words."""
        sources = "folder" if self.folder else "sdist"
        facts = (("sdist", f"the {sources}"), ("Sdist", f"The {sources}"), *self.facts)
        commands = dict(facts).get("commands", ())
        if not commands:
            return filled(self.kind.value, (*facts, ("untested", ": not tested")))
        lack = filled(self.kind.value, (*facts, ("untested", "")))
        return f"{_failing(commands)} without more packages: {lack}"

    @property
    def sentence(self) -> str:
        """The text, after the name of the output."""
        return f"{self.output}: {self.text}" if self.output else self.text


def note(level: Level, kind: NoteKind, **facts: str | Iterable[str]) -> Note:
    """Return a note with its facts, which are the names in the text of its kind."""
    return Note(level=level, kind=kind, facts=kept(facts))


def kept(facts: Mapping[str, str | Iterable[str]]) -> tuple[tuple[str, Fact], ...]:
    """Return the facts of a note as it keeps them: names in a tuple, so that equal notes are found."""
    return tuple((name, fact if isinstance(fact, str) else tuple(fact)) for name, fact in facts.items())


def filled(text: str, facts: Iterable[tuple[str, Fact]]) -> str:
    """Return the text of a kind of note with its facts in place of their names.

    Raises KeyError for a name that is not a fact.
    """
    return text.format_map({name: fact if isinstance(fact, str) else _Listed(fact) for name, fact in facts})


_SEPARATORS = {"": ", ", ",": ",", "|": " | ", ";": "; "}


class _Listed(tuple[str, ...]):
    """Names in a text: `{names}` joins them with commas, `{names:and}` with "and", `{names:it|them}` counts them.

    `few` names the first two, `or none` stands for no names, `if A|B` puts the first two between words where there are
    names, `,`, `|` and `;` are other separators.
    """

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        if spec in _SEPARATORS:
            return _SEPARATORS[spec].join(self)
        match spec.split(" ", 1):
            case ["and"]:
                return f"{', '.join(self[:-1])} and {self[-1]}" if len(self) > 1 else "".join(self)
            case ["few"]:
                return f"{', '.join(self[:2])} and {len(self) - 2} more" if len(self) > 2 else " and ".join(self)
            case ["if", around]:
                before, _, after = around.partition("|")
                return f"{before}{self:few}{after}" if self else ""
            case ["or", nothing]:
                return ", ".join(self) or nothing
        one, _, several = spec.partition("|")
        return one if len(self) == 1 else several


def _failing(commands: Sequence[str]) -> str:
    if len(commands) == 1:
        return f"the command {commands[0]} fails"
    named = ", ".join(commands[:_MOST_NAMED]) + (", …" if len(commands) > _MOST_NAMED else "")
    return f"{len(commands)} commands ({named}) fail"

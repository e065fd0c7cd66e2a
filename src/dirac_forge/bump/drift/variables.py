"""Requirement lines whose version is a variable of the recipe: changed where the variable is defined."""

from __future__ import annotations

import re

from dirac_forge.bump.drift.edits import Edits
from dirac_forge.bump.drift.lines import RequirementLine, split_item
from dirac_forge.values import dataclass

_SPEC = re.compile(r"(?P<head>[^{}$]*)\$?\{\{-?\s*(?P<name>\w+)\s*-?\}\}(?P<tail>[^{}$]*)")
_DEFINITION = (
    r"(?P<lead>\s*\{%-?\s*set\s+NAME\s*=\s*(?P<quote>[\"']))(?P<value>[^\"']*)(?P<end>(?P=quote)\s*-?%\}.*)"
    r"|(?P<lead1>\s+NAME:\s*(?P<quote1>[\"']?))(?P<value1>[^\"'#\s]*)(?P<end1>(?P=quote1)\s*(?:#.*)?)"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Variable:
    """The variable of a line's version, and the value with which the line says what it should."""

    name: str
    definition: int
    """The line that sets it, from 1; 0 if no edit of one line would do."""
    text: str
    """What that line says with the new value."""

    @classmethod
    def of(cls, edits: Edits, line: RequirementLine, spec: str) -> Variable | None:
        """Return the variable for a line to say `spec`; None for a line without any, and where `spec` has it itself.

        It can't be written (`definition` 0) where the version is more than a variable, where that is set more than once
        or not at all, and where lines for something else use it.
        """
        match = split_item(edits.current(line.number))
        if match is None or "{{" not in match["spec"] or "{{" in spec:
            return None
        parts = _SPEC.fullmatch(match["spec"].strip())
        if parts is None:
            return cls(name="", definition=0, text="")
        name, value = parts["name"], _value(parts, spec)
        places = _places(edits, name) if value is not None and name not in {"version", "python_min"} else []
        if len(places) != 1 or not _only_for(edits, line, name, places[0][0]):
            return cls(name=name, definition=0, text="")
        number, found = places[0]
        one = "" if found["lead"] is not None else "1"
        return cls(name=name, definition=number, text=f"{found[f'lead{one}']}{value}{found[f'end{one}']}")

    def write(self, edits: Edits) -> bool:
        """Give the variable its value; False if that can't be done."""
        if self.definition:
            edits.replace(self.definition, self.text)
        return bool(self.definition)


def _value(parts: re.Match[str], spec: str) -> str | None:
    """Return the value with which a spec around a variable becomes `spec`; None if there is none."""
    head, tail = (re.sub(r"\s", "", parts[side]) for side in ("head", "tail"))
    value = spec.removeprefix(head).removesuffix(tail)
    return value if f"{head}{value}{tail}" == spec else None


def _places(edits: Edits, name: str) -> list[tuple[int, re.Match[str]]]:
    """Return the lines that set a variable."""
    pattern = re.compile(_DEFINITION.replace("NAME", re.escape(name)))
    matches = ((number, pattern.fullmatch(raw.rstrip("\r"))) for number, raw in enumerate(edits.lines, start=1))
    return [(number, match) for number, match in matches if match is not None]


def _only_for(edits: Edits, line: RequirementLine, name: str, definition: int) -> bool:
    """Whether a variable is used for the line's own package only, in a recipe with one output."""
    uses = [
        raw.partition("#")[0]
        for number, raw in enumerate(edits.lines, start=1)
        if number != definition and re.search(rf"\b{re.escape(name)}\b", raw.partition("#")[0])
    ]
    alone = not any(re.match(r"outputs:\s*(?:#.*)?$", raw.rstrip("\r")) for raw in edits.lines) or len(uses) == 1
    package = re.compile(rf"(?<![\w.-]){re.escape(line.name)}(?![\w.-])", re.IGNORECASE)
    return alone and all(package.search(use) for use in uses)

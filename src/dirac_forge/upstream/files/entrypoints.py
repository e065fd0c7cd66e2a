"""Console and gui scripts from entry_points.txt and from declarations, each one used or told."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from dirac_forge.upstream.files.facts import EntryPoint
from dirac_forge.upstream.files.ini import IniError, read_ini
from dirac_forge.upstream.problems import Problem, unread
from dirac_forge.values import dataclass

_NAME = re.compile(r"\w[\w.+-]*", re.ASCII)
"""Letters, digits, underscores, dots and dashes, as the specification recommends, and +."""

_DOTTED = r"[^\W\d]\w*(?:\.[^\W\d]\w*)*"
_VALUE = re.compile(rf"(?P<module>{_DOTTED})\s*:\s*(?P<attribute>{_DOTTED})\s*(?:\[(?P<extras>[^\[\]]*)\])?")
"""An object reference and extras (entry points specification)."""

_LONGEST = 200
_SHOWN = 60
_GROUPS = (("console_scripts", False), ("gui_scripts", True))


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundScript:
    """A script as a file declares it."""

    name: str
    value: str
    gui: bool = False
    extras: tuple[str, ...] = ()
    """Extras that are not part of the value (poetry)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundScripts:
    """The scripts of one file."""

    points: tuple[EntryPoint, ...] = ()
    """Those that a recipe can name, by name."""
    odd: tuple[str, ...] = ()
    """Those that a shell, a recipe or a template could misread, as `name = value`."""
    problems: tuple[Problem, ...] = ()
    """Why none could be read."""

    def __bool__(self) -> bool:
        return bool(self.points or self.odd or self.problems)


NO_SCRIPTS: Final = FoundScripts()


def found_scripts(scripts: Iterable[FoundScript]) -> FoundScripts:
    """Return the scripts as entry points; the first one of a name counts."""
    points: dict[str, EntryPoint] = {}
    odd = []
    for script in scripts:
        if point := _entry_point(script):
            points.setdefault(point.name, point)
        else:
            odd.append(f"{script.name.strip()[:_SHOWN]} = {script.value.strip()[:_SHOWN]}")
    ordered = sorted(points.values(), key=lambda point: (point.gui, point.name))
    return FoundScripts(points=tuple(ordered), odd=tuple(odd))


def from_text(text: str, *, where: str) -> FoundScripts:
    """Return the console and gui scripts of an entry_points.txt."""
    try:
        groups = read_ini(text, delimiters=("=",))
    except IniError as exc:
        return FoundScripts(problems=(unread(where, str(exc)),))
    return found_scripts(
        FoundScript(name=name, value=value, gui=gui)
        for group, gui in _GROUPS
        for name, value in groups.get(group, {}).items()
    )


def of_lines(lines: Iterable[str], *, gui: bool = False) -> Iterator[FoundScript]:
    """Yield the scripts of `name = value` lines, as setup() takes them."""
    for line in lines:
        name, _, value = line.partition("=")
        yield FoundScript(name=name, value=value, gui=gui)


def _entry_point(script: FoundScript) -> EntryPoint | None:
    name = script.name.strip()
    match = _VALUE.fullmatch(script.value.strip())
    if not match or not _NAME.fullmatch(name) or len(name) > _LONGEST:
        return None
    extras = (*re.split(r"[\s,]+", match["extras"] or ""), *script.extras)
    return EntryPoint(
        name=name,
        value=f"{match['module']}:{match['attribute']}",
        gui=script.gui,
        extras=tuple(dict.fromkeys(filter(None, extras))),
    )

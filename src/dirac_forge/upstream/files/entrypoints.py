"""Entry points from entry_points.txt and from declarations; what is no plain `name = module:function` is left out."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dirac_forge.upstream.files.facts import EntryPoint
from dirac_forge.upstream.files.ini import IniError, read_ini

__all__ = ["entry_point", "from_specs", "from_text"]

_NAME = re.compile(r"\w[\w.+-]*", re.ASCII)
"""Letters, digits, underscores, dots and dashes, as the specification recommends, and +."""

_VALUE = re.compile(r"(?P<module>\w+(?:\.\w+)*)\s*:\s*(?P<attribute>\w+(?:\.\w+)*)\s*(?:\[[^\[\]]*\])?")
"""An object reference (entry points specification), the extras behind it aside."""


def entry_point(name: str, value: str, *, gui: bool = False) -> EntryPoint | None:
    """Return the entry point; None where name or value could be read as anything else by a shell, a recipe or a
    template.
    """
    name = name.strip()
    match = _VALUE.fullmatch(value.strip())
    if not match or not _NAME.fullmatch(name) or len(name) > 200:
        return None
    return EntryPoint(name=name, value=f"{match['module']}:{match['attribute']}", gui=gui)


def from_specs(specs: Iterable[str], *, gui: bool = False) -> tuple[EntryPoint, ...]:
    """Return entry points from `name = value` lines."""
    points = (entry_point(name, value, gui=gui) for name, _, value in (spec.partition("=") for spec in specs))
    return tuple(point for point in points if point is not None)


def from_text(text: str, *, where: str) -> tuple[tuple[EntryPoint, ...], tuple[str, ...]]:
    """Return the console and gui scripts of an entry_points.txt, sorted by name, and what of it can't be used, in
    words.
    """
    try:
        groups = read_ini(text, delimiters=("=",))
    except IniError as exc:
        return (), (f"{where} can't be parsed ({exc})",)
    points: dict[str, EntryPoint] = {}
    problems = []
    for group, gui in (("console_scripts", False), ("gui_scripts", True)):
        for name, value in groups.get(group, {}).items():
            point = entry_point(name, value, gui=gui)
            if point is None:
                problems.append(
                    f"{where}: entry point {name[:60]!r} = {value[:60]!r} is left out: no plain name and function"
                )
            else:
                points.setdefault(point.name, point)
    return tuple(sorted(points.values(), key=lambda point: (point.gui, point.name))), tuple(problems)

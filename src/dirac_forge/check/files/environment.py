"""Environment files of conda and mamba (`environment.yml`)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from dirac_forge.channel.virtual import PLATFORMS, known_platform
from dirac_forge.check.files.content import Asking, main_first, named_channels, scalars, specs_in
from dirac_forge.check.targets import Target
from dirac_forge.errors import InputError
from dirac_forge.recipe.reading.yamlnodes import MappingNode, Node, ScalarNode, SequenceNode, line_of, pairs

_SELECTED = re.compile(r"sel\(\s*([\w-]+)\s*\)")
"""Mamba's selector, the key of a mapping: https://mamba.readthedocs.io/en/latest/user_guide/micromamba.html."""
_SYSTEMS = ("linux", "osx", "win", "unix")
_COMMENTED = re.compile(r"^\s*-\s.*\s#\s*(\[[^\]]+\])")
_NO_PACKAGES = frozenset({"name", "prefix", "variables", "category"})
"""Keys of conda and conda-lock that say nothing about packages."""


@dataclass(slots=True)
class _Written:
    """What a file says."""

    name: str
    channels: list[str] = field(default_factory=list)
    platforms: tuple[str, ...] = ()
    specs: list[tuple[str, str]] = field(default_factory=list)
    """System ("" for any) and spec."""
    notes: list[str] = field(default_factory=list)

    def specs_on(self, platform: str) -> tuple[str, ...]:
        """Return the specs that hold on a platform."""
        return main_first(spec for system, spec in self.specs if _holds(system, platform))


def read_environment(root: Node | None, path: Path, asked: Asking, *, content: str = "") -> Target:
    """Return the target of an environment file; packages that pip would add are left out, with a note.

    The platforms are those of the file (conda-lock's key), if it names some. A selector of mamba holds, one that is a
    comment gets a note: it is nothing to conda.

    Raises:
        InputError: a key has another form, a spec can't be parsed, or there is no conda package.
    """
    written = _Written(path.name)
    for key, at, value in pairs(root):
        _read(written, key, at, value, path)
    written.notes += _commented(content, path)
    if not written.specs:
        raise InputError(f"{path}: dependencies: it lists no conda package")
    platforms = written.platforms or asked.platforms
    selected = any(system for system, _ in written.specs)
    return Target(
        name=written.name,
        specs=main_first(spec for system, spec in written.specs if not system),
        by_platform={one: written.specs_on(one) for one in (*platforms, *asked.platforms, *PLATFORMS)}
        if selected
        else {},
        platforms=platforms,
        pythons=asked.pythons,
        channels=named_channels(written.channels, path.parent),
        notes=tuple(written.notes),
    )


def _read(written: _Written, key: str, at: Node, value: Node, path: Path) -> None:
    match key:
        case "name" if isinstance(value, ScalarNode) and value.value:
            written.name = str(value.value)
        case "channels":
            written.channels = [channel for channel, _ in scalars(value, path, key, "channels")]
        case "platforms":
            found = (platform for platform, _ in scalars(value, path, key, "platforms"))
            written.platforms = tuple(map(known_platform, found))
        case "dependencies":
            _dependencies(written, value, path)
        case _ if key not in _NO_PACKAGES:
            written.notes.append(f"{path}:{line_of(at)}: {key} is not read")


def _dependencies(written: _Written, value: Node, path: Path) -> None:
    if not isinstance(value, SequenceNode):
        raise InputError(f"{path}:{line_of(value)}: dependencies: expected a list")
    for item in value.value:
        if not isinstance(item, MappingNode):
            written.specs += [("", spec) for spec in specs_in(item, path, "dependencies")]
            continue
        for key, at, inner in pairs(item):
            _of_mapping(written, key, line_of(at), inner, path)


def _of_mapping(written: _Written, key: str, line: int, value: Node, path: Path) -> None:
    """Add what `pip:` or `sel(linux):` brings among the dependencies."""
    selector = _SELECTED.fullmatch(key)
    if key == "pip":
        written.notes.append(f"{path}:{line}: packages from pip are left out")
    elif selector is None:
        written.notes.append(f"{path}:{line}: {key} is not known among dependencies, and is left out")
    elif (system := selector.group(1)) not in _SYSTEMS:
        raise InputError(f"{path}:{line}: {key}: expected one of {', '.join(f'sel({one})' for one in _SYSTEMS)}")
    else:
        written.specs += [(system, spec) for spec in specs_in(value, path, key)]


def _holds(system: str, platform: str) -> bool:
    family = platform.partition("-")[0]
    return system in ("", family) or (system == "unix" and family in ("linux", "osx"))


def _commented(content: str, path: Path) -> Iterator[str]:
    """Yield a note for each selector that is a comment."""
    for line, text in enumerate(content.splitlines(), 1):
        if found := _COMMENTED.match(text):
            yield (
                f"{path}:{line}: the selector {found.group(1)} is a comment to conda, and is ignored; write "
                "`sel(linux): PACKAGE`"
            )

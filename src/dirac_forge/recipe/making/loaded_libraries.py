"""Shared libraries that a release's modules load while they run, through ctypes or cffi: no metadata names them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from dirac_forge.recipe.making.library_tables import libraries
from dirac_forge.recipe.model import Requirement
from dirac_forge.recipe.notes import Note, NoteKind, note

_FILE = re.compile(r"(?:\.\d+)*\.(?:so|dylib|dll)(?:\.[\d.]+)?$", re.IGNORECASE)
_NUMBER = re.compile(r"-\d+$")


def loaded_libraries(
    loaded: Mapping[str, str], there: Collection[str]
) -> tuple[tuple[Requirement, ...], tuple[Note, ...]]:
    """Return the packages of known libraries that modules load (name to file), beyond those `there`, with notes."""
    found: dict[str, str] = {}
    for name, path in loaded.items():
        for package in _packages(name):
            if package not in there:
                found.setdefault(package, path)
    lines = tuple(Requirement(name=package, comment=f"{path} loads it") for package, path in sorted(found.items()))
    by_path: dict[str, list[str]] = {}
    for package, path in sorted(found.items()):
        by_path.setdefault(path, []).append(package)
    notes = (note("warning", NoteKind.LOADED_LIBRARIES, packages=names, path=path) for path, names in by_path.items())
    return lines, tuple(notes)


def _packages(name: str) -> tuple[str, ...]:
    known = libraries("linked")
    return next((known[spelling] for spelling in _spellings(name) if spelling in known), ())


def _spellings(name: str) -> Iterator[str]:
    """Yield `magic` of `libmagic.so.1`, `cairo` of `cairo-2`, `gobject-2.0` of `libgobject-2.0-0`."""
    plain = _FILE.sub("", name).removeprefix("lib")
    yield plain
    yield _NUMBER.sub("", plain)

"""Shared libraries that a release's modules load while they run, through ctypes or cffi: no metadata names them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from dirac_forge.recipe.making.library_tables import OF_SYSTEMS, ONLY_ON, libraries
from dirac_forge.recipe.model import Requirement
from dirac_forge.recipe.notes import Note, NoteKind, note

_FILE = re.compile(r"(?:\.\d+)*\.(?:so|dylib|dll)(?:\.[\d.]+)?$", re.IGNORECASE)
_OF_SYSTEMS = frozenset(
    {
        *OF_SYSTEMS,
        "libc",
        "musl",
        "objc",
        "odbc",
        "pythoncom",
        "stdc++",
        "system",
        "system.b",
        "msvcrt",
        "ucrtbase",
        "ntdll",
    }
)
_WITHOUT_HEADERS = {"mysql-devel": "mysql-libs"}
"""Packages of headers to those of the library, where the name does not only lose its `-devel`."""
_SYSTEMS = {
    "linux": ("Linux",),
    "osx": ("macOS",),
    "not linux": ("macOS", "Windows"),
    "not win": ("Linux", "macOS"),
}
"""The conditions of `ONLY_ON` in words."""
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
    elsewhere = {package: path for package, path in found.items() if package in ONLY_ON}
    found = {package: path for package, path in found.items() if package not in ONLY_ON}
    lines = tuple(Requirement(name=package, comment=f"{path} loads it") for package, path in sorted(found.items()))
    by_path: dict[str, list[str]] = {}
    for package, path in sorted(found.items()):
        by_path.setdefault(path, []).append(package)
    notes = [note("warning", NoteKind.LOADED_LIBRARIES, packages=names, path=path) for path, names in by_path.items()]
    notes += _of_some_systems(elsewhere)
    notes += _unknown(loaded)
    return lines, tuple(notes)


def loaded_later(loaded: Mapping[str, str], there: Collection[str]) -> Iterator[Note]:
    """Yield notes on known libraries of modules that the package's own import does not load (name to file)."""
    found: dict[str, set[str]] = {}
    for name, path in loaded.items():
        if missing := set(_packages(name)).difference(there):
            found.setdefault(path, set()).update(missing)
    for path, packages in sorted(found.items()):
        yield note("warning", NoteKind.LOADED_LATER, path=path, packages=sorted(packages))


def _unknown(loaded: Mapping[str, str]) -> Iterator[Note]:
    """Yield a note on each module of whose libraries none is known: others are often names of the same one."""
    known = {path for name, path in loaded.items() if _packages(name)}
    unknown: dict[str, list[str]] = {}
    for name, path in loaded.items():
        if path not in known and not _of_system(name):
            unknown.setdefault(path, []).append(name)
    for path, names in sorted(unknown.items()):
        yield note("warning", NoteKind.LOADED_UNKNOWN, path=path, names=names)


def _of_some_systems(packages: Mapping[str, str]) -> Iterator[Note]:
    for package, path in sorted(packages.items()):
        systems = _SYSTEMS[ONLY_ON[package]]
        yield note("warning", NoteKind.LOADED_ON_SOME_SYSTEMS, path=path, package=package, systems=systems)


def _of_system(name: str) -> bool:
    """Whether a library is an operating system's, or named as those of Windows and as frameworks of macOS."""
    bare = next(iter(_spellings(name))).lower()
    return (
        name.lower().endswith((".dll", ".framework"))
        or name[:1].isupper()
        or not bare  # the beginning of a name that is put together
        or not _OF_SYSTEMS.isdisjoint({bare, re.sub(r"32\Z|-?\d[\d.]*\Z", "", bare)})
    )


def _packages(name: str) -> tuple[str, ...]:
    known = libraries("linked")
    packages = next((known[spelling] for spelling in _spellings(name) if spelling in known), ())
    return tuple(_WITHOUT_HEADERS.get(package, package.removesuffix("-devel")) for package in packages)


def _spellings(name: str) -> Iterator[str]:
    """Yield `magic` of `libmagic.so.1`, `cairo` of `cairo-2`, `gobject-2.0` of `libgobject-2.0-0`."""
    plain = _FILE.sub("", name).removeprefix("lib")
    yield plain
    yield _NUMBER.sub("", plain)

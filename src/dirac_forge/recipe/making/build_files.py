"""The build files that Meson and CMake read, from the one at the top down: wherever they are."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping

from dirac_forge.values import dataclass

_NAMES = ("meson.build", "CMakeLists.txt")
_MESON = re.compile(r"\b(subdir|subproject)\(\s*'([\w./+-]+)'")
_CMAKE = re.compile(
    r"\badd_subdirectory\s*\(\s*\"?(?:\$\{(?:CMAKE_CURRENT_SOURCE_DIR|CMAKE_SOURCE_DIR|PROJECT_SOURCE_DIR)\}/)?([\w./+-]+)",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"#.*$", re.MULTILINE)
_SOURCE_FOLDER = re.compile(r"\bcmake_source_dir\s*=\s*[\"']([\w./+-]+)[\"']")
"""How setup.py of scikit-build names the folder of its CMakeLists.txt."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildFiles:
    """What a build reads."""

    read: frozenset[str]
    """Paths of the build files that the topmost one leads to, itself included; none where there is none."""
    unread: tuple[str, ...] = ()
    """Those among them whose text is not at hand."""


def build_files(texts: Mapping[str, str], members: Iterable[str]) -> BuildFiles:
    """Return the files that Meson's `subdir` and `subproject`, and CMake's `add_subdirectory`, lead to."""
    there = {member for member in members if member.rpartition("/")[2] in _NAMES} | texts.keys()
    waiting = [path for path in _tops(texts) if path in there]
    read: set[str] = set()
    unread: set[str] = set()
    while waiting:
        path = waiting.pop()
        if path in read:
            continue
        read.add(path)
        if path in texts:
            waiting += [inner for inner in _inner(path, _COMMENT.sub("", texts[path])) if inner in there]
        else:
            unread.add(path)
    return BuildFiles(read=frozenset(read), unread=tuple(sorted(unread)))


def _tops(texts: Mapping[str, str]) -> Iterator[str]:
    """Yield where a build may begin: at the top, or in the folder that setup.py names."""
    yield from _NAMES
    folders = _SOURCE_FOLDER.findall(texts.get("setup.py", ""))
    yield from (posixpath.normpath(f"{folder}/CMakeLists.txt") for folder in folders)


def _inner(path: str, text: str) -> Iterator[str]:
    """Yield the build files of the folders that a build file goes into."""
    folder, _, name = path.rpartition("/")
    if name == "CMakeLists.txt":
        yield from (posixpath.normpath(posixpath.join(folder, inner, name)) for inner in _CMAKE.findall(text))
    for how, inner in _MESON.findall(text) if name == "meson.build" else ():
        base = folder if how == "subdir" else "subprojects"
        yield posixpath.normpath(posixpath.join(base, inner, name))

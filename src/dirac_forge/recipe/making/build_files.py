"""The build files that Meson and CMake read, from the one at the top down: wherever they are."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping

from dirac_forge.values import dataclass

_NAMES = ("meson.build", "CMakeLists.txt")
_MESON = re.compile(r"\b(subdir|subproject)\(\s*'([\w./+-]+)'")
_FOLDERS = r"\"?(?:\$\{(?:CMAKE_(?:CURRENT_)?(?:SOURCE|LIST)_DIR|PROJECT_SOURCE_DIR)\}/)?"
_CMAKE = re.compile(rf"\badd_subdirectory\s*\(\s*{_FOLDERS}([\w./+-]+)", re.IGNORECASE)
_INCLUDED = re.compile(rf"\binclude\s*\(\s*{_FOLDERS}([\w./+-]+)", re.IGNORECASE)
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
    """Return what Meson's `subdir` and `subproject`, and CMake's `add_subdirectory` and `include`, lead to."""
    there = {member for member in members if member.endswith((*_NAMES, ".cmake"))} | texts.keys()
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
    """Yield the build files of the folders that a build file goes into, and those that it includes."""
    folder, _, name = path.rpartition("/")
    if name == "meson.build":
        for how, inner in _MESON.findall(text):
            base = folder if how == "subdir" else "subprojects"
            yield posixpath.normpath(posixpath.join(base, inner, name))
    elif name.endswith(("CMakeLists.txt", ".cmake")):
        yield from (posixpath.normpath(posixpath.join(folder, inner, _NAMES[1])) for inner in _CMAKE.findall(text))
        for inner in _INCLUDED.findall(text):
            # A folder may be the top's; a name alone is that of a module, which CMAKE_MODULE_PATH finds.
            named = inner if inner.endswith(".cmake") else f"cmake/{inner}.cmake"
            yield from (posixpath.normpath(posixpath.join(base, named)) for base in dict.fromkeys((folder, "")))

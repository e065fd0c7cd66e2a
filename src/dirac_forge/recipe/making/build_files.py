"""The build files that Meson and CMake read, from the one at the top down: wherever they are."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

from dirac_forge.upstream.files.places import is_aside, of_others
from dirac_forge.values import dataclass

BUILD_FILES: Final = ("meson.build", "CMakeLists.txt")
_MESON = re.compile(r"\bsubdir\s*\(\s*'([\w ./+-]+)'")
_MESON_PROJECT = re.compile(r"\bsubproject\s*\(\s*'([\w./+-]+)'")
_FOLDERS = r"\"?(?:\$\{(?:CMAKE_(?:CURRENT_)?(?:SOURCE|LIST)_DIR|PROJECT_SOURCE_DIR)\}/)?"
_CMAKE = re.compile(rf"\badd_subdirectory\s*\(\s*{_FOLDERS}([\w./+-]+)", re.IGNORECASE)
_INCLUDED = re.compile(rf"\binclude\s*\(\s*{_FOLDERS}([\w./+-]+)", re.IGNORECASE)
_COMMENT = re.compile(r"#.*$", re.MULTILINE)
_SOURCE_FOLDERS = {
    "setup.py": re.compile(r"\bcmake_source_dir\s*=\s*[\"']([\w./+-]+)[\"']"),
    "pyproject.toml": re.compile(r"^(?:cmake\.)?source[-_](?:dir|path)\s*=\s*[\"']([\w./+-]+)[\"']", re.MULTILINE),
}
"""How scikit-build, scikit-build-core and py-build-cmake name the folder of their CMakeLists.txt."""
_PROJECT = re.compile(r"^[ \t]*project[ \t]*\(", re.IGNORECASE | re.MULTILINE)
_RUNS_CMAKE = re.compile(r"\bCMakeExtension\b|[\"']cmake[\"' ]")
_FOLDER = re.compile(r"\b(?:subdir|add_subdirectory)\s*\(", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildFiles:
    """What a build reads."""

    read: frozenset[str]
    """Paths of the build files that the topmost one leads to, itself included; none where there is none."""
    unread: tuple[str, ...] = ()
    """Those among them whose text is not at hand."""
    tops: tuple[str, ...] = ()
    """Where a build begins."""
    complete: bool = False
    """Whether each folder that they go into is known, so that no other build file is read."""


def build_files(texts: Mapping[str, str], members: Iterable[str]) -> BuildFiles:
    """Return what Meson's `subdir` and `subproject`, and CMake's `add_subdirectory` and `include`, lead to."""
    there = {member for member in members if member.endswith((*BUILD_FILES, ".cmake"))} | texts.keys()
    tops = tuple(dict.fromkeys(path for path in _tops(texts, there) if path in there))
    waiting = [*tops]
    complete = bool(waiting)
    read: set[str] = set()
    unread: set[str] = set()
    while waiting:
        path = waiting.pop()
        if path in read:
            continue
        read.add(path)
        if path in texts:
            text = _COMMENT.sub("", texts[path])
            folders = [inner for inner in _folders(path, text) if inner in there]
            complete &= len(folders) == len(_FOLDER.findall(text))
            waiting += [*folders, *(inner for inner in _included(path, text) if inner in there)]
        else:
            unread.add(path)
    complete = complete and not unread
    return BuildFiles(read=frozenset(read), unread=tuple(sorted(unread)), tops=tops, complete=complete)


def added_folders(text: str) -> list[str]:
    """Return the folders that a file of CMake adds, as it names them."""
    return _CMAKE.findall(_COMMENT.sub("", text))


def _tops(texts: Mapping[str, str], there: Collection[str]) -> Iterator[str]:
    """Yield where a build may begin: in the folder that its settings name, at the top, else where Python may run CMake.

    Python puts the folder together as it likes, so any outermost project of CMake may be the one.
    """
    named = (folder for path, where in _SOURCE_FOLDERS.items() for folder in where.findall(texts.get(path, "")))
    begun = [*(posixpath.normpath(f"{folder}/{BUILD_FILES[1]}") for folder in named), *BUILD_FILES]
    yield from begun
    if not any(path in there for path in begun) and any(map(_RUNS_CMAKE.search, _python(texts))):
        yield from _outermost(path for path, text in texts.items() if _is_project(path, text))


def _python(texts: Mapping[str, str]) -> Iterator[str]:
    return (_COMMENT.sub("", text) for path, text in texts.items() if path.endswith(".py") and not is_aside(path))


def _is_project(path: str, text: str) -> bool:
    own = path.rpartition("/")[2] == BUILD_FILES[1] and not (is_aside(path) or of_others(path))
    return own and _PROJECT.search(text) is not None


def _outermost(paths: Iterable[str]) -> Iterator[str]:
    """Yield the files that are in no folder, nor below one, of another of them."""
    found: list[str] = []
    for path in sorted(paths, key=lambda path: (path.count("/"), path)):
        if not any(path.startswith(f"{posixpath.dirname(other)}/") for other in found):
            found.append(path)
    yield from found


def _folders(path: str, text: str) -> Iterator[str]:
    """Yield the build files of the folders that a build file goes into."""
    folder, _, name = path.rpartition("/")
    if name == "meson.build":
        yield from (posixpath.normpath(posixpath.join(folder, inner, name)) for inner in _MESON.findall(text))
    else:
        yield from (posixpath.normpath(posixpath.join(folder, inner, BUILD_FILES[1])) for inner in _CMAKE.findall(text))


def _included(path: str, text: str) -> Iterator[str]:
    """Yield the subprojects of Meson, and the files that CMake includes."""
    folder, _, name = path.rpartition("/")
    if name == "meson.build":
        yield from (posixpath.normpath(f"subprojects/{inner}/{name}") for inner in _MESON_PROJECT.findall(text))
        return
    for inner in _INCLUDED.findall(text):
        # A folder may be the top's; a name alone is that of a module, which CMAKE_MODULE_PATH finds.
        named = inner if inner.endswith(".cmake") else f"cmake/{inner}.cmake"
        yield from (posixpath.normpath(posixpath.join(base, named)) for base in dict.fromkeys((folder, "")))

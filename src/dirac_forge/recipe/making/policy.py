"""What build files do that conda-forge does not accept: downloads, code for the CPU of the build machine."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from dirac_forge.recipe.making.library_tables import NOT_LIBRARIES
from dirac_forge.recipe.notes import Note, NoteKind, note
from dirac_forge.upstream.files.places import is_aside

_DECLARED = re.compile(r"\b(?:FetchContent_Declare|ExternalProject_Add)\s*\(\s*\"?([\w.+-]+)([^()]*)", re.IGNORECASE)
_FROM_ELSEWHERE = re.compile(r"\b(?:GIT_REPOSITORY|URL)\s")
_IN_PYTHON = re.compile(
    r"\burl(?:retrieve|open)\s*\(|\brequests\.get\s*\(|\bgit clone\b|[\"']git[\"'],\s*[\"']clone[\"']"
)
_NATIVE = re.compile(r"-m(?:arch|tune|cpu)=native\b")
_COMMENT = re.compile(r"#.*$", re.MULTILINE)
_IMPORTS = re.compile(r"^[ \t]*(?:import|from)\s.*$", re.MULTILINE)
_SCRIPT = re.compile(r"(?<![\w-])([\w-]+)\.py\b")


def policy_notes(texts: Mapping[str, str], read: Collection[str]) -> Iterator[Note]:
    """Yield notes on setup.py, what it runs, and the build files of Meson and CMake that the build reads (`read`)."""
    for path in sorted(texts.keys() & {"setup.py", *read, *run_by_setup(texts)}):
        if not is_aside(path):
            yield from _in_file(path, _COMMENT.sub("", texts[path]))


def run_by_setup(texts: Mapping[str, str]) -> Iterator[str]:
    """Yield the modules that setup.py imports, or names as files that it runs."""
    setup = _COMMENT.sub("", texts.get("setup.py", ""))
    imported = (word for line in _IMPORTS.findall(setup) for word in re.findall(r"\w+", line))
    named = {*_SCRIPT.findall(setup), *imported}
    for path in texts:
        stem, _, ending = path.rpartition("/")[2].rpartition(".")
        if ending == "py" and stem in named and path != "setup.py":
            yield path


def _in_file(path: str, text: str) -> Iterator[Note]:
    if names := sorted(set(_fetched(text)), key=str.lower):
        yield note("warning", NoteKind.FETCHES_PROJECTS, path=path, names=names)
    if path.endswith(".py") and _IN_PYTHON.search(text):
        yield note("warning", NoteKind.DOWNLOADS_FILES, path=path)
    if flag := _NATIVE.search(text):
        yield note("warning", NoteKind.NATIVE_CODE, path=path, flag=flag[0])


def _fetched(text: str) -> Iterator[str]:
    """Yield the projects that CMake downloads, but not those that requirements bring or tests use."""
    for name, arguments in _DECLARED.findall(text):
        if _FROM_ELSEWHERE.search(arguments) and name.lower() not in {*NOT_LIBRARIES, "googletest"}:
            yield name

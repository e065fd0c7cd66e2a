"""What build files do that conda-forge does not accept: downloads, code for the CPU of the build machine."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from dirac_forge.recipe.making.library_tables import NOT_LIBRARIES
from dirac_forge.recipe.notes import Note, NoteKind, note
from dirac_forge.upstream.files.places import is_aside

_DECLARED = re.compile(
    r"\b(?:FetchContent_(?:Declare|Populate)|ExternalProject_Add)\s*\(\s*\"?([\w.+-]+)([^()]*)", re.IGNORECASE
)
_FROM_ELSEWHERE = re.compile(r"\b(?:(?:GIT|HG|SVN)_REPOSITORY|URL)\s")
_BY_CPM = re.compile(
    r"\bCPM(?:Add|Find|Declare)Package\s*\(\s*(?:NAME\s+\"?|\"(?:[^\"\s/:@#]*[/:])*)([\w.+-]+)", re.IGNORECASE
)
"""CPM.cmake's calls, with names (`NAME fmt`) or short (`"gh:fmtlib/fmt@7.1.3"`)."""
_CALLED = r"\bgit clone\b|[\"']git[\"'],\s*[\"']clone[\"']|[\"'](?:curl|wget)[\"'],\s*f?[\"'](?:-|https?:)"
_DOWNLOADS = {
    ".py": re.compile(
        r"\burl(?:retrieve|open)\s*\(|\b(?:requests|httpx)\.get\s*\(|\bwget\.download\s*\("
        rf"|\b(?:curl|wget) (?:-|https?:)|{_CALLED}"
    ),
    "meson.build": re.compile(_CALLED),
    "CMakeLists.txt": (
        _BY_CMAKE := re.compile(
            r"\bfile\s*\(\s*DOWNLOAD\b|\bCOMMAND\s+\"?(?:(?:git|\$\{GIT_EXECUTABLE\})\"?\s+clone\b|(?:curl|wget)\b)",
            re.IGNORECASE,
        )
    ),
    ".cmake": _BY_CMAKE,
}
"""How files download by themselves. Submodules need a repository, which an archive of sources is not."""
_SUBPROJECT = re.compile(r"\bsubproject\s*\(\s*'([\w.+-]+)'")
_NATIVE = re.compile(r"-m(?:arch|tune|cpu)=native\b")
_COMMENT = re.compile(r"#.*$", re.MULTILINE)
_IMPORTS = re.compile(r"^[ \t]*(?:import|from)\s.*$", re.MULTILINE)
_SCRIPT = re.compile(r"(?<![\w-])([\w-]+)\.py\b")


def policy_notes(texts: Mapping[str, str], read: Collection[str], members: Collection[str] = ()) -> Iterator[Note]:
    """Yield notes on setup.py, what it runs, and the build files of Meson and CMake that the build reads (`read`).

    `members` are all files of the sdist: Meson downloads a subproject that has a wrap there and no sources.
    """
    wrapped = _only_wrapped(members)
    for path in sorted(texts.keys() & {"setup.py", *read, *run_by_setup(texts)}):
        if not is_aside(path):
            yield from _in_file(path, _COMMENT.sub("", texts[path]), wrapped)


def _only_wrapped(members: Collection[str]) -> frozenset[str]:
    """Return the subprojects of Meson that an sdist only has the address of."""
    inside = [member.split("/") for member in members if member.startswith("subprojects/")]
    there = {parts[1] for parts in inside if len(parts) > 2}
    wraps = (parts[1].removesuffix(".wrap") for parts in inside if len(parts) == 2 and parts[1].endswith(".wrap"))
    return frozenset(wraps) - there


def run_by_setup(texts: Mapping[str, str]) -> Iterator[str]:
    """Yield the modules that setup.py imports, or names as files that it runs."""
    setup = _COMMENT.sub("", texts.get("setup.py", ""))
    imported = (word for line in _IMPORTS.findall(setup) for word in re.findall(r"\w+", line))
    named = {*_SCRIPT.findall(setup), *imported}
    for path in texts:
        stem, _, ending = path.rpartition("/")[2].rpartition(".")
        if ending == "py" and stem in named and path != "setup.py":
            yield path


def _in_file(path: str, text: str, wrapped: Collection[str]) -> Iterator[Note]:
    if names := sorted(set(_fetched(path, text, wrapped)), key=str.lower):
        yield note("warning", NoteKind.FETCHES_PROJECTS, path=path, names=names)
    if any(path.endswith(ending) and says.search(text) for ending, says in _DOWNLOADS.items()):
        yield note("warning", NoteKind.DOWNLOADS_FILES, path=path)
    if flag := _NATIVE.search(text):
        yield note("warning", NoteKind.NATIVE_CODE, path=path, flag=flag[0])


def _fetched(path: str, text: str, wrapped: Collection[str]) -> Iterator[str]:
    """Yield the projects that CMake or Meson downloads, but not those that requirements bring or tests use."""
    if path.endswith("meson.build"):
        yield from (name for name in _SUBPROJECT.findall(text) if name in wrapped)
        return
    declared = (name for name, arguments in _DECLARED.findall(text) if _FROM_ELSEWHERE.search(arguments))
    for name in (*declared, *(found.removesuffix(".git") for found in _BY_CPM.findall(text))):
        if name.lower() not in {*NOT_LIBRARIES, "googletest"}:
            yield name

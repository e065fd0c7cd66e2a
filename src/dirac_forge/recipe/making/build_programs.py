"""Programs that a build runs and no requirement names: called by its Python, or looked for by CMake and Meson."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from dirac_forge.recipe.making.hosts import backend_texts, build_tool_names
from dirac_forge.recipe.making.policy import run_by_setup
from dirac_forge.recipe.making.programs import run_programs
from dirac_forge.recipe.making.source_files import build_texts
from dirac_forge.recipe.notes import Note, NoteKind, note
from dirac_forge.upstream.files.facts import SdistFacts
from dirac_forge.upstream.files.places import is_aside

CMAKE_TOOLS: Final = frozenset({"py-build-cmake", "scikit-build", "scikit-build-core"})
"""Backends that call CMake and do not bring it on conda-forge."""
_RUNS_CMAKE: Final = re.compile(r"CMakeExtension|[\"']cmake[\"']|\bcmake_(?:args|source_dir|install_dir)\b")
_ASKS_PKG_CONFIG: Final = re.compile(r"pkg-config|pkg_check_modules|dependency\(")
_LOOKED_FOR: Final = {
    "bison": re.compile(r"\bfind_package\s*\(\s*BISON\b[^()]*\bREQUIRED\b|\bbison_target\s*\(", re.IGNORECASE),
    "flex": re.compile(r"\bfind_package\s*\(\s*FLEX\b[^()]*\bREQUIRED\b|\bflex_target\s*\(", re.IGNORECASE),
    "swig": re.compile(
        r"\bfind_package\s*\(\s*SWIG\b[^()]*\bREQUIRED\b|\bswig_add_(?:library|module)\s*\(", re.IGNORECASE
    ),
}
"""How CMake's files say that they run a program."""
_FOUND_BY_MESON: Final = re.compile(r"\bfind_program\s*\(\s*'(bison|flex|gperf|nasm|swig|yasm)'\s*\)")
"""A program without which Meson stops: others are optional, or are looked for under several names."""


def build_programs(sdist: SdistFacts, read: Collection[str], libraries: Mapping[str, str]) -> frozenset[str]:
    """Return the packages of programs for build; `read` are the build files, `libraries` packages to their files."""
    return frozenset(_named(sdist, libraries)) | {each for found in _by_file(sdist, read).values() for each in found}


def _named(sdist: SdistFacts, libraries: Mapping[str, str]) -> Iterator[str]:
    setup, tools = build_texts(sdist), build_tool_names(sdist)
    if any(member.endswith(".i") for member in sdist.members) and re.search(r"\bswig\b", setup, re.IGNORECASE):
        yield "swig"
    code = "\n".join((setup, *build_scripts(sdist).values()))
    if tools & CMAKE_TOOLS:
        yield from ("cmake", "ninja")
    elif _RUNS_CMAKE.search(code):
        yield from ("cmake", "ninja" if re.search(r"\bninja\b", code, re.IGNORECASE) else "make")
    if any(_ASKS_PKG_CONFIG.search(sdist.texts[path]) for path in set(libraries.values())):
        yield "pkg-config"


def program_notes(sdist: SdistFacts, read: Collection[str]) -> Iterator[Note]:
    """Yield notes on the programs that files run and no requirement names, each with the first file that runs it."""
    known = set(build_tool_names(sdist))
    for path, programs in _by_file(sdist, read).items():
        if run := [program for program in programs if program not in known]:
            known.update(run)
            yield note("warning", NoteKind.PROGRAMS_RUN, programs=run, path=path)


def _by_file(sdist: SdistFacts, read: Collection[str]) -> Mapping[str, tuple[str, ...]]:
    """Return the programs that are run, by the file that does so."""
    found = {"setup.py": run_programs(sdist.texts.get("setup.py", ""))}
    found["the in-tree build backend"] = run_programs("\n".join(backend_texts(sdist)))
    found |= {path: run_programs(text) for path, text in sorted(build_scripts(sdist).items())}
    found |= {path: _looked_for(path, sdist.texts.get(path, "")) for path in sorted(read)}
    return {path: programs for path, programs in found.items() if programs}


def build_scripts(sdist: SdistFacts) -> Mapping[str, str]:
    """Return the modules that setup.py imports or runs, by path; backends that pip calls are told by themselves."""
    backends = backend_texts(sdist)
    texts = {path: sdist.texts[path] for path in run_by_setup(sdist.texts) if not is_aside(path)}
    return {path: text for path, text in texts.items() if text not in backends}


def _looked_for(path: str, text: str) -> tuple[str, ...]:
    code = re.sub(r"#.*$", "", text, flags=re.MULTILINE)
    if path.endswith("meson.build"):
        return tuple(sorted(set(_FOUND_BY_MESON.findall(code))))
    return tuple(program for program, says in _LOOKED_FOR.items() if says.search(code))

"""What a compiled package needs to be built: compilers, programs and libraries, from the contents of its sdist."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from itertools import chain, takewhile
from pathlib import PurePosixPath

from dirac_forge.recipe.making.build_files import build_files
from dirac_forge.recipe.making.build_programs import build_programs, build_scripts, program_notes
from dirac_forge.recipe.making.bundled import bundled_libraries
from dirac_forge.recipe.making.cmake_options import by_default
from dirac_forge.recipe.making.configured import configured
from dirac_forge.recipe.making.crate_needs import CrateNeeds, crate_needs
from dirac_forge.recipe.making.hidden_libraries import library_places, qt_of_builder
from dirac_forge.recipe.making.hosts import backend_texts, build_backend, build_tool_names
from dirac_forge.recipe.making.library_tables import ONLY_ON
from dirac_forge.recipe.making.nature_reasons import NatureKind, NatureReason
from dirac_forge.recipe.making.policy import policy_notes
from dirac_forge.recipe.making.source_files import build_texts, is_compiled, source_files, source_languages
from dirac_forge.recipe.making.subprojects import carried_projects, is_carried
from dirac_forge.recipe.making.system_libraries import (
    LibraryChoice,
    NamedLibraries,
    included_libraries,
    system_libraries,
)
from dirac_forge.recipe.notes import Note, NoteKind, note
from dirac_forge.upstream.files.facts import SdistFacts
from dirac_forge.values import dataclass

_COMPILING_BACKENDS = {
    "maturin", "mesonpy", "py_build_cmake.build", "scikit_build_core.build", "scikit_build_core.setuptools.build_meta",
    "setuptools_rust", "sipbuild.api",
}  # fmt: skip
_BEGIN_AT_TOP = ("mesonpy", "scikit_build_core.build", "py_build_cmake.build")
_COMPILING_TOOLS = {
    "cffi", "cython", "maturin", "meson-python", "nanobind", "pybind11", "scikit-build", "scikit-build-core",
    "setuptools-golang", "setuptools-rust",
}  # fmt: skip
_SETUP_COMPILES = re.compile(
    r"\bext_modules\b|\bExtension\s*\(|\bcffi_modules\b|\bcythonize\s*\(|\brust_extensions\b|\bRustExtension\b"
    r"|\bCMakeExtension\b|\bskbuild\b"
)
_CXX_IN_SETUP = re.compile(
    r"\blanguage\s*=\s*[\"']c\+\+[\"']|[\"']language[\"']\s*:\s*[\"']c\+\+[\"']|\bswig_opts\s*=[^\])]{0,300}[\"']-c\+\+[\"']"
)
_MESON_PROJECT = re.compile(
    r"\b(?:project\(\s*'[^']*'\s*,|add_languages\()\s*((?:\[?\s*'[\w+]+'\s*,?\s*\]?)+)", re.DOTALL
)
_CMAKE_LANGUAGES = re.compile(r"\benable_language\s*\(\s*\"?(\w+)", re.IGNORECASE)
_CMAKE_OPTIONAL = re.compile(r"\bcheck_language\s*\(\s*\"?(\w+)", re.IGNORECASE)
"""What CMake does without where it finds no compiler."""
_CMAKE_PROJECT = re.compile(r"\bproject\s*\(([^()]*)\)", re.IGNORECASE)
_CMAKE_KEYS = {"VERSION", "DESCRIPTION", "HOMEPAGE_URL", "COMPAT_VERSION", "SPDX_LICENSE"}
_CMAKE_DEFAULT = ("C", "CXX")
"""What `project()` without languages enables (https://cmake.org/cmake/help/latest/command/project.html)."""
_LANGUAGE_NAMES = {"c": "c", "cpp": "cxx", "cxx": "cxx", "cython": "c", "fortran": "fortran", "rust": "rust"}

_CMAKE_BACKENDS = ("scikit_build_core", "py_build_cmake")
_MOST_NAMED = 8
_MOST_FILES = 3
"""Build files with names of libraries that are told one by one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Toolchain:
    """What the builds of one release need."""

    languages: tuple[str, ...]
    """Of compilers: `c`, `cxx`, `fortran`, `rust`."""
    libraries: tuple[str, ...]
    """System libraries, as packages for host."""
    programs: tuple[str, ...]
    """What the build runs, as packages for build, where no requirement names them."""
    environment: Mapping[str, str]
    """Variables that let the build link the channel's libraries."""
    notes: tuple[Note, ...]


def toolchain(sdist: SdistFacts) -> Toolchain:
    """Return the compilers, libraries and programs that building from the sdist takes."""
    sdist = replace(sdist, texts=by_default(sdist.texts))
    sources = source_languages(sdist)
    files = build_files(sdist.texts, sdist.members)
    carried = carried_projects(sdist.texts, files.tops)
    languages, guessed = _compilers(sdist, set(sources), build_tool_names(sdist), files.read)
    crates = crate_needs(sdist) if "rust" in languages else CrateNeeds()
    # setup.py may run CMake in any folder; these backends begin at the top, and Cargo reads none of its files.
    backend = build_backend(sdist)
    alone = backend == "maturin" or (files.complete and backend.startswith(_BEGIN_AT_TOP))
    bundled = bundled_libraries(sdist.members, sdist.texts, sdist.filename.rpartition("-")[0].lower(), carried)
    carried = (*carried, *bundled.packages.values())
    named = system_libraries(sdist.texts, files.read, only_read=alone, carried=carried)
    libraries = named.packages
    known = sources or generates_sources(sdist) or any(_declared_languages(sdist, files.read))
    notes = [] if known else [note("todo", NoteKind.NO_SOURCES)]
    if guessed:
        notes.append(note("warning", NoteKind.CXX_GUESSED, files=source_files(sdist, "cxx")))
    notes += crates.notes
    choices = [choice for choice in named.choices if choice.package in libraries]
    apart = {*bundled.packages, *crates.libraries, *(choice.package for choice in choices)}
    notes += _linked_libraries({name: path for name, path in libraries.items() if name not in apart})
    notes += map(_choice, choices)
    notes += bundled.notes
    notes += program_notes(sdist, files.read)
    notes += _unknown_libraries(named.unknown)
    qt = qt_of_builder(sdist)
    notes += [note("warning", NoteKind.QT_FOR_QMAKE, package=qt)] if qt else []
    host = {*libraries, *bundled.packages, *crates.libraries, *filter(None, [qt])}
    inside = {path: text for path, text in sdist.texts.items() if is_carried(path, carried)}
    of_others = system_libraries(inside, files.read, only_read=alone)
    notes += _carried(of_others, carried, {*host, *named.unknown})
    scripts = configured(sdist, host, bundled.packages.values())
    notes += chain.from_iterable(script.notes for script in scripts)
    # Meson and CMake look for what they need; setup.py may leave it to what is included.
    told = {*host, *chain.from_iterable(script.packages.values() for script in scripts)}
    included = {} if files.read else included_libraries(sdist.includes, sdist.members, told)
    notes += _included(included)
    notes += policy_notes(sdist.texts, files.read, sdist.members)
    if unread := (*files.unread, *named.unread):
        notes.append(note("warning", NoteKind.UNREAD_BUILD_FILES, paths=unread))
    elif not (host or named.unknown or scripts or included) and "rust" not in languages:
        notes.append(_no_library(sdist))
    return Toolchain(
        languages=tuple(sorted({*languages, *crates.compilers})),
        libraries=tuple(sorted(host)),
        programs=tuple(sorted({*build_programs(sdist, files.read, libraries), *crates.programs})),
        environment={**bundled.environment, **dict(crates.environment)},
        notes=tuple(notes),
    )


def pure_build(sdist: SdistFacts) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the languages and programs that the build of a package for any platform takes.

    Nothing of what it installs is compiled, but CMake and Meson look for the compilers of their project's languages.
    """
    by_cmake = build_backend(sdist).startswith(_CMAKE_BACKENDS)
    if not by_cmake and build_backend(sdist) != "mesonpy":
        return (), ()
    files = build_files(sdist.texts, sdist.members)
    languages = set(_declared_languages(sdist, files.read)) if files.read else set()
    return tuple(sorted(languages)), ("cmake", "ninja") if by_cmake else ()


def _linked_libraries(libraries: Mapping[str, str]) -> Iterator[Note]:
    for path, packages in _by_file(libraries).items():
        named = [f"{each} (if {ONLY_ON[each]})" if each in ONLY_ON else each for each in packages]
        yield note("warning", NoteKind.LINKED_LIBRARIES, packages=named, path=path)


def _unknown_libraries(unknown: Mapping[str, str]) -> Iterator[Note]:
    mpi = {name: path for name, path in unknown.items() if name.lower() == "mpi"}
    for path in sorted(mpi.values())[:1]:
        yield note("warning", NoteKind.MPI, path=path)
    others = {name: path for name, path in unknown.items() if name not in mpi}
    files = _by_file(others)
    if len(files) > _MOST_FILES:
        yield note("warning", NoteKind.UNKNOWN_IN_FILES, paths=files, names=sorted(others, key=str.lower))
        return
    for path, names in files.items():
        yield note("warning", NoteKind.UNKNOWN_LIBRARIES, path=path, names=names)


def _no_library(sdist: SdistFacts) -> Note:
    """Return the note on a build whose files name no library: to be checked if they say where one is."""
    scripts = {"setup.py": sdist.texts.get("setup.py", ""), **build_scripts(sdist)}
    path, evidence = library_places(scripts)
    if path:
        return note("warning", NoteKind.LIBRARY_ELSEWHERE, path=path, evidence=evidence)
    return note("info", NoteKind.NO_LIBRARY_NAMED)


def _carried(libraries: NamedLibraries, carried: Collection[str], there: Collection[str]) -> Iterator[Note]:
    """Yield one note on what only the build files of other projects look for."""
    named = {**libraries.packages, **libraries.unknown}
    only = {name: path for name, path in named.items() if name not in there}
    names = sorted(only, key=str.lower)
    if names:
        shown = [*names[:_MOST_NAMED], *([f"{len(names) - _MOST_NAMED} more"] if len(names) > _MOST_NAMED else [])]
        folders = [folder for folder in carried if any(is_carried(path, [folder]) for path in only.values())]
        yield note("warning", NoteKind.CARRIED_PROJECTS, folders=folders, names=shown)


def _choice(choice: LibraryChoice) -> Note:
    facts = {"path": choice.path, "names": choice.names, "others": choice.others}
    return note("warning", NoteKind.LIBRARY_CHOICE, package=choice.package, **facts)


def _included(libraries: Mapping[str, tuple[str, str]]) -> Iterator[Note]:
    for package, (path, header) in sorted(libraries.items()):
        yield note("warning", NoteKind.INCLUDED_LIBRARY, package=package, path=path, header=header)


def _by_file(names: Mapping[str, str]) -> Mapping[str, list[str]]:
    """Return the names by the file that has them, both in order."""
    files: dict[str, list[str]] = {}
    for name, path in sorted(names.items()):
        files.setdefault(path, []).append(name)
    return dict(sorted(files.items()))


def _compilers(
    sdist: SdistFacts, sources: set[str], tools: frozenset[str], read: Collection[str]
) -> tuple[set[str], bool]:
    """Return the languages that need a compiler, from the sources, the build files and the build's tools.

    The other value is whether C++ is among them only because there are such sources.
    """
    declared = set(_declared_languages(sdist, read))
    # Files in Fortran or C++ may be there for another purpose: a build file that lists its languages knows.
    languages = (declared | (sources - {"cxx", "fortran"})) if declared else set(sources)
    if "maturin" in tools:
        languages = {"rust"}
    elif "setuptools-rust" in tools:
        languages.add("rust")
    elif "rust" not in declared:
        languages.discard("rust")  # a crate that the sdist carries and does not build
    guessed = False
    if tools & {"pybind11", "nanobind"} or _CXX_IN_SETUP.search(build_texts(sdist)) or _cython_in_cxx(sdist):
        languages.add("cxx")
    elif "cxx" in languages - declared:
        compiled = is_compiled(sdist, "cxx")
        guessed = compiled is None
        languages -= set() if guessed or compiled else {"cxx"}
    if not declared and not tools & {"meson-python", "scikit-build", "scikit-build-core", "numpy"}:
        languages.discard("fortran")
    return languages | {"c"}, guessed  # Rust, Cython and C++ all end in the C toolchain's linker and stdlib


def _declared_languages(sdist: SdistFacts, read: Collection[str]) -> Iterator[str]:
    """Yield the languages that Meson's or CMake's build files list: those that the build reads, else all.

    Nothing where they list none.
    """
    for path, text in sdist.texts.items():
        if read and path not in read:
            continue
        match PurePosixPath(path).name:
            case "meson.build":
                groups = [name for listed in _MESON_PROJECT.findall(text) for name in re.findall(r"'([\w+]+)'", listed)]
            case "CMakeLists.txt":
                groups = list(_cmake_languages(re.sub(r"#.*$", "", text, flags=re.MULTILINE), default=path in read))
            case _:
                continue
        yield from (_LANGUAGE_NAMES[name.lower()] for name in groups if name.lower() in _LANGUAGE_NAMES)


def _cmake_languages(text: str, *, default: bool) -> Iterator[str]:
    """Yield the languages of `project()`, those that it has by default only if `default`, and of enable_language()."""
    optional = set(_CMAKE_OPTIONAL.findall(text))
    yield from (name for name in _CMAKE_LANGUAGES.findall(text) if name not in optional)
    for arguments in _CMAKE_PROJECT.findall(text):
        _, *words = arguments.replace('"', " ").split() or [""]
        if "LANGUAGES" in words:
            yield from takewhile(lambda word: word not in _CMAKE_KEYS, words[words.index("LANGUAGES") + 1 :])
        elif not words or words[0] in _CMAKE_KEYS:
            yield from _CMAKE_DEFAULT if default else ()
        else:
            yield from words


def _cython_in_cxx(sdist: SdistFacts) -> bool:
    return any(module.cxx for module in sdist.modules)


def generates_sources(sdist: SdistFacts) -> bool:
    """Whether the build compiles what no file of the sdist is a source of, or a crate: cffi's C, setuptools-rust's."""
    if re.search(r"\bcffi_modules\s*=", sdist.texts.get("setup.py", "")):
        return True
    return "setuptools-rust" in build_tool_names(sdist) and any(m.endswith("Cargo.toml") for m in sdist.members)


def what_compiles(sdist: SdistFacts) -> NatureReason | None:
    """Return why a plain build compiles, None if nothing makes it."""
    backend = build_backend(sdist)
    if backend in _COMPILING_BACKENDS:
        return NatureReason(NatureKind.BACKEND_COMPILES, backend)
    if any(re.search(r"cythonize|ext_modules|Extension\s*\(|\bCython\b", text) for text in backend_texts(sdist)):
        return NatureReason(NatureKind.OWN_BACKEND_COMPILES)
    if _SETUP_COMPILES.search(sdist.texts.get("setup.py", "")):
        return NatureReason(NatureKind.FILE_COMPILES, "setup.py")
    if re.search(r"ext-modules", sdist.texts.get("pyproject.toml", "")):
        return NatureReason(NatureKind.FILE_COMPILES, "pyproject.toml")
    tools = sorted(_COMPILING_TOOLS & build_tool_names(sdist))
    return NatureReason(NatureKind.TOOL_COMPILES, tools[0]) if tools else None

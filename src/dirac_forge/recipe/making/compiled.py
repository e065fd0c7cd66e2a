"""noarch or not, and what a compiled package needs to be built, from wheel tags and the contents of the sdist."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from packaging.utils import canonicalize_name

from dirac_forge.recipe.making.hosts import build_backend, build_requirements
from dirac_forge.recipe.making.system_libraries import system_libraries
from dirac_forge.recipe.model import Note
from dirac_forge.upstream.files.facts import ReleaseFacts, SdistFacts

__all__ = ["Nature", "nature"]

_SOURCES = {
    "c": (".c", ".pyx", ".i"),
    "cxx": (".cpp", ".cc", ".cxx", ".c++"),
    "fortran": (".f", ".f90", ".f77", ".f95", ".for", ".pyf"),
    "rust": (".rs",),
}
_ASIDE = {
    "bench", "benchmark", "benchmarks", "demo", "demos", "doc", "docs", "example", "examples", "fuzz", "test",
    "testing", "tests",
}  # fmt: skip
_COMPILING_BACKENDS = {
    "maturin", "mesonpy", "py_build_cmake.build", "scikit_build_core.build", "scikit_build_core.setuptools.build_meta",
    "setuptools_rust", "sipbuild.api",
}  # fmt: skip
_COMPILING_TOOLS = {
    "cffi", "cython", "maturin", "meson-python", "nanobind", "pybind11", "scikit-build", "scikit-build-core",
    "setuptools-golang", "setuptools-rust",
}  # fmt: skip
_SETUP_COMPILES = re.compile(
    r"\bext_modules\b|\bExtension\s*\(|\bcffi_modules\b|\bcythonize\s*\(|\brust_extensions\b|\bRustExtension\b|\bCMakeExtension\b|\bskbuild\b"
)
_OPT_IN = re.compile(r"mypycify|mypyc\.build")


@dataclass(frozen=True, kw_only=True, slots=True)
class Nature:
    """Whether one build serves all platforms, and if not, what the builds need."""

    noarch: bool
    reason: str
    """Why, in words."""
    languages: tuple[str, ...] = ()
    """Of compilers: `c`, `cxx`, `fortran`, `rust`."""
    libraries: tuple[str, ...] = ()
    """System libraries, as packages for host."""
    programs: tuple[str, ...] = ()
    """What the build runs, as packages for build, where no requirement says so."""
    notes: tuple[Note, ...] = ()


def nature(facts: ReleaseFacts) -> Nature:
    """Decide from the tags of all wheels of the release, and from the sdist where they do not decide."""
    pure = [w.filename for w in facts.release.wheels if w.filename.endswith("-any.whl")]
    tagged = [w.filename for w in facts.release.wheels if not w.filename.endswith("-any.whl")]
    if pure and not tagged:
        return Nature(noarch=True, reason=f"its only wheels are for any platform ({pure[0]})")
    if facts.sdist is None:
        if pure:
            return _noarch_with_doubt(f"there is a wheel for any platform ({pure[0]}), and no sdist to look at")
        note = Note(level="todo", text="there is no sdist to look at: compilers and libraries have to be filled in")
        wheels = (
            f"its wheels are for single platforms ({tagged[0]})" if tagged else "nothing says that it is pure Python"
        )
        return Nature(noarch=False, reason=wheels, languages=("c",), notes=(note,))
    sources, compiles = _languages(facts.sdist), _compiles(facts.sdist)
    if tagged and not pure:
        reason = f"its wheels are for single platforms ({tagged[0]})"
        return _without_wheels(_arch(facts.sdist, sources, reason), tagged)
    if tagged:
        if sources and compiles and not _OPT_IN.search(facts.sdist.texts.get("setup.py", "")):
            reason = f"there are wheels for single platforms ({tagged[0]}) and the sdist compiles by default"
            return _arch(facts.sdist, sources, reason)
        return _noarch_with_doubt(f"there is a wheel for any platform ({pure[0]}), and compiling is optional")
    if compiles and (sources or build_backend(facts.sdist) in _COMPILING_BACKENDS):
        return _arch(facts.sdist, sources, f"there are no wheels, and {compiles} compiles")
    return Nature(noarch=True, reason="there are no wheels, and the sdist has nothing to compile")


def _without_wheels(compiled: Nature, wheels: Iterable[str]) -> Nature:
    """With a note on the systems that upstream builds for others, but not for."""
    systems = {"Linux": ("manylinux", "musllinux", "linux"), "macOS": ("macosx",), "Windows": ("win",)}
    tags = [name.rpartition("-")[2] for name in wheels]
    missing = [system for system, starts in systems.items() if not any(tag.startswith(starts) for tag in tags)]
    if not missing:
        return compiled
    text = f"upstream has no wheels for {' and '.join(missing)}: add a skip if it can't be built there"
    return replace(compiled, notes=(*compiled.notes, Note(level="warning", text=text)))


def _noarch_with_doubt(reason: str) -> Nature:
    text = f"noarch, because {reason}; check that nothing compiled is missed"
    return Nature(noarch=True, reason=reason, notes=(Note(level="warning", text=text),))


def _arch(sdist: SdistFacts, sources: tuple[str, ...], reason: str) -> Nature:
    notes = []
    languages = _compilers(set(sources), {canonicalize_name(name) for name in _tool_names(sdist)})
    if not sources:
        text = "the sdist has no source in C, C++, Fortran or Rust: check which compilers the build needs"
        notes.append(Note(level="todo", text=text))
    found = system_libraries(sdist.texts)
    notes += [
        Note(
            level="warning",
            text=f"{package} in host, because {path} names it: check that it is used, and for its run_exports",
        )
        for package, path in sorted(found.items())
    ]
    if not found and "rust" not in languages:
        notes.append(Note(level="info", text="no known system library is named in the build files: check host"))
    return Nature(
        noarch=False,
        reason=reason,
        languages=tuple(sorted(languages)),
        libraries=tuple(sorted(found)),
        programs=_programs(sdist, found),
        notes=tuple(notes),
    )


def _compilers(sources: set[str], tools: set[str]) -> set[str]:
    """Languages that need a compiler, from the sources and the build's tools (normalised projects)."""
    languages = set(sources)
    if not tools & {"maturin", "setuptools-rust"}:
        languages.discard("rust")  # a crate that the sdist carries and does not build
    elif "maturin" in tools:
        languages = {"rust"}
    if tools & {"pybind11", "nanobind"}:
        languages.add("cxx")
    if not tools & {"meson-python", "scikit-build", "scikit-build-core", "numpy"}:
        languages.discard("fortran")
    return languages | {"c"}  # Rust, Cython and C++ all end in the C toolchain's linker and stdlib


def _programs(sdist: SdistFacts, libraries: Mapping[str, str]) -> tuple[str, ...]:
    programs = set()
    setup = sdist.texts.get("setup.py", "")
    if any(member.endswith(".i") for member in sdist.members) and re.search(r"\bswig\b", setup, re.IGNORECASE):
        programs.add("swig")
    texts = [text for path, text in sdist.texts.items() if path in libraries.values()]
    if libraries and any(
        "pkg-config" in text or "pkg_check_modules" in text or "dependency(" in text for text in texts
    ):
        programs.add("pkg-config")
    return tuple(sorted(programs))


def _tool_names(sdist: SdistFacts) -> Iterable[str]:
    return (requirement.name for requirement in build_requirements(sdist))


def _languages(sdist: SdistFacts) -> tuple[str, ...]:
    """Languages of the sources that are neither tests nor documentation."""
    suffixes = set()
    for member in sdist.members:
        path = PurePosixPath(member)
        if not _ASIDE.intersection(part.lower() for part in path.parts[:-1]):
            suffixes.add(path.suffix.lower())
    return tuple(language for language, known in _SOURCES.items() if suffixes.intersection(known))


def _compiles(sdist: SdistFacts) -> str:
    """What says that a plain build compiles ("" where nothing does)."""
    backend = build_backend(sdist)
    if backend in _COMPILING_BACKENDS:
        return f"the build backend {backend}"
    if _SETUP_COMPILES.search(sdist.texts.get("setup.py", "")):
        return "setup.py"
    if re.search(r"ext-modules", sdist.texts.get("pyproject.toml", "")):
        return "pyproject.toml"
    tools = sorted(_COMPILING_TOOLS.intersection(canonicalize_name(name) for name in _tool_names(sdist)))
    return f"{tools[0]} in build-system.requires" if tools else ""

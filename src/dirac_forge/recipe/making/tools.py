"""The build and host sections: what runs while a package is built, and what it is built against."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from dirac_forge.recipe.making.compiled import Nature
from dirac_forge.recipe.making.library_tables import ONLY_ON
from dirac_forge.recipe.model import Requirement, When

Tools = tuple[tuple[Requirement, ...], tuple[Requirement, ...]]
"""Lines of build, lines of host."""

CROSS = When("build_platform != target_platform", "build_platform != target_platform")
IS_ABI3 = When("is_abi3", "is_abi3")
"""A build for the stable ABI, as the channel's pinning asks for it with the oldest Python."""
RUNS_AT_BUILD = {
    "cffi", "cython", "maturin", "meson-python", "nanobind", "numpy", "pybind11", "pythran", "scikit-build-core",
    "setuptools-rust", "swig",
}  # fmt: skip
"""Build requirements that have to run, or be imported, on the machine that builds when it cross-compiles."""
_PROGRAMS = {"cmake", "make", "meson", "ninja", "patchelf", "pkg-config", "swig"}
"""Build requirements that are programs: they belong to build, not to host."""


def noarch_tools(lines: Sequence[Requirement], nature: Nature) -> Tools:
    """Return build and host of a noarch package: the programs that it is built with, the oldest Python (CFEP-25)."""
    compilers = _compilers(nature) if nature.languages else ()
    build = (*compilers, *_programs(lines, nature)) if nature.programs or nature.languages else ()
    named = {line.name for line in build}
    host = (line for line in lines if line.name not in named)
    return build, (Requirement(name="python", spec="@{python_min}.*"), Requirement(name="pip"), *host)


def arch_tools(package: str, lines: Sequence[Requirement], nature: Nature) -> Tools:
    """Put compilers, programs and what cross-compilation runs into build, the rest and libraries into host."""
    host = [line for line in lines if line.name not in _PROGRAMS]
    named = {package, *(line.name for line in lines)}
    libraries = (_library(name) for name in nature.libraries if name not in named)
    stable = [Requirement(name="python-abi3", when=IS_ABI3)] if nature.abi3 else []
    build = (*_cross(host), *_compilers(nature), *_programs(lines, nature))
    return build, (Requirement(name="python"), *stable, Requirement(name="pip"), *host, *libraries)


def _compilers(nature: Nature) -> Iterator[Requirement]:
    yield from (Requirement(name=language, kind="compiler") for language in nature.languages)
    yield Requirement(name="c", kind="stdlib")
    if "rust" in nature.languages:
        yield Requirement(name="cargo-bundle-licenses")


def _programs(lines: Sequence[Requirement], nature: Nature) -> list[Requirement]:
    """Return what the build runs, in the versions that upstream asks for."""
    programs = {name: Requirement(name=name) for name in nature.programs}
    programs |= {line.name: line for line in lines if line.name in _PROGRAMS}
    return [programs[name] for name in sorted(programs)]


def _library(name: str) -> Requirement:
    systems = ONLY_ON.get(name)
    return Requirement(name=name, when=When(systems, systems) if systems else None)


def _cross(host: Sequence[Requirement]) -> Iterator[Requirement]:
    """Yield what has to run on the machine that builds for another one."""
    yield Requirement(name="python", when=CROSS)
    yield Requirement(name="python", kind="cross_python", when=CROSS)
    every = {line.name for line in host if line.when is None}
    for line in host:
        if line.name in RUNS_AT_BUILD and line.when is None:
            yield replace(line, when=CROSS)
    # Lines under a condition of their own can't stand under this one too: without their versions they can.
    others = {line.name for line in host if line.name in RUNS_AT_BUILD} - every
    yield from (Requirement(name=name, when=CROSS) for name in sorted(others))

"""What compilers and the C library export to packages built with them: one table, with its sources.

The activation packages that recipes ask for (`gcc_linux-64`, `sysroot_linux-64`…) are in no user's environment, so a
channel that was cut down to run dependencies lacks them, and their run_exports with them. These are what the feedstocks
say, checked against what real builds of 2026 depend on:

- https://github.com/conda-forge/ctng-compiler-activation-feedstock: libgcc, libstdcxx, libgfortran5 of the version
- https://github.com/conda-forge/linux-sysroot-feedstock: `__glibc`; for other machines than x86-64 only from 2.28 on
- https://github.com/conda-forge/clang-compiler-activation-feedstock: libcxx, from the C++ compiler only
- https://github.com/conda-forge/macosx-deployment-target-feedstock: `__osx`
- https://github.com/conda-forge/vc-feedstock: vc, vc14_runtime and ucrt
- https://github.com/conda-forge/cross-python-feedstock: the Python that it is for

Programs that builds run export nothing, in host too: https://github.com/conda-forge/cython-feedstock and those of
cmake, make, maturin, ninja, pkg-config and swig. Nor do noarch Python packages: of 58 whose run_exports the lock files
of public repositories note, none has any.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from rattler import Version

from dirac_forge.channel.records import Record, RunExports
from dirac_forge.recipe.making.hosts import BACKENDS

_SPLIT = re.compile(r"(.+?)_((?:linux|osx|win)-[a-z0-9]+)$")
_DIGITS = re.compile(r"\d+(\.\d+)*")
_GCC_MINOR = {"13": "13.4.0", "14": "14.3.0", "15": "15.2.0"}
"""The last release of each GCC line, which libgfortran5 is bound to."""
_MSVC = ("vc >=14.3,<15", "vc14_runtime >=14.44.35208", "ucrt >=10.0.20348.0")
_NOTHING = frozenset({"go-nocgo", "go-cgo", "rust", "nasm", "m2w64-sysroot"})


_PROGRAMS = frozenset({"cmake", "cython", "make", "ninja", "pkg-config", "swig"})
_NOARCH = frozenset({"meson", "pip", "python-build", "setuptools-scm", "versioneer", "wheel"})
"""Noarch Python packages that a channel lacks if it was cut down to run dependencies."""


def hardly_exports(name: str, record: Record | None) -> bool:
    """Whether a package may be taken to export nothing; `record` is its own, None if no channel has it."""
    if record is not None and record.noarch is not None:
        return record.noarch == "python"
    return name in _PROGRAMS or name in _NOARCH or name in BACKENDS.values()


def toolchain_exports(name: str, spec: str, *, python: str = "") -> RunExports | None:
    """Return the exports of an activation package (`gcc_linux-64`) of the version in `spec`; None for others.

    Only strong run_exports are meant: compilers stand in build. `python` is the spec of the variant's Python.
    """
    match = _SPLIT.fullmatch(name)
    if match is None:
        return None
    tool, platform = match.groups()
    found = _DIGITS.search(spec)
    version = found[0] if found else ""
    system = platform.partition("-")[0]
    if tool in _NOTHING:
        return RunExports()
    if tool == "cross-python":
        return RunExports(strong=(python,) if python else ())
    make = _TOOLS.get((system, tool)) or _TOOLS.get(("", tool))
    return None if make is None else RunExports(strong=make(version, platform))


def _at_least(package: str, version: str) -> str:
    return f"{package} >={version.partition('.')[0]}" if version else package


def _gcc(version: str, _platform: str) -> tuple[str, ...]:
    return (_at_least("libgcc", version),)


def _gxx(version: str, _platform: str) -> tuple[str, ...]:
    return (_at_least("libstdcxx", version), _at_least("libgcc", version))


def _gfortran(version: str, platform: str) -> tuple[str, ...]:
    line = version.partition(".")[0]
    runtime = f"libgfortran5 >={_GCC_MINOR.get(line, f'{line}.1.0')}" if line else "libgfortran5"
    libgcc = (_at_least("libgcc", version),) if platform.startswith("linux") else ()
    return ("libgfortran", runtime, *libgcc)


def _clang(_version: str, _platform: str) -> tuple[str, ...]:
    return ()


def _clangxx(version: str, platform: str) -> tuple[str, ...]:
    return (_at_least("libcxx", version),) if platform.startswith("osx") else ()


def _sysroot(version: str, platform: str) -> tuple[str, ...]:
    floor = version or "2.17"
    if platform != "linux-64" and Version(floor) < Version("2.28"):
        return ()
    return (f"__glibc >={floor},<3.0.a0",)


def _deployment_target(version: str, _platform: str) -> tuple[str, ...]:
    return (f"__osx >={version or '11.0'}",)


def _msvc(_version: str, _platform: str) -> tuple[str, ...]:
    return _MSVC


_TOOLS: Mapping[tuple[str, str], Callable[[str, str], tuple[str, ...]]] = {
    ("linux", "gcc"): _gcc,
    ("linux", "gxx"): _gxx,
    ("", "gfortran"): _gfortran,
    ("", "clang"): _clang,
    ("", "clangxx"): _clangxx,
    ("linux", "sysroot"): _sysroot,
    ("osx", "macosx_deployment_target"): _deployment_target,
    ("win", "vs2019"): _msvc,
    ("win", "vs2022"): _msvc,
    ("win", "vs"): _msvc,
    ("win", "clang-cl"): _msvc,
}

"""Libraries by the names that build files use, and conda-forge's packages of their headers (libraries.tsv)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files


def libraries(by: str) -> Mapping[str, tuple[str, ...]]:
    """Return names to packages; `by` says how a build file uses the name: see the head of libraries.tsv."""
    return _tables()[by]


@cache
def _tables() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    text = files("dirac_forge.recipe.making").joinpath("libraries.tsv").read_text(encoding="utf-8")
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for by, name, packages, _ in (line.split("\t") for line in text.splitlines() if not line.startswith("#")):
        found.setdefault(by, {})[name] = tuple(packages.split())
    return found


def discovered(name: str) -> tuple[str, ...]:
    """Return the packages of what pkg-config, Meson or CMake looks for, by that name or the linker's; () if unknown."""
    lower = name.lower()
    plain = lower.removeprefix("lib")
    tables = libraries("discovered"), libraries("linked")
    return next((table[each] for each in (lower, plain) for table in tables if each in table), ())


ONLY_ON = {
    "alsa-lib": "linux",
    "libcups": "linux",
    "libfuse": "linux",
    "libfuse3": "linux",
    "libgl-devel": "linux",
    "libgomp": "linux",
    "libiconv": "not linux",
    "libintl-devel": "not linux",
    "libudev1": "linux",
    "libuuid": "linux",
    "libxcrypt": "not win",
    "libxmlsec1": "not win",
    "llvm-openmp": "osx",
    "ncurses": "not win",
    "openldap": "not win",
    "pcsc-lite": "linux",
    "readline": "not win",
    "unixodbc": "not win",
}
"""Packages that only some systems need, as a condition of recipes: the others have the same with the compiler or the
system (iconv and gettext are in glibc), or conda-forge does not build them there.
"""

NOT_LIBRARIES = {
    "accelerate", "appleframeworks", "catch2", "cmake", "cuda", "cudatoolkit", "cython", "dl", "doctest",
    "doxygen", "flake8", "fortran", "git", "gtest", "intelsycl", "java", "jni", "libm", "m", "mkl", "mkl-sdl",
    "mpi4py", "nanobind", "ninja", "numpy", "openssl-fips", "perl", "pkgconfig", "pybind11", "pybind11_headers",
    "pyextensions", "python", "python-3", "python2", "python3", "python3alt", "pythonextensions",
    "pythoninterp", "pythonlibs", "scikit-build", "skbuild", "swig", "threads", "torch", "unixcommands",
    "vcvars",
}  # fmt: skip
"""What Meson and CMake look for that is not a library: tools, Python, and what requirements bring."""

OF_SYSTEMS = {
    "advapi", "atomic", "bcrypt", "c", "c++", "cfgmgr", "comctl", "comdlg", "crypt32", "d3d", "devstat", "dl",
    "dwmapi", "dxgi", "execinfo", "gcc", "gdi", "gfortran", "gomp", "hid", "imm", "iomp", "iphlpapi", "kernel",
    "kstat", "kvm", "m", "mpi", "msmpi", "msvcprt", "mswsock", "netapi", "normaliz", "npymath", "npyrandom", "nsl",
    "ntdll", "ole", "oleaut", "omp", "opengl", "pdh", "perfstat", "powrprof", "propsys", "psapi", "pthread",
    "pthreads", "python", "quadmath", "regex", "resolv", "rpcrt", "rt", "secur", "setupapi", "shell", "shfolder",
    "shlwapi", "socket", "stdc++", "strmiids", "user", "userenv", "util", "uxtheme", "vcomp", "version", "winhttp",
    "wininet", "winmm", "winspool", "wldap", "ws2_", "ws2_32", "wsock",
}  # fmt: skip
"""What the linker is asked for that compilers, Python, NumPy and operating systems bring, 32 at the end cut off."""

"""Conda platforms and the names that recipes call them by."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

PLATFORMS = ("linux-64", "linux-aarch64", "linux-ppc64le", "osx-64", "osx-arm64", "win-64")
"""Those that conda-forge builds for."""

_SYSTEMS = ("linux", "osx", "win", "emscripten", "wasi", "freebsd", "zos")
_ARCHITECTURES = {
    "x86_64": "64",
    "aarch64": "aarch64",
    "arm64": "arm64",
    "ppc64le": "ppc64le",
    "ppc64": "ppc64",
    "s390x": "s390x",
    "riscv64": "riscv64",
    "riscv32": "riscv32",
    "armv6l": "armv6l",
    "armv7l": "armv7l",
    "wasm32": "wasm32",
    "z": "z",
}


@cache
def platform_names(platform: str, build_platform: str) -> Mapping[str, object]:
    """Return the variables that selectors and templates of both formats know about a platform.

    They are those of conda-build's `get_selectors` and of rattler-build's selectors; `arm64` is macOS' (and Windows')
    name, `aarch64` Linux'.
    """
    system, _, architecture = platform.partition("-")
    names: dict[str, object] = {name: name == system for name in _SYSTEMS}
    names |= {name: architecture == suffix for name, suffix in _ARCHITECTURES.items()}
    names |= {
        "unix": system in {"linux", "osx", "emscripten", "freebsd"},
        "x86": architecture in {"32", "64"},
        "linux64": platform == "linux-64",
        "linux32": platform == "linux-32",
        "win64": platform == "win-64",
        "win32": platform == "win-32",
        "osx64": platform == "osx-64",
        "arm": architecture.startswith("arm"),
        "target_platform": platform,
        "host_platform": platform,
        "build_platform": build_platform,
    }
    return names

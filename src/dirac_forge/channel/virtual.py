"""Platforms, and the virtual packages that a machine of each has at conda-forge's floor."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from rattler import GenericVirtualPackage, PackageName, PackageRecord, Version
from rattler.exceptions import ParseSubdirError
from rattler.package import BuildString
from rattler.platform import Subdir

from dirac_forge.errors import InputError
from dirac_forge.values import dataclass

PLATFORMS = ("linux-64", "linux-aarch64", "linux-ppc64le", "osx-64", "osx-arm64", "win-64")
"""The platforms that conda-forge builds for; any other subdir that conda knows can be asked for too."""

_ARCHSPEC = {
    "linux-64": "x86_64",
    "linux-aarch64": "aarch64",
    "linux-ppc64le": "ppc64le",
    "linux-riscv64": "riscv64",
    "osx-64": "x86_64",
    "osx-arm64": "m1",
    "win-64": "x86_64",
    "win-arm64": "aarch64",
}

# glibc: conda-forge builds against 2.17 unless a feedstock asks for more; 2.28 (Enterprise Linux 8, the oldest that is
# still maintained) is the first step that feedstocks take, as libxrootd 6 and c-ares did. A machine with 2.17 gets
# older builds of these, which proves nothing about the ones made today; a site that has it sets it in the workspace.
# riscv64 starts at 2.39 and macOS at 11.0 (`c_stdlib_version` of conda-forge-pinning). The kernel is that of EL 8.
_GLIBC = {"linux-riscv64": "2.39"}
_GLIBC_FLOOR, _LINUX_FLOOR, _OSX_FLOOR, _WIN_FLOOR = "2.28", "4.18", "11.0", "10.0"


def this_platform() -> str:
    """Return the platform of the machine that this runs on."""
    return str(Subdir.current())


@dataclass(frozen=True, slots=True)
class VirtualPackage:
    """A fact about the machine that packages can depend on, such as `__glibc 2.28`."""

    name: str
    version: str
    build: str = "0"

    def __str__(self) -> str:
        return f"{self.name} {self.version}" if self.build == "0" else f"{self.name} {self.version} {self.build}"


def known_platform(platform: str) -> str:
    """Return `platform` itself, if conda knows such a subdir.

    Raises:
        InputError: it is not a platform; the nearest known one is named.
    """
    try:
        Subdir(platform)
    except ParseSubdirError:
        pass
    else:
        if platform != "noarch":
            return platform
    near = difflib.get_close_matches(platform, PLATFORMS, n=1, cutoff=0.5)
    meant = f"Did you mean {near[0]}? " if near else ""
    raise InputError(
        f"{platform!r} is not a platform that packages can be installed on",
        hint=f"{meant}conda-forge builds for {', '.join(PLATFORMS)}.",
    )


def virtual_packages(platform: str, overrides: Mapping[str, str] | None = None) -> tuple[VirtualPackage, ...]:
    """Return what a machine with this platform has at conda-forge's floor, by name.

    `overrides` maps names to `VERSION` or `VERSION BUILD` (for `__archspec` the build alone will do); "" takes one
    away, as conda's CONDA_OVERRIDE variables do. `__cuda` is there only if `overrides` sets it.
    See https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-virtual.html.

    Raises:
        InputError: a name without the two underscores, or a version that is none.
    """
    family = platform.partition("-")[0]
    found = {"__archspec": f"1 {_ARCHSPEC[platform]}"} if platform in _ARCHSPEC else {}
    if family == "linux":
        found |= {"__glibc": _GLIBC.get(platform, _GLIBC_FLOOR), "__linux": _LINUX_FLOOR, "__unix": "0"}
    elif family == "osx":
        found |= {"__osx": _OSX_FLOOR, "__unix": "0"}
    elif family == "win":
        found |= {"__win": _WIN_FLOOR}
    elif family in ("emscripten", "wasi", "freebsd"):
        found |= {"__unix": "0"} | ({f"__{family}": "0"} if family != "wasi" else {})
    found |= overrides or {}
    return tuple(_parse(name, text, platform) for name, text in sorted(found.items()) if text.strip())


def to_rattler(package: VirtualPackage) -> GenericVirtualPackage:
    """Return the solver's own value."""
    return GenericVirtualPackage(PackageName(package.name), Version(package.version), BuildString(package.build))


def machine_record(package: VirtualPackage) -> PackageRecord:
    """Return a virtual package as a record that specs can be matched against."""
    return PackageRecord(
        name=PackageName(package.name),
        version=package.version,
        build=BuildString(package.build),
        build_number=0,
        subdir="noarch",
    )


def _parse(name: str, text: str, platform: str) -> VirtualPackage:
    version, _, build = text.strip().partition(" ")
    if name == "__archspec" and not version[0].isdigit():
        # The name of a microarchitecture is a build string; conda's own version for all of them is 1.
        version, build = "1", version
    package = VirtualPackage(name, version, build.strip() or "0")
    try:
        if not name.startswith("__"):
            raise ValueError("the name of a virtual package starts with two underscores")
        to_rattler(package)
    except Exception as exc:
        raise InputError(
            f"virtual-packages.{platform}: {name} = {text!r} is not a virtual package: {exc}",
            hint='Write a version, as in `__glibc = "2.28"`, with a build string after a space if one is needed.',
        ) from exc
    return package

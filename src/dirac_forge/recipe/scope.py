"""What a channel builds for: the Pythons and platforms over which markers are decided."""

from __future__ import annotations

from dataclasses import replace

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from dirac_forge.values import dataclass

PLATFORM_MARKERS: dict[str, dict[str, str]] = {
    subdir: {"sys_platform": sys, "platform_system": system, "os_name": os, "platform_machine": machine}
    for subdir, sys, system, os, machine in (
        ("linux-64", "linux", "Linux", "posix", "x86_64"),
        ("linux-aarch64", "linux", "Linux", "posix", "aarch64"),
        ("linux-ppc64le", "linux", "Linux", "posix", "ppc64le"),
        ("linux-riscv64", "linux", "Linux", "posix", "riscv64"),
        ("osx-64", "darwin", "Darwin", "posix", "x86_64"),
        ("osx-arm64", "darwin", "Darwin", "posix", "arm64"),
        ("win-64", "win32", "Windows", "nt", "AMD64"),
        ("win-arm64", "win32", "Windows", "nt", "ARM64"),
    )
}
"""Values of the environment markers (PEP 508) on each of conda-forge's subdirs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """The Pythons (`3.10`, oldest first) and subdirs that a channel builds for; `python_min` as in CFEP-25."""

    pythons: tuple[str, ...] = ("3.10", "3.11", "3.12", "3.13", "3.14")
    platforms: tuple[str, ...] = ("linux-64", "linux-aarch64", "linux-ppc64le", "osx-64", "osx-arm64", "win-64")
    python_min: str = "3.10"
    later_admitted: bool = True
    """Whether upstream admits the Python after the newest one, which a channel adds sooner or later."""

    @property
    def next_python(self) -> str:
        """The Python after the newest one; "" without Pythons."""
        if not self.pythons:
            return ""
        newest = Version(self.pythons[-1])
        return f"{newest.major}.{newest.minor + 1}"

    def supported(self, requires_python: SpecifierSet) -> Scope:
        """Return the same with the Pythons that upstream admits only; `pythons` may come out empty."""
        # `>=3.9.2` admits 3.9: a channel offers the newest micro release of each line.
        kept = tuple(p for p in self.pythons if requires_python.contains(f"{p}.99", prereleases=True))
        floor = self.python_min
        if kept and Version(kept[0]) > Version(floor):
            floor = kept[0]
        later = self.later_admitted and requires_python.contains(f"{self.next_python}.99") if self.pythons else False
        later = later and kept[-1:] == self.pythons[-1:]
        return replace(self, pythons=kept, python_min=floor, later_admitted=later)

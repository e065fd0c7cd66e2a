"""Values: what channels have under the names they were asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from rattler import Version

__all__ = ["Availability", "Listing", "PackageInfo", "Status", "newer"]

Status = Literal["available", "outdated", "missing", "unknown"]


@dataclass(frozen=True, kw_only=True, slots=True)
class PackageInfo:
    """A package as the first channel that has it has it (strict channel priority, as conda-forge asks of users)."""

    name: str
    versions: tuple[str, ...]
    """Conda's spelling, newest first."""
    python: bool
    """A record is noarch python, or needs `python` or `python_abi`."""
    subdirs: frozenset[str]
    """Where there are records: `noarch`, `linux-64`…"""
    channel: str
    """The channel's name or folder, without credentials."""

    @property
    def newest(self) -> str:
        """The newest version."""
        return self.versions[0]


@dataclass(frozen=True, kw_only=True, slots=True)
class Availability:
    """How a requirement stands in the channels."""

    status: Status
    newest: str | None = None
    """The newest version there is, where the package is there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing(Mapping[str, PackageInfo]):
    """The answer to a question about names: what is there; the other names are absent, which means a no only where
    every channel could be read (`complete`)."""

    packages: Mapping[str, PackageInfo] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    """Channels that could not be read."""

    @property
    def complete(self) -> bool:
        """Every channel could be read: what is absent is not there."""
        return not self.unread

    def __getitem__(self, name: str) -> PackageInfo:
        return self.packages[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.packages)

    def __len__(self) -> int:
        return len(self.packages)


def newer(version: str, other: str) -> bool:
    """Whether conda orders `version` after `other`."""
    return Version(version) > Version(other)

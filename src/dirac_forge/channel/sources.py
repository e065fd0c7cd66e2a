"""What a channel answers, whichever way its records are read."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import rattler
from rattler import PackageRecord, RepoDataRecord

from dirac_forge.channel.gap import Gap
from dirac_forge.channel.records import Record, RunExports
from dirac_forge.errors import UnknownError


class ChannelUnknownError(UnknownError):
    """A channel can't be read, so it is unknown what it has."""


class RecordSource(Protocol):
    """One channel. Safe to use from many threads."""

    @property
    def label(self) -> str:
        """What messages call the channel; without credentials."""
        ...

    @property
    def channel(self) -> rattler.Channel:
        """The solver's value for it."""
        ...

    def gap(self, platform: str, name: str) -> Gap | None:
        """Return the gap if it is a part of a channel, which may have this package that it lacks; None if it knows."""
        ...

    def load(self, platform: str, names: Iterable[str], *, noarch: bool = True) -> list[RepoDataRecord]:
        """Return the records of these packages for `platform`, and with `noarch` those for all platforms too."""
        ...

    def names(self, platform: str) -> frozenset[str]:
        """Return all packages that there are for `platform` and noarch."""
        ...

    def removed(self, platform: str, name: str) -> tuple[tuple[str, str], ...]:
        """Return version and build of what the channel removed of this package (marked broken)."""
        ...

    def platforms(self) -> tuple[str, ...]:
        """Return the platforms that the channel may have packages for."""
        ...

    def run_exports(self, record: Record) -> RunExports | None:
        """Return what a package exports, or None if that is not known."""
        ...

    def unpack(self, record: PackageRecord, folder: Path) -> bool:
        """Unpack the package's file into `folder`; whether the channel has the file."""
        ...

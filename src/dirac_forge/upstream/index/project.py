"""Values: a project on a package index, its releases and their files (PEP 503, 691, 700)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from typing import Literal, overload

from packaging.version import Version

from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseFile:
    """One file of a release, as the index lists it."""

    filename: str
    url: str
    """Absolute; relative URLs of an index are resolved against its page."""
    kind: Literal["wheel", "sdist"]
    version: Version
    hashes: Mapping[str, str] = field(default_factory=dict)
    """Algorithm to lower-case hexadecimal digest."""
    size: int | None = None
    """Bytes."""
    requires_python: str | None = None
    yanked: str | None = None
    """The reason ("" if none is given), None if the file is not yanked (PEP 592)."""
    uploaded: datetime | None = None
    metadata_hashes: Mapping[str, str] | None = None
    """PEP 658/714: hashes of `<url>.metadata`, {} if it exists without one, None if it does not."""

    @property
    def sha256(self) -> str | None:
        """The file's SHA-256, where the index gives it."""
        return self.hashes.get("sha256")


class ReleaseFiles(Sequence[ReleaseFile]):
    """Files of a release by name, made when they are first looked at: a page lists thousands, of which few matter."""

    def __init__(self, make: Callable[[], Iterable[ReleaseFile]]) -> None:
        self._make = make
        self._made: tuple[ReleaseFile, ...] | None = None

    def _all(self) -> tuple[ReleaseFile, ...]:
        if self._made is None:
            self._made = tuple(sorted(self._make(), key=lambda file: file.filename))
        return self._made

    @overload
    def __getitem__(self, index: int) -> ReleaseFile: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[ReleaseFile, ...]: ...
    def __getitem__(self, index: int | slice) -> ReleaseFile | tuple[ReleaseFile, ...]:
        return self._all()[index]

    def __len__(self) -> int:
        return len(self._all())

    def __eq__(self, other: object) -> bool:
        return self._all() == tuple(other) if isinstance(other, (ReleaseFiles, tuple)) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(file.filename for file in self._all()))

    def __repr__(self) -> str:
        return repr(self._all())

    def __reduce__(self) -> tuple[Callable[[tuple[ReleaseFile, ...]], ReleaseFiles], tuple[tuple[ReleaseFile, ...]]]:
        return _made, (self._all(),)


def _made(files: tuple[ReleaseFile, ...]) -> ReleaseFiles:
    return ReleaseFiles(lambda: files)


@dataclass(frozen=True, kw_only=True, slots=True)
class Release:
    """One version of a project and its files."""

    project: str
    """As the index spells it."""
    version: Version
    files: Sequence[ReleaseFile]

    @property
    def sdist(self) -> ReleaseFile | None:
        """The source archive: .tar.gz before others."""
        sdists = [file for file in self.files if file.kind == "sdist"]
        return min(sdists, key=lambda file: (not file.filename.endswith(".tar.gz"), file.filename), default=None)

    @property
    def wheels(self) -> tuple[ReleaseFile, ...]:
        """All wheels of the release."""
        return tuple(file for file in self.files if file.kind == "wheel")

    @property
    def yanked(self) -> str | None:
        """The reason where every file is yanked, else None."""
        reasons = [file.yanked for file in self.files]
        known = [reason for reason in reasons if reason is not None]
        return known[0] if known and len(known) == len(reasons) else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Project:
    """A project and its releases, oldest first."""

    name: str
    releases: tuple[Release, ...]
    unreadable: tuple[str, ...] = ()
    """Names of files whose version can't be read; they belong to no release."""

"""What an archive may cost, and how its members may be called."""

from __future__ import annotations

import lzma
import posixpath
import re
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable

from dirac_forge.errors import InputError
from dirac_forge.upstream.problems import Problem, ProblemKind
from dirac_forge.values import dataclass


class ArchiveError(InputError):
    """An archive is corrupt, or made to hurt whoever unpacks it."""


_FREE = 64 * 1024**2
"""Bytes that any archive may unpack to, however small it is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ArchiveLimits:
    """What an archive may cost; beyond it, it is refused."""

    unpacked: int = 2 * 1024**3
    """Bytes in all."""
    members: int = 200_000
    ratio: int = 200
    """Unpacked to packed, counted beyond the first 64 MB (a small file of zeros packs well)."""

    def bytes_for(self, size: int) -> int:
        """Return how many bytes an archive of `size` bytes may unpack to."""
        return min(self.unpacked, max(size * self.ratio, _FREE))


@dataclass(frozen=True, kw_only=True, slots=True)
class ArchiveMember:
    """A regular file; `read(n)` gives its first n bytes, while the walk stands at it."""

    name: str
    size: int
    read: Callable[[int], bytes]


_ESCAPE = re.compile(r"^/|^[^/]*:|[\\\x00-\x1f\x7f]")
"""An absolute path, a drive, or characters that mean something else on some system or terminal."""


def checked_name(name: str) -> str | None:
    """Return the path below the archive's root, `./` removed; None for one that leaves it, or that no file system
    takes.
    """
    if _ESCAPE.search(name):
        return None
    parts = [part for part in name.split("/") if part not in ("", ".")]
    return "/".join(parts) if parts and ".." not in parts else None


CORRUPT = (
    tarfile.TarError, tarfile.HeaderError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error,
    EOFError, OSError, ValueError, NotImplementedError, RuntimeError,
)  # fmt: skip
"""What the libraries raise on broken input (RuntimeError: encrypted; NotImplementedError: an unknown packing)."""

_AGAIN = "Download it by hand and compare its SHA-256 with the index's; a broken upload is upstream's to repair."


def corrupt(filename: str, exc: Exception) -> ArchiveError:
    """Return the error for a file that a library calls broken."""
    return ArchiveError(f"{filename} is corrupt: {str(exc) or type(exc).__name__}.", hint=_AGAIN)


class Names:
    """Checks names and numbers of members."""

    def __init__(self, filename: str, limits: ArchiveLimits, problems: list[Problem]) -> None:
        self.filename = filename
        self.limits = limits
        self._problems = problems
        self._count = 0
        self._seen: set[str] = set()
        self._told: set[str] = set()

    def count(self) -> None:
        """Count one more member. Raises ArchiveError beyond the limit."""
        self._count += 1
        if self._count > self.limits.members:
            raise ArchiveError(f"{self.filename} holds more than {self.limits.members} members: refused.")

    def refuse_bomb(self, limit: int) -> ArchiveError:
        """Return the error for an archive that unpacks to more than `limit` bytes."""
        what = f"{limit // 1024**2} MB"
        return ArchiveError(f"{self.filename} unpacks to more than {what}: refused as a possible archive bomb.")

    def regular(self, name: str) -> str | None:
        """Return the name, where it may be used; a second file of the same name is left out."""
        checked = checked_name(name)
        if checked is None:
            self.tell("leads-out", name)
        elif checked in self._seen:
            self.tell("appears-twice", checked)
            return None
        else:
            self._seen.add(checked)
        return checked

    def link(self, name: str, target: str, *, hard: bool) -> None:
        """Tell of a link that leads out; links are never followed, so others need no word."""
        path = target if hard else posixpath.join(posixpath.dirname(name), target)
        if checked_name(posixpath.normpath(path)) is None:
            self.tell("link-leads-out", name)

    def tell(self, kind: ProblemKind, name: str) -> None:
        """Tell of a member, once for each kind of problem."""
        if kind not in self._told:
            self._told.add(kind)
            self._problems.append(Problem(kind=kind, about=self.filename, what=name[:80]))

"""Why a build failed: kinds that are known by their place in the log, each a value."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from pathlib import PurePath
from typing import Literal

from dirac_forge.untrusted import split_url
from dirac_forge.values import dataclass

Phase = Literal["render", "source", "build", "test", "install"]
_TAIL = 40
_MOST_LINES = 5_000
_LONGEST_LINE = 500
_MOST_TEXT = 5_000_000
"""Characters of one entry of the log."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _InPhase:
    phase: Phase
    excerpt: tuple[str, ...] = ()
    """The lines of the log that say so."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MissingHeader(_InPhase):
    """A C header that no package of the host environment has."""

    header: str


@dataclass(frozen=True, kw_only=True, slots=True)
class MissingModule(_InPhase):
    """A Python module that can't be imported."""

    module: str


@dataclass(frozen=True, kw_only=True, slots=True)
class MissingProgram(_InPhase):
    """A program that is not in the environment."""

    program: str


@dataclass(frozen=True, kw_only=True, slots=True)
class LicenceNotFound(_InPhase):
    """A licence file that is neither in the source nor next to the recipe."""

    files: tuple[str, ...] = ()
    """Those that the recipe names."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PatchFailed(_InPhase):
    """A patch that does not apply."""

    patch: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkUsed(_InPhase):
    """A build or test that asks the network."""

    host: str
    """"" if the log does not say."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HashMismatch(_InPhase):
    """A source that is another file than the recipe says."""

    url: str
    algorithm: str
    expected: str
    got: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceUnavailable(_InPhase):
    """A source that could not be downloaded."""

    url: str
    reason: str
    unknown: bool
    """The host did not answer; False: it says that there is no such file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Unsolvable(_InPhase):
    """An environment that can't be solved."""

    environment: str
    specs: tuple[str, ...]
    reason: object
    """What the session's `explain` returned; the message of the error where a channel could not be read."""
    unknown: bool = False
    """A channel could not be read, or a part of one lacks something that the channel may have."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TimedOut(_InPhase):
    """A build or test that took longer than it may."""

    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class OutOfMemory(_InPhase):
    """A process that wanted more memory than it may have."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DiskFull(_InPhase):
    """A file that could not be written, because the disk or a quota is full."""

    reserve: int = 0
    """Bytes of the disk that have to stay free, if it was stopped because fewer were; 0: it is full."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WrongNoarch(_InPhase):
    """A `noarch: python` package with an extension module, which one Python on one platform can import."""

    file: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Crashed(_InPhase):
    """The build engine ended without an answer."""

    code: int


@dataclass(frozen=True, kw_only=True, slots=True)
class NotBuildable(_InPhase):
    """A recipe that can't be built on this machine, or not by this program."""

    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DependencyFailed(_InPhase):
    """Something that it needs was not built."""

    dependency: str


@dataclass(frozen=True, kw_only=True, slots=True)
class UnknownFailure(_InPhase):
    """A failure of no known kind."""

    message: str


Failure = (
    MissingHeader
    | MissingModule
    | MissingProgram
    | LicenceNotFound
    | PatchFailed
    | NetworkUsed
    | HashMismatch
    | SourceUnavailable
    | Unsolvable
    | TimedOut
    | OutOfMemory
    | DiskFull
    | WrongNoarch
    | Crashed
    | NotBuildable
    | DependencyFailed
    | UnknownFailure
)


def is_unanswered(failure: Failure) -> bool:
    """Whether it is a failure only because a host did not answer, or a part of a channel lacks something."""
    return isinstance(failure, SourceUnavailable | Unsolvable) and failure.unknown


_HEADER = re.compile(
    r"fatal error: '?([\w./+-]+\.(?:h|hh|hpp|hxx|inc))'?(?:: No such file or directory| file not found)"
)
_MODULE = re.compile(r"(?:ModuleNotFoundError: No module named|ImportError: No module named) '?([\w.]+)'?")
_PROGRAM = re.compile(r"(?:^|: )([\w.+-]+): (?:command )?not found$")
_LICENCE = re.compile(r"(?i)no license files were (?:copied|found)|license file .*(?:not found|does not exist)")
_PATCH = re.compile(r"(?i)patch application error|failed to apply (?:the )?patch")
_APPLYING = re.compile(r"Applying patch: (.+)")
_NETWORK = (
    re.compile(r"Failed to resolve '([^']+)'"),
    re.compile(r"Could not resolve host:? '?([\w.-]+)"),
    re.compile(r"host='([\w.-]+)', port=\d+\).*(?:Max retries|NewConnectionError|NameResolutionError)"),
    re.compile(r"(?:Temporary failure in name resolution|Name or service not known|Network is unreachable)"),
    re.compile(r"could not lookup address.*?for ([\w.-]+)|dns error"),
)
_MEMORY = re.compile(
    r"MemoryError\b|virtual memory exhausted|[Cc]annot allocate memory|std::bad_alloc|out of memory allocating|"
    r"memory allocation of \d+ bytes failed"
)
_DISK = re.compile(r"No space left on device|Disk quota exceeded|There is not enough space on the disk")
_URL = re.compile(r"https?://[^\s'\")>]+")


def recognised(log: Sequence[str], *, phase: Phase, message: str = "") -> Failure:
    """Return the kind of failure that a log shows; one that no rule recognises keeps its last lines.

    The log is what programs print, in the words of their authors: it is the one place where text is looked through.
    Long lines are cut, and only the last of many are looked at: a hostile log would take hours.
    """
    told = (line for text in (*log[-_MOST_LINES:], message) for line in text[-_MOST_TEXT:].splitlines())
    lines = [_cut(line.rstrip()) for line in deque(told, _MOST_LINES)]
    for rule in (_disk, _memory, _patch, _licence, _network, _header, _module, _program):
        found = rule(lines, phase)
        if found is not None:
            return found
    return UnknownFailure(phase=phase, message=message.partition("\n")[0], excerpt=_last(lines))


def _cut(line: str) -> str:
    return line if len(line) <= _LONGEST_LINE else f"{line[: _LONGEST_LINE - 1]}…"


def _last(lines: Sequence[str]) -> tuple[str, ...]:
    # Where a script fails the engine says at the end how to run it again.
    end = next((at for at, line in enumerate(lines) if line == "Script execution failed."), len(lines))
    told = [line for line in lines[:end] if line.strip() and not line.startswith("Writing repodata")]
    return tuple(told[-_TAIL:])


def _around(lines: Sequence[str], at: int) -> tuple[str, ...]:
    return tuple(line for line in lines[max(0, at - 6) : at + 3] if line.strip())


def _search(lines: Sequence[str], pattern: re.Pattern[str]) -> tuple[int, re.Match[str]] | None:
    """Return the last line that matches: what went wrong first is often tried again."""
    for at in range(len(lines) - 1, -1, -1):
        if match := pattern.search(lines[at]):
            return at, match
    return None


def _disk(lines: Sequence[str], phase: Phase) -> Failure | None:
    found = _search(lines, _DISK)
    return DiskFull(phase=phase, excerpt=_around(lines, found[0])) if found else None


def _memory(lines: Sequence[str], phase: Phase) -> Failure | None:
    found = _search(lines, _MEMORY)
    return OutOfMemory(phase=phase, excerpt=_around(lines, found[0])) if found else None


def _patch(lines: Sequence[str], phase: Phase) -> Failure | None:
    found = _search(lines, _PATCH) if phase == "build" else None
    if not found:
        return None
    applied = _search(lines, _APPLYING)
    name = PurePath(applied[1][1].strip()).name if applied else ""
    return PatchFailed(phase=phase, patch=name, excerpt=tuple(lines[found[0] : found[0] + 12]))


def _licence(lines: Sequence[str], phase: Phase) -> Failure | None:
    found = _search(lines, _LICENCE) if phase == "build" else None
    return LicenceNotFound(phase=phase, excerpt=(lines[found[0]],)) if found else None


def _network(lines: Sequence[str], phase: Phase) -> Failure | None:
    for pattern in _NETWORK:
        found = _search(lines, pattern)
        if found:
            at, match = found
            host = next((group for group in match.groups() if group), "")
            if not host:
                urls = [url for line in lines[max(0, at - 60) : at + 1] for url in _URL.findall(line)]
                host = (split_url(urls[-1]).hostname or "") if urls else ""
            return NetworkUsed(phase=phase, host=host, excerpt=_around(lines, at))
    return None


def _header(lines: Sequence[str], phase: Phase) -> Failure | None:
    found = _search(lines, _HEADER)
    return MissingHeader(phase=phase, header=found[1][1], excerpt=_around(lines, found[0])) if found else None


def _module(lines: Sequence[str], phase: Phase) -> Failure | None:
    found = _search(lines, _MODULE)
    return MissingModule(phase=phase, module=found[1][1], excerpt=_around(lines, found[0])) if found else None


def _program(lines: Sequence[str], phase: Phase) -> Failure | None:
    found = _search(lines, _PROGRAM)
    return MissingProgram(phase=phase, program=found[1][1], excerpt=_around(lines, found[0])) if found else None

"""The git program: no shell, no prompts, no hooks, a time limit, and errors that tell a dead host from a no."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from dirac_forge.errors import InputError, UnknownError, redact
from dirac_forge.programs import TooMuchError, TooSlowError, plain_environment, run

_TIMEOUT = 120.0
_LONGEST = 20_000
"""Bytes, from the end, of what git says: another host can make it say as much as it likes."""
_HARDENED = (
    *("-c", "protocol.ext.allow=never", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"),
    *("-c", "gc.auto=0", "-c", "maintenance.auto=false", "-c", "submodule.recurse=false"),
)
_DEAD = re.compile(
    r"could not resolve host|failed to connect|connection (refused|timed out|reset)|network is unreachable|"
    r"couldn't connect|could not connect|timed out|ssl|tls|the remote end hung up|"
    r"returned error: (5\d\d|429)|early eof|unexpected disconnect|expected flush|expected packfile|rpc failed|"
    r"empty reply|protocol error|bad line length",
    re.IGNORECASE,
)
_NAMED = re.compile(r"(?<!\w)'[^'\n]*'|(?<![a-z+])[a-z+]+://\S+", re.IGNORECASE)
"""What git quotes: an address or a name, whose letters and digits (`mbedtls`, port 45025) are no part of the reason."""
_ABSENT = re.compile(
    r"could not resolve host|failed to connect|connection (refused|timed out)|network is unreachable|"
    r"could(n't| not) connect",
    re.IGNORECASE,
)
_NONE = re.compile(
    r"not found|does not exist|does not appear to be a git repository|could not read Username|couldn't find remote ref",
    re.IGNORECASE,
)
_REFUSED = re.compile(
    r"\[(remote )?rejected\]|stale info|non-fast-forward|fetch first|pre-receive hook declined|"
    r"shallow update not allowed|permission to .* denied|returned error: 403|authentication failed",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"permission to .* denied|returned error: 403|authentication failed|resource not accessible", re.IGNORECASE
)
PushRefusal = Literal["moved", "shallow", "workflow", "archived", "denied", "other"]
"""`moved`: the branch is not where it was expected; `shallow`: the remote lacks commits that a shallow clone does not
have; `workflow`: the token may not change files in .github/workflows; `archived`: nobody may write there; `denied`:
the token may not."""
_DISK = re.compile(
    r"no space left|disk quota|read-only file system|cannot mkdir|unable to (create|write)", re.IGNORECASE
)
_CAUSES: tuple[tuple[re.Pattern[str], PushRefusal], ...] = (
    (re.compile(r"stale info|non-fast-forward|fetch first", re.IGNORECASE), "moved"),
    (re.compile(r"shallow update not allowed", re.IGNORECASE), "shallow"),
    (re.compile(r"refusing to allow .* workflow", re.IGNORECASE), "workflow"),
    (re.compile(r"was archived so it is read-only", re.IGNORECASE), "archived"),
    (_DENIED, "denied"),
)
_RIGHTS = "Look whether the token may write there: `contents: write`, or the scope `public_repo`."
_NOTHING: Mapping[str, str] = MappingProxyType({})


class GitError(InputError):
    """git failed for a reason on this machine: it is not installed, a repository is broken, the disk is full."""

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        cause: Literal["missing", "disk", "other"] = "other",
        said: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.cause = cause
        self.said = said
        """All output of git."""


class GitUnreachableError(UnknownError):
    """A host did not answer, or failed; `passing`: it is there, and may answer the next time."""

    def __init__(self, message: str, *, hint: str | None = None, passing: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.passing = passing


class MissingRefError(InputError):
    """There is no such repository or branch."""


class RefusedPushError(InputError):
    """The remote refuses a push; `cause` says why, "other" where git's words are not known."""

    def __init__(self, message: str, *, hint: str | None = None, cause: PushRefusal = "other") -> None:
        super().__init__(message, hint=hint)
        self.cause: PushRefusal = cause


def git(
    *arguments: str, about: str, folder: Path | None = None, stdin: bytes = b"", timeout: float = _TIMEOUT
) -> bytes:
    """Return what git prints, with the settings of the person who runs it; `about` is what an error is about.

    Raises MissingError if there is no such repository or branch, UnknownError if a host can't be reached,
    RefusedPushError if a push is refused, GitError else.
    """
    return _git(arguments, about, folder, stdin, timeout, dict(os.environ))


def own_git(
    *arguments: str,
    about: str,
    folder: Path | None = None,
    stdin: bytes = b"",
    timeout: float = _TIMEOUT,
    environment: Mapping[str, str] = _NOTHING,
    limit: int | None = None,
) -> bytes:
    """Return what git prints, with no settings but these: no user's or system's configuration (filters, signing,
    templates, rewritten URLs), no secrets of ours but those in `environment`.

    Raises as `git` does, and InputError for more than `limit` bytes.
    """
    own = {
        **plain_environment(),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_ASKPASS": "true",
        **environment,
    }
    return _git(arguments, about, folder, stdin, timeout, own, limit)


def _git(
    arguments: tuple[str, ...],
    about: str,
    folder: Path | None,
    stdin: bytes,
    timeout: float,
    environment: dict[str, str],
    limit: int | None = None,
) -> bytes:
    about = redact(about)
    environment.setdefault("GIT_ASKPASS", "true")
    environment |= {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    where = () if folder is None else ("-C", str(folder))
    try:
        command = ("git", *_HARDENED, *where, *arguments)
        done = run(command, timeout=timeout, environment=environment, stdin=stdin, limit=limit)
    except FileNotFoundError as exc:
        raise GitError("git is not installed", hint="Install it: https://git-scm.com", cause="missing") from exc
    except TooMuchError as exc:
        raise InputError(f"{about}: git printed {exc}") from exc
    except TooSlowError as exc:
        raise UnknownError(f"{about}: no answer within {timeout:g} s") from exc
    if done.code == 0:
        return done.output
    # What another host says may hold anything; a terminal obeys some of it.
    told = done.errors[-_LONGEST:].decode(errors="replace").expandtabs()
    said = redact("".join(mark for mark in told if mark == "\n" or mark.isprintable()).strip())
    raise _error(said, about, done.code)


def _error(said: str, about: str, code: int) -> InputError | UnknownError:
    last = said.splitlines()[-1] if said else f"git left with {code}"
    reason = _NAMED.sub("''", said)
    if refused := _REFUSED.search(reason):
        return _refused(said.splitlines(), about, refused[0], last)
    if _NONE.search(reason):
        return MissingRefError(f"{about}: there is no such repository or branch ({last})")
    if _DEAD.search(reason):
        return GitUnreachableError(f"{about}: it can't be reached ({last})", passing=not _ABSENT.search(reason))
    return GitError(f"{about}: {last}", cause="disk" if _DISK.search(reason) else "other", said=said)


def _refused(lines: Sequence[str], about: str, words: str, last: str) -> RefusedPushError:
    """Return the error for a push that was refused: git's line with `words`, and what the other side says to it."""
    line = next((line.strip() for line in lines if words in line), last)
    remote = re.findall(r"^remote:[ \t]*(\S.*?)[ \t]*$", "\n".join(lines), re.MULTILINE)
    why = "; ".join(each for each in remote if each not in line)[:500]
    cause: PushRefusal = next((cause for pattern, cause in _CAUSES if any(map(pattern.search, lines))), "other")
    hint = _RIGHTS if cause == "denied" else None
    return RefusedPushError(f"{about}: {line}{f' ({why})' if why else ''}", hint=hint, cause=cause)


def place_of(url: str) -> str:
    """Return a repository's URL, also of a folder (bare ones may end in `.git` or not): a depth is honoured for URLs
    only.

    Raises MissingError if a folder is not there, InputError for what git could take for an option.
    """
    if url.startswith("-"):
        raise InputError(f"{url[:200]!r} is not the address of a repository")
    if "://" in url:
        return url
    for path in (Path(url), Path(f"{url}.git")):
        if path.exists():
            return path.absolute().as_uri()
    if ":" in url:
        return url
    raise MissingRefError(f"{url}: there is no such repository")

"""The `git` program: run without a shell, never asking anyone, within limits; and the tags of a repository."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import IO
from urllib.parse import urlsplit

from dirac_forge.errors import InputError, UnknownError, redact

__all__ = ["GitError", "MissingRepositoryError", "git", "remote_tags"]

_TIMEOUT = 120.0
_LARGEST = 64_000_000
"""Bytes of output: the tags of the largest repositories take some 10 MB."""
_LARGEST_COMPLAINT = 1_000_000
_DEAD = re.compile(
    r"could not resolve host|failed to connect|connection (refused|timed out|reset)|network is unreachable|"
    r"couldn't connect|could not connect|timed out|ssl|tls|the remote end hung up|unable to access.*(5\d\d|429)",
    re.IGNORECASE,
)
_NONE = re.compile(
    r"not found|does not exist|does not appear to be a git repository|could not read Username", re.IGNORECASE
)
_HARDENED = ("-c", "protocol.ext.allow=never", "-c", "core.hooksPath=/dev/null")
_ALLOWED = ("https", "http", "ssh")
_FROM_OUTSIDE = (
    *("-c", "protocol.allow=never"),
    *(word for name in _ALLOWED for word in ("-c", f"protocol.{name}.allow=always")),
)
"""What is done with a URL from a recipe: the web is asked, or what the user's own `url.….insteadOf` has for it."""
_REF = re.compile(r"([0-9a-f]{40,64})\trefs/tags/(\S+)")


class GitError(InputError):
    """git failed for a reason that lies here: it isn't installed, or a repository is broken."""


class MissingRepositoryError(InputError):
    """There is no such repository or branch."""


def git(*arguments: str, about: str, timeout: float = _TIMEOUT, limit: int = _LARGEST) -> bytes:
    """What git writes; `about` is what messages name, without its credentials.

    Raises MissingRepositoryError where there is no such repository or branch, UnknownError where the host can't be
    reached or does not answer in time, GitError else.
    """
    shown = redact(about)
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "true", "LC_ALL": "C"}
    environment.setdefault("GIT_SSH_COMMAND", "ssh -o BatchMode=yes")
    command: Sequence[str] = ("git", *_HARDENED, *arguments)
    try:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, start_new_session=True
        )
    except FileNotFoundError as exc:
        raise GitError("git is not installed", hint="Install it: https://git-scm.com") from exc
    late = threading.Event()

    def give_up() -> None:
        late.set()
        _kill(process)

    timer = threading.Timer(timeout, give_up)
    timer.start()
    said: list[bytes] = []
    with process:
        # Both pipes are read at the same time: a full one would stop git for ever.
        listener = threading.Thread(target=lambda: said.append(_at_most(process.stderr, _LARGEST_COMPLAINT)))
        listener.start()
        try:
            out = _at_most(process.stdout, limit + 1)
        except BaseException:
            _kill(process)
            raise
        finally:
            timer.cancel()
        if len(out) > limit:
            _kill(process)
        listener.join()
    if len(out) > limit:
        raise InputError(f"{shown}: git answers more than {limit:,} bytes")
    if late.is_set():
        raise UnknownError(f"{shown}: no answer within {timeout:g} s")
    if process.returncode == 0:
        return out
    raise _failure(shown, process.returncode, b"".join(said))


def _at_most(pipe: IO[bytes] | None, limit: int) -> bytes:
    return pipe.read(limit) if pipe is not None else b""


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End git and the helpers that it started, which would hold the pipes open."""
    with suppress(ProcessLookupError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()


def _failure(shown: str, code: int, stderr: bytes) -> InputError | UnknownError:
    said = redact(stderr.decode(errors="replace").strip())
    last = said.splitlines()[-1] if said else f"git left with {code}"
    if _NONE.search(said):
        return MissingRepositoryError(f"{shown}: there is no such repository or branch ({last})")
    if _DEAD.search(said):
        return UnknownError(f"{shown}: it can't be reached ({last})")
    return GitError(f"{shown}: {last}")


def remote_tags(url: str, *, timeout: float = 30.0) -> Mapping[str, str]:
    """The tags of the repository at an http or https URL, each with the commit that it stands for.

    An annotated tag stands for the commit that it was made for (`^{}`), not for its own object. Raises as `git` does,
    InputError for any other URL: it comes out of a recipe.
    """
    if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
        raise InputError(f"{redact(url)}: only repositories on the web (http, https) are asked for tags")
    return parse_refs(git(*_FROM_OUTSIDE, "ls-remote", "--tags", "--", url, about=url, timeout=timeout))


def parse_refs(listing: bytes) -> dict[str, str]:
    """Tag to commit, out of what `git ls-remote` writes."""
    tags: dict[str, str] = {}
    for line in listing.decode(errors="replace").splitlines():
        match = _REF.fullmatch(line)
        if match is None:
            continue
        name = match[2].removesuffix("^{}")
        # The peeled line comes after the tag's own.
        if name != match[2] or name not in tags:
            tags[name] = match[1]
    return tags

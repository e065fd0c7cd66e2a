"""The errors that a user sees; each class has the exit code of the command line."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import ClassVar


class ForgeError(Exception):
    """Something went wrong that the user should read as words, never as a traceback.

    A message says what happened, where (file, key, line or URL) and what was expected; `hint` says what to do next.
    Both may be several lines; line breaks inside a line, which come with foreign text, are none.
    """

    exit_code: ClassVar[int] = 2

    def __init__(self, message: str | Sequence[str], *, hint: str | Sequence[str] | None = None) -> None:
        self.message = _lines(message)
        self.hint = _lines(hint) if hint else None
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class InputError(ForgeError):
    """Wrong use, or input that can't be read: exit code 2."""


class UnknownError(ForgeError):
    """The answer that was asked for could not be found out (dead network, broken host): exit code 3."""

    exit_code: ClassVar[int] = 3


class StorageError(UnknownError):
    """A folder of this program can't be read or written: it is missing, full, or of another user."""


_ADDRESS = "git+https://github.com/DIRACGrid/dirac-forge"
"""dirac-forge is not on PyPI yet: a project of that name there would be somebody else's."""


def pip_install(extra: str) -> str:
    """Return the command that installs dirac-forge with an extra."""
    return f"pip install 'dirac-forge[{extra}] @ {_ADDRESS}'"


_BREAKS = re.compile(r"\s*[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]\s*")
_LONGEST = 20_000


def _lines(said: str | Sequence[str]) -> str:
    lines = (said,) if isinstance(said, str) else said
    return "\n".join(_BREAKS.sub(" ", line[:_LONGEST]) for line in lines)


_BETWEEN = re.compile(r"[\s'\"(<\[{=,`]")
_OF_URL = re.compile(r"(?i)\burl['\"]?[:=]\s?['\"]?\Z")
_REMOTE = re.compile(r"(?i)\b(?!file:)[a-z][a-z0-9+.-]+://|\bhttps?:/")
"""A URL, also behind a path or with the single slash that it has as a path: `/srv/https:/host`."""
_LOCAL = re.compile(r"/(?!/)|(?:[.~]{1,2}|[A-Za-z]:)(?:[\\/]|\Z)")
"""The beginning of a path that can't begin with the name of a host."""
_OF_PYPI = re.compile(r"https?://(?:files\.pythonhosted\.org|pypi\.(?:org|io))/packages/source")
"""Where PyPI has the sources of projects, in folders by their first letter: `t` among them."""
_TOKEN_LENGTH = 16
_OF_SECRET = re.compile(r"(?i)token|secret|password|passwd|signature|credential|key|sig")


def _is_folder(found: re.Match[str]) -> bool:
    """Whether what follows `/t/` is a part of a local path, or a project on PyPI, not the token of a channel.

    A name that may be a token counts as one anyway: libraries also print the paths of URLs without the host.
    """
    start = found.start() - len("/t/")
    before = found.string[max(0, start - 512) : start]
    path = _BETWEEN.split(before)[-1]
    if _OF_PYPI.fullmatch(path):
        return True
    if _REMOTE.search(path):
        return False
    if path.startswith("file:") or not found.string.startswith("/", found.end()):
        return True
    told_as_url = _OF_URL.search(before[: len(before) - len(path)][-10:]) is not None
    return _LOCAL.match(path) is not None and not told_as_url and len(found[0]) < _TOKEN_LENGTH


_SECRETS: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"(?<=://)[^/?#\s@]+(?:@[^/?#\s@]*)*(?=@)"), "***"),
    # anaconda.org and prefix.dev: https://host/t/TOKEN/channel
    (
        re.compile(r"(?<=/t/)(?:[^/\s]+(?=/)|[^/\s'\"<>()\[\]{},;?#]+)"),
        lambda found: found[0] if _is_folder(found) else "***",
    ),
    (
        re.compile(r"(?<=[?&])([^=&?\s]+)=[^&#\s]+"),
        lambda found: f"{found[1]}=***" if _OF_SECRET.search(found[1]) else found[0],
    ),
    # https://docs.github.com/en/authentication: the prefixes of GitHub's tokens, which may hold a JSON web token
    (re.compile(r"\b(?:gh[pousr]_|github_pat_|pypi-)[A-Za-z0-9_-]{16,}(?:\.[A-Za-z0-9_-]+)*"), "***"),
    # RFC 7519: header and claims are JSON objects in base64
    (re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?"), "***"),
    (re.compile(r"(?i)\b(authorization:\s*(?:[a-z]+\s+)?)[^\s,;'\"]+"), r"\1***"),
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL), "***"),
)


def redact(text: str) -> str:
    """Return the text without the credentials that URLs in it carry, and without tokens that are known by their
    form.
    """
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text

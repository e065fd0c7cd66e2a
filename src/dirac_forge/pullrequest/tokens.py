"""Secrets as values that are never printed, and where they are read from."""

from __future__ import annotations

import ctypes
import hmac
import importlib.util
import shutil
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from dirac_forge.errors import InputError
from dirac_forge.files import read_text
from dirac_forge.programs import TooSlowError, plain_environment, run
from dirac_forge.untrusted import parse_whole_number

SOURCES = (
    "GITHUB_TOKEN_FILE (the path of a file), the keyring (service dirac-forge, user github), `gh auth login`, "
    "GITHUB_TOKEN or GH_TOKEN, or a GitHub App's GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY"
)
TOKEN_VARIABLES = (
    "GITHUB_TOKEN",
    "GH_TOKEN",
    "GITHUB_APP_PRIVATE_KEY",
    "GH_ENTERPRISE_TOKEN",
    "GITHUB_ENTERPRISE_TOKEN",
    "DIRAC_FORGE_GIT_TOKEN",
)
"""Variables that may hold a token of GitHub or what one is made with."""
_KEYRING = ("dirac-forge", "github")
_LARGEST = 10_000
_PR_SET_DUMPABLE = 4


class Token:
    """A secret. Only `reveal` returns it: `str`, `repr`, formatting, copies and pickles do not."""

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        """Check a token. Raises InputError for one that would break a header or a line of git's protocol."""
        if not value or not value.isascii() or not value.isprintable() or " " in value:
            raise InputError(
                "The token is invalid: it is empty, or has spaces or control characters",
                hint=f"It is taken from {SOURCES}; check for a line break at its end.",
            )
        self.__value = value

    def reveal(self) -> str:
        """Return the secret itself, for a header or a pipe; never for text that somebody reads."""
        return self.__value

    def hidden_in(self, text: str) -> str:
        """Return `text` without this secret."""
        return text.replace(self.__value, "***")

    def __repr__(self) -> str:
        return "…"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Token) and hmac.compare_digest(self.__value, other.__value)

    def __hash__(self) -> int:
        return hash((Token, self.__value))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a token is not pickled")


@dataclass(frozen=True, slots=True, repr=False)
class AppKey:
    """A GitHub App: who holds its private key (PEM, RSA) may act for the accounts that installed it."""

    app: str
    """Its id, or its client id."""
    key: str
    installation: int = 0
    """The id of the installation to act for; 0: the only one there is."""

    def __repr__(self) -> str:
        return f"AppKey(app={self.app!r}, key=…, installation={self.installation!r})"


def from_environment(environment: Mapping[str, str]) -> Token | AppKey | None:
    r"""Return the credentials that the environment has, or None if it has none.

    An App has priority, then GITHUB_TOKEN, then GH_TOKEN.
    GITHUB_APP_PRIVATE_KEY is the key itself (line breaks may be written as `\n`) or the path of a file that has it;
    GITHUB_APP_INSTALLATION_ID is needed only if there are several. Raises InputError for half of an App.
    """
    app, key = environment.get("GITHUB_APP_ID", "").strip(), environment.get("GITHUB_APP_PRIVATE_KEY", "").strip()
    if app or key:
        if not (app and key):
            missing = "GITHUB_APP_PRIVATE_KEY" if app else "GITHUB_APP_ID"
            raise InputError(f"{missing} is not set: a GitHub App needs its id and its private key")
        number = environment.get("GITHUB_APP_INSTALLATION_ID", "").strip()
        installation = parse_whole_number(number or "0")
        if installation is None:
            raise InputError("GITHUB_APP_INSTALLATION_ID is not a number")
        return AppKey(app, _pem(key), installation)
    for name in ("GITHUB_TOKEN", "GH_TOKEN"):
        if value := environment.get(name, "").strip():
            return Token(value)
    return None


def find_credentials(environment: Mapping[str, str], *, host: str = "github.com") -> Token | AppKey | None:
    """Return the credentials for `host`: of the environment, a file, the keyring or `gh`, or None if there is none.

    To be called after the last program that executes a recipe: before that nothing secret may be in this process.
    Raises InputError for a file that can't be read and for what can't be a token.
    """
    known = from_environment(environment)
    if known is not None:
        return known
    if name := environment.get("GITHUB_TOKEN_FILE", "").strip():
        return _from_file(Path(name).expanduser())
    text = _from_keyring() or _from_gh(host)
    return Token(text) if text else None


def forbid_dumps() -> None:
    """Make the memory of this process unreadable to others of its user, and let neither it nor its children dump core.

    On Linux also a debugger, and `/proc/*/mem` and `environ`, are refused then (prctl(2), PR_SET_DUMPABLE).
    """
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415  # not on Windows

    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def place_outside(environment: Mapping[str, str], *, host: str = "github.com") -> str:
    """Return where a token is found that no variable holds, in the order of `find_credentials`; "" for nowhere.

    Raises InputError for a file that can't be read and for what can't be a token.
    """
    if name := environment.get("GITHUB_TOKEN_FILE", "").strip():
        _from_file(Path(name).expanduser())
        return "the file that GITHUB_TOKEN_FILE names"
    if _from_keyring():
        return "the keyring"
    return "`gh auth token`" if _from_gh(host) else ""


def secrets_in(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the variables that hold a token or a private key itself; a key may be given by the path of its file."""
    return tuple(
        name
        for name in TOKEN_VARIABLES
        if (text := environment.get(name, "").strip()) and (name != "GITHUB_APP_PRIVATE_KEY" or "-----" in text)
    )


def has_source(environment: Mapping[str, str]) -> bool:
    """Whether credentials may be found, without reading any."""
    named = any(environment.get(name, "").strip() for name in (*TOKEN_VARIABLES, "GITHUB_APP_ID", "GITHUB_TOKEN_FILE"))
    return named or importlib.util.find_spec("keyring") is not None or shutil.which("gh") is not None


def _from_file(path: Path) -> Token:
    try:
        with path.open("rb") as file:
            return Token(file.read(_LARGEST).decode("ascii").strip())
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or "not text"
        raise InputError(
            f"GITHUB_TOKEN_FILE: {path} can't be read ({reason})", hint="It must be the path of a file with the token."
        ) from None


def _from_keyring() -> str:
    if importlib.util.find_spec("keyring") is None:
        return ""
    import keyring  # type: ignore[import-not-found]  # noqa: PLC0415  # optional

    try:
        return keyring.get_password(*_KEYRING) or ""
    except Exception:  # noqa: BLE001  # each backend has its own errors; without a keyring there is no token in it
        return ""


def _from_gh(host: str) -> str:
    gh = shutil.which("gh")
    if gh is None:
        return ""
    try:
        done = run((gh, "auth", "token", "--hostname", host), timeout=20, environment=plain_environment())
    except (TooSlowError, OSError):
        return ""
    return done.output.decode("ascii", errors="replace").strip() if done.code == 0 else ""


def _pem(text: str) -> str:
    if text.startswith("-----BEGIN"):
        return text.replace("\\n", "\n")
    try:
        return read_text(Path(text).expanduser(), most=100_000)
    except (OSError, ValueError):
        raise InputError(
            "GITHUB_APP_PRIVATE_KEY is neither a private key in PEM (-----BEGIN …) nor a readable file with one"
        ) from None

"""Secrets as values that show themselves to nobody, and where they are taken from."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from dirac_forge.errors import InputError
from dirac_forge.untrusted import parse_whole_number

__all__ = ["SOURCES", "AppKey", "Token", "from_environment"]

SOURCES = "GITHUB_TOKEN or GH_TOKEN, or a GitHub App's GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY"


class Token:
    """A secret. Only `reveal` tells it: `str`, `repr`, formatting, copies and pickles do not."""

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        """Raises InputError for what can't be one: it would break a header, or a line of git's protocol."""
        if not value or not value.isascii() or not value.isprintable() or " " in value:
            raise InputError(
                "The token is not one: it is empty, or has spaces or control characters in it",
                hint=f"It is taken from {SOURCES}; look for a line break at its end.",
            )
        self.__value = value

    def reveal(self) -> str:
        """The secret itself, for a header or a pipe; never for text that somebody reads."""
        return self.__value

    def hidden_in(self, text: str) -> str:
        """`text` without this secret."""
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
    r"""The credentials that the environment has; None where it has none.

    An App goes first: whoever sets it up wants it used. Then GITHUB_TOKEN, then GH_TOKEN.
    GITHUB_APP_PRIVATE_KEY is the key itself (line breaks may be written as `\n`) or the path of a file that has it;
    GITHUB_APP_INSTALLATION_ID is needed only where there are several. Raises InputError for half of an App.
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


def _pem(text: str) -> str:
    if text.startswith("-----BEGIN"):
        return text.replace("\\n", "\n")
    try:
        return Path(text).expanduser().read_text(encoding="ascii")
    except (OSError, ValueError):
        raise InputError(
            "GITHUB_APP_PRIVATE_KEY is neither a private key in PEM (-----BEGIN …) nor a readable file with one"
        ) from None

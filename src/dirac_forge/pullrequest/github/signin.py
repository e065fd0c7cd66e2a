"""GitHub credentials: a person's token, or that of a GitHub App's installation, renewed before it expires."""

from __future__ import annotations

import threading
from typing import Any

from dirac_forge.errors import InputError
from dirac_forge.http import Http
from dirac_forge.pullrequest.github.api import Api, graphql_of, path_of
from dirac_forge.pullrequest.github.appkey import signed
from dirac_forge.pullrequest.github.rates import Pace
from dirac_forge.pullrequest.github.shapes import understood
from dirac_forge.pullrequest.refusals import ForbiddenError
from dirac_forge.pullrequest.tokens import AppKey, Token
from dirac_forge.untrusted import time_from
from dirac_forge.values import dataclass

_EARLY = 300.0
"""Seconds before its end that a token is renewed: a push may take a while."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """The account of a token."""

    login: str
    """Who pull requests and comments are by; `name[bot]` for an App."""
    owner: str
    """Whose forks carry our branches: the same, or the account that installed the App."""


class TokenSignIn:
    """One token for the whole run."""

    def __init__(self, token: Token) -> None:
        self._token = token

    def token(self) -> Token:
        """Return the token."""
        return self._token

    def renew(self, token: Token) -> bool:  # noqa: ARG002  # as AppSignIn has it
        """Return False: there is no other token."""
        return False

    def account(self, api: Api) -> Account:
        """Return the account that it belongs to.

        The tokens that Actions and other Apps hand out have no user; only GraphQL knows whose they are.
        """
        try:
            login = understood(f"{api.url}/user", lambda user: str(user["login"]), api.get("/user"))
        except ForbiddenError as error:
            if error.problem != "integration":
                raise
            login = api.graphql(graphql_of(api.url), "query { viewer { login } }", lambda data: data["viewer"]["login"])
        return Account(login=login, owner=login)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Lent:
    token: Token
    until: float


class AppSignIn:
    """A GitHub App's installation; safe to use from many threads."""

    def __init__(self, app: AppKey, http: Http, url: str, *, pace: Pace) -> None:
        self._app = app
        self._pace = pace
        # One that is signed again is dated by GitHub's clock, which the refusal had.
        self._api = Api(http, url, token=self._signed, renew=lambda _: True, pace=pace)
        self._lock = threading.Lock()
        self._lent: _Lent | None = None
        self._installed: tuple[int, str] | None = None

    def token(self) -> Token:
        """Return a token that lasts for some minutes at least.

        https://docs.github.com/rest/apps/apps#create-an-installation-access-token-for-an-app
        """
        with self._lock:
            if self._lent is None or self._lent.until - _EARLY <= self._pace.now():
                number, _ = self._installation()
                path = path_of("/app/installations/{number}/access_tokens", number=number)
                about = f"{self._api.url}{path}"
                self._lent = self._api.change("POST", path, make=lambda content: understood(about, _lent, content))
            return self._lent.token

    def renew(self, token: Token) -> bool:
        """Return True: the next token is different from `token`."""
        with self._lock:
            if self._lent is not None and self._lent.token == token:
                self._lent = None
        return True

    def account(self, api: Api) -> Account:  # noqa: ARG002  # as TokenSignIn has it
        """Return the App's bot, and the account that installed it."""
        about = f"{self._api.url}/app"
        slug = understood(about, lambda app: str(app["slug"]), self._api.get("/app"))
        with self._lock:
            _, owner = self._installation()
        return Account(login=f"{slug}[bot]", owner=owner)

    def _signed(self) -> Token:
        return signed(self._app, self._pace.now())

    def _installation(self) -> tuple[int, str]:
        if self._installed is None:
            about = f"{self._api.url}/app/installations"
            found = understood(about, _installations, list(self._api.pages("/app/installations")))
            wanted = self._app.installation
            fitting = {number: owner for number, owner in found.items() if wanted in (0, number)}
            if len(fitting) != 1:
                there = ", ".join(f"{number} ({owner})" for number, owner in sorted(found.items())) or "none"
                raise InputError(
                    f"The GitHub App {self._app.app} has "
                    f"{f'no installation {wanted}' if wanted else 'not exactly one installation'}: {there}",
                    hint="Install it on the account that will own the forks; GITHUB_APP_INSTALLATION_ID chooses one.",
                )
            self._installed = next(iter(fitting.items()))
        return self._installed


def _installations(content: list[Any]) -> dict[int, str]:
    return {int(each["id"]): str(each["account"]["login"]) for each in content}


def _lent(content: Any) -> _Lent:
    return _Lent(token=Token(content["token"]), until=time_from(content["expires_at"]).timestamp())

"""GitHub's REST API: asked within its limits, again only where that is safe, page by page.

https://docs.github.com/rest
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from dirac_forge.errors import InputError, redact
from dirac_forge.http import Answer, Http, LostError, UnreachableError
from dirac_forge.pullrequest.github.answers import NonsenseError, failure, next_page, parsed, refusal, said
from dirac_forge.pullrequest.github.rates import Pace, asked_to_wait, retry_after
from dirac_forge.pullrequest.github.shapes import understood
from dirac_forge.pullrequest.tokens import Token
from dirac_forge.untrusted import join_url, split_url

__all__ = ["Api", "graphql_of", "path_of", "site_of"]

VERSION = "2022-11-28"
_LIMIT = 20_000_000
"""Bytes of an answer; a page of 100 pull requests has about 2 MB."""
_TRIES = 4
_MOST_PAGES = 100
_MOST_WAITS = 5
"""How often in a row a request is put off for a limit."""
_MOVED = (307, 308)
_MOST_MOVES = 3
_NONE: Mapping[str, str] = MappingProxyType({})

T = TypeVar("T")


def site_of(api_url: str) -> str:
    """Return where people and git go, for the URL of an API: github.com, a tenant of ghe.com, or a server (GHES).

    Raises InputError if it is not an https URL (plain http is for this machine only).
    """
    parts = split_url(api_url)
    local = parts.hostname in ("127.0.0.1", "::1", "localhost")
    if not (parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and local))):
        raise InputError(
            f"{redact(api_url)} is not an https URL",
            hint="GITHUB_API_URL is https://api.github.com, or https://HOST/api/v3 for an Enterprise Server.",
        )
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host.removeprefix('api.')}"


def graphql_of(api_url: str) -> str:
    """Return the URL of GraphQL for the URL of a REST API: on an Enterprise Server they lie next to each other."""
    place = api_url.rstrip("/")
    return f"{place.removesuffix('/v3') if place.endswith('/api/v3') else place}/graphql"


def path_of(template: str, **parts: str | int) -> str:
    """Return a path with its parts escaped; `{repo}` is `owner/name`, and `{branch}` may have slashes.

    Raises InputError for a part that would leave its place (`..`): a branch to delete must not become its repository.
    """
    for name, part in parts.items():
        segments = str(part).split("/") if name in ("repo", "branch") else [str(part)]
        if not {"", ".", ".."}.isdisjoint(segments):
            raise InputError(f"{str(part)!r} is not a {name} that GitHub can have")
    return template.format(
        **{name: quote(str(part), safe="/" if name in ("repo", "branch") else "") for name, part in parts.items()}
    )


class Api:
    """One GitHub; safe to use from many threads.

    Raises LimitError if a limit lasts longer than the pace's patience, UnreachableError if GitHub can't be
    reached or fails, and RefusedError and its kin where it says no.
    """

    def __init__(
        self,
        http: Http,
        url: str,
        *,
        token: Callable[[], Token],
        renew: Callable[[Token], bool] = lambda _: False,
        pace: Pace,
    ) -> None:
        """Ask `token` for each request: some expire. `renew` is called with one that is not accepted, and returns
        whether the next one may be.
        """
        self.url = url.rstrip("/")
        self.pace = pace
        self._http = http
        self._token = token
        self._renew = renew

    def get(self, path: str, query: Mapping[str, str] = _NONE) -> Any:
        """Return the JSON at a path; asked again, a few times, where GitHub fails."""
        return self._read(self._place(path, query))[1]

    def pages(self, path: str, query: Mapping[str, str] = _NONE, *, inside: str = "") -> Iterator[Any]:
        """Yield the items of all pages, each page asked for when the one before is used up.

        `inside` is the key of the list where a page is an object. Raises NonsenseError for a page that is not a list,
        and for more than 100 pages.
        """
        place: str | None = self._place(path, {"per_page": "100", **query})
        for _ in range(_MOST_PAGES):
            if place is None:
                return
            answer, content = self._read(place)
            items = content.get(inside) if inside and isinstance(content, dict) else content
            if not isinstance(items, list):
                raise NonsenseError(f"{redact(place)}: GitHub's answer is not a list")
            yield from items
            place = next_page(answer)
            if place is not None and not self._is_ours(place):
                raise NonsenseError(f"{self.url}{path}: the next page is on another host ({redact(place)})")
        raise NonsenseError(f"{self.url}{path}: more than {_MOST_PAGES} pages")

    def change(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        happened: Callable[[], T | None] = lambda: None,
        make: Callable[[Any], T],
    ) -> T:
        """Return what `make` makes of the JSON that a change is answered with.

        Where the answer is lost or GitHub fails, the change may have happened: `happened` looks for it, and only where
        it finds nothing is the change asked for again. Leave it out for what may happen twice (PATCH, PUT, DELETE, a
        label).
        """
        place = self._place(path)
        for number in range(_TRIES):
            try:
                answer = self._ask(method, place, body)
                if answer.status < 500:
                    return make(self._accepted(answer, f"{method} {place}"))
                problem: UnreachableError = self._failing(answer, f"{method} {place}")
            except (LostError, NonsenseError) as lost:
                problem = lost
            if number + 1 < _TRIES:
                self.pace.clock.sleep(2.0**number)
            found = happened()
            if found is not None:
                return found
        raise problem

    def graphql(self, place: str, query: str, make: Callable[[Any], T]) -> T:
        """Return what `make` makes of the data of a GraphQL query, which changes nothing."""
        answer = self._ask("POST", place, {"query": query}, writes=False)
        if answer.status >= 500:
            raise self._failing(answer, place)
        content = self._accepted(answer, place)
        return understood(place, lambda whole: make(whole["data"]), content)

    def _read(self, place: str) -> tuple[Answer, Any]:
        for number in range(_TRIES):
            if number:
                self.pace.clock.sleep(2.0 ** (number - 1))
            try:
                answer = self._ask("GET", place)
                if answer.status < 500:
                    return answer, self._accepted(answer, place)
                problem: UnreachableError = self._failing(answer, place)
            except (LostError, NonsenseError) as lost:
                problem = lost
        raise problem

    def _ask(self, method: str, place: str, body: object = None, *, writes: bool | None = None) -> Answer:
        """Return the answer to one request, put off if GitHub asks for that: a refused one was not carried out."""
        writes = method != "GET" if writes is None else writes
        waits = moves = renewals = 0
        while True:
            self.pace.before(writes=writes)
            secret = self._token()
            answer = self._http.call(method, place, json=body, headers=_headers(secret), limit=_LIMIT)
            self.pace.after(answer.headers)
            if answer.status == 401 and not renewals and self._renew(secret):
                renewals += 1
                continue
            if answer.status in (403, 429):
                wait = asked_to_wait(answer.status, answer.headers, said(answer), now=self.pace.now(), times=waits)
                if wait is not None:
                    waits += 1
                    self.pace.close(*wait, for_good=waits > _MOST_WAITS)
                    continue
            target = self._moved_to(answer, place)
            if not target or moves >= _MOST_MOVES:
                return answer
            place, moves = target, moves + 1

    def _moved_to(self, answer: Answer, place: str) -> str:
        """Return where a renamed repository takes the same request (a GET has followed by itself); "" for nowhere."""
        if answer.status not in _MOVED:
            return ""
        target = join_url(place, answer.headers.get("location", ""))
        return target if self._is_ours(target) else ""

    def _accepted(self, answer: Answer, about: str) -> Any:
        if 200 <= answer.status < 300:
            return parsed(answer)
        raise refusal(answer, about, hide=self._token().hidden_in)

    def _failing(self, answer: Answer, about: str) -> UnreachableError:
        told = retry_after(answer.headers, self.pace.now())
        if told:
            self.pace.close(told, "is out of order and is limiting requests")
        return failure(answer, about, hide=self._token().hidden_in)

    def _place(self, path: str, query: Mapping[str, str] = _NONE) -> str:
        return f"{self.url}{path}{'?' if query else ''}{urlencode(query)}"

    def _is_ours(self, place: str) -> bool:
        return place.startswith(f"{self.url}/")


def _headers(secret: Token) -> dict[str, str]:
    return {
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": VERSION,
        "Authorization": f"Bearer {secret.reveal()}",
    }

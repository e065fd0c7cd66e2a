"""One question and its answer: redirects, retries, credentials, and what went wrong in words."""

from __future__ import annotations

import errno
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote, urlunsplit

from requests import PreparedRequest, Response
from requests.exceptions import InvalidURL
from requests.utils import get_netrc_auth, requote_uri, select_proxy
from urllib3 import Retry
from urllib3.exceptions import (
    ConnectTimeoutError,
    DecodeError,
    HTTPError,
    LocationParseError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ProxyError,
    ReadTimeoutError,
)

from dirac_forge.errors import ForgeError, InputError, redact
from dirac_forge.http.answers import LostError, NotFoundError, UnreachableError, refusal
from dirac_forge.http.hosts import Hosts
from dirac_forge.http.pace import TooSlowAnswerError
from dirac_forge.http.session import Session, unreachable
from dirac_forge.http.trust import Trust, is_internal
from dirac_forge.progress import Observer
from dirac_forge.untrusted import join_url, parse_http_date, parse_whole_number, split_url

_CONNECT_SECONDS = 5.0
_LONGEST_WAIT = 60.0
"""Seconds that a Retry-After is waited for; a server that asks for more is an error at once."""
_MOST_REDIRECTS = 10
_SMALL = 1 << 16
_RETRIES = Retry(
    total=3, backoff_factor=0.5, backoff_jitter=0.5, backoff_max=8, status_forcelist=(429, 500, 502, 503, 504)
)

T = TypeVar("T")


class Exchange:
    """Asks over one session; safe to use from many threads."""

    def __init__(
        self,
        *,
        cache: Path | None,
        offline: bool,
        connections: int,
        timeout: float,
        observer: Observer,
        trust: Trust | None = None,
    ) -> None:
        self.pause: Callable[[float], object] = time.sleep
        self._trust = trust or Trust()
        self._hosts = Hosts(_CONNECT_SECONDS, trust=trust)
        self._session = Session(cache=cache, offline=offline, connections=connections, hosts=self._hosts)
        self._timeout = timeout
        self._observer = observer
        self._credentials: dict[str, tuple[str, str]] = {}
        self._internal: dict[str, bool] = {}

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def keep(self, response: Response, body: bytes) -> None:
        """Put an answer with its whole body, not decoded, into the cache where its headers allow."""
        self._session.keep(response, body)

    def problem(self, url: str) -> str | None:
        """Return why the host of `url` can't be connected to, or None if it can."""
        clean = self._without_credentials(url)
        proxies = self._session.merge_environment_settings(clean, {}, None, None, None)["proxies"]
        return self._hosts.problem(clean, proxy=select_proxy(clean, proxies))

    def allow_listed(self, page: str, urls: Iterable[str]) -> None:
        """Let `urls`, which the index at `page` lists, lead to internal addresses, where that index has one itself."""
        internal = self._internal.get(page)
        if internal is None:  # found out once for all the files of a page
            internal = self._internal[page] = any(map(is_internal, self.addresses(page)))
        if internal:
            self._hosts.allow(form for url in urls for form in (url, requote_uri(url)))

    def addresses(self, url: str) -> tuple[str, ...]:
        """Return the numeric addresses of `url`'s host that may be asked, or () if they are not known."""
        parts = split_url(url)
        return self._hosts.addresses(parts.hostname or "", parts.port or {"http": 80}.get(parts.scheme, 443))

    def refuses(self, url: str) -> bool:
        """Return whether `problem` found no address of `url`'s host that may be asked."""
        return self._hosts.refuses(self._without_credentials(url))

    def ask(
        self, url: str, headers: Mapping[str, str], read: Callable[[Response], T], also: Iterable[int] = frozenset()
    ) -> T:
        """Return what `read` makes of the answer; asked again where that may help. `also`: statuses besides 200 it
        takes.
        """
        clean = self._without_credentials(url)
        retries = _RETRIES
        while True:
            try:
                with self._open(clean, headers) as response:
                    status, told = response.status_code, _retry_after(response)
                    error = refusal(redact(response.url), status, response.reason or "", retry_after=told)
                    if error is None or status in also:
                        return read(response)
                    if isinstance(error, NotFoundError):
                        self._keep_nothing(response)
                    if not retries.is_retry("GET", status, told is not None) or (told or 0) > _LONGEST_WAIT:
                        raise error
            except (OSError, HTTPError) as raised:  # of these OSError includes all that `requests` raises
                error, told = self._in_words(clean, raised), None
                if not _broke_off(raised):
                    raise error from raised
            retries = _one_less(retries, error)
            self._wait(clean, told, retries.get_backoff_time())

    def call(
        self, method: str, url: str, headers: Mapping[str, str], data: bytes | None, read: Callable[[Response], T]
    ) -> T:
        """Return what `read` makes of the answer to one call, whatever its status; only a GET follows redirects.

        Raises LostError if the call may have been carried out, though no whole answer came.
        """
        clean = self._without_credentials(url)
        try:
            with self._called(method, clean, headers, data) as response:
                try:
                    return read(response)
                except UnreachableError as slow:
                    raise LostError(slow.message, hint=slow.hint) from slow
        except (OSError, HTTPError) as raised:
            error = self._in_words(clean, raised)
            if isinstance(error, UnreachableError) and _was_sent(raised):
                raise LostError(error.message, hint=error.hint) from raised
            raise error from raised

    def _called(self, method: str, url: str, headers: Mapping[str, str], data: bytes | None) -> Response:
        first = _origin(url)
        for _ in range(_MOST_REDIRECTS + 1):
            own = _origin(url) == first
            response = self._session.request(
                method,
                url,
                headers=headers if own else {name: headers[name] for name in headers if name != "Authorization"},
                data=data,
                auth=_unchanged if "Authorization" in headers else self._credentials.get(_origin(url), _unchanged),
                stream=True,
                timeout=(_CONNECT_SECONDS, self._timeout),
                allow_redirects=False,
            )
            target = self._session.redirect_target(response) if method == "GET" else None
            if target is None:
                return response
            url = self._leading_to(url, target, response)
        raise UnreachableError(f"{redact(url)}: more than {_MOST_REDIRECTS} redirects")

    def _keep_nothing(self, response: Response) -> None:
        """Put into the cache that there is nothing here; what its body says is of no use, and may break off."""
        with suppress(OSError, HTTPError):
            self.keep(response, response.raw.read(_SMALL, decode_content=False))

    def _wait(self, url: str, told: float | None, backoff: float) -> None:
        if told:
            self._observer.warned(f"{split_url(url).hostname} asks for fewer requests: waiting {told:.0f} s")
        self.pause(told or backoff)

    def _open(self, url: str, headers: Mapping[str, str]) -> Response:
        for _ in range(_MOST_REDIRECTS + 1):
            response = self._session.get(
                url,
                headers=headers,
                auth=self._credentials_of(url),
                stream=True,
                timeout=(_CONNECT_SECONDS, self._timeout),
            )
            target = self._session.redirect_target(response)
            if target is None:
                return response
            url = self._leading_to(url, target, response)
        raise UnreachableError(f"{redact(url)}: more than {_MOST_REDIRECTS} redirects")

    def _credentials_of(self, url: str) -> tuple[str, str] | Callable[[PreparedRequest], PreparedRequest]:
        known = self._credentials.get(_origin(url))
        if known is None and self._trust.gives_credentials(url):
            known = get_netrc_auth(url)
        return known or _unchanged

    def _leading_to(self, url: str, target: str, response: Response) -> str:
        with response:  # once its small body is read, the connection serves for the next request
            response.raw.read(_SMALL, decode_content=False)
        joined = join_url(url, target)
        if split_url(joined).scheme not in ("http", "https"):
            raise UnreachableError(f"{redact(url)} redirects to {redact(joined)}, expected an http or https URL")
        return self._without_credentials(joined)

    def _without_credentials(self, url: str) -> str:
        parts = split_url(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
            raise InputError(f"{redact(url)} is not an http or https URL")
        user_info, at, host = parts.netloc.rpartition("@")
        clean = urlunsplit((parts.scheme, host, parts.path, parts.query, ""))
        if at:
            user, _, password = user_info.partition(":")
            self._credentials[_origin(clean)] = (unquote(user), unquote(password))
        return clean

    def _in_words(self, url: str, raised: Exception) -> ForgeError:
        causes = list(_causes(raised))
        for cause in causes:
            if (error := self._of_answer(url, cause)) is not None:
                return error
        problem = next((words for kind, words in _LOST.items() if any(isinstance(each, kind) for each in causes)), None)
        if problem is not None:
            self._hosts.lost(url, problem)
            return unreachable(url, problem)
        if isinstance(raised, (InvalidURL, LocationParseError)):
            return InputError(f"{redact(url)} is not an http or https URL")
        if _broke_off(raised):
            return UnreachableError(f"{redact(url)}: the connection broke", hint="Try again later.")
        return UnreachableError(f"{redact(url)} can't be read: {redact(str(raised))}")

    def _of_answer(self, url: str, cause: BaseException) -> ForgeError | None:
        """Return the error for an answer that can't be used, or None if the host itself is the problem."""
        match cause:
            case ssl.SSLCertVerificationError():
                return UnreachableError(
                    f"{redact(url)}: its TLS certificate is not accepted: {cause.verify_message}",
                    hint="If the network inspects TLS, name its CA bundle in REQUESTS_CA_BUNDLE.",
                )
            case OSError(errno=errno.ENOSPC | errno.EDQUOT):
                return ForgeError(f"{redact(url)} can't be read: {cause.strerror} (temporary files)")
            case ReadTimeoutError():
                hint = "The host is slow or broken: try again later."
                return UnreachableError(f"{redact(url)}: no data for {self._timeout:g} s", hint=hint)
            case TooSlowAnswerError():
                return UnreachableError(f"{redact(url)}: {cause}", hint="Try again later.")
            case DecodeError():
                return UnreachableError(f"{redact(url)}: its body does not match its Content-Encoding")
            case _:
                return None


_LOST: Mapping[type[Exception], str] = {
    ProxyError: "the proxy on the way to it fails",
    NameResolutionError: "its name does not resolve",
    NewConnectionError: "no connection",
    ConnectTimeoutError: f"no answer within {_CONNECT_SECONDS:g} s",
}
"""What says that there is no way to a host, now and for the rest of the run; subclasses first."""


def _unchanged(request: PreparedRequest) -> PreparedRequest:
    """Return the request as it is: without any `auth`, `requests` would add what ~/.netrc has for the host."""
    return request


def _origin(url: str) -> str:
    parts = split_url(url)
    return f"{parts.scheme}://{parts.netloc}"


def _broke_off(raised: Exception) -> bool:
    """Return whether a connection that was had broke: a second try may well succeed."""
    causes = list(_causes(raised))
    return any(isinstance(each, (ProtocolError, ConnectionResetError)) for each in causes) and not any(
        isinstance(each, (MaxRetryError, ReadTimeoutError, DecodeError, TooSlowAnswerError)) for each in causes
    )


def _was_sent(raised: Exception) -> bool:
    """Return whether a call may have reached its host: a connection was had, and its TLS was fine."""
    not_sent = (*_LOST, ssl.SSLCertVerificationError, InvalidURL, LocationParseError)
    return not any(isinstance(each, not_sent) for each in _causes(raised))


def _causes(raised: BaseException) -> Iterator[BaseException]:
    """Yield the error and those inside it: `requests` and `urllib3` put them into arguments, `reason` or the chain."""
    seen: list[BaseException] = []
    waiting: list[object] = [raised]
    while waiting:
        each = waiting.pop(0)
        if isinstance(each, BaseException) and each not in seen:
            seen.append(each)
            yield each
            waiting += [*each.args, getattr(each, "reason", None), each.__cause__, each.__context__]


def _retry_after(response: Response) -> float | None:
    told = response.headers.get("Retry-After")
    if told is None:
        return None
    seconds = parse_whole_number(told.strip())
    if seconds is not None:
        return float(seconds)
    date = parse_http_date(told)
    return None if date is None else max(0.0, date - time.time())


def _one_less(retries: Retry, error: Exception) -> Retry:
    try:
        return retries.increment("GET", error=error)
    except MaxRetryError:
        raise error from error.__cause__

"""The `requests` session behind `Http`: which hosts it may ask, what it keeps on disk and for how long."""

from __future__ import annotations

import hashlib
from email.utils import formatdate
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import requests
from cachecontrol.adapter import CacheControlAdapter
from cachecontrol.cache import BaseCache
from cachecontrol.controller import PERMANENT_REDIRECT_STATUSES
from cachecontrol.serialize import Serializer
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH, select_proxy

from dirac_forge import __version__
from dirac_forge.errors import redact
from dirac_forge.http.answers import UnreachableError
from dirac_forge.http.connections import Contexts, pool_classes
from dirac_forge.http.trust import INTERNAL_HINT
from dirac_forge.store import Store
from dirac_forge.untrusted import parse_http_date, split_url

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping
    from datetime import datetime

    from urllib3 import HTTPResponse

    from dirac_forge.http.hosts import Hosts

USER_AGENT = f"dirac-forge/{__version__} (+https://github.com/DIRACGrid/dirac-forge)"

_HEURISTIC_SECONDS = 600
"""How long a page without any word on freshness is fresh: what pypi.org says of its own pages."""

_TEN_YEARS = 315_360_000

_KEPT = (200, 203, 300, 301, 308, 404, 410)
"""Statuses that may be kept (RFC 9110, 15.1): that there is nothing is as good an answer as a page."""


class Session(requests.Session):
    """A session that follows no redirects and keeps no cookies.

    `connections` is the most that are open to one host at a time; a thread that wants one more waits. A request with
    the header `Cache-Control: no-store` passes by the cache.
    """

    def __init__(self, *, cache: Path | None, offline: bool, connections: int, hosts: Hosts) -> None:
        super().__init__()
        self.headers["User-Agent"] = USER_AGENT
        if offline:
            # RFC 9111, 5.2.1.1: the client's own max-age goes before the server's, so whatever is kept is served.
            self.headers["Cache-Control"] = f"max-age={_TEN_YEARS}"
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        self._adapter = _CachedWire(
            Entries(cache),
            serializer=_Serializer(),
            hosts=hosts,
            offline=offline,
            pool_connections=64,
            pool_maxsize=connections,
            pool_block=True,
        )
        self.mount("https://", self._adapter)
        self.mount("http://", self._adapter)
        self._of_environment: dict[Hashable, Mapping[str, Any]] = {}

    def merge_environment_settings(  # the arguments are those of requests.Session
        self, url: Any, proxies: Any, stream: bool | None, verify: Any, cert: Any
    ) -> Any:
        """Return the settings of a request; the variables for proxies are read once for each host."""
        if proxies:
            return super().merge_environment_settings(url, proxies, stream, verify, cert)
        parts = split_url(url)
        key = (parts.scheme, parts.netloc, stream, verify, cert)
        if key not in self._of_environment:
            self._of_environment[key] = super().merge_environment_settings(url, {}, stream, verify, cert)
        known = self._of_environment[key]
        return {**known, "proxies": dict(known["proxies"])}

    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002
        """Return None: `requests` would read the body of a redirect whole, however large it is."""
        return None

    def redirect_target(self, response: requests.Response) -> str | None:
        """Return where an answer leads to, as it says, or None if it is not a redirect."""
        try:
            return super().get_redirect_target(response)
        except UnicodeError:
            return "\ufffd"  # no URL, and refused as such

    def keep(self, response: requests.Response, body: bytes) -> None:
        """Put an answer with its whole body, not decoded, into the cache where its headers allow."""
        self._adapter.keep(response, body)


class _Wire(HTTPAdapter):
    """Asks only hosts that answer, and none when offline."""

    def __init__(self, *, hosts: Hosts, offline: bool, **options: Any) -> None:
        self._contexts = Contexts()
        self._pools = pool_classes(hosts.addresses)
        self._hosts = hosts
        self._offline = offline
        super().__init__(**options)

    def send(  # the arguments are those of HTTPAdapter
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        url = request.url or ""
        if self._offline:
            raise UnreachableError(
                f"{redact(url)} is not in the cache, and this run is offline", hint="Leave out --offline to ask for it."
            )
        proxy = select_proxy(url, proxies)
        problem = self._hosts.problem(url, proxy=proxy)
        if problem is not None:
            raise unreachable(url, problem, refused=self._hosts.refuses(url))
        return super().send(request, stream, timeout, verify, cert, proxies)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools connect to the addresses that are known already."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: Any, **kwargs: Any) -> Any:
        """Make the pools of a proxy connect to the addresses that are known already."""
        manager = super().proxy_manager_for(proxy, **kwargs)
        if not str(proxy).lower().startswith("socks"):
            manager.pool_classes_by_scheme = self._pools
        return manager

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: Any, cert: Any = None
    ) -> Any:
        """Share one TLS context: loading a CA bundle takes 30 ms, and `requests` does it for each connection."""
        host, tls = super().build_connection_pool_key_attributes(request, verify, cert)
        if host["scheme"] == "https" and verify and cert is None:
            bundle = DEFAULT_CA_BUNDLE_PATH if verify is True else verify
            return host, {"ssl_context": self._contexts.trusting(bundle)}
        return host, tls

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Do nothing if the context verifies: what is set here is loaded again for each connection."""
        if not url.lower().startswith("https") or not verify or cert is not None:
            super().cert_verify(conn, url, verify, cert)  # type: ignore[no-untyped-call]


class _CachedWire(CacheControlAdapter, _Wire):
    """The cache stands before the wire: what is fresh in it is served whether or not the host answers."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.controller.cacheable_status_codes = _KEPT

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        if _passes_by(request):
            return _Wire.send(self, request, *args, **kwargs)
        return super().send(request, *args, **kwargs)

    def build_response(  # type: ignore[override]
        self, request: requests.PreparedRequest, response: HTTPResponse, from_cache: bool = False
    ) -> requests.Response:
        if not _passes_by(request) and (from_cache or response.status in (304, *PERMANENT_REDIRECT_STATUSES)):
            return super().build_response(request, _with_freshness(response), from_cache)
        # CacheControl would copy the body to a temporary file while it is read; `keep` gets the whole body instead.
        return HTTPAdapter.build_response(self, request, response)

    def keep(self, response: requests.Response, body: bytes) -> None:
        if not getattr(response, "from_cache", False):
            self.controller.cache_response(response.request, _with_freshness(response.raw), body)


def _passes_by(request: requests.PreparedRequest) -> bool:
    return request.headers.get("Cache-Control") == "no-store"


def unreachable(url: str, problem: str, *, refused: bool = False) -> UnreachableError:
    """Return the error for a host that can't be connected to, or (`refused`) is not to be."""
    if refused:
        return UnreachableError(f"{redact(url)} is not asked: {problem}", hint=INTERNAL_HINT)
    return UnreachableError(
        f"{redact(url)} can't be reached: {problem}",
        hint="Check the network and the proxy settings; --offline serves what the cache has.",
    )


class Entries(BaseCache):
    """CacheControl's entries in a `Store`.

    Unlike its FileCache this needs no lock files (an entry is renamed into place), survives an unwritable folder, a
    full disk or a broken entry (each costs time, never an answer), and forgets nothing: CacheControl deletes what is
    stale and has no ETag, though `--offline` can serve it and Last-Modified can make it fresh again.
    """

    def __init__(self, folder: Path | None) -> None:
        self._store = Store(folder)

    def get(self, key: str) -> bytes | None:
        """Return the entry, or None if there is none or it is not what was written."""
        blob = self._store.get("http", self._key(key))
        if blob is None or hashlib.sha256(blob[32:]).digest() != blob[:32]:
            return None
        return blob[32:]

    def set(self, key: str, value: bytes, expires: int | datetime | None = None) -> None:  # noqa: ARG002
        """Keep the entry."""
        self._store.put("http", self._key(key), hashlib.sha256(value).digest() + value)

    def delete(self, key: str) -> None:
        """Do nothing: see the class."""

    @staticmethod
    def _key(key: str) -> str:
        return hashlib.sha256(key.encode()).hexdigest()


class _Serializer(Serializer):
    """Of request headers that `Vary` names only a hash is kept: one of them may be Authorization."""

    def serialize(self, data: dict[str, Any]) -> bytes:
        return super().serialize({**data, "vary": {name: _digest(value) for name, value in data["vary"].items()}})

    def prepare_response(
        self, request: requests.PreparedRequest, cached: Mapping[str, Any], body_file: IO[bytes] | None = None
    ) -> HTTPResponse | None:
        if any(_digest(request.headers.get(name)) != value for name, value in cached["vary"].items()):
            return None
        return super().prepare_response(request, {**cached, "vary": {}}, body_file)


def _digest(value: str | bytes | None) -> str | None:
    if value is None:
        return None
    return hashlib.sha256(value.encode() if isinstance(value, str) else value).hexdigest()


def _with_freshness(response: HTTPResponse) -> HTTPResponse:
    """Complete an answer: fresh for ten minutes where it says nothing about that, and of now if it has no date."""
    headers = response.headers
    now = formatdate(usegmt=True)
    if parse_http_date(headers.get("date", "")) is None:
        headers["date"] = now
    if "expires" in headers and parse_http_date(headers["expires"]) is None:
        headers["expires"] = now  # RFC 9111, 5.3: what can't be read is a time in the past
    said = headers.get("cache-control", "").lower()
    told = any(word in said for word in ("max-age", "no-cache", "no-store", "must-revalidate"))
    if not told and "expires" not in headers and response.status in (*_KEPT, 304):
        headers["cache-control"] = f"max-age={_HEURISTIC_SECONDS}"
    return response

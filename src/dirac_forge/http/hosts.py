"""Which hosts answer, and at which address: each is asked once a run, and who waits for a dead one waits once."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import os
import queue
import selectors
import socket
import threading
import time
from collections.abc import Iterable
from dataclasses import field
from typing import Any

from dirac_forge.http.trust import Trust
from dirac_forge.untrusted import split_url
from dirac_forge.values import dataclass

_UNDER_WAY = {errno.EINPROGRESS, errno.EWOULDBLOCK, getattr(errno, "WSAEWOULDBLOCK", errno.EWOULDBLOCK)}
_WORDS = {
    errno.ECONNREFUSED: "connection refused",
    errno.EHOSTUNREACH: "no route to the host",
    errno.ENETUNREACH: "no route to its network",
    errno.ETIMEDOUT: "no answer",
}
"""In the same words on every platform."""
_PORTS = {"http": 80, "https": 443}

_SECOND_LOOK_UPS = (0.5, 1.5)
"""Seconds after which a name is looked up again, beside the first look-up: glibc repeats a lost packet after 5 s."""


@dataclass(frozen=True, slots=True)
class _NotPublic:
    """None of a host's addresses may be asked."""

    address: str

    def __str__(self) -> str:
        return f"its address {self.address} is not public, and the settings do not name this host"


_Result = tuple[str, ...] | str | _NotPublic
"""The addresses, the one that answered first; or the problem."""
_Resolved = tuple[int, int, int, str, Any]
"""An answer of getaddrinfo: family, kind, protocol, canonical name, address."""


@dataclasses.dataclass
class _Host:
    lock: threading.Lock = field(default_factory=threading.Lock)
    asked: bool = False
    result: _Result = ()


class Hosts:
    """Remembers for the run which hosts can be connected to and where; safe to use from many threads.

    `requests` looks the name up for every connection, without a time-out, and tries its addresses one after another,
    each with the whole time-out: behind a firewall that drops packets that is a minute. Here a helper thread looks the
    name up once and connects to all its addresses at the same time; after `seconds` the host counts as dead.

    Addresses that `trust` does not allow are not connected to. As connections go to the addresses that were checked,
    a name that resolves differently later leads nowhere else.
    """

    def __init__(self, seconds: float = 5.0, *, trust: Trust | None = None) -> None:
        """Ask only hosts that `trust` allows; None: every address may be asked."""
        self._seconds = seconds
        self._trust = trust
        self._known: dict[tuple[str, int, bool], _Host] = {}
        self._lock = threading.Lock()
        self._listed: set[str] = set()

    def allow(self, urls: Iterable[str]) -> None:
        """Let just these URLs lead to any address, as an index that may itself be asked there lists them."""
        if self._trust is not None:
            self._listed.update(urls)

    def problem(self, url: str, *, proxy: str | None = None) -> str | None:
        """Return why `url`'s host (or the proxy on the way to it) can't be reached, or None if it can."""
        name, port = _address(url)
        host = self._host(name, port)
        if proxy is None and url in self._listed:
            result = self._asked(self._host(name, port, anywhere=True), name, port, None)
            return None if isinstance(result, tuple) else str(result)
        if proxy is not None and self._trust is not None and not self._trust.allows_name(name):
            host.result = _NotPublic(name)
        if not isinstance(host.result, tuple):
            return str(host.result)
        if proxy is None:
            result = self._asked(host, name, port, self._trust)
            return None if isinstance(result, tuple) else str(result)
        # The proxy itself is the choice of the user, wherever it is.
        name, port = _address(proxy)
        result = self._asked(self._host(name, port, anywhere=True), name, port, None)
        return None if isinstance(result, tuple) else f"the proxy {name}:{port}: {result}"

    def refuses(self, url: str) -> bool:
        """Return whether `problem` found no address of `url`'s host that may be asked."""
        return isinstance(self._host(*_address(url)).result, _NotPublic)

    def addresses(self, name: str, port: int) -> tuple[str, ...]:
        """Return the numeric addresses of a host or proxy, the one that answered first, or () if it was not asked
        yet.
        """
        results = (self._host(name, port, anywhere=anywhere).result for anywhere in (False, True))
        return next((result for result in results if isinstance(result, tuple) and result), ())

    def _asked(self, host: _Host, name: str, port: int, trust: Trust | None) -> _Result:
        with host.lock:
            if not host.asked:
                host.result = _connect_within(name, port, self._seconds, trust)
                host.asked = True
        return host.result

    def lost(self, url: str, problem: str) -> None:
        """Remember that the host of `url` could not be connected to."""
        host = self._host(*_address(url))
        host.result, host.asked = problem, True

    def _host(self, name: str, port: int, *, anywhere: bool = False) -> _Host:
        """Return what is known of a host; `anywhere`: where `trust` does not matter, as for proxies."""
        with self._lock:
            return self._known.setdefault((name.rstrip("."), port, anywhere), _Host())


def _address(url: str) -> tuple[str, int]:
    parts = split_url(url if "://" in url else f"http://{url}")
    return parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 80)


def _connect_within(name: str, port: int, seconds: float, trust: Trust | None) -> _Result:
    """Return the addresses, or why no connection is had within `seconds`, look-up of the name included."""
    answers: queue.SimpleQueue[_Result] = queue.SimpleQueue()
    start = time.monotonic()

    def connect() -> None:
        answers.put(_connect(name, port, start + seconds, trust))

    for until in (*(each for each in _SECOND_LOOK_UPS if each < seconds), seconds):
        threading.Thread(target=connect, daemon=True).start()
        with contextlib.suppress(queue.Empty):
            return answers.get(timeout=max(0.0, start + until - time.monotonic()))
    return f"no answer within {seconds:g} s"


def _connect(name: str, port: int, deadline: float, trust: Trust | None) -> _Result:
    try:
        resolved = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return "its name does not resolve"
    if trust is not None:
        first_address = next((str(each[4][0]) for each in resolved), "")
        resolved = [each for each in resolved if trust.allows(name, str(each[4][0]))]
        if not resolved:
            return _NotPublic(first_address)
    addresses = list(dict.fromkeys(str(each[4][0]) for each in resolved))
    problem = "no answer"
    with contextlib.ExitStack() as sockets, selectors.DefaultSelector() as selector:
        for each in resolved:
            problem = _started(each, sockets, selector) or problem
        first = _first_connected(selector, deadline, problem)
    if first in addresses:
        addresses.remove(first)
        return (first, *addresses)
    return first


def _started(resolved: _Resolved, sockets: contextlib.ExitStack, selector: selectors.BaseSelector) -> str:
    """Start to connect to an address, and register the socket. Return the problem, or "" if there is none yet."""
    family, kind, protocol, _, address = resolved
    try:
        attempt = sockets.enter_context(socket.socket(family, kind, protocol))
        attempt.setblocking(False)
        code = attempt.connect_ex(address)
    except OSError as error:  # an address family that this machine does not have
        code = error.errno or errno.EADDRNOTAVAIL
    if code not in {0, *_UNDER_WAY}:
        return _words(code)
    selector.register(attempt, selectors.EVENT_WRITE, str(address[0]))
    return ""


def _words(code: int) -> str:
    return _WORDS.get(code) or os.strerror(code).lower()


def _first_connected(selector: selectors.BaseSelector, deadline: float, problem: str) -> str:
    """Return the address whose socket is connected first, else the last problem."""
    while selector.get_map() and (left := deadline - time.monotonic()) > 0:
        for key, _ in selector.select(left):
            attempt = key.fileobj
            code = attempt.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) if isinstance(attempt, socket.socket) else 0
            if code == 0:
                return str(key.data)
            problem = _words(code)
            selector.unregister(attempt)
    return problem

"""Which hosts answer at all: each is asked once a run, and who waits for a dead one waits once."""

from __future__ import annotations

import contextlib
import errno
import os
import queue
import selectors
import socket
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

__all__ = ["Hosts"]

_UNDER_WAY = {errno.EINPROGRESS, errno.EWOULDBLOCK, getattr(errno, "WSAEWOULDBLOCK", errno.EWOULDBLOCK)}
_PORTS = {"http": 80, "https": 443}


@dataclass
class _Host:
    lock: threading.Lock = field(default_factory=threading.Lock)
    asked: bool = False
    problem: str | None = None


class Hosts:
    """Remembers for the run which hosts can be connected to; safe to use from many threads.

    `requests` tries the addresses of a name one after another, each with the whole time-out, and looks the name up
    without any: a host behind a firewall that drops packets would cost a minute. Here a helper thread looks it up and
    connects to all its addresses at once, and after `seconds` the host counts as dead.
    """

    def __init__(self, seconds: float = 5.0) -> None:
        self._seconds = seconds
        self._known: dict[tuple[str, int], _Host] = {}
        self._lock = threading.Lock()

    def problem(self, url: str, *, proxy: str | None = None) -> str | None:
        """Why `url`'s host (or the proxy on the way to it) can't be reached; None where it can."""
        host = self._host(url)
        if host.problem is not None:
            return host.problem
        way = host if proxy is None else self._host(proxy)
        with way.lock:
            if not way.asked:
                way.problem = _connect_within(*_address(proxy or url), self._seconds)
                way.asked = True
        if way.problem is not None and proxy is not None:
            return f"the proxy {_address(proxy)[0]}: {way.problem}"
        return way.problem

    def lost(self, url: str, problem: str) -> None:
        """Remember that the host of `url` could not be connected to."""
        host = self._host(url)
        host.asked = True
        host.problem = problem

    def _host(self, url: str) -> _Host:
        with self._lock:
            return self._known.setdefault(_address(url), _Host())


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url if "://" in url else f"http://{url}")
    return parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 80)


def _connect_within(name: str, port: int, seconds: float) -> str | None:
    """Why no connection is had within `seconds`, name look-up included; None where one is."""
    found: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    deadline = time.monotonic() + seconds
    threading.Thread(target=lambda: found.put(_connect(name, port, deadline)), daemon=True).start()
    try:
        return found.get(timeout=seconds)
    except queue.Empty:
        return f"no answer within {seconds:g} s"


def _connect(name: str, port: int, deadline: float) -> str | None:
    try:
        addresses = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return "its name does not resolve"
    problem = "no answer"
    with contextlib.ExitStack() as open_sockets, selectors.DefaultSelector() as selector:
        for family, kind, protocol, _, address in addresses:
            try:
                attempt = open_sockets.enter_context(socket.socket(family, kind, protocol))
                attempt.setblocking(False)
                code = attempt.connect_ex(address)
            except OSError as error:  # an address family that this machine does not have
                code = error.errno or errno.EADDRNOTAVAIL
            else:
                if code in _UNDER_WAY:
                    selector.register(attempt, selectors.EVENT_WRITE, attempt)
                    continue
            if code == 0:
                return None
            problem = os.strerror(code).lower()
        return _first_connected(selector, deadline, problem)


def _first_connected(selector: selectors.BaseSelector, deadline: float, problem: str) -> str | None:
    while selector.get_map() and (left := deadline - time.monotonic()) > 0:
        for key, _ in selector.select(left):
            code = key.data.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if code == 0:
                return None
            problem = os.strerror(code).lower()
            selector.unregister(key.fileobj)
    return problem

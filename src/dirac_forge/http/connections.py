"""Connections to the addresses that `Hosts` found, over one TLS context."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError
from urllib3.util.ssl_ import create_urllib3_context

from dirac_forge.http.pace import PacedResponse

Addresses = Callable[[str, int], tuple[str, ...]]
"""From the name and port of a host to its numeric addresses, the best one first, or () if they are not known."""


class Contexts:
    """TLS contexts by the CA bundle (a file or folder) that they trust."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: dict[str, ssl.SSLContext] = {}

    def trusting(self, bundle: str) -> ssl.SSLContext:
        """Return a context that verifies certificates and host names; raises OSError if the bundle can't be read."""
        with self._lock:
            if bundle not in self._made:
                context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
                try:
                    if Path(bundle).is_dir():
                        context.load_verify_locations(capath=bundle)
                    else:
                        context.load_verify_locations(cafile=bundle)
                except OSError as error:  # ssl.SSLError is one
                    raise OSError(f"the CA bundle {bundle} can't be read ({error.strerror or error})") from error
                self._made[bundle] = context
            return self._made[bundle]


def pool_classes(addresses: Addresses) -> dict[str, type[HTTPConnectionPool]]:
    """Return the pools of connections that go to `addresses`, by scheme.

    urllib3 looks the name up again for each connection: sixteen at once are more than some name servers answer, and
    each lost packet costs 5 s.
    """

    class Plain(HTTPConnection):
        response_class = PacedResponse

        def _new_conn(self) -> socket.socket:
            return _to_first(self, addresses, super()._new_conn)

    class Secure(HTTPSConnection):
        response_class = PacedResponse

        def _new_conn(self) -> socket.socket:
            return _to_first(self, addresses, super()._new_conn)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


def _to_first(connection: HTTPConnection, addresses: Addresses, connect: Callable[[], socket.socket]) -> socket.socket:
    """Return a socket to the first address that takes one; the name stays what it is for TLS, proxies and messages."""
    name = connection.host
    known = addresses(name, connection.port) or (name,)
    try:
        for address in known[:-1]:
            connection.host = address
            try:
                return connect()
            except ConnectTimeoutError:  # and its subclass NewConnectionError
                continue
        connection.host = known[-1]
        return connect()
    finally:
        connection.host = name

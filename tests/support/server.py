"""A real HTTP/1.1 server on the loopback interface whose answers are made by a function."""

from __future__ import annotations

import contextlib
import http.server
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

__all__ = ["Answer", "Asked", "Serve", "Server", "dead_port"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """One request as the server got it; names of headers are lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def line(self) -> str:
        """Method and path, for assertions on logs."""
        return f"{self.method} {self.path}"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What to answer. A body in pieces is sent as it comes; then Content-Length is sent only where `headers` has it."""

    status: int = 200
    """0: nothing at all is said, and the connection closed."""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Iterable[bytes] = b""
    hang_up: bool = False
    """Close the connection after the body, also where Content-Length promises more."""


class Server:
    """Serves on 127.0.0.1 from threads; `log` holds every request in order of arrival. A context manager."""

    def __init__(
        self, answer: Callable[[Asked], Answer], *, latency: float = 0.0, certificate: Path | None = None
    ) -> None:
        """`latency`: seconds before each answer; `certificate`: a file with key and certificate, to serve https."""
        self.answer = answer
        self.latency = latency
        self.clock: Callable[[], float] = time.time
        """For the header Date."""
        self.log: list[Asked] = []
        self.connections = 0
        """Connections accepted so far."""
        self.most_at_once = 0
        """The largest number of requests that were being answered at the same time."""
        self._answering = 0
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()
        self._http = _Threads(("127.0.0.1", 0), _handler(self))
        self.port: int = self._http.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._http.socket = context.wrap_socket(self._http.socket, server_side=True, do_handshake_on_connect=False)
            self.url = f"https://localhost:{self.port}"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        with self._lock:
            sockets = list(self._sockets)
        for open_socket in sockets:
            with contextlib.suppress(OSError):
                open_socket.shutdown(socket.SHUT_RDWR)
        self._http.server_close()
        self._thread.join()

    def lines(self) -> list[str]:
        """`GET /path` of each request so far."""
        return [asked.line for asked in list(self.log)]

    def forget(self) -> None:
        """Empty the log."""
        self.log.clear()

    @contextlib.contextmanager
    def _connected(self, connection: socket.socket) -> Iterator[None]:
        with self._lock:
            self._sockets.add(connection)
            self.connections += 1
        try:
            yield
        finally:
            with self._lock:
                self._sockets.discard(connection)

    def _ask(self, asked: Asked) -> Answer:
        with self._lock:
            self.log.append(asked)
            self._answering += 1
            self.most_at_once = max(self.most_at_once, self._answering)
        try:
            if self.latency:
                time.sleep(self.latency)
            return self.answer(asked)
        finally:
            with self._lock:
                self._answering -= 1


Serve = Callable[[Callable[[Asked], Answer]], Server]
"""Starts a server."""


class _Threads(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = False
    block_on_close = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is not news."""


class _Reader(http.server.BaseHTTPRequestHandler):
    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", "0")))
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)


def _handler(server: Server) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(_Reader):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def handle(self) -> None:
            with server._connected(self.connection), contextlib.suppress(OSError):
                super().handle()

        def finish(self) -> None:
            with contextlib.suppress(OSError):
                super().finish()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """The log is `Server.log`."""

        def date_time_string(self, timestamp: float | None = None) -> str:
            return super().date_time_string(server.clock() if timestamp is None else timestamp)

        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = server._ask(Asked(method=self.command, path=self.path, headers=headers, body=self._body()))
            if answer.status == 0:
                self.close_connection = True
                return
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            bodiless = answer.status in (204, 304)
            sized = "content-length" in {name.lower() for name in answer.headers}
            if isinstance(answer.body, bytes) and not sized and not bodiless:
                self.send_header("Content-Length", str(len(answer.body)))
                sized = True
            if answer.hang_up or not (sized or bodiless):
                self.send_header("Connection", "close")
                self.close_connection = True
            self.end_headers()
            if self.command == "HEAD" or bodiless:
                return
            for chunk in [answer.body] if isinstance(answer.body, bytes) else answer.body:
                self.wfile.write(chunk)
                self.wfile.flush()

        do_HEAD = do_POST = do_PATCH = do_PUT = do_DELETE = do_GET  # noqa: N815

    return Handler


def dead_port() -> int:
    """A loopback port on which nothing listens: a connection is refused at once."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

"""Answers that never end, in their status line, headers, interim answers or chunks."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from dirac_forge.http import Http, Page, UnreachableError, pace


@contextmanager
def talking(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that answers each request with what `talk` sends; its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection, contextlib.suppress(OSError):
                    if connection.recv(4096):
                        talk(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/x"
        listening.shutdown(socket.SHUT_RDWR)


def dribbling(start: bytes, piece: bytes, pause: float = 0.02) -> Callable[[socket.socket], None]:
    def talk(connection: socket.socket) -> None:
        connection.sendall(start)
        while True:
            connection.sendall(piece)
            time.sleep(pause)

    return talk


SLOW = "less than 10,000 bytes a second arrived"
ENDLESS = "its headers did not end within 0.3 s"


@pytest.mark.parametrize(
    ("talk", "said"),
    [
        (dribbling(b"HTTP/1.1 200 ", b"O"), ENDLESS),
        (dribbling(b"HTTP/1.1 200 OK\r\nX-Long: ", b"a"), ENDLESS),
        (dribbling(b"HTTP/1.1 200 OK\r\n\r\n", b"a"), SLOW),
        (dribbling(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"a"), SLOW),
        (dribbling(b"HTTP/1.1 100 Continue\r\n", b"X: y\r\n\r\nHTTP/1.1 100 Continue\r\n"), ENDLESS),
    ],
    ids=["status", "header", "body", "chunk", "interim"],
)
def test_a_byte_now_and_then_is_too_slow(
    talk: Callable[[socket.socket], None], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "GRACE", 0.3)
    monkeypatch.setattr(pace, "_PACES", ((0.0, 10_000),))
    with talking(talk) as url, Http(cache=None) as http, pytest.raises(UnreachableError) as error:
        http.page(url, limit=10_000)
    assert error.value.message == f"{url}: {said}"


def test_headers_without_end_are_refused() -> None:
    flood = dribbling(b"", b"HTTP/1.1 100 Continue\r\nX: " + b"y" * 60_000 + b"\r\n\r\n", 0.0)
    with talking(flood) as url, Http(cache=None) as http, pytest.raises(UnreachableError) as error:
        http.page(url, limit=10_000)
    assert error.value.message == f"{url}: its headers have more than 1,048,576 bytes"


@pytest.mark.parametrize(
    "header",
    [
        f"Retry-After: {'9' * 5000}",
        "Retry-After: Fri, 31 Dec 99999 23:59:59 GMT",
        "Location: http://[",
        "Location: //[",
        "Location: \xff\xfe",
    ],
)
@pytest.mark.parametrize("status", ["503 x", "302 x"])
def test_headers_that_cannot_be_parsed_are_no_crash(header: str, status: str) -> None:
    answer = f"HTTP/1.1 {status}\r\n{header}\r\nContent-Length: 0\r\n\r\n".encode("latin-1")
    with talking(lambda connection: connection.sendall(answer)) as url, Http(cache=None) as http:
        http._exchange.pause = lambda seconds: None
        with pytest.raises(UnreachableError):
            http.page(url, limit=10)


@pytest.mark.parametrize("date", ["Fri, 31 Dec 99999 23:59:59 GMT", "soon", "9" * 5000, "Xxx, 32 Abc 2026 25:61:61"])
def test_dates_that_cannot_be_parsed_are_of_now(date: str, tmp_path: object) -> None:
    text = f"HTTP/1.1 200 OK\r\nDate: {date}\r\nExpires: {date}\r\nLast-Modified: {date}\r\nContent-Length: 2\r\n\r\nab"
    answer = text.encode()
    with talking(lambda connection: connection.sendall(answer)) as url:
        for _ in range(2):
            with Http(cache=tmp_path) as http:  # type: ignore[arg-type]
                page = http.page(url, limit=10)
                assert isinstance(page, Page)
                assert page.body == b"ab"

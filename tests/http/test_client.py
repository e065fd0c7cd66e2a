"""Asking: answers, errors, retries, redirects, ranges, limits, credentials."""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from dirac_forge.errors import ForgeError, InputError
from dirac_forge.http import (
    HashMismatchError,
    Http,
    NotFoundError,
    Page,
    RangePart,
    RefusedError,
    TooLargeError,
    UnreachableError,
)
from dirac_forge.http.session import USER_AGENT
from dirac_forge.progress import Silent
from support.server import Answer, Asked, Server, dead_port

Serve = Callable[[Callable[[Asked], Answer]], Server]
LIMIT = 1_000_000


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def http(pauses: list[float]) -> Iterator[Http]:
    """Without a cache; pauses between tries are noted, not made."""
    with Http(cache=None, timeout=10) as http:
        http._exchange.pause = pauses.append
        yield http


def in_turn(*answers: Answer) -> Callable[[Asked], Answer]:
    """The answers one after another, the last one for ever."""
    left = list(answers)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


def test_page(serve: Serve, http: Http) -> None:
    server = serve(lambda _: Answer(headers={"X-Serial": "7"}, body=b"hello"))
    page = http.page(f"{server.url}/x?a=1", accept="text/html", limit=5)
    assert isinstance(page, Page)
    assert (page.url, page.body, page.headers["x-serial"]) == (f"{server.url}/x?a=1", b"hello", "7")
    (asked,) = server.log
    assert asked.line == "GET /x?a=1"
    assert asked.headers["accept"] == "text/html"
    assert asked.headers["user-agent"] == USER_AGENT
    assert USER_AGENT.endswith(" (+https://github.com/DIRACGrid/dirac-forge)")


@pytest.mark.parametrize("status", [404, 410])
def test_nothing_there(serve: Serve, http: Http, status: int) -> None:
    server = serve(lambda _: Answer(status=status))
    reason = {404: "Not Found", 410: "Gone"}[status]
    with pytest.raises(NotFoundError) as error:
        http.page(f"{server.url}/x", limit=LIMIT)
    assert str(error.value) == f"{server.url}/x: there is nothing here ({status} {reason})"
    assert len(server.log) == 1


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (401, "access is refused (401 Unauthorized)"),
        (403, "access is refused (403 Forbidden)"),
        (400, "the server refuses (400 Bad Request)"),
        (204, "the server answers 204 No Content, expected 200 OK"),
        (304, "the server answers 304 Not Modified, expected 200 OK"),
    ],
)
def test_refused(serve: Serve, http: Http, status: int, said: str) -> None:
    server = serve(lambda _: Answer(status=status))
    with pytest.raises(UnreachableError) as error:
        http.page(f"{server.url}/x", limit=LIMIT)
    assert error.value.message == f"{server.url}/x: {said}"
    assert isinstance(error.value, RefusedError) == (400 <= status < 500)
    assert error.value.exit_code == 3
    assert len(server.log) == 1


def test_failing_server_is_asked_again_with_longer_and_longer_pauses(
    serve: Serve, http: Http, pauses: list[float]
) -> None:
    server = serve(in_turn(Answer(status=503), Answer(status=500), Answer(status=502), Answer(body=b"at last")))
    assert http.page(server.url, limit=LIMIT).body == b"at last"
    assert len(server.log) == 4
    assert len(pauses) == 3
    assert 0 <= pauses[0] <= 0.5
    assert 1 <= pauses[1] <= 1.5
    assert 2 <= pauses[2] <= 2.5


def test_failing_server_is_given_up(serve: Serve, http: Http) -> None:
    server = serve(lambda _: Answer(status=500))
    with pytest.raises(UnreachableError) as error:
        http.page(f"{server.url}/x", limit=LIMIT)
    assert str(error.value) == f"{server.url}/x: the server fails (500 Internal Server Error)\nTry again later."
    assert len(server.log) == 4


def test_retry_after_is_honoured(serve: Serve, pauses: list[float]) -> None:
    server = serve(in_turn(Answer(status=429, headers={"Retry-After": "17"}), Answer(body=b"ok")))
    observer = Silent()
    with Http(cache=None, observer=observer) as http:
        http._exchange.pause = pauses.append
        assert http.page(server.url, limit=LIMIT).body == b"ok"
    assert pauses == [17]
    assert observer.warnings == ["127.0.0.1 asks for fewer requests: waiting 17 s"]


def test_a_long_retry_after_is_an_error_at_once(serve: Serve, http: Http, pauses: list[float]) -> None:
    server = serve(lambda _: Answer(status=429, headers={"Retry-After": "3600"}))
    with pytest.raises(RefusedError) as error:
        http.page(server.url + "/x", limit=LIMIT)
    assert str(error.value) == (
        f"{server.url}/x: the server refuses (429 Too Many Requests) and asks to come back in 3600 s"
    )
    assert (len(server.log), pauses) == (1, [])


def test_a_nonsensical_retry_after_is_none(serve: Serve, http: Http, pauses: list[float]) -> None:
    server = serve(in_turn(Answer(status=503, headers={"Retry-After": "soon"}), Answer(body=b"ok")))
    assert http.page(server.url, limit=LIMIT).body == b"ok"
    assert len(pauses) == 1


def test_a_body_that_breaks_off_is_asked_for_again(serve: Serve, http: Http) -> None:
    half = Answer(headers={"Content-Length": "10"}, body=b"12345", hang_up=True)
    server = serve(in_turn(half, Answer(body=b"1234567890")))
    assert http.page(server.url, limit=LIMIT).body == b"1234567890"
    assert len(server.log) == 2


def test_a_body_that_always_breaks_off(serve: Serve, http: Http) -> None:
    server = serve(lambda _: Answer(headers={"Content-Length": "10"}, body=b"12345", hang_up=True))
    with pytest.raises(UnreachableError) as error:
        http.page(f"{server.url}/x", limit=LIMIT)
    assert error.value.message == f"{server.url}/x: the connection broke"
    assert len(server.log) == 4


def test_a_slow_host_and_a_body_that_stalls(serve: Serve) -> None:
    done = threading.Event()

    def stalling(asked: Asked) -> Answer:
        def body() -> Iterator[bytes]:
            yield b"12345"
            done.wait(10)

        if asked.path == "/slow":
            done.wait(10)
        return Answer(headers={"Content-Length": "10"}, body=body(), hang_up=True)

    server = serve(stalling)
    with Http(cache=None, timeout=0.2) as http:
        for path in ("/slow", "/stalls"):
            with pytest.raises(UnreachableError) as error:
                http.page(server.url + path, limit=LIMIT)
            assert error.value.message == f"{server.url}{path}: no data for 0.2 s"
    done.set()
    assert server.lines() == ["GET /slow", "GET /stalls"]


def test_a_body_in_chunks_without_a_length(serve: Serve, http: Http) -> None:
    server = serve(lambda _: Answer(body=iter([b"abc", b"def"])))
    assert http.page(server.url, limit=6).body == b"abcdef"
    server = serve(lambda _: Answer(body=iter([b"abc", b"def"])))
    with pytest.raises(TooLargeError) as error:
        http.page(f"{server.url}/x", limit=5)
    assert str(error.value) == f"{server.url}/x: the body is larger than its limit of 5 bytes"


def test_a_length_over_the_limit_is_not_read(serve: Serve, http: Http) -> None:
    server = serve(lambda _: Answer(headers={"Content-Length": "5000000000"}, body=b"x", hang_up=True))
    with pytest.raises(TooLargeError):
        http.page(server.url, limit=LIMIT)


def test_a_small_body_that_unfolds_is_stopped_at_the_limit(serve: Serve, http: Http) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    server = serve(lambda _: Answer(headers={"Content-Encoding": "gzip"}, body=bomb))
    with pytest.raises(TooLargeError) as error:
        http.page(f"{server.url}/x", limit=LIMIT)
    assert str(error.value) == f"{server.url}/x: the body is larger than its limit of 1,000,000 bytes"


def test_a_body_that_is_not_what_its_encoding_says(serve: Serve, http: Http) -> None:
    server = serve(lambda _: Answer(headers={"Content-Encoding": "gzip"}, body=b"no gzip"))
    with pytest.raises(UnreachableError) as error:
        http.page(f"{server.url}/x", limit=LIMIT)
    assert str(error.value) == f"{server.url}/x: its body does not match its Content-Encoding"


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://host/x", "pypi.org/simple", "https://", "http://h:x/", ""]
)
def test_only_http_urls(http: Http, url: str) -> None:
    with pytest.raises(InputError) as error:
        http.page(url, limit=LIMIT)
    assert str(error.value) == f"{url} is not an http or https URL"


def test_redirects_are_followed(serve: Serve, http: Http) -> None:
    def answer(asked: Asked) -> Answer:
        if asked.path == "/old":
            return Answer(status=302, headers={"Location": "new/"}, body=b"moved")
        return Answer(body=b"here")

    server = serve(answer)
    page = http.page(f"{server.url}/old", limit=LIMIT)
    assert (page.url, page.body) == (f"{server.url}/new/", b"here")
    assert server.connections == 2  # one to see whether the host answers, one for both requests


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://elsewhere/x"])
def test_redirects_lead_to_http_only(serve: Serve, http: Http, target: str) -> None:
    server = serve(lambda _: Answer(status=302, headers={"Location": target}))
    with pytest.raises(UnreachableError) as error:
        http.page(f"{server.url}/x", limit=LIMIT)
    assert str(error.value) == f"{server.url}/x redirects to {target}, expected an http or https URL"


def test_redirects_in_a_circle_end(serve: Serve, http: Http) -> None:
    server = serve(lambda _: Answer(status=301, headers={"Location": "/x"}))
    with pytest.raises(UnreachableError) as error:
        http.page(f"{server.url}/x", limit=LIMIT)
    assert str(error.value) == f"{server.url}/x: more than 10 redirects"
    assert len(server.log) == 11


def test_the_body_of_a_redirect_or_an_error_is_not_read_whole(serve: Serve, http: Http) -> None:
    sent = []

    def endless() -> Iterator[bytes]:
        for _ in range(1000):
            sent.append(1)
            yield bytes(1_000_000)

    def answer(asked: Asked) -> Answer:
        if asked.path == "/x":
            return Answer(status=302, headers={"Location": "/y", "Content-Length": "1000000000"}, body=endless())
        return Answer(status=503, headers={"Content-Length": "1000000000"}, body=endless())

    server = serve(answer)
    with pytest.raises(UnreachableError):
        http.page(f"{server.url}/x", limit=LIMIT)
    assert len(server.log) == 8
    assert len(sent) < 100


def test_credentials_in_a_url_are_sent_to_their_host_only_and_never_shown(serve: Serve, http: Http) -> None:
    other = serve(lambda _: Answer(status=403))
    server = serve(
        lambda asked: Answer(status=302, headers={"Location": f"{other.url}/y"}) if asked.path == "/x" else Answer()
    )
    with_secret = server.url.replace("http://", "http://me:s%40cret@")
    page = http.page(f"{with_secret}/simple/", limit=LIMIT)
    assert page.url == f"{server.url}/simple/"
    assert server.log[0].headers["authorization"] == "Basic bWU6c0BjcmV0"
    http.page(f"{server.url}/file", limit=LIMIT)
    assert server.log[1].headers["authorization"] == "Basic bWU6c0BjcmV0"
    with pytest.raises(RefusedError) as error:
        http.page(f"{with_secret}/x", limit=LIMIT)
    assert "authorization" not in other.log[0].headers
    assert "cret" not in str(error.value)
    expected = "Credentials are taken from the URL (https://user:token@host/…), or from ~/.netrc for hosts "
    assert error.value.hint == f"{expected}that the settings name."
    with pytest.raises(InputError) as refused:
        http.page("ftp://me:secret@host/", limit=LIMIT)
    assert str(refused.value) == "ftp://***@host/ is not an http or https URL"


def test_no_cookies_are_kept(serve: Serve, http: Http) -> None:
    server = serve(lambda _: Answer(headers={"Set-Cookie": "a=b; Path=/"}))
    http.page(server.url, limit=LIMIT)
    http.page(server.url, limit=LIMIT)
    assert "cookie" not in server.log[1].headers


CONTENT = bytes(range(100))


def ranged(asked: Asked) -> Answer:
    first, _, last = asked.headers["range"].removeprefix("bytes=").partition("-")
    start = int(first) if first else max(0, len(CONTENT) - int(last))
    stop = min(len(CONTENT), int(last) + 1) if first else len(CONTENT)
    told = f"bytes {start}-{stop - 1}/{len(CONTENT)}"
    return Answer(status=206, headers={"Content-Range": told}, body=CONTENT[start:stop])


def test_parts(serve: Serve, http: Http) -> None:
    server = serve(ranged)
    assert http.part(server.url, start=10, length=5) == RangePart(start=10, total=100, body=CONTENT[10:15])
    assert http.part(server.url, start=90, length=50) == RangePart(start=90, total=100, body=CONTENT[90:])
    assert http.part(server.url, length=3) == RangePart(start=97, total=100, body=CONTENT[97:])
    assert http.part(server.url, length=500) == RangePart(start=0, total=100, body=CONTENT)
    assert [asked.headers["range"] for asked in server.log] == ["bytes=10-14", "bytes=90-139", "bytes=-3", "bytes=-500"]
    assert {asked.headers["accept-encoding"] for asked in server.log} == {"identity"}


@pytest.mark.parametrize("status", [400, 405, 416, 501])
def test_ranges_that_a_server_can_not_serve(serve: Serve, http: Http, status: int) -> None:
    server = serve(lambda _: Answer(status=status, headers={"Content-Range": "bytes */100"}))
    assert http.part(server.url, length=500) is None
    assert len(server.log) == 1


def test_a_server_that_ignores_ranges_is_not_listened_to(serve: Serve, http: Http) -> None:
    sent = []

    def endless() -> Iterator[bytes]:
        for _ in range(1000):
            sent.append(1)
            yield bytes(1_000_000)

    server = serve(lambda _: Answer(headers={"Content-Length": "1000000000"}, body=endless()))
    assert http.part(server.url, length=100) is None
    assert len(sent) < 100


@pytest.mark.parametrize(
    "told",
    ["", "bytes 11-15/100", "bytes 10-15/100", "bytes 10-13/100", "bytes 10-14/*", "bytes 10-14/12", "10-14/100"],
)
def test_a_part_that_is_not_the_one_asked_for(serve: Serve, http: Http, told: str) -> None:
    server = serve(lambda _: Answer(status=206, headers={"Content-Range": told}, body=CONTENT[10:15]))
    assert http.part(server.url, start=10, length=5) is None


def test_a_part_with_another_length_than_it_says(serve: Serve, http: Http) -> None:
    server = serve(lambda _: Answer(status=206, headers={"Content-Range": "bytes 10-14/100"}, body=b"123"))
    with pytest.raises(UnreachableError) as error:
        http.part(f"{server.url}/x", start=10, length=5)
    assert str(error.value) == f"{server.url}/x: 3 bytes came for bytes 10-14/100"
    server = serve(lambda _: Answer(status=206, headers={"Content-Range": "bytes 10-14/100"}, body=b"123456"))
    with pytest.raises(TooLargeError):
        http.part(f"{server.url}/x", start=10, length=5)


def test_a_part_of_nothing(serve: Serve, http: Http) -> None:
    server = serve(lambda _: Answer(status=404))
    with pytest.raises(NotFoundError):
        http.part(server.url, length=5)


def test_download(serve: Serve, http: Http) -> None:
    content = bytes(300_000)
    digest = hashlib.sha256(content).hexdigest()
    server = serve(lambda _: Answer(body=content))
    with http.download(server.url, limit=len(content), sha256=digest.upper()) as file:
        assert file.read() == content
        file.seek(-3, 2)
        assert file.read() == content[-3:]
    assert file.closed


def test_download_of_another_file(serve: Serve, http: Http) -> None:
    server = serve(lambda _: Answer(body=b"changed"))
    expected = hashlib.sha256(b"original").hexdigest()
    got = hashlib.sha256(b"changed").hexdigest()
    with (
        pytest.raises(HashMismatchError) as error,
        http.download(f"{server.url}/demo-1.0.tar.gz", limit=LIMIT, sha256=expected),
    ):
        pytest.fail("the file was handed out")
    assert error.value.message == (
        f"{server.url}/demo-1.0.tar.gz is not the file that was expected: sha256 {expected} expected, {got} got"
    )


def test_download_is_not_decoded_and_starts_anew_after_a_break(serve: Serve, http: Http) -> None:
    archive = gzip.compress(b"a tarball")
    dressed = {"Content-Encoding": "gzip"}
    half = Answer(headers={**dressed, "Content-Length": str(len(archive))}, body=archive[:10], hang_up=True)
    server = serve(in_turn(half, Answer(headers=dressed, body=archive)))
    with http.download(server.url, limit=LIMIT, sha256=hashlib.sha256(archive).hexdigest()) as file:
        assert file.read() == archive


def test_download_over_the_limit(serve: Serve, http: Http) -> None:
    server = serve(lambda _: Answer(body=iter([bytes(100)] * 11)))
    with pytest.raises(TooLargeError), http.download(server.url, limit=1000):
        pytest.fail("the file was handed out")


def test_download_without_room(serve: Serve, http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/nowhere/at/all")
    server = serve(lambda _: Answer(body=b"x"))
    with pytest.raises(ForgeError) as error, http.download(server.url, limit=LIMIT):
        pytest.fail("the file was handed out")
    assert error.value.message == "A temporary file in /nowhere/at/all can't be written: No such file or directory"


def test_at_most_so_many_connections_a_host(serve: Serve) -> None:
    together = threading.Barrier(3)

    def answer(asked: Asked) -> Answer:
        together.wait(10)  # breaks unless three requests are under way at the same time
        return Answer(body=asked.path.encode())

    server = serve(answer)
    paths = [f"/{number}" for number in range(12)]
    with Http(cache=None, connections=3) as http, ThreadPoolExecutor(12) as executor:
        pages = list(executor.map(lambda path: http.page(server.url + path, limit=LIMIT), paths))
    assert [page.body.decode() for page in pages] == paths
    assert server.most_at_once == 3
    assert server.connections == 4  # one more to see whether the host answers


def test_many_unread_answers_do_not_use_the_connections_up(serve: Serve) -> None:
    server = serve(lambda _: Answer(body=bytes(1000)))
    with Http(cache=None, connections=2) as http:
        assert [http.part(server.url, length=5) for _ in range(10)] == [None] * 10
        for _ in range(10):
            with pytest.raises(TooLargeError):
                http.page(server.url, limit=10)


@pytest.mark.parametrize("ranges", [True, False])
def test_the_start_of_a_file_whether_ranges_are_served_or_not(ranges: bool, serve: Serve, http: Http) -> None:
    def answer(asked: Asked) -> Answer:
        assert asked.headers["range"] == "bytes=0-3"
        if ranges:
            return Answer(status=206, headers={"Content-Range": "bytes 0-3/100000"}, body=b"abcd")
        # A server that ignores ranges begins to send all of it; the rest is never read.
        return Answer(headers={"Content-Length": str(10 * 1024**3), "X-Kind": "a"}, body=b"abcdefgh" * 9, hang_up=True)

    server = serve(answer)
    page = http.start(f"{server.url}/x", length=4)
    assert (page.body, page.url) == (b"abcd", f"{server.url}/x")
    assert ranges or page.headers["x-kind"] == "a"


def test_the_start_of_what_is_not_there_and_of_what_is_short(serve: Serve, http: Http) -> None:
    server = serve(lambda asked: Answer(body=b"ab") if asked.path == "/short" else Answer(status=404))
    assert http.start(f"{server.url}/short", length=400).body == b"ab"
    with pytest.raises(NotFoundError):
        http.start(f"{server.url}/none", length=4)


def test_why_a_host_can_not_be_asked(serve: Serve, http: Http) -> None:
    assert http.problem(serve(lambda asked: Answer()).url) is None
    assert http.problem(f"http://127.0.0.1:{dead_port()}") == "connection refused"
    with Http(cache=None, offline=True) as offline:
        assert offline.problem("https://example.org") == "this run is offline"

"""The one door to the web."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from json import dumps
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import IO, TYPE_CHECKING, Self

from dirac_forge.errors import ForgeError, redact
from dirac_forge.http.answers import (
    Answer,
    Page,
    RangePart,
    UnreachableError,
    parse_content_range,
)
from dirac_forge.http.bodies import pieces, unfolded
from dirac_forge.http.hashes import HashCheck
from dirac_forge.http.trust import Trust
from dirac_forge.progress import Observer, Silent

if TYPE_CHECKING:
    from requests import Response

_NO_RANGES = frozenset({400, 405, 416, 501})
"""What servers say to a range that they can't serve; some refuse only ranges from the end."""

_NONE: Mapping[str, str] = MappingProxyType({})


class Http:
    """One session for a run: retries, time-outs, an on-disk cache, limits, and errors in words.

    Safe to use from many threads; a context manager that closes the connections. A host that can't be connected to
    costs at most 5 s once, then every request to it fails at once. Credentials in a URL (`https://user:token@host/`)
    are taken out of it, used for every request to that host and never shown; others come from ~/.netrc, over https and
    for the hosts of `trust` only.
    """

    def __init__(
        self,
        *,
        cache: Path | None,
        offline: bool = False,
        connections: int = 8,
        timeout: float = 30.0,
        observer: Observer | None = None,
        trust: Trust | None = None,
    ) -> None:
        """`cache`: folder of the HTTP cache (None: nothing is kept); `connections`: at most so many a host at a time;
        `timeout`: seconds without any byte after which an answer is given up (connecting: 5 s); `trust`: which hosts
        may be asked at an address that is not public, also after a redirect, and which get credentials of ~/.netrc.
        Without it every URL has to be the caller's own: every address is asked, and ~/.netrc is not read.
        """
        # `requests` takes 0.15 s to import: commands and rooms that only name these classes do not pay for it.
        from dirac_forge.http.exchange import Exchange  # noqa: PLC0415

        self._offline = offline
        self.pages_read: dict[str, str] = {}
        """The URLs of the pages that were read, and what was accepted of each."""
        self._exchange = Exchange(
            cache=cache,
            offline=offline,
            connections=connections,
            timeout=timeout,
            observer=observer or Silent(),
            trust=trust,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._exchange.close()

    def page(self, url: str, *, accept: str | None = None, limit: int) -> Page:
        """Return the body at `url`, at most `limit` bytes (decoded), through the HTTP cache.

        Raises NotFoundError (404, 410), RefusedError (other 4xx), TooLargeError, and UnreachableError for a host that
        does not answer, fails, breaks off, or is not asked because the run is offline.
        """
        self.pages_read[url] = accept or "*/*"
        return self._page(url, {"Accept": accept or "*/*"}, limit)

    def revalidated_page(self, url: str, *, accept: str, limit: int) -> Page:
        """Return what `page` does, after asking the server whether the cache is still right. Raises as it does."""
        return self._page(url, {"Accept": accept, "Cache-Control": "max-age=0"}, limit)

    def _page(self, url: str, headers: Mapping[str, str], limit: int) -> Page:
        def read(response: Response) -> Page:
            raw = b"".join(pieces(response, limit))
            body = unfolded(response, raw, limit)
            self._exchange.keep(response, raw)
            told = {name.lower(): value for name, value in response.headers.items()}
            return Page(url=response.url, headers=told, body=body)

        return self._exchange.ask(url, {**headers, "Accept-Encoding": "gzip, deflate"}, read)

    def part(self, url: str, *, start: int | None = None, length: int) -> RangePart | None:
        """Return `length` bytes from `start` (from the end where None), fewer where the file ends before. Not cached.

        None if the server ignores ranges or can't serve this one: nothing of the body is then downloaded.
        """
        asked = f"bytes=-{length}" if start is None else f"bytes={start}-{start + length - 1}"

        def read(response: Response) -> RangePart | None:
            if response.status_code in {200, *_NO_RANGES}:
                return None
            told = parse_content_range(response.headers.get("Content-Range"))
            if response.status_code != 206 or told is None:
                return None
            first, last, total = told
            wanted = max(0, total - length) if start is None else start
            if first != wanted or last != min(wanted + length, total) - 1:
                return None
            body = b"".join(pieces(response, last - first + 1))
            if len(body) != last - first + 1:
                raise UnreachableError(f"{redact(url)}: {len(body)} bytes came for {response.headers['Content-Range']}")
            return RangePart(start=first, total=total, body=body)

        headers = {"Range": asked, "Accept-Encoding": "identity", "Cache-Control": "no-store"}
        return self._exchange.ask(url, headers, read, also={206, *_NO_RANGES})

    def start(self, url: str, *, length: int) -> Page:
        """Return the headers and the first bytes at `url`, at most `length`; what follows is left with the server.
        Not cached.

        Raises what `page` raises.
        """

        def read(response: Response) -> Page:
            got = b""
            while len(got) < length and (chunk := response.raw.read1(length - len(got), decode_content=False)):
                got += chunk
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Page(url=response.url, headers=headers, body=got)

        asked = {
            "Range": f"bytes=0-{length - 1}",
            "Accept-Encoding": "identity",
            "Cache-Control": "no-store",
        }
        return self._exchange.ask(url, asked, read, also={206})

    @contextmanager
    def download(
        self, url: str, *, limit: int, sha256: str | None = None, hashes: Mapping[str, str] = _NONE
    ) -> Iterator[IO[bytes]]:
        """Yield a seekable temporary file with the body at `url`, deleted afterwards. Not cached.

        It is checked against `sha256` and against all of `hashes` (by algorithm) that can be computed.
        Raises what `page` raises, and HashMismatchError.
        """
        with _temporary_file() as file:
            expected = {**({"sha256": sha256.lower()} if sha256 else {}), **hashes}

            def read(response: Response) -> HashCheck:
                check = HashCheck(expected)
                file.seek(0)
                file.truncate()
                for chunk in pieces(response, limit):
                    check.update(chunk)
                    _write(file, chunk)
                return check

            headers = {"Accept-Encoding": "identity", "Cache-Control": "no-store"}
            self._exchange.ask(url, headers, read).finish(url)
            file.seek(0)
            yield file

    def call(
        self, method: str, url: str, *, json: object = None, headers: Mapping[str, str] = _NONE, limit: int
    ) -> Answer:
        """Return what an API says to one call, whatever its status; its body has at most `limit` bytes (decoded).

        Asked once: what may be asked again is for the caller to say. Not cached. `headers` may hold credentials: they
        go to `url`'s host and to no other, and ~/.netrc is not asked. Redirects of a GET are followed (`Answer.url` is
        where they lead); of any other method they are the answer. Raises LostError if the call was sent and no
        whole answer came, UnreachableError if it was not sent (also: this run is offline), and TooLargeError.
        """

        def read(response: Response) -> Answer:
            body = unfolded(response, b"".join(pieces(response, limit)), limit)
            told = {name.lower(): value for name, value in response.headers.items()}
            return Answer(url=response.url, status=response.status_code, headers=told, body=body)

        if self._offline:
            raise UnreachableError(f"{redact(url)} is not asked: this run is offline", hint="Leave out --offline.")
        sent = {
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",
            "Cache-Control": "no-store",
            **headers,
        }
        data = None if json is None else dumps(json, separators=(",", ":")).encode()
        if data is not None:
            sent["Content-Type"] = "application/json"
        return self._exchange.call(method, url, sent, data, read)

    def allow_listed(self, page: str, urls: Iterable[str]) -> None:
        """Let just these URLs, which the index at `page` lists, lead to addresses that are not public.

        Nothing changes where that index has a public address itself.
        """
        self._exchange.allow_listed(page, urls)

    def reachable(self, url: str) -> bool:
        """Return whether `url`'s host answers at all, asked once a run; False when offline."""
        return self.problem(url) is None

    def problem(self, url: str) -> str | None:
        """Return why `url`'s host can't be asked, found out once a run, or None if it answers."""
        return "this run is offline" if self._offline else self._exchange.problem(url)

    def refuses(self, url: str) -> bool:
        """Return whether `problem` found no address of `url`'s host that may be asked."""
        return self._exchange.refuses(url)

    def addresses(self, url: str) -> tuple[str, ...]:
        """Return the numeric addresses of `url`'s host that `problem` found, or () if a proxy looks them up."""
        return self._exchange.addresses(url)


@contextmanager
def _temporary_file() -> Iterator[IO[bytes]]:
    try:
        file = tempfile.TemporaryFile(prefix="dirac-forge-")  # noqa: SIM115
    except OSError as error:
        raise _no_room(error) from error
    with file:
        yield file


def _write(file: IO[bytes], chunk: bytes) -> None:
    try:
        file.write(chunk)
    except OSError as error:
        raise _no_room(error) from error


def _no_room(error: OSError) -> ForgeError:
    return ForgeError(
        f"A temporary file in {tempfile.gettempdir()} can't be written: {error.strerror or error}",
        hint="Make room there, or set TMPDIR to a folder with room.",
    )

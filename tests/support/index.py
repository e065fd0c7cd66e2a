"""A small real package index on the loopback interface: PEP 503 and 691 pages, ranges, `.metadata`, ETags."""

from __future__ import annotations

import functools
import gzip
import hashlib
import html
import io
import json
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import quote, unquote, urlsplit

from support.server import Answer, Asked, Server

__all__ = ["IndexFile", "PackageIndex"]

JSON = "application/vnd.pypi.simple.v1+json"
HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, kw_only=True)
class IndexFile:
    """A file and what the index says about it; what is None is made from the content."""

    content: bytes
    sha256: str | None = None
    """What the index claims; "" to claim nothing."""
    size: int | None = None
    yanked: str | None = None
    """The reason; "" for one without a reason."""
    requires_python: str | None = None
    uploaded: str = "2026-01-02T03:04:05.000000Z"
    metadata: bytes | None = None
    """What `<url>.metadata` answers; made from the wheel's METADATA where None, never there where b""."""
    url: str | None = None
    """Where the page says that it is."""


class PackageIndex:
    """`with PackageIndex({"demo": {"demo-1.0-py3-none-any.whl": content}}) as index: … index.url …`.

    Options are attributes and may be changed while it runs: `latency` (seconds before each answer), `ranges` (honour
    Range), `metadata` (PEP 658 files), `etags`, `html_only`, `absolute` (file URLs with host), `max_age` (of pages,
    None: no Cache-Control at all), `descriptions` (the answers of `/pypi/<project>/json`) and `failures`: path ->
    a status, an Answer, or a function from the request to an Answer or None (None: answer as if there was no failure).
    """

    def __init__(
        self,
        projects: Mapping[str, Mapping[str, bytes | IndexFile]],
        *,
        latency: float = 0.0,
        ranges: bool = True,
        metadata: bool = True,
        etags: bool = True,
        html_only: bool = False,
        absolute: bool = True,
        max_age: int | None = 600,
        compress: bool = True,
        descriptions: Mapping[str, Mapping[str, object]] | None = None,
        failures: Mapping[str, int | Answer | Callable[[Asked], Answer | None]] | None = None,
    ) -> None:
        self.projects = {
            _normalised(project): {
                name: file if isinstance(file, IndexFile) else IndexFile(content=file) for name, file in files.items()
            }
            for project, files in projects.items()
        }
        self.names = {_normalised(project): project for project in projects}
        self.ranges = ranges
        self.metadata = metadata
        self.etags = etags
        self.html_only = html_only
        self.absolute = absolute
        self.max_age = max_age
        self.compress = compress
        self.descriptions = dict(descriptions or {})
        self.failures = dict(failures or {})
        self._pages: dict[tuple[object, ...], str] = {}
        self.server = Server(self._answer, latency=latency)

    @property
    def url(self) -> str:
        """The base of the Simple API, as for `--index-url`."""
        return f"{self.server.url}/simple/"

    @property
    def log(self) -> list[Asked]:
        """Every request so far."""
        return self.server.log

    def lines(self) -> list[str]:
        """`GET /simple/demo/` of each request so far."""
        return self.server.lines()

    def forget(self) -> None:
        """Empty the log."""
        self.server.forget()

    def delete(self, project: str, filename: str) -> None:
        """Take a file away."""
        del self.projects[_normalised(project)][filename]
        self._pages.clear()

    def publish(self, project: str, filename: str, file: bytes | IndexFile) -> None:
        """List one more file (or another one of that name)."""
        normalised = _normalised(project)
        self.names.setdefault(normalised, project)
        files = self.projects.setdefault(normalised, {})
        files[filename] = file if isinstance(file, IndexFile) else IndexFile(content=file)
        self._pages.clear()

    @property
    def latency(self) -> float:
        """Seconds before each answer."""
        return self.server.latency

    @latency.setter
    def latency(self, seconds: float) -> None:
        self.server.latency = seconds

    def file_url(self, project: str, filename: str) -> str:
        """Where a file is."""
        return f"{self.server.url}{self._path(_normalised(project), filename)}"

    def __enter__(self) -> Self:
        self.server.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.__exit__(kind, error, trace)

    @staticmethod
    def _path(project: str, filename: str) -> str:
        return f"/files/{project}/{quote(filename)}"

    def _answer(self, asked: Asked) -> Answer:
        path = urlsplit(asked.path).path
        failure = self.failures.get(path)
        if isinstance(failure, Answer):
            return failure
        if isinstance(failure, int):
            return Answer(status=failure, body=b"as asked")
        answer = failure(asked) if failure is not None else None
        if answer is not None:
            return answer
        parts = [unquote(part) for part in path.strip("/").split("/")]
        match parts:
            case ["simple"]:
                return self._root(asked)
            case ["simple", project]:
                return self._page(asked, project)
            case ["files", project, filename]:
                return self._file(asked, project, filename)
            case ["pypi", project, "json"] if _normalised(project) in map(_normalised, self.descriptions):
                return self._description(asked, project)
        return Answer(status=404, body=b"Not Found")

    def _root(self, asked: Asked) -> Answer:
        if self._json_wanted(asked):
            listed = [{"name": name} for name in self.names.values()]
            return self._dressed(asked, json.dumps({"meta": {"api-version": "1.1"}, "projects": listed}), JSON)
        links = "".join(f'<a href="/simple/{key}/">{html.escape(name)}</a>\n' for key, name in self.names.items())
        return self._dressed(asked, f"<!DOCTYPE html><html><body>\n{links}</body></html>", HTML)

    def _page(self, asked: Asked, project: str) -> Answer:
        normalised = _normalised(project)
        if project != normalised or not urlsplit(asked.path).path.endswith("/"):
            return Answer(status=301, headers={"Location": f"/simple/{normalised}/"})
        files = self.projects.get(project)
        if files is None:
            return Answer(status=404, body=b"404 Not Found")
        kind = JSON if self._json_wanted(asked) else HTML
        key = (project, kind, self.metadata, self.absolute)
        if key not in self._pages:
            if kind == JSON:
                self._pages[key] = json.dumps(self._listing(project, files))
            else:
                links = "".join(self._link(project, name, file) for name, file in files.items())
                head = '<head><meta name="pypi:repository-version" content="1.1"></head>'
                self._pages[key] = f"<!DOCTYPE html><html>{head}<body>\n{links}</body></html>"
        return self._dressed(asked, self._pages[key], kind)

    def _listing(self, project: str, files: Mapping[str, IndexFile]) -> dict[str, object]:
        listed = []
        for name, file in files.items():
            sha256 = _sha256(file.content) if file.sha256 is None else file.sha256
            metadata = self._metadata_of(name, file)
            described = {"sha256": _sha256(metadata)} if metadata is not None else False
            listed.append(
                {
                    "filename": name,
                    "url": self._listed_url(project, name, file),
                    "hashes": {"sha256": sha256} if sha256 else {},
                    "requires-python": file.requires_python,
                    "size": len(file.content) if file.size is None else file.size,
                    "upload-time": file.uploaded,
                    "yanked": False if file.yanked is None else file.yanked or True,
                    "core-metadata": described,
                    "data-dist-info-metadata": described,
                }
            )
        return {"meta": {"api-version": "1.1"}, "name": self.names[project], "files": listed}

    def _link(self, project: str, name: str, file: IndexFile) -> str:
        sha256 = _sha256(file.content) if file.sha256 is None else file.sha256
        attributes = {"href": self._listed_url(project, name, file) + (f"#sha256={sha256}" if sha256 else "")}
        if file.requires_python is not None:
            attributes["data-requires-python"] = file.requires_python
        if file.yanked is not None:
            attributes["data-yanked"] = file.yanked
        metadata = self._metadata_of(name, file)
        if metadata is not None:
            attributes["data-core-metadata"] = f"sha256={_sha256(metadata)}"
        written = " ".join(f'{key}="{html.escape(value)}"' for key, value in attributes.items())
        return f"<a {written}>{html.escape(name)}</a><br />\n"

    def _listed_url(self, project: str, name: str, file: IndexFile) -> str:
        if file.url is not None:
            return file.url
        return self.file_url(project, name) if self.absolute else f"../..{self._path(project, name)}"

    def _file(self, asked: Asked, project: str, filename: str) -> Answer:
        files = self.projects.get(project, {})
        described = filename.removesuffix(".metadata")
        if filename in files:
            content: bytes | None = files[filename].content
        elif described in files:
            content = self._metadata_of(described, files[described])
        else:
            content = None
        if content is None:
            return Answer(status=404, body=b"404 Not Found")
        headers = {"Content-Type": "application/octet-stream", "Cache-Control": "max-age=365000000, immutable, public"}
        if self.etags:
            headers["ETag"] = f'"{_sha256(content)[:32]}"'
        if not self.ranges:
            return Answer(headers=headers, body=content)
        headers["Accept-Ranges"] = "bytes"
        return _ranged(asked.headers.get("range"), content, headers)

    def _description(self, asked: Asked, project: str) -> Answer:
        known = {_normalised(name): text for name, text in self.descriptions.items()}
        return self._dressed(asked, json.dumps(known[_normalised(project)]), "application/json")

    def _dressed(self, asked: Asked, text: str, kind: str) -> Answer:
        body = text.encode()
        headers = {"Content-Type": kind, "Vary": "Accept, Accept-Encoding"}
        if self.max_age is not None:
            headers["Cache-Control"] = f"max-age={self.max_age}, public"
        if self.etags:
            headers["ETag"] = f'"{_sha256(body)[:32]}"'
            if asked.headers.get("if-none-match") == headers["ETag"]:
                return Answer(status=304, headers=headers)
        if self.compress and "gzip" in asked.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            body = _compressed(body)
        return Answer(headers=headers, body=body)

    def _json_wanted(self, asked: Asked) -> bool:
        accepted = asked.headers.get("accept", "")
        return not self.html_only and bool(re.search(r"application/vnd\.pypi\.simple\.(v1|latest)\+json", accepted))

    def _metadata_of(self, name: str, file: IndexFile) -> bytes | None:
        if not self.metadata or not name.endswith(".whl") or file.metadata == b"":
            return None
        if file.metadata is not None:
            return file.metadata
        return _read_metadata(file.content) or None


def _normalised(project: str) -> str:
    return re.sub(r"[-_.]+", "-", project).lower()


@functools.lru_cache(maxsize=4096)
def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@functools.lru_cache(maxsize=1024)
def _compressed(body: bytes) -> bytes:
    return gzip.compress(body, compresslevel=1)


@functools.lru_cache(maxsize=4096)
def _read_metadata(wheel: bytes) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
            names = [name for name in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", name)]
            return archive.read(names[0]) if names else b""
    except zipfile.BadZipFile:
        return b""


def _ranged(asked: str | None, content: bytes, headers: Mapping[str, str]) -> Answer:
    found = re.fullmatch(r"bytes=(\d*)-(\d*)", asked or "")
    if found is None or found.groups() == ("", ""):
        return Answer(headers=headers, body=content)
    first, last = found.groups()
    total = len(content)
    start = int(first) if first else max(0, total - int(last))
    stop = min(total, int(last) + 1) if first and last else total
    if start >= total or stop <= start:
        return Answer(status=416, headers={**headers, "Content-Range": f"bytes */{total}"})
    return Answer(
        status=206,
        headers={**headers, "Content-Range": f"bytes {start}-{stop - 1}/{total}"},
        body=content[start:stop],
    )

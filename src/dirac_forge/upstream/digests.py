"""Hashes of upstream's files: as someone gives them, as the index lists them, else of the file itself."""

from __future__ import annotations

import hashlib
import itertools
import re
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import IO, Literal
from urllib.parse import unquote

from packaging.utils import canonicalize_name
from packaging.version import Version

from dirac_forge.errors import InputError, redact
from dirac_forge.http.answers import NotFoundError, UnreachableError
from dirac_forge.untrusted import parse_version, split_url
from dirac_forge.upstream.files.filenames import SDIST_SUFFIXES, FileNames, Named
from dirac_forge.upstream.index.project import Project, ReleaseFile
from dirac_forge.values import dataclass

LARGEST = 2 * 1024**3
"""Bytes that are downloaded for a hash; the largest sources on conda-forge have some 1 GB."""
_LENGTHS = {128: "sha512", 96: "sha384", 64: "sha256", 56: "sha224", 40: "sha1", 32: "md5"}
_PYPI = frozenset({"pypi.org", "pypi.io", "pypi.python.org", "files.pythonhosted.org", "www.pypi.org"})
_NAMED = re.compile(r"/packages/(?:source|py\d|py2\.py3|cp\d+|[\w.]+)/[^/]/([^/]+)/([^/]+)")
_HASHED = re.compile(r"/packages/[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{60}/([^/]+)")
_STARTS: Mapping[str, tuple[bytes, ...]] = {
    ".gz": (b"\x1f\x8b",),
    ".tgz": (b"\x1f\x8b",),
    ".zip": (b"PK",),
    ".whl": (b"PK",),
    ".xz": (b"\xfd7zXZ",),
    ".txz": (b"\xfd7zXZ",),
    ".bz2": (b"BZh",),
    ".tbz2": (b"BZh",),
    ".zst": (b"\x28\xb5\x2f\xfd",),
    ".crate": (b"\x1f\x8b",),
}
_CHUNK = 1 << 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Digest:
    """Hashes of the file at a URL, by algorithm, in lower-case hexadecimal."""

    url: str
    hashes: Mapping[str, str]
    origin: Literal["given", "index", "downloaded", "archive"]
    """`archive`: of the same file in the release's own archive."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """How the world is asked; each is called when it is first needed."""

    project: Callable[[str], Project]
    """A project's page; raises UnknownProjectError and UnreachableError."""
    download: Callable[[str, int], Iterable[bytes]]
    """A file's bytes, at most so many; raises NotFoundError, TooLargeError and UnreachableError."""


def read_known(document: object) -> dict[str, dict[str, str]]:
    """Return hashes by URL and algorithm, out of a JSON mapping of URLs to a hash or a list of hashes.

    Raises InputError for anything else; the length of a hash determines its algorithm.
    """
    if not isinstance(document, dict):
        raise InputError("expected a JSON mapping of URLs to hashes")
    known: dict[str, dict[str, str]] = {}
    for url, value in document.items():
        for text in value if isinstance(value, list) else [value]:
            digest = text.lower() if isinstance(text, str) else ""
            if len(digest) not in _LENGTHS or re.fullmatch(r"[0-9a-f]+", digest) is None:
                raise InputError(
                    f"{redact(url)}: {text!r} is not a hash: expected hexadecimal sha256, another SHA or md5"
                )
            known.setdefault(url, {})[_LENGTHS[len(digest)]] = digest
    return known


def project_of(url: str) -> tuple[str, str] | None:
    """Return project and name of a file on PyPI, whichever of its hosts; None for other URLs."""
    parts = split_url(url)
    if (parts.hostname or "").lower() not in _PYPI:
        return None
    path = unquote(parts.path)
    if match := _HASHED.fullmatch(path):
        return re.split(r"-(?=v?\d)", match[1])[0], match[1]
    if match := _NAMED.fullmatch(path):
        return match[1], match[2]
    return None


class Digests:
    """What is known of files, found out once; safe to use from many threads."""

    def __init__(self, known: Mapping[str, Mapping[str, str]], ask: Ask) -> None:
        """Take `known` digests by URL and algorithm; what is known is never asked for."""
        self._known = {_key(url): (url, hashes) for url, hashes in known.items()}
        self._ask = ask
        self._projects: dict[str, Project] = {}
        self._lock = threading.Lock()

    def of(self, url: str, algorithms: Collection[str]) -> Digest:
        """Return the hashes of the file at `url`, at least these algorithms.

        Raises NotFoundError if there is no such file, InputError for one that is not what its name says or is too
        large, and UnreachableError if nobody could tell.
        """
        known = self._known.get(_key(url))
        if known is not None and set(algorithms) <= known[1].keys():
            return Digest(url=url, hashes=known[1], origin="given")
        given = known[1] if known else {}
        file = self._listed_file(url)
        if file is None:
            return _agreeing(self._downloaded(url, url, algorithms), given, "file")
        listed = _agreeing(Digest(url=url, hashes=file.hashes, origin="index"), given, "index")
        if set(algorithms) <= listed.hashes.keys():
            return listed
        return _agreeing(self._downloaded(url, file.url, algorithms), listed.hashes, "file")

    def place(self, url: str) -> str:
        """Return where the file at `url` is downloaded from: where the index says, for a file of one.

        Raises NotFoundError if the index lists no such file, UnreachableError if it does not answer.
        """
        file = self._listed_file(url)
        return url if file is None else file.url

    def _listed_file(self, url: str) -> ReleaseFile | None:
        """Return the file as the index lists it, None for a URL elsewhere; raises NotFoundError if it lists none."""
        named = project_of(url)
        if named is None:
            return None
        read = FileNames(named[0]).read(named[1])
        files = self._files(named[0], read.version if read is not None else None)
        file = next((file for file in files if file.filename == named[1]), None)
        parts = split_url(file.url) if file is not None else None
        if parts is None or (_HASHED.search(url) and parts.hostname in _PYPI and parts.path != split_url(url).path):
            raise NotFoundError(f"{redact(url)}: the index lists no such file")
        return file

    def listed(self, url: str, version: str) -> str | None:
        """Return where the file of the same kind (an sdist, or a wheel) of this version is, None if nobody lists
        one.
        """
        named, wanted = project_of(url), parse_version(version)
        if named is None or wanted is None:
            return None
        project, filename = named
        asked = Named("wheel" if filename.endswith(".whl") else "sdist", wanted)
        if (given := self._given(FileNames(project), asked)) is not None:
            return given
        own = itertools.takewhile(lambda file: file.version == wanted, self._files(project, wanted))
        files = [file for file in own if file.kind == asked.kind]
        best = sorted(files, key=lambda file: (not filename.endswith(_ending(file.filename)), file.filename))
        return best[0].url if best and (asked.kind == "sdist" or len(best) == 1) else None

    def _given(self, names: FileNames, asked: Named) -> str | None:
        """Return the URL of the file among those whose hashes were given."""
        files = ((url, project_of(url)) for url, _ in self._known.values())
        return next((url for url, other in files if other is not None and names.read(other[1]) == asked), None)

    def _files(self, project: str, first: Version | None) -> Iterator[ReleaseFile]:
        """Yield the files of a project, those of a version first: files are made when they are looked at."""
        name = canonicalize_name(project)
        with self._lock:
            page = self._projects.get(name)
        if page is None:
            page = self._ask.project(name)
            with self._lock:
                self._projects[name] = page
        releases = sorted(page.releases, key=lambda release: release.version != first)
        return (file for release in releases for file in release.files)

    def _downloaded(self, url: str, place: str, algorithms: Collection[str]) -> Digest:
        """Return the hashes of the file at `url`, which is downloaded from `place`: the usual ones, and these."""
        if split_url(place).scheme not in {"http", "https"}:
            raise UnreachableError(f"{redact(url)}: only http and https are downloaded")
        digests = {name: hashlib.new(name, usedforsecurity=False) for name in {"sha256", "sha1", "md5", *algorithms}}
        first = b""
        for chunk in self._ask.download(place, LARGEST):
            first = first or chunk[:512]
            for digest in digests.values():
                digest.update(chunk)
        check_start(url, first)
        return Digest(
            url=url, hashes={name: digest.hexdigest() for name, digest in digests.items()}, origin="downloaded"
        )


def chunks(file: IO[bytes]) -> Iterable[bytes]:
    """Return a file's bytes, a MiB at a time."""
    return iter(lambda: file.read(_CHUNK), b"")


def _agreeing(digest: Digest, given: Mapping[str, str], who: str) -> Digest:
    for algorithm, value in given.items():
        other = digest.hashes.get(algorithm)
        if other is not None and other != value:
            raise InputError(
                f"{redact(digest.url)}: {algorithm} {value} was expected, but the {who} has {other}",
                hint="It was not used. Find out first which hash is right.",
            )
    return Digest(url=digest.url, hashes={**given, **digest.hashes}, origin=digest.origin)


def check_start(url: str, first: bytes) -> None:
    """Raise InputError if a file's first bytes are not what its name says: servers send pages with status 200."""
    path = split_url(url).path.lower()
    starts = next((starts for ending, starts in _STARTS.items() if path.endswith(ending)), None)
    page = first.lstrip()[:15].lower().startswith((b"<!doctype html", b"<html"))
    if not first:
        raise InputError(f"{redact(url)}: the file is empty")
    if (starts is not None and not first.startswith(starts)) or (page and not path.endswith((".html", ".htm"))):
        what = "a web page" if page else "something other than an archive"
        raise InputError(f"{redact(url)}: the server sent {what}", hint="Its hash would be useless.")


def _ending(filename: str) -> str:
    return next((suffix for suffix in SDIST_SUFFIXES if filename.endswith(suffix)), ".whl")


def _key(url: str) -> str:
    """Return the same for all URLs that PyPI serves one file at, except those that have its hash in them."""
    named = project_of(url)
    if named is not None and not _HASHED.search(url):
        return f"pypi:{canonicalize_name(named[0])}/{named[1]}"
    return re.sub(r"^http:", "https:", url)

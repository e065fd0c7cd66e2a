"""The sources of a recipe: downloaded through the session, checked, kept by hash, put into the recipe's copy."""

from __future__ import annotations

import hashlib
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote
from urllib.request import url2pathname

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from dirac_forge.build.failures import HashMismatch, NotBuildable, SourceUnavailable
from dirac_forge.errors import ForgeError, InputError, UnknownError, redact
from dirac_forge.git import own_git
from dirac_forge.recipe.reading.recipe_text import ReadSource
from dirac_forge.untrusted import split_url
from dirac_forge.upstream.digests import LARGEST, project_of
from dirac_forge.upstream.sources.git import clone_from_web, web_address
from dirac_forge.values import dataclass

if TYPE_CHECKING:
    from dirac_forge.http import Http
    from dirac_forge.upstream.index.project import Project

_ALGORITHMS = ("sha256", "sha1", "md5")
_CHUNK = 1 << 20
_GIT_SECONDS = 900.0
_OUTSIDE = "is outside of the feedstock's folder, and a recipe may not read other files of this machine"
_LOCAL_ONLY = ("-c", "protocol.allow=never", "-c", "protocol.file.allow=always")


@dataclass(frozen=True, kw_only=True, slots=True)
class FetchedSource:
    """A source of the recipe and where it lies now."""

    lines: tuple[int, ...]
    """Of the recipe's file, from 1: the URL, and its mirrors."""
    path: Path
    """A file; of a git source a bare repository."""
    key: str
    """The `url` or `git` that is replaced."""


class BuildSources:
    """Downloads what recipes are built from; safe to use from many threads."""

    def __init__(self, folder: Path, http: Callable[[], Http], project: Callable[[str], Project]) -> None:
        """Keep downloads in `folder`; ask `project`, a page of the package index, for files that moved."""
        self._folder = folder
        self._http = http
        self._project = project
        self._lock = threading.Lock()
        self._busy: dict[str, threading.Lock] = {}

    def fetch(
        self, sources: Iterable[ReadSource], *, home: Path
    ) -> tuple[FetchedSource, ...] | HashMismatch | SourceUnavailable:
        """Return all sources with a URL or a repository; the first failure, where there is one.

        A recipe is not trusted with the files of whoever builds it: of those on this machine it gets what is in
        `home`, the feedstock's folder, and archives that it knows the SHA-256 of. Raises InputError for any other.
        """
        by_entry: dict[tuple[int, str], list[ReadSource]] = {}
        for source in sources:
            if source.url is not None or source.git is not None:
                by_entry.setdefault((source.entry or source.line, "git" if source.git else "url"), []).append(source)
        found = []
        for (_, key), mirrors in by_entry.items():
            got = self._repository(mirrors[0], home) if key == "git" else self._file(mirrors, home)
            if not isinstance(got, Path):
                return got
            found.append(FetchedSource(lines=tuple(one.line for one in mirrors), path=got, key=key))
        return tuple(found)

    def _file(self, mirrors: list[ReadSource], home: Path) -> Path | HashMismatch | SourceUnavailable:
        first = mirrors[0]
        algorithm = next((name for name in _ALGORITHMS if getattr(first, name)), "")
        expected = str(getattr(first, algorithm)).lower() if algorithm else ""
        name = _name_of(str(first.url))
        key = f"{algorithm or 'url'}-{expected or hashlib.sha256(str(first.url).encode()).hexdigest()}"
        place = self._folder / key / name
        with self._lock:
            busy = self._busy.setdefault(key, threading.Lock())
        with busy:
            if algorithm and place.is_file() and _digest(place, algorithm) == expected:
                return place
            return self._from_mirrors(mirrors, place, algorithm, expected, home)

    def _from_mirrors(
        self, mirrors: list[ReadSource], place: Path, algorithm: str, expected: str, home: Path
    ) -> Path | HashMismatch | SourceUnavailable:
        """Return the file from the first URL that has it; a wrong file says more than a host that does not answer."""
        problem: HashMismatch | SourceUnavailable | None = None
        for url in self._places(mirrors):
            got = self._downloaded(url, place, algorithm, expected, home)
            if isinstance(got, Path):
                return got
            problem = got if problem is None or isinstance(got, HashMismatch) else problem
        url = str(mirrors[0].url)
        return problem or SourceUnavailable(phase="source", url=url, reason="it has no URL", unknown=False)

    def _places(self, mirrors: Iterable[ReadSource]) -> Iterator[str]:
        """Yield the URLs of a source; for a file of a package index also where the index says that it is."""
        for mirror in mirrors:
            url = str(mirror.url)
            yield url
            named = project_of(url)
            if named is None:
                continue
            try:
                files = [file for release in self._project(named[0]).releases for file in release.files]
            except ForgeError:
                continue
            yield from (file.url for file in files if file.filename == named[1])

    def _downloaded(
        self, url: str, place: Path, algorithm: str, expected: str, home: Path
    ) -> Path | HashMismatch | SourceUnavailable:
        place.parent.mkdir(parents=True, exist_ok=True)
        fresh = place.with_name(f".{place.name}.new")
        shown = redact(url)
        local = _local(url, home)
        if local is not None and not _within(local, home):
            _require_known(local, expected if algorithm == "sha256" else "", shown)
        try:
            if local is not None:
                shutil.copyfile(local, fresh)
            else:
                with self._http().download(url, limit=LARGEST) as body, fresh.open("wb") as file:
                    shutil.copyfileobj(body, file, _CHUNK)
        except (ForgeError, OSError) as error:
            unknown = isinstance(error, UnknownError)
            reason = error.message if isinstance(error, ForgeError) else str(error)
            return SourceUnavailable(phase="source", url=shown, reason=reason, unknown=unknown)
        got = _digest(fresh, algorithm) if algorithm else ""
        if got != expected:
            fresh.unlink()
            return HashMismatch(phase="source", url=shown, algorithm=algorithm, expected=expected, got=got)
        fresh.replace(place)
        return place

    def _repository(self, source: ReadSource, home: Path) -> Path | SourceUnavailable:
        url = str(source.git)
        web = web_address(url)
        local = _local(url, home) if web is None else None
        if local is not None and not _within(local, home):
            raise InputError(f"its repository {redact(url)} {_OUTSIDE}")
        key = hashlib.sha256(f"{local or url}\n{source.rev}".encode()).hexdigest()
        place = self._folder / f"git-{key}"
        with self._lock:
            busy = self._busy.setdefault(key, threading.Lock())
        with busy:
            if place.is_dir():
                return place
            fresh = place.with_name(f".{place.name}.new")
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.parent.mkdir(parents=True, exist_ok=True)
            try:
                if local is not None:
                    arguments = ("clone", "--quiet", "--mirror", "--template=", "--", local.as_uri(), str(fresh))
                    own_git(*_LOCAL_ONLY, *arguments, about=url, timeout=_GIT_SECONDS)
                else:
                    clone_from_web(self._http(), web.text if web else url, fresh, timeout=_GIT_SECONDS)
            except ForgeError as error:
                unknown = isinstance(error, UnknownError)
                return SourceUnavailable(phase="source", url=redact(url), reason=error.message, unknown=unknown)
            fresh.replace(place)
        return place


def _local(url: str, home: Path) -> Path | None:
    """Return the file or folder of a source on this machine, links resolved; None for one that is not."""
    if "://" in url and not url.startswith("file:"):
        return None
    path = Path(url2pathname(split_url(url).path) if url.startswith("file:") else url)
    recipe = home / "recipe"
    return ((recipe if recipe.is_dir() else home) / path).resolve()


def _within(path: Path, home: Path) -> bool:
    return path.is_relative_to(home.resolve())


def _require_known(path: Path, sha256: str, shown: str) -> None:
    """Raise InputError for a file that the recipe does not know: to know its hash is to know what is in it."""
    if not sha256 or not path.is_file() or _digest(path, "sha256") != sha256:
        raise InputError(f"its source {shown} {_OUTSIDE} without the SHA-256 of it")


def _name_of(url: str) -> str:
    """Return the last part of a URL's path, as a name that stays in its folder."""
    name = unquote(split_url(url).path).rsplit("/", 1)[-1].replace("\\", "_")
    return name if name not in ("", ".", "..") else "source"


def _digest(path: Path, algorithm: str) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.new(algorithm, usedforsecurity=False)).hexdigest()


def placed(recipe: Path, fetched: Iterable[FetchedSource]) -> NotBuildable | None:
    """Let a copy of a recipe take its sources from where they lie; why not, where that can't be done.

    The file is written again as YAML, with its comments: it is built from once and thrown away.
    """
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 100_000
    document = yaml.load(recipe.read_text(encoding="utf-8"))
    where = {line: source for source in fetched for line in source.lines}
    left = set(where)
    for node in _sources(document):
        for key in ("url", "git"):
            if key in node:
                left -= _point(node, key, where)
    if left:
        line = min(left)
        return NotBuildable(phase="source", reason=f"the source in line {line} of the recipe was not found in its YAML")
    with recipe.open("w", encoding="utf-8") as file:
        yaml.dump(document, file)
    return None


def _point(node: CommentedMap, key: str, where: Mapping[int, FetchedSource]) -> set[int]:
    """Let the key of a source name the files that were fetched for its lines, and return these lines."""
    if isinstance(node[key], CommentedSeq):
        return _point_each(node[key], where)
    # A git source is known by the line of its tag or commit, where it has one.
    keys = (key, "rev", "tag") if key == "git" else (key,)
    lines = [node.lc.value(each)[0] + 1 for each in keys if each in node]
    line = next((line for line in lines if line in where), None)
    if line is None:
        return set()
    node[key] = where[line].path.as_uri()
    return {line}


def _point_each(urls: CommentedSeq, where: Mapping[int, FetchedSource]) -> set[int]:
    here = {at: line for at in range(len(urls)) if (line := urls.lc.item(at)[0] + 1) in where}
    for at, line in here.items():
        urls[at] = where[line].path.as_uri()
    return set(here.values())


def _sources(node: Any) -> Iterator[CommentedMap]:
    """Yield every mapping with a `url` or `git` below a key `source`."""
    if isinstance(node, CommentedMap):
        for key, value in node.items():
            if key == "source":
                yield from _mappings(value)
            else:
                yield from _sources(value)
    elif isinstance(node, CommentedSeq):
        for item in node:
            yield from _sources(item)


def _mappings(node: Any) -> Iterator[CommentedMap]:
    if isinstance(node, Mapping):
        if "url" in node or "git" in node:
            yield node  # type: ignore[misc]
        for value in node.values():
            yield from _mappings(value)
    elif isinstance(node, list):
        for item in node:
            yield from _mappings(item)

"""Folders of files on plain web servers: which versions their index pages list, walked as the recipe's URL is built."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from html import unescape
from html.parser import HTMLParser
from urllib.parse import quote, unquote, urlunsplit

from dirac_forge.http import Http, NotFoundError, RefusedError, TooLargeError
from dirac_forge.untrusted import split_url
from dirac_forge.upstream.sources.offers import Offer
from dirac_forge.upstream.sources.tags import HostVersion, Spelling, learned, read_version
from dirac_forge.values import dataclass

SOURCEFORGE = "https://sourceforge.net"
_LARGEST = 16 * 1024**2
_MOST_PAGES = 8
_SOURCEFORGE = re.compile(
    r"https?://(?:downloads|prdownloads|download)\.sourceforge\.net/(?:project/|projects/)?(?P<project>[\w.-]+)/.+|"
    r"https?://(?:www\.)?sourceforge\.net/projects?/(?P<project2>[\w.-]+)/files/.+"
)
_ISO = re.compile(r"\b(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d)")
_WORDED = re.compile(r"\b(\d\d-[A-Z][a-z]{2}-\d{4}) (\d\d:\d\d)")
_ENDING = re.compile(r"\.(?:asc|sig|sign|md5|sha\d*|sha\d+sum|txt)$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Segment:
    """One part of a URL's path."""

    text: str
    spelling: Spelling | None = None
    """How it spells the version, or the first parts of it; None for one that stays."""
    partial: str = ""
    """The first parts of the version that it spells (`2.88` of 2.88.1); "" for the whole."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedFiles:
    """What index pages list."""

    offers: tuple[Offer, ...] = ()
    complete: bool = False
    """Whether the files themselves were seen, not only folders named after versions."""
    pages: int = 0
    """How many were read."""


def segments(url: str, version: str) -> tuple[Segment, ...]:
    """Return the parts of a URL's path, with how each spells the version."""
    return tuple(_segment(part, version) for part in unquote(split_url(url).path).strip("/").split("/"))


def _segment(text: str, version: str) -> Segment:
    spelling = learned(text, version)
    if spelling is not None:
        return Segment(text=text, spelling=spelling)
    parts = re.split(r"[._-]", version)
    for count in range(len(parts) - 1, 0, -1):
        first = ".".join(parts[:count])
        spelling = learned(text, first)
        # One number alone is the version's first only as a folder of its own: `v3`, `25.x`.
        if spelling is not None and (count > 1 or re.fullmatch(r"v?\d+(?:\.x)?", text)):
            return Segment(text=text, spelling=spelling, partial=first)
    return Segment(text=text)


def folder_offers(http: Http, url: str, version: str) -> ListedFiles:
    """Return what the index pages on the way to `url` list; nothing if the server shows none.

    Raises UnreachableError if the host does not answer.
    """
    project = _SOURCEFORGE.fullmatch(url)
    if project is not None:
        return _sourceforge(http, project["project"] or project["project2"], url, version)
    walk = _Walk(http, url, version)
    offers = walk.below((), segments(url, version))
    return ListedFiles(offers=tuple(offers), complete=walk.complete, pages=walk.pages)


class _Walk:
    def __init__(self, http: Http, url: str, version: str) -> None:
        self.http = http
        self.parts = split_url(url)
        self.version = version
        self.pages = 0
        self.complete = True

    def below(self, done: tuple[str, ...], left: Sequence[Segment]) -> list[Offer]:
        """Return the offers below the folder `done`, of which the URL's parts `left` remain."""
        fixed = next((index for index, part in enumerate(left) if part.spelling is not None), None)
        if fixed is None:
            return []
        folder = (*done, *(part.text for part in left[:fixed]))
        part, rest = left[fixed], left[fixed + 1 :]
        listed = self.listed(folder)
        if part.partial:
            return [offer for line in self._lines(part, listed) for offer in self.below((*folder, line), rest)]
        if rest:
            self.complete = False
        return list(_offers(part.spelling, listed, self.page(folder)))

    def listed(self, folder: tuple[str, ...]) -> Mapping[str, datetime | None]:
        """Return the names on an index page; {} if there is none, or too many were read."""
        if self.pages >= _MOST_PAGES:
            return {}
        self.pages += 1
        try:
            answer = self.http.page(self.page(folder), limit=_LARGEST)
        except (NotFoundError, RefusedError, TooLargeError):
            return {}
        if "html" not in answer.headers.get("content-type", "html"):
            return {}
        return links(answer.body.decode("utf-8", "replace"))

    def page(self, folder: tuple[str, ...]) -> str:
        """Return the URL of a folder."""
        path = "/".join(quote(part) for part in folder)
        return urlunsplit((self.parts.scheme, self.parts.netloc, f"/{path}/" if path else "/", "", ""))

    def _lines(self, part: Segment, listed: Mapping[str, datetime | None]) -> list[str]:
        """Return the folders of this release line and of newer ones, the newest first."""
        own = read_version(part.partial)
        read = {name: part.spelling.read(name) for name in listed} if part.spelling is not None else {}
        newer = {name: line for name, line in read.items() if isinstance(line, HostVersion) and own and line >= own}
        return sorted(newer, key=newer.__getitem__, reverse=True)[:4] or [part.text]


def _offers(spelling: Spelling | None, listed: Mapping[str, datetime | None], page: str) -> Iterator[Offer]:
    for name, date in listed.items():
        version = spelling.read(name) if spelling is not None and not _ENDING.search(name) else ""
        if isinstance(version, HostVersion):
            yield Offer(version=version, released=date, page=page)


class _Links(HTMLParser):
    """The last parts of what a page links to, each with the text after it."""

    def __init__(self) -> None:
        super().__init__()
        self.names: dict[str, str] = {}
        self._name = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "a":
            return
        target = dict(attrs).get("href") or ""
        self._name = unquote(split_url(target).path.rstrip("/").rpartition("/")[2])
        if self._name:
            self.names.setdefault(self._name, "")

    def handle_data(self, data: str) -> None:
        if self._name and len(self.names[self._name]) < 200:
            self.names[self._name] += data[:200]


def links(page: str) -> dict[str, datetime | None]:
    """Return the names that an HTML page links to, with the date that an index page has beside them."""
    parser = _Links()
    try:
        parser.feed(page)
    except (AssertionError, ValueError):
        return {}
    return {name: _date(beside) for name, beside in parser.names.items()}


def _date(text: str) -> datetime | None:
    """Return the date on an index page of Apache or nginx, taken as UTC: only the day matters."""
    tried: tuple[tuple[re.Pattern[str], str], ...] = ((_ISO, "%Y-%m-%d %H:%M"), (_WORDED, "%d-%b-%Y %H:%M"))
    for pattern, form in tried:
        match = pattern.search(text)
        if match is not None:
            try:
                return datetime.strptime(f"{match[1]} {match[2]}", form).replace(tzinfo=UTC)
            except ValueError:
                return None
    return None


def _sourceforge(http: Http, project: str, url: str, version: str) -> ListedFiles:
    """Return the files of a project as its feed lists them (https://sourceforge.net/p/forge/documentation/Files-RSS)."""
    spelling = learned(split_url(url).path.rstrip("/").rpartition("/")[2], version)
    if spelling is None:
        return ListedFiles()
    page = http.page(f"{SOURCEFORGE}/projects/{project}/rss?path=/", limit=_LARGEST)
    return ListedFiles(
        offers=tuple(_feed(page.body.decode("utf-8", "replace"), spelling, project)), complete=True, pages=1
    )


def _feed(text: str, spelling: Spelling, project: str) -> Iterator[Offer]:
    for item in re.findall(r"<item>(.{1,20000}?)</item>", text, re.DOTALL):
        title = re.search(r"<title>(?:<!\[CDATA\[)?(.*?)(?:\]\]>)?</title>", item, re.DOTALL)
        date = re.search(r"<pubDate>\w+, (\d\d? \w+ \d{4} \d\d:\d\d:\d\d)", item)
        version = spelling.read(unescape(title[1]).strip().rpartition("/")[2]) if title is not None else ""
        if not isinstance(version, HostVersion):
            continue
        released = None
        if date is not None:
            try:
                released = datetime.strptime(date[1], "%d %b %Y %H:%M:%S").replace(tzinfo=UTC)
            except ValueError:
                released = None
        yield Offer(version=version, released=released, page=f"https://sourceforge.net/projects/{project}/files/")

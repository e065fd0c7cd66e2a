"""A project's page on a package index, parsed: the JSON form (PEP 691, 700, 714) and the HTML form (PEP 503).

The HTML form is `pypi-simple`'s. For the JSON form its models cost twenty times what the page needs (botocore, 5000
files: 0.2 s with the interpreter locked, against 0.01 s here), which adds up over a tree of dependencies.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec
from packaging.version import Version

from dirac_forge.errors import redact
from dirac_forge.http import Page, UnreachableError
from dirac_forge.http.hashes import sound_hashes
from dirac_forge.untrusted import join_url, parse_json, parse_time, parse_whole_number, split_url
from dirac_forge.upstream.files.filenames import FileNames, Named
from dirac_forge.upstream.index.project import Project, Release, ReleaseFile, ReleaseFiles

if TYPE_CHECKING:
    from pypi_simple import DistributionPackage, ProjectPage

ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01"
"""What to ask an index for (PEP 691, "Version + Format Selection")."""

E = TypeVar("E")

_JSON = ("application/vnd.pypi.simple.v1+json", "application/json")
_HTML = ("application/vnd.pypi.simple.v1+html", "text/html", "application/xhtml+xml")
_MOST_FILES = 100_000
_MOST_TAGS = 120_000
"""Of HTML, whose reader takes longer: three for a file, as PyPI writes it."""
_MOST_DECLARATIONS = 1_000
"""Comments and the like; each that does not end is looked for to the end of the page."""
_NOTHING = msgspec.Raw(b"null")
_ABSENT = msgspec.Raw(b"null")
"""Where the key is not there at all."""
_SUPPORTED = 1
"""The major version of the Simple API that is understood here."""


def read_page(
    page: Page, project: str, *, only: Version | None = None, made: Callable[[ReleaseFile], None] = lambda _: None
) -> Project:
    """Return the project on `page`, releases oldest first; raises UnreachableError if the page is none of an
    index.

    With `only`, releases of other versions may be left out: a page lists thousands of files, and most of the time goes
    into their names. `made` is called with each file when somebody looks at it.
    """
    form = page.headers.get("content-type", "text/html").partition(";")[0].strip().lower()
    if form in _JSON:
        return _from_json(page, project, only, made)
    if form in _HTML:
        return _from_html(page, project, made)
    raise _nonsense(page, f"content of type {form!r}")


def _nonsense(page: Page, what: str) -> UnreachableError:
    return UnreachableError(
        f"{redact(page.url)} answered {what}, not a project's page of a package index (PEP 503 or 691).",
        hint="Check --index-url (it usually ends in /simple/), and that no login page or proxy is in between.",
    )


def _may_be(version: Version) -> re.Pattern[str]:
    """Return what finds the file names of a version, however its zeros are written, and some of others."""
    release = list(version.release)
    while len(release) > 1 and release[-1] == 0:
        release.pop()
    return re.compile(rf"-v?(?:\d+!)?0*{'[.]0*'.join(map(str, release))}(?:[.]0+)*(?![.]?\d)", re.IGNORECASE)


class _Listed(msgspec.Struct, frozen=True, gc=False, rename="kebab"):
    """A file as a page lists it (PEP 691, 700, 714); everything but name and URL is JSON that nobody parsed yet."""

    filename: str
    url: str
    hashes: msgspec.Raw = _NOTHING
    size: msgspec.Raw = _NOTHING
    yanked: msgspec.Raw = _NOTHING
    requires_python: msgspec.Raw = _NOTHING
    upload_time: msgspec.Raw = _NOTHING
    core_metadata: msgspec.Raw = _ABSENT
    dist_info_metadata: msgspec.Raw = _NOTHING
    """The name that PEP 714 replaced; the new one wins where both are there."""


class _JsonPage(msgspec.Struct, frozen=True, gc=False):
    """A page whose files all have a name and a URL."""

    files: list[_Listed]
    meta: Any = None
    name: Any = None


_PAGES = msgspec.json.Decoder(_JsonPage)


def _from_json(page: Page, project: str, only: Version | None, made: Callable[[ReleaseFile], None]) -> Project:
    told = _json(page)
    if len(told.files) > _MOST_FILES:
        raise _too_many(page, len(told.files))
    _check_api(page, told.meta)
    wanted = _may_be(only).search if only is not None else None
    pile: _Pile[_Listed] = _Pile(told.name if isinstance(told.name, str) and told.name else project)
    for entry in told.files:
        if wanted is not None and wanted(entry.filename) is None:
            continue
        named = pile.names.read(entry.filename)
        if named is None:
            pile.leave(entry.filename)
        else:
            pile.add(named, entry)
    return pile.project(lambda named, entry: _file(named, entry, page.url), made)


def _json(page: Page) -> _JsonPage:
    try:
        page.body.decode()  # in strings that nobody looks at, too
        return _PAGES.decode(page.body)
    except UnicodeDecodeError as exc:
        raise _nonsense(page, "JSON that is not UTF-8") from exc
    except (ValueError, RecursionError) as exc:
        raise _unlike(page) from exc


def _unlike(page: Page) -> UnreachableError:
    """Return what is wrong with JSON that is not a page, found out slowly by the parser that takes anything."""
    try:
        tree = parse_json(page.body.decode())
    except (ValueError, RecursionError):
        return _nonsense(page, "broken JSON")
    files = tree.get("files") if isinstance(tree, dict) else None
    if not isinstance(files, list):
        return _nonsense(page, "JSON without `files`")
    if len(files) > _MOST_FILES:
        return _too_many(page, len(files))
    for entry in files:
        filename = entry.get("filename") if isinstance(entry, dict) else None
        if not isinstance(filename, str) or not isinstance(entry.get("url"), str):
            label = repr(entry if filename is None else filename)[:80]
            return _nonsense(page, f"JSON whose file {label} is not as PEP 691 says (a name and a URL, both text)")
    return _nonsense(page, "broken JSON")


def _too_many(page: Page, files: int) -> UnreachableError:
    return _nonsense(page, f"JSON with {files} files, more than any project has")


def _check_api(page: Page, meta: object) -> None:
    version = str(meta.get("api-version", "1.0")) if isinstance(meta, dict) else "1.0"
    if parse_whole_number(version.partition(".")[0], most=_SUPPORTED) is None:
        raise _nonsense(page, f"version {version[:40]!r} of the Simple API (known here: {_SUPPORTED}.x)")


def _file(named: Named, entry: _Listed, base: str) -> ReleaseFile:
    size, yanked = _parsed(entry.size), _parsed(entry.yanked)
    metadata = _parsed(entry.dist_info_metadata if entry.core_metadata is _ABSENT else entry.core_metadata)
    return ReleaseFile(
        filename=entry.filename,
        url=entry.url if entry.url.startswith(("https://", "http://")) else join_url(base, entry.url),
        kind=named.kind,
        version=named.version,
        hashes=sound_hashes(_parsed(entry.hashes)),
        size=size if isinstance(size, int) and size >= 0 else None,
        requires_python=_specifier(_parsed(entry.requires_python)),
        yanked=yanked if isinstance(yanked, str) else ("" if yanked else None),
        uploaded=_moment(_parsed(entry.upload_time)),
        metadata_hashes=None if metadata is None or metadata is False else sound_hashes(metadata),
    )


def _parsed(raw: msgspec.Raw) -> Any:
    """Return the JSON value; None if it is none that can be read (a number without end)."""
    try:
        return parse_json(bytes(raw))
    except ValueError:
        return None


def _specifier(value: object) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= 1000 else None


def _moment(value: object) -> datetime | None:
    return parse_time(value)


def _listed(page: Page, project: str) -> ProjectPage:
    from pypi_simple import ProjectPage, UnsupportedRepoVersionError  # noqa: PLC0415 - 0.4 s that PyPI's JSON spares

    if page.body.count(b"<") > _MOST_TAGS or page.body.count(b"<!") > _MOST_DECLARATIONS:
        raise _nonsense(page, "HTML with too many tags")
    charset = re.search(r"charset=\"?([\w-]+)", page.headers.get("content-type", ""))
    try:
        return ProjectPage.from_html(project, page.body, page.url, charset.group(1) if charset else None)
    except UnsupportedRepoVersionError as exc:
        raise _nonsense(page, "a version of the Simple API that is not known here") from exc
    except Exception as exc:
        raise _nonsense(page, "HTML that can't be read") from exc


def _from_html(page: Page, project: str, made: Callable[[ReleaseFile], None]) -> Project:
    listed = _listed(page, project)
    pile: _Pile[ReleaseFile] = _Pile(project)
    for link in listed.packages:
        # PEP 503: the text is the last part of the path; where somebody shortened it, the path is right.
        names = (link.filename.strip(), split_url(link.url).path.rpartition("/")[2])
        filename, named = next(((name, named) for name in names if (named := pile.names.read(name))), (names[0], None))
        if named is None:
            pile.leave(filename)
        else:
            pile.add(named, _linked_file(link, filename, named))
    if not pile.files and listed.repository_version is None and b"Links for" not in page.body:
        raise _nonsense(page, "HTML that lists no file of the project")
    return pile.project(lambda _, file: file, made)


def _linked_file(link: DistributionPackage, filename: str, named: Named) -> ReleaseFile:
    return ReleaseFile(
        filename=filename,
        url=link.url,
        kind=named.kind,
        version=named.version,
        hashes=sound_hashes(link.digests),
        requires_python=_specifier(link.requires_python),
        yanked=(link.yanked_reason or "") if link.is_yanked else None,
        metadata_hashes=sound_hashes(link.metadata_digests or {}) if link.has_metadata else None,
    )


class _Pile(Generic[E]):
    """What a page says of each file, by version; made into files only where somebody looks at a release."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.names = FileNames(name)
        self.files: dict[Version, list[tuple[Named, E]]] = {}
        self._unreadable: list[str] = []

    def add(self, named: Named, entry: E) -> None:
        self.files.setdefault(named.version, []).append((named, entry))

    def leave(self, filename: str) -> None:
        if filename and not self.names.is_other(filename):
            self._unreadable.append(filename)

    def project(self, file: Callable[[Named, E], ReleaseFile], made: Callable[[ReleaseFile], None]) -> Project:
        def told(listed: tuple[Named, E]) -> ReleaseFile:
            found = file(*listed)
            made(found)
            return found

        releases = (
            Release(
                project=self.name,
                version=version,
                files=ReleaseFiles(partial(map, told, entries)),
            )
            for version, entries in sorted(self.files.items())
        )
        return Project(name=self.name, releases=tuple(releases), unreadable=tuple(sorted(self._unreadable)))

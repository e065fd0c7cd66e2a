"""The interface of a source of releases, and what it is asked with."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import field
from typing import Any, ClassVar, TypeVar

from dirac_forge.errors import ForgeError
from dirac_forge.http import Http
from dirac_forge.upstream.index.project import Project
from dirac_forge.upstream.once import Once
from dirac_forge.upstream.sources.offers import Offers
from dirac_forge.upstream.sources.origins import Origin, SourceUrl
from dirac_forge.upstream.sources.recent import Recent
from dirac_forge.values import dataclass

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class SourceQuery:
    """A question for the versions of one source of a recipe."""

    origin: Origin
    ways: tuple[str, ...]
    """Names of the sources to ask; the first that answers decides."""
    version: str
    """The recipe's."""
    assets: tuple[str, ...] = ()
    """Names of the files attached to a release that the recipe takes."""
    main: bool = True
    """Whether its answer is needed: a further source is checked when its file is fetched."""
    urls: Callable[[str], Sequence[str]] = field(default=lambda _: (), compare=False)
    """From a version to the URLs of its files."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GitHubAccess:
    """Where GitHub's API is, and with which token it is asked."""

    url: str = "https://api.github.com"
    token: str = field(default="", repr=False)

    @property
    def headers(self) -> Mapping[str, str]:
        """Of every request: https://docs.github.com/en/rest/using-the-rest-api/getting-started-with-the-rest-api."""
        own = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
        return {**own, "Authorization": f"Bearer {self.token}"} if self.token else own


class SourceAccess:
    """What sources are asked with, and what they answered in this run; safe to use from many threads."""

    def __init__(
        self,
        http: Http,
        recent: Recent,
        *,
        project: Callable[[str], Project],
        github: GitHubAccess,
        pythons: Sequence[str] = (),
    ) -> None:
        """Take `project`, which gives a page of the index; `pythons` are those that the channel builds for."""
        self.http = http
        self.recent = recent
        self.project = project
        self.pythons = tuple(pythons)
        self.github = github
        self.lost: dict[str, str] = {}
        """Hosts that did not answer git, with the reason."""
        self._lock = threading.Lock()
        self._asked: dict[Hashable, Once[Hashable, Any]] = {}

    def once(self, key: Hashable, answer: Callable[[], T]) -> T:
        """Return the answer (or raise the error) for `key`, computed once a run however many threads ask."""
        with self._lock:
            asked = self._asked.setdefault(key, Once(lambda _: answer()))
        result: T = asked(key)
        return result


class ReleaseSource:
    """A source of releases: it recognises the URLs of its files, and lists the versions of a project.

    A new source is a subclass in a file of this folder, and one line in `known.SOURCES`.
    """

    name: ClassVar[str]
    """How `SourceQuery.ways` and `Origin.kind` name it."""
    index: ClassVar[str] = ""
    """What people call an index that says of each release whether it was withdrawn; "" for any other source."""

    def recognises(self, url: SourceUrl) -> bool:
        """Return whether a file at this URL is one of this source's."""
        return False

    def origin(self, url: SourceUrl, version: str) -> Origin | None:
        """Return the origin of a file that is recognised; None if its URL is not that of `version`."""
        raise NotImplementedError

    def serves(self, origin: Origin, allowed: str | None) -> bool:
        """Return whether it is asked for `origin`; `allowed` is a source as conda-forge.yml names it, None for the
        default.
        """
        return origin.kind == self.name and allowed in (None, self.name)

    def offers(self, query: SourceQuery, access: SourceAccess) -> Offers:
        """Return all versions; raises UnknownError if they are not known, InputError for a missing project."""
        raise NotImplementedError

    def url(self, query: SourceQuery, access: SourceAccess) -> str:
        """Return the URL that is asked, "" if its failures are reported as they are."""
        return query.origin.url

    def failure(self, error: ForgeError) -> str:
        """Return a note for the case that another source answers instead."""
        return error.message

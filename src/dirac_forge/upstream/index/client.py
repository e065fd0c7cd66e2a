"""A client of a package index's standard interface, the Simple API (PEP 503, 691)."""

from __future__ import annotations

import difflib
import threading
from collections.abc import Callable, Iterable

from packaging.utils import InvalidName, canonicalize_name
from packaging.version import Version

from dirac_forge.errors import InputError, redact
from dirac_forge.http import Http, NotFoundError, Page
from dirac_forge.upstream.index.page import ACCEPT, read_page
from dirac_forge.upstream.index.project import Project, ReleaseFile

_PAGE_LIMIT = 64 * 1024 * 1024
"""Bytes; the largest page on PyPI has some 10 MB."""


_ALIKE = 0.8
"""How much a name is like the one that was asked for, from 0 to 1, to be suggested: one letter of five may differ."""


class UnknownProjectError(InputError):
    """The index has no project of this name."""


class IndexClient:
    """Any index that speaks the Simple API, as JSON or HTML; safe to use from many threads where `http` is."""

    def __init__(
        self, http: Http, *, url: str = "https://pypi.org/simple/", known: Callable[[], Iterable[str]] = tuple
    ) -> None:
        """Take `url`, the index's root page; `known` gives names to suggest where a project is not found."""
        self._http = http
        self.url = url.rstrip("/") + "/"
        self._known = known
        # A page with thousands of files takes 20 MB while it is read: threads read one after another.
        self._reading = threading.Lock()

    def project(self, name: str) -> Project:
        """Return the project and its releases, oldest first; raises as `page` and `read` do."""
        return self.read(self.page(name), name)

    def read(self, page: Page, name: str, *, only: Version | None = None) -> Project:
        """Return what `page` says, of other versions than `only` perhaps nothing.

        Raises UnreachableError if it is not a page of an index.
        """

        def allow(file: ReleaseFile) -> None:
            self._http.allow_listed(page.url, (file.url, f"{file.url}.metadata"))

        with self._reading:
            return read_page(page, name, only=only, made=allow)

    def page(self, name: str) -> Page:
        """Return the project's page, unread.

        Raises InputError for what can't be a name, UnknownProjectError if the index has none of that name, and
        UnreachableError if the index is down.
        """
        try:
            normalised = canonicalize_name(name, validate=True)
        except InvalidName as exc:
            raise InputError(
                f"{name!r} can't be the name of a project: use letters, digits, `.`, `-` and `_`, and begin and end "
                "with a letter or digit."
            ) from exc
        url = f"{self.url}{normalised}/"
        try:
            return self._http.page(url, accept=ACCEPT, limit=_PAGE_LIMIT)
        except NotFoundError as exc:
            raise UnknownProjectError(
                f"There is no project {name} on {redact(self.url)}.", hint=self._hint(name)
            ) from exc

    def _hint(self, name: str) -> str | None:
        asked = canonicalize_name(name)
        # A name may be known from elsewhere, and this index lacks it all the same.
        spelled: dict[str, str] = {key: each for each in self._known() if (key := canonicalize_name(each)) != asked}
        near = difflib.get_close_matches(asked, spelled, n=3, cutoff=_ALIKE)
        return f"Did you mean {' or '.join(spelled[key] for key in near)}?" if near else None

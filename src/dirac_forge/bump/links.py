"""Where people read about a release, as its project says in its metadata."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from dirac_forge.bump.proposal import ProjectLink
from dirac_forge.untrusted import split_url
from dirac_forge.upstream.files.facts import CoreMetadata

_LABELS = {
    "changelog": ("changelog", "changes", "releasenotes", "whatsnew", "history", "releases", "news"),
    "repository": ("source", "repository", "sourcecode", "github", "gitlab", "code"),
}
"""The labels that PyPI knows: https://packaging.python.org/en/latest/specifications/well-known-project-urls/."""


def project_links(metadata: CoreMetadata) -> tuple[ProjectLink, ...]:
    """Return the changelog and the repository that a project names; () if it names none on the web."""
    labelled = {re.sub(r"[^a-z]", "", label.lower()): url for label, url in metadata.project_urls.items()}
    found = []
    for title, labels in _LABELS.items():
        url = next((labelled[label] for label in labels if label in labelled), "")
        if split_url(url).scheme in {"http", "https"} and not re.search(r"[\s<>()\[\]]", url):
            found.append(ProjectLink(title=title, url=url))
    return tuple(found)


def with_links(links: Sequence[ProjectLink], more: Iterable[ProjectLink]) -> tuple[ProjectLink, ...]:
    """Return `links`, and those of `more` with a title that is not among them yet."""
    found = {link.title: link for link in links}
    for link in more:
        found.setdefault(link.title, link)
    return tuple(found.values())

"""What a recipe says of its project: summary and links, from core metadata."""

from __future__ import annotations

import re
from collections.abc import Mapping

from packaging.utils import canonicalize_name

from dirac_forge.channel.names import wraps
from dirac_forge.recipe.notes import Note, NoteKind, note
from dirac_forge.recipe.writing.scalars import sanitised
from dirac_forge.untrusted import split_url
from dirac_forge.upstream.files.facts import CoreMetadata

# Labels of Project-URL, lower case and without punctuation (PEP 753 lists the well-known ones).
_HOME = ("homepage", "home", "website", "web", "url")
_REPOSITORY = (
    "source",
    "sourcecode",
    "repository",
    "code",
    "github",
    "gitlab",
    "git",
    "repo",
    "sources",
    "development",
)
_DOCUMENTATION = ("documentation", "docs", "doc", "readthedocs", "manual", "userguide")
_GIT_HOSTS = re.compile(
    r"^https?://(?:www\.)?(?:github\.com|gitlab\.[\w.-]+|bitbucket\.org|codeberg\.org|git\.[\w.-]+)/[^/]+/[^/]+"
)
_OF_HOST = re.compile(
    r"^https?://(?:www\.)?github\.com/(?:apps|collections|features|marketplace|orgs|settings|sponsors|stars|topics)/"
    r"|^https?://[^/]+/(?:dashboard|explore|groups|login|search|users)/",
    re.IGNORECASE,
)
"""Pages of a host that look like a repository's: https://github.com/sponsors/NAME."""
_LONGEST = 300
_GIVEN_UP = re.compile(r"\bdeprecated\b|\bplaceholder\b|\bno longer maintained\b|\bdummy package\b", re.IGNORECASE)

Links = tuple[str | None, str | None, str | None]


def links_of(metadata: CoreMetadata) -> Links:
    """Return homepage, repository and documentation; None for what upstream does not name."""
    labelled = {_label(label): url for label, url in metadata.project_urls.items() if _is_web(url)}
    documentation = _first(labelled, _DOCUMENTATION)
    own = metadata.home_page if _is_web(metadata.home_page) else None
    home = own or _first(labelled, _HOME)
    repository = _repository(labelled, home)
    return home or repository or documentation, repository, documentation


def _repository(labelled: Mapping[str, str], home: str | None) -> str | None:
    """Return the URL that is labelled so if it is on a known host, else the homepage, else any other, if that is one.

    As a web page.
    """
    named = _first({label: url for label, url in labelled.items() if not _OF_HOST.match(url)}, _REPOSITORY)
    if named is None or not _is_hosted(named):
        others = [home] if home is not None else []
        named = next((url for url in (*others, *labelled.values()) if _is_repository(url)), named)
    return named.removesuffix(".git") if named is not None else None


def summary_of(metadata: CoreMetadata) -> str:
    """Return one line of printable text, "" if upstream gives none."""
    text = " ".join("".join(c if c.isprintable() else " " for c in metadata.summary or "").split())
    return "" if text.upper() in {"UNKNOWN", "TODO"} else _cut(text)


def stand_in(metadata: CoreMetadata, package: str) -> tuple[Note, ...]:
    """Return a warning where a project stands in for another one: deprecated, the same with its libraries, or a package
    for pip alone.
    """
    project = canonicalize_name(metadata.name)
    other = canonicalize_name(package)
    if _GIVEN_UP.search(metadata.summary or ""):
        kind = NoteKind.GIVEN_UP_FOR if other != project else NoteKind.GIVEN_UP
    elif project == f"{other}-binary":
        kind = NoteKind.STANDS_IN
    elif wraps(project, package):
        kind = NoteKind.WRAPS
    else:
        return ()
    summary = summary_of(metadata).rstrip(".")
    return (note("warning", kind, project=metadata.name, other=other, package=package, summary=summary),)


def _cut(text: str) -> str:
    """Cut to the longest summary, after a sentence, else after a word."""
    if len(text) <= _LONGEST:
        return text
    sentences = [match.end(1) for match in re.finditer(r"([.!?])(?=\s)", text[: _LONGEST + 1])]
    return text[: sentences[-1]] if sentences else sanitised(text, _LONGEST)


def _label(label: str) -> str:
    return re.sub(r"[\W_]", "", label).lower()


def _first(labelled: Mapping[str, str], labels: tuple[str, ...]) -> str | None:
    return next((labelled[label] for label in labels if label in labelled), None)


def _is_web(url: str | None) -> bool:
    if not url or not re.fullmatch(r"[\x21-\x7e]{1,500}", url) or re.search(r"[\"'{}<>\\^`]", url):
        return False
    parts = split_url(url)
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc


def _is_repository(url: str) -> bool:
    """Whether a URL is that of a repository itself, not of its issues or releases."""
    return _is_hosted(url) and len([part for part in split_url(url).path.split("/") if part]) == 2


def _is_hosted(url: str) -> bool:
    """Whether a URL is below a repository on a known host."""
    return _GIT_HOSTS.match(url) is not None and _OF_HOST.match(url) is None

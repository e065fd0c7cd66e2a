"""Values: what one place offers, a package index, a repository's tags or a folder of files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from dirac_forge.upstream.choice import objection
from dirac_forge.upstream.index.project import Project, Release
from dirac_forge.upstream.sources.origins import Origin
from dirac_forge.upstream.sources.tags import Spelling, learned

__all__ = ["GitHubRelease", "Offer", "Offers", "date_of", "from_project", "from_releases", "from_tags"]


_ANY = SpecifierSet()
_ARCHIVE = re.compile(r"\.(?:tar\.(?:gz|bz2|xz|zst)|tgz|tbz2|txz|zip)$")


@dataclass(frozen=True, kw_only=True, slots=True)
class GitHubRelease:
    """One release on GitHub."""

    tag: str
    draft: bool = False
    prerelease: bool = False
    published: datetime | None = None
    page: str = ""
    files: tuple[str, ...] = ()
    """Names of what is attached to it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """One version at one place."""

    version: Version
    """Prints as the recipe would say it."""
    tag: str = ""
    released: datetime | None = None
    objection: str = ""
    """What the place itself has against it: yanked, deprecated, a draft…"""
    prerelease: bool = False
    """Whether the place calls it one, whatever its version looks like."""
    page: str = ""
    """Where people read about it."""


@dataclass(frozen=True, kw_only=True)
class Offers:
    """All versions that a place has."""

    origin: Origin
    offers: tuple[Offer, ...]
    tag: str = ""
    """Of the recipe's own version, where there are tags."""
    unread: tuple[str, ...] = ()
    """What is there and no version of it: a sentence each."""
    notes: tuple[str, ...] = ()
    """What a person should know about how this was found out."""

    def of(self, version: Version) -> Offer | None:
        """What is offered of one version."""
        return self._by_version.get(version)

    @cached_property
    def _by_version(self) -> Mapping[Version, Offer]:
        return {offer.version: offer for offer in self.offers}

    def noting(self, *notes: str) -> Offers:
        """The same with more notes."""
        return replace(self, notes=(*self.notes, *notes))


def from_tags(origin: Origin, tags: Mapping[str, str], version: str) -> Offers:
    """What the tags of a repository offer to a recipe at `version`; `tags` maps tag to commit."""
    tag = origin.tag or _own_tag(tags, version, origin.commit)
    spelling = learned(tag, version) if tag else None
    if spelling is None:
        return Offers(origin=origin, offers=(), unread=tuple(_unlearned(origin, tags, version)))
    offers, unread = _read(spelling, tags, origin)
    return Offers(origin=origin, offers=tuple(offers), unread=tuple(unread), tag=tag)


def from_releases(
    origin: Origin, releases: Iterable[GitHubRelease], version: str, assets: Sequence[str] = ()
) -> Offers:
    """What the releases of a repository offer; `assets` are the names of the attached files that the recipe takes.

    A release that lacks one of them is offered with that objection.
    """
    known = {release.tag: release for release in releases if release.tag}
    found = from_tags(origin, dict.fromkeys(known, ""), version)
    wanted = [(name, learned(name, version)) for name in assets]
    return replace(found, offers=tuple(_with_release(offer, known[offer.tag], wanted) for offer in found.offers))


def _with_release(offer: Offer, release: GitHubRelease, wanted: Sequence[tuple[str, Spelling | None]]) -> Offer:
    said = "a draft" if release.draft else ""
    for name, spelling in wanted:
        if not said and not any(_is_file(file, name, spelling, offer.version) for file in release.files):
            has = f"it has {', '.join(release.files[:3])}" if release.files else "it has none"
            said = f"no file like {name} is attached to it ({has})"
    return replace(
        offer,
        objection=said,
        prerelease=release.prerelease,
        released=release.published,
        page=release.page or offer.page,
    )


def _is_file(file: str, name: str, spelling: Spelling | None, version: Version) -> bool:
    """Whether a file is what `name` is of another version; another kind of archive counts, the edit finds it."""
    if spelling is None:
        return file == name
    ending = _ARCHIVE.search(spelling.after)
    other = _ARCHIVE.search(file)
    if ending is not None and other is not None:
        file = file[: other.start()] + ending[0]
    return spelling.read(file) == version


def from_project(origin: Origin, project: Project, *, pythons: Sequence[str], after: Version) -> Offers:
    """What a package index offers, newer than `after`, and that version itself for its date.

    A release counts with a file of the kind that the recipe uses now, an sdist or a wheel.
    """
    wheel = origin.url.endswith(".whl")
    offers = []
    for release in project.releases:
        if release.version < after:
            continue
        said = objection(release, _ANY, pythons) or ""
        if not said and not (release.wheels if wheel else release.sdist):
            said = f"{origin.name} has no {'wheel' if wheel else 'sdist'} of it"
        page = f"https://pypi.org/project/{origin.name}/{release.version}/"
        offers.append(Offer(version=release.version, released=_uploaded(release), objection=said, page=page))
    return Offers(origin=origin, offers=tuple(offers))


def _uploaded(release: Release) -> datetime | None:
    return min((file.uploaded for file in release.files if file.uploaded is not None), default=None)


def _read(spelling: Spelling, tags: Iterable[str], origin: Origin) -> tuple[list[Offer], list[str]]:
    offers: dict[Version, Offer] = {}
    unread = []
    for tag in tags:
        read = spelling.read(tag)
        if isinstance(read, str):
            unread.append(read)
            continue
        other = offers.get(read)
        if other is None or (other.tag.startswith(spelling.before) < tag.startswith(spelling.before)):
            offers[read] = Offer(version=read, tag=tag, page=origin.release_page(tag))
    return list(offers.values()), unread


def _own_tag(tags: Mapping[str, str], version: str, commit: str) -> str:
    """The recipe's own tag where its URL does not say: of the commit that it takes, else the plainest one."""
    fitting = [tag for tag in tags if learned(tag, version) is not None]
    if commit:
        fitting = [tag for tag in fitting if tags[tag] == commit] or fitting
    return min(fitting, key=lambda tag: (len(tag), tag), default="")


def _unlearned(origin: Origin, tags: Mapping[str, str], version: str) -> Iterable[str]:
    if origin.tag:
        yield f"the tag {origin.tag} does not spell {version}"
    elif not tags:
        yield f"{origin.name} has no tags"
    else:
        yield f"{origin.name} has no tag of {version}, so how it spells versions is not known"


def date_of(text: object) -> datetime | None:
    """A date as hosts write it (ISO 8601, in UTC where it says no zone); None for what is none."""
    if not isinstance(text, str):
        return None
    try:
        date = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return date if date.tzinfo is not None else date.replace(tzinfo=UTC)

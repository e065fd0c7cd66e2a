"""The release that a feedstock should move to: the newest that fits, weighed against all newer ones."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from packaging.utils import canonicalize_name
from packaging.version import Version

from dirac_forge.bump.objections import (
    AskedAnyway,
    Downgrade,
    LateRelease,
    LooksLikeDate,
    NotAfterRecipe,
    Objection,
    PassedOver,
    PlaceObjects,
    PreRelease,
    ReleaseNote,
    TooYoung,
    TriedReleases,
    UnusualJump,
)
from dirac_forge.bump.proposal import ProjectLink
from dirac_forge.bump.rules import Rules
from dirac_forge.bump.skip_reasons import Current, NoOrder, NoReleaseFound, NoVersionOffered, UnreadTags
from dirac_forge.bump.upstream_versions import SAME, UpstreamVersions
from dirac_forge.feedstock.change import SkipReason
from dirac_forge.recipe.editing.edit import Setting, outputs_of
from dirac_forge.recipe.editing.spellings import conda_spelling
from dirac_forge.recipe.reading.recipe_text import ReadSource
from dirac_forge.untrusted import parse_version
from dirac_forge.upstream.digests import project_of
from dirac_forge.upstream.files.filenames import FileNames
from dirac_forge.upstream.sources.offers import Offer, Offers
from dirac_forge.upstream.sources.origins import Origin
from dirac_forge.upstream.sources.tags import read_version
from dirac_forge.values import dataclass

_FIRST_YEAR = 1000
"""A first number that may be the year of a date (or `2024`, or `202411`)."""
_MOST_DIGITS_MORE = 2
"""How many more digits a number has in a release that follows another one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Newest:
    """A version to move to, newer than the recipe's."""

    version: str
    """As the recipe says it."""
    number: Version
    projects: tuple[str, ...]
    """The places whose release it is."""
    rejected: tuple[PassedOver, ...] = ()
    """Newer versions that were passed over, newest first."""
    released: datetime | None = None
    old_released: datetime | None = None
    links: tuple[ProjectLink, ...] = ()
    tag: str = ""
    """On the first place that has tags."""
    tagged: Origin | None = None
    """That place."""
    notes: tuple[ReleaseNote, ...] = ()
    """What a person should know about how it was found."""


def projects_of(text: str, *, path: str, version: str, settings: Sequence[Setting]) -> dict[str, str]:
    """Return the projects on PyPI whose files of its own version the recipe takes, each with a file's name.

    `version` is upstream's.

    Raises RecipeError.
    """
    found: dict[str, str] = {}
    for _, outputs in outputs_of(text, path=path, settings=settings):
        for output in outputs:
            for project, filename in _of(output.sources, version):
                found.setdefault(project, filename)
    return found


def _of(sources: Iterable[ReadSource], version: str) -> Iterable[tuple[str, str]]:
    for source in sources:
        named = project_of(source.url or "")
        read = FileNames(named[0]).read(named[1]) if named is not None else None
        if named is not None and read is not None and read.version == parse_version(version.replace("_", ".")):
            yield canonicalize_name(named[0]), named[1]


def newest(
    current: str, places: Sequence[Offers], *, rules: Rules, upstream: UpstreamVersions = SAME
) -> Newest | SkipReason:
    """Return the newest version that all `places` have, without an objection of theirs or of the `rules`.

    `current` is the recipe's, and `upstream` tells what upstream calls it. A pre-release is taken only where the recipe
    is at one already. Where all that fit are too young, it is the newest of them.
    """
    now, needs_pep440 = read_version(upstream.of(current)), _is_no_pypi_version(current, places)
    if now is None or needs_pep440:
        return NoOrder(version=current, pep440=needs_pep440)
    passed_over: list[PassedOver] = []
    young: Newest | None = None
    for release in (_Release(version, places) for version in _later(now, places)):
        objection = _not_after(current, release, upstream) or release.against(now, rules)
        if objection is None:
            return release.newest(now, tuple(passed_over))
        if young is None and isinstance(objection, TooYoung):
            young = release.newest(now, tuple(passed_over))
        passed_over.append(PassedOver(version=release.offers[0].version, reason=objection))
    return young or _nothing(current, now, places, tuple(passed_over))


def _not_after(current: str, release: _Release, upstream: UpstreamVersions) -> NotAfterRecipe | None:
    """Return that a version would not be newer in the recipe, where a packager added something to the recipe's."""
    if upstream == SAME:
        return None
    spelled = conda_spelling(current, str(release.offers[0].version))
    own, other = read_version(current), read_version(spelled)
    newer = own is None or other is None or other > own
    return None if newer else NotAfterRecipe(version=spelled, current=current)


def _is_no_pypi_version(version: str, places: Iterable[Offers]) -> bool:
    return parse_version(version) is None and any(place.origin.kind == "pypi" for place in places)


def _later(now: Version, places: Iterable[Offers]) -> list[Version]:
    """Return the versions after `now` that some place has, newest first."""
    versions = {offer.version for place in places for offer in place.offers}
    return sorted((version for version in versions if version > now), reverse=True)


class _Release:
    """One version, as the places have it."""

    def __init__(self, version: Version, places: Sequence[Offers]) -> None:
        self.version = version
        self.places = places
        self.there = [(place, offer) for place in places if (offer := place.of(version)) is not None]
        self.offers = [offer for _, offer in self.there]
        self.tags = tuple(offer.tag for offer in self.offers if offer.tag)

    def against(self, now: Version, rules: Rules) -> Objection | None:
        """Return why it is not taken: the rules, the places, or its age; None where nothing speaks against it."""
        return rules.objection(self.version, self.tags) or self.objection(now) or self.too_young(rules)

    def objection(self, now: Version) -> Objection | None:
        """Return what the places have against it."""
        having = [place for place, _ in self.there]
        missing = tuple(place.origin.name for place in self.places if place not in having)
        if missing:
            return LateRelease(there=tuple(place.origin.name for place in having), missing=missing)
        alone = len(having) == 1
        return next((said for place, offer in self.there if (said := _of_host(now, place, offer, alone=alone))), None)

    def objected(self) -> PlaceObjects | None:
        """Return what a place has against it that any recipe with it should know; None for nothing."""
        alone = len(self.there) == 1
        said = ((place, offer.objection) for place, offer in self.there if offer.objection)
        return next((_objects(place, objection, alone=alone) for place, objection in said), None)

    def too_young(self, rules: Rules) -> TooYoung | None:
        """Return why it waits until it is older; of a tag whose date is not known here, nobody can tell yet."""
        released = _first_date(self.offers)
        return None if released is None and self.tags else rules.too_young(self.offers[0].version, released)

    def newest(self, now: Version, passed_over: tuple[PassedOver, ...]) -> Newest:
        """Return it as the version to move to."""
        first = self.offers[0].version
        old = (offer for place in self.places if (offer := place.of(now)) is not None)
        return Newest(
            version=str(first),
            number=first,
            projects=tuple(place.origin.name for place in self.places),
            rejected=passed_over,
            released=_first_date(self.offers),
            old_released=_first_date(old),
            links=tuple(_links(self.there, now)),
            tag=next(iter(self.tags), ""),
            tagged=next((place.origin for place, offer in self.there if offer.tag), None),
            notes=(*_notes(self.places, first), *_jump(now, first, self.places)),
        )


def _notes(places: Iterable[Offers], version: Version | None = None) -> tuple[ReleaseNote, ...]:
    notes: dict[ReleaseNote, None] = {}
    for place in places:
        notes |= dict.fromkeys(place.notes)
        if place.tried:
            notes[TriedReleases(host=place.origin.name, version=str(version or ""))] = None
    return tuple(notes)


def downgrade(old: str, new: str) -> tuple[Downgrade, ...]:
    """Return a note where a version is older than the recipe's; none if the two can't be compared."""
    before, after = parse_version(old), parse_version(new)
    older = before is not None and after is not None and after < before
    return (Downgrade(old=old, new=new),) if older else ()


def asked_anyway(old: str, new: str, places: Sequence[Offers] = ()) -> tuple[AskedAnyway, ...]:
    """Return why a version would be passed over if nobody had asked for it, as far as these places know it."""
    now, version = read_version(old), read_version(new)
    if now is None or version is None:
        return ()
    there = [(place, offer) for place in places if (offer := place.of(version)) is not None]
    said = [_of_host(now, place, offer, alone=len(there) == 1) for place, offer in there]
    if version.is_prerelease and not now.is_prerelease:
        said.append(PreRelease())
    return tuple(AskedAnyway(version=new, reason=reason) for reason in dict.fromkeys(said) if reason is not None)


def _jump(now: Version, new: Version, places: Sequence[Offers]) -> tuple[UnusualJump, ...]:
    """Return a note where a version is hardly the next one after `now`."""
    between = any(now.major < offer.version.major < new.major for place in places for offer in place.offers)
    far = new.major - now.major > 1 and now.major < _FIRST_YEAR and not between
    if far or _longer_number(now, new) or (_has_zeros(new) and not _has_zeros(now)):
        return (UnusualJump(old=str(now), new=str(new)),)
    return ()


def _longer_number(now: Version, new: Version) -> bool:
    """Return whether the first number that differs becomes a date or a count (`1.2` to `1.20240131`)."""
    was, becomes = next(
        ((one, other) for one, other in zip(now.release, new.release, strict=False) if one != other), (0, 0)
    )
    return len(str(becomes)) - len(str(was)) > _MOST_DIGITS_MORE


def _has_zeros(version: Version) -> bool:
    """Return whether a number is written with leading zeros (`4.00.0`)."""
    return any(len(part) > 1 and part.startswith("0") for part in re.findall(r"\d+", str(version)))


def _of_host(now: Version, place: Offers, offer: Offer, *, alone: bool) -> Objection | None:
    if offer.objection:
        return _objects(place, offer.objection, alone=alone)
    if not now.is_prerelease and (offer.version.is_prerelease or offer.prerelease):
        return PreRelease(by="" if offer.version.is_prerelease else "its host")
    if place.origin.kind != "pypi" and now.release[0] < _FIRST_YEAR <= offer.version.release[0]:
        return LooksLikeDate(current=now)
    return None


def _objects(place: Offers, objection: str, *, alone: bool) -> PlaceObjects:
    return PlaceObjects(objection=objection, place="" if alone else place.origin.name)


def _first_date(offers: Iterable[Offer]) -> datetime | None:
    return next((offer.released for offer in offers if offer.released is not None), None)


def _links(taken: Sequence[tuple[Offers, Offer]], now: Version) -> Iterator[ProjectLink]:
    page = next((offer.page for _, offer in taken if offer.page), "")
    if page:
        yield ProjectLink(title="release", url=page)
    for place, offer in taken:
        own = place.of(now)
        compare = place.origin.compare_page(own.tag if own is not None else place.tag, offer.tag)
        if compare:
            yield ProjectLink(title="changes", url=compare)
            break
    repository = next((place.origin.page for place, _ in taken if place.origin.page), "")
    if repository:
        yield ProjectLink(title="repository", url=repository)


def _nothing(current: str, now: Version, places: Sequence[Offers], passed_over: tuple[PassedOver, ...]) -> SkipReason:
    notes = _notes(places)
    silent = next((place for place in places if not place.offers), None) or _behind(now, places)
    if silent is None:
        own = _Release(now, places).objected()
        return Current(version=current, objection=own, passed_over=passed_over, unread=_unread(places), notes=notes)
    if silent.unread and not silent.offers:
        return NoReleaseFound(why=silent.unread[0].reason, passed_over=passed_over, notes=notes)
    why = NoVersionOffered(place=silent.origin.name, newest=_newest_of(silent))
    return NoReleaseFound(why=why, passed_over=passed_over, notes=notes)


def _behind(now: Version, places: Sequence[Offers]) -> Offers | None:
    """Return the place that decides, if it has only versions that are older than the recipe's."""
    first = next(iter(places), None)
    return None if first is None or any(offer.version >= now for offer in first.offers) else first


def _newest_of(place: Offers) -> Version | None:
    finals = (offer.version for offer in place.offers if not offer.version.is_prerelease and not offer.prerelease)
    return place.newest or max(finals, default=None)


def _unread(places: Sequence[Offers]) -> UnreadTags | None:
    numbered = [one for place in places for one in place.unread if any(sign.isdigit() for sign in one.tag)]
    return UnreadTags(reason=numbered[-1].reason, more=len(numbered) - 1) if numbered else None

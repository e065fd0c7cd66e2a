"""The release that a feedstock should move to: the newest that fits, weighed against all newer ones."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from dirac_forge.bump.proposal import ProjectLink
from dirac_forge.bump.rejections import rejections
from dirac_forge.bump.rules import Rules
from dirac_forge.recipe.editing.edit import Setting, outputs_of
from dirac_forge.recipe.reading.recipe_text import ReadSource
from dirac_forge.upstream.choice import Rejected
from dirac_forge.upstream.digests import project_of
from dirac_forge.upstream.files.filenames import FileNames
from dirac_forge.upstream.sources.offers import Offer, Offers
from dirac_forge.upstream.sources.origins import Origin
from dirac_forge.upstream.sources.tags import read_version

__all__ = ["Newest", "Nothing", "newest", "projects_of"]

_SHOWN = 5
_FIRST_YEAR = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Newest:
    """A version to move to, newer than the recipe's."""

    version: str
    """As the recipe says it."""
    number: Version
    projects: tuple[str, ...]
    """The places whose release it is."""
    rejected: tuple[Rejected, ...] = ()
    """Newer versions that were passed over, newest first."""
    released: datetime | None = None
    old_released: datetime | None = None
    links: tuple[ProjectLink, ...] = ()
    tag: str = ""
    """On the first place that has tags."""
    tagged: Origin | None = None
    """That place."""
    notes: tuple[str, ...] = ()
    """What a person should know about how it was found."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Nothing:
    """No version to move to, and why."""

    reason: str
    rejected: tuple[Rejected, ...] = ()


def projects_of(text: str, *, path: str, version: str, settings: Sequence[Setting]) -> dict[str, str]:
    """Projects on PyPI of which the recipe takes the files of its own version, each with such a file's name.

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
        if named is not None and read is not None and _same(read.version, version):
            yield canonicalize_name(named[0]), named[1]


def newest(current: str, places: Sequence[Offers], *, rules: Rules) -> Newest | Nothing:
    """The newest version that all `places` have, without an objection of theirs or of the feedstock's `rules`.

    A pre-release is taken only where the recipe is at one already.
    """
    now = read_version(current)
    if any(place.origin.kind == "pypi" for place in places) and not _pep440(current):
        return Nothing(reason=f"{current} is no version as PyPI has them (PEP 440), so none can be called newer")
    if now is None:
        return Nothing(reason=f"{current} has no order that is known, so no version can be called newer")
    rejected: dict[Version, Rejected] = {}
    for version in sorted({offer.version for place in places for offer in place.offers}, reverse=True):
        if version <= now:
            break
        reason = _objection(now, version, places, rules)
        if not reason:
            return _newest(version, now, places, tuple(rejected.values()))
        spelled = next(offer.version for place in places if (offer := place.of(version)) is not None)
        rejected[version] = Rejected(version=spelled, reason=reason)
    return _nothing(current, places, tuple(rejected.values()))


def _pep440(text: str) -> bool:
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


def _objection(now: Version, version: Version, places: Sequence[Offers], rules: Rules) -> str:
    offers = [(place, place.of(version)) for place in places]
    tags = tuple(offer.tag for _, offer in offers if offer is not None and offer.tag)
    said = rules.objection(version, tags)
    if said:
        return said
    late = ", ".join(place.origin.name for place, offer in offers if offer is None)
    if late:
        there = ", ".join(place.origin.name for place, offer in offers if offer is not None)
        return f"{there} has it, {late} does not yet"
    for place, offer in offers:
        if offer is not None and (said := _of_host(now, place, offer)):
            named = said.startswith(place.origin.name) or len(places) == 1
            return said if named else f"{place.origin.name}: {said}"
    return ""


def _of_host(now: Version, place: Offers, offer: Offer) -> str:
    if offer.objection:
        return offer.objection
    if not now.is_prerelease:
        if offer.version.is_prerelease:
            return "a pre-release"
        if offer.prerelease:
            return "a pre-release, as its host says"
    if place.origin.kind != "pypi" and now.release[0] < _FIRST_YEAR <= offer.version.release[0]:
        return f"it looks like a date, and {now} does not"
    return ""


def _newest(version: Version, now: Version, places: Sequence[Offers], rejected: tuple[Rejected, ...]) -> Newest:
    taken = [(place, offer) for place in places if (offer := place.of(version)) is not None]
    first = taken[0][1]
    tagged = next(((place, offer) for place, offer in taken if offer.tag), None)
    old = [offer for place in places if (offer := place.of(now)) is not None]
    return Newest(
        version=str(first.version),
        number=first.version,
        projects=tuple(place.origin.name for place in places),
        rejected=rejected,
        released=next((offer.released for _, offer in taken if offer.released is not None), None),
        old_released=next((offer.released for offer in old if offer.released is not None), None),
        links=tuple(_links(taken, now)),
        tag=tagged[1].tag if tagged is not None else "",
        tagged=tagged[0].origin if tagged is not None else None,
        notes=tuple(dict.fromkeys(note for place in places for note in place.notes)),
    )


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


def _nothing(current: str, places: Sequence[Offers], rejected: tuple[Rejected, ...]) -> Nothing:
    reason = f"{current} is the newest release that fits"
    silent = next((place for place in places if not place.offers), None)
    if silent is not None:
        why = silent.unread[0] if silent.unread else f"{silent.origin.name} offers no version"
        reason = f"no release was found: {why}"
    sentences = rejections(rejected)
    beside = list(sentences[:_SHOWN])
    if len(sentences) > _SHOWN:
        beside.append(f"and {len(sentences) - _SHOWN} more")
    if silent is None:
        beside += _unread(places)
    beside += (note for place in places for note in place.notes)
    return Nothing(reason=f"{reason} ({'; '.join(beside)})" if beside else reason, rejected=rejected)


def _unread(places: Sequence[Offers]) -> Iterator[str]:
    """A word on tags that have a number and count for nothing: upstream may have changed how it spells them."""
    said = [sentence for place in places for sentence in place.unread if re.search(r"tag \S*\d", sentence)]
    if said:
        more = "" if len(said) == 1 else f", and {len(said) - 1} more tags count for nothing"
        yield f"{said[-1]}{more}"


def _same(version: Version, text: str) -> bool:
    try:
        return version == Version(re.sub(r"_", ".", text))
    except InvalidVersion:
        return False

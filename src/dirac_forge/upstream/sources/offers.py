"""Values: the versions that a source of releases offers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import cached_property

from packaging.version import Version

from dirac_forge.upstream.sources.origins import Origin
from dirac_forge.upstream.sources.tag_reasons import TagReason
from dirac_forge.values import dataclass


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


@dataclass(frozen=True, kw_only=True, slots=True)
class UnreadTag:
    """A tag, or another name of a release, that counts for nothing, and why."""

    tag: str = ""
    """"" if there is no usable tag at all, or none of a git repository."""
    reason: TagReason


@dataclass(frozen=True, kw_only=True)
class Offers:
    """All versions that a place has."""

    origin: Origin
    offers: tuple[Offer, ...]
    tag: str = ""
    """Of the recipe's own version, where there are tags."""
    unread: tuple[UnreadTag, ...] = ()
    """What is there and is not a version of it."""
    notes: tuple[str, ...] = ()
    """What a person should know about how this was found out."""
    newest: Version | None = None
    """Where nothing is offered because the recipe is ahead: the newest final version that there is."""
    tried: bool = False
    """Whether the host lists nothing, so that only the likely next versions were asked for."""

    partial: bool = False
    """Whether only the current version was seen, though the place has older ones too."""

    def of(self, version: Version) -> Offer | None:
        """Return what is offered of one version."""
        return self._by_version.get(version)

    @cached_property
    def _by_version(self) -> Mapping[Version, Offer]:
        return {offer.version: offer for offer in self.offers}

    def noting(self, *notes: str) -> Offers:
        """Return the same with more notes."""
        return replace(self, notes=(*self.notes, *notes))

"""Why a feedstock is skipped, as values."""

from __future__ import annotations

from packaging.version import Version

from dirac_forge.bump.blockers import Blocker
from dirac_forge.bump.objections import PassedOver, PlaceObjects, ReleaseNote
from dirac_forge.feedstock.change import SkipReason
from dirac_forge.upstream.sources.tag_reasons import TagReason
from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class UnreadTags:
    """Tags that have a number and count for nothing: upstream may have changed how it spells them."""

    reason: TagReason
    """Of the last one."""
    more: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Current(SkipReason):
    """The recipe is at the newest release that fits, or at the version that was asked for."""

    version: str
    asked: bool = False
    objection: PlaceObjects | None = None
    """What upstream has against this very version: it was yanked since, say."""
    passed_over: tuple[PassedOver, ...] = ()
    unread: UnreadTags | None = None
    notes: tuple[ReleaseNote, ...] = ()
    """What else to know about how this was found out."""

    @property
    def remarkable(self) -> bool:
        """Whether there is more to say than that it is current."""
        return bool(self.objection or self.passed_over or self.unread or self.notes)


@dataclass(frozen=True, kw_only=True, slots=True)
class NoVersionOffered:
    """The place answers, and has neither the version of the recipe nor a newer one."""

    place: str
    newest: Version | None = None
    """The newest that it has, where that is known: the recipe is ahead of it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NoReleaseFound(SkipReason):
    """A place offers neither the version of the recipe nor a newer one."""

    why: NoVersionOffered | TagReason
    passed_over: tuple[PassedOver, ...] = ()
    notes: tuple[ReleaseNote, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class NoOrder(SkipReason):
    """The recipe's version has no order, so that no other can be called newer."""

    version: str
    pep440: bool = False
    """It is not a version of PEP 440, which PyPI asks for."""
    notes: tuple[ReleaseNote, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class LineWithoutVersions(SkipReason):
    """The settings do not say which versions belong on a release line."""

    feedstock: str
    branch: str


@dataclass(frozen=True, kw_only=True, slots=True)
class UpdatesOff(SkipReason):
    """`version_updates.skip` of conda-forge.yml."""

    line: int


@dataclass(frozen=True, kw_only=True, slots=True)
class AllowedSources(SkipReason):
    """`version_updates.sources` of conda-forge.yml does not name the recipe's source."""

    line: int
    sources: tuple[str, ...]
    source: str
    unsupported: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class VersionlessSources(SkipReason):
    """No source has the version in its URL or tag, so that there is no place to ask for releases."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StillBlocked(SkipReason):
    """Decided again, the bump is blocked."""

    by: tuple[Blocker, ...]

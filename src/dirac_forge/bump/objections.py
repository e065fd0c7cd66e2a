"""What speaks against a version, and how sure it is that there is a release, as values."""

from __future__ import annotations

from datetime import datetime, timedelta

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class OffBranch:
    """The version does not belong on the release line."""

    allowed: SpecifierSet


@dataclass(frozen=True, kw_only=True, slots=True)
class ExcludedVersion:
    """`version_updates.exclude` of conda-forge.yml names the version."""

    line: int


@dataclass(frozen=True, kw_only=True, slots=True)
class TagNotAllowed:
    """`allowed_tag_globs` of conda-forge.yml does not match the version's tag."""

    tag: str
    line: int


@dataclass(frozen=True, kw_only=True, slots=True)
class OddVersion:
    """`even_odd_versions` of conda-forge.yml takes no versions with an odd second number."""

    line: int


@dataclass(frozen=True, kw_only=True, slots=True)
class UnkeptVersion:
    """`random_fraction_to_keep` of conda-forge.yml leaves the version out."""

    fraction: float
    line: int


@dataclass(frozen=True, kw_only=True, slots=True)
class LateRelease:
    """Some places have the release, others do not yet."""

    there: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class PreRelease:
    """A pre-release, by its version or as its host says."""

    by: str = ""
    """Where that comes from, "" for the version itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NotAfterRecipe:
    """As the recipe would spell it, the version is not newer than the recipe's, to which a packager added something."""

    version: str
    current: str


@dataclass(frozen=True, kw_only=True, slots=True)
class LooksLikeDate:
    """The version looks like a date, unlike the recipe's."""

    current: Version


@dataclass(frozen=True, kw_only=True, slots=True)
class TooYoung:
    """The release is not as old as `cooldown` of the bot's settings wants."""

    since: datetime
    released: bool
    """Whether it was released then; else it was seen first."""
    cooldown: timedelta


@dataclass(frozen=True, kw_only=True, slots=True)
class PlaceObjects:
    """A place offers the release with an objection: it is yanked, a draft, or has no sdist."""

    objection: str
    place: str = ""
    """The place's name where several are asked."""


Objection = (
    str
    | OffBranch
    | ExcludedVersion
    | TagNotAllowed
    | OddVersion
    | UnkeptVersion
    | LateRelease
    | PreRelease
    | NotAfterRecipe
    | LooksLikeDate
    | PlaceObjects
    | TooYoung
)


@dataclass(frozen=True, kw_only=True, slots=True)
class PassedOver:
    """A newer version that is not taken."""

    version: Version
    reason: Objection


@dataclass(frozen=True, kw_only=True, slots=True)
class TriedReleases:
    """A host lists nothing: only the likely next versions were asked for, and there may be newer ones."""

    host: str
    version: str = ""
    """The newest one; "" if none was found."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UnusualJump:
    """No release is known between two versions that are far apart, or spelled differently."""

    old: str
    new: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Downgrade:
    """The version that was asked for is older than the recipe's."""

    old: str
    new: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AskedAnyway:
    """The version that was asked for would be passed over otherwise: it is yanked, say, or a pre-release."""

    version: str
    reason: Objection


@dataclass(frozen=True, kw_only=True, slots=True)
class NotListed:
    """A source does not list the version that was asked for, or it is not known whether it does."""

    version: str
    source: str
    certain: bool = False
    message: str = ""
    """Of the error, where the source did not answer; "" if it did, or was not asked."""


ReleaseNote = str | AskedAnyway | NotListed | Downgrade | TriedReleases | UnusualJump

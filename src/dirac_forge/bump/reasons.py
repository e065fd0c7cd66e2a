"""Reasons and notes of bumps as values; `report` turns them into words.

Where a room to the left only has a message (of an error, of a host), that text is the reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from dirac_forge.bump.drift.carried import Carried, CompiledNow
from dirac_forge.bump.extension_lines import ExtensionLeft
from dirac_forge.bump.new_needs import Awaited, Lack
from dirac_forge.check.proof_reasons import ProofReason
from dirac_forge.feedstock.change import SkipReason
from dirac_forge.recipe.editing.notes import CommitKept, HashKept, OldVersionLeft

if TYPE_CHECKING:
    from dirac_forge.build.evidence import BuildEvidence

__all__ = [
    "AllowedSources",
    "Blocker",
    "BumpNote",
    "Current",
    "EnclosedSource",
    "ExcludedVersion",
    "FailedBuild",
    "HelpingBump",
    "HelpingDependent",
    "IgnoredKey",
    "LateRelease",
    "LooksLikeDate",
    "MovedCommit",
    "MovesTogether",
    "NoOrder",
    "NoReleaseFound",
    "NotBuilt",
    "NotCarried",
    "NotCompared",
    "Objection",
    "OddVersion",
    "OffBranch",
    "PassedOver",
    "PlaceObjects",
    "PreRelease",
    "RefusedEdit",
    "ReleaseNote",
    "RespelledSource",
    "SecondLeft",
    "SecondMoved",
    "StillBlocked",
    "TagNotAllowed",
    "TriedReleases",
    "UnkeptVersion",
    "UnreadCommits",
    "UnreadTags",
    "UnusualJump",
    "UpdatesOff",
    "VersionlessSources",
    "WorseTargets",
]


# -- why a version is passed over


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
    """Who says so, "" for the version itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LooksLikeDate:
    """The version looks like a date, unlike the recipe's."""

    current: Version


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
    | LooksLikeDate
    | PlaceObjects
)


@dataclass(frozen=True, kw_only=True, slots=True)
class PassedOver:
    """A newer version that is not taken."""

    version: Version
    reason: Objection


# -- how sure a release is


@dataclass(frozen=True, kw_only=True, slots=True)
class TriedReleases:
    """A host lists nothing: only the likely next versions were asked for, and there may be newer ones."""

    host: str
    version: str = ""
    """The newest that is there; "" where none was found."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UnusualJump:
    """No release is known between two versions that are far apart, or spelled differently."""

    old: str
    new: str


ReleaseNote = str | TriedReleases | UnusualJump


# -- why a feedstock is skipped


@dataclass(frozen=True, kw_only=True, slots=True)
class UnreadTags:
    """Tags that have a number and count for nothing: upstream may have changed how it spells them."""

    reason: str
    """Of the last one."""
    more: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Current(SkipReason):
    """The recipe is at the newest release that fits, or at the version that was asked for."""

    version: str
    asked: bool = False
    passed_over: tuple[PassedOver, ...] = ()
    unread: UnreadTags | None = None
    notes: tuple[ReleaseNote, ...] = ()
    """What else to know about how this was found out."""

    @property
    def remarkable(self) -> bool:
        """Whether there is more to say than that it is current."""
        return bool(self.passed_over or self.unread or self.notes)


@dataclass(frozen=True, kw_only=True, slots=True)
class NoReleaseFound(SkipReason):
    """A place offers no version at all."""

    why: str
    passed_over: tuple[PassedOver, ...] = ()
    notes: tuple[ReleaseNote, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class NoOrder(SkipReason):
    """The recipe's version has no order, so that no other can be called newer."""

    version: str
    pep440: bool = False
    """It is no version of PEP 440, which PyPI asks for."""
    notes: tuple[ReleaseNote, ...] = ()


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


# -- why a bump is blocked


@dataclass(frozen=True, kw_only=True, slots=True)
class HelpingBump:
    """The targets can take the bump only together with another one."""

    key: str


@dataclass(frozen=True, kw_only=True, slots=True)
class WorseTargets:
    """A target would get worse, as the proof says."""

    reason: ProofReason | None


@dataclass(frozen=True, kw_only=True, slots=True)
class FailedBuild:
    """It was built, and failed."""

    evidence: BuildEvidence


Blocker = str | Awaited | Lack | CompiledNow | HelpingBump | WorseTargets | FailedBuild


@dataclass(frozen=True, kw_only=True, slots=True)
class StillBlocked(SkipReason):
    """Decided again, the bump is blocked."""

    by: tuple[Blocker, ...]


# -- what a person should look at


@dataclass(frozen=True, kw_only=True, slots=True)
class RespelledSource:
    """A source is at another URL than its pattern says."""

    url: str
    difference: str


@dataclass(frozen=True, kw_only=True, slots=True)
class EnclosedSource:
    """A source that could not be reached, whose file is in the release's sdist."""

    url: str


@dataclass(frozen=True, kw_only=True, slots=True)
class MovedCommit:
    """A source that was pinned by the commit of the old version's tag, and is by that of the new one's."""

    repository: str
    tag: str
    commit: str


@dataclass(frozen=True, kw_only=True, slots=True)
class UnreadCommits:
    """Tags that could not be read, so that a source stays at its commit."""

    repository: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SecondMoved:
    """A project with a version of its own in the recipe that moved, because the new release requires that version."""

    project: str
    old: str
    new: str
    requirement: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SecondLeft:
    """A project with a version of its own in the recipe that stays where it was."""

    project: str
    version: str
    line: int
    requirement: str = ""
    """The new release's, where it is met or the edit failed; "" where nothing tells which version belongs to it."""
    problem: str = ""
    """Why it could not be moved."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NotCarried:
    """A change of upstream's requirements that is only reported."""

    change: Carried


@dataclass(frozen=True, kw_only=True, slots=True)
class RefusedEdit:
    """Requirements were left alone because the edited recipe did not read back as it should."""

    fault: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NotCompared:
    """Requirements were not compared."""

    reason: str = ""
    line: int = 0
    """Of conda-forge.yml, where `inspection: disabled` asks for that."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MovesTogether:
    """Two bumps need each other."""

    key: str


@dataclass(frozen=True, kw_only=True, slots=True)
class HelpingDependent:
    """The targets can take the bump only with another one that waits for it."""

    key: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NotBuilt:
    """It was not built, since a file next to the recipe is not at hand."""

    missing: str
    """`patches` or `build.sh`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class IgnoredKey:
    """A key of the `bot:` section of conda-forge.yml that has no effect here."""

    key: str
    line: int = 0


BumpNote = (
    ReleaseNote
    | IgnoredKey
    | OldVersionLeft
    | CommitKept
    | HashKept
    | RespelledSource
    | EnclosedSource
    | MovedCommit
    | UnreadCommits
    | SecondMoved
    | SecondLeft
    | NotCarried
    | RefusedEdit
    | NotCompared
    | MovesTogether
    | HelpingDependent
    | ExtensionLeft
    | Lack
    | NotBuilt
)

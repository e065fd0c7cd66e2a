"""Requirements that a bump brings, and those that nothing satisfies yet."""

from __future__ import annotations

from dirac_forge.bump.part_reasons import PartReason, Section, proves
from dirac_forge.channel.listing import Availability
from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class NewNeed:
    """A requirement that a bump brings: it is new, or asks for another version than before."""

    package: str
    spec: str = ""
    """Conda's version spec, "" for any."""
    output: str
    section: Section
    project: str = ""
    """The project behind it, where upstream's metadata named it."""
    optional: bool = False
    """Upstream can do without."""
    partial: PartReason | None = None
    """Why the channel is only a part of the one that the feedstock is built with, so that what it lacks may well be
    there; None if that is not known."""

    @property
    def known(self) -> bool:
        """Whether conda-forge should have the package, in whichever versions."""
        return proves(self.partial)

    def __str__(self) -> str:
        return f"{self.package} {self.spec}".strip()


@dataclass(frozen=True, kw_only=True, slots=True)
class Lack:
    """A requirement that nothing satisfies: no channel, and no bump."""

    need: NewNeed
    availability: Availability
    offered: tuple[tuple[str, str], ...] = ()
    """Bumps that make the package in a version that will not do."""

    @property
    def certain(self) -> bool:
        """Whether the bump has to wait: the channel's answer is sure, and upstream can't do without."""
        return self.availability.status in ("missing", "outdated") and not self.need.optional


@dataclass(frozen=True, kw_only=True, slots=True)
class Awaited:
    """A requirement that another bump satisfies, which has to be built first."""

    need: NewNeed
    newest: str | None
    """The newest version that the channel has of the package."""
    key: str
    """The feedstock that makes it; of another branch `feedstock@branch`."""
    version: str
    merged: bool = False
    """Its recipe is at that version already; only the channel does not have it yet."""

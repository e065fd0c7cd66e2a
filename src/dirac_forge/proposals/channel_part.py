"""What the feedstocks of a run show of a channel that is only a part of conda-forge."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import field
from functools import cache

from dirac_forge.bump.part_reasons import (
    InSnapshot,
    LacksTool,
    ListedName,
    NeededBefore,
    PartReason,
    Section,
    UsualBackend,
    proves,
)
from dirac_forge.channel.names import in_name_tables
from dirac_forge.proposals.context import ProposalContext
from dirac_forge.recipe.making.hosts import BACKENDS
from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelPart:
    """Decides for the whole run what the channel lacks and conda-forge should have."""

    local: bool
    """Whether the channel is a folder, as snapshots are."""
    needed: Mapping[str, str] = field(default_factory=dict)
    """Packages that the channel lacks, to the feedstock that needed them before its bump."""
    tool: str = ""
    """One that the channel lacks, of those that feedstocks are built with; "" if it has all."""

    snapshot: Callable[[], Collection[str]] = frozenset
    """Returns what the embedded snapshot has: asked only for what the tables of names do not know."""

    def may_exist(self, package: str, section: Section) -> bool:
        """Whether something says that a package may exist that the channel lacks."""
        return self.reason(package, section) is not None

    def reason(self, package: str, section: Section, own: PartReason | None = None) -> PartReason | None:
        """Return why the channel may lack a package that exists, None if nothing says so.

        `own` is what the recipe shows that needs the package.
        """
        if proves(own):
            return own
        if package in self.needed:
            return NeededBefore(self.needed[package])
        if self.local and package in BACKENDS.values():
            return UsualBackend()
        if self.local and in_name_tables(package):
            return ListedName()
        if self.local and package in self.snapshot():
            return InSnapshot()
        if own is None and self.tool and section != "run":
            return LacksTool(self.tool)
        return own


def snapshot_names(world: ProposalContext) -> Callable[[], Collection[str]]:
    """Return what reads the names of the embedded snapshot, once, when it is first called."""

    @cache
    def names() -> frozenset[str]:
        from dirac_forge.channel.embedded import embedded_names  # noqa: PLC0415  # the solver's library is large

        return embedded_names(world.settings.cache, observer=world.observer)

    return names

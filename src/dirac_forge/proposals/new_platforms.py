"""A target on a platform that it was never on: what would have to be built, and the solver's word that it is enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache, cached_property

from dirac_forge.channel.gap import Gap
from dirac_forge.channel.presence import require_packages
from dirac_forge.channel.records import Record, name_of
from dirac_forge.channel.solver import Channel, Solution
from dirac_forge.check.answer_reasons import Unanswered
from dirac_forge.check.cells import Cell
from dirac_forge.check.matrix import explain_cell, platforms_with
from dirac_forge.check.obstacles import gap_of
from dirac_forge.check.supposed import supposed_build
from dirac_forge.errors import ForgeError, InputError, UnknownError
from dirac_forge.migration.addition import (
    Addition,
    AdditionProof,
    PlatformFacts,
    add_platform,
    facts_for_platform,
    for_platform,
    proved,
)
from dirac_forge.proposals.migrations import MigrationContext


def enabling(migrating: MigrationContext, platform: str, target: str, specs: Sequence[str]) -> Addition:
    """Return the plan for a new platform.

    Raises:
        InputError: there is no channel.
        UnknownError: the channel can't be read, or is a snapshot that does not know what the platform has.
    """
    if migrating.channel is None:
        raise InputError("the plan for a new platform needs a channel", hint="Give one with --channel.")
    gap = migrating.channel.uncovered(platform)
    if gap is not None:
        raise _unknown(gap, f"packages for {platform}", "some")
    require_packages(migrating.channel, specs, migrating.channel.platforms())
    run = _Enabling(migrating, migrating.channel, platform, specs)
    found = add_platform(
        migrating.graph,
        platform,
        target=target,
        packages=[name_of(spec) for spec in specs],
        depends=run.depends,
        facts=run.facts,
        supposed=lambda package: _names(run.supposed(package)),
    )
    if not found.smallest:
        return found
    try:
        return proved(
            found,
            buildable=[name for name in found.smallest if run.supposed(name) is not None],
            older=run.older(),
            good=lambda names: isinstance(run.view(names).solve(specs, platform=platform), Solution),
            explain=lambda names: run.explain(names, target, specs),
        )
    except UnknownError as exc:
        return replace(found, proof=AdditionProof(status="unknown", reason=Unanswered(message=exc.message)))


def _unknown(gap: Gap, what: str, may_have: str = "it") -> UnknownError:
    return UnknownError(
        f"{gap.label} has no {what}; {gap.whole} may have {may_have}",
        hint="Nothing was planned: give a whole channel with --channel.",
    )


def _names(record: Record | None) -> tuple[str, ...] | None:
    return None if record is None else tuple(map(name_of, record.depends))


class _Enabling:
    """What is asked of the channel and the recipes, each once."""

    def __init__(self, migrating: MigrationContext, channel: Channel, platform: str, specs: Sequence[str]) -> None:
        self._migrating = migrating
        self._channel = channel
        self._platform = platform
        self._specs = specs
        self.facts = cache(self._facts)
        self.supposed = cache(self._supposed)

    def depends(self, package: str) -> tuple[str, ...] | None:
        """Return what the newest build on the platform depends on. Raises UnknownError if only a snapshot lacks it."""
        index = self._channel.index(self._platform)
        records = index.group(package).records
        if records:
            return _names(records[0])
        gap = gap_of(index, package, platforms_with(self._channel, self._platform))
        if gap is not None:
            raise _unknown(gap, f"{package} for {self._platform}")
        return None

    @cached_property
    def _elsewhere(self) -> dict[str, Record]:
        """Package to the build that the target has on another platform: supposed builds must fit together."""
        family = self._platform.partition("-")[0]
        others = (other for other in self._channel.platforms() if other not in {self._platform, "noarch"})
        for other in sorted(others, key=lambda one: (one.partition("-")[0] != family, one != "linux-64", one)):
            try:
                found = self._channel.solve(self._specs, platform=other)
            except UnknownError:
                continue
            if isinstance(found, Solution):
                return {record.name: record for record in found.packages if record.noarch is None}
        return {}

    def older(self) -> list[str]:
        """Return packages that lack, on the platform, the version that the target has elsewhere."""
        index = self._channel.index(self._platform)
        found = []
        for name, record in self._elsewhere.items():
            versions = {one.version for one in index.group(name).records}
            if record.version not in versions and self.supposed(name) is not None:
                found.append(name)
        return found

    def _facts(self, name: str) -> PlatformFacts:
        recipe = self._migrating.workspace.feedstocks[name].read()
        place = self._migrating.graph.place(name, 0).rpartition(":")[0]
        return facts_for_platform(recipe, self._migrating.pinning, self._platform, path=place)

    def _supposed(self, package: str) -> Record | None:
        used = self._elsewhere.get(package)
        specs = [] if used is None else [f"{package} =={used.version} {used.build}", f"{package} =={used.version}"]
        found = (supposed_build(self._channel, self._platform, package, spec) for spec in [*specs, ""])
        record = next((one[0] for one in found if one is not None), None)
        graph = self._migrating.graph
        makers = [maker for maker in graph.makers_of(package) if graph.facts[maker].error is None]
        if record is None or not makers:
            return record
        try:
            own = self.facts(makers[0])
        except ForgeError:
            return record
        return replace(record, depends=for_platform(record.depends, makers, graph, own))

    def view(self, names: Sequence[str]) -> Channel:
        """Return the channel as if these packages had builds for the platform."""
        records = [record for name in names if (record := self.supposed(name)) is not None]
        return self._channel.overlaid(records) if records else self._channel

    def explain(self, names: Sequence[str], target: str, specs: Sequence[str]) -> Cell:
        """Return why a target can't be installed although these have builds, and what else would help."""
        cell = Cell(
            target=target,
            platform=self._platform,
            python="",
            specs=tuple(specs),
            wanted=True,
            status="not-installable",
        )
        return explain_cell(self.view(names), cell, older=False)

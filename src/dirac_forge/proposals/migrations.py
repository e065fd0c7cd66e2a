"""What the subcommands of `migrate` share: from a workspace, a migration and a channel to a plan and its status."""

from __future__ import annotations

import difflib
import multiprocessing
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from dirac_forge.channel.records import Record, name_of
from dirac_forge.channel.solver import Channel, Solution
from dirac_forge.check.cells import Cell
from dirac_forge.check.matrix import explain_cell
from dirac_forge.errors import ForgeError, InputError, UnknownError
from dirac_forge.feedstock.facts import read_facts
from dirac_forge.feedstock.graph import Graph, build_graph
from dirac_forge.feedstock.pinning import Pinning
from dirac_forge.feedstock.workspace import Workspace
from dirac_forge.migration.effects import TargetAnswer, TargetEffect, Today, effect_on
from dirac_forge.migration.exports import PinExports, exports_of
from dirac_forge.migration.plan import Plan, make_plan
from dirac_forge.migration.rebuilt import has_new_pin, rebuilt_records, with_old_pin
from dirac_forge.migration.schema import Migration, parse_migration, read_migration
from dirac_forge.migration.status import Evidence, channel_evidence, recipe_evidence
from dirac_forge.progress import Observer
from dirac_forge.store import Store

__all__ = [
    "MigrationContext",
    "explained",
    "processes",
    "require_known",
    "warn",
]

_ENDINGS = (".yaml", ".yml")
_MOST_WARNINGS = 10


@dataclass(frozen=True)
class MigrationContext:
    """A workspace and what surrounds it, as the command line gives them."""

    workspace: Workspace
    pinning: Pinning | None
    store: Store
    observer: Observer
    channel: Channel | None = None
    executor: Executor | None = None
    """Of processes: reads recipes."""
    _migrations: dict[str, Migration] = field(default_factory=dict)

    def migration(self, name: str) -> Migration:
        """The migration with this name in `migrations/` or in the pinning, or in the file at this path.

        Raises InputError where there is none, with the names that there are.
        """
        path = Path(name)
        if path.suffix in _ENDINGS and path.is_file():
            return read_migration(path)
        found = self.find_migration(name)
        if found is not None:
            return found
        folder = self.workspace.root / "migrations"
        here = sorted(path.stem for ending in _ENDINGS for path in folder.glob(f"*{ending}"))
        here += sorted(self.pinning.migrations) if self.pinning is not None else []
        near = difflib.get_close_matches(Path(name).stem, here, n=3, cutoff=0.5)
        hint = f"There are {', '.join(here)}." if here else "`dirac-forge migrate new LIBRARY VERSION` writes one."
        hint = f"Did you mean {' or '.join(near)}?" if near else hint
        raise InputError(f"there is no migration {name}: neither a file nor in {folder}", hint=hint)

    def find_migration(self, name: str) -> Migration | None:
        """The migration with this name in `migrations/` or in the pinning; None where there is none."""
        for ending in _ENDINGS:
            path = self.workspace.root / "migrations" / f"{name}{ending}"
            if path.is_file():
                return read_migration(path)
        if self.pinning is not None and name in self.pinning.migrations:
            place = Path(self.pinning.path).parent / "migrations" / f"{name}.yaml"
            return parse_migration(self.pinning.migrations[name], path=place)
        return None

    @cached_property
    def graph(self) -> Graph:
        """The graph of all feedstocks in the workspace."""
        facts = read_facts(self.workspace, self.pinning, self.store, executor=self.executor, observer=self.observer)
        graph = build_graph(facts)
        for name, reason in graph.unreadable.items():
            self.observer.warned(f"{name} is left out: {reason}")
        warn(self.observer, [f"{name}/{problem}" for name, one in facts.items() for problem in one.problems])
        return graph

    def plan(self, migration: Migration) -> Plan:
        """The plan of a migration. Raises InputError where its allowlist is nowhere."""
        return make_plan(self.graph, migration, allowlist=self._allowlist(migration))

    def _allowlist(self, migration: Migration) -> Collection[str] | None:
        if migration.settings.allowlist_file is None:
            return None
        places = [Path(migration.path).parent / migration.settings.allowlist_file]
        places.append(self.workspace.root / "migrations" / migration.settings.allowlist_file)
        for place in places:
            if place.is_file():
                return place.read_text(encoding="utf-8").split()
        if self.pinning is not None and migration.settings.allowlist_file in self.pinning.support:
            return self.pinning.support[migration.settings.allowlist_file].split()
        raise InputError(
            f"{migration.path}: allowlist_file: there is no {migration.settings.allowlist_file}",
            hint=f"It belongs into {places[0].parent}, or into `migration_support/` of the pinning.",
        )

    def exports(self, plan: Plan) -> PinExports:
        """What the migrated packages export, from their recipes, else from the channel."""
        return exports_of(plan.graph, plan.membership.packages, known=self._channel_exports)

    def _channel_exports(self, package: str) -> tuple[str, ...] | None:
        if self.channel is None:
            return None
        try:
            for platform in self.channel.platforms():
                records = self.channel.index(platform).group(package).records
                found = self.channel.run_exports(records[0]) if records else None
                if found is not None:
                    return tuple(dict.fromkeys(spec.partition(" ")[0] for spec in (*found.strong, *found.weak)))
        except UnknownError:
            return None
        return None

    def evidence(self, plan: Plan) -> dict[str, Evidence]:
        """What is known of each member: from the channel where there is one, else from its recipe."""
        exports = self.exports(plan)
        found: dict[str, Evidence] = {}
        for member in plan.members:
            name = member.feedstock
            if self.channel is None:
                found[name] = recipe_evidence(plan, name)
                continue
            try:
                recipe = self.workspace.feedstocks[name].read()
                found[name] = channel_evidence(
                    plan, name, recipe, builds=self._builds, exports=exports, pinning=self.pinning
                )
            except ForgeError as exc:
                found[name] = Evidence(done=dict.fromkeys(member.platforms), text=exc.message)
        return found

    def _builds(self, platform: str, package: str) -> Sequence[Record]:
        assert self.channel is not None  # noqa: S101 — only called with a channel
        return self.channel.index(platform).group(package).records

    def effect(self, plan: Plan, target: str, specs: Sequence[str], platforms: Sequence[str]) -> TargetEffect:
        """What the plan does to a target, wave by wave, proved with the solver. Raises InputError without a channel."""
        if self.channel is None:
            raise InputError("what a migration does to a target is known to a solver only", hint="Give --channel.")
        require_known(self.channel, specs)
        channel, graph = self.channel, plan.graph
        exports = self.exports(plan)

        today: dict[str, Today] = {}
        used: dict[str, Sequence[Record]] = {}

        def solution(platform: str) -> Today:
            try:
                found = channel.solve(specs, platform=platform)
                packages = found.packages if isinstance(found, Solution) else ()
                old = [record.name for record in packages if with_old_pin(record, plan, platform, exports)]
                makers = {maker for record in packages for maker in graph.makers_of(record.name)}
                done = [
                    name
                    for name in plan.network.names
                    if has_new_pin(plan, name, platform, channel=channel, exports=exports)
                ]
            except UnknownError:
                return Today(feedstocks=())
            today[platform] = Today(
                feedstocks=makers,
                outside=[name for name in old if not graph.makers_of(name)],
                done=done,
            )
            used[platform] = packages
            return today[platform]

        def supposed(platform: str, rebuilt: tuple[str, ...], pin: str) -> tuple[Channel, tuple[str, ...]]:
            known = today.get(platform, Today(feedstocks=()))
            records, new, old = rebuilt_records(
                plan,
                platform,
                rebuilt,
                channel=channel,
                exports=exports,
                outside=known.outside,
                used=used.get(platform, ()),
            )
            return channel.overlaid(records) if records else channel, (*specs, *(new if pin == "new" else old))

        answers: dict[tuple[str, tuple[str, ...], str], TargetAnswer] = {}

        def installable(platform: str, rebuilt: tuple[str, ...], pin: str) -> TargetAnswer:
            key = (platform, rebuilt, pin)
            if key not in answers:
                answers[key] = solved(*key)
            return answers[key]

        def solved(platform: str, rebuilt: tuple[str, ...], pin: str) -> TargetAnswer:
            try:
                view, wanted = supposed(platform, rebuilt, pin)
                answer = view.solve(wanted, platform=platform)
            except UnknownError as exc:
                return TargetAnswer(status="unknown", reason=exc.message)
            if isinstance(answer, Solution):
                return TargetAnswer(status="installable")
            return TargetAnswer(status="not-installable")

        def explain(platform: str, rebuilt: tuple[str, ...]) -> str:
            view, wanted = supposed(platform, rebuilt, "new")
            return explained(view, target, platform, wanted)

        return effect_on(plan, target, platforms=platforms, solution=solution, installable=installable, explain=explain)


def explained(channel: Channel, target: str, platform: str, specs: Sequence[str]) -> str:
    """Why specs have no solution, in few words; "" where that could not be found out."""
    cell = Cell(
        target=target,
        platform=platform,
        python="",
        specs=tuple(specs),
        wanted=False,
        status="not-installable",
    )
    found = explain_cell(channel, cell, remedies=False, older=False)
    return found.reason if found.status == "not-installable" else ""


def require_known(channel: Channel, specs: Sequence[str]) -> None:
    """Raise InputError for a spec whose package no channel has on any platform, UnknownError where none can be read."""
    for spec in specs:
        name = name_of(spec)
        if not any(channel.index(platform).group(name).records for platform in channel.platforms()):
            raise InputError(
                f"no channel has a package {name} on any platform",
                hint="Write the target as conda does (NAME, 'NAME >=1.2'), or name one of the settings' targets.",
            )


def warn(observer: Observer, problems: Sequence[str]) -> None:
    """Warn of each problem; of many only the first ones, and how many more there are."""
    for problem in problems[:_MOST_WARNINGS]:
        observer.warned(problem)
    if len(problems) > _MOST_WARNINGS:
        observer.warned(f"and {len(problems) - _MOST_WARNINGS} more like these")


@contextmanager
def processes() -> Iterator[Executor]:
    """An executor of processes; they start when the first work comes, by spawning, since the solver has threads."""
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as executor:
        yield executor

"""What the subcommands of `migrate` share: from a workspace, a migration and a channel to a plan and its status."""

from __future__ import annotations

import difflib
import multiprocessing
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import field, replace
from functools import cached_property
from pathlib import Path

from rattler import Version
from rattler.exceptions import InvalidVersionError

from dirac_forge.channel.records import Record
from dirac_forge.channel.solver import Channel
from dirac_forge.check.cells import Cell
from dirac_forge.check.matrix import explain_cell, platforms_with
from dirac_forge.check.obstacles import gap_of
from dirac_forge.errors import ForgeError, InputError, UnknownError
from dirac_forge.feedstock.facts import read_facts
from dirac_forge.feedstock.graph import Graph, build_graph, with_release_lines
from dirac_forge.feedstock.pinning import Pinning, unknown_selectors
from dirac_forge.feedstock.workspace import Workspace
from dirac_forge.files import read_text, unreadable
from dirac_forge.migration.already import already_pinned
from dirac_forge.migration.evidence import Evidence, channel_evidence, recipe_evidence, unread
from dirac_forge.migration.exports import PinExports, exports_of
from dirac_forge.migration.members import base_of, members_of
from dirac_forge.migration.plan import Plan, make_plan
from dirac_forge.migration.schema import Migration, parse_migration, read_migration
from dirac_forge.migration.status import MissingPin
from dirac_forge.migration.unreached import refined
from dirac_forge.progress import Observer
from dirac_forge.proposals.skipping import skipped_in
from dirac_forge.store import Store
from dirac_forge.values import dataclass

MIGRATION_ENDINGS = (".yaml", ".yml")
_MOST_NEAR = 4
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
    branches: Mapping[str, Collection[str]] = field(default_factory=dict)
    """Feedstock to the branches that the settings name."""

    def migration(self, name: str) -> Migration:
        """Return the migration with this name in `migrations/` or in the pinning, or in the file at this path.

        Raises InputError if there is none: where it was looked for, and what may be meant.
        """
        path = Path(name)
        is_file = path.is_file()
        if path.suffix in MIGRATION_ENDINGS and is_file:
            return read_migration(path)
        found = self.find_migration(name)
        if found is not None:
            return found
        if is_file:
            raise InputError(f"{name} is not a migration: its name does not end with {' or '.join(MIGRATION_ENDINGS)}")
        is_path = path.suffix in MIGRATION_ENDINGS or len(path.parts) > 1
        places = [f"no file {path.absolute()}"] if is_path else []
        places += [f"none of this name in {self.workspace.root / 'migrations'}", self._not_in_pinning()]
        what = ", ".join(places[:-1])
        raise InputError(f"there is no migration {name}: {what} and {places[-1]}", hint=self._meant(path.stem))

    def _not_in_pinning(self) -> str:
        if self.pinning is None:
            return "no pinning to search (--pinning DIR, or a channel that has conda-forge-pinning)"
        return f"none in the pinning ({self.pinning.path})"

    def _meant(self, name: str) -> str:
        """Return which migrations may be meant, or how to list or to write one."""
        here = self._names()
        parts = [other for other in here if name.lower() in other.lower()]
        near = list(dict.fromkeys([*difflib.get_close_matches(name, here, n=3, cutoff=0.5), *parts]))[:_MOST_NEAR]
        meant = f"Did you mean {' or '.join(near)}? " if near else ""
        listed = "`dirac-forge migrate list` shows those that there are; " if here else ""
        return f"{meant}{listed}`dirac-forge migrate new LIBRARY VERSION` writes one."

    def migrations(self) -> dict[str, Migration]:
        """Return the migrations of the workspace, then those of the pinning, by name.

        A file that can't be read is left out with a warning, see `unread_migrations`.
        """
        for message in self.unread_migrations.values():
            self.observer.warned(message)
        return {name: each for name, each in self._read_migrations.items() if isinstance(each, Migration)}

    @property
    def unread_migrations(self) -> dict[str, str]:
        """The migrations that can't be read, by name, with the error's message, which names the file."""
        return {name: each.message for name, each in self._read_migrations.items() if isinstance(each, InputError)}

    @cached_property
    def _read_migrations(self) -> dict[str, Migration | InputError | None]:
        found: dict[str, Migration | InputError | None] = {}
        for name in dict.fromkeys(self._names()):
            try:
                found[name] = self.find_migration(name)
            except InputError as exc:
                found[name] = exc
        return found

    def find_migration(self, name: str) -> Migration | None:
        """Return the migration with this name in `migrations/` or in the pinning; None if there is none."""
        for ending in MIGRATION_ENDINGS:
            path = self.workspace.root / "migrations" / f"{name}{ending}"
            if path.is_file():
                return read_migration(path)
        if self.pinning is not None and name in self.pinning.migrations:
            place = Path(self.pinning.path).parent / "migrations" / f"{name}.yaml"
            return parse_migration(self.pinning.migrations[name], path=place)
        return None

    @cached_property
    def graph(self) -> Graph:
        """The graph of all feedstocks in the workspace, with the release lines that rebuilds go to."""
        folders = self.workspace.by_label.values()
        facts = read_facts(folders, self.pinning, self.store, executor=self.executor, observer=self.observer)
        graph = build_graph(with_release_lines(facts, self.branches), archived=self.workspace.archived)
        for name, reason in graph.unreadable.items():
            self.observer.warned(f"{name} is left out: {reason}")
        warn(self.observer, [f"{name}/{problem}" for name, each in facts.items() for problem in each.problems])
        warn(self.observer, [said for folder in folders for said in folder.warnings])
        return graph

    def plan(self, migration: Migration) -> Plan:
        """Return the plan of a migration, without the members that it does not reach.

        Raises InputError if its allowlist is in no place.
        """
        warn(self.observer, [*self._unknown_selectors(migration), *self._unknown_keys(migration)])
        membership = members_of(self.graph, migration, allowlist=self._allowlist(migration))
        here, facts = self.workspace.by_label, self.graph.facts
        recipes = {name: here[name] for name in membership.members if name in here and facts[name].skip_names}
        skipped = skipped_in(
            recipes, migration, membership, pinning=self.pinning, store=self.store, executor=self.executor
        )
        plan = make_plan(self.graph, migration, refined(membership, self.graph.facts, migration, skipped))
        return replace(
            plan, notes=(*plan.notes, *self.assumed_over(migration)), already=already_pinned(plan, self.pinning)
        )

    def _unknown_keys(self, migration: Migration) -> Iterator[str]:
        """Yield the keys that the pinning does not have and no recipe needs: such a migration changes nothing.

        Without a pinning it is not known which keys it has.
        """
        if self.pinning is None:
            return
        pinned = self.pinning.configuration("linux-64", "linux-64").values
        needed = {need.name.replace("-", "_") for facts in self.graph.facts.values() for need in facts.needs}
        read = {name for facts in self.graph.facts.values() for name in facts.skip_names}
        for key in migration.keys:
            if key.replace("-", "_") not in {*needed, *read, *pinned} and self.graph.facts:
                near = difflib.get_close_matches(key, [*pinned, *sorted(needed)], n=1, cutoff=0.6)
                meant = f"; did you mean {near[0]}?" if near else ""
                yield f"{migration.path}: {key} is not a key of the pinning, and no recipe here needs it{meant}"

    def _unknown_selectors(self, migration: Migration) -> tuple[str, ...]:
        if self.pinning is None:  # its keys are names, too
            return ()
        platforms = sorted({platform for facts in self.graph.facts.values() for platform in facts.platforms})
        keys = {*migration.keys, *self.pinning.configuration("linux-64", "linux-64").values}
        return unknown_selectors(migration.text, path=migration.path, platforms=platforms, keys=keys)

    def assumed_over(self, migration: Migration) -> tuple[str, ...]:
        """Return which migrations of `wait_for_migrators` are not known, and so are taken to be over, in words.

        The pinning drops a migration when it is over. The bot waits in each feedstock until its request for that
        migration is closed (`filter_node_migrated` of cf-scripts), which only its own records tell.
        """
        waits = migration.settings.wait_for_migrators
        unknown = [name for name in waits if name != migration.name and self.find_migration(name) is None]
        return tuple(self._assumed_over(migration.name, name) for name in unknown)

    def _assumed_over(self, waiting: str, name: str) -> str:
        places = "is not in migrations/, and no pinning is available"
        if self.pinning is not None:
            places = "is neither in migrations/ nor in the pinning"
        others = [other for other in self._names() if other != waiting]
        near = difflib.get_close_matches(name, others, n=1, cutoff=0.5)
        hint = f" (is {near[0]} meant?)" if near else ""
        return f"{waiting} waits for {name}, which {places}: it is assumed to be finished{hint}"

    def _names(self) -> list[str]:
        """Return the names of the workspace's migrations, then of the pinning's; one may be in both."""
        folder = self.workspace.root / "migrations"
        names = sorted(path.stem for ending in MIGRATION_ENDINGS for path in folder.glob(f"*{ending}"))
        return [*names, *(sorted(self.pinning.migrations) if self.pinning is not None else ())]

    def fault(self, migration: Migration) -> str:
        """Return why a migration can't be planned, as far as its own files tell; "" if nothing is wrong."""
        try:
            self._allowlist(migration)
        except InputError as error:
            return error.message
        return ""

    def _allowlist(self, migration: Migration) -> Collection[str] | None:
        if migration.settings.allowlist_file is None:
            return None
        places = [Path(migration.path).parent / migration.settings.allowlist_file]
        places.append(self.workspace.root / "migrations" / migration.settings.allowlist_file)
        for place in places:
            if place.is_file():
                try:
                    return read_text(place).split()
                except (OSError, UnicodeDecodeError) as error:
                    raise InputError(f"{place} can't be read: {unreadable(error)}") from error
        if self.pinning is not None and migration.settings.allowlist_file in self.pinning.support:
            return self.pinning.support[migration.settings.allowlist_file].split()
        raise InputError(
            f"{migration.path}: allowlist_file: there is no {migration.settings.allowlist_file}",
            hint=f"It belongs into {places[0].parent}, or into `migration_support/` of the pinning.",
        )

    def exports(self, plan: Plan) -> PinExports:
        """Return what the migrated packages export, from their recipes, else from the channel."""
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
        """Return what is known of each member: from the channel where there is one, else from its recipe."""
        return self.evidence_of(plan, plan.network.names)

    def evidence_of(self, plan: Plan, names: Iterable[str]) -> dict[str, Evidence]:
        """Return what is known of these members."""
        exports = self.exports(plan)
        return {name: self._evidence(plan, name, exports) for name in names}

    def _evidence(self, plan: Plan, name: str, exports: PinExports) -> Evidence:
        if self.channel is None:
            return recipe_evidence(plan, name)
        platforms = plan.membership.members[name].platforms
        try:
            recipe = self.workspace.by_label[name].read()
            return channel_evidence(
                plan,
                name,
                recipe,
                builds=self._builds_of(name),
                exports=exports,
                pinning=self.pinning,
                channel_platforms=self.channel.platforms(),
            )
        except ForgeError as exc:
            return unread(platforms, exc.message)

    def _builds_of(self, name: str) -> Callable[[str, str], Sequence[Record]]:
        """Return the builds of a feedstock, or of one of its release lines: those whose versions belong on it."""
        channel = self.channel
        assert channel is not None  # noqa: S101 — only called with a channel
        base = base_of(name)
        lines = {
            label: facts.version
            for label, facts in self.graph.facts.items()
            if base_of(label) == base and not facts.assumed
        }

        def builds(platform: str, package: str) -> Sequence[Record]:
            records = channel.index(platform).group(package).records
            if not records:
                _require_known(channel, package, platform)
            if len(lines) < 2:
                return records
            return [record for record in records if line_of(record.version, lines, base) == name]

        return builds

    def missing_pins(self, plan: Plan) -> tuple[MissingPin, ...]:
        """Return the new versions that no channel has, of migrated packages that a channel has in other versions.

        A package that is in no channel at all is not reported: the channel may be incomplete. Raises UnknownError.
        """
        if self.channel is None or plan.already:
            return ()
        platforms = [platform for platform in self.channel.platforms() if platform != "noarch"]
        return tuple(
            MissingPin(package=package, pin=pin.partition(" ")[0].removesuffix(".*"))
            for package in sorted(plan.membership.packages)
            for pin in self._absent(plan, package, platforms)
        )

    def _absent(self, plan: Plan, package: str, platforms: Sequence[str]) -> Iterable[str]:
        """Return the new pins of a package that a channel has, but in none of these versions."""
        pins = {pin: None for platform in platforms for pin in _pins_of(plan, package, platform)}
        has_new = not self._has(package) or any(self._has(f"{package} {_spec(pin)}") for pin in pins)
        return () if has_new else pins

    def _has(self, spec: str) -> bool:
        """Return whether a channel has a build for a spec, on any platform."""
        channel = self.channel
        return channel is not None and any(channel.index(platform).match(spec)[1] for platform in channel.platforms())


def _require_known(channel: Channel, package: str, platform: str) -> None:
    """Raise UnknownError if a package is absent from a snapshot that says nothing about its channel."""
    gap = gap_of(channel.index(platform), package, platforms_with(channel, platform))
    if gap is not None:
        raise UnknownError(f"{gap.label} has no {package} for {platform}; {gap.whole} may have it")


def _pins_of(plan: Plan, package: str, platform: str) -> tuple[str, ...]:
    values = plan.migration.pins(platform).configuration.values
    return values.get(package.replace("-", "_"), values.get(package, ()))


def _spec(pin: str) -> str:
    return pin if "*" in pin else f"{pin}.*"


def is_at_hand(workspace: Path, name: str) -> bool:
    """Whether a migration is a file, or has its file in the workspace."""
    files = [Path(name), *(workspace / "migrations" / f"{name}{ending}" for ending in MIGRATION_ENDINGS)]
    return any(file.is_file() for file in files)


def line_of(version: str, lines: Mapping[str, str], default: str) -> str:
    """Return the release line that a version belongs on: the one with the oldest recipe that is not older.

    `lines` are labels with the versions of their recipes; a version that is newer than all belongs to `default`.
    """
    try:
        wanted = Version(version)
        fitting = [(Version(recipe), label) for label, recipe in lines.items() if recipe]
    except InvalidVersionError:
        return default
    newer = [(recipe, label) for recipe, label in fitting if recipe >= wanted]
    return min(newer, key=lambda pair: pair[0])[1] if newer else default


def explained(channel: Channel, target: str, platform: str, specs: Sequence[str]) -> Cell:
    """Return the cell of specs that have no solution, with the reason and its causes."""
    cell = Cell(
        target=target,
        platform=platform,
        python="",
        specs=tuple(specs),
        wanted=False,
        status="not-installable",
    )
    return explain_cell(channel, cell, remedies=False, older=False)


def warn(observer: Observer, problems: Sequence[str]) -> None:
    """Warn of each problem; of many only the first ones, and how many more there are."""
    for problem in problems[:_MOST_WARNINGS]:
        observer.warned(problem)
    if len(problems) > _MOST_WARNINGS:
        observer.warned(f"and {len(problems) - _MOST_WARNINGS} more like these")


@contextmanager
def processes() -> Iterator[Executor]:
    """Yield an executor of processes, started by the first work, and spawned because the solver has threads."""
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as executor:
        yield executor

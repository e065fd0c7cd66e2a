"""The decisions of a run: bumps of the feedstocks, rebuilds for the workspace's migrations, and requests to close."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Literal

from rattler import Version
from rattler.exceptions import InvalidVersionError

from dirac_forge.bot.proposed import (
    RunDecision,
    blockers,
    bump_decision,
    bump_wanted,
    may_be_sent,
    rebuild_decision,
    recipe_decision,
    recipe_wanted,
    skip_decision,
)
from dirac_forge.bot.release_lines import CurrentLine
from dirac_forge.bump.cooldown import Cooldown
from dirac_forge.bump.objections import ExcludedVersion, PassedOver, PlaceObjects
from dirac_forge.bump.proposal import Bump, still_blocked
from dirac_forge.bump.skip_reasons import Current
from dirac_forge.channel.opening import open_readable_channel
from dirac_forge.channel.solver import Channel
from dirac_forge.errors import ForgeError, InputError, UnknownError
from dirac_forge.feedstock.change import Change, Skip
from dirac_forge.feedstock.channel_pinning import pinning_of
from dirac_forge.feedstock.pinning import Pinning
from dirac_forge.feedstock.variants import rendered_variants
from dirac_forge.feedstock.workspace import FeedstockFolder, Workspace
from dirac_forge.migration.status import Status
from dirac_forge.proposals.bumps import BumpOptions, decide
from dirac_forge.proposals.context import ProposalContext
from dirac_forge.proposals.decision_reasons import RebuildEvidence
from dirac_forge.proposals.migration_status import status_now
from dirac_forge.proposals.migrations import MigrationContext
from dirac_forge.proposals.outcome_reasons import Unneeded
from dirac_forge.pullrequest.open_rebuilds import member_of, request_of
from dirac_forge.pullrequest.records import Identity, LedgerEntry
from dirac_forge.recipe.editing.spellings import same_version
from dirac_forge.report.bodies import with_bodies
from dirac_forge.report.document import words

_ENDINGS = ("*.yaml", "*.yml")


@dataclass(kw_only=True)
class RunDecisions:
    """The decisions of one run; a `Decider`."""

    context: ProposalContext
    workspace: Workspace
    """Its `migrations/`, and its copies of feedstocks that can't be reached."""
    executor: Executor
    """Runs requests to upstream, and solves; not the executor that calls this."""
    executors: Callable[[], AbstractContextManager[Executor]]
    """Executors of processes, which read the recipes of migrations."""
    build: bool = False
    """Whether proposals are built, which runs upstream code: never where a token is within its reach."""
    chosen: bool = False
    """Whether the run is for feedstocks that were named: a faulty migration is then a warning, not a failure."""
    _cooldown: Cooldown | None = None
    _looked: dict[tuple[str, str], CurrentLine] = field(default_factory=dict)
    _versions: dict[tuple[str, str], str] = field(default_factory=dict)
    _offered: dict[tuple[str, str], tuple[PassedOver | str, ...]] = field(default_factory=dict)
    """The newer versions that upstream offers for a release line: chosen, or passed over and why."""
    _rebuilt: dict[tuple[str, str], bool] = field(default_factory=dict)
    """Migration and member (a feedstock, or one of its release lines) to whether the channel has it rebuilt."""
    _absent: dict[str, list[str]] = field(default_factory=dict)
    """Release lines that are not in the workspace to the migrations that would go there."""

    def decide(
        self, looked: Sequence[CurrentLine], requests: Sequence[LedgerEntry], *, cooldown: Cooldown | None = None
    ) -> list[RunDecision]:
        """Return what is proposed now for each release line, or why nothing is."""
        self._cooldown = cooldown
        read = [one for one in looked if one.folder is not None]
        self._looked = {(one.line.name, one.branch): one for one in read}
        return [*self._bumps(read), *self._rebuilds(looked, requests)]

    def arrived(self, identity: Identity) -> bool | None:
        """Return whether the channel has the packages of a merged change, or None if that is not known."""
        if identity.kind == "migration":
            return self._rebuilt.get((identity.key, member_of(identity)))
        try:
            if self._channel is None:
                return None
            return self._has(self._channel, identity)
        except UnknownError:
            return None

    def current(self, identity: Identity) -> Unneeded | None:
        """Return why an open request is not needed any more, or None if it is."""
        if identity.kind == "migration":
            return Unneeded(why="built") if self.arrived(identity) else None
        line = (identity.feedstock, identity.branch)
        version = self._versions.get(line, "")
        if identity.kind != "bump" or not version:
            return None
        if _reached(version, identity.key):
            return Unneeded(why="reached", version=version)
        return _withdrawn(identity.key, self._offered[line]) if line in self._offered else None

    def _together(self, name: str) -> tuple[str, ...]:
        """Return the feedstocks that one moves together with."""
        return tuple(other for group in self.context.settings.bot.groups if name in group for other in group)

    def _bumps(self, looked: Sequence[CurrentLine]) -> list[RunDecision]:
        decided = self._decided([each.folder for each in looked if each.folder is not None])
        bumps = [result for result in decided.values() if isinstance(result, Bump)]
        blocks = blockers(bumps)
        unproven = self._unproven if bumps else ""
        decisions: list[RunDecision] = []
        for line in looked:
            result = decided[id(line.folder)]
            self._note_versions(line, result)
            if isinstance(result, Skip):
                decisions.append(skip_decision(result, line))
                continue
            name = line.line.name
            wanted = bump_wanted(result, line, self._again, blocks=blocks.get(name, 0))
            together = self._together(name)
            decisions.append(bump_decision(result, line, wanted, unproven=unproven, together=together))
        return decisions if unproven else [*decisions, *_new_recipes(bumps, blocks)]

    def _note_versions(self, line: CurrentLine, result: Bump | Skip) -> None:
        """Keep what a release line has, and what upstream offers for it."""
        key = (line.line.name, line.branch)
        match result:
            case Bump():
                self._versions[key] = result.old
                self._offered[key] = (*result.rejected, result.new)
            case Skip():
                self._versions[key] = result.current
                if isinstance(result.reason, Current):
                    self._offered[key] = result.reason.passed_over

    def _decided(self, folders: Sequence[FeedstockFolder]) -> dict[int, Bump | Skip]:
        """Return what is proposed for each folder, by its `id`."""
        options = BumpOptions(build=self.build, changelog=True, cooldown=self._cooldown)
        found = decide(self.context, self._at_hand, folders, options, executor=self.executor)
        results = with_bodies([one.result for one in found])
        return {id(one.folder): result for one, result in zip(found, results, strict=True)}

    def _again(self, folder: FeedstockFolder) -> Change | Skip:
        (result,) = self._decided([folder]).values()
        match result:
            case Skip():
                return result
            case Bump() if not may_be_sent(result, self._together(folder.name)):
                return still_blocked(result)
            case Bump():
                return result.change

    @property
    def _at_hand(self) -> Workspace:
        """The workspace, with the feedstocks as they are now."""
        read = {name: one.folder for (name, _), one in self._looked.items() if not one.line.branch}
        lines = [one.folder for one in self._looked.values() if one.line.branch]
        return replace(
            self.workspace,
            feedstocks={**self.workspace.feedstocks, **{name: one for name, one in read.items() if one is not None}},
            lines=tuple(one for one in lines if one is not None),
        )

    @cached_property
    def _unproven(self) -> str:
        """Why nothing can be proved in this run: no channel answers, or "" if one does."""
        try:
            channel = self._channel
            if channel is None:
                return "offline, and no channel is a folder"
            channel.index(self.context.settings.platforms[0])
        except UnknownError as error:
            return error.message
        return ""

    def _rebuilds(self, looked: Sequence[CurrentLine], requests: Sequence[LedgerEntry]) -> list[RunDecision]:
        names = migrations_in(self.workspace.root)
        if not names:
            return []
        mine = self._members(looked)
        lines = tuple(each.folder for each in mine.values() if each.line.branch and each.folder is not None)
        with self.executors() as executor:
            migrating = MigrationContext(
                workspace=replace(self._at_hand, lines=lines),
                pinning=self._pinning,
                store=self.context.store,
                observer=self.context.observer,
                channel=self._channel,
                executor=executor,
            )
            rebuilds = (self._rebuild_if_planned(migrating, name, mine, requests) for name in names)
            found = list(chain.from_iterable(rebuilds))
        self._warn_of_absent()
        return found

    def _warn_of_absent(self) -> None:
        """Warn once of the release lines that migrations would go to and that are not in the workspace."""
        if self._absent:
            asked = words([f"{line} ({', '.join(names)})" for line, names in self._absent.items()])
            self.context.observer.warned(
                "abi_migration_branches asks for rebuilds of release lines that are not in the workspace, and that are "
                f"left out: {asked}; `dirac-forge sync {' '.join(self._absent)}` fetches them"
            )
        self._absent.clear()

    def _members(self, looked: Iterable[CurrentLine]) -> dict[str, CurrentLine]:
        """Return the release lines that rebuilds may go to, by their label."""
        lines = chain.from_iterable(self._lines_of(each) for each in looked if not each.line.branch)
        return {each.folder.label: each for each in lines if each.folder is not None}

    def _rebuild_if_planned(
        self, migrating: MigrationContext, name: str, looked: Mapping[str, CurrentLine], requests: Sequence[LedgerEntry]
    ) -> list[RunDecision]:
        """Return the rebuilds of a migration; if it can't be planned, that is the decision."""
        try:
            return self._rebuild(migrating, name, looked, requests)
        except ForgeError as error:
            if self.chosen and isinstance(error, InputError):
                self.context.observer.warned(f"{name} is left out: {error.message}")
                return []
            return [_unplanned(name, error)]

    def _rebuild(
        self, migrating: MigrationContext, name: str, looked: Mapping[str, CurrentLine], requests: Sequence[LedgerEntry]
    ) -> list[RunDecision]:
        plan = migrating.plan(migrating.migration(name))
        key = plan.migration.name
        for line in plan.membership.absent:
            self._absent.setdefault(line, []).append(key)
        open_rebuilds = {
            member_of(entry.identity): request_of(entry)
            for entry in requests
            if (entry.identity.kind, entry.identity.key) == ("migration", key)
        }
        status = status_now(migrating, plan, None, requests=open_rebuilds)
        self._note_rebuilt(key, status)
        candidates = [*status.next, *(member for member in status.of("in-pr") if member.feedstock in open_rebuilds)]
        decisions = (
            rebuild_decision(plan, member, looked[member.feedstock])
            for member in candidates
            if member.feedstock in looked
        )
        return [decision for decision in decisions if decision is not None]

    def _note_rebuilt(self, migration: str, status: Status) -> None:
        """Keep whether the channel has each member rebuilt, where that is known."""
        for member in status.feedstocks:
            if member.feedstock not in status.unknown:
                self._rebuilt[migration, member.feedstock] = member.state == "done"

    def _lines_of(self, looked: CurrentLine) -> list[CurrentLine]:
        return [looked, *self._rebuilt_lines(looked)]

    def _rebuilt_lines(self, looked: CurrentLine) -> list[CurrentLine]:
        """Return the other release lines on which a feedstock's maintainers want rebuilds, if they were read."""
        try:
            branches = looked.folder.read().forge.bot.abi_migration_branches if looked.folder is not None else ()
        except ForgeError:
            return []
        lines = (self._looked.get((looked.line.name, branch)) for branch in branches)
        return [line for line in lines if line is not None and line.line.branch]

    @cached_property
    def _channel(self) -> Channel | None:
        return open_readable_channel(self.context)

    @cached_property
    def _pinning(self) -> Pinning | None:
        return pinning_of(self.context, self._channel)

    def _has(self, channel: Channel, identity: Identity) -> bool | None:
        """Whether the channel has each package of a change in its version, or None if that is not known."""
        if identity.kind == "recipe":
            return any(_versions_of(channel, identity.feedstock))
        names = self._outputs(identity)
        if identity.kind == "fix" or names is None:
            return None
        builds = [versions for name in names if (versions := _versions_of(channel, name))]
        return bool(builds) and all(
            any(same_version(version, identity.key) for version in versions) for versions in builds
        )

    def _outputs(self, identity: Identity) -> list[str] | None:
        """Return the packages that the feedstock of a change builds, or None if they are not known."""
        looked = self._looked.get((identity.feedstock, identity.branch))
        if looked is None or looked.folder is None:
            return None
        try:
            rendered = [each for _, each in rendered_variants(looked.folder.read(), None, platform="linux-64")]
        except ForgeError:
            return None
        return list(dict.fromkeys(output.name for each in rendered for output in each.packages))


def _unplanned(migration: str, error: ForgeError) -> RunDecision:
    """Return the decision on a migration that can't be planned."""
    state: Literal["unknown", "failed"] = "unknown" if isinstance(error, UnknownError) else "failed"
    return RunDecision(
        feedstock="",
        branch="",
        kind="migration",
        state=state,
        key=migration,
        found=RebuildEvidence(migration=migration),
        reasons=(error.message,),
    )


def _new_recipes(bumps: Iterable[Bump], blocks: Mapping[str, int]) -> list[RunDecision]:
    """Return the decisions on recipes that bumps need, each once."""
    recipes = {Identity.of(new.change): new.change for bump in bumps for new in bump.recipes}
    return [recipe_decision(recipe_wanted(each, blocks.get(each.feedstock, 0))) for each in recipes.values()]


def _withdrawn(version: str, offered: Iterable[PassedOver | str]) -> Unneeded | None:
    """Return why a version that was proposed is not proposed any more: upstream has it no longer, or objects to it.

    A version that was passed over for another reason may have been asked for by a person.
    """
    newest = ""
    for each in offered:
        if isinstance(each, str):
            newest = each
        elif same_version(str(each.version), version):
            match each.reason:
                case PlaceObjects(objection=objection):
                    return Unneeded(why="withdrawn", version=version, objection=objection)
                case ExcludedVersion():
                    return Unneeded(why="excluded", version=version)
                case _:
                    return None
    # Versions older than the newest are not listed.
    return None if newest and _reached(newest, version) else Unneeded(why="withdrawn", version=version)


def _versions_of(channel: Channel, name: str) -> list[str]:
    groups = (channel.index(platform).group(name) for platform in channel.platforms())
    return [record.version for group in groups for record in group.records]


def _reached(version: str, wanted: str) -> bool:
    try:
        return Version(version) >= Version(wanted)
    except InvalidVersionError:
        return same_version(version, wanted)


def migrations_in(root: Path) -> list[str]:
    """Return the names of the workspace's own migrations."""
    return sorted({path.stem for ending in _ENDINGS for path in (root / "migrations").glob(ending)})

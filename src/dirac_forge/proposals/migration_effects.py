"""What a migration does to a target, proved with the solver: rebuilt packages are laid over the channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from dirac_forge.channel.presence import require_packages
from dirac_forge.channel.records import Record, name_of
from dirac_forge.channel.solver import Channel, Solution
from dirac_forge.check.analysis import Analysis
from dirac_forge.check.answer_reasons import Unanswered
from dirac_forge.check.explanation import explain
from dirac_forge.check.matrix import platforms_with
from dirac_forge.check.remedies import BuildFor, BuildForPython, BuildVersion, Unblock
from dirac_forge.check.unblock import unblock
from dirac_forge.errors import InputError, UnknownError
from dirac_forge.migration.effects import TargetAnswer, TargetEffect, Today, effect_on
from dirac_forge.migration.exports import PinExports
from dirac_forge.migration.older import guessed_makers
from dirac_forge.migration.plan import Plan
from dirac_forge.migration.rebuilt import has_build_with_new_pin, has_new_pin, pins_on, rebuilt_records, with_old_pin
from dirac_forge.proposals.migrations import MigrationContext, explained

_BUILD = (BuildFor, BuildForPython, BuildVersion)


def effect_of(
    migrating: MigrationContext, plan: Plan, target: str, specs: Sequence[str], platforms: Sequence[str]
) -> TargetEffect:
    """Return what the plan does to a target, wave by wave.

    An added Python that no channel has leaves nothing to try. Raises InputError without a channel.
    """
    if migrating.channel is None:
        raise InputError("the effect of a migration on a target needs a channel", hint="Give --channel.")
    require_packages(migrating.channel, specs, migrating.channel.platforms())
    plan = _with_all_keys(plan, migrating.channel)
    missing = migrating.missing_pins(plan)
    packages = tuple(sorted(plan.membership.packages)) or tuple(plan.migration.keys)
    if plan.migration.settings.operation == "key_add" and missing:
        return TargetEffect(target=target, waves=(), closures={}, missing=missing, packages=packages)
    run = _Effect(migrating.channel, plan, migrating.exports(plan), target, specs)
    effect = effect_on(
        plan,
        target,
        platforms=platforms,
        solution=run.today,
        installable=run.installable,
        explain=run.explain,
        builds=run.builds,
    )
    guessed = tuple(guessed_makers(plan, run.outside_versions(effect)))
    return replace(effect, missing=missing, packages=packages, guessed=guessed)


def _with_all_keys(plan: Plan, channel: Channel) -> Plan:
    """Return the plan with every key that the channel has as a package among the migrated ones.

    Of a key that no feedstock here makes or needs the workspace knows nothing, but the target may well install it.
    """
    if plan.migration.settings.override_cbc_keys is not None:
        return plan
    membership = plan.membership
    spellings = {name for key in plan.migration.keys for name in (key, key.replace("_", "-"))}
    found = {name for name in spellings - membership.packages if _is_there(channel, name)}
    return replace(plan, membership=replace(membership, packages=membership.packages | found)) if found else plan


def _is_there(channel: Channel, package: str) -> bool:
    return any(channel.index(platform).group(package).records for platform in channel.platforms())


def _names(record: Record) -> set[str]:
    """Return the names of a package and of everything that it depends on."""
    return {record.name, *map(name_of, record.depends)}


class _Effect:
    """What is asked of the solver for one target, each question once."""

    def __init__(self, channel: Channel, plan: Plan, exports: PinExports, target: str, specs: Sequence[str]) -> None:
        self._channel = channel
        self._plan = plan
        self._exports = exports
        self._target = target
        self._specs = specs
        self._used: dict[str, Sequence[Record]] = {}
        self.today = cache(self._today)
        self.installable = cache(self._installable)

    def _today(self, platform: str) -> Today:
        plan, graph = self._plan, self._plan.graph
        try:
            found = self._channel.solve(self._specs, platform=platform)
            if not isinstance(found, Solution):
                cell = explained(self._channel, self._target, platform, self._specs)
                return Today(feedstocks=(), installable=None if cell.status == "unknown" else False, reason=cell.reason)
            done = [
                name
                for name in plan.network.names
                if has_new_pin(plan, name, platform, channel=self._channel, exports=self._exports)
            ]
            outside = [record.name for record in found.packages if self._is_outside(record, platform)]
        except UnknownError as exc:
            return Today(feedstocks=(), installable=None, reason=Unanswered(message=exc.message))
        packages = self._used[platform] = found.packages
        return Today(
            feedstocks={maker for record in packages for maker in graph.makers_of(record.name)},
            outside=outside,
            done=done,
            touched=self._touched(packages, platform),
        )

    def outside_versions(self, effect: TargetEffect) -> dict[str, str]:
        """Return the versions of the packages from elsewhere that have to be rebuilt."""
        outside = {name for closure in effect.closures.values() for name in closure.outside}
        return {
            record.name: record.version for used in self._used.values() for record in used if record.name in outside
        }

    def _is_outside(self, record: Record, platform: str) -> bool:
        """Return whether a package has to be rebuilt, and no feedstock here makes it."""
        plan, exports = self._plan, self._exports
        return (
            not plan.graph.makers_of(record.name)
            and with_old_pin(record, plan, platform, exports)
            and not has_build_with_new_pin(record.name, plan, platform, channel=self._channel, exports=exports)
        )

    def _touched(self, packages: Sequence[Record], platform: str) -> bool | None:
        """Return whether any of these packages is, or depends on, a migrated one; None if that is not known."""
        plan, graph = self._plan, self._plan.graph
        pins = pins_on(plan, platform, self._exports)
        if any(not pins.keys().isdisjoint(_names(record)) for record in packages):
            return True
        migrated = plan.membership.packages
        if migrated and migrated <= self._exports.by_package.keys():
            return False
        makers = [graph.makers_of(record.name) for record in packages]
        apart = all(own and plan.wave_of.keys().isdisjoint(own) for own in makers)
        return False if apart else None

    def _supposed(
        self, platform: str, rebuilt: tuple[str, ...], outside: Sequence[str], pin: str
    ) -> tuple[Channel, tuple[str, ...]]:
        records, new, old = rebuilt_records(
            self._plan,
            platform,
            rebuilt,
            channel=self._channel,
            exports=self._exports,
            outside=outside,
            used=self._used.get(platform, ()),
        )
        view = self._channel.overlaid(records) if records else self._channel
        return view, (*self._specs, *(new if pin == "new" else old))

    def _installable(self, platform: str, rebuilt: tuple[str, ...], outside: tuple[str, ...], pin: str) -> TargetAnswer:
        try:
            view, wanted = self._supposed(platform, rebuilt, outside, pin)
            answer = view.solve(wanted, platform=platform)
        except UnknownError as exc:
            return TargetAnswer(status="unknown", reason=Unanswered(message=exc.message))
        if isinstance(answer, Solution):
            return TargetAnswer(status="installable")
        if self._channel.dated is None and not self._channel.part:
            return TargetAnswer(status="not-installable")
        return self._refused(view, platform, wanted)  # only a snapshot may lack something

    def explain(self, platform: str, rebuilt: tuple[str, ...]) -> TargetAnswer:
        """Return why the target is not installable with the new pin although these members are rebuilt."""
        view, wanted = self._supposed(platform, rebuilt, tuple(self.today(platform).outside), "new")
        return self._refused(view, platform, wanted)

    def _refused(self, view: Channel, platform: str, wanted: Sequence[str]) -> TargetAnswer:
        cell = explained(view, self._target, platform, wanted)
        return TargetAnswer(status=cell.status, reason=cell.reason)

    def builds(self, platform: str, rebuilt: tuple[str, ...]) -> Unblock | None:
        """Return the builds with which the target is installable with the new pin, as `check` suggests them."""
        try:
            view, wanted = self._supposed(platform, rebuilt, (), "new")
            elsewhere = platforms_with(view, platform)
            causes = explain(Analysis(view.index(platform), wanted), elsewhere=elsewhere)
            found = unblock(view, wanted, platform=platform, causes=causes, elsewhere=elsewhere)
        except UnknownError:
            return None
        return found if found is not None and all(isinstance(one.action, _BUILD) for one in found.remedies) else None

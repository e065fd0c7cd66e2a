"""What the solver says of bumps: the targets with each, and the environments that each is built and used in."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from dirac_forge.bot.channels import exports_at_hand, open_channel, pinning_of, target_cells
from dirac_forge.bot.subject import Side, Subject
from dirac_forge.bot.world import World
from dirac_forge.bump.proof import Environment, Proof
from dirac_forge.channel.listing import Availability
from dirac_forge.channel.records import Record, name_of
from dirac_forge.channel.solver import Channel, Solution
from dirac_forge.check.building import Built, Exports
from dirac_forge.check.difference import Difference, difference
from dirac_forge.check.environments import Question, built_in, unheard_of, used_in
from dirac_forge.check.exchange import at_its_newest, exchanged
from dirac_forge.check.explanation import Cause
from dirac_forge.check.matrix import Cell, explain_cell, solve_cell
from dirac_forge.check.matrix import check as check_cells
from dirac_forge.check.proposal import Outcome, Verdict, build_all, compare, judge, rounds_of
from dirac_forge.errors import ForgeError, UnknownError
from dirac_forge.feedstock.pinning import Pinning
from dirac_forge.feedstock.workspace import FeedstockFolder
from dirac_forge.recipe.reading.recipe_text import ReadRunExport

__all__ = ["Proving"]

_LONGEST = 600


class Proving:
    """One run: the channel is opened once, what the targets are without any bump is asked once."""

    def __init__(self, world: World, folders: Iterable[FeedstockFolder], executor: Executor) -> None:
        """`folders` are the recipes at hand, which tell what packages export; `executor` runs the solves."""
        self.world = world
        self._folders = tuple(folders)
        self._executor = executor

    @cached_property
    def channel(self) -> Channel:
        """The channels of the settings. Raises UnknownError where none can be asked."""
        found = open_channel(self.world)
        if found is None:
            raise UnknownError("offline, and no channel is a folder")
        return found

    @cached_property
    def pinning(self) -> Pinning | None:
        """The pinning."""
        found = pinning_of(self.world, self.channel)
        if found is None:
            self.world.observer.warned(
                "the channel has no conda-forge-pinning and no --pinning is given: "
                "what recipes do not pin themselves is taken at its newest version"
            )
        return found

    @cached_property
    def platforms(self) -> tuple[str, ...]:
        """Those that the settings name and the targets are wanted on."""
        settings = self.world.settings
        if "platforms" in settings.flags:
            return settings.platforms
        wanted = (platform for target in settings.targets.values() for platform in target.platforms)
        return tuple(dict.fromkeys((*settings.platforms, *wanted)))

    @cached_property
    def before(self) -> tuple[Cell, ...]:
        """The targets as they are."""
        return check_cells(
            self.channel,
            target_cells(self.world),
            executor=self._executor,
            observer=self.world.observer,
            remedies=False,
        )

    @cached_property
    def _at_hand(self) -> Callable[[str], tuple[ReadRunExport, ...] | None]:
        return exports_at_hand(self._folders, self.pinning)

    @cached_property
    def _exports(self) -> Exports:
        return Exports(self.channel, self._at_hand)

    def stands(self, package: str, spec: str) -> Availability:
        """How a requirement stands in the channel, on any of the platforms."""
        newest = None
        try:
            for platform in self.platforms:
                index = self.channel.index(platform)
                if index.match(f"{package} {spec}".strip())[1]:
                    return Availability(status="available")
                records = index.group(package).records
                newest = newest or (records[0].version if records else None)
        except UnknownError:
            return Availability(status="unknown")
        return Availability(status="outdated" if newest else "missing", newest=newest)

    def proof(self, subject: Subject, beside: Sequence[Subject] = ()) -> tuple[Proof, frozenset[str]]:
        """What becomes of the targets and of the feedstock itself, with `beside` merged before.

        Also the packages that stand in the way where a target is worse off.
        """
        names = tuple(other.key for other in beside)
        try:
            found = _Proof(self, subject, beside)
            return replace(found.result(), beside=names), frozenset(found.culprits)
        except UnknownError as exc:
            self.world.observer.warned(f"what bumps do to the targets is unknown: {exc.message}")
            return Proof(outcome="unknown", reason=exc.message, beside=names), frozenset()
        except ForgeError as exc:
            reason = f"it can't be built on paper: {exc.message}"
            return Proof(outcome="unknown", reason=reason, beside=names), frozenset()

    def built(self, subjects: Sequence[Subject], side: Side = "new") -> tuple[Built, ...]:
        """The packages that these would make, each in sight of the others."""
        recipes = {one.key: recipe for one in subjects if (recipe := one.recipe(side)) is not None}
        found = build_all(
            self.channel,
            recipes,
            platforms=self.platforms,
            pinning=self.pinning,
            at_hand=self._at_hand,
            known=self._exports,
        )
        settings = self.world.settings
        pythons = settings.pythons if "pythons" in settings.flags else ()
        return tuple(one for one in found if _for_pythons(one, pythons))

    def laid(
        self, subjects: Sequence[Subject], side: Side = "new"
    ) -> tuple[tuple[Built, ...], Channel, Mapping[Record, tuple[str, ...]]]:
        """What these would make, laid over the channel, and by record what of its requirements is taken to be there.

        A package that the channel never heard of is left out of the requirements: a snapshot has no other answer, and
        where nothing can be solved for that reason, nothing else that stands in the way would be seen.
        """
        built = self.built(subjects, side)
        view = self.channel.overlaid([one.record for one in built])
        assumed: dict[Record, tuple[str, ...]] = {}
        found: list[Built] = []
        for one in built:
            platform = self.platforms[0] if one.record.subdir == "noarch" else one.record.subdir
            names = unheard_of(view, map(name_of, one.record.depends), platform)
            if names:
                depends = tuple(spec for spec in one.record.depends if name_of(spec) not in names)
                one = replace(one, record=replace(one.record, depends=depends))
                assumed[one.record] = names
            found.append(one)
        if assumed:
            view = self.channel.overlaid([one.record for one in found])
        return tuple(found), view, assumed

    def host(self, specs: tuple[str, ...], platform: str) -> bool:
        """Whether an environment of the channel's own packages can be solved; found out once."""
        return self._exports.host(specs, platform) is not None


def _for_pythons(built: Built, pythons: Sequence[str]) -> bool:
    """Whether a package is for one of these Pythons, or for all."""
    if not pythons or built.record.noarch is not None:
        return True
    own = [spec for spec in built.record.depends if name_of(spec) == "python_abi"]
    return not own or any(spec.startswith(f"python_abi {python}.") for spec in own for python in pythons)


@dataclass(frozen=True, slots=True)
class _Answer:
    """What was found out about one environment."""

    status: Literal["installable", "not-installable", "unknown"]
    reason: str = ""
    fault: bool = False
    """It is this bump that breaks it."""


class _Proof:
    """The proof of one bump."""

    def __init__(self, run: Proving, subject: Subject, beside: Sequence[Subject]) -> None:
        self.run = run
        self.subject = subject
        self.beside = tuple(beside)
        every, self.view, self.assumed = run.laid((subject, *beside))
        self.own = tuple(one for one in every if one.feedstock == subject.key)
        self.others = tuple(one for one in every if one.feedstock != subject.key)
        self.warnings: list[str] = []
        self.culprits: set[str] = set()
        self._reasons: dict[tuple[str, tuple[str, ...]], str] = {}
        self._proven: set[tuple[Record, str]] = set()
        self._lock = threading.Lock()

    def result(self) -> Proof:
        """Targets and environments."""
        cells = self.run.before
        certified = {at: found for at, cell in enumerate(cells) if (found := self._certified(cell)) is not None}
        for verdict in certified.values():
            self._note_proven(verdict.after)
        environments, faults = self._environments()
        excused = {one.output for one in environments if one.part == "run" and one.status == "not-installable"}
        verdicts = tuple(certified.get(at) or self._judged(cell, excused - faults) for at, cell in enumerate(cells))
        assumed = sorted({name for names in self.assumed.values() for name in names})
        if assumed:
            self.warnings.append(f"taken to be there, for the channel has no such packages: {', '.join(assumed)}")
        unknown = sorted({name for one in self.own for name in one.unknown})
        if unknown:
            self.warnings.append(
                f"what {', '.join(unknown)} export is not known: requirements of the builds may be missing"
            )
        outcome, reason = _worst(verdicts)
        broken = next((one for one in environments if one.output in faults and one.status == "not-installable"), None)
        if broken is not None and not self.subject.new.forge.bot.check_solvable:
            self.warnings.insert(0, _sentence(broken))
        elif broken is not None and outcome != "worse":
            outcome, reason = "worse", _sentence(broken)
        return Proof(
            outcome=outcome,
            reason=reason,
            verdicts=verdicts,
            environments=tuple(environments),
            warnings=tuple(dict.fromkeys(self.warnings)),
        )

    # -- targets

    def _relevant(self, cell: Cell) -> tuple[Built, ...]:
        """What of the bump has to be part of a target: of what it installs, the new packages."""
        if cell.status != "installable":
            return self.own
        names = {record.name for record in cell.packages} | set(map(name_of, cell.specs))
        return tuple(one for one in self.own if one.record.name in names)

    def _certified(self, cell: Cell) -> Verdict | None:
        """A verdict without asking the solver: the old environment holds with the new packages in it."""
        if cell.status != "installable":
            return None
        relevant = self._relevant(cell)
        if not relevant:
            if not at_its_newest(self.view, cell, cell.packages):
                return None
            # More to choose from takes nothing away, and nothing newer of the target is there.
            return Verdict(before=cell, after=cell, outcome="same", difference=Difference())
        spare = [one for some in rounds_of(self.view, cell, (*self.own, *self.others))[:1] for one in some]
        found = [exchanged(self.view, cell, some, spare) for some in rounds_of(self.view, cell, relevant)]
        if not found:
            return None
        first = found[0]
        if first is None or None in found or not at_its_newest(self.view, cell, first):
            return None
        version = next((record.version for record in first if record.name == name_of(cell.specs[0])), "")
        after = replace(cell, packages=first, version=version)
        outcome, reason = compare(cell, after)
        return Verdict(
            before=cell, after=after, outcome=outcome, reason=reason, difference=difference(cell.packages, first)
        )

    def _judged(self, cell: Cell, excused: set[str]) -> Verdict:
        if cell.status == "unknown":
            return Verdict(before=cell, after=cell, outcome="unknown", reason=cell.reason, difference=Difference())
        relevant = [one for one in self._relevant(cell) if one.record.name not in excused]
        if cell.status != "installable":
            return judge(self.view, cell, relevant)
        blank = replace(cell, status="unknown", version="", packages=(), reason="")
        rounds = rounds_of(self.view, cell, relevant) or [[]]
        tried = [solve_cell(self.view, blank, required=some) for some in rounds]
        after = tried[0]
        if "unknown" in {one.status for one in tried}:
            return Verdict(before=cell, after=after, outcome="unknown", reason=after.reason, difference=Difference())
        if all(one.status == "installable" for one in tried):
            outcome, reason = compare(cell, after)
            if outcome == "worse":
                kept = f"{name_of(cell.specs[0])} =={cell.version}"
                reason += self._because(cell, rounds[0], (kept, *cell.specs[1:]))
            changes = difference(cell.packages, after.packages)
            return Verdict(before=cell, after=after, outcome=outcome, reason=reason, difference=changes)
        records = list(dict.fromkeys(record for some in rounds for record in some))
        failing = [one for one in records if solve_cell(self.view, blank, required=[one]).status != "installable"]
        failing = failing if len(records) > 1 else records
        names = ", ".join(f"{one.name} {one.version}" for one in failing or records)
        together = "" if failing else " all at once"
        reason = f"{names} can't be installed with {cell.target}{together}" + self._because(
            cell, failing[:1] or records, cell.specs
        )
        # What is there now stays installable, with the packages that there are now.
        return Verdict(
            before=cell,
            after=cell,
            outcome="worse",
            reason=reason,
            failing=tuple(failing or records),
            difference=Difference(),
        )

    def _because(self, cell: Cell, records: Sequence[Record], specs: Sequence[str]) -> str:
        """Why these can't be had with `specs`, after a colon; the Pythons of a platform mostly fail alike."""
        key = (cell.platform, tuple(f"{one.name} =={one.version}" for one in records))
        with self._lock:
            if key not in self._reasons:
                reason, causes = self._explained(cell.target, cell.platform, (*key[1], *specs))
                self._reasons[key] = f": {reason}"
                for cause in causes:
                    self.culprits.update((cause.package, *cause.chain[-2:], *cause.other[-1:]))
            return self._reasons[key]

    def _note_proven(self, cell: Cell) -> None:
        with self._lock:
            self._proven.update((record, cell.platform) for record in cell.packages if not record.channel)

    # -- environments

    def _environments(self) -> tuple[list[Environment], set[str]]:
        """All of them, and the outputs that this bump breaks."""
        built = {
            (one.output, one.part, one.on, one.specs): one
            for platform in reversed(self.subject.enabled())
            for one in reversed(built_in(self.subject.rendered("new", platform)))
        }
        questions = [*reversed(built.values()), *used_in(self.view, self.own, self.run.platforms)]
        answers = [self._answered(question) for question in questions]
        faults = {question.output for question, answer in zip(questions, answers, strict=True) if answer.fault}
        found = [
            Environment(
                output=question.output,
                part=question.part,
                platform=question.on,
                variant=question.variant,
                status=answer.status,
                reason=answer.reason,
            )
            for question, answer in zip(questions, answers, strict=True)
        ]
        return found, faults

    def _answered(self, question: Question) -> _Answer:
        if (
            question.required
            and (question.required[0], question.on) in self._proven
            and question.required[0] not in self.assumed
        ):
            return _Answer("installable")
        if question.required:
            unheard = tuple(name for record in question.required for name in self.assumed.get(record, ()))
        else:
            unheard = unheard_of(self.view, map(name_of, question.specs), question.on)
        lacking = f"the channel has no {', '.join(unheard)} on any platform"
        if unheard and not question.required:
            return _Answer("unknown", lacking)
        if self._solved(question):
            return _Answer("unknown", lacking) if unheard else _Answer("installable")
        exact = [f"{one.name} =={one.version} {one.build}" for one in question.required]
        reason, causes = self._explained(question.output, question.on, tuple(exact) or question.specs)
        if causes and all(cause.kind == "unknown-name" for cause in causes):
            return _Answer("unknown", reason)
        before = self._before(question)
        if before is False:
            return _Answer("not-installable", f"not without this bump either: {reason}")
        return _Answer("not-installable", reason, fault=True)

    def _solved(self, question: Question, view: Channel | None = None) -> bool:
        view = view or self.view
        laid = {record.name for record in view.overlay}
        if not question.required and not laid & set(map(name_of, question.specs)):
            # More packages never make an environment unsolvable, so the channel alone is asked first.
            if self.run.host(question.specs, question.on):
                return True
            if not self.beside:
                return False
        found = view.solve(question.specs, platform=question.on, required=question.required)
        return isinstance(found, Solution)

    def _explained(self, target: str, platform: str, specs: Sequence[str]) -> tuple[str, tuple[Cause, ...]]:
        cell = Cell(
            target=target, platform=platform, python="", specs=tuple(specs), wanted=False, status="not-installable"
        )
        found = explain_cell(self.view, cell, remedies=False, older=False)
        reason = found.reason if len(found.reason) <= _LONGEST else f"{found.reason[:_LONGEST].rstrip()}…"
        return reason, found.causes

    def _before(self, question: Question) -> bool | None:
        """Whether the same environment could be solved without the bump; None where there was no such."""
        if self.subject.old is None:
            return None
        alike = [one for one in self._old_questions if _alike(one, question)]
        if not alike:
            return None
        return any(self._solved(one, self._old[1]) for one in alike)

    @cached_property
    def _old(self) -> tuple[tuple[Built, ...], Channel]:
        built, view, _ = self.run.laid((self.subject,), "old")
        return built, view

    @cached_property
    def _old_questions(self) -> tuple[Question, ...]:
        platforms = self.subject.enabled("old")
        found = [one for platform in platforms for one in built_in(self.subject.rendered("old", platform))]
        return (*found, *used_in(self._old[1], self._old[0], self.run.platforms))


def _alike(one: Question, other: Question) -> bool:
    if (one.output, one.part, one.on) != (other.output, other.part, other.on):
        return False
    return one.variant == other.variant or not one.variant or not other.variant


def _sentence(environment: Environment) -> str:
    variant = f" ({environment.variant})" if environment.variant else ""
    return (
        f"the {environment.part} environment of {environment.output} on {environment.platform}{variant} "
        f"can't be solved: {environment.reason}"
    )


def _worst(verdicts: Iterable[Verdict]) -> tuple[Outcome, str]:
    """The worst outcome and a reason for it; better only where nothing is worse. What nobody wants does not count."""
    order: Mapping[Outcome, int] = {"worse": 0, "unknown": 1, "better": 2, "same": 3}
    counted = [one for one in verdicts if one.before.wanted or one.outcome != "worse"]
    if not counted:
        return "same", ""
    worst = min(counted, key=lambda one: order[one.outcome])
    if worst.outcome in ("worse", "unknown"):
        cell = worst.before
        where = f"{cell.target} on {cell.platform}" + (f" with Python {cell.python}" if cell.python else "")
        return worst.outcome, f"{where}: {worst.reason}"
    return worst.outcome, ""

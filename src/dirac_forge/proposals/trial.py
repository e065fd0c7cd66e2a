"""The proof of one bump: the targets with it, and the environments that its feedstock is built and used in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from rattler import Version

from dirac_forge.bump.proof import EnvironmentProof, Proof
from dirac_forge.channel.records import Record, name_of
from dirac_forge.channel.solver import Channel, Solution
from dirac_forge.check.building import Built
from dirac_forge.check.difference import Difference, difference
from dirac_forge.check.environments import Question, built_in, unheard_of, used_in
from dirac_forge.check.exchange import at_its_newest, exchanged
from dirac_forge.check.explanation import Cause
from dirac_forge.check.matrix import Cell, explain_cell, solve_cell
from dirac_forge.check.overlay_check import Outcome, Verdict, compare, judge, rounds_of
from dirac_forge.proposals.candidates import Candidate

if TYPE_CHECKING:
    from dirac_forge.proposals.proofs import Proofs

__all__ = ["Trial"]

_LONGEST = 600


@dataclass(frozen=True, slots=True)
class _Answer:
    """What was found out about one environment."""

    status: Literal["installable", "not-installable", "unknown"]
    reason: str = ""
    fault: bool = False
    """It is this bump that breaks it."""


class Trial:
    """One bump, or several at once, looked at with the solver."""

    def __init__(self, run: Proofs, subject: Candidate, beside: Sequence[Candidate]) -> None:
        """`subject` is proved, with `beside` merged before. Raises UnknownError and InputError."""
        self.run = run
        self.subject = subject
        self.beside = tuple(beside)
        every, self.view, self.assumed = run.laid((subject, *beside))
        self.own = tuple(one for one in every if one.feedstock == subject.key)
        self.others = tuple(one for one in every if one.feedstock != subject.key)
        self.warnings: list[str] = []
        self.culprits: set[str] = set()
        self._explains = True
        self._reasons: dict[tuple[str, tuple[str, ...]], str] = {}
        self._proven: set[tuple[Record, str]] = set()

    def result(self) -> Proof:
        """Targets and environments."""
        cells = self.run.before
        certified = {at: found for at, cell in enumerate(cells) if (found := self._certified(cell)) is not None}
        for verdict in certified.values():
            self._note_proven(verdict.after.packages, verdict.after.platform)
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

    def holds(self, cell: Cell) -> bool:
        """Whether one target is not worse off; what else there is to the proof is not looked at."""
        self._explains = False
        verdict = self._certified(cell) or self._judged(cell, set())
        return verdict.outcome in ("same", "better")

    # -- targets

    def _relevant(self, cell: Cell) -> tuple[Built, ...]:
        """What of the bump has to be part of a target: of what it installs, the new packages.

        A package that is older than the one that is installed belongs to another release line: nobody gets it there.
        """
        if cell.status != "installable":
            return self.own
        installed = {record.name: record.version for record in cell.packages}
        return tuple(
            one
            for one in self.own
            if one.record.name in installed and Version(one.record.version) >= Version(installed[one.record.name])
        )

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
        found = [self._exchanged(cell, some, spare) for some in rounds_of(self.view, cell, relevant)]
        first = found[0] if found else None
        if first is None or None in found or not at_its_newest(self.view, cell, first):
            return None
        version = next((record.version for record in first if record.name == name_of(cell.specs[0])), "")
        after = replace(cell, packages=first, version=version)
        outcome, reason = compare(cell, after)
        return Verdict(
            before=cell, after=after, outcome=outcome, reason=reason, difference=difference(cell.packages, first)
        )

    def _exchanged(self, cell: Cell, some: Sequence[Record], spare: Sequence[Record]) -> tuple[Record, ...] | None:
        """The environment with some packages exchanged; with those merged before too, where the bump alone won't do."""
        found = exchanged(self.view, cell, some, spare)
        if found is None and self.others:
            names = {record.name for record in cell.packages} - {record.name for record in some}
            found = exchanged(self.view, cell, [*some, *(one for one in spare if one.name in names)], spare)
        return found

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
        if not self._explains:
            return ""
        key = (cell.platform, tuple(f"{one.name} =={one.version}" for one in records))
        if key not in self._reasons:
            reason, causes = self._explained(cell.target, cell.platform, (*key[1], *specs))
            self._reasons[key] = f": {reason}"
            for cause in causes:
                self.culprits.update((cause.package, *cause.chain[-2:], *cause.other[-1:]))
        return self._reasons[key]

    def _note_proven(self, packages: Iterable[Record], platform: str) -> None:
        self._proven.update((record, platform) for record in packages if not record.channel)

    # -- environments

    def _environments(self) -> tuple[list[EnvironmentProof], set[str]]:
        """All of them, and the outputs that this bump breaks."""
        built = {
            (one.output, one.part, one.on, one.specs): one
            for platform in reversed(self.subject.enabled())
            for one in reversed(built_in(self.subject.rendered("new", platform)))
        }
        questions = [*reversed(built.values()), *used_in(self.view, self.own, self.run.platforms)]
        self._prove_together(questions)
        answers = [self._answered(question) for question in questions]
        faults = {question.output for question, answer in zip(questions, answers, strict=True) if answer.fault}
        found = [
            EnvironmentProof(
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

    def _beside_target(self, record: Record, platform: str) -> bool:
        """Whether a package goes with what a target installs."""
        for cell in self.run.before:
            if cell.platform == platform and cell.status == "installable":
                spare = [one for some in rounds_of(self.view, cell, (*self.own, *self.others))[:1] for one in some]
                found = exchanged(self.view, cell, [record], spare)
                if found is not None:
                    self._note_proven(found, platform)
                    return True
        return False

    def _prove_together(self, questions: Iterable[Question]) -> None:
        """Packages that can be installed beside a target, or all at once, can be installed each by itself."""
        groups: dict[tuple[str, str], list[Record]] = {}
        for question in questions:
            for record in question.required:
                if (record, question.on) not in self._proven and not self._beside_target(record, question.on):
                    groups.setdefault((question.on, question.variant), []).append(record)
        for (platform, _), records in groups.items():
            one_each = {record.name: record for record in records}
            if len(one_each) > 1:
                found = self.view.solve(list(one_each), platform=platform, required=list(one_each.values()))
                if isinstance(found, Solution):
                    self._note_proven(found.packages, platform)

    def _answered(self, question: Question) -> _Answer:
        if question.required:
            unheard = tuple(name for record in question.required for name in self.assumed.get(record, ()))
        else:
            unheard = unheard_of(self.view, map(name_of, question.specs), question.on)
        lacking = f"the channel has no {', '.join(unheard)} on any platform"
        if unheard and not question.required:
            return _Answer("unknown", lacking)
        proven = bool(question.required) and all((one, question.on) in self._proven for one in question.required)
        if proven or self._solved(question):
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


def _sentence(environment: EnvironmentProof) -> str:
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

"""The environments that proposed recipes are built and used in: which can be solved, and which the proposal breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from dirac_forge.channel.records import Record, name_of
from dirac_forge.channel.solver import Channel, Solution
from dirac_forge.check.answer_reasons import BuildCycle, EnvironmentReason, MissingPackages, RefusedBefore
from dirac_forge.check.causes import culprits_of
from dirac_forge.check.cells import Cell, Status
from dirac_forge.check.environment_questions import Question, unheard_of
from dirac_forge.check.exchange import exchanged
from dirac_forge.check.matrix import explain_cell
from dirac_forge.check.proof_reasons import EnvironmentProof
from dirac_forge.check.target_proof import TargetProver
from dirac_forge.values import dataclass

Earlier = Literal["solvable", "not-solvable", "none", "unknown"]
"""An environment without the proposal; `none`: there was no such environment."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EnvironmentAnswer:
    """One environment, answered."""

    question: Question
    status: Status
    reason: EnvironmentReason | None = None
    fault: bool = False
    """The proposal breaks it: it could be solved before, or there was no such environment."""

    @property
    def place(self) -> tuple[str, str, str, str, str]:
        """What a report tells the environment from others by."""
        return self.question.place

    @property
    def proof(self) -> EnvironmentProof:
        """The same for a report."""
        return EnvironmentProof(
            output=self.question.output,
            part=self.question.part,
            platform=self.question.on,
            made_for=self.question.made_for,
            variant=self.question.variant,
            status=self.status,
            reason=self.reason,
            fault=self.fault,
        )


class EnvironmentProver:
    """Answers questions about environments with as few solves as it can."""

    def __init__(
        self,
        targets: TargetProver,
        cells: Sequence[Cell],
        *,
        lacking: Mapping[Record, tuple[str, ...]],
        solvable: Callable[[tuple[str, ...], str], bool],
        solved: Callable[[str], Iterable[tuple[Record, ...]]],
        before: Callable[[Question], Earlier],
        partial: bool,
    ) -> None:
        """Ask nothing yet.

        Args:
            targets: the proposal laid over the channel.
            cells: the targets without the proposal; a package that fits into one of them can be installed.
            lacking: by record of the proposal, the requirements that no channel has.
            solvable: whether the channel's own packages give an environment of these specs on a platform.
            solved: the environments of a platform that were solved for builds on paper: another place to fit into.
            before: the same environment without the proposal.
            partial: that no channel has a package means nothing (see `Prover`).
        """
        self._targets = targets
        self._view = targets.view
        self._cells = tuple(cells)
        self._lacking = lacking
        self._solvable = solvable
        self._solved = solved
        self._before = before
        self.partial = partial
        self._taken: dict[Question, tuple[Record, ...]] = {}
        self._proven: set[tuple[Record, str]] = set()
        self.culprits: set[str] = set()

    def note_proven(self, packages: Iterable[Record], platform: str) -> None:
        """Remember that the proposal's packages among these can be installed on a platform."""
        self._proven.update((record, platform) for record in packages if not record.channel)

    def answers(self, questions: Sequence[Question]) -> list[EnvironmentAnswer]:
        """Answer the questions, in their order. Raises UnknownError if the channel can't be read."""
        self._prove_together(questions)
        return [self._answered(question) for question in questions]

    def solved(self, question: Question, view: Channel | None = None) -> bool:
        """Whether an environment can be solved in `view` (else with the proposal)."""
        view = view or self._view
        laid = {record.name for record in view.overlay}
        untouched = not question.required and not laid & set(map(name_of, question.specs))
        # More packages never make an environment unsolvable, so the channel alone is asked first. Where it has no
        # answer, a package of the proposal may be what a package in between needs.
        if untouched and self._solvable(question.specs, question.on):
            return True
        found = view.solve(question.specs, platform=question.on, required=question.required)
        if not isinstance(found, Solution):
            return False
        if view is self._view:
            self._taken[question] = tuple(one for one in found.packages if not one.channel)
        return True

    def taken(self, question: Question) -> tuple[Record, ...]:
        """Return the proposal's packages in the solution of a build or host environment that was answered."""
        return self._taken.get(self.heard_of(question), ())

    def _fits(self, record: Record, platform: str) -> bool:
        """Whether a package fits into the environment of a target, or into one that it would be built in."""
        for cell in (*self._cells, *self._built_in(record, platform)):
            if cell.platform == platform and cell.status == "installable":
                found = exchanged(self._view, cell, [record], self._targets.spare(cell))
                if found is not None:
                    self.note_proven(found, platform)
                    return True
        return False

    def _built_in(self, record: Record, platform: str) -> Iterator[Cell]:
        """Yield the environments of builds on paper, as if each had been asked for as it is.

        Noarch packages are not built in any of these.
        """
        for packages in self._solved(platform) if record.noarch is None else ():
            yield Cell(
                target=record.name,
                platform=platform,
                python="",
                specs=(),
                wanted=False,
                status="installable",
                packages=packages,
            )

    def _prove_together(self, questions: Iterable[Question]) -> None:
        """Prove packages together: if all fit into one environment, each can be installed by itself."""
        groups: dict[tuple[str, str], list[Record]] = {}
        for question in questions:
            for record in question.required:
                if (record, question.on) not in self._proven and not self._fits(record, question.on):
                    groups.setdefault((question.on, question.variant), []).append(record)
        for (platform, _), records in groups.items():
            one_each = {record.name: record for record in records}
            if len(one_each) > 1:
                found = self._view.solve(list(one_each), platform=platform, required=list(one_each.values()))
                if isinstance(found, Solution):
                    self.note_proven(found.packages, platform)

    def _answered(self, question: Question) -> EnvironmentAnswer:
        unheard = self._unheard(question)
        gaps = filter(None, map(self._view.index(question.on).gap, unheard))
        missing = MissingPackages(names=unheard, gap=next(gaps, None))
        if unheard and not question.required:
            rest = self._rest_refused(question)
            return rest or EnvironmentAnswer(question=question, status="unknown", reason=missing)
        if self._proved(question) or self.solved(question):
            if unheard:
                return EnvironmentAnswer(question=question, status="unknown", reason=missing)
            return EnvironmentAnswer(question=question, status="installable")
        return self._refused(question)

    def heard_of(self, question: Question) -> Question:
        """Return the question without packages that no channel has, of which nothing is known."""
        unheard = self._unheard(question) if not question.required else ()
        return replace(question, specs=tuple(spec for spec in question.specs if name_of(spec) not in unheard))

    def _rest_refused(self, question: Question) -> EnvironmentAnswer | None:
        """Return the no that an environment is whatever the packages are that no channel has; None if it is unknown."""
        rest = self.heard_of(question)
        if not rest.specs or self.solved(rest):
            return None
        found = self._refused(rest)
        return replace(found, question=question) if found.status == "not-installable" else None

    def _proved(self, question: Question) -> bool:
        return bool(question.required) and all((one, question.on) in self._proven for one in question.required)

    def _refused(self, question: Question) -> EnvironmentAnswer:
        found = self._explained(question)
        nowhere = bool(found.causes) and all(cause.kind == "unknown-name" for cause in found.causes)
        if found.status == "unknown" or (nowhere and (self.partial or not question.required)):
            return EnvironmentAnswer(question=question, status="unknown", reason=found.reason)
        before = self._before(question)
        # That a package is nowhere says little about a new output: the channel may be a part of another.
        fault = before == "solvable" or (before == "none" and not nowhere)
        if fault:
            self.culprits |= culprits_of(found.causes)
        reason: EnvironmentReason | None = found.reason
        if before == "not-solvable" and found.reason is not None:
            reason = RefusedBefore(reason=found.reason)
        return EnvironmentAnswer(question=question, status="not-installable", reason=reason, fault=fault)

    def refused(self, question: Question, reason: BuildCycle) -> EnvironmentAnswer:
        """Return the no to an environment for which there is another reason than that it has no solution."""
        fault = self._before(question) in ("solvable", "none")
        if fault:
            self.culprits.update(reason.names)
        return EnvironmentAnswer(question=question, status="not-installable", reason=reason, fault=fault)

    def _unheard(self, question: Question) -> tuple[str, ...]:
        if question.required:
            return tuple(name for record in question.required for name in self._lacking.get(record, ()))
        return unheard_of(self._view, map(name_of, question.specs), question.on)

    def _explained(self, question: Question) -> Cell:
        """Return why an environment can't be solved."""
        exact = tuple(f"{one.name} =={one.version} {one.build}" for one in question.required)
        cell = Cell(
            target=question.output,
            platform=question.on,
            python="",
            specs=exact or question.specs,
            wanted=False,
            status="not-installable",
        )
        return explain_cell(self._view, cell, required=question.required, remedies=False, older=False)


def excused_outputs(answers: Sequence[EnvironmentAnswer]) -> set[tuple[str, str]]:
    """Return the outputs, each with its platform, of which no variant can be installed by itself, nor could before."""
    run = [one for one in answers if one.question.part == "run"]
    kept = {_output(one) for one in run if one.status != "not-installable" or one.fault}
    return {_output(one) for one in run} - kept


def _output(answer: EnvironmentAnswer) -> tuple[str, str]:
    return answer.question.output, answer.question.on

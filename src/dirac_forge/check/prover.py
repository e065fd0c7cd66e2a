"""The one prover: what proposed recipes do to the targets and to the environments that they are built and used in.

`check --with`, `bump`, `migrate` and the bot all ask `Prover.proof`, so they get the same answer for the same recipes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import replace
from functools import cached_property
from types import MappingProxyType

from dirac_forge.channel.records import Record, name_of
from dirac_forge.channel.solver import Channel, Solution
from dirac_forge.check.build_cycles import with_cycles
from dirac_forge.check.cells import Cell
from dirac_forge.check.environment_proof import Earlier, EnvironmentAnswer, EnvironmentProver, excused_outputs
from dirac_forge.check.environment_questions import (
    Question,
    are_alike,
    built_in,
    is_for_pythons,
    tested_with,
    unheard_of,
    used_in,
)
from dirac_forge.check.expected_records import host_questions
from dirac_forge.check.exports import AtHand, Built, ChannelExports
from dirac_forge.check.matrix import platforms_with
from dirac_forge.check.paper_builds import build_all
from dirac_forge.check.proof import Proof, Verdict, useless_variants, with_replaced, worst
from dirac_forge.check.proof_reasons import (
    BrokenEnvironment,
    EnvironmentProof,
    ProofWarning,
    TakenAsThere,
    UnknownExports,
)
from dirac_forge.check.remedies import Unblock
from dirac_forge.check.subjects import Side, Subject
from dirac_forge.check.target_proof import TargetProver
from dirac_forge.check.unblock import unblock
from dirac_forge.check.unbuildable import (
    BuildKey,
    build_key,
    not_built_for,
    unbuildable,
    uninstallable,
    useless_outputs,
)
from dirac_forge.feedstock.pinning import Pinning
from dirac_forge.progress import Observer, Silent
from dirac_forge.upstream.once import Once
from dirac_forge.values import dataclass

_TASK = "solving with the recipes"


@dataclass(frozen=True, kw_only=True, slots=True)
class Retrial:
    """What is left of a proof's worse targets and broken environments with other proposals merged before."""

    holds: bool
    """None of them is worse off any more."""
    culprits: frozenset[str] = frozenset()
    """Packages that prevent those that still are."""


@dataclass(frozen=True, slots=True)
class _Laid:
    """Packages on paper, laid over the channel."""

    view: Channel
    built: tuple[Built, ...]
    lacking: Mapping[Record, tuple[str, ...]]
    """By record, the requirements that no channel has on any platform."""


class Prover:
    """One channel and its targets; what is asked is asked once. Safe to use from many threads."""

    def __init__(
        self,
        channel: Channel,
        before: Callable[[], Sequence[Cell]],
        *,
        platforms: Sequence[str],
        pinning: Pinning | None,
        pythons: Sequence[str] = (),
        at_hand: AtHand = lambda _: None,
        partial: bool = False,
        observer: Observer | None = None,
    ) -> None:
        """Ask nothing yet.

        Args:
            channel: as it is.
            before: answers the targets as they are; called when they are first needed.
            platforms: for which recipes are built on paper.
            pinning: conda-forge-pinning; None: nothing is pinned but the Pythons.
            pythons: the environments of packages for other Pythons are left out; () for all.
            at_hand: the run_exports that a recipe at hand writes for a package.
            partial: the channel may be a part of another: a package that it never had is taken to be there, since
                else nothing else that stands in the way would be seen. The proof records that.
            observer: who is watching.
        """
        self.channel = channel
        self.platforms = tuple(platforms)
        self.pinning = pinning
        self._answer = before
        self.pythons = tuple(pythons)
        self._at_hand = at_hand
        self.partial = partial
        self.observer = observer or Silent()
        self._exports = ChannelExports(channel, at_hand)
        self._alone = Once[tuple[Subject, Side], tuple[Built, ...]](lambda asked: self._build([asked[0]], asked[1]))

    @cached_property
    def before(self) -> tuple[Cell, ...]:
        """The targets as they are."""
        return tuple(self._answer())

    def proof(
        self, subjects: Sequence[Subject], beside: Sequence[Subject] = (), *, executor: Executor | None = None
    ) -> Proof:
        """Prove targets and environments. Raises as `Prover.proof` does.

        `executor` runs the solves; it must not be one whose threads wait for this.

        Raises:
            ForgeError: a recipe can't be built on paper, or the channel can't be read.
        """
        return _Trial(self, subjects, beside).proof(executor)

    def retried(
        self, subjects: Sequence[Subject], beside: Sequence[Subject], proof: Proof, *, explains: bool = True
    ) -> Retrial:
        """Look again at what `subjects` make worse in `proof`, now with `beside`; nothing else is proved.

        Without `explains` the first target that is worse off ends it, and no culprits are named.

        Raises:
            ForgeError: a recipe can't be built on paper, or the channel can't be read.
        """
        return _Trial(self, subjects, beside, explains=explains).retried(proof)

    def built(self, subjects: Sequence[Subject], side: Side = "new") -> tuple[Built, ...]:
        """Return the packages that these would make, each in sight of the others; raises as `proof`."""
        apart = not any(
            one.built_with(side) & other.provides.keys() for one in subjects for other in subjects if one is not other
        )
        if apart:
            return tuple(built for one in subjects for built in self._alone((one, side)))
        return self._build(subjects, side)

    def laid(self, subjects: Sequence[Subject], side: Side = "new", *, without: Container[BuildKey] = ()) -> _Laid:
        """Return the packages that these would make, laid over the channel, but for some builds; raises as `proof`."""
        built = tuple(one for one in self.built(subjects, side) if build_key(one) not in without)
        view = self.channel.overlaid([one.record for one in built])
        lacks = [self._lacks(view, one.record) for one in built]
        if self.partial and any(lacks):
            built = tuple(
                replace(one, record=_without(one.record, names)) for one, names in zip(built, lacks, strict=True)
            )
            view = self.channel.overlaid([one.record for one in built])
        lacking = {one.record: names for one, names in zip(built, lacks, strict=True) if names}
        return _Laid(view, built, lacking)

    def _lacks(self, view: Channel, record: Record) -> tuple[str, ...]:
        """Return the requirements of a record that no channel has on any platform."""
        platform = self.platforms[0] if record.subdir == "noarch" else record.subdir
        return unheard_of(view, map(name_of, record.depends), platform)

    def solvable(self, specs: tuple[str, ...], platform: str) -> bool:
        """Whether the channel's own packages give an environment; found out once."""
        return self._exports.host(specs, platform) is not None

    def solve_hosts(self, subject: Subject, executor: Executor) -> list[Future[object]]:
        """Have the environments that a recipe is built in solved at the same time; `built` asks for one after another.

        `executor` must not be one whose threads wait for this. Trouble is reported by `built`.

        Raises:
            ForgeError: the recipe does not render, or the channel can't be read.
        """
        return [
            executor.submit(self._exports.host, specs, platform)
            for platform in subject.enabled()
            for specs in host_questions(
                subject.new,
                feedstock=subject.key,
                channel=self.channel,
                exports=self._exports,
                rendered=subject.rendered("new", platform),
            )
        ]

    def solved(self, platform: str) -> tuple[tuple[Record, ...], ...]:
        """Return the environments of a platform that were solved for builds on paper."""
        return self._exports.environments(platform)

    def warnings(self, lacking: Mapping[Record, tuple[str, ...]], own: Sequence[Built]) -> Iterator[ProofWarning]:
        """Yield what makes a proof weaker than it looks."""
        if self.partial and (names := {name for some in lacking.values() for name in some}):
            yield TakenAsThere(names=tuple(sorted(names)))
        if unknown := {name for one in own for name in one.unknown}:
            yield UnknownExports(names=tuple(sorted(unknown)))

    def _build(self, subjects: Sequence[Subject], side: Side) -> tuple[Built, ...]:
        return build_all(self.channel, subjects, side, at_hand=self._at_hand, known=self._exports)


class _Trial:
    """One proof: the recipes laid over the channel, the targets, and the recipes' own environments."""

    def __init__(
        self,
        prover: Prover,
        subjects: Sequence[Subject],
        beside: Sequence[Subject],
        *,
        explains: bool = True,
        first: _Trial | None = None,
        lost: Mapping[BuildKey, EnvironmentProof] = MappingProxyType({}),
    ) -> None:
        """Lay the recipes over the channel; without the builds in `lost`, which the trial `first` found impossible."""
        self.prover = prover
        self.subjects = tuple(subjects)
        self.merged = tuple(beside)
        self.beside = tuple(other.key for other in beside)
        self.lost = lost
        laid = prover.laid((*subjects, *beside), without=lost)
        keys = {subject.key for subject in subjects}
        self.own = tuple(one for one in laid.built if one.feedstock in keys)
        self.made: tuple[Built, ...] = first.made if first is not None else self.own
        self.others = tuple(one for one in laid.built if one.feedstock not in keys)
        self.lacking = laid.lacking
        self.explains = explains
        self.targets = TargetProver(laid.view, self.own, self.others, today=prover.channel, explains=explains)
        self.environments = EnvironmentProver(
            self.targets,
            prover.before,
            lacking=laid.lacking,
            solvable=prover.solvable,
            solved=prover.solved,
            before=self._before,
            partial=prover.partial,
        )

    def retried(self, proof: Proof) -> Retrial:
        """See `Prover.retried`."""
        worse = [one.before for one in proof.verdicts if (one.outcome == "worse" or one.failing) and one.before.wanted]
        kept = (self._is_kept(cell, proof.excused) for cell in worse)
        # With reasons all of them are asked, so that every culprit is known.
        holds = all(list(kept)) if self.explains else all(kept)
        if holds or self.explains:
            holds &= self._is_mended(proof)
        return Retrial(holds=holds, culprits=frozenset(self.targets.culprits | self.environments.culprits))

    def _is_kept(self, cell: Cell, excused: Collection[tuple[str, str]]) -> bool:
        """Whether a target is not worse off."""
        verdict = self.targets.certificate(cell) or self.targets.verdict(cell, excused)
        return verdict.outcome in ("same", "better")

    def _is_mended(self, proof: Proof) -> bool:
        """Whether the environments can be solved that a proof found broken."""
        broken = {one.place for one in proof.environments if one.breaks and self._must_solve(one.output)}
        asked = [one for one in self._questions if one.place in broken]
        return not any(answer.fault or answer.status == "unknown" for answer in self._answers(asked))

    def _answers(self, questions: Sequence[Question]) -> list[EnvironmentAnswer]:
        channel = self.prover.channel.overlaid([one.record for one in self.others])
        answers = self.environments.answers(questions)
        return with_cycles(self.environments, answers, self.subjects, channel=channel, own=self.own)

    def proof(self, executor: Executor | None) -> Proof:
        """Prove targets and environments. Raises as `Prover.proof` does."""
        cells = self.prover.before
        certified = {at: found for at, cell in enumerate(cells) if (found := self.targets.certificate(cell))}
        for verdict in certified.values():
            self.environments.note_proven(verdict.after.packages, verdict.after.platform)
        answers = self._answers(self._questions)
        lost = unbuildable(self.subjects, answers)
        # What was there before the proposal is judged as if it were built: whether it could be then is told beside it.
        new = {subject.key for subject in self.subjects if subject.old is None}
        left_out = {**self.lost, **{key: why for key, why in lost.items() if key[0] in new}}
        if len(left_out) > len(self.lost):
            return self._without(left_out).proof(executor)
        excused = excused_outputs(answers)

        def verdict_of(at: int) -> Verdict:
            verdict = certified.get(at) or self.targets.verdict(cells[at], excused)
            if self.lost:
                unbuilt = not_built_for(self.targets.view, cells[at], self.made, self.lost)
                verdict = replace(verdict, unbuilt=unbuilt)
            self.prover.observer.advanced(_TASK, detail=f"{cells[at].target} {cells[at].platform} {cells[at].python}")
            return verdict

        self.prover.observer.started(_TASK, len(cells))
        each = executor.map if executor is not None else map
        verdicts = tuple(each(verdict_of, range(len(cells))))
        self.prover.observer.finished(_TASK)
        # Why a build is impossible was found while all of them were there.
        known = {one.place: one for one in self.lost.values()}
        environments = tuple(with_replaced([known.get(one.place, one.proof) for one in answers], verdicts))
        proof = Proof(
            outcome="same",
            verdicts=verdicts,
            environments=environments,
            beside=self.beside,
            warnings=(
                *useless_variants(environments),
                *dict.fromkeys(left for verdict in verdicts for left in verdict.not_taken),
                *self.prover.warnings(self.lacking, self.own),
            ),
            built=self.made,
            useless=tuple(
                one
                for one in useless_outputs(self.made, {**lost, **self.lost}, uninstallable(answers))
                if self._must_solve(one.output)
            ),
            culprits=frozenset(self.targets.culprits | self.environments.culprits),
            excused=frozenset(excused),
            unblock=tuple(self._remedies()),
        )
        return self._judged(proof)

    def _without(self, lost: Mapping[BuildKey, EnvironmentProof]) -> _Trial:
        """Return the same without builds that can't be made: what else is built with them is judged again."""
        return _Trial(self.prover, self.subjects, self.merged, explains=self.explains, first=self, lost=lost)

    def _remedies(self) -> list[Unblock]:
        """Return what would make the targets take the proposal; what helps one platform is tried first on the next."""
        view = self.targets.view
        found: list[Unblock] = []
        for cell, kept in self.targets.refused:
            platform = cell.platform
            others = platforms_with(view, platform)
            specs = (*cell.specs, *kept)
            one = unblock(view, specs, platform=platform, causes=cell.causes, elsewhere=others, known=found)
            if one is not None and one not in found:
                found.append(one)
        return found

    def _judged(self, proof: Proof) -> Proof:
        """Return the proof with its outcome: the worst of the targets, or worse where an environment is broken."""
        outcome, reason = worst(proof.verdicts)
        broken = next((one for one in proof.environments if one.breaks), None)
        if broken is not None:
            found = BrokenEnvironment(environment=broken)
            if not self._must_solve(broken.output):
                proof = replace(proof, warnings=(found, *proof.warnings))
            elif outcome != "worse":
                return replace(proof, outcome="worse", reason=found)
        return replace(proof, outcome=outcome, reason=reason)

    def _must_solve(self, output: str) -> bool:
        """Whether conda-forge.yml leaves `bot.check_solvable` on, as it is by default."""
        makers = [subject for subject in self.subjects if output in subject.provides] or self.subjects
        return any(subject.new.forge.bot.check_solvable for subject in makers)

    @cached_property
    def _questions(self) -> tuple[Question, ...]:
        built: dict[tuple[str, str, str, tuple[str, ...]], Question] = {}
        tests: list[Question] = []
        for subject in self.subjects:
            for platform in subject.enabled():
                for one in built_in(subject.rendered("new", platform)):
                    built.setdefault((one.output, one.part, one.on, one.specs), one)
                # In a part of a channel, what only tests need says nothing of the proposal.
                rendered = () if self.prover.partial else subject.rendered("new", platform)
                tests += tested_with(self.targets.view, rendered)
        own = [one for one in self.own if is_for_pythons(one, self.prover.pythons)]
        return (*built.values(), *used_in(self.targets.view, own, self.prover.platforms), *tests)

    def _before(self, question: Question) -> Earlier:
        """Return the same environment without the proposal; if there is no old recipe, with any published build."""
        subject = next((one for one in self.subjects if question.output in one.provides), self.subjects[0])
        if subject.old is None:
            return self._published(question) if question.part == "run" else "unknown"
        alike = [one for one in self._old_questions[subject.key] if are_alike(one, question)]
        if not alike:
            return "none"
        return (
            "solvable"
            if any(self.environments.solved(one, self._old.view) for one in map(self.environments.heard_of, alike))
            else "not-solvable"
        )

    def _published(self, question: Question) -> Earlier:
        channel = self.prover.channel
        if not channel.index(question.on).group(question.output).records:
            return "none"
        found = channel.solve((question.output,), platform=question.on)
        return "solvable" if isinstance(found, Solution) else "not-solvable"

    @cached_property
    def _old(self) -> _Laid:
        return self.prover.laid([subject for subject in self.subjects if subject.old is not None], "old")

    @cached_property
    def _old_questions(self) -> Mapping[str, tuple[Question, ...]]:
        found = {}
        for subject in self.subjects:
            platforms = subject.enabled("old")
            built = [one for platform in platforms for one in built_in(subject.rendered("old", platform))]
            own = [one for one in self._old.built if one.feedstock == subject.key]
            found[subject.key] = (*built, *used_in(self._old.view, own, self.prover.platforms))
        return found


def _without(record: Record, names: Collection[str]) -> Record:
    return replace(record, depends=tuple(spec for spec in record.depends if name_of(spec) not in names))

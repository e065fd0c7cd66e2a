"""Bumps of one run put in order and proved, with the recipes that they lack."""

from __future__ import annotations

import os
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import replace
from typing import Literal

from dirac_forge.bump.blockers import Blocker, HelpingBump, NeverUsable, WorseTargets
from dirac_forge.bump.bump_notes import BumpNote, HelpingDependent, MovesTogether, OlderThanChannel
from dirac_forge.bump.extensions import belongs, leaves
from dirac_forge.bump.merge_order import Move, OrderPlace, admits, arranged, in_order, is_newer
from dirac_forge.bump.new_needs import Awaited, NewNeed
from dirac_forge.bump.new_recipes import NewRecipe
from dirac_forge.bump.proposal import Bump
from dirac_forge.channel.solver import Channel
from dirac_forge.check.answer_reasons import Unanswered
from dirac_forge.check.proof import Proof
from dirac_forge.check.proof_reasons import UnreadableRecipe
from dirac_forge.errors import ForgeError, InputError, UnknownError
from dirac_forge.feedstock.change import Change
from dirac_forge.feedstock.variants import VariantRecipe
from dirac_forge.feedstock.workspace import FeedstockFolder, Workspace
from dirac_forge.proposals.candidates import Candidate, key_of
from dirac_forge.proposals.channel_part import ChannelPart, snapshot_names
from dirac_forge.proposals.context import ProposalContext
from dirac_forge.proposals.extensions import lines_of
from dirac_forge.proposals.missing_recipes import MissingRecipes
from dirac_forge.proposals.other_bumps import OtherBumps
from dirac_forge.proposals.proofs import Proofs
from dirac_forge.recipe.making.problems import MakingProblem
from dirac_forge.values import dataclass

Pair = tuple[FeedstockFolder, Bump]


@dataclass(frozen=True, slots=True)
class _Recipes:
    """New recipes that a bump needs, and what went wrong in making them."""

    recipes: tuple[NewRecipe, ...] = ()
    problems: tuple[MakingProblem, ...] = ()


def _key(bump: Bump) -> str:
    return key_of(bump.change.feedstock, bump.change.branch)


def _blocked(found: Mapping[str, Bump]) -> frozenset[str]:
    return frozenset(key for key, bump in found.items() if bump.status != "proposed")


def _blockers(bump: Bump, place: OrderPlace, helpers: Sequence[str], proof: Proof | None) -> tuple[Blocker, ...]:
    """Return why a bump is blocked: what it needs and is not there yet, and targets that would be worse off."""
    own = bump.drift.blockers if bump.drift is not None else ()
    lacks = (lack for lack in place.lacks if lack.certain)
    helping = (HelpingBump(key=other) for other in helpers)
    return tuple(dict.fromkeys((*bump.blocked_by, *own, *place.because, *lacks, *helping, *_proved_against(proof))))


def _proved_against(proof: Proof | None) -> tuple[WorseTargets | NeverUsable, ...]:
    if proof is None:
        return ()
    if proof.outcome == "worse":
        return (WorseTargets(reason=proof.reason),)
    return tuple(NeverUsable(environment=one) for one in proof.useless)


def _notes(bump: Bump, place: OrderPlace, made: _Recipes, later: Sequence[str]) -> list[BumpNote]:
    """Return a bump's notes with those of its place in the order; `later` are bumps behind it that help."""
    notes: list[BumpNote] = [*bump.notes, *(lack for lack in place.lacks if not lack.certain)]
    notes += [MovesTogether(key=other) for other in place.together]
    return [*notes, *made.problems, *(HelpingDependent(key=other) for other in later)]


def _status(blockers: Sequence[Blocker]) -> Literal["proposed", "waiting", "blocked"]:
    if not blockers:
        return "proposed"
    return "waiting" if all(isinstance(one, (Awaited, HelpingBump)) for one in blockers) else "blocked"


def _behind(subject: Candidate, bump: Bump, proofs: Proofs) -> Iterator[OlderThanChannel]:
    """Yield that the recipe at hand is older than what the channel has; older release lines are by intention."""
    if bump.change.branch not in {None, "main"}:
        return
    for output in {output.name: output for output in subject.outputs("old")}.values():
        newest = proofs.newest(output.name)
        if newest is not None and is_newer(newest, output.version):
            yield OlderThanChannel(
                feedstock=bump.change.feedstock, package=output.name, version=output.version, newest=newest
            )
            return


def _judged(need: NewNeed, part: ChannelPart) -> NewNeed:
    return replace(need, partial=part.reason(need.package, need.section, need.partial))


def _brought(need: NewNeed, moves: Iterable[Move]) -> bool:
    return any(admits(need.spec, move.provides.get(need.package, "")) for move in moves)


def _recipes(lacking: MissingRecipes, bump: Bump, place: OrderPlace) -> _Recipes:
    missing = [lack for lack in place.lacks if lack.certain and lack.availability.status == "missing"]
    return _Recipes(*lacking.recipes(missing, f"{bump.change.feedstock} {bump.new}")) if missing else _Recipes()


class Ordering:
    """One run: bumps are made ready as they come, and arranged and proved when all are there."""

    def __init__(self, context: ProposalContext, workspace: Workspace, executor: Executor) -> None:
        """Run proofs, and the questions to upstream that new recipes need, in `executor`."""
        self.context = context
        self.workspace = workspace
        self.executor = executor
        # While targets are solved, which takes seconds, the threads of `executor` are free for downloads.
        self._solvers = ThreadPoolExecutor(os.cpu_count() or 2)
        self.proving = Proofs(context, [*workspace, *workspace.lines], self._solvers)
        self.subjects: dict[str, Candidate] = {}
        self.unreadable: dict[str, str] = {}
        # The solves are waited for: that can't be done in one of their own threads.
        self._first = ThreadPoolExecutor(1)
        self._solving: Future[object] | None = None
        self._moves: dict[str, Move | None] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        """Shut down the workers."""
        self._first.shutdown(cancel_futures=True)
        self._solvers.shutdown(cancel_futures=True)

    def channel(self) -> Channel:
        """Return the channel, opened once. Raises UnknownError if it can't be read."""
        self.proving.open()
        return self.proving.channel

    def begin(self) -> None:
        """Open the channel and have the targets solved as they are, which takes longest. Raises nothing."""
        with suppress(ForgeError):
            self.proving.open()
            self._targets()

    def foresee(self, folder: FeedstockFolder) -> None:
        """Have the environments solved that a feedstock is built in: those of its bump are mostly the same.

        Raises nothing.
        """
        with suppress(ForgeError):
            self.proving.open()
            self._solve_hosts(self._candidate(key_of(folder.name, folder.branch), folder.read()))

    def prepare(self, folder: FeedstockFolder, bump: Bump) -> None:
        """Do early, while others still are looked for, what the proof of a bump will need. Raises nothing."""
        self.begin()
        with suppress(UnknownError):
            self.proving.open()
            move = self._move(_key(bump), (folder, bump))
            if move is not None:
                with suppress(ForgeError):
                    wait(self._solve_hosts(self.subjects[move.key]))
                    self.proving.prover.built([self.subjects[move.key]])

    def awaited(self, bumps: Sequence[Pair]) -> list[FeedstockFolder]:
        """Return other feedstocks that make what these bumps need in a version that neither they nor a channel have.

        Raises nothing.
        """
        try:
            self.proving.open()
        except UnknownError:
            return []
        moves = {key: move for folder, bump in bumps if (move := self._move(key := _key(bump), (folder, bump)))}
        needs = [need for move in moves.values() for need in move.needs if not _brought(need, moves.values())]
        lacking = [need for need in needs if self.proving.stands(need.package, need.spec).status != "available"]
        found = {
            folder.label: folder
            for need in lacking
            if self._maker(need, moves) is None
            for folder, _ in self._makers(need.package, moves)
        }
        return list(found.values())

    def done(self, bumps: Sequence[Pair]) -> list[Pair]:
        """Return the bumps in order, each with what it waits for, its proof, and recipes that it needs."""
        try:
            self.proving.open()
        except UnknownError as error:
            proof = Proof(outcome="unknown", reason=Unanswered(message=error.message))
            return [(folder, replace(bump, proof=proof)) for folder, bump in bumps]
        pairs = {_key(bump): (folder, bump) for folder, bump in bumps}
        decided = self._decided_in_order(pairs)
        waits = {key: [other for other in bump.waits_for if other in decided] for key, bump in decided.items()}
        return [(pairs[key][0], decided[key]) for key in in_order(waits, last=_blocked(decided))]

    def _decided_in_order(self, pairs: Mapping[str, Pair]) -> dict[str, Bump]:
        """Return the bumps decided in the order that they depend on each other, those without a place at the end."""
        moves = {key: move for key, pair in pairs.items() if (move := self._move(key, pair)) is not None}
        self._prefetch(need.package for move in moves.values() for need in move.needs)
        merged = self._merged(moves)
        part = self._part({package for move in (*moves.values(), *merged.values()) for package in move.provides})
        places = self._places([*moves.values(), *merged.values()], part)
        lacking = MissingRecipes(self.context, self.executor, part)
        order = [key for key in places if key in pairs] + [key for key in pairs if key not in places]
        recipes = {key: _recipes(lacking, pairs[key][1], places[key]) for key in order if key in places}
        self._targets().result()
        return self._all_decided({key: pairs[key][1] for key in order}, places, recipes)

    def _all_decided(
        self, bumps: Mapping[str, Bump], places: Mapping[str, OrderPlace], recipes: Mapping[str, _Recipes]
    ) -> dict[str, Bump]:
        task = "proving"
        self.context.observer.started(task, len(bumps))

        def decided(key: str) -> Bump:
            known = key in places
            done = self._decided(bumps[key], key, places, recipes[key]) if known else self._unread(bumps[key], key)
            self.context.observer.advanced(task, detail=key)
            return done

        results = dict(zip(bumps, self.executor.map(decided, bumps), strict=True))
        self.context.observer.finished(task)
        return results

    def _solve_hosts(self, subject: Candidate) -> list[Future[object]]:
        return self.proving.prover.solve_hosts(subject, self._solvers)

    # -- order

    def _places(self, moves: Iterable[Move], part: ChannelPart) -> dict[str, OrderPlace]:
        judged = [replace(move, needs=tuple(_judged(need, part) for need in move.needs)) for move in moves]
        return {place.key: place for place in arranged(judged, self.proving.stands)}

    def _targets(self) -> Future[object]:
        """Return the targets without any bump, being solved since somebody first asked."""
        with self._lock:
            if self._solving is None:
                self._solving = self._first.submit(lambda: self.proving.prover.before)
            return self._solving

    def _move(self, key: str, pair: Pair) -> Move | None:
        """Return what the order needs to know of a bump; None if its edited recipe can't be read."""
        if key not in self._moves:
            folder, bump = pair
            self._moves[key] = None
            try:
                subject = self._subject(folder, bump)
                self._moves[key] = subject.move()
                self.subjects[key] = subject
            except InputError as error:
                self.unreadable[key] = error.message
        return self._moves[key]

    def _subject(self, folder: FeedstockFolder, bump: Bump) -> Candidate:
        proving = self.proving
        return Candidate.of_bump(
            folder, bump, channel=proving.channel, pinning=proving.pinning, platforms=proving.platforms
        )

    def _part(self, made: Collection[str]) -> ChannelPart:
        """Return what the bumps show of the channel; recipes at hand may make what it lacks without being uploaded."""
        tools = sorted({name for subject in self.subjects.values() for name in subject.built_with("old")})
        absent = (name for name in tools if self.proving.stands(name, "").status == "missing")
        return ChannelPart(
            local=not self.proving.channel.remote,
            needed={
                name: key
                for key, subject in sorted(self.subjects.items(), reverse=True)
                for name in subject.lacking_before()
                if name not in made
            },
            tool=next(absent, ""),
            snapshot=snapshot_names(self.context),
        )

    def _merged(self, moves: dict[str, Move]) -> dict[str, Move]:
        """Return recipes of the workspace that make what bumps need, and that the channel does not have yet.

        Also what these need themselves, where the channel does not have that either.
        """
        made = {package for move in moves.values() for package in move.provides}
        merged: dict[str, Move] = {}
        todo = [need for move in moves.values() for need in move.needs]
        seen = set()
        while todo:
            need = todo.pop(0)
            if str(need) in seen or need.package in made:
                continue
            seen.add(str(need))
            subject = self._absent_maker(need, moves)
            if subject is not None and subject.key not in merged:
                self.subjects.setdefault(subject.key, subject)
                merged[subject.key] = replace(subject.move(), merged=True)
                todo += merged[subject.key].needs
        return merged

    def _prefetch(self, names: Iterable[str]) -> None:
        listed = list(names)
        for platform in self.proving.platforms:
            self.proving.channel.index(platform).prefetch(listed)

    def _absent_maker(self, need: NewNeed, moves: dict[str, Move]) -> Candidate | None:
        """Return the recipe that makes what is needed; None if the channel has that."""
        available = self.proving.stands(need.package, need.spec).status == "available"
        return None if available else self._maker(need, moves)

    def _maker(self, need: NewNeed, moves: Mapping[str, Move]) -> Candidate | None:
        makers = (subject for _, subject in self._makers(need.package, moves))
        return next((one for one in makers if admits(need.spec, one.provides[need.package])), None)

    def _makers(self, package: str, moves: Mapping[str, Move]) -> Iterator[tuple[FeedstockFolder, Candidate]]:
        """Yield the recipes of the workspace, but for those in `moves`, that make a package in whichever version."""
        for folder in self.workspace:
            key = key_of(folder.name, folder.branch)
            try:
                if key in moves or not any(package in text for text in folder.texts.values()):
                    continue
                subject = self.subjects.get(key) or self._candidate(key, folder.read())
                if package in subject.provides:
                    yield folder, subject
            except ForgeError:
                continue

    def _candidate(self, key: str, recipe: VariantRecipe) -> Candidate:
        """Return a recipe as it is."""
        proving = self.proving
        return Candidate(key, recipe, channel=proving.channel, pinning=proving.pinning, platforms=proving.platforms)

    # -- one bump

    def _decided(self, bump: Bump, key: str, places: Mapping[str, OrderPlace], made: _Recipes) -> Bump:
        subject, place = self.subjects[key], places[key]
        lacking = [lack.need.package for lack in place.lacks if lack.certain]
        proof, helpers = self._proved_with(made.recipes, subject, lacking, places)
        later = [other for other in helpers if key in places[other].behind]
        first = [other for other in helpers if other not in later]
        lines = lines_of(self.context, self.workspace, self.proving.channel, subject, self.proving.platforms)
        old = dict.fromkeys(subject.provides, bump.old)
        blockers = _blockers(bump, place, first, proof)
        notes = [*_behind(subject, bump, self.proving), *_notes(bump, place, made, later)]
        return replace(
            bump,
            status=_status(blockers),
            waits_for=tuple(dict.fromkeys((*place.waits_for, *lacking, *first))),
            blocked_by=blockers,
            notes=tuple(dict.fromkeys((*notes, *leaves(lines, old, subject.provides)))),
            satisfies=belongs(lines, subject.provides),
            recipes=made.recipes,
            proof=proof,
        )

    def _proved_with(
        self,
        made: Sequence[NewRecipe],
        subject: Candidate,
        lacking: Sequence[str],
        places: Mapping[str, OrderPlace],
    ) -> tuple[Proof | None, tuple[str, ...]]:
        """Return the proof beside the new recipes, with the bumps that help; none if packages are still lacking."""
        recipes = [self._read(new.change) for new in made]
        given = {package for recipe in recipes for package in recipe.provides}
        if not given.issuperset(lacking):
            return None, ()
        place = places[subject.key]
        beside = [*(self.subjects[other] for other in (*place.behind, *place.together)), *recipes]
        return self._proved(subject, beside, places)

    def _proved(
        self, subject: Candidate, beside: Sequence[Candidate], places: Mapping[str, OrderPlace]
    ) -> tuple[Proof, tuple[str, ...]]:
        """Return the proof; where something is worse off, with the other bumps that unblock it, where some do."""
        proof = self.proving.proof(subject, beside)
        others = OtherBumps(self.subjects, places)
        found = self.proving.helping(subject, beside, proof, others)
        if found is not None:
            return found.proof, found.keys
        return self._beyond_mates(subject, beside, proof, others)

    def _beyond_mates(
        self, subject: Candidate, beside: Sequence[Candidate], proof: Proof, others: OtherBumps
    ) -> tuple[Proof, tuple[str, ...]]:
        """Return what is in the way besides bumps that wait for this one: its pins are lifted by these."""
        mates = others.waiting_for(subject.key, proof.culprits) if proof.outcome == "worse" else []
        if not mates:
            return proof, ()
        known = {subject.key, *(one.key for one in beside)}
        merged = [one for one in others.subjects(mates) if one.key not in known]
        together = self.proving.proof(subject, [*beside, *merged])
        return (together, tuple(mates)) if together.outcome == "worse" else (proof, ())

    def _read(self, change: Change) -> Candidate:
        return Candidate.of_change(
            change, channel=self.proving.channel, pinning=self.proving.pinning, platforms=self.proving.platforms
        )

    def _unread(self, bump: Bump, key: str) -> Bump:
        reason = UnreadableRecipe(message=self.unreadable[key])
        return replace(bump, proof=Proof(outcome="unknown", reason=reason))

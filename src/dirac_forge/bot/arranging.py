"""Bumps of one run put in order and proved, with the recipes that they lack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

from dirac_forge.bot.extending import lines_of
from dirac_forge.bot.lacking import Lacking
from dirac_forge.bot.proving import Proving
from dirac_forge.bot.subject import Subject, key_of
from dirac_forge.bot.world import World
from dirac_forge.bump.extensions import belongs, leaves
from dirac_forge.bump.order import Move, Need, Place, admits, arranged, in_order
from dirac_forge.bump.proof import Proof
from dirac_forge.bump.proposal import Bump
from dirac_forge.errors import ForgeError, UnknownError
from dirac_forge.feedstock.change import Change
from dirac_forge.feedstock.workspace import FeedstockFolder, Workspace

__all__ = ["arranged_and_proved"]

Pair = tuple[FeedstockFolder, Bump]
_GOOD = ("same", "better")
_MOST_TO_SPARE = 4


def arranged_and_proved(world: World, workspace: Workspace, bumps: Sequence[Pair], *, executor: Executor) -> list[Pair]:
    """The bumps in order, each with what it waits for, its proof, the recipes that it needs and whom it satisfies."""
    proving = Proving(world, [*workspace, *workspace.lines], executor)
    try:
        _ = proving.channel.index(proving.platforms[0]).group("python"), proving.pinning
    except UnknownError as error:
        # In the words of whoever asked for a package before, so that it is said once.
        world.observer.warned(f"{error.message}: what it has is unknown")
        proof = Proof(outcome="unknown", reason=error.message)
        return [(folder, replace(bump, proof=proof)) for folder, bump in bumps]
    return _Run(world, workspace, proving, executor).done(bumps)


@dataclass(frozen=True, slots=True)
class _Recipes:
    """New recipes that a bump needs, and what went wrong in making them."""

    changes: tuple[Change, ...] = ()
    problems: tuple[str, ...] = ()


def _blocked(found: Mapping[str, Bump]) -> frozenset[str]:
    return frozenset(key for key, bump in found.items() if bump.status == "blocked")


class _Run:
    def __init__(self, world: World, workspace: Workspace, proving: Proving, executor: Executor) -> None:
        self.world = world
        self.workspace = workspace
        self.proving = proving
        self.executor = executor
        self.lacking = Lacking(world, executor)
        self.subjects: dict[str, Subject] = {}
        self.unreadable: dict[str, str] = {}

    def done(self, bumps: Sequence[Pair]) -> list[Pair]:
        """See `arranged_and_proved`."""
        pairs = {key_of(bump.change.feedstock, bump.change.branch): (folder, bump) for folder, bump in bumps}
        moves = {key: move for key, pair in pairs.items() if (move := self._move(key, pair)) is not None}
        merged = {move.key: move for move in self._merged(moves)}
        places = {place.key: place for place in arranged((*moves.values(), *merged.values()), self.proving.stands)}
        order = [key for key in places if key in pairs] + [key for key in pairs if key not in places]
        _ = self.proving.before
        recipes = {key: self._recipes(pairs[key][1], places[key]) for key in order if key in places}
        task = "proving"
        self.world.observer.started(task, len(order))

        def decided(key: str) -> Bump:
            bump = pairs[key][1]
            done = self._decided(bump, key, places, recipes[key]) if key in places else self._unread(bump, key)
            self.world.observer.advanced(task, detail=key)
            return done

        found = dict(zip(order, self.executor.map(decided, order), strict=True))
        self.world.observer.finished(task)
        waits = {key: [other for other in bump.waits_for if other in found] for key, bump in found.items()}
        return [(pairs[key][0], found[key]) for key in in_order(waits, last=_blocked(found))]

    # -- order

    def _move(self, key: str, pair: Pair) -> Move | None:
        folder, bump = pair
        try:
            subject = Subject.of_bump(
                folder,
                bump,
                channel=self.proving.channel,
                pinning=self.proving.pinning,
                platforms=self.proving.platforms,
            )
            move = subject.move()
        except ForgeError as error:
            self.unreadable[key] = error.message
            return None
        self.subjects[key] = subject
        return move

    def _merged(self, moves: dict[str, Move]) -> Iterator[Move]:
        """Recipes of the workspace that make what bumps need, and that the channel does not have yet."""
        made = {package for move in moves.values() for package in move.provides}
        for need in {str(need): need for move in moves.values() for need in move.needs}.values():
            if need.package in made or self.proving.stands(need.package, need.spec).status == "available":
                continue
            found = self._maker(need, moves)
            if found is not None:
                self.subjects.setdefault(found.key, found)
                yield replace(found.move(), needs=(), merged=True)

    def _maker(self, need: Need, moves: dict[str, Move]) -> Subject | None:
        for folder in self.workspace:
            key = key_of(folder.name, folder.branch)
            try:
                if key in moves or not any(need.package in text for text in folder.texts.values()):
                    continue
                subject = self.subjects.get(key) or Subject(
                    key,
                    folder.read(),
                    channel=self.proving.channel,
                    pinning=self.proving.pinning,
                    platforms=self.proving.platforms,
                )
                if admits(need.spec, subject.provides.get(need.package, "")):
                    return subject
            except ForgeError:
                continue
        return None

    # -- one bump

    def _decided(self, bump: Bump, key: str, places: Mapping[str, Place], made: _Recipes) -> Bump:
        subject, place = self.subjects[key], places[key]
        certain = [lack for lack in place.lacks if lack.certain]
        subjects = [self._read(change) for change in made.changes]
        given = {package for one in subjects for package in one.provides}
        beside = [*(self.subjects[other] for other in (*place.behind, *place.together)), *subjects]
        notes = [lack.text for lack in place.lacks if not lack.certain]
        notes += [f"it moves together with {other}: each needs the other" for other in place.together]
        notes += made.problems
        own = bump.drift.blockers if bump.drift is not None else ()
        why = [*bump.blocked_by, *own, *place.because, *(lack.text for lack in certain)]
        waits = [*place.waits_for, *(lack.need.package for lack in certain)]
        proof = None
        if all(lack.need.package in given for lack in certain):
            proof, helpers = self._proved(subject, beside, places)
            for other in helpers:
                if key in places[other].behind:
                    notes.append(f"the targets can take it with the bump of {other} only, which waits for it")
                else:
                    waits.append(other)
                    why.append(f"the targets can take it with the bump of {other} only")
            if proof.outcome == "worse":
                why.append(proof.reason)
        lines = lines_of(self.world, self.workspace, self.proving.channel, subject, self.proving.platforms)
        old = dict.fromkeys(subject.provides, bump.old)
        return replace(
            bump,
            status="blocked" if why else bump.status,
            waits_for=tuple(dict.fromkeys(waits)),
            blocked_by=tuple(dict.fromkeys(why)),
            notes=tuple(dict.fromkeys((*bump.notes, *notes, *leaves(lines, old, subject.provides)))),
            satisfies=belongs(lines, subject.provides),
            recipes=made.changes,
            proof=proof,
        )

    def _proved(
        self, subject: Subject, beside: Sequence[Subject], places: Mapping[str, Place]
    ) -> tuple[Proof, tuple[str, ...]]:
        """The proof; where targets are worse off, with the bumps of what stands in the way, if that helps."""
        proof, culprits = self.proving.proof(subject, beside)
        known = {subject.key, *(one.key for one in beside)}
        helpers = [
            key
            for key, place in places.items()
            if key not in known
            and culprits & self.subjects[key].provides.keys()
            and not any(lack.certain for lack in place.lacks)
        ]
        if proof.outcome != "worse" or not helpers:
            return proof, ()

        def helped(some: Sequence[str]) -> Proof:
            behind = {other for key in some for other in places[key].behind} - known - set(some)
            more = [self.subjects[key] for key in places if key in behind or key in some]
            return self.proving.proof(subject, (*beside, *more))[0]

        again = helped(helpers)
        if again.outcome not in _GOOD:
            return proof, ()
        for spared in helpers if len(helpers) <= _MOST_TO_SPARE else ():
            fewer = [key for key in helpers if key != spared]
            if fewer and (without := helped(fewer)).outcome in _GOOD:
                helpers, again = fewer, without
        return again, tuple(helpers)

    def _recipes(self, bump: Bump, place: Place) -> _Recipes:
        missing = [lack for lack in place.lacks if lack.certain and lack.stands.status == "missing"]
        if not missing:
            return _Recipes()
        changes, problems = self.lacking.recipes(missing, f"{bump.change.feedstock} {bump.new}")
        return _Recipes(changes, problems)

    def _read(self, change: Change) -> Subject:
        return Subject.of_change(
            change, channel=self.proving.channel, pinning=self.proving.pinning, platforms=self.proving.platforms
        )

    def _unread(self, bump: Bump, key: str) -> Bump:
        reason = f"the edited recipe can't be read: {self.unreadable[key]}"
        return replace(bump, proof=Proof(outcome="unknown", reason=reason))

"""Bumps of one run put in order and proved, with the recipes that they lack."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import replace

from dirac_forge.bot.extending import lines_of
from dirac_forge.bot.lacking import Lacking
from dirac_forge.bot.proving import Proving
from dirac_forge.bot.subject import Subject, key_of
from dirac_forge.bot.world import World
from dirac_forge.bump.extensions import belongs, leaves
from dirac_forge.bump.order import Lack, Move, Need, Place, admits, arranged
from dirac_forge.bump.proof import Proof
from dirac_forge.bump.proposal import Bump
from dirac_forge.errors import ForgeError, UnknownError
from dirac_forge.feedstock.change import Change
from dirac_forge.feedstock.workspace import FeedstockFolder, Workspace

__all__ = ["arranged_and_proved"]

Pair = tuple[FeedstockFolder, Bump]


def arranged_and_proved(world: World, workspace: Workspace, bumps: Sequence[Pair], *, executor: Executor) -> list[Pair]:
    """The bumps in order, each with what it waits for, its proof, the recipes that it needs and whom it satisfies."""
    proving = Proving(world, [*workspace, *workspace.lines], executor)
    try:
        _ = proving.channel.index(proving.platforms[0]), proving.pinning
    except UnknownError as error:
        world.observer.warned(f"what the bumps do to the targets is unknown: {error.message}")
        proof = Proof(outcome="unknown", reason=error.message)
        return [(folder, replace(bump, proof=proof)) for folder, bump in bumps]
    return _Run(world, workspace, proving, executor).done(bumps)


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
        task = "proving"
        self.world.observer.started(task, len(order))

        def decided(key: str) -> Pair:
            folder, bump = pairs[key]
            done = self._decided(bump, places[key]) if key in places else self._unread(bump, key)
            self.world.observer.advanced(task, detail=key)
            return folder, done

        found = list(self.executor.map(decided, order))
        self.world.observer.finished(task)
        return found

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

    def _decided(self, bump: Bump, place: Place) -> Bump:
        subject = self.subjects[place.key]
        certain = [lack for lack in place.lacks if lack.certain]
        recipes, problems = self._recipes(bump, certain)
        made = [self._read(change) for change in recipes]
        given = {package for one in made for package in one.provides}
        open_ = [lack for lack in certain if lack.need.package not in given]
        beside = [self.subjects[key] for key in (*place.behind, *place.together)]
        proof = None if open_ else self.proving.proof(subject, (*beside, *made))
        why = (*place.because, *(lack.text for lack in certain))
        if proof is not None and proof.outcome == "worse":
            why = (*why, proof.reason)
        notes = [lack.text for lack in place.lacks if not lack.certain]
        notes += [f"it moves together with {other}: each needs the other" for other in place.together]
        notes += problems
        lines = lines_of(self.world, self.workspace, self.proving.channel, subject, self.proving.platforms)
        old = dict.fromkeys(subject.provides, bump.old)
        return replace(
            bump,
            status="blocked" if why else "proposed",
            waits_for=tuple(dict.fromkeys((*place.waits_for, *(lack.need.package for lack in certain)))),
            blocked_by=why,
            notes=tuple(dict.fromkeys((*bump.notes, *notes, *leaves(lines, old, subject.provides)))),
            satisfies=belongs(lines, subject.provides),
            recipes=recipes,
            proof=proof,
        )

    def _recipes(self, bump: Bump, lacks: Sequence[Lack]) -> tuple[tuple[Change, ...], list[str]]:
        missing = [lack for lack in lacks if lack.stands.status == "missing"]
        if not missing:
            return (), []
        recipes, problems = self.lacking.recipes(missing, f"{bump.change.feedstock} {bump.new}")
        return recipes, list(problems)

    def _read(self, change: Change) -> Subject:
        return Subject.of_change(
            change, channel=self.proving.channel, pinning=self.proving.pinning, platforms=self.proving.platforms
        )

    def _unread(self, bump: Bump, key: str) -> Bump:
        reason = f"the edited recipe can't be read: {self.unreadable[key]}"
        return replace(bump, proof=Proof(outcome="unknown", reason=reason))

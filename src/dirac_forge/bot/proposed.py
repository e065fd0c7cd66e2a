"""Proposed changes, their dependents, how to recompute them, and what a person must review."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Protocol, TypedDict

from dirac_forge.bot.automerge import review_reason
from dirac_forge.bot.release_lines import CurrentLine
from dirac_forge.bump.bump_notes import LeftBeside
from dirac_forge.bump.cooldown import Cooldown
from dirac_forge.bump.drift.carried import UnmetRequirement
from dirac_forge.bump.drift.drift_notes import DriftNote
from dirac_forge.bump.objections import PassedOver, TooYoung
from dirac_forge.bump.proposal import Bump
from dirac_forge.errors import ForgeError
from dirac_forge.feedstock.botconfig import Bot
from dirac_forge.feedstock.change import Change, Skip
from dirac_forge.feedstock.workspace import FeedstockFolder
from dirac_forge.migration.plan import Plan
from dirac_forge.migration.rebuild import rebuild
from dirac_forge.migration.status import FeedstockStatus
from dirac_forge.proposals.decision_reasons import (
    ChosenVersion,
    DecisionKind,
    DecisionReason,
    DecisionState,
    InNoChannel,
    LineFinding,
    RebuildEvidence,
    RecipeVersion,
    UnknownEffect,
    UpstreamVersion,
    WaitsForBumps,
)
from dirac_forge.proposals.outcome_reasons import Unneeded
from dirac_forge.proposals.review_reasons import NewRecipeReview, ReviewReason
from dirac_forge.pullrequest.delivery import Remake
from dirac_forge.pullrequest.feedstock_files import folder_of
from dirac_forge.pullrequest.records import Identity, LedgerEntry
from dirac_forge.report.bodies import with_rebuild_body
from dirac_forge.report.bot_words import clauses, decided_words
from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """A change that is proposed, and what the run has to know of it: plain values."""

    change: Change
    blocks: int = 0
    """How many feedstocks wait for it."""
    allowed: bool | str = False
    """The feedstock's `bot.automerge`."""
    released: datetime | None = None
    """When upstream released the version, where that is known."""
    unblocks: bool = False
    """Whether it makes a target installable."""
    after: tuple[str, ...] = ()
    """Feedstocks of its group that are merged before it."""
    remake_conflicts: bool = True
    """The feedstock's `bot.remake_prs_with_conflicts`."""
    paused: bool = False
    """Whether the migration that it is for says `paused: true`."""

    @property
    def identity(self) -> Identity:
        """Which change it is."""
        return Identity.of(self.change)


@dataclass(frozen=True, kw_only=True, slots=True)
class ProposedChange(Proposal):
    """A change to send."""

    remake: Remake
    """Decides it again where the feedstock has moved on."""
    review: ReviewReason | None = None
    """Why a person must review it before it is merged, or None if nobody needs to."""

    @classmethod
    def of(cls, proposal: Proposal, remake: Remake, *, review: ReviewReason | None) -> ProposedChange:
        """Return a proposal that can be decided again."""
        values = {each.name: getattr(proposal, each.name) for each in fields(Proposal)}
        return cls(remake=remake, review=review, **values)


@dataclass(frozen=True, kw_only=True, slots=True)
class YoungRelease:
    """A version that waits until it is older."""

    version: str
    reason: TooYoung

    @classmethod
    def of(cls, passed_over: Iterable[PassedOver]) -> YoungRelease | None:
        """Return the newest of these versions that waits."""
        for each in passed_over:
            if isinstance(each.reason, TooYoung):
                return cls(version=str(each.version), reason=each.reason)
        return None


@dataclass(frozen=True, kw_only=True, slots=True)
class RunDecision:
    """What was found and decided for a release line: about its version, or about a migration."""

    feedstock: str
    branch: str
    kind: DecisionKind
    state: DecisionState
    key: str = ""
    """The version, migration or new package that it is about, or "" if there is none for certain."""
    found: LineFinding | None = None
    reasons: tuple[DecisionReason, ...] = ()
    wanted: ProposedChange | None = None
    young: YoungRelease | None = None
    """The newest version, where an older one is wanted meanwhile."""

    @property
    def decided(self) -> str:
        """What was decided, in a few words."""
        return decided_words(self.kind, self.state, self.key)

    @property
    def said(self) -> str:
        """The reasons, as a clause."""
        return clauses(self.reasons)


class Decider(Protocol):
    """Decides for a run. A problem with one feedstock is a decision, not an error."""

    def decide(
        self, looked: Sequence[CurrentLine], requests: Sequence[LedgerEntry], *, cooldown: Cooldown
    ) -> Sequence[RunDecision]:
        """Return what is proposed now, or why nothing is; `requests` are open already.

        `cooldown` is how old releases have to be, where an older one can be proposed.
        """
        ...

    def arrived(self, identity: Identity) -> bool | None:
        """Return whether the channel has the packages of a merged change, or None if that is not known."""
        ...

    def current(self, identity: Identity) -> Unneeded | None:
        """Return why an open request is not needed any more, or None if it is."""
        ...


def bump_wanted(
    bump: Bump, looked: CurrentLine, again: Callable[[FeedstockFolder], Change | Skip], *, blocks: int
) -> ProposedChange:
    """Return a bump, with its body, as a proposed change."""
    assert looked.tip is not None  # noqa: S101  # only what was read is decided about
    name, tip, drift = bump.change.feedstock, looked.tip, bump.drift
    return ProposedChange(
        change=bump.change,
        remake=lambda files: again(folder_of(name, tip.full_name, looked.branch, files)),
        blocks=blocks,
        review=review_reason(
            status=bump.status,
            notes=(*_by_hand(bump), *bump.edited.notes, *(each for each in bump.notes if isinstance(each, LeftBeside))),
            compared=drift is not None,
            proof=bump.proof.outcome if bump.proof is not None else "",
        ),
        released=bump.released,
        unblocks=bump.proof is not None and bump.proof.outcome == "better",
        after=bump.waits_for,
        **_wishes(looked.folder),
    )


def recipe_wanted(change: Change, blocks: int) -> ProposedChange:
    """Return a new recipe, for staged-recipes; nothing that is there now can change it."""
    return ProposedChange(change=change, remake=lambda _: change, blocks=blocks, review=NewRecipeReview())


def _by_hand(bump: Bump) -> tuple[DriftNote | UnmetRequirement, ...]:
    """Return what the drift of a bump leaves to do by hand, or what upstream asks for and the recipe does not."""
    if bump.drift is None:
        return ()
    todo = (note for note in bump.drift.notes if note.level == "todo")
    return (*todo, *(one for one in bump.drift.unmet if one.to_review))


def bump_decision(
    bump: Bump, looked: CurrentLine, wanted: ProposedChange, *, unproven: str = "", together: Collection[str] = ()
) -> RunDecision:
    """Return what was decided for a line that could move.

    `unproven` is why nothing could be proved in this run. `together` are feedstocks of its group: a bump that waits for
    these only is opened with theirs.
    """
    plain = RunDecision(
        feedstock=bump.change.feedstock,
        branch=looked.branch,
        kind="bump",
        state="blocked",
        key=bump.new,
        found=UpstreamVersion(new=bump.new, old=bump.old),
    )
    if unproven:
        # The next run will know; what is opened now would be opened on faith.
        return replace(plain, state="unknown", reasons=(UnknownEffect(message=unproven),))
    if not may_be_sent(bump, together):
        waits = (WaitsForBumps(names=tuple(bump.waits_for)),) if bump.waits_for else ()
        state: DecisionState = "blocked" if bump.status == "proposed" else bump.status
        return replace(plain, state=state, reasons=(*waits, *bump.blocked_by))
    chosen = ChosenVersion.of(bump)
    return replace(plain, state="wanted", reasons=(chosen,), wanted=wanted, young=YoungRelease.of(bump.rejected))


def may_be_sent(bump: Bump, together: Collection[str] = ()) -> bool:
    """Return whether a bump can be opened now: nothing blocks it, and it waits at most for its own group."""
    if bump.status == "waiting" and not bump.blocked_by:
        return bool(bump.waits_for) and set(bump.waits_for) <= set(together)
    return bump.status == "proposed"


def skip_decision(skip: Skip, looked: CurrentLine) -> RunDecision:
    """Return what was decided for a line that stays."""
    states: dict[str, DecisionState] = {
        "unknown": "unknown",
        "no": "blocked",
        "unreadable": "failed",
    }
    return RunDecision(
        feedstock=skip.feedstock,
        branch=looked.branch,
        kind="bump",
        state=states.get(skip.kind, "nothing"),
        found=RecipeVersion(version=skip.current) if skip.current else None,
        reasons=(skip.reason,),
    )


def recipe_decision(wanted: ProposedChange) -> RunDecision:
    """Return a new recipe that bumps need, as a decision."""
    change = wanted.change
    return RunDecision(
        feedstock=change.feedstock,
        branch=change.branch,
        kind="recipe",
        state="wanted",
        key=change.feedstock,
        found=InNoChannel(package=change.feedstock, version=change.key),
        wanted=wanted,
    )


def rebuild_decision(plan: Plan, one: FeedstockStatus, looked: CurrentLine) -> RunDecision | None:
    """Return what was decided for a member that is ready or was rebuilt already, or None without its files."""
    folder, tip = looked.folder, looked.tip
    if folder is None or tip is None:
        return None
    name, migration = folder.name, plan.migration.name

    def made(files: FeedstockFolder) -> Change | Skip:
        result = rebuild(files, plan)
        return result if isinstance(result, Skip) else with_rebuild_body(result, plan)

    plain = RunDecision(
        feedstock=name,
        branch=looked.branch,
        kind="migration",
        state="failed",
        key=migration,
        found=RebuildEvidence(migration=migration),
    )
    try:
        change = made(folder)
    except ForgeError as error:
        return replace(plain, reasons=(error.message,))
    if isinstance(change, Skip):
        return replace(plain, state="nothing", reasons=(change.reason,))
    return replace(
        plain,
        state="wanted",
        found=RebuildEvidence(migration=migration, evidence=one.evidence),
        wanted=ProposedChange(
            change=change,
            remake=lambda files: made(folder_of(name, tip.full_name, looked.branch, files)),
            blocks=one.blocks,
            paused=plan.migration.settings.paused,
            **_wishes(folder),
        ),
    )


class _Wishes(TypedDict):
    allowed: bool | str
    remake_conflicts: bool


def _wishes(folder: FeedstockFolder | None) -> _Wishes:
    """Return what conda-forge.yml says of requests."""
    try:
        bot = folder.read().forge.bot if folder is not None else Bot()
    except ForgeError:
        bot = Bot()
    return {"allowed": bot.automerge, "remake_conflicts": bot.remake_prs_with_conflicts}


def blockers(bumps: Iterable[Bump]) -> dict[str, int]:
    """Name (of a feedstock or package that is waited for) to how many bumps wait for it, directly or not."""
    waits: dict[str, set[str]] = {}
    for bump in bumps:
        for name in bump.waits_for:
            waits.setdefault(name, set()).add(bump.change.feedstock)
    return {name: len(_behind(name, waits)) for name in waits}


def _behind(name: str, waits: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    left: list[str] = [name]
    while left:
        for other in waits.get(left.pop(), ()):
            if other not in found:
                found.add(other)
                left.append(other)
    return found - {name}

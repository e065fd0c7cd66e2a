"""Proposed changes, their dependents, how to recompute them, and what a person must review."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from dirac_forge.bot.automerge import review_reason
from dirac_forge.bot.release_lines import CurrentLine, folder_of, kept
from dirac_forge.bump.proposal import Bump
from dirac_forge.errors import ForgeError
from dirac_forge.feedstock.change import Change, Skip
from dirac_forge.feedstock.workspace import FeedstockFolder
from dirac_forge.migration.plan import Plan
from dirac_forge.migration.rebuild import rebuild
from dirac_forge.migration.status import FeedstockStatus
from dirac_forge.pullrequest.delivery import Remake
from dirac_forge.pullrequest.records import Identity, LedgerEntry
from dirac_forge.report.bodies import with_rebuild_body
from dirac_forge.report.bump_reasons import chosen, skip_text, worded
from dirac_forge.report.migration_status import evidence_words

__all__ = [
    "Decider",
    "ProposedChange",
    "RunDecision",
    "blockers",
    "bump_decision",
    "bump_wanted",
    "rebuild_decision",
    "recipe_decision",
    "recipe_wanted",
    "skip_decision",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class ProposedChange:
    """A change to send."""

    change: Change
    remake: Remake
    """Decides it again where the feedstock has moved on."""
    blocks: int = 0
    """How many feedstocks wait for it."""
    review: str = ""
    """Why a person must review it before it is merged; "" where nobody needs to."""
    allowed: bool | str = False
    """The feedstock's `bot.automerge`."""

    @property
    def identity(self) -> Identity:
        """Which change it is."""
        return Identity.of(self.change)


@dataclass(frozen=True, kw_only=True, slots=True)
class RunDecision:
    """What was found and decided for a release line: about its version, or about a migration."""

    feedstock: str
    branch: str
    kind: Literal["bump", "migration", "recipe"]
    state: Literal["wanted", "nothing", "blocked", "unknown", "failed"]
    found: str = ""
    decided: str = ""
    reason: str = ""
    wanted: ProposedChange | None = None


class Decider(Protocol):
    """Decides for a run. A problem with one feedstock is a decision, not an error."""

    def decide(self, looked: Sequence[CurrentLine], requests: Sequence[LedgerEntry]) -> Sequence[RunDecision]:
        """Return what is proposed now, or why nothing is; `requests` are open already."""
        ...

    def arrived(self, identity: Identity) -> bool | None:
        """Return whether the channel has the packages of a merged change; None where that is not known."""
        ...

    def current(self, identity: Identity) -> str:
        """Return why an open request is not needed any more; "" where it is."""
        ...


def bump_wanted(
    bump: Bump, looked: CurrentLine, again: Callable[[FeedstockFolder], Change | Skip], *, blocks: int
) -> ProposedChange:
    """Return a bump, with its body, as a proposed change."""
    assert looked.tip is not None  # noqa: S101  # only what was read is decided about
    name, tip, drift = bump.change.feedstock, looked.tip, bump.drift
    return ProposedChange(
        change=bump.change,
        remake=lambda files: again(folder_of(name, tip.full_name, tip.branch, kept(files))),
        blocks=blocks,
        review=review_reason(
            status=bump.status,
            notes=[worded(note) for note in bump.edited.notes],
            todo=[note.text for note in drift.notes if note.level == "todo"] if drift is not None else [],
            compared=drift is not None,
            proof=bump.proof.outcome if bump.proof is not None else "",
        ),
        allowed=_allowed(looked.folder),
    )


def recipe_wanted(change: Change, blocks: int) -> ProposedChange:
    """A new recipe, for staged-recipes; nothing that is there now can change it."""
    return ProposedChange(
        change=change, remake=lambda _: change, blocks=blocks, review="a new recipe is reviewed by people"
    )


def bump_decision(bump: Bump, looked: CurrentLine, wanted: ProposedChange, *, unproven: str = "") -> RunDecision:
    """What was decided for a line that could move; `unproven` is why nothing could be proved in this run."""
    plain = RunDecision(
        feedstock=bump.change.feedstock,
        branch=looked.branch,
        kind="bump",
        state="blocked",
        found=f"{bump.new} upstream, {bump.old} in the recipe",
        decided=f"no bump to {bump.new} yet",
    )
    if unproven:
        # The next run will know; what is opened now would be opened on faith.
        return replace(plain, state="unknown", reason=f"what it does to the targets is unknown: {unproven}")
    if bump.status != "proposed":
        waits = f"waits for {', '.join(bump.waits_for)}" if bump.waits_for else ""
        return replace(plain, reason="; ".join(filter(None, (waits, *map(worded, bump.blocked_by)))))
    return replace(plain, state="wanted", decided=f"bump to {bump.new}", reason=chosen(bump), wanted=wanted)


def skip_decision(skip: Skip, looked: CurrentLine) -> RunDecision:
    """What was decided for a line that stays."""
    states: dict[str, Literal["nothing", "blocked", "unknown", "failed"]] = {
        "unknown": "unknown",
        "no": "blocked",
        "unreadable": "failed",
    }
    state = states.get(skip.kind, "nothing")
    said = {
        "nothing": "nothing",
        "blocked": "nothing yet",
        "unknown": "nothing: the answer is not known",
        "failed": "nothing: it can't be read or edited",
    }
    return RunDecision(
        feedstock=skip.feedstock,
        branch=looked.branch,
        kind="bump",
        state=state,
        found=f"{skip.current} in the recipe" if skip.current else "",
        decided=said[state],
        reason=skip_text(skip),
    )


def recipe_decision(wanted: ProposedChange) -> RunDecision:
    """A new recipe that bumps need, as a decision."""
    change = wanted.change
    return RunDecision(
        feedstock=change.feedstock,
        branch=change.branch,
        kind="recipe",
        state="wanted",
        found=f"{change.feedstock} {change.key} is in no channel",
        decided=f"a recipe for {change.feedstock}",
        wanted=wanted,
    )


def rebuild_decision(plan: Plan, one: FeedstockStatus, looked: CurrentLine) -> RunDecision | None:
    """What was decided for a member that can go now, or went already; None where it could not be looked at."""
    folder, tip = looked.folder, looked.tip
    if folder is None or tip is None:
        return None
    name, migration = folder.name, plan.migration.name

    def made(files: FeedstockFolder) -> Change | Skip:
        result = rebuild(files, plan)
        return result if isinstance(result, Skip) else with_rebuild_body(result, plan)

    plain = RunDecision(feedstock=name, branch=looked.branch, kind="migration", state="failed", found=migration)
    try:
        change = made(folder)
    except ForgeError as error:
        return replace(plain, decided=f"no rebuild for {migration}", reason=error.message)
    if isinstance(change, Skip):
        return replace(plain, state="nothing", decided="nothing", reason=skip_text(change))
    return replace(
        plain,
        state="wanted",
        found=f"{migration}: {words}" if (words := evidence_words(one.evidence)) else migration,
        decided=f"rebuild for {migration}",
        wanted=ProposedChange(
            change=change,
            remake=lambda files: made(folder_of(name, tip.full_name, tip.branch, kept(files))),
            blocks=one.blocks,
            allowed=_allowed(folder),
        ),
    )


def _allowed(folder: FeedstockFolder | None) -> bool | str:
    if folder is None:
        return False
    try:
        return folder.read().forge.bot.automerge
    except ForgeError:
        return False


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

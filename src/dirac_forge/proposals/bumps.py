"""A run's decisions: the bumps of many feedstocks, in the order in which they can be installed, each proved."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import field, replace
from typing import TYPE_CHECKING, Literal, Self

from dirac_forge.bump.cooldown import Cooldown
from dirac_forge.bump.proposal import Bump
from dirac_forge.feedstock.change import Skip
from dirac_forge.feedstock.workspace import FeedstockFolder, Workspace
from dirac_forge.proposals.bump import BumpMaker
from dirac_forge.proposals.context import ProposalContext
from dirac_forge.proposals.early import early_lookup
from dirac_forge.upstream.lookup import Lookup
from dirac_forge.values import dataclass

if TYPE_CHECKING:
    from dirac_forge.channel.solver import Channel
    from dirac_forge.proposals.drift import DriftLookup
    from dirac_forge.proposals.ordering import Ordering

Dependencies = Literal["update", "report", "off"]
_FEEDSTOCKS = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class BumpOptions:
    """What is asked of a run."""

    to: str = ""
    """This version, whatever else there is; "" for the newest that fits."""
    dependencies: Dependencies | None = None
    """Requirements that upstream changed: carried over, reported, or left alone; None: as the `inspection` of each
    conda-forge.yml says, carried over where it says nothing."""
    catch_up: bool = False
    """Whether requirements that lagged behind upstream's before are brought to their present state, too."""
    check: bool = True
    """Whether each proposal is put in order and proved."""
    build: bool = False
    """Whether each proposal is built, tested and installed; this runs code from upstream."""
    changelog: bool = False
    """Whether what upstream says of each release is looked for: for the body of a request."""
    cooldown: Cooldown | None = None
    """How old a release has to be, where an older one can be taken instead."""
    known: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Hashes by URL, of files that need not be downloaded."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Decided:
    """One feedstock, and what is proposed for it."""

    folder: FeedstockFolder
    result: Bump | Skip


def decide(
    context: ProposalContext,
    workspace: Workspace,
    folders: Iterable[FeedstockFolder],
    options: BumpOptions,
    *,
    executor: Executor,
    lookup: Lookup | None = None,
) -> tuple[Decided, ...]:
    """Return what is proposed for each of these feedstocks, or why nothing is.

    Proposals go first, in an order in which each can be installed when its turn comes; then the others as they were
    given. What a proposal waits for, what the solver says of it, recipes that it needs and extensions that it satisfies
    are part of it. Without `options.check` nobody asks the channel and the order is that of the folders.

    Args:
        context: settings, and the ways to everything outside.
        workspace: all recipes at hand: they tell what packages export, and which extensions there are.
        folders: the feedstocks that are looked at.
        options: what is asked.
        executor: runs what can be done at the same time: questions to upstream, solves.
        lookup: the index, where it was asked already (see `early_lookup`).
    """
    listed = list(folders)
    with _Arranging(context, workspace, executor) as arranging:
        asked = listed if not options.known else ()
        known = lookup or early_lookup(context, asked, executor)
        bumping = _bumping(context, options, executor, arranging, known)
        found = _each(bumping, listed, options, arranging)
        bumps = _bumps_in(found)
        if not bumps:
            return found
        if options.check:
            found = _with_bumps(found, _arranged(bumping, bumps, listed, options, arranging))
    return _built(context, workspace, found) if options.build else found


def _arranged(
    bumping: BumpMaker,
    bumps: Sequence[tuple[FeedstockFolder, Bump]],
    listed: Iterable[FeedstockFolder],
    options: BumpOptions,
    arranging: _Arranging,
) -> list[tuple[FeedstockFolder, Bump]]:
    """Return the bumps in order and proved, beside those of other feedstocks of the workspace that they wait for.

    What a bump waits for is the same, whichever feedstocks were asked about.
    """
    asked = {folder.label for folder in listed}
    looked = set(asked)
    known = list(bumps)
    while others := [folder for folder in arranging.of_run().awaited(known) if folder.label not in looked]:
        looked.update(folder.label for folder in others)
        known += _bumps_in(_each(bumping, others, replace(options, to=""), arranging))
    return [(folder, bump) for folder, bump in arranging.of_run().done(known) if folder.label in asked]


def _bumps_in(found: Iterable[Decided]) -> list[tuple[FeedstockFolder, Bump]]:
    return [(one.folder, one.result) for one in found if isinstance(one.result, Bump)]


def _with_bumps(found: Iterable[Decided], bumps: Iterable[tuple[FeedstockFolder, Bump]]) -> tuple[Decided, ...]:
    """Return these bumps in place of those that were found, and then the others."""
    rest = (one for one in found if not isinstance(one.result, Bump))
    return (*(Decided(folder=folder, result=bump) for folder, bump in bumps), *rest)


def _built(context: ProposalContext, workspace: Workspace, found: Sequence[Decided]) -> tuple[Decided, ...]:
    """Return the proposals with their builds, then the others."""
    from dirac_forge.proposals.builds import built_bumps  # noqa: PLC0415  # only where it is asked for

    bumps = _bumps_in(found)
    return _with_bumps(found, zip((folder for folder, _ in bumps), built_bumps(context, workspace, bumps), strict=True))


def _bumping(
    context: ProposalContext,
    options: BumpOptions,
    executor: Executor,
    arranging: _Arranging,
    lookup: Lookup,
) -> BumpMaker:
    return BumpMaker(
        context,
        executor,
        lookup=lookup,
        known=options.known,
        drifting=_drifting(context, executor, lookup, options, arranging),
        inspection=options.dependencies is None,
        channel=options.check,
        changelogs=options.changelog,
        moving=arranging.begin if options.check else lambda _: None,
        cooldown=options.cooldown,
    )


def _each(
    bumping: BumpMaker, folders: Sequence[FeedstockFolder], options: BumpOptions, arranging: _Arranging
) -> tuple[Decided, ...]:
    """Return what is proposed for each feedstock by itself; what arranging bumps needs is asked for meanwhile."""
    if not options.to:
        bumping.foresee(folders)

    def looked_at(folder: FeedstockFolder) -> Decided:
        result = bumping.result(folder, options.to)
        if options.check and isinstance(result, Bump):
            arranging.of_run().prepare(folder, result)
        return Decided(folder=folder, result=result)

    # What is done for one feedstock waits for what the run's executor runs, so it can't be run there itself.
    with ThreadPoolExecutor(_FEEDSTOCKS) as several:
        return tuple(several.map(looked_at, folders))


class _Arranging:
    """The arranging of a run, begun when the first bump is there: a run without one asks no channel."""

    def __init__(self, context: ProposalContext, workspace: Workspace, executor: Executor) -> None:
        self._needs = (context, workspace, executor)
        self._lock = threading.Lock()
        self._begun: Ordering | None = None
        self._first = ThreadPoolExecutor(1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._first.shutdown(cancel_futures=True)
        if self._begun is not None:
            self._begun.close()

    def begin(self, folder: FeedstockFolder) -> None:
        """Ask, in another thread, which also loads the solver, for what the bump that is on its way will need."""

        def ask() -> None:
            self.of_run().begin()
            self.of_run().foresee(folder)

        self._first.submit(ask)

    def channel(self) -> Channel:
        """Return the channels that proofs ask, opened once. Raises UnknownError if none can be read."""
        return self.of_run().channel()

    def of_run(self) -> Ordering:
        with self._lock:
            if self._begun is None:
                from dirac_forge.proposals.ordering import Ordering  # noqa: PLC0415  # the solver's library is large

                self._begun = Ordering(*self._needs)
            return self._begun


def _drifting(
    context: ProposalContext, executor: Executor, lookup: Lookup, options: BumpOptions, arranging: _Arranging
) -> DriftLookup | None:
    if options.dependencies == "off":
        return None
    from dirac_forge.proposals.drift import DriftLookup  # noqa: PLC0415  # where nothing is compared it would cost 0.1 s

    return DriftLookup(
        context,
        executor,
        lookup,
        write=options.dependencies != "report",
        channel=arranging.channel if options.check else None,
        catch_up=options.catch_up,
    )

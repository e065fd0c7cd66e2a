"""A run's decisions: the bumps of many feedstocks, in the order in which they can be installed, each proved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from dirac_forge.bot.bumping import Bumping
from dirac_forge.bot.world import World
from dirac_forge.bump.proposal import Bump
from dirac_forge.feedstock.change import Skip
from dirac_forge.feedstock.workspace import FeedstockFolder, Workspace

if TYPE_CHECKING:
    from dirac_forge.bot.drifting import Drifting

__all__ = ["Decided", "Dependencies", "Options", "decide"]

Dependencies = Literal["update", "report", "off"]
_FEEDSTOCKS = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """What is asked of a run."""

    to: str = ""
    """This version, whatever else there is; "" for the newest that fits."""
    dependencies: Dependencies | None = None
    """Requirements that upstream changed: carried over, told, or left alone; None: as the `inspection` of each
    conda-forge.yml says, carried over where it says nothing."""
    check: bool = True
    """Whether each proposal is put in order and proved."""
    known: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Hashes by URL, of files that need not be downloaded."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Decided:
    """One feedstock, and what is proposed for it."""

    folder: FeedstockFolder
    result: Bump | Skip


def decide(
    world: World, workspace: Workspace, folders: Iterable[FeedstockFolder], options: Options, *, executor: Executor
) -> tuple[Decided, ...]:
    """What is proposed for each of these feedstocks, or why nothing is.

    Proposals go first, in an order in which each can be installed when its turn comes; then the others as they were
    given. What a proposal waits for, what the solver says of it, recipes that it needs and extensions that it satisfies
    are part of it. Without `options.check` nobody asks the channel and the order is that of the folders.

    Args:
        world: settings, and the ways to everything outside.
        workspace: all recipes at hand: they tell what packages export, and which extensions there are.
        folders: the feedstocks that are looked at.
        options: what is asked.
        executor: runs what can be done at the same time: questions to upstream, solves.
    """
    listed = list(folders)
    drifting = _drifting(world, executor, options)
    bumping = Bumping(world, executor, known=options.known, drifting=drifting, inspection=options.dependencies is None)
    if not options.to:
        bumping.foresee(listed)
    # What is done for one feedstock waits for what `executor` runs, so it can't be run there itself.
    with ThreadPoolExecutor(_FEEDSTOCKS) as several:
        results = list(several.map(lambda folder: bumping.result(folder, options.to), listed))
    found = [Decided(folder=folder, result=result) for folder, result in zip(listed, results, strict=True)]
    if not options.check or not any(isinstance(one.result, Bump) for one in found):
        return tuple(found)
    from dirac_forge.bot.arranging import arranged_and_proved  # noqa: PLC0415  # the solver's library is large

    bumps = [(one.folder, one.result) for one in found if isinstance(one.result, Bump)]
    done = arranged_and_proved(world, workspace, bumps, executor=executor)
    rest = [one for one in found if not isinstance(one.result, Bump)]
    return (*(Decided(folder=folder, result=bump) for folder, bump in done), *rest)


def _drifting(world: World, executor: Executor, options: Options) -> Drifting | None:
    if options.dependencies == "off":
        return None
    from dirac_forge.bot.drifting import Drifting  # noqa: PLC0415  # where nothing is compared it would cost 0.1 s

    return Drifting(world, executor, write=options.dependencies != "report", channel=options.check)

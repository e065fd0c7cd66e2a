"""What a snapshot of a part of a channel lacks and the channel may have: a no that rests on it alone is none."""

from __future__ import annotations

from collections.abc import Sequence

from dirac_forge.channel.gap import Gap
from dirac_forge.channel.index import parsed
from dirac_forge.channel.records import Record
from dirac_forge.channel.solver import Channel, Solution
from dirac_forge.check.analysis import Analysis
from dirac_forge.check.causes import Cause, NoVersion, PinConflict
from dirac_forge.check.explanation import explain, is_missing
from dirac_forge.check.obstacles import Elsewhere
from dirac_forge.check.version_points import met_by_both, version_within
from dirac_forge.values import dataclass

_MOST_ROUNDS = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class WithoutGaps:
    """A question that has no solution, asked again as if a snapshot had no gaps."""

    view: Channel
    """The channel with what is supposed."""
    gaps: tuple[Cause, ...] = ()
    """What the snapshot lacks; with that it could be installed, for everything that is known. () if it could not."""
    causes: tuple[Cause, ...] = ()
    """What stands in the way even so."""


def without_gaps(
    channel: Channel, specs: Sequence[str], *, platform: str, causes: Sequence[Cause], elsewhere: Elsewhere
) -> WithoutGaps:
    """Suppose that all is there that a snapshot lacks, and return what is in the way then.

    What is supposed needs nothing, so that a no holds whatever the channel has.

    Args:
        channel: where the specs have no solution.
        specs: what is requested.
        platform: of the machine.
        causes: why not, from `explain`.
        elsewhere: the other platforms for which there are builds of a name.

    Raises:
        UnknownError: a channel can't be read.
    """
    gaps: dict[tuple[str, ...], Cause] = {}
    supposed: list[Record] = []
    view = channel
    for _ in range(_MOST_ROUNDS):
        fresh = {key: one for one in causes if one.gap is not None and (key := (one.package, *_specs(one))) not in gaps}
        records = list(filter(None, (_supposed(one, platform) for one in fresh.values())))
        if not records:
            return _undecided(view, (*gaps.values(), *fresh.values()), causes)
        gaps |= fresh
        supposed += records
        view = channel.overlaid(supposed)
        if isinstance(view.solve(specs, platform=platform), Solution):
            return WithoutGaps(view=view, gaps=tuple(gaps.values()))
        causes = explain(Analysis(view.index(platform), specs), elsewhere=elsewhere)
        if not causes:
            break
    return WithoutGaps(view=view, gaps=tuple(gaps.values()))


def _undecided(view: Channel, gaps: Sequence[Cause], causes: Sequence[Cause]) -> WithoutGaps:
    """Return what is left where nothing more can be supposed: gaps, unless something else is a no by itself."""
    certain = tuple(cause for cause in causes if cause.gap is None)
    if gaps and len(certain) < len(causes) and not any(map(is_missing, certain)):
        return WithoutGaps(view=view, gaps=tuple(gaps))
    return WithoutGaps(view=view, causes=certain)


def _specs(cause: Cause) -> tuple[str, ...]:
    """Return all that is wanted of a package and not there."""
    match cause.obstacle:
        case NoVersion(specs=specs):
            return specs
        case PinConflict(first=first, second=second, gap=Gap()):
            return met_by_both(first, second)
        case _:
            return (cause.spec or cause.package,)


def _supposed(cause: Cause, platform: str) -> Record | None:
    """Return the build that the snapshot lacks, or None if the specs name none that can be supposed."""
    specs = _specs(cause)
    version = version_within(specs)
    if version is None:
        return None
    builds = (str(found.build) for found in map(parsed, specs) if found is not None and found.build is not None)
    build = next(builds, "supposed_0").replace("*", "_")
    return Record(name=cause.package, version=version, build=build, subdir=platform)

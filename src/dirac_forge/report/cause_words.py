"""Causes in words."""

from __future__ import annotations

from collections.abc import Sequence

from dirac_forge.channel.gap import Gap
from dirac_forge.check.causes import (
    AllBroken,
    Cause,
    Demand,
    ForeignChannel,
    ImpossibleVersion,
    Jointly,
    MachineMismatch,
    MarkedBroken,
    NoBuild,
    NoPython,
    NotYetUploaded,
    NoVersion,
    Obstacle,
    PinConflict,
    PythonLine,
    PythonMismatch,
    UnknownName,
    UnreadableBuilds,
)
from dirac_forge.report.document import listed
from dirac_forge.report.gap_words import gap_words, it_or_them
from dirac_forge.report.spec_ranges import merged_ranges

_Case = tuple[str, str] | None
_MOST_BUILDS = 3


def reason_text(causes: Sequence[Cause]) -> str:
    """Return one line with all causes, the shortest chain first."""
    return "; ".join(cause_lines(causes))


def refusal_text(causes: Sequence[Cause], package: str) -> str:
    """Return why a package can't be installed: `it needs X >=2; the newest is 1.0` if there is nothing to add."""
    match causes:
        case [Cause(obstacle=NoVersion(hidden=(), builds=(), specs=(spec,)) as found, chain=(first, _))] if (
            first == package
        ):
            if found.gap is not None:
                return f"it needs {spec}; {gap_words(found.gap, f'only {found.newest}')}"
            return f"it needs {spec}; the newest is {found.newest}"
        case _:
            return reason_text(causes)


def cause_lines(causes: Sequence[Cause]) -> list[str]:
    """Return a line for each cause; packages that one package needs and that fail in the same way share a line."""
    alike: dict[tuple[object, ...], list[Cause]] = {}
    for at, cause in enumerate(causes):
        joins = not cause.also and cause.chain[-1:] == (cause.package,)
        what = type(cause.obstacle) if isinstance(cause.obstacle, UnknownName) else cause.obstacle
        if cause.gap is not None:
            alike.setdefault((cause.chain[:-1], cause.gap, cause.case, cause.instead), []).append(cause)
            continue
        key = (what, cause.case, cause.instead) if joins and (len(cause.chain) > 1 or what is UnknownName) else (at,)
        alike.setdefault((cause.chain[:-1], *key), []).append(cause)
    return [_as_one(some) for some in alike.values()]


def cause_text(cause: Cause) -> str:
    """Return one cause: the chain and the obstacle at its end."""
    if cause.gap is not None:
        return _gap_text([cause])
    return f"{_way(cause, cause.chain)}: {_told(cause)}"


def _absence_text(obstacle: UnknownName | NotYetUploaded | UnreadableBuilds | NoBuild | AllBroken) -> str:
    """Word that there is no build to take."""
    match obstacle:
        case UnknownName(gap=Gap() as gap, near=near):
            return f"{gap_words(gap, 'no package of this name')}{_meant(near)}"
        case UnknownName(near=near):
            return f"no channel has a package of this name{_meant(near)}"
        case NotYetUploaded(platform=platform, day=day):
            return f"no build for {platform} had been uploaded by {day}"
        case UnreadableBuilds(specs=(_, *_) as specs):
            return (
                f"builds that may match {' and '.join(specs)} are left out, because their records in the channel are "
                "malformed (see the warnings)"
            )
        case UnreadableBuilds():
            return "all its builds are left out, because their records in the channel are malformed (see the warnings)"
        case NoBuild(gap=Gap() as gap, platform=platform):
            return gap_words(gap, f"no build for {platform}", "one")
        case NoBuild(platform=platform, elsewhere=elsewhere):
            return f"no build for {platform} (there is one for {listed(elsewhere)})"
        case AllBroken(platform=platform, versions=versions):
            return f"all builds for {platform} are marked broken ({listed(versions)})"


def obstacle_text(obstacle: Obstacle, case: _Case = None, also: Sequence[str] = ()) -> str:
    """Return an obstacle in words; in a `case` (name and version) the demand for that version is the assumption.

    Packages in `also` have the first pin of a conflict, too.
    """
    match obstacle:
        case UnknownName() | NotYetUploaded() | UnreadableBuilds() | NoBuild() | AllBroken():
            return _absence_text(obstacle)
        case MarkedBroken(version=version, specs=specs):
            return f"{version} was in the channel and is marked broken; nothing else matches {' and '.join(specs)}"
        case NoVersion():
            return _no_version(obstacle)
        case ImpossibleVersion(specs=specs):
            return f"no version can meet {' and '.join(specs)}: {_exclusion(specs)}"
        case ForeignChannel(spec=spec, channel=channel, there=()):
            return f"{spec} asks for the channel {channel}, which is not used here"
        case ForeignChannel(spec=spec, channel=channel, there=there):
            return f"{spec} asks for the channel {channel}, and the package comes from {listed(there)} here"
        case NoPython() | PythonMismatch():
            return _python(obstacle)
        case MachineMismatch():
            return _machine(obstacle)
        case PinConflict():
            return _conflict(obstacle, case, also)
        case Jointly(specs=specs, by=by):
            need = "it needs " if by else ""
            return f"{need}{listed(specs)}: each can be installed alone, but not all together"


def _exclusion(specs: Sequence[str]) -> str:
    return "these exclude each other" if len(specs) > 1 else "its bounds exclude each other"


def _as_one(causes: Sequence[Cause]) -> str:
    first, *others = causes
    if first.gap is not None:
        return _gap_text(causes)
    if not others:
        return cause_text(first)
    if not isinstance(first.obstacle, UnknownName):
        way = _way(first, (*first.chain[:-1], listed(cause.package for cause in causes)))
        return f"{way}: {_told(first)}"
    names = listed(
        cause.package + (f" ({_question(cause.obstacle.near)})" if cause.obstacle.near else "")
        for cause in causes
        if isinstance(cause.obstacle, UnknownName)
    )
    way = f"{_way(first, first.chain[:-1])} needs " if len(first.chain) > 1 else ""
    return f"{way}{len(causes)} packages that no channel has: {names}"


def _gap_text(causes: Sequence[Cause]) -> str:
    """Return what a snapshot lacks of what one package needs."""
    first = causes[0]
    lacks = listed(map(_lacked, causes), "or")
    way = f"{_way(first, first.chain[:-1])}: " if len(first.chain) > 1 else ""
    near = dict.fromkeys(name for one in causes if isinstance(one.obstacle, UnknownName) for name in one.obstacle.near)
    assert first.gap is not None  # noqa: S101 — only called for gaps
    return f"{way}{gap_words(first.gap, f'no {lacks}', it_or_them(causes))}{_meant(tuple(near))}"


def _lacked(cause: Cause) -> str:
    found = cause.obstacle
    wanted = (cause.spec or cause.package) if len(cause.chain) > 1 else cause.package
    match found:
        case NoVersion(specs=specs, newest=newest):
            return f"{' and '.join(specs)} (its newest is {newest})"
        case NoBuild(platform=platform):
            return f"{wanted} for {platform}"
        case PinConflict(first=first, second=second):
            return (
                f"{cause.package} for both pins ({_demand(first, None, last_only=True)}, and {_demand(second, None)})"
            )
        case PythonMismatch(wish=wish):
            return f"{cause.spec or cause.package} built for Python {listed(wish, 'or')}"
        case _:
            return wanted


def _way(cause: Cause, chain: Sequence[str]) -> str:
    return f"{'or, older: ' if cause.instead else ''}{' → '.join(chain)}"


def _told(cause: Cause) -> str:
    case = f"with {' '.join(cause.case)}, " if cause.case else ""
    # Other versions may be built for other Pythons.
    limited = isinstance(cause.obstacle, PythonMismatch) and cause.spec.lower() not in ("", cause.package)
    whose = f"{cause.spec} is " if limited else ""
    return f"{case}{whose}{obstacle_text(cause.obstacle, cause.case, cause.also)}"


def _meant(near: Sequence[str]) -> str:
    return f"; {_question(near)}" if near else ""


def _question(near: Sequence[str]) -> str:
    return f"did you mean {listed(near, 'or')}?"


def _no_version(obstacle: NoVersion) -> str:
    specs = " and ".join(obstacle.specs)
    if obstacle.gap is not None:
        return gap_words(obstacle.gap, f"no {specs} (its newest is {obstacle.newest})")
    if obstacle.hidden:
        there = listed(f"{one.channel} has {one.version}" for one in obstacle.hidden)
        return (
            f"no build in {obstacle.channel} matches {specs}; {there}, "
            f"but {obstacle.channel} comes first and channel priority is strict"
        )
    if len(obstacle.specs) > 1:
        return f"no build matches all of {specs}"
    if obstacle.builds:
        elsewhere = f"; the requested one is for {listed(obstacle.of_platforms)}" if obstacle.of_platforms else ""
        return f"no build matches {specs}; builds of this version: {_some(obstacle.builds)}{elsewhere}"
    return f"no build matches {specs}: the newest version is {obstacle.newest}"


def _some(builds: Sequence[str]) -> str:
    more = len(builds) - _MOST_BUILDS
    return f"{', '.join(builds[:_MOST_BUILDS])} and {more} more" if more > 0 else listed(builds)


def _python(obstacle: NoPython | PythonMismatch) -> str:
    if isinstance(obstacle, NoPython):
        return f"it needs Python, and there is no build of python for {obstacle.platform}"
    verb = "made" if obstacle.noarch else "built"
    text = f"{verb} only for Python {_range(obstacle)}" if obstacle.fit else f"{verb} for no known Python"
    if obstacle.wish and all(line.free_threaded for line in obstacle.wish):
        text += f", not for the free-threaded {listed(obstacle.wish)}"
    if obstacle.holder:
        text += f", and {obstacle.holder} needs {' or '.join(merged_ranges(obstacle.specs))}"
    return text


def _range(obstacle: PythonMismatch) -> str:
    """Return exactly the Pythons that fit: `≤3.13`, `≥3.11`, `3.10 to 3.12`, `3.11 and 3.13`."""
    if all(line.free_threaded for line in obstacle.fit):
        return f"{listed(obstacle.fit)} (free-threaded)"
    return _bounds(_columns(obstacle.fit, obstacle.known), _columns(obstacle.known, obstacle.known))


def _columns(lines: Sequence[PythonLine], known: Sequence[PythonLine]) -> list[PythonLine]:
    """Return lines but for the free-threaded ones, which count only if a version has no other build."""
    usual = {(line.major, line.minor) for line in known if not line.free_threaded}
    return [line for line in lines if not line.free_threaded or (line.major, line.minor) not in usual]


def _bounds(fit: Sequence[PythonLine], known: Sequence[PythonLine]) -> str:
    """Return `≤` for the oldest known ones and `≥` for the newest; a bound must not promise a Python in between."""
    first, last = fit[0], fit[-1]
    if [line for line in known if first <= line <= last] != list(fit):
        return listed(fit)
    if first == known[0]:
        return f"≤{last}"
    if last == known[-1]:
        return f"≥{first}"
    return f"{first} to {last}" if len(fit) > 2 else listed(fit)


def _machine(obstacle: MachineMismatch) -> str:
    have = f"{obstacle.name} {obstacle.have}" if obstacle.have else f"no {obstacle.name}"
    verb = "allows only" if obstacle.only_constrains else "needs"
    return f"{verb} {' and '.join(obstacle.specs)}, and the machine is assumed to have {have}"


def _conflict(obstacle: PinConflict, case: _Case, also: Sequence[str]) -> str:
    first = _demand(obstacle.first, case, last_only=True)
    if also:
        first += f" (so {'do' if len(also) > 1 else 'does'} {listed(also)})"
    if obstacle.barred:
        needed = " → ".join(obstacle.needed)
        wish = " or ".join(merged_ranges(obstacle.second.specs))
        second = f"{obstacle.barred} allows only {wish}, and {needed} is needed"
    else:
        second = _demand(obstacle.second, case)
    return f"pins that exclude each other: {first}, but {second}"


def _demand(demand: Demand, case: _Case, *, last_only: bool = False) -> str:
    if not demand.chain:
        if case is not None and demand.specs == (f"{case[0]} =={case[1]}",):
            return f"this case has {case[0]} {case[1]}"
        return f"{' and '.join(demand.specs)} is {'proposed' if demand.proposed else 'requested'}"
    who = demand.chain[-1] if last_only else " → ".join(demand.chain)
    joined = " and ".join(demand.specs) if last_only else " or ".join(merged_ranges(demand.specs))
    return f"{who} {'allows only' if demand.excludes else 'needs'} {joined}"

"""The obstacle of one name: what is missing, or why none of its builds will do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta

from rattler import Version, VersionSpec

from dirac_forge.channel.gap import Gap
from dirac_forge.channel.index import RecordIndex, parsed
from dirac_forge.channel.names import candidates
from dirac_forge.channel.records import Record, name_of
from dirac_forge.check.analysis import Analysis, Limited, WantedBy
from dirac_forge.check.causes import (
    AllBroken,
    ForeignChannel,
    HiddenVersion,
    ImpossibleVersion,
    MachineMismatch,
    MarkedBroken,
    NoBuild,
    NoPython,
    NotYetUploaded,
    NoVersion,
    Obstacle,
    PythonLine,
    PythonMismatch,
    UnknownName,
    UnreadableBuilds,
)
from dirac_forge.check.version_points import exclude_each_other

Elsewhere = Callable[[str], tuple[str, ...]]
"""The other platforms for which there are builds of a name, or of a spec."""
PYTHON = ("python", "python_abi")
_PYTHON_CHOICES = (*PYTHON, "python-freethreading")
_LEAST_ALIKE = 75.0
"""Per cent, of `rapidfuzz.fuzz.ratio`."""
_MOST_NEAR = 3
_LETTERS_A_TYPO = 3
"""A name may differ in one letter for each so many that it has: `galaxy-util` is not a misspelt `gfal2-util`."""


def absent(index: RecordIndex, name: str, specs: Sequence[str], elsewhere: Elsewhere) -> Obstacle:
    """Return the obstacle if no build of a name matches all of `specs`."""
    if not index.group(name).records:
        return _no_build(index, name, elsewhere)
    foreign = _foreign(index, specs)
    if foreign is not None:
        return foreign
    broken = _broken(specs, index.removed(name))
    if broken:
        return MarkedBroken(version=broken, specs=tuple(specs))
    if exclude_each_other(specs):
        return ImpossibleVersion(specs=tuple(specs))
    return _no_version(index, name, specs, elsewhere)


def _no_version(index: RecordIndex, name: str, specs: Sequence[str], elsewhere: Elsewhere) -> NoVersion:
    group = index.group(name)
    wanted = [spec for spec in map(parsed, specs) if spec is not None]
    # With several specs it is not known which of them another channel would have to meet.
    below = group.hidden if len(wanted) == 1 else ()
    hidden = [
        HiddenVersion(channel=one.channel, version=version) for one in below if (version := one.newest(wanted[0]))
    ]
    builds = _other_builds(index, specs)
    return NoVersion(
        specs=tuple(specs),
        newest=group.records[0].version,
        channel=group.channel if hidden else "",
        hidden=tuple(hidden),
        builds=builds,
        of_platforms=elsewhere(specs[0]) if builds else (),
        gap=index.gap(name) if not hidden else None,
    )


def _other_builds(index: RecordIndex, specs: Sequence[str]) -> tuple[str, ...]:
    """Return builds of a version that a spec asks for, if only the build that it asks for is not there."""
    spec = parsed(specs[0]) if len(specs) == 1 else None
    if spec is None or spec.build is None or spec.version is None:
        return ()
    fitting = list(index.matching(f"{spec.name.normalized} {spec.version}"))
    return tuple(dict.fromkeys(record.build for record in fitting if record.version == fitting[0].version))


def python_mismatch(analysis: Analysis, records: Sequence[Record]) -> Obstacle | None:
    """Return the obstacle where builds exist, but for other Pythons.

    None if they are for a Python that may be taken: what is in the way is then in the way of that Python.
    """
    lines = python_lines(analysis.index)
    if not lines:
        return NoPython(platform=analysis.index.platform)
    holder = None if _on(_PYTHON_CHOICES, analysis.specs) else _python_limit(analysis)
    limits = _on(_PYTHON_CHOICES, (*analysis.specs, *(holder.specs if holder else ())))
    wish = _fitting(analysis.index, lines, [limits])
    fit = _fitting(analysis.index, lines, (_on(PYTHON, record.depends) for record in records))
    if not set(fit).isdisjoint(wish):
        return None
    noarch = all(record.noarch for record in records)
    name = records[0].name
    return PythonMismatch(
        noarch=noarch,
        fit=fit,
        known=tuple(sorted(lines)),
        wish=wish,
        holder=holder.by if holder else "",
        specs=holder.specs if holder else (),
        # A snapshot that has other versions built for such a Python may lack only these builds.
        gap=analysis.index.gap(name) if not noarch and _is_built_for(analysis.index, name, wish) else None,
    )


def _is_built_for(index: RecordIndex, name: str, pythons: Iterable[PythonLine]) -> bool:
    """Whether any version of a package has a build for one of these Pythons."""
    return any(has_build_for(index, name, version, pythons) for version in index.group(name).versions)


def asked_pythons(index: RecordIndex, specs: Iterable[str]) -> tuple[PythonLine, ...]:
    """Return the Pythons that specs ask for; () if they ask for none."""
    asked = _on(_PYTHON_CHOICES, specs)
    return _fitting(index, python_lines(index), [asked] if asked else [])


def has_build_for(index: RecordIndex, name: str, version: str, pythons: Iterable[PythonLine]) -> bool:
    """Whether this version of a package has a build for one of these Pythons."""
    records = (record for record in index.group(name).records if record.version == version)
    fit = _fitting(index, python_lines(index), (_on(PYTHON, record.depends) for record in records))
    return not set(fit).isdisjoint(pythons)


def _python_limit(analysis: Analysis) -> WantedBy | Limited | None:
    """Return the first package that asks for another Python."""
    reasons = (reason for _, reason in analysis.log.get("python", ()))
    return next((reason for reason in reasons if isinstance(reason, WantedBy | Limited)), None)


def _on(names: Sequence[str], specs: Iterable[str]) -> list[str]:
    return [spec for spec in specs if name_of(spec) in names]


def _fitting(
    index: RecordIndex, lines: Mapping[PythonLine, int], alternatives: Iterable[Sequence[str]]
) -> tuple[PythonLine, ...]:
    """Return the Pythons that meet all specs of one of the alternatives."""
    fit = {line for specs in alternatives for line, mask in lines.items() if _fits(index, specs, mask)}
    return tuple(sorted(fit))


def python_lines(index: RecordIndex) -> dict[PythonLine, int]:
    """Return the Pythons of a platform, each with the set of its records."""
    found: dict[PythonLine, int] = {}
    for at, record in enumerate(index.group("python").records):
        minor = Version(record.version).as_major_minor()
        if minor is not None:
            line = PythonLine(*minor, free_threaded=record.build.endswith("t"))
            found[line] = found.get(line, 0) | 1 << at
    return found


def machine_mismatch(index: RecordIndex, specs: Sequence[str], *, only_constrains: bool = False) -> MachineMismatch:
    """Return the obstacle for requirements on a virtual package that the machine does not meet."""
    name = name_of(specs[0])
    have = next((f"{one.version} {one.build}".removesuffix(" 0") for one in index.group(name).records), "")
    return MachineMismatch(specs=tuple(specs), name=name, have=have, only_constrains=only_constrains)


def _fits(index: RecordIndex, specs: Iterable[str], pythons: int) -> bool:
    for spec in specs:
        name, mask = index.match(spec)
        pythons &= mask if name == "python" else _of_abi(index, mask, name)
    return bool(pythons)


def _of_abi(index: RecordIndex, mask: int, name: str) -> int:
    """Return the Pythons that records of `python_abi` (or of `python-freethreading`) leave."""
    records = index.group(name).records
    allowed = 0
    for at, record in enumerate(records):
        if mask >> at & 1:
            left = -1
            for limit in (*record.constrains, *record.depends):
                left &= index.match(limit)[1] if name_of(limit) == "python" else -1
            allowed |= left
    return allowed if records else -1


_INSTANT = timedelta(microseconds=1)
"""The end of a day is the midnight after it."""


def _no_build(index: RecordIndex, name: str, elsewhere: Elsewhere) -> Obstacle:
    others = elsewhere(name)
    if others:
        return NoBuild(platform=index.platform, elsewhere=others, gap=gap_of(index, name, elsewhere))
    if index.until is not None and name in index.names():
        return NotYetUploaded(platform=index.platform, day=(index.until - _INSTANT).date())
    gone = sorted({version for version, _ in index.removed(name)}, key=Version)
    if gone:
        return AllBroken(platform=index.platform, versions=tuple(gone))
    if name in index.names():
        return UnreadableBuilds()
    return UnknownName(near=_near(name, index.names()), gap=index.gap(name))


def gap_of(index: RecordIndex, name: str, elsewhere: Elsewhere) -> Gap | None:
    """Return the gap if a snapshot that has no build of a package for a platform says nothing about its channel.

    A package that the embedded snapshot has for another platform is taken to have no build for this one.
    """
    gap = index.gap(name)
    return gap if gap is None or gap.folder or not elsewhere(name) else None


def _near(name: str, names: frozenset[str]) -> tuple[str, ...]:
    """Return the packages that may be meant: of the project of this name, or spelled almost so."""
    of_project = [package for package in candidates(name) if package in names]
    return tuple(dict.fromkeys((*of_project, *_spelled_like(name, names))))[:_MOST_NEAR]


def _spelled_like(name: str, names: Iterable[str]) -> tuple[str, ...]:
    from rapidfuzz import fuzz, process  # noqa: PLC0415  (slow to import, rarely needed)
    from rapidfuzz.distance import OSA  # noqa: PLC0415

    found = process.extract(name, sorted(names), scorer=fuzz.ratio, limit=_MOST_NEAR, score_cutoff=_LEAST_ALIKE)
    others = [text for text, _, _ in found if not _is_part(name, text)]
    words = ((text, *_differing(name, text)) for text in others)
    return tuple(text for text, mine, its in words if OSA.distance(mine, its) <= max(1, len(mine) // _LETTERS_A_TYPO))


def _is_part(name: str, other: str) -> bool:
    """Whether one of two names has the other's words and more: `setuptools-scm` is no misspelt `setuptools`."""
    mine, its = set(_words(name)), set(_words(other))
    return mine < its or its < mine


def _words(name: str) -> list[str]:
    return re.split(r"[-_.]", name)


def _differing(name: str, other: str) -> tuple[str, str]:
    """Return the words in which two names differ, if they have as many: `redis-py` is not a misspelt `rpds-py`."""
    mine, its = _words(name), _words(other)
    if len(mine) != len(its):
        return name, other
    pairs = [(one, two) for one, two in zip(mine, its, strict=True) if one != two]
    return "-".join(one for one, _ in pairs), "-".join(two for _, two in pairs)


def _foreign(index: RecordIndex, specs: Iterable[str]) -> ForeignChannel | None:
    """Return the obstacle for a spec that names a channel which has no such package here."""
    for text in specs:
        spec = parsed(text)
        if spec is not None and spec.channel is not None:
            there = {record.channel for record in index.group(spec.name.normalized).records}
            if index.place(spec.channel.base_url) not in there:
                name = spec.channel.base_url if "://" in text else spec.channel.name or spec.channel.base_url
                here = index.group(spec.name.normalized).channel
                return ForeignChannel(spec=text, channel=name, there=(here,) if here else ())
    return None


def _broken(specs: Iterable[str], removed: Iterable[tuple[str, str]]) -> str:
    """Return name and version of a package that was taken back and that a spec matches."""
    for spec in map(parsed, specs):
        if spec is not None and spec.version is not None:
            allowed = VersionSpec(str(spec.version))
            for version, _ in removed:
                if allowed.matches(Version(version)):
                    return f"{spec.name.normalized} {version}"
    return ""

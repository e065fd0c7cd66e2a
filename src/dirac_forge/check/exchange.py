"""A certificate that saves a solve: an environment with some packages exchanged, looked at piece by piece."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from rattler import MatchSpec, PackageName, PackageRecord, Version
from rattler.package import BuildString

from dirac_forge.channel.index import RecordIndex, parsed
from dirac_forge.channel.records import Record, name_of
from dirac_forge.channel.solutions import unanswered
from dirac_forge.channel.solver import Channel
from dirac_forge.channel.virtual import VirtualPackage
from dirac_forge.check.cells import Cell

_MOST_FRESH = 40
_MOST_TRIES = 50


def exchanged(
    channel: Channel, cell: Cell, records: Sequence[Record], spare: Iterable[Record] = ()
) -> tuple[Record, ...] | None:
    """Return what `cell` installs with `records` instead of packages of the same names, or None if that fails.

    What else they need comes from `spare`, else from the channel, the newest that fits. An environment that comes back
    is installable for sure: every requirement of every package is met, no constraint is broken. None says nothing: a
    solver may find another.
    """
    index = channel.index(cell.platform)
    extra, fresh = _by_name(spare), _by_name(records)
    environment = _by_name(cell.packages) | fresh
    todo = list(records)
    while todo:
        for spec in todo.pop().depends:
            if _is_given(spec, environment):
                continue
            if name_of(spec) in fresh or len(fresh) > _MOST_FRESH:
                return None
            found = _spared(spec, extra) or _newest_fitting(index, spec, environment)
            if found is None:
                return None
            environment[found.name] = fresh[found.name] = found
            todo.append(found)
    return _whole(channel, cell, environment, fresh)


def _by_name(records: Iterable[Record]) -> dict[str, Record]:
    return {record.name: record for record in records}


def _is_given(spec: str, environment: Mapping[str, Record]) -> bool:
    """Whether the environment meets a requirement already; what the machine has is looked at in the end."""
    there = environment.get(name_of(spec))
    return name_of(spec).startswith("__") or (there is not None and _matches(spec, there))


def _spared(spec: str, extra: Mapping[str, Record]) -> Record | None:
    found = extra.get(name_of(spec))
    return found if found is not None and _matches(spec, found) else None


def _newest_fitting(index: RecordIndex, spec: str, environment: Mapping[str, Record]) -> Record | None:
    """Return the newest record that takes the Python, and whatever else is there, as it is."""
    for record in islice(index.matching(spec), _MOST_TRIES):
        known = ((name_of(need), need) for need in record.depends)
        if all(_matches(need, environment[other]) for other, need in known if other in environment):
            return record
    return None


def _whole(
    channel: Channel, cell: Cell, environment: Mapping[str, Record], fresh: Mapping[str, Record]
) -> tuple[Record, ...] | None:
    """Return the environment, where it holds: only what is fresh, and what looks at that, can have changed."""
    machine = {package.name: package for package in channel.machine(cell.platform)}
    there = _mentions(_Packages(cell.packages))
    depends = _about(fresh, (one.depends for one in fresh.values()), there.depends)
    constrains = _about(fresh, (one.constrains for one in fresh.values()), there.constrains)
    holds = all(_met(spec, environment, machine) for spec in (*cell.specs, *depends)) and not any(
        _broken(spec, environment, machine) for spec in constrains
    )
    return tuple(sorted(environment.values(), key=lambda record: record.name)) if holds else None


def _about(
    fresh: Mapping[str, Record], own: Iterable[tuple[str, ...]], there: Mapping[str, list[tuple[str, str]]]
) -> list[str]:
    """Return what fresh packages say themselves, and what those that stay say about them."""
    others = (spec for name in fresh for owner, spec in there.get(name, ()) if owner not in fresh)
    return [*(spec for specs in own for spec in specs), *others]


@dataclass(frozen=True, slots=True, eq=False)
class _Packages:
    """An environment, known by identity: comparing hundreds of records takes longer than looking at them."""

    records: tuple[Record, ...]

    def __hash__(self) -> int:
        return id(self.records)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Packages) and other.records is self.records


@dataclass(frozen=True, slots=True)
class _Mentions:
    """Who says what about a package: by its name, pairs of the owner's name and the spec."""

    depends: Mapping[str, list[tuple[str, str]]]
    constrains: Mapping[str, list[tuple[str, str]]]


@lru_cache(maxsize=256)  # many proposals are tried on the same environments
def _mentions(environment: _Packages) -> _Mentions:
    depends: dict[str, list[tuple[str, str]]] = {}
    constrains: dict[str, list[tuple[str, str]]] = {}
    for record in environment.records:
        for spec in record.depends:
            depends.setdefault(name_of(spec), []).append((record.name, spec))
        for spec in record.constrains:
            constrains.setdefault(name_of(spec), []).append((record.name, spec))
    return _Mentions(depends, constrains)


def _broken(constraint: str, environment: Mapping[str, Record], machine: Mapping[str, VirtualPackage]) -> bool:
    name = name_of(constraint)
    if not name:  # it can't be parsed, and the solver takes no such package
        return True
    return (name in environment or name in machine) and not _met(constraint, environment, machine)


def at_its_newest(channel: Channel, cell: Cell, packages: Iterable[Record]) -> bool:
    """Whether the channel has nothing newer of what `cell` asks for, so that no solver could do better."""
    installed = {record.name: record for record in packages}
    index = channel.index(cell.platform)
    for spec in cell.specs:
        name = name_of(spec)
        if name == "python":
            continue
        there, newest = installed.get(name), index.newest(spec)
        if there is None or newest is None or Version(newest.version) > Version(there.version):
            return False
    return True


def _met(spec: str, environment: Mapping[str, Record], machine: Mapping[str, VirtualPackage]) -> bool:
    name = name_of(spec)
    if name.startswith("__"):
        package = machine.get(name)
        return package is not None and _fits(spec, _virtual(package))
    there = environment.get(name)
    return there is not None and _matches(spec, there)


def _matches(spec: str, record: Record) -> bool:
    return _fits(spec, _value(record.name, record.version, record.build, record.build_number, record.subdir))


@lru_cache(maxsize=65_536)
def _fits(spec: str, record: PackageRecord) -> bool:
    wanted = _readable(spec)
    return wanted is not None and wanted.matches(record)


@lru_cache(maxsize=16_384)
def _readable(spec: str) -> MatchSpec | None:
    """Return a parsed spec, or None if it asks for more than the values here have, such as a channel or a URL."""
    wanted = parsed(spec)
    return None if wanted is None or wanted.channel is not None or unanswered(wanted) else wanted


@lru_cache(maxsize=16_384)
def _value(name: str, version: str, build: str, number: int, subdir: str) -> PackageRecord:
    """Return the solver's value, as far as a spec can look at it."""
    return PackageRecord(
        name=PackageName(name), version=version, build=BuildString(build), build_number=number, subdir=subdir
    )


@lru_cache
def _virtual(package: VirtualPackage) -> PackageRecord:
    return _value(package.name, package.version, package.build, 0, "noarch")

"""A certificate that saves a solve: an environment with some packages exchanged, looked at piece by piece."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from rattler import PackageName, PackageRecord, Version
from rattler.package import BuildString

from dirac_forge.channel.index import parsed
from dirac_forge.channel.records import Record, name_of
from dirac_forge.channel.solver import Channel
from dirac_forge.channel.virtual import VirtualPackage
from dirac_forge.check.matrix import Cell

__all__ = ["at_its_newest", "exchanged"]


def exchanged(
    channel: Channel, cell: Cell, records: Sequence[Record], spare: Iterable[Record] = ()
) -> tuple[Record, ...] | None:
    """What `cell` installs, with `records` in place of the packages of their names; None where that does not fit.

    Packages of `spare` are added where something needs them. An environment that comes back is installable for sure:
    every requirement of every package is met, no constraint is broken. None says nothing: a solver may find another.
    """
    environment = {record.name: record for record in cell.packages}
    extra = {record.name: record for record in spare}
    fresh: dict[str, Record] = {}
    todo = list(records)
    while todo:
        record = todo.pop()
        environment[record.name] = fresh[record.name] = record
        for spec in record.depends:
            name = name_of(spec)
            there = environment.get(name)
            if name in extra and name not in fresh and (there is None or not _matches(spec, there)):
                todo.append(extra[name])
    machine = {package.name: package for package in channel.machine(cell.platform)}
    if not all(_met(spec, environment, machine) for spec in cell.specs):
        return None
    for record in environment.values():
        mine = record.name in fresh
        for spec in record.depends:
            if (mine or name_of(spec) in fresh) and not _met(spec, environment, machine):
                return None
        for spec in record.constrains:
            name = name_of(spec)
            there = environment.get(name)
            if (mine or name in fresh) and there is not None and not _matches(spec, there):
                return None
    return tuple(sorted(environment.values(), key=lambda record: record.name))


def at_its_newest(channel: Channel, cell: Cell, packages: Iterable[Record]) -> bool:
    """Whether nothing newer of what `cell` asks for is there, so that no solver could do better than `packages`."""
    installed = {record.name: record for record in packages}
    index = channel.index(cell.platform)
    for spec in cell.specs:
        name, mask = index.match(spec)
        if name == "python":
            continue
        there = installed.get(name)
        newest = next((record for at, record in enumerate(index.group(name).records) if mask >> at & 1), None)
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
    wanted = parsed(spec)
    return wanted is not None and wanted.matches(record)


@lru_cache(maxsize=16_384)
def _value(name: str, version: str, build: str, number: int, subdir: str) -> PackageRecord:
    """The solver's value, as far as a spec can look at it."""
    return PackageRecord(
        name=PackageName(name), version=version, build=BuildString(build), build_number=number, subdir=subdir
    )


@lru_cache
def _virtual(package: VirtualPackage) -> PackageRecord:
    return _value(package.name, package.version, package.build, 0, "noarch")

"""A distribution solved: the exact packages of each environment on each platform, or why there are none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import field, replace
from datetime import datetime
from pathlib import Path

from rattler import MatchSpec, RepoDataRecord

from dirac_forge.channel.records import Record, name_of
from dirac_forge.channel.solver import Channel
from dirac_forge.check.cells import Cell, python_spec
from dirac_forge.check.matrix import check as check_cells
from dirac_forge.check.removed_packages import MissingDependency, needing
from dirac_forge.distribution.locked_files import listed_files, same_file
from dirac_forge.distribution.locks import Lock, LockedPackage, locked
from dirac_forge.errors import InputError, UnknownError, redact
from dirac_forge.progress import Observer
from dirac_forge.values import dataclass

Known = Mapping[tuple[str, str], Sequence[RepoDataRecord]]
"""The records of a lock, by environment and platform."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Distribution:
    """What is released together."""

    name: str
    environments: Mapping[str, Mapping[str, tuple[str, ...]]]
    """Environment to platform to specs."""
    channels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By environment, the channels that the file names, in priority order."""
    machines: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)
    """By environment and platform, the virtual packages that the file asks for."""
    together: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    """By environment and platform, the specs of other environments that are solved together with it."""
    solve_groups: Mapping[str, str] = field(default_factory=dict)
    """Environment to its group, of those that are solved together with others."""
    until: datetime | None = None
    """Packages that were uploaded later are left out."""
    exclude: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    """By environment and platform, packages that are taken out after the solve."""
    installer: bool = False
    """Whether constructor makes an installer of it."""
    notes: tuple[str, ...] = ()
    """The parts of the file that are not locked."""

    @property
    def asked(self) -> frozenset[str]:
        """The names of the packages that it asks for, on any platform."""
        specs = (spec for platforms in self.environments.values() for each in platforms.values() for spec in each)
        return frozenset(map(name_of, specs))

    def moved(self, old: str, new: Path) -> Distribution:
        """Return the same with the channels below the folder `old`, where a copy of the file was read, below `new`."""
        channels = {
            name: tuple(f"{new}{each.removeprefix(old)}" if each.startswith(f"{old}/") else each for each in some)
            for name, some in self.channels.items()
        }
        return replace(self, channels=channels)

    def on_python(self, *pythons: str) -> Distribution:
        """Return the distribution with this Python (`X.Y`) in each environment, whatever else it asks for.

        Raises:
            InputError: several Pythons: an environment has one.
        """
        if len(pythons) != 1:
            raise InputError("a distribution has one Python", hint="Give one --python.")
        (spec,) = map(python_spec, pythons)
        environments = {
            name: {platform: (*specs, spec) for platform, specs in platforms.items()}
            for name, platforms in self.environments.items()
        }
        return replace(self, environments=environments)

    def excludes(self, environment: str, platform: str, name: str) -> bool:
        """Whether a package is taken out after the solve."""
        return name in self.exclude.get(environment, {}).get(platform, ())


@dataclass(frozen=True, kw_only=True, slots=True)
class SolvedDistribution:
    """The solver's answer for each environment and platform."""

    distribution: Distribution
    records: Mapping[str, Mapping[str, tuple[RepoDataRecord, ...]]] = field(default_factory=dict)
    failed: tuple[Cell, ...] = ()
    """What cannot be installed, or is not known."""
    names: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    """By environment and platform, all packages of the solution, also those that the file excludes."""

    def keeping(self, known: Known) -> SolvedDistribution:
        """Return the same with the locked records of the file's environments on platforms that were not solved."""
        kept = {
            environment: {
                **{platform: tuple(some) for (name, platform), some in known.items() if name == environment},
                **self.records.get(environment, {}),
            }
            for environment in self.distribution.environments
        }
        return replace(self, records={environment: platforms for environment, platforms in kept.items() if platforms})


def solve(
    channel_of: Callable[[str], Channel],
    distribution: Distribution,
    *,
    executor: Executor,
    observer: Observer,
    keep: Mapping[tuple[str, str], Sequence[RepoDataRecord]] | None = None,
) -> SolvedDistribution:
    """Solve every environment of a distribution on each of its platforms.

    Args:
        channel_of: where the packages of an environment come from.
        distribution: what is asked for.
        executor: runs the solves.
        observer: receives the progress.
        keep: by environment and platform, records that stay unless something that is asked for forbids them.

    Raises:
        InputError: a spec or platform that is none.
        UnknownError: a channel can't be read.
    """
    answers: list[Cell] = []
    records: dict[str, dict[str, tuple[RepoDataRecord, ...]]] = {}
    kept = _kept_together(keep or {}, distribution)
    for environment, platforms in distribution.environments.items():
        channel = channel_of(environment)
        there = _still_there(channel, environment, platforms, kept, observer)
        solved: list[Cell] = []
        others = distribution.together.get(environment, {})
        asked = {platform: (*specs, *others.get(platform, ())) for platform, specs in platforms.items()}
        for group, cells in _by_kept(environment, asked, there):
            view = channel.preferring(group) if group else channel
            solved += check_cells(view, cells, executor=executor, observer=observer, remedies=False)
        if installed := _installed(channel, distribution, solved):
            records[environment] = installed
        answers += solved
    failed = tuple(cell for cell in answers if cell.status != "installable")
    names = {(cell.target, cell.platform): frozenset(record.name for record in cell.packages) for cell in answers}
    return SolvedDistribution(distribution=distribution, records=records, failed=failed, names=names)


def _installed(
    channel: Channel, distribution: Distribution, cells: Iterable[Cell]
) -> dict[str, tuple[RepoDataRecord, ...]]:
    """Return the packages of the cells that can be installed, by platform."""
    return {cell.platform: _raw(channel, distribution, cell) for cell in cells if cell.status == "installable"}


def _raw(channel: Channel, distribution: Distribution, cell: Cell) -> tuple[RepoDataRecord, ...]:
    """Return the packages of a solved cell but for those that the file excludes, as the channel lists them."""
    packages = cell.packages
    if distribution.together.get(cell.target, {}).get(cell.platform):
        packages = _reached(packages, distribution.environments[cell.target][cell.platform])
    kept = [record for record in packages if not distribution.excludes(cell.target, cell.platform, record.name)]
    found = channel.raw(cell.platform, kept)
    if len(found) != len(kept):
        lost = {record.file for record in kept} - {record.file_name for record in found}
        raise UnknownError(
            f"{cell.platform}: the channel does not list what the solver chose: {', '.join(sorted(lost))}"
        )
    return found


def _kept_together(
    keep: Mapping[tuple[str, str], Sequence[RepoDataRecord]], distribution: Distribution
) -> Mapping[tuple[str, str], Sequence[RepoDataRecord]]:
    """Return what is kept, for environments that are solved together what any of them keeps."""
    found = dict(keep)
    for environment, group in distribution.solve_groups.items():
        members = [name for name, other in distribution.solve_groups.items() if other == group]
        for platform in distribution.environments[environment]:
            records = [record for member in members for record in keep.get((member, platform), ())]
            found[environment, platform] = tuple({record.url: record for record in records}.values())
    return found


def _reached(packages: Iterable[Record], specs: Iterable[str]) -> tuple[Record, ...]:
    """Return the packages that specs need, of a solution that other environments share."""
    by_name = {record.name: record for record in packages}
    found: set[str] = set()
    wave = set(map(name_of, specs)) & by_name.keys()
    while wave:
        found |= wave
        wave = ({name_of(need) for name in wave for need in by_name[name].depends} & by_name.keys()) - found
    return tuple(record for record in packages if record.name in found)


def _still_there(
    channel: Channel,
    environment: str,
    platforms: Iterable[str],
    keep: Mapping[tuple[str, str], Sequence[RepoDataRecord]],
    observer: Observer,
) -> dict[tuple[str, str], Sequence[RepoDataRecord]]:
    """Return the channel's records of what stays; the solver would keep what the channel no longer has, too."""
    found: dict[tuple[str, str], Sequence[RepoDataRecord]] = {}
    for platform in platforms:
        wanted = keep.get((environment, platform), ())
        files = listed_files(wanted, channel.index(platform))
        listed = [(record, files.get((record.subdir, record.file_name))) for record in wanted]
        found[environment, platform] = [now for _, now in listed if now is not None]
        for record, now in listed:
            if now is None:
                observer.warned(f"the channel no longer has {record.file_name} for {platform}: another build is taken")
            elif not same_file(record, now):
                observer.warned(
                    f"the channel has a different file {record.file_name} for {platform}: its new hash is locked"
                )
    return found


def _by_kept(
    environment: str,
    platforms: Mapping[str, tuple[str, ...]],
    keep: Mapping[tuple[str, str], Sequence[RepoDataRecord]],
) -> list[tuple[tuple[RepoDataRecord, ...], list[Cell]]]:
    """Return the questions, together where nothing is kept, else one by one with the records that stay."""
    free: list[Cell] = []
    groups: list[tuple[tuple[RepoDataRecord, ...], list[Cell]]] = [((), free)]
    for platform, specs in platforms.items():
        cell = Cell(target=environment, platform=platform, python="", specs=specs, wanted=True)
        kept = tuple(keep.get((environment, platform), ()))
        if kept:
            groups.append((kept, [cell]))
        else:
            free.append(cell)
    return [group for group in groups if group[1]]


def locked_distribution(distribution: Distribution, known: Known) -> SolvedDistribution:
    """Return the packages of a lock as a solution; what the file excludes was taken out before they were locked."""
    records = {
        environment: {platform: tuple(known.get((environment, platform), ())) for platform in platforms}
        for environment, platforms in distribution.environments.items()
    }
    names = {
        (environment, platform): frozenset(each.name.normalized for each in some)
        | frozenset(distribution.exclude.get(environment, {}).get(platform, ()))
        for environment, platforms in records.items()
        for platform, some in platforms.items()
    }
    return SolvedDistribution(distribution=distribution, records=records, names=names)


def lock_of(solved: SolvedDistribution, channels: Mapping[str, Sequence[str]], name: str) -> Lock:
    """Return the lock as a value; packages that specs ask for by name are marked."""
    specs = solved.distribution.environments
    urls = dict.fromkeys(redact(url) for each in channels.values() for url in each)
    environments = {
        environment: {
            platform: _locked(records, frozenset(map(name_of, specs[environment].get(platform, ()))))
            for platform, records in platforms.items()
        }
        for environment, platforms in solved.records.items()
    }
    return Lock(name=name, environments=environments, channels=tuple(urls))


def _locked(records: Iterable[RepoDataRecord], asked: frozenset[str]) -> tuple[LockedPackage, ...]:
    ordered = sorted(records, key=lambda record: record.name.normalized)
    return tuple(locked(record, asked=record.name.normalized in asked) for record in ordered)


def missing_dependencies(solved: SolvedDistribution) -> tuple[MissingDependency, ...]:
    """Return the packages that a file excludes and that what is left depends on: the installer may not work."""
    found: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for environment, platforms in solved.records.items():
        for platform, records in platforms.items():
            for name in solved.distribution.exclude.get(environment, {}).get(platform, ()):
                if who := needing({each.name.normalized: each.depends for each in records}, name):
                    found.setdefault((environment, name, who), []).append(platform)
    return tuple(
        MissingDependency(environment=environment, platforms=tuple(platforms), name=name, needed_by=who)
        for (environment, name, who), platforms in found.items()
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class OutdatedPackage:
    """A package of a lock that a new solve gives another file of."""

    environment: str
    platform: str
    name: str
    old: str
    """The version in the lock, "" if the lock lacks the package."""
    new: str
    """The version in the new solve, "" if it lacks the package."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UnsatisfiedSpecs:
    """What a lock does not satisfy of an environment on one platform."""

    environment: str
    platform: str
    specs: tuple[str, ...]
    """All of the environment's where it has no package for the platform."""
    absent: bool = False
    """Whether the lock has no package for the platform at all."""


def unsatisfied(
    distribution: Distribution, known: Mapping[tuple[str, str], Sequence[RepoDataRecord]]
) -> tuple[UnsatisfiedSpecs, ...]:
    """Return the specs that locked packages do not satisfy, by environment and platform."""
    found = []
    for environment, platforms in distribution.environments.items():
        for platform, specs in platforms.items():
            records = _named(known.get((environment, platform), ()))
            wanted = [spec for spec in specs if not distribution.excludes(environment, platform, name_of(spec))]
            wrong = tuple(spec for spec in wanted if not _met(spec, records))
            if wrong:
                found.append(
                    UnsatisfiedSpecs(environment=environment, platform=platform, specs=wrong, absent=not records)
                )
    return tuple(found)


def _met(spec: str, records: Mapping[str, RepoDataRecord]) -> bool:
    name = name_of(spec)
    if name.startswith("__"):
        return True
    record = records.get(name)
    return record is not None and MatchSpec(spec).matches(record)


def outdated(
    solved: SolvedDistribution, known: Mapping[tuple[str, str], Sequence[RepoDataRecord]]
) -> tuple[OutdatedPackage, ...]:
    """Return the packages of which a new solve gives another file than the lock has."""
    return tuple(
        OutdatedPackage(
            environment=environment, platform=platform, name=name, old=_version(before, name), new=_version(now, name)
        )
        for environment, platforms in solved.records.items()
        for platform, records in platforms.items()
        for before, now in [(_named(known.get((environment, platform), ())), _named(records))]
        for name in sorted({*before, *now})
        if _file(before, name) != _file(now, name)
    )


def _named(records: Iterable[RepoDataRecord]) -> dict[str, RepoDataRecord]:
    return {record.name.normalized: record for record in records}


def _file(records: Mapping[str, RepoDataRecord], name: str) -> str:
    return records[name].file_name if name in records else ""


def _version(records: Mapping[str, RepoDataRecord], name: str) -> str:
    return str(records[name].version) if name in records else ""

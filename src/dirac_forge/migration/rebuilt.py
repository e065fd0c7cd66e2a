"""Records of members as they will be after their rebuild: laid over a channel they show what a migration does."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from dirac_forge.channel.index import RecordIndex
from dirac_forge.channel.records import Record
from dirac_forge.migration.evidence import carries
from dirac_forge.migration.exports import PinExports
from dirac_forge.migration.plan import Plan


class Indexed(Protocol):
    """A channel, as far as it is looked at here."""

    def index(self, platform: str) -> RecordIndex:
        """Return the records for a platform; raises UnknownError if the channel can't be read."""
        ...


def rebuilt_records(
    plan: Plan,
    platform: str,
    rebuilt: Collection[str],
    *,
    channel: Indexed,
    exports: PinExports,
    outside: Collection[str] = (),
    used: Iterable[Record] = (),
) -> tuple[list[Record], list[str], list[str]]:
    """Return records for the overlay, and the specs that ask for the new and for the old pin.

    Each package of a rebuilt member is taken as its newest build, with the migrated pins instead of the old ones and a
    higher build number. A migrated library that the channel lacks in its new version is taken to be built like its
    newest one; packages named in `outside` are taken to be rebuilt too. `used` are builds that a target installs today:
    of their packages they are rebuilt as well, since the newest build may be for another Python, or be of no use.
    Raises UnknownError if the channel can't be read.
    """
    index = channel.index(platform)
    pins = pins_on(plan, platform, exports)
    records: list[Record] = []
    old: list[str] = []
    for package, version in pins.items():
        found = index.group(package).records
        older = [record for record in found if not _is(record.version, version)]
        if found and len(older) == len(found):
            records.append(_as_version(found[0], version, pins))
        old += [f"{package} {record.version}" for record in older[:1]]
    records += _rebuilt_packages(plan, index, [*outside, *_outputs(plan, rebuilt)], pins, used)
    return records, [_new_spec(package, version) for package, version in pins.items()], old


def _outputs(plan: Plan, members: Iterable[str]) -> list[str]:
    return [output for name in members for output in plan.graph.facts[name].outputs]


def _rebuilt_packages(
    plan: Plan, index: RecordIndex, packages: Iterable[str], pins: dict[str, str], used: Iterable[Record]
) -> Iterator[Record]:
    """Yield the rebuilds of packages: of their newest builds, and of those that are in use."""
    installed: dict[str, list[Record]] = {}
    for record in used:
        installed.setdefault(record.name, []).append(record)
    for package in dict.fromkeys(packages):
        chosen = [*_newest(index.group(package).records), *installed.get(package, ())]
        yield from _rebuilt(list(dict.fromkeys(chosen)), pins, plan.migration.bump)


def _new_spec(package: str, version: str) -> str:
    return f"{package} {version}.*" if version[-1:].isdigit() else f"{package} {version}"


def _as_version(record: Record, version: str, pins: dict[str, str]) -> Record:
    """Return a build as if it were of another version, built with the migrated packages."""
    return replace(
        record,
        version=version,
        build="migrated_0",
        build_number=0,
        depends=_with_pins(record.depends, pins),
        file_name="",
        channel="",
    )


def pins_on(plan: Plan, platform: str, exports: PinExports) -> dict[str, str]:
    """Return the new version of each exported package on a platform."""
    keys = plan.migration.pins(platform).configuration.values
    pins: dict[str, str] = {}
    for package in sorted(plan.membership.packages):
        values = keys.get(package.replace("-", "_"), keys.get(package, ()))
        if values:
            version = values[0].partition(" ")[0].removesuffix(".*")
            pins |= dict.fromkeys(exports.of(package, platform), version)
    return pins


def with_old_pin(record: Record, plan: Plan, platform: str, exports: PinExports) -> bool:
    """Return whether a package depends on a migrated one, and not by its new pin."""
    return _with_pins(record.depends, pins_on(plan, platform, exports)) != record.depends


def has_new_pin(plan: Plan, name: str, platform: str, *, channel: Indexed, exports: PinExports) -> bool:
    """Whether a member's newest builds have the new pin: some of them have it, and none has the old one.

    Raises UnknownError if the channel can't be read.
    """
    index = channel.index(platform)
    pins = pins_on(plan, platform, exports)
    moved = False
    for output in plan.graph.facts[name].outputs:
        for record in _newest(index.group(output).records):
            depends = [depend for depend in record.depends if depend.partition(" ")[0] in pins]
            if any(_moved(depend, pins) != depend for depend in depends):
                return False
            moved |= any(" " in depend for depend in depends)
    return moved


def has_build_with_new_pin(package: str, plan: Plan, platform: str, *, channel: Indexed, exports: PinExports) -> bool:
    """Return whether one of a package's newest builds has the new pins. Raises UnknownError as `has_new_pin`."""
    pins = pins_on(plan, platform, exports)
    return any(
        _with_pins(record.depends, pins) == record.depends and not pins.keys().isdisjoint(_pinned(record))
        for record in _newest(channel.index(platform).group(package).records)
    )


def _pinned(record: Record) -> set[str]:
    return {depend.partition(" ")[0] for depend in record.depends if " " in depend}


def _newest(found: Sequence[Record]) -> list[Record]:
    """Return the builds with the newest version and build number; each platform has its own."""
    return [
        record for record in found if (record.version, record.build_number) == (found[0].version, found[0].build_number)
    ]


def _is(version: str, pin: str) -> bool:
    return version == pin or version.startswith(f"{pin}.")


def _rebuilt(found: Sequence[Record], pins: dict[str, str], bump: int) -> list[Record]:
    """Return these builds with the new pins, where they have the old ones."""
    result = []
    for record in found:
        depends = _with_pins(record.depends, pins)
        if depends == record.depends:
            continue
        number = record.build_number + bump
        # The build string stays: packages that are built together may ask for it.
        result.append(replace(record, depends=depends, build_number=number, file_name="", channel="", timestamp=None))
    return result


def _with_pins(depends: tuple[str, ...], pins: dict[str, str]) -> tuple[str, ...]:
    """Return dependencies with the new pins; a build for another Python ABI depends on that Python, too."""
    moved = tuple(_moved(depend, pins) for depend in depends)
    if moved == depends or "python_abi" not in pins:
        return moved
    return tuple(_moved(depend, {"python": pins["python_abi"]}) for depend in moved)


def _moved(depend: str, pins: dict[str, str]) -> str:
    name, _, spec = depend.partition(" ")
    version = pins.get(name)
    if version is None or not spec or carries(spec, version):
        return depend
    return f"{name} {version}.*"

"""Which open migrations a feedstock has been through already, as its newest builds show."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from rattler import Version, VersionSpec

from dirac_forge.channel.index import RecordIndex, parsed
from dirac_forge.channel.records import Record
from dirac_forge.feedstock.algebra import MigrationKeys
from dirac_forge.feedstock.pinning import Pinning

_VERSION = re.compile(r"[0-9][0-9A-Za-z_.]*")


def shown_migrations(pinning: Pinning, index: RecordIndex, names: Iterable[str]) -> tuple[MigrationKeys, ...]:
    """Return the migrations of `pinning` that the newest builds of these packages show applied.

    conda-smithy applies the migrations that lie in a feedstock; if only its recipe is at hand, what it last built
    shows the same: a build for Python 3.14, a dependency on the migrated version and not on the pinned one.

    Raises:
        ConfigurationError: a migration can't be read.
        ChannelUnknownError: the channel can't be read.
    """
    pinned = pinning.configuration(index.platform, index.platform).values
    # The same specs are looked at for each key of each migration.
    specs = frozenset(text for name in names for record in _newest(index, name) for text in record.depends)
    pins = _pins_of(specs)
    found = []
    named = _named_by(specs, pins)
    for name, text in sorted(pinning.migrations.items()):
        spelled = text.replace("_", "-")
        if not any(key in spelled for key in named):
            continue  # reading it takes longer, and it can't have a key that is looked for
        keys = MigrationKeys.parse(text, name=name, platform=index.platform)
        if any(_shown(key, new, pinned.get(key, ()), specs, pins) for key, new in keys.configuration.values.items()):
            found.append(keys)
    return tuple(found)


def _named_by(specs: Collection[str], pins: Collection[str]) -> frozenset[str]:
    """Return the keys by which a migration can show in these specs, with `-` for `_`."""
    python = {"python"} if any(spec.startswith("python_abi ") for spec in specs) else set()
    return frozenset({*python, *(name.replace("_", "-") for name in pins if name != "python")})


def _newest(index: RecordIndex, name: str) -> list[Record]:
    records = index.group(name).records
    if not records:
        return []
    version, number = records[0].version, records[0].build_number
    return [record for record in records if (record.version, record.build_number) == (version, number)]


def _shown(
    key: str,
    new: Sequence[str],
    pinned: Sequence[str],
    specs: Collection[str],
    pins: Mapping[str, Sequence[VersionSpec]],
) -> bool:
    if key == "python":
        return any(f"python_abi {value}" in specs for value in new if value not in pinned)
    fresh = _versions(value for value in new if value not in pinned)
    old = _versions(pinned)
    on = (pin for name in {key, key.replace("_", "-")} for pin in pins.get(name, ()))
    return any(_allows(pin, fresh) and not _allows(pin, old) for pin in on)


def _versions(values: Iterable[str]) -> list[Version]:
    return [Version(value) for value in values if _VERSION.fullmatch(value)]


def _pins_of(specs: Iterable[str]) -> Mapping[str, Sequence[VersionSpec]]:
    """Return the versions that are requested, by package."""
    pins: dict[str, list[VersionSpec]] = {}
    for spec in map(parsed, specs):
        if spec is not None and spec.version is not None:
            pins.setdefault(spec.name.normalized, []).append(VersionSpec(str(spec.version)))
    return pins


def _allows(pin: VersionSpec, values: Iterable[Version]) -> bool:
    # A pin names a line: any release of it counts.
    return any(pin.matches(value) or pin.matches(Version(f"{value}.9999")) for value in values)

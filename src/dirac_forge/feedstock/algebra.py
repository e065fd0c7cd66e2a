"""What a migration makes of a configuration: CFEP-9's variant algebra (`key_add`, `key_remove`, and replacing pins)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from dirac_forge.feedstock.pinning import Configuration, ConfigurationError, parse_configuration
from dirac_forge.recipe.reading.yamlnodes import YamlError, compose, plain
from dirac_forge.values import dataclass

if TYPE_CHECKING:
    from rattler import Version


@dataclass(frozen=True, kw_only=True, slots=True)
class MigrationKeys:
    """The part of a migration that changes a configuration, for one platform."""

    name: str
    configuration: Configuration
    operation: str | None = None
    primary_key: str | None = None
    additional_zip_keys: tuple[str, ...] = ()
    ordering: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str, *, name: str, platform: str, build_platform: str | None = None) -> MigrationKeys:
        """Read them from a migration's YAML; raises ConfigurationError."""
        return _parse(text, name, platform, build_platform or platform)


@lru_cache(maxsize=1_024)
def _parse(text: str, name: str, platform: str, build_platform: str) -> MigrationKeys:
    path = f"{name}.yaml"
    configuration = parse_configuration(text, path=path, platform=platform, build_platform=build_platform, cuda=True)
    values = {key: texts for key, texts in configuration.values.items() if key != "migrator_ts"}
    try:
        whole = plain(compose(text))
    except YamlError as exc:
        raise ConfigurationError(f"{path}:{exc.line}: {exc.message}") from exc
    head = _mapping(_mapping(whole).get("__migrator"))
    return MigrationKeys(
        name=name,
        configuration=Configuration(values=values, zip_keys=configuration.zip_keys),
        operation=head.get("operation"),
        primary_key=head.get("primary_key"),
        additional_zip_keys=tuple(head.get("additional_zip_keys") or ()),
        ordering={
            key: tuple("None" if value is None else str(value) for value in values)
            for key, values in _mapping(head.get("ordering")).items()
            if isinstance(values, list)
        },
    )


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def migrated(configuration: Configuration, migration: MigrationKeys) -> Configuration:
    """Return `configuration` with the migration applied; one that concerns none of its keys changes nothing."""
    if migration.operation == "key_add":
        return _key_add(configuration, migration)
    if migration.operation == "key_remove":
        return _key_remove(configuration, migration)
    values = dict(configuration.values)
    for key, new in migration.configuration.values.items():
        values[key] = _newer(values.get(key, ()), new, migration.ordering.get(key))
    groups = list(configuration.zip_keys)
    for group in migration.configuration.zip_keys:
        groups = [other for other in groups if not set(other) <= set(group)]
        groups.append(group)
    return Configuration(values=values, zip_keys=tuple(groups))


def _newer(old: Sequence[str], new: Sequence[str], ordering: Sequence[str] | None) -> tuple[str, ...]:
    """Return the higher value in each place; what one list has more than the other stays."""
    if ordering is not None:
        longer = max(len(old), len(new))
        both = sorted({*old, *new}, key=lambda value: _place(value, ordering))
        return tuple(both[-longer:])
    common = min(len(old), len(new))
    chosen = [max(pair, key=_version) for pair in zip(old, new, strict=False)]
    return (*chosen, *old[common:], *new[common:])


def _place(value: str, ordering: Sequence[str]) -> int:
    return ordering.index(value) if value in ordering else -1


@lru_cache(maxsize=10_000)
def _version(text: str) -> tuple[int, Version | str]:
    from rattler import Version  # noqa: PLC0415  # 40 ms that a recipe without migrations does not need

    try:
        return 1, Version(text.replace(" ", ".").replace("*", "1"))
    except Exception:  # noqa: BLE001 — rattler's errors share no base class
        return 0, text


def _group(configuration: Configuration, key: str) -> tuple[str, ...]:
    return next((group for group in configuration.zip_keys if key in group), (key,))


def _key_add(configuration: Configuration, migration: MigrationKeys) -> Configuration:
    primary = migration.primary_key or ""
    new = migration.configuration.values
    if primary not in new or primary not in configuration.values:
        return configuration
    old_group = _group(configuration, primary)
    group = dict.fromkeys((*old_group, *migration.additional_zip_keys))
    members = [key for key in group if key in configuration.values or key in new]
    rows = _rows(configuration, migration, members)
    values = {**configuration.values, **dict(zip(members, zip(*rows, strict=True), strict=True))}
    groups = [other for other in configuration.zip_keys if other != old_group]
    return Configuration(values=values, zip_keys=(*groups, tuple(members)) if len(members) > 1 else tuple(groups))


def _rows(configuration: Configuration, migration: MigrationKeys, members: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the values of a group of keys, place by place, with those that the migration adds."""
    primary = migration.primary_key or ""
    new = migration.configuration.values
    count = len(configuration.values[primary])
    columns = {key: configuration.values.get(key, ("",)) for key in members}
    # A key that joins the group has one value so far: it holds for every place.
    columns = {key: texts * count if len(texts) == 1 else texts for key, texts in columns.items()}
    added = zip(*(_padded(new.get(key, columns[key]), len(new[primary])) for key in members), strict=True)
    rows = list(dict.fromkeys([*zip(*columns.values(), strict=False), *added]))
    ordering = migration.ordering.get(primary)
    if ordering:
        position = members.index(primary)
        rows.sort(key=lambda row: _place(row[position], ordering))
    return rows


def _padded(texts: tuple[str, ...], count: int) -> tuple[str, ...]:
    """Return the first values; the last one is repeated where there are fewer."""
    return (texts + texts[-1:] * count)[:count]


def _key_remove(configuration: Configuration, migration: MigrationKeys) -> Configuration:
    primary = migration.primary_key or ""
    gone = set(migration.configuration.values.get(primary, ()))
    if primary not in configuration.values or not gone:
        return configuration
    kept = [index for index, text in enumerate(configuration.values[primary]) if text not in gone]
    values = dict(configuration.values)
    for key in _group(configuration, primary):
        texts = values.get(key, ())
        if len(texts) == len(configuration.values[primary]):
            values[key] = tuple(texts[index] for index in kept)
    return Configuration(values=values, zip_keys=configuration.zip_keys)

"""A new migration file, written from the pinning."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rattler import Version
from rattler.exceptions import InvalidVersionError

from dirac_forge.errors import InputError
from dirac_forge.feedstock.pinning import Pinning
from dirac_forge.migration.schema import parse_migration
from dirac_forge.recipe.reading.yamlnodes import compose, line_of, pairs, plain
from dirac_forge.values import dataclass

_TOGETHER = "packages_to_migrate_together.yaml"
_VERSION = re.compile(r"[0-9][0-9A-Za-z.+_-]*")


@dataclass(frozen=True, kw_only=True, slots=True)
class NewMigration:
    """A migration file that is not written yet."""

    name: str
    text: str
    notes: tuple[str, ...] = ()


def new_migration(library: str, version: str, pinning: Pinning, *, timestamp: int) -> NewMigration:
    """Return the migration of `library` to `version`, with the keys that migrate together with it.

    `library` is a package or a key of the pinning. Its companions are those that the pinning lists in
    `migration_support/packages_to_migrate_together.yaml`; a library without a key (`libboost`) stands for all keys that
    begin with its name, if they have one version. `timestamp` is in seconds since 1970.

    Raises:
        InputError: the pinning has no such key, or the version is not a version or pinned already.
    """
    if not _VERSION.fullmatch(version):
        raise InputError(f"{version!r} is not a version", hint="Expected a version such as 4, 1.90 or 3.15.")
    keys = {key: _texts(value) for key, value in _mapping(pinning.text).items()}
    members = _members(library, keys, pinning)
    pinned = {text for key in members for text in keys[key]}
    if pinned == {version}:
        raise InputError(f"{library} is pinned to {version} already")
    name = f"{_key(library)}{''.join(re.findall('[0-9]+', version)[:2])}"
    lines = [
        "__migrator:",
        "  build_number: 1",
        f"  commit_message: Rebuild for {library} {version}",
        "  kind: version",
        "  migration_number: 1",
        *(line for key in members for line in (f"{key}:", f"- '{version}'")),
        f"migrator_ts: {timestamp}",
        "",
    ]
    text = "\n".join(lines)
    parse_migration(text, path=Path(f"{name}.yaml"))
    return NewMigration(name=name, text=text, notes=tuple(_notes(library, version, members, keys, pinning)))


def _key(package: str) -> str:
    return package.replace("-", "_").lower()


def _members(library: str, keys: Mapping[str, Sequence[str]], pinning: Pinning) -> list[str]:
    """Return the keys of the pinning that migrate together with a library; raises InputError if there are none."""
    wanted = _key(library)
    own = [wanted] if wanted in keys else _family(wanted, keys)
    groups = [group for group in _groups(pinning) if group.intersection(own)]
    members = [key for key in keys if key in own or any(key in group for group in groups)]
    if members:
        return members
    near = difflib.get_close_matches(wanted, keys, n=3, cutoff=0.7)
    hint = "A package that is not pinned needs no migration; a new key goes into the pinning first."
    raise InputError(
        f"{library} is not pinned: {pinning.path} has no key {wanted}",
        hint=f"Did you mean {' or '.join(near)}?" if near else hint,
    )


def _groups(pinning: Pinning) -> list[set[str]]:
    """Return the keys that the pinning migrates together, group by group."""
    groups = _mapping(pinning.support.get(_TOGETHER, ""))
    return [{key, *_texts(members)} for key, members in groups.items()]


def _family(wanted: str, keys: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the keys of packages that a library is split into: `libboost` has `libboost_devel`, `libboost_headers`."""
    family = [key for key in keys if key.startswith(f"{wanted}_")]
    return family if len({tuple(keys[key]) for key in family}) == 1 else []


def _notes(
    library: str, version: str, members: Sequence[str], keys: Mapping[str, Sequence[str]], pinning: Pinning
) -> Iterator[str]:
    for key, node, _ in pairs(compose(pinning.text)):
        if key in members:
            yield f"{pinning.path}:{line_of(node)}: {key} is {', '.join(keys[key])} now"
    for other, text in pinning.migrations.items():
        shared = sorted(set(members).intersection(_mapping(text)))
        if shared:
            yield f"the pinning has a migration of {', '.join(shared)} under way: {other}"
    newer = [text for key in members for text in keys[key] if _is_newer(text, version)]
    if newer:
        yield f"{library} is pinned to {newer[0]}, which is newer than {version}: this is a downgrade"


def _is_newer(pinned: str, version: str) -> bool:
    try:
        return Version(pinned.partition(" ")[0].removesuffix(".*")) > Version(version)
    except InvalidVersionError:
        return False


def _texts(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def _mapping(text: str) -> dict[str, object]:
    values = plain(compose(text))
    return values if isinstance(values, dict) else {}

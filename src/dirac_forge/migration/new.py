"""A new migration file, written from the pinning."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rattler import Version
from rattler.exceptions import InvalidVersionError

from dirac_forge.errors import InputError
from dirac_forge.feedstock.pinning import Pinning
from dirac_forge.migration.schema import parse_migration
from dirac_forge.recipe.reading.yamlnodes import compose, line_of, pairs, plain

__all__ = ["NewMigration", "new_migration"]

_VERSION = re.compile(r"[0-9][0-9A-Za-z.+_-]*")


@dataclass(frozen=True, kw_only=True, slots=True)
class NewMigration:
    """A migration file that is yet to be written."""

    name: str
    text: str
    notes: tuple[str, ...] = ()


def new_migration(library: str, version: str, pinning: Pinning, *, timestamp: int) -> NewMigration:
    """The migration of `library` to `version`, with the keys that the pinning changes together with it.

    `library` is a package or a key of the pinning; all keys of the pinning that have the same version now, and begin
    with its name or are zipped with it, move together (`libboost_devel` and `libboost_headers`). `timestamp` is in
    seconds since 1970. Raises InputError where the pinning has no such key, or
    the version is none or pinned already; an older version is a note.
    """
    if not _VERSION.fullmatch(version):
        raise InputError(f"{version} is no version", hint="Expected one like 4, 1.90 or 3.15.")
    values = plain(compose(pinning.text))
    keys = values if isinstance(values, dict) else {}
    wanted = library.replace("-", "_").lower()
    members = [key for key in keys if key == wanted] or _family(wanted, keys)
    if not members:
        near = difflib.get_close_matches(wanted, [str(key) for key in keys], n=3, cutoff=0.7)
        hint = "A package that nobody pins needs no migration; a new key goes into the pinning first."
        raise InputError(
            f"{library} is not pinned: {pinning.path} has no key {wanted}",
            hint=f"Did you mean {' or '.join(near)}?" if near else hint,
        )
    now = {key: _texts(keys[key]) for key in members}
    notes = [f"{pinning.path}:{line}: {key} is {', '.join(now[key])} now" for key, line in _lines(pinning, members)]
    for other, text in pinning.migrations.items():
        shared = set(members) & set(_keys_of(text))
        if shared:
            notes.append(f"the pinning has a migration of {', '.join(sorted(shared))} under way: {other}")
    if all(version in texts for texts in now.values()):
        raise InputError(f"{library} is pinned to {version} already")
    newer = [text for texts in now.values() for text in texts if _is_newer(text, version)]
    if newer:
        notes.append(f"{library} is pinned to {newer[0]}, which is newer than {version}: a step back")
    name = f"{wanted}{''.join(re.findall('[0-9]+', version)[:2])}"
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
    return NewMigration(name=name, text=text, notes=tuple(notes))


def _is_newer(pinned: str, version: str) -> bool:
    try:
        return Version(pinned.partition(" ")[0].removesuffix(".*")) > Version(version)
    except InvalidVersionError:
        return False


def _family(wanted: str, keys: Mapping[str, object]) -> list[str]:
    """Keys of packages that a library is split into: `libboost` has `libboost_devel` and `libboost_headers`."""
    found = [key for key in keys if key.startswith(f"{wanted}_")]
    versions = {tuple(_texts(keys[key])) for key in found}
    return found if len(versions) == 1 else []


def _texts(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def _lines(pinning: Pinning, members: Sequence[str]) -> list[tuple[str, int]]:
    return [(key, line_of(node)) for key, node, _ in pairs(compose(pinning.text)) if key in members]


def _keys_of(text: str) -> list[str]:
    return [key for key, _, _ in pairs(compose(text)) if not key.startswith("__")]

"""Findings that people have accepted, each with a reason, from a TOML file."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import get_args

from dirac_forge.audit.findings import Finding, FindingKind
from dirac_forge.errors import InputError
from dirac_forge.files import read_text, unreadable
from dirac_forge.untrusted import parse_toml
from dirac_forge.values import dataclass

_KEYS = ("package", "version", "kind", "dependency", "reason")
"""As they are written."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Accepted:
    """A finding that is left as it is; an empty field stands for any value."""

    package: str
    reason: str
    version: str = ""
    kind: str = ""
    dependency: str = ""

    def covers(self, finding: Finding) -> bool:
        """Whether the finding is meant."""
        pairs = (
            (self.package, finding.record.name),
            (self.version, finding.record.version),
            (self.kind, finding.kind),
            (self.dependency, finding.dependency),
        )
        return all(wanted in ("", value) for wanted, value in pairs)


def read_baseline(path: Path) -> tuple[Accepted, ...]:
    """Return the entries of `[[accepted]]` in a TOML file.

    Raises:
        InputError: the file can't be read, or an entry has an unknown key, or lacks `package` or `reason`.
    """
    try:
        document = parse_toml(read_text(path))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: can't be read: {unreadable(error)}") from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: not valid TOML: {error}") from error
    entries = document.get("accepted", [])
    if set(document) - {"accepted"} or not isinstance(entries, list):
        raise InputError(f"{path}: expected a list of [[accepted]] tables and nothing else")
    return tuple(_entry(entry, path, at) for at, entry in enumerate(entries, 1))


def _entry(entry: object, path: Path, at: int) -> Accepted:
    known = {field.name for field in fields(Accepted)}
    where = f"{path}: entry {at} of [[accepted]]"
    if not isinstance(entry, dict) or not all(isinstance(value, str) for value in entry.values()):
        raise InputError(f"{where}: expected strings for {', '.join(sorted(known))}")
    if unknown := sorted(set(entry) - known):
        raise InputError(f"{where}: unknown key {unknown[0]!r}", hint=f"Known keys: {', '.join(sorted(known))}.")
    if not entry.get("package") or not entry.get("reason"):
        raise InputError(f"{where}: `package` and `reason` are required")
    _require_possible(entry, where)
    return Accepted(**entry)


def _require_possible(entry: Mapping[str, str], where: str) -> None:
    """Raise InputError for an entry that covers no finding, whatever is found."""
    kind, version = entry.get("kind", ""), entry.get("version", "")
    if kind and kind not in (kinds := get_args(FindingKind)):
        raise InputError(f"{where}: unknown kind {kind!r}", hint=f"Known kinds: {', '.join(sorted(kinds))}.")
    if re.search(r"[<>=*, ]", version):
        raise InputError(f"{where}: version: expected one version, got {version!r}")


def accepting(finding: Finding, reason: str) -> Accepted:
    """Return the entry that accepts this finding about this version, and no other."""
    record = finding.record
    return Accepted(
        package=record.name,
        version=record.version,
        kind=finding.kind,
        dependency=finding.dependency,
        reason=reason,
    )


def baseline_text(entries: Iterable[Accepted]) -> str:
    """Return the entries as `[[accepted]]` tables of TOML, each once."""
    return "\n".join(map(_table, dict.fromkeys(entries)))


def _table(entry: Accepted) -> str:
    values = ((key, getattr(entry, key)) for key in _KEYS)
    lines = (f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in values if value)
    return "".join(("[[accepted]]\n", *lines))


def accepted_by(baseline: Iterable[Accepted], finding: Finding) -> Accepted | None:
    """Return the entry that covers the finding; None if there is none."""
    return next((entry for entry in baseline if entry.covers(finding)), None)

"""Records and files of repodata that the reader of repodata stumbles over, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rattler import PackageName, Version

from dirac_forge.files import read_bytes
from dirac_forge.untrusted import parse_json

_SHORT = 1000
"""Bytes of repodata that may have no record."""


def problem_of(entry: Any) -> str:
    """Return why the reader stumbles over this entry of repodata.json, or "" if it does not."""
    if not isinstance(entry, dict):
        return f"expected a mapping, not {type(entry).__name__}"
    wrong = next(_wrong_types(entry), "")
    if wrong:
        return wrong
    try:
        Version(entry["version"])
        PackageName(entry["name"])
    except Exception as exc:  # noqa: BLE001 - the exceptions of the parsers share no base
        return str(exc)
    return ""


def _wrong_types(entry: Mapping[str, Any]) -> Iterator[str]:
    expected: Sequence[tuple[str, type]] = (("name", str), ("version", str), ("build", str), ("build_number", int))
    for key, kind in expected:
        if not isinstance(entry.get(key), kind):
            yield f"{key}: expected {'an integer' if kind is int else 'a string'}, not {entry.get(key)!r}"
    for key in ("depends", "constrains"):
        value = entry.get(key) or []
        if not isinstance(value, list) or not all(isinstance(spec, str) for spec in value):
            yield f"{key}: expected a list of strings, not {value!r}"


class NoRepodataError(OSError):
    """A file is no repodata, in words for its user."""


def require_records(path: Path) -> None:
    """Raise NoRepodataError for no JSON object, or one without packages, as of a half-copied mirror."""
    with path.open("rb") as file:
        start = file.read(_SHORT).lstrip()
    if start and not start.startswith(b"{"):
        raise NoRepodataError("it is not a JSON object, so it is not repodata")
    if path.stat().st_size > _SHORT:
        return
    try:
        data = parse_json(read_bytes(path, most=_SHORT))
    except ValueError:
        return  # the reader of repodata says what is wrong
    if isinstance(data, dict) and not {"packages", "packages.conda", "info"} & data.keys():
        raise NoRepodataError("it lists no packages")


def plain_fault(path: Path, said: str) -> str:
    """Return in plain words what is wrong with repodata that its reader refuses, then in brackets what the reader said.

    How a file begins and ends tells one that is empty or cut off.
    """
    try:
        with path.open("rb") as file:
            start = file.read(_SHORT).strip()
            file.seek(max(0, path.stat().st_size - _SHORT))
            end = file.read(_SHORT).rstrip()
    except OSError:
        return said
    if not start and not end:
        return "it is empty"
    if not start.startswith(b"{"):
        return said
    if not end.endswith(b"}"):
        return f"it is cut off ({said})"
    return f"it is damaged, or not repodata ({said})"


def name_in(entry: object, file_name: str) -> str:
    """Return the name of a malformed record, from its file's name if it has none of its own."""
    name = entry.get("name") if isinstance(entry, dict) else None
    return (name if isinstance(name, str) and name else file_name.rsplit("-", 2)[0]).lower()

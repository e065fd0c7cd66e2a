"""Keys of pixi's manifests that change the solution: those that are not read are reported, never passed over.

The tables are those of https://pixi.prefix.dev/latest/reference/pixi_manifest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from dirac_forge.errors import InputError
from dirac_forge.untrusted import time_from

_FEATURE = frozenset(
    {
        "activation",
        "build-dependencies",
        "channel-priority",
        "channels",
        "dependencies",
        "host-dependencies",
        "platforms",
        "pypi-dependencies",
        "pypi-options",
        "system-requirements",
        "target",
        "tasks",
    }
)
_ROOT = _FEATURE | frozenset(
    {
        "$schema",
        "environments",
        "feature",
        "package",
        "project",
        "tool",
        "workspace",
    }
)
_WORKSPACE = frozenset(
    {
        "authors",
        "build-variants",
        "build-variants-files",
        "channel-priority",
        "channels",
        "conda-pypi-map",
        "description",
        "documentation",
        "exclude-newer",
        "homepage",
        "license",
        "license-file",
        "name",
        "platforms",
        "preview",
        "pypi-exclude-newer",
        "pypi-options",
        "readme",
        "repository",
        "requires-pixi",
        "s3-options",
        "target",
        "version",
    }
)
_ENVIRONMENT = frozenset({"features", "solve-group", "no-default-feature"})
_REQUIREMENTS = frozenset({"linux", "cuda", "macos", "libc"})
"""`archspec` is a requirement to pixi too, and is not applied here."""
UNREAD = " is not read, and may change what pixi would solve"
FIELDS = {
    "build-number": "build_number",
    "file-name": "fn",
    "license": "license",
    "md5": "md5",
    "sha256": "sha256",
    "subdir": "subdir",
}
"""Keys of a dependency to the fields of a spec, which are written in brackets."""
SPEC_KEYS = FIELDS.keys() | {"version", "build", "channel"}


def unread(root: Mapping[str, Any], workspace: Mapping[str, Any], path: Path) -> Iterator[str]:
    """Yield a note for each key of a manifest that is not read and may change the solution."""
    yield from _strange(root, _ROOT, "", path)
    yield from _strange(workspace, _WORKSPACE, "workspace.", path)
    yield from _strange(root.get("system-requirements"), _REQUIREMENTS, "system-requirements.", path)
    for name, environment in _tables(root.get("environments")):
        yield from _strange(environment, _ENVIRONMENT, f"environments.{name}.", path)
    for name, feature in _tables(root.get("feature")):
        yield from _strange(feature, _FEATURE, f"feature.{name}.", path)
        requirements = feature.get("system-requirements")
        yield from _strange(requirements, _REQUIREMENTS, f"feature.{name}.system-requirements.", path)


def _tables(value: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(value, Mapping):
        yield from ((name, one) for name, one in value.items() if isinstance(one, Mapping))


def _strange(table: Any, known: frozenset[str], above: str, path: Path) -> Iterator[str]:
    if isinstance(table, Mapping):
        for key in table:
            if key not in known:
                yield f"{path}: {above}{key}{UNREAD}"


def cutoff(workspace: Mapping[str, Any], path: Path) -> datetime | None:
    """Return the moment after which packages are left out (`exclude-newer`); a date means the end of that day, in UTC.

    Raises:
        InputError: it is not a date or a time: a duration, or a table of exemptions.
    """
    value = workspace.get("exclude-newer")
    if value is None:
        return None
    text = value if isinstance(value, str) else ""
    try:
        moment = time_from(text)
        day_only = "T" not in text and " " not in text.strip()
        moment = moment + timedelta(days=1) if day_only else moment
    except (ValueError, OverflowError) as error:
        raise InputError(
            f"{path}: workspace.exclude-newer: expected a date or a time, got {str(value)[:60]!r}; durations and "
            "tables of exemptions can't be solved here",
            hint="Write it as 2026-08-01 or 2026-08-01T12:00:00Z.",
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def require_strict(tables: Iterator[Mapping[str, Any]], path: Path) -> None:
    """Raise InputError if a manifest asks for another channel priority than the strict one."""
    for table in tables:
        value = table.get("channel-priority", "strict")
        if value != "strict":
            raise InputError(
                f"{path}: channel-priority = {str(value)[:40]!r}: only strict channel priority can be solved here",
                hint="Name one channel, or leave out channel-priority.",
            )

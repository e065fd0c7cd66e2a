"""Snapshots: the part of a channel that targets need, as the files of a channel folder."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

from rattler import RepoDataRecord

from dirac_forge.channel.index import RecordIndex
from dirac_forge.channel.records import Record, RunExports, name_of
from dirac_forge.channel.snapshot_file import ABOUT
from dirac_forge.untrusted import parse_json
from dirac_forge.values import dataclass

PINNING = "conda-forge-pinning"
"""The folder of a snapshot with the pinning: conda_build_config.yaml and migrations."""
_LEFT_OUT = frozenset({"fn", "url", "channel"})
_BULKY = frozenset({"md5", "sha256", "size", "license", "license_family", "legacy_bz2_md5", "legacy_bz2_size"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """The files of a channel folder, which any conda tool can read, by path."""

    files: Mapping[str, str]
    as_of: date
    """The day that the channel was read, or of its newest record if that is not known."""
    names: int
    records: int


def closure(index: RecordIndex, specs: Iterable[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the names of all packages that any record of these specs' packages may need, at any depth.

    First those that the channel has, then those that it does not have.

    Raises:
        ChannelUnknownError: a channel can't be read.
    """
    reached: set[str] = set()
    todo = {name for spec in specs if (name := name_of(spec))}
    while todo:
        reached |= todo
        index.prefetch(todo)
        todo = {name for name in _needed(index, todo) - reached if name and not name.startswith("__")}
    there = frozenset(name for name in reached if index.group(name).records)
    return there, frozenset(name for name in reached - there if index.gap(name) is None)


def _needed(index: RecordIndex, names: Iterable[str]) -> set[str]:
    """Return the names that any record of these packages depends on."""
    return {name_of(spec) for name in names for record in index.group(name).records for spec in record.depends}


def snapshot_of(
    indices: Mapping[str, RecordIndex],
    specs: Iterable[str],
    *,
    exports: Callable[[Record], RunExports | None],
    about: Mapping[str, object],
    today: date | None,
    compact: bool = False,
) -> Snapshot:
    """Return the snapshot of what `specs` need on the platforms of `indices`.

    `exports` gives the run_exports of a package, `today` is None if the channel's own day is not known. With
    `compact`, hashes, sizes and licences are left out: enough to plan and solve, not to install.

    Raises:
        ChannelUnknownError: a channel can't be read.
    """
    wanted = list(specs)
    repodata: dict[str, dict[str, RepoDataRecord]] = {"noarch": {}}
    run_exports: dict[str, dict[str, RunExports]] = {}
    names: set[str] = set()
    absent: dict[str, list[str]] = {}
    newest = 0
    for platform, index in indices.items():
        repodata.setdefault(platform, {})
        reached, lacking = closure(index, wanted)
        names |= reached
        absent[platform] = sorted(lacking)
        for record, raw in _listed(index, reached):
            listed = repodata.setdefault(record.subdir, {})
            if record.file in listed:
                continue
            listed[record.file] = raw
            newest = max(newest, record.timestamp or 0)
            found = exports(record)
            if found is not None:
                run_exports.setdefault(record.subdir, {})[record.file] = found
    as_of = today or datetime.fromtimestamp(newest / 1000, UTC).date()
    count = sum(map(len, repodata.values()))
    facts = {"as_of": as_of.isoformat(), "names": len(names), "records": count, **about, "absent": absent}
    files = {ABOUT: json.dumps(facts, indent=2) + "\n"}
    for subdir, records in repodata.items():
        entries = {file: _entry(raw, compact) for file, raw in sorted(records.items())}
        files[f"{subdir}/repodata.json"] = _channel_file(subdir, entries)
        exported = {file: {"run_exports": _exported(each)} for file, each in run_exports.get(subdir, {}).items()}
        files[f"{subdir}/run_exports.json"] = _channel_file(subdir, dict(sorted(exported.items())))
    return Snapshot(files=files, as_of=as_of, names=len(names), records=count)


def _listed(index: RecordIndex, names: Iterable[str]) -> Iterator[tuple[Record, RepoDataRecord]]:
    """Yield the records of packages that a channel lists, with the entries they were read from."""
    for group in map(index.group, names):
        for record, raw in zip(group.records, group.found, strict=True):
            if isinstance(raw, RepoDataRecord):
                yield record, raw


def _entry(raw: RepoDataRecord, compact: bool) -> dict[str, Any]:
    entry: dict[str, Any] = parse_json(raw.to_json())
    return {key: value for key, value in entry.items() if key not in _LEFT_OUT and not (compact and key in _BULKY)}


def _exported(found: RunExports) -> dict[str, list[str]]:
    kinds = ("weak", "strong", "noarch", "weak_constrains", "strong_constrains")
    return {kind: list(specs) for kind in kinds if (specs := getattr(found, kind))}


def _channel_file(subdir: str, entries: Mapping[str, object]) -> str:
    """Return repodata.json or run_exports.json, with .conda files apart from others, as both have it."""
    conda = {file: entry for file, entry in entries.items() if file.endswith(".conda")}
    others = {file: entry for file, entry in entries.items() if file not in conda}
    document = {"info": {"subdir": subdir}, "packages": others, "packages.conda": conda, "repodata_version": 1}
    return json.dumps(document, indent=1, sort_keys=True) + "\n"

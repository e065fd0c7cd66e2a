"""Locks as text: pixi.lock, conda-lock, explicit lists."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from rattler import LockChannel, LockFile, LockPlatform, PackageRecord, RepoDataRecord

from dirac_forge.channel.index import parsed
from dirac_forge.errors import InputError
from dirac_forge.yaml_text import yaml_text

Solved = Mapping[str, Mapping[str, Sequence[RepoDataRecord]]]
"""Environment to platform to the records of the solver."""
_MOST_NAMED = 3


def as_pixi_lock(solved: Solved, channels: Mapping[str, Sequence[str]], note: str = "") -> str:
    """Return pixi.lock's text, in the format that rattler writes, below a comment."""
    platforms = {platform: LockPlatform(platform) for each in solved.values() for platform in each}
    lock = LockFile(list(platforms.values()))
    for name, by_platform in solved.items():
        lock.set_channels(name, [LockChannel(url) for url in channels[name]])
        for platform, records in by_platform.items():
            for record in sorted(records, key=lambda each: each.name.normalized):
                lock.add_conda_package(name, platforms[platform], record)
    with tempfile.TemporaryDirectory(prefix="dirac-forge-") as folder:
        path = Path(folder) / "pixi.lock"
        lock.to_path(path)
        return (f"{note}\n" if note else "") + path.read_text(encoding="utf-8")


def as_explicit(records: Sequence[RepoDataRecord], platform: str, note: str = "") -> str:
    """Return an `@EXPLICIT` list with a comment, in an order in which the packages can be linked."""
    by_name = {record.name.normalized: record for record in records}
    ordered = PackageRecord.sort_topologically(list(records))
    lines = [_with_hash(by_name[record.name.normalized]) for record in ordered]
    return "\n".join([f"# platform: {platform}", *([note] if note else []), "@EXPLICIT", *lines, ""])


def _with_hash(record: RepoDataRecord) -> str:
    if record.md5:
        return f"{record.url}#{record.md5.hex()}"
    return f"{record.url}#sha256:{record.sha256.hex()}" if record.sha256 else record.url


def as_conda_lock(
    by_platform: Mapping[str, Sequence[RepoDataRecord]],
    channels: Sequence[str],
    specs: Mapping[str, Sequence[str]],
    source: str,
) -> str:
    """Return conda-lock's unified lock file, version 1, of one environment.

    Raises:
        InputError: a package has no MD5, which conda-lock wants of each.
    """
    without = sorted(
        {f"{record.subdir}/{record.file_name}" for found in by_platform.values() for record in found if not record.md5}
    )
    if without:
        more = f" and {len(without) - _MOST_NAMED} more" if len(without) > _MOST_NAMED else ""
        raise InputError(
            f"conda-lock's format needs the MD5 of each package, and the channel does not give it for {len(without)}: "
            f"{', '.join(without[:_MOST_NAMED])}{more}",
            hint="Use --format pixi or explicit.",
        )
    packages = [
        {
            "name": record.name.normalized,
            "version": str(record.version),
            "manager": "conda",
            "platform": platform,
            "dependencies": _dependencies(record.depends),
            "url": record.url,
            "hash": _hashes(record),
            "category": "main",
            "optional": False,
        }
        for platform, records in sorted(by_platform.items())
        for record in sorted(records, key=lambda each: each.name.normalized)
    ]
    document = {
        "version": 1,
        "metadata": {
            "content_hash": {platform: _content_hash(channels, specs[platform]) for platform in sorted(by_platform)},
            "channels": [{"url": url, "used_env_vars": []} for url in channels],
            "platforms": sorted(by_platform),
            "sources": [source],
        },
        "package": packages,
    }
    return yaml_text(document)


def _dependencies(depends: Sequence[str]) -> dict[str, str]:
    """Return name to what is required of it: conda-lock has one requirement of each package, repodata may have several.

    Versions are joined; where several requirements name builds, those of the first stay.
    """
    versions: dict[str, list[str]] = {}
    builds: dict[str, str] = {}
    for wanted in filter(None, map(parsed, depends)):
        name = wanted.name.normalized
        versions.setdefault(name, []).append(str(wanted.version or ""))
        builds.setdefault(name, str(wanted.build or ""))
    joined = {name: ",".join(dict.fromkeys(filter(None, each))) for name, each in versions.items()}
    return {name: f"{version or '*'} {builds[name]}" if builds[name] else version for name, version in joined.items()}


def _hashes(record: RepoDataRecord) -> dict[str, str]:
    found = {"md5": record.md5.hex() if record.md5 else "", "sha256": record.sha256.hex() if record.sha256 else ""}
    return {kind: digest for kind, digest in found.items() if digest}


def _content_hash(channels: Sequence[str], specs: Sequence[str]) -> str:
    """Return a hash of what was asked for, so that a lock shows whether its file has changed since."""
    return hashlib.sha256(json.dumps([list(channels), sorted(specs)]).encode()).hexdigest()

"""Whether the channel still has the files of a lock: a file that is gone, or that differs, can't be installed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Literal

from rattler import RepoDataRecord

from dirac_forge.channel.index import RecordIndex
from dirac_forge.channel.solver import Channel
from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class LostFile:
    """A locked file that the channel no longer has."""

    environment: str
    platform: str
    name: str
    file: str
    reason: Literal["gone", "other-hash"]
    """`other-hash`: the channel has another file of the same name, and what is locked can't be verified."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PatchedRecord:
    """A locked file that the channel still has, with other requirements: they were patched since."""

    environment: str
    platform: str
    name: str
    file: str
    added: tuple[str, ...]
    """Of `depends` and `constrains`, what the lock does not have."""
    removed: tuple[str, ...]


def lost_files(
    known: Mapping[tuple[str, str], Sequence[RepoDataRecord]],
    platforms: Mapping[str, Iterable[str]],
    channel_of: Callable[[str], Channel],
) -> tuple[LostFile, ...]:
    """Return the locked files that their channels no longer list, or list with another hash.

    Where the embedded snapshot answers for a channel, what that has is not known, and nothing is returned.

    Args:
        known: the locked records, by environment and platform.
        platforms: environment to the platforms that are looked at.
        channel_of: where the packages of an environment come from.

    Raises:
        UnknownError: a channel can't be read.
    """
    return tuple(
        LostFile(
            environment=environment,
            platform=platform,
            name=record.name.normalized,
            file=record.file_name,
            reason="gone" if found is None else "other-hash",
        )
        for environment, platform, record, found in _compared(known, platforms, channel_of)
        if found is None or not same_file(record, found)
    )


def patched_records(
    known: Mapping[tuple[str, str], Sequence[RepoDataRecord]],
    platforms: Mapping[str, Iterable[str]],
    channel_of: Callable[[str], Channel],
) -> tuple[PatchedRecord, ...]:
    """Return the locked files of which the channel lists other requirements than the lock; as `lost_files` else."""
    return tuple(
        PatchedRecord(
            environment=environment,
            platform=platform,
            name=record.name.normalized,
            file=record.file_name,
            added=tuple(each for each in now if each not in before),
            removed=tuple(each for each in before if each not in now),
        )
        for environment, platform, record, found in _compared(known, platforms, channel_of)
        if found is not None and same_file(record, found)
        for before, now in [(_requirements(record), _requirements(found))]
        if set(before) != set(now)
    )


def _requirements(record: RepoDataRecord) -> list[str]:
    return [*record.depends, *(f"constrains {spec}" for spec in record.constrains)]


def _compared(
    known: Mapping[tuple[str, str], Sequence[RepoDataRecord]],
    platforms: Mapping[str, Iterable[str]],
    channel_of: Callable[[str], Channel],
) -> Iterator[tuple[str, str, RepoDataRecord, RepoDataRecord | None]]:
    """Yield environment, platform, locked record, and the channel's record of the same file."""
    for environment, some in platforms.items():
        channel = channel_of(environment)
        for platform in some if channel.dated is None else ():
            records = known.get((environment, platform), ())
            listed = listed_files(records, channel.index(platform))
            for record in sorted(records, key=lambda each: each.name.normalized):
                yield environment, platform, record, listed.get((record.subdir, record.file_name))


def listed_files(records: Sequence[RepoDataRecord], index: RecordIndex) -> dict[tuple[str, str], RepoDataRecord]:
    """Return the channel's own records of the packages of these names, by subdir and file."""
    index.prefetch(record.name.normalized for record in records)
    return {
        (raw.subdir, raw.file_name): raw
        for name in {record.name.normalized for record in records}
        for raw in index.group(name).found
        if isinstance(raw, RepoDataRecord)
    }


def same_file(one: RepoDataRecord, other: RepoDataRecord) -> bool:
    """Whether two records of one name can be of the same file, as far as hashes that both have tell."""
    pairs = ((one.sha256, other.sha256), (one.md5, other.md5))
    return all(first == second for first, second in pairs if first and second)

"""The records of one platform by name, and which of them match a spec: what explanations are made from."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache, cached_property, lru_cache

from rattler import MatchSpec, PackageRecord, RepoDataRecord, Version

from dirac_forge.channel.embedded import EmbeddedFolder
from dirac_forge.channel.folder import Folder
from dirac_forge.channel.gap import Gap
from dirac_forge.channel.records import Record, shared_record, to_record
from dirac_forge.channel.sources import RecordSource
from dirac_forge.progress import Observer
from dirac_forge.values import dataclass


@dataclass(frozen=True, slots=True)
class HiddenGroup:
    """What a channel of lower priority has under a name; strict channel priority hides it."""

    channel: str
    found: tuple[RepoDataRecord, ...]

    def newest(self, wanted: MatchSpec) -> str:
        """Return the newest version that matches, or "" if none does."""
        versions = [Version(str(record.version)) for record in self.found if wanted.matches(record)]
        return str(max(versions)) if versions else ""


@dataclass(frozen=True)
class Group:
    """All records of one name, newest first."""

    name: str
    records: tuple[Record, ...]
    found: tuple[PackageRecord, ...]
    """The same, as the solver's values."""
    channel: str = ""
    """The channel that they come from."""
    hidden: tuple[HiddenGroup, ...] = ()
    """What channels of lower priority have under the name."""

    @cached_property
    def versions(self) -> tuple[str, ...]:
        """The versions, newest first, each once."""
        return tuple(dict.fromkeys(record.version for record in self.records))

    @property
    def everything(self) -> int:
        """The set of all records: bit i stands for `records[i]`."""
        return (1 << len(self.records)) - 1


class RecordIndex:
    """Records by name for one platform and noarch; sets of records are integers, bit i for the i-th record of the name.

    Filled as names are asked for; safe to use from many threads.
    """

    def __init__(
        self,
        platform: str,
        sources: Sequence[RecordSource],
        *,
        machine: Iterable[PackageRecord] = (),
        observer: Observer,
        base: RecordIndex | None = None,
        overlay: Iterable[RepoDataRecord] = (),
        until: datetime | None = None,
        known: dict[str, Record] | None = None,
    ) -> None:
        """Take `sources` in priority order, `machine` as virtual packages, `overlay` as records over those of `base`.

        With `until`, which goes without a `base`, records uploaded later are left out. `known` has by URL the records
        that indices of the same sources share: platforms have their noarch records in common.
        """
        self._known = known if known is not None else {}
        self.platform = platform
        self._sources = sources
        self._observer = observer
        self._base = base
        self.until = until
        """Records uploaded later are left out; None for all."""
        self._lock = threading.RLock()
        self._groups: dict[str, Group] = {}
        self._left_out: dict[str, list[RepoDataRecord]] = {}
        self._specs: dict[str, tuple[str, int]] = {}
        self._overlay: dict[str, list[RepoDataRecord]] = {}
        for record in overlay:
            self._overlay.setdefault(record.name.normalized, []).append(record)
        for package in machine:
            name = package.name.normalized
            self._groups[name] = Group(name, (_machine_record(package, platform),), (package,))

    def group(self, name: str) -> Group:
        """Return the records of this name; none if no channel has it, or for "", the name in an unparsable spec."""
        if not name:
            return Group("", (), ())
        found = self._groups.get(name)
        if found is None:
            self.prefetch([name])
            found = self._groups[name]
        return found

    def prefetch(self, names: Iterable[str]) -> None:
        """Load the groups of these names in one go.

        Raises:
            ChannelUnknownError: a channel can't be read.
        """
        with self._lock:
            missing = sorted({name for name in names if name and name not in self._groups})
            if not missing:
                return
            if self._base is not None:
                self._base.prefetch(missing)
                self._groups.update((name, self._over(name, self._base.group(name))) for name in missing)
            else:
                self._load(missing)

    def _load(self, names: list[str]) -> None:
        taken: dict[str, tuple[RecordSource, list[RepoDataRecord]]] = {}
        hidden: dict[str, list[HiddenGroup]] = {}
        for source in self._sources:
            later = self._later(source)
            wanted = [name for name in names if _NAME.fullmatch(name) and name not in later]
            for name, records in _by_name(source.load(self.platform, wanted)).items():
                if name in taken:
                    hidden.setdefault(name, []).append(HiddenGroup(source.label, tuple(records)))
                else:
                    uploaded = self._uploaded(records)
                    kept = usable(uploaded, source, self._observer)
                    taken[name] = (source, kept)
                    if len(kept) < len(uploaded):
                        ids = set(map(id, kept))
                        self._left_out[name] = [record for record in uploaded if id(record) not in ids]
        for name in names:
            if name in taken:
                source, records = taken[name]
                records = [*self._overlay.get(name, ()), *records]
                made = [shared_record(record, self._known) for record in records]
                group = _sorted(name, records, made)
                self._groups[name] = replace(group, channel=source.label, hidden=tuple(hidden.get(name, ())))
            else:
                self._groups[name] = _group(name, self._overlay[name]) if name in self._overlay else Group(name, (), ())

    def _later(self, source: RecordSource) -> frozenset[str]:
        """Return the names that a channel got after `until`: it hid none of another channel's then."""
        if self.until is None or not isinstance(source, Folder) or source is self._sources[-1]:
            return frozenset()
        return source.later(self.platform, self.until)

    def _uploaded(self, records: list[RepoDataRecord]) -> list[RepoDataRecord]:
        """Return the records that were there at `until`; one without a timestamp counts as old."""
        until = self.until
        if until is None:
            return records
        return [record for record in records if record.timestamp is None or record.timestamp <= until]

    def match(self, spec: str) -> tuple[str, int]:
        """Return the name that `spec` asks for and the set of its matching records; ("", 0) for an unparsable spec."""
        found = self._specs.get(spec)
        if found is None:
            found = self._specs[spec] = self._matched(spec)
        return found

    def matching(self, spec: str) -> Iterator[Record]:
        """Yield the records that match a spec, newest first."""
        name, mask = self.match(spec)
        if mask:
            yield from (record for at, record in enumerate(self.group(name).records) if mask >> at & 1)

    def newest(self, spec: str) -> Record | None:
        """Return the newest record that matches a spec."""
        return next(self.matching(spec), None)

    def _matched(self, spec: str) -> tuple[str, int]:
        wanted = parsed(spec)
        if wanted is None:
            return "", 0
        name = wanted.name.normalized
        if self._base is not None and name not in self._overlay:
            return self._base.match(spec)
        # rattler's own `matches` looks at the record alone, not at the channel that it comes from.
        home = self.place(wanted.channel.base_url) if wanted.channel is not None else None
        mask = 0
        for position, record in enumerate(self.group(name).found):
            if wanted.matches(record) and home in (None, getattr(record, "channel", None)):
                mask |= 1 << position
        return name, mask

    def place(self, url: str) -> str:
        """Return the URL that records of a channel have here: a snapshot of it answers for a channel that is not."""
        return placed(self._sources, url)

    def names(self) -> frozenset[str]:
        """Return all names that there are for this platform."""
        found = frozenset(self._overlay)
        if self._base is not None:
            return found | self._base.names()
        return found.union(*(source.names(self.platform) for source in self._sources))

    def leaves_out(self, name: str, specs: Iterable[str] = ()) -> bool:
        """Whether builds of a package that may match these specs are left out because their records are malformed."""
        if self._base is not None:
            return self._base.leaves_out(name, specs)
        group = self.group(name)
        wanted = [spec for spec in map(parsed, specs) if spec is not None]
        if any(all(spec.matches(record) for spec in wanted) for record in self._left_out.get(name, ())):
            return True
        for source in self._sources:
            if isinstance(source, Folder) and name in source.left_out(self.platform):
                return True
            if source.label == group.channel:  # what channels below it have does not count
                break
        return False

    def removed(self, name: str) -> tuple[tuple[str, str], ...]:
        """Return version and build of what the channels removed of this package."""
        if self._base is not None:
            return self._base.removed(name)
        return tuple(entry for source in self._sources for entry in source.removed(self.platform, name))

    def gap(self, name: str) -> Gap | None:
        """Return the gap if a part of a channel lacks a package, or versions of one: the channel may have more of it.

        Only the embedded snapshot lacks versions; what was uploaded by `until` it has, of the packages that it has.
        """
        if self._base is not None:
            return self._base.gap(name)
        group = self.group(name)
        if not group.channel:
            gaps = (source.gap(self.platform, name) for source in self._sources)
            return next((gap for gap in gaps if gap is not None), None)
        embedded = (source for source in self._sources if isinstance(source, EmbeddedFolder))
        source = next((source for source in embedded if source.label == group.channel), None)
        has_all = source is None or (self.until is not None and self.until.date() <= source.as_of)
        return None if source is None or has_all else source.part_of

    def _over(self, name: str, below: Group) -> Group:
        records = self._overlay.get(name)
        if not records:
            return below
        merged = _group(name, records)
        above = _sorted(name, [*merged.found, *below.found], [*merged.records, *below.records])
        return replace(above, channel=below.channel, hidden=below.hidden)


_NAME = re.compile(r"(?!__)[0-9A-Za-z_.-]+")
"""What a channel may have; `__glibc` and the like are the machine's, and any other name is nowhere."""


@cache
def parsed(spec: str) -> MatchSpec | None:
    """Return the parsed spec, or None if it can't be parsed."""
    try:
        return MatchSpec(spec)
    except Exception:  # noqa: BLE001 - the exceptions of the parsers share no base
        return None


def usable(records: list[RepoDataRecord], source: RecordSource, observer: Observer) -> list[RepoDataRecord]:
    """Return the records whose specs can all be parsed; the solver skips the others silently, so each is a warning."""
    kept = []
    for record in records:
        bad = [spec for spec in (*record.depends, *record.constrains) if parsed(spec) is None]
        if bad:
            place = source.folder / record.subdir / "repodata.json" if isinstance(source, Folder) else source.label
            observer.warned(f"{place}: {record.file_name} is left out: the spec {bad[0]!r} can't be parsed")
        else:
            kept.append(record)
    return kept


def placed(sources: Sequence[RecordSource], url: str) -> str:
    """Return the URL of the source that answers for a channel: its own, else its snapshot's."""
    if any(source.channel.base_url == url for source in sources):
        return url
    snapshots = (one.channel.base_url for one in sources if isinstance(one, Folder) and one.stands_for == url)
    return next(snapshots, url)


def _by_name(records: list[RepoDataRecord]) -> dict[str, list[RepoDataRecord]]:
    found: dict[str, list[RepoDataRecord]] = {}
    for record in records:
        found.setdefault(record.name.normalized, []).append(record)
    return found


def _group(name: str, records: list[RepoDataRecord]) -> Group:
    return _sorted(name, list(records), [to_record(record) for record in records])


def _sorted(name: str, found: Sequence[PackageRecord], records: list[Record]) -> Group:
    versions = {record.version: _version(record.version) for record in records}
    order = sorted(
        range(len(records)),
        key=lambda at: (versions[records[at].version], records[at].build_number, records[at].timestamp or 0),
        reverse=True,
    )
    return Group(name, tuple(records[at] for at in order), tuple(found[at] for at in order))


_version = lru_cache(maxsize=50_000)(Version)


def _machine_record(package: PackageRecord, platform: str) -> Record:
    name, version = package.name.normalized, str(package.version)
    return Record(name=name, version=version, build=str(package.build), subdir=platform)

"""What the channels have, to tell how requirements stand; solving is done elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from functools import cmp_to_key
from pathlib import Path

from rattler import PackageName, RepoDataRecord, Version
from rattler.exceptions import InvalidPackageNameError

from dirac_forge.channel.embedded import EmbeddedFolder
from dirac_forge.channel.folder import Folder
from dirac_forge.channel.index import usable
from dirac_forge.channel.listing import Availability, Listing, PackageInfo, availability, matches
from dirac_forge.channel.repodata import RecordSource, Sources
from dirac_forge.errors import UnknownError
from dirac_forge.progress import Observer, Silent


class RattlerCatalogue:
    """Channels in the order of their priority, read with py-rattler; every name is asked for once.

    A channel that can't be read is warned about once, and not asked again: what it may have stays unknown. Safe to use
    from many threads.
    """

    def __init__(
        self, sources: Sequence[RecordSource], platforms: Sequence[str], *, observer: Observer | None = None
    ) -> None:
        """Look at `platforms`, conda's subdirs (`linux-64`), and always at noarch."""
        self._sources = tuple(sources)
        self._platforms = tuple(platforms) or ("noarch",)
        self._observer = observer or Silent()
        self._lock = threading.Lock()
        self._known: dict[str, PackageInfo | None] = {}
        self._unread: dict[str, None] = {}
        self._torn: set[str] = set()
        self._as_of = next((source.as_of for source in self._sources if isinstance(source, EmbeddedFolder)), None)
        self._part = any(isinstance(source, Folder) and source.snapshot.part for source in self._sources)

    @classmethod
    def open(
        cls,
        channels: Sequence[str | Path],
        platforms: Sequence[str],
        *,
        offline: bool = False,
        cache_dir: Path | None = None,
        reachable: Callable[[str], bool] | None = None,
        observer: Observer | None = None,
        embedded_dir: Path | None = None,
    ) -> RattlerCatalogue:
        """Return a catalogue of channels, given by name, URL or folder.

        `offline`: of remote ones only what py-rattler's cache (in `cache_dir`) has; `reachable` returns within seconds
        whether a URL's host answers (`Http.reachable`); `embedded_dir` see `Sources`.
        Raises `InputError` if a folder is missing or no channel.
        """
        watcher = observer or Silent()
        opening = Sources(
            observer=watcher, cache_dir=cache_dir, offline=offline, reachable=reachable, embedded_dir=embedded_dir
        )
        return cls(opening.open(channels), platforms, observer=watcher)

    @property
    def local(self) -> bool:
        """Whether all channels are folders, as snapshots are."""
        return all(isinstance(source, Folder) for source in self._sources)

    def info(self, names: Iterable[str]) -> Listing:
        """See `Catalogue`."""
        wanted = list(dict.fromkeys(names))
        with self._lock:
            self._ask([name for name in wanted if name not in self._known])
            found = {name: info for name in wanted if (info := self._known[name]) is not None}
            return Listing(
                packages=found,
                unread=tuple(self._unread),
                as_of=self._as_of,
                part=self._part,
                torn=frozenset(self._torn.intersection(wanted)),
            )

    def satisfies(self, name: str, spec: str) -> bool:
        """See `Catalogue`; raises `InputError` if the spec is none."""
        found = self.info([name]).get(name)
        return found is not None and matches(found, spec)

    def status(self, name: str, spec: str) -> Availability:
        """See `Catalogue`; raises `InputError` if the spec is none."""
        return availability(self.info([name]), name, spec)

    def _ask(self, names: list[str]) -> None:
        """Fill `_known` for names that were not asked for yet."""
        valid = [name for name in names if _is_name(name)]
        self._known.update(dict.fromkeys(names))
        for source in self._sources:
            # The first channel that has a name is the one that counts: strict channel priority.
            open_names = [name for name in valid if self._known[name] is None and name not in self._torn]
            if not open_names or source.label in self._unread:
                continue
            try:
                records = self._load(source, open_names)
            except UnknownError as exc:
                self._unread[source.label] = None
                self._observer.warned(f"{exc.message}: what it has is unknown")
                continue
            self._known.update(self._packages(records, source))
            if isinstance(source, Folder):
                left_out = frozenset[str]().union(*map(source.left_out, self._platforms))
                self._torn |= left_out.intersection(open_names)

    def _load(self, source: RecordSource, names: list[str]) -> list[RepoDataRecord]:
        first, *others = self._platforms
        found = source.load(first, names)
        for platform in others:
            found += source.load(platform, names, noarch=False)
        return found

    def _packages(self, records: Iterable[RepoDataRecord], source: RecordSource) -> dict[str, PackageInfo]:
        grouped: dict[str, list[RepoDataRecord]] = {}
        for record in records:
            grouped.setdefault(record.name.normalized, []).append(record)
        found = ((name, self._package(name, group, source)) for name, group in grouped.items())
        return {name: package for name, package in found if package is not None}

    def _package(self, name: str, records: list[RepoDataRecord], source: RecordSource) -> PackageInfo | None:
        by_version: dict[str, list[RepoDataRecord]] = {}
        for record in records:
            by_version.setdefault(str(record.version), []).append(record)
        order = sorted(((Version(version), version) for version in by_version), key=cmp_to_key(_compare), reverse=True)
        versions = [version for _, version in order]
        while versions:
            # Looking at the newest alone is cheap, and what a solver can't install must not pass for the newest.
            kept = usable(by_version[versions[0]], source, self._observer)
            if kept:
                return PackageInfo(
                    name=name,
                    versions=tuple(versions),
                    python=any(_is_python(record) for record in kept),
                    channel=source.label,
                    depends=_common_depends(kept),
                )
            self._torn.add(name)
            del versions[0]
        return None


def _common_depends(records: list[RepoDataRecord]) -> tuple[str, ...]:
    """Return the requirements whose names all builds share; those of the highest build number count."""
    newest = max(record.build_number for record in records)
    depends = [[spec for spec in record.depends if spec] for record in records if record.build_number == newest]
    common = set.intersection(*({spec.split()[0] for spec in specs} for specs in depends))
    return tuple(spec for spec in depends[0] if spec.split()[0] in common)


def _compare(one: tuple[Version, str], other: tuple[Version, str]) -> int:
    # Spellings of one version (1.0, 1.0.0) are equal in conda's order: the text decides, so that the order is one.
    return 1 if one[0] > other[0] else -1 if one[0] < other[0] else (one[1] > other[1]) - (one[1] < other[1])


def _is_python(record: RepoDataRecord) -> bool:
    """Whether a build is of Python code: noarch python, or with Python in its requirements."""
    return record.noarch.python or any(spec.split()[0] in {"python", "python_abi"} for spec in record.depends if spec)


def _is_name(name: str) -> bool:
    try:
        PackageName(name)
    except InvalidPackageNameError:
        return False
    return True

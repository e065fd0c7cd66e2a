"""A channel, or several in priority order: loaded once, solved many times, with records laid over it at no cost."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

from rattler import (
    Gateway,
    MatchSpec,
    RepoDataRecord,
)
from rattler.exceptions import GatewayError

from dirac_forge.channel.embedded import CONDA_FORGE, EmbeddedFolder
from dirac_forge.channel.engine import SolverQuestion
from dirac_forge.channel.index import RecordIndex, placed, usable
from dirac_forge.channel.overlay import Overlay, identity
from dirac_forge.channel.records import Record, RunExports, shared_record
from dirac_forge.channel.repodata import Folder, Remote, Sources
from dirac_forge.channel.snapshot_file import SnapshotEnd
from dirac_forge.channel.solutions import NoSolution, Solution, parse_spec
from dirac_forge.channel.solve_cache import Answers
from dirac_forge.channel.tiers import failure, overlays_of, tiers_of
from dirac_forge.channel.virtual import VirtualPackage, known_platform, machine_record, to_rattler, virtual_packages
from dirac_forge.errors import InputError, redact
from dirac_forge.progress import Observer, Silent
from dirac_forge.store import Store

_CHANNEL = re.compile(r'channel="[^"]*"')

__all__ = ["Channel", "NoSolution", "Solution", "parse_spec"]


class Channel:
    """Channels in priority order (strict: a name comes from the first that has it); safe to use from many threads."""

    def __init__(
        self,
        sources: Sequence[Folder | Remote],
        *,
        gateway: Callable[[], Gateway],
        machines: Mapping[str, Mapping[str, str]],
        observer: Observer,
        limit: timedelta = timedelta(seconds=120),
        answers: Answers | None = None,
    ) -> None:
        """See `Channel.open`, which most callers want; `limit` is for one solve, `answers` were found earlier."""
        self.sources = tuple(sources)
        self._gateway = gateway
        self._machines = machines
        self._observer = observer
        self._limit = limit
        self._answers = answers
        self._lock = threading.RLock()
        self._indices: dict[str, RecordIndex] = {}
        self._scanned: set[tuple[str, str]] = set()
        self._known: dict[str, Record] = {}
        self._base: Channel | None = None
        self._overlay: Overlay | None = None
        self._parts: dict[str, Mapping[int, Overlay]] = {}
        self._as_of: datetime | None = None
        self._preferred: tuple[RepoDataRecord, ...] = ()

    @classmethod
    def open(
        cls,
        channels: Sequence[str],
        *,
        machines: Mapping[str, Mapping[str, str]] | None = None,
        observer: Observer | None = None,
        cache_dir: Path | None = None,
        store: Store | None = None,
        offline: bool = False,
        reachable: Callable[[str], bool] | None = None,
        timeout: int = 60,
        retries: int = 2,
        patience: float = 120.0,
        embedded_dir: Path | None = None,
    ) -> Channel:
        """Open channels: folders (snapshots), URLs, names on conda.anaconda.org.

        Args:
            channels: in priority order.
            machines: by platform, virtual packages that differ from conda-forge's floor (see `virtual_packages`).
            observer: who watches downloads and hears warnings.
            cache_dir: for downloaded repodata; None shares the cache of pixi and rattler-build.
            store: keeps the run_exports of remote packages, and what was solved if all channels are folders.
            offline: use only what the cache has.
            reachable: asks, once, whether a URL's host answers; None goes straight to the channel.
            timeout: seconds for one request.
            retries: how often a request that failed is made again.
            patience: seconds for one question to a remote channel, all tries together.
            embedded_dir: where the embedded snapshot is unpacked, which answers if conda-forge can't be reached.

        Raises:
            InputError: a folder without a channel, or a text that names none.
        """
        if not channels:
            raise InputError("no channel is given", hint="Give --channel, or `channels` in [tool.dirac-forge].")
        watcher = observer or Silent()
        opening = Sources(
            observer=watcher,
            cache_dir=cache_dir,
            store=store,
            offline=offline,
            reachable=reachable,
            timeout=timeout,
            retries=retries,
            patience=patience,
            embedded_dir=embedded_dir,
        )
        sources = opening.open(channels)
        folders = [source for source in sources if isinstance(source, Folder)]
        answers = Answers(store, folders) if store is not None and len(folders) == len(sources) else None
        return cls(sources, gateway=opening.gateway, machines=machines or {}, observer=watcher, answers=answers)

    def overlaid(self, records: Iterable[Record]) -> Channel:
        """Return the same channel as if these packages were uploaded too; nothing is loaded again.

        A record joins the channel that has its name already (else the first), so older builds stay visible.

        Raises:
            InputError: a record that repodata can't hold.
        """
        return self._view(overlay=Overlay((*records, *self.overlay)))

    def as_of(self, moment: datetime) -> Channel:
        """Return the same channel as it was at `moment`: solves and the index have nothing uploaded later.

        Records without a timestamp count as old. Of a channel as it was earlier still, nothing comes back.
        """
        return self._view(as_of=min(moment, self._as_of) if self._as_of is not None else moment)

    def preferring(self, records: Sequence[RepoDataRecord]) -> Channel:
        """Return the same channel, solved so that these records stay unless something that is requested forbids it."""
        return self._view(preferred=tuple(records))

    def _view(
        self,
        *,
        overlay: Overlay | None = None,
        as_of: datetime | None = None,
        preferred: tuple[RepoDataRecord, ...] = (),
    ) -> Channel:
        """Return the same channel, which differs in what is given."""
        view = Channel(
            self.sources,
            gateway=self._gateway,
            machines=self._machines,
            observer=self._observer,
            limit=self._limit,
            answers=self._answers,
        )
        view._base = self._base or self
        view._overlay = overlay or self._overlay
        view._as_of = as_of or self._as_of
        view._preferred = preferred or self._preferred
        view._scanned = self._scanned
        view._known = self._known
        return view

    def raw(self, platform: str, records: Sequence[Record]) -> tuple[RepoDataRecord, ...]:
        """Return the solver's own values of records that the channel has, with hashes, sizes and URLs."""
        index = self.index(platform)
        index.prefetch(record.name for record in records)
        found = []
        for record in records:
            group = index.group(record.name)
            found += [raw for mine, raw in zip(group.records, group.found, strict=True) if mine == record][:1]
        return tuple(raw for raw in found if isinstance(raw, RepoDataRecord))

    def below(self, folder: Path) -> Channel:
        """Return the same channels with the one in `folder`, as it is now, before them.

        Raises:
            InputError: the folder is not a channel.
        """
        first = Folder(folder, observer=self._observer)
        first.read_sparsely()  # the gateway would go on with what it read of the folder for an earlier view
        return Channel(
            [first, *self.sources],
            gateway=self._gateway,
            machines=self._machines,
            observer=self._observer,
            limit=self._limit,
        )

    def on_machine(self, platform: str, packages: Mapping[str, str]) -> Channel:
        """Return the same channel for a machine with other virtual packages; see `virtual_packages`.

        Raises:
            InputError: a package that is not a virtual one.
        """
        # An index holds the virtual packages of its machine, so that views of different machines share none.
        view = Channel(
            self.sources,
            gateway=self._gateway,
            machines={**self._machines, platform: {**self._machines.get(platform, {}), **packages}},
            observer=self._observer,
            limit=self._limit,
            answers=self._answers,
        )
        view._known = self._known
        view = view.as_of(self._as_of) if self._as_of is not None else view
        view = view.preferring(self._preferred) if self._preferred else view
        return view.overlaid(self.overlay) if self.overlay else view

    @property
    def overlay(self) -> tuple[Record, ...]:
        """The records that lie over the channel."""
        return self._overlay.records if self._overlay else ()

    def machine(self, platform: str) -> tuple[VirtualPackage, ...]:
        """Return the virtual packages of a machine with this platform."""
        return virtual_packages(platform, self._machines.get(platform))

    def solve(self, specs: Sequence[str], *, platform: str, required: Sequence[Record] = ()) -> Solution | NoSolution:
        """Install `specs` together, on a machine with `platform`.

        `required` are records of the overlay that must be part of it, by exact version, build and hash: without that a
        solver asked for the target alone falls back to the old build and says yes.

        Raises:
            InputError: a spec or platform that is none.
            UnknownError: a channel can't be read, or the solver ran out of time.
        """
        known_platform(platform)
        wanted = [self._placed(parse_spec(spec)) for spec in specs]
        wanted += [
            MatchSpec(f'{record.name}[version="=={record.version}",build="{record.build}",sha256={identity(record)}]')
            for record in required
        ]
        found = self._answered(wanted, platform)
        if isinstance(found, Solution):
            self._scan(platform, found)
        return found

    def _placed(self, spec: MatchSpec) -> MatchSpec:
        """Return a spec that names a channel with the URL of the snapshot that answers for it, if there is one."""
        if spec.channel is None:
            return spec
        url = placed(self.sources, spec.channel.base_url)
        return MatchSpec(_CHANNEL.sub(lambda _: f'channel="{url}"', spec.to_canonical_string()))

    def _answered(self, wanted: list[MatchSpec], platform: str) -> Solution | NoSolution:
        """Return the answer that was kept of an earlier run, else the solver's, which is then kept."""
        if self._answers is None or not self._answers.are_kept(platform):
            return self._solve(wanted, platform)
        key = self._answers.key(platform, self._question(wanted, platform))
        known = self._answers.get(key)
        if known is not None:
            return NoSolution(text=known) if isinstance(known, str) else Solution(packages=known)
        found = self._solve(wanted, platform)
        if self._answers.are_kept(platform):
            self._answers.put(key, found.packages if isinstance(found, Solution) else found.text)
        return found

    def _question(self, wanted: Sequence[MatchSpec], platform: str) -> Iterator[str]:
        """Yield all that decides an answer, but for the channels themselves."""
        yield from (spec.to_canonical_string() for spec in wanted)
        yield "machine"
        yield from map(str, self.machine(platform))
        yield "overlay"
        yield from self._overlay.identities(platform) if self._overlay else ()
        if self._as_of is not None:
            yield f"as of {self._as_of.isoformat()}, channel priority too"
        if self._preferred:
            yield "preferred"
            yield from (f"{record.url} {record.to_json()}" for record in self._preferred)

    def index(self, platform: str) -> RecordIndex:
        """Return the records of `platform`, to be looked at one name at a time."""
        with self._lock:
            if platform not in self._indices:
                # The groups of the base hold its machine's virtual packages, and its answers to specs rest on them.
                same = self._base is not None and self._base.machine(platform) == self.machine(platform)
                base = self._base.index(platform) if self._base is not None and same and not self._as_of else None
                self._indices[platform] = RecordIndex(
                    platform,
                    self.sources,
                    machine=[machine_record(package) for package in self.machine(platform)],
                    observer=self._observer,
                    base=base,
                    overlay=self._overlay.load(platform) if self._overlay else (),
                    until=self._as_of,
                    known=self._known,
                )
            return self._indices[platform]

    def platforms(self) -> tuple[str, ...]:
        """Return the platforms that there may be packages for."""
        return tuple(sorted({platform for source in self.sources for platform in source.platforms()}))

    @property
    def dated(self) -> date | None:
        """The day of the embedded snapshot if that answers for conda-forge, else None."""
        return next((source.as_of for source in self.sources if isinstance(source, EmbeddedFolder)), None)

    @property
    def end(self) -> SnapshotEnd | None:
        """The snapshot among the channels that ends first: later uploads are in none of its answers."""
        ends = [
            SnapshotEnd(day=day, folder="" if isinstance(source, EmbeddedFolder) else source.label)
            for source in self.sources
            if isinstance(source, Folder) and (day := source.snapshot.day) is not None
        ]
        return min(ends, key=lambda end: end.day, default=None)

    @property
    def part(self) -> bool:
        """Whether one of the channels is a snapshot of what some targets need."""
        return any(isinstance(source, Folder) and source.snapshot.part for source in self.sources)

    @property
    def urls(self) -> tuple[str, ...]:
        """The channels' URLs in priority order; conda-forge's if the embedded snapshot answers for it."""
        return tuple(
            CONDA_FORGE if isinstance(source, EmbeddedFolder) else source.channel.base_url for source in self.sources
        )

    @property
    def snapshots(self) -> dict[str, str]:
        """URL to folder of each snapshot among the channels, which has no package files; "" for the embedded one."""
        return {
            source.channel.base_url: "" if isinstance(source, EmbeddedFolder) else source.label
            for source in self.sources
            if isinstance(source, Folder) and source.snapshot.day is not None
        }

    @property
    def remote(self) -> bool:
        """Whether some of it is behind a network."""
        return any(isinstance(source, Remote) for source in self.sources)

    def run_exports(self, record: Record) -> RunExports | None:
        """Return what a package of the channel exports, or None if that is not known."""
        found = (
            source.run_exports(record) for source in self.sources if redact(source.channel.base_url) == record.channel
        )
        return next((exports for exports in found if exports is not None), None)

    def _solve(self, wanted: list[MatchSpec], platform: str) -> Solution | NoSolution:
        folders = [source for source in self.sources if isinstance(source, Folder)]
        before = [folder.reading for folder in folders]
        try:
            return self._run(wanted, platform)
        except OSError as exc:
            for folder in folders:
                folder.repair(platform)
            if [folder.reading for folder in folders] == before:
                raise folders[0].broken(platform, exc) if folders else failure((), platform, exc) from exc
        except GatewayError as exc:
            for folder in folders:
                folder.read_sparsely()
            if [folder.reading for folder in folders] == before:
                raise failure(self.sources, platform, exc) from exc
        return self._solve(wanted, platform)

    def _run(self, wanted: list[MatchSpec], platform: str) -> Solution | NoSolution:
        question = SolverQuestion(
            wanted=wanted,
            platform=platform,
            tiers=tiers_of(self.sources, platform, overlays=self._overlays(platform), as_of=self._as_of),
            local=all(isinstance(source, Folder) for source in self.sources),
            machine=[to_rattler(package) for package in self.machine(platform)],
            limit=self._limit,
            preferred=self._preferred,
            as_of=self._as_of,
        )
        found = question.answer(self._gateway)
        if isinstance(found, NoSolution):
            return found
        ours = (shared_record(record, self._known) for record in found)
        return Solution(packages=tuple(sorted(ours, key=lambda record: record.name)))

    def _overlays(self, platform: str) -> Mapping[int, Overlay]:
        """Return what lies over each channel, by its position; found out once."""
        if self._overlay is None:
            return {}
        if platform not in self._parts:
            self._parts[platform] = overlays_of(self.sources, platform, self._overlay)
        return self._parts[platform]

    def _scan(self, platform: str, found: Solution) -> None:
        """Warn of records that the solver passed over because of a malformed spec, where it took an older one instead.

        Each name is looked at once.
        """
        with self._lock:
            fresh = {
                subdir: [record for record in found.packages if (subdir, record.name) not in self._scanned]
                for subdir in (platform, "noarch")
            }
            self._scanned.update((subdir, record.name) for subdir, records in fresh.items() for record in records)
        for source in self.sources:
            for subdir, records in fresh.items():
                newer = [MatchSpec(f"{record.name} >={record.version}") for record in records]
                usable(source.matching(subdir, newer), source, self._observer)

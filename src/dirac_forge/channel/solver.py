"""A channel, or several in priority order: loaded once, solved many times, with records laid over it at no cost."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field, replace
from datetime import date, datetime
from pathlib import Path

from rattler import Gateway, MatchSpec, RepoDataRecord

from dirac_forge.channel.answering import Answering, View
from dirac_forge.channel.embedded import CONDA_FORGE, EmbeddedFolder
from dirac_forge.channel.gap import Gap
from dirac_forge.channel.index import RecordIndex, placed, usable
from dirac_forge.channel.overlay import Overlay, identity
from dirac_forge.channel.pythons import PythonBuild, python_build
from dirac_forge.channel.records import Record, RunExports
from dirac_forge.channel.repodata import Folder, Remote, Sources
from dirac_forge.channel.snapshot_file import SnapshotEnd
from dirac_forge.channel.solutions import NoSolution, Solution, parse_spec
from dirac_forge.channel.solve_cache import Answers
from dirac_forge.channel.virtual import VirtualPackage, known_platform, machine_record
from dirac_forge.errors import InputError, redact
from dirac_forge.progress import Observer, Silent
from dirac_forge.store import Store
from dirac_forge.values import dataclass

_CHANNEL = re.compile(r'channel="[^"]*"')

__all__ = ["Channel", "NoSolution", "Solution", "parse_spec"]


@dataclass(frozen=True, slots=True)
class _Shared:
    """What all views of the same channels have in common."""

    whole: Channel
    """The view with nothing laid over it."""
    known: dict[str, Record] = field(default_factory=dict)
    """The records that were read, by URL."""
    scanned: set[tuple[str, str]] = field(default_factory=set)
    """Subdir and name of the packages whose malformed records were told."""


class Channel:
    """Channels in priority order (strict: a name comes from the first that has it); safe to use from many threads."""

    def __init__(
        self,
        sources: Sequence[Folder | Remote],
        *,
        view: View,
        gateway: Callable[[], Gateway],
        observer: Observer,
        answers: Answers | None = None,
        shared: _Shared | None = None,
    ) -> None:
        """See `Channel.open`, which callers want; `answers` were found earlier, `shared` is of the other views."""
        self.sources = tuple(sources)
        self._view = view
        self._gateway = gateway
        self._observer = observer
        self._answers = answers
        self._shared = shared or _Shared(self)
        self._lock = threading.RLock()
        self._indices: dict[str, RecordIndex] = {}
        self._answering = Answering(self.sources, view, gateway=gateway, answers=answers, known=self._shared.known)

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
            retries=retries,
            patience=patience,
            embedded_dir=embedded_dir,
        )
        sources = opening.open(channels)
        folders = [source for source in sources if isinstance(source, Folder)]
        answers = Answers(store, folders) if store is not None and len(folders) == len(sources) else None
        view = View(machines=machines or {})
        return cls(sources, view=view, gateway=opening.gateway, observer=watcher, answers=answers)

    def overlaid(self, records: Iterable[Record]) -> Channel:
        """Return the same channel as if these packages were uploaded too; nothing is loaded again.

        A record joins the channel that has its name already (else the first), so older builds stay visible.

        Raises:
            InputError: a record that repodata can't hold.
        """
        return self._seen(replace(self._view, overlay=Overlay((*records, *self.overlay))))

    def as_of(self, moment: datetime) -> Channel:
        """Return the same channel as it was at `moment`: solves and the index have nothing uploaded later.

        Records without a timestamp count as old. Of a channel as it was earlier still, nothing comes back.
        """
        earlier = self._view.as_of
        return self._seen(replace(self._view, as_of=moment if earlier is None else min(moment, earlier)))

    def preferring(self, records: Sequence[RepoDataRecord]) -> Channel:
        """Return the same channel, solved so that these records stay unless something that is requested forbids it."""
        return self._seen(replace(self._view, preferred=tuple(records)))

    def on_machine(self, platform: str, packages: Mapping[str, str]) -> Channel:
        """Return the same channel for a machine with other virtual packages; see `virtual_packages`.

        Raises:
            InputError: a package that is not a virtual one.
        """
        machines = self._view.machines
        view = replace(self._view, machines={**machines, platform: {**machines.get(platform, {}), **packages}})
        view.machine(platform)
        return self._seen(view)

    def _seen(self, view: View) -> Channel:
        """Return the same channel in another view."""
        return Channel(
            self.sources,
            view=view,
            gateway=self._gateway,
            observer=self._observer,
            answers=self._answers,
            shared=self._shared,
        )

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
        """Return the channels, with nothing laid over them, and the one in `folder`, as it is now, before them.

        Raises:
            InputError: the folder is not a channel.
        """
        first = Folder(folder, observer=self._observer)
        first.read_sparsely()  # the gateway would go on with what it read of the folder for an earlier view
        return Channel(
            [first, *self.sources],
            view=View(machines=self._view.machines),
            gateway=self._gateway,
            observer=self._observer,
        )

    @property
    def overlay(self) -> tuple[Record, ...]:
        """The records that lie over the channel."""
        return self._view.overlay.records if self._view.overlay else ()

    def machine(self, platform: str) -> tuple[VirtualPackage, ...]:
        """Return the virtual packages of a machine with this platform."""
        return self._view.machine(platform)

    def solve(self, specs: Sequence[str], *, platform: str, required: Sequence[Record] = ()) -> Solution | NoSolution:
        """Install `specs` together, on a machine with `platform`.

        `required` are records of the overlay that must be part of it, by exact version, build and hash: without that a
        solver asked for the target alone falls back to the old build and says yes.

        Python and python_abi are of the same line in every solution, also if the channel's records don't say so.

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
        found = self._answering.answer(wanted, platform)
        if isinstance(found, Solution) and found.line is not None and not found.agrees:
            found = self._agreeing(wanted, platform, found.line)
        if isinstance(found, Solution):
            self._scan(platform, found)
        return found

    def _agreeing(self, wanted: Sequence[MatchSpec], platform: str, first: PythonBuild) -> Solution | NoSolution:
        """Return the best solution whose python_abi is its Python's.

        A constraint can't depend on what is installed, so each line of Python is asked for. If none will do, the answer
        is what the solver says of the line that it had taken `first`.
        """
        pythons = self.index(platform).group("python").records
        lines = dict.fromkeys([first, *filter(None, (python_build(one.version, one.build) for one in pythons))])
        answers = {
            line: self._answering.answer(
                wanted, platform, constraints=[MatchSpec(line.python_spec), MatchSpec(line.abi_spec)]
            )
            for line in lines
        }
        solutions = [answer for answer in answers.values() if isinstance(answer, Solution)]
        names = [spec.name.normalized for spec in wanted]
        return max(solutions, key=lambda one: one.precedence([*names, "python"]), default=answers[first])

    def _placed(self, spec: MatchSpec) -> MatchSpec:
        """Return a spec that names a channel with the URL of the snapshot that answers for it, if there is one."""
        if spec.channel is None:
            return spec
        url = placed(self.sources, spec.channel.base_url)
        return MatchSpec(_CHANNEL.sub(lambda _: f'channel="{url}"', spec.to_canonical_string()))

    def index(self, platform: str) -> RecordIndex:
        """Return the records of `platform`, to be looked at one name at a time."""
        with self._lock:
            if platform not in self._indices:
                view = self._view
                # The groups of the base hold its machine's virtual packages, and its answers to specs rest on them.
                whole = self._shared.whole
                same = whole is not self and whole.machine(platform) == self.machine(platform)
                self._indices[platform] = RecordIndex(
                    platform,
                    self.sources,
                    machine=[machine_record(package) for package in self.machine(platform)],
                    observer=self._observer,
                    base=whole.index(platform) if same and not view.as_of else None,
                    overlay=view.overlay.load(platform) if view.overlay else (),
                    until=view.as_of,
                    known=self._shared.known,
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

    def uncovered(self, platform: str) -> Gap | None:
        """Return the gap if there is nothing for a platform, and one of the channels is a part of one."""
        if platform in self.platforms():
            return None
        parts = (source.part_of for source in self.sources if isinstance(source, Folder))
        return next((part for part in parts if part is not None), None)

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

    def _scan(self, platform: str, found: Solution) -> None:
        """Warn of records that the solver passed over because of a malformed spec, where it took an older one instead.

        Each name is looked at once.
        """
        with self._lock:
            fresh = {
                subdir: [record for record in found.packages if (subdir, record.name) not in self._shared.scanned]
                for subdir in (platform, "noarch")
            }
            self._shared.scanned.update(
                (subdir, record.name) for subdir, records in fresh.items() for record in records
            )
        for source in self.sources:
            for subdir, records in fresh.items():
                newer = [MatchSpec(f"{record.name} >={record.version}") for record in records]
                usable(source.matching(subdir, newer), source, self._observer)

"""How channels answer what can be installed: as an earlier run did, else as rattler's solver does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta

from rattler import Gateway, MatchSpec, RepoDataRecord
from rattler.exceptions import GatewayError

from dirac_forge.channel.engine import SolverQuestion
from dirac_forge.channel.overlay import Overlay
from dirac_forge.channel.records import Record, shared_record
from dirac_forge.channel.repodata import Folder, Remote
from dirac_forge.channel.solutions import NoSolution, Solution
from dirac_forge.channel.solve_cache import Answers
from dirac_forge.channel.tiers import failure, overlays_of, tiers_of
from dirac_forge.channel.virtual import VirtualPackage, to_rattler, virtual_packages
from dirac_forge.values import dataclass

_LIMIT = timedelta(seconds=120)
"""For one question."""


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """In what a question differs from one to the channels as they are, on a machine at conda-forge's floor."""

    machines: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By platform, virtual packages that differ from the floor (see `virtual_packages`)."""
    overlay: Overlay | None = None
    """Records that lie over them."""
    as_of: datetime | None = None
    """Records uploaded later are left out."""
    preferred: tuple[RepoDataRecord, ...] = ()
    """Records that stay unless something that is requested forbids them."""

    def machine(self, platform: str) -> tuple[VirtualPackage, ...]:
        """Return the virtual packages of a machine with this platform."""
        return virtual_packages(platform, self.machines.get(platform))

    def texts(self, platform: str) -> Iterator[str]:
        """Yield all of it that decides an answer."""
        yield "machine"
        yield from map(str, self.machine(platform))
        yield "overlay"
        yield from self.overlay.identities(platform) if self.overlay else ()
        if self.as_of is not None:
            yield f"as of {self.as_of.isoformat()}, channel priority too"
        if self.preferred:
            yield "preferred"
            yield from (f"{record.url} {record.to_json()}" for record in self.preferred)


class Answering:
    """Answers for one view of channels; safe to use from many threads."""

    def __init__(
        self,
        sources: Sequence[Folder | Remote],
        view: View,
        *,
        gateway: Callable[[], Gateway],
        answers: Answers | None,
        known: dict[str, Record],
    ) -> None:
        """See `Channel`; `known` has by URL the records that answers share."""
        self._sources = sources
        self._view = view
        self._gateway = gateway
        self._answers = answers
        self._known = known
        self._overlays: dict[str, Mapping[int, Overlay]] = {}

    def answer(
        self, wanted: Sequence[MatchSpec], platform: str, *, constraints: Sequence[MatchSpec] = ()
    ) -> Solution | NoSolution:
        """Return the answer that was kept of an earlier run, else the solver's, which is then kept.

        `constraints` are met by what is installed of their names, which need not be installed.

        Raises:
            UnknownError: a channel can't be read, or the solver ran out of time.
        """
        if self._answers is None or not self._answers.are_kept(platform):
            return self._solve(wanted, platform, constraints)
        key = self._answers.key(platform, self._question(wanted, platform, constraints))
        known = self._answers.get(key)
        if known is not None:
            return NoSolution(text=known) if isinstance(known, str) else Solution(packages=known)
        found = self._solve(wanted, platform, constraints)
        if self._answers.are_kept(platform):
            self._answers.put(key, found.packages if isinstance(found, Solution) else found.text)
        return found

    def _question(self, wanted: Sequence[MatchSpec], platform: str, constraints: Sequence[MatchSpec]) -> Iterator[str]:
        """Yield all that decides an answer, but for the channels themselves."""
        yield from (spec.to_canonical_string() for spec in wanted)
        if constraints:
            yield "constraints"
            yield from (spec.to_canonical_string() for spec in constraints)
        yield from self._view.texts(platform)

    def _solve(
        self, wanted: Sequence[MatchSpec], platform: str, constraints: Sequence[MatchSpec]
    ) -> Solution | NoSolution:
        """Return the solver's answer, without records of folders that it stumbles over."""
        folders = [source for source in self._sources if isinstance(source, Folder)]
        before = [folder.reading for folder in folders]
        try:
            return self._run(wanted, platform, constraints)
        except OSError as exc:
            for folder in folders:
                folder.repair(platform)
            if [folder.reading for folder in folders] == before:
                raise folders[0].broken(platform, exc) if folders else failure((), platform, exc) from exc
        except GatewayError as exc:
            for folder in folders:
                folder.read_sparsely()
            if [folder.reading for folder in folders] == before:
                raise failure(self._sources, platform, exc) from exc
        return self._solve(wanted, platform, constraints)

    def _run(
        self, wanted: Sequence[MatchSpec], platform: str, constraints: Sequence[MatchSpec]
    ) -> Solution | NoSolution:
        view = self._view
        question = SolverQuestion(
            wanted=list(wanted),
            platform=platform,
            tiers=tiers_of(self._sources, platform, overlays=self._overlays_on(platform), as_of=view.as_of),
            local=all(isinstance(source, Folder) for source in self._sources),
            machine=[to_rattler(package) for package in view.machine(platform)],
            limit=_LIMIT,
            constraints=list(constraints),
            preferred=view.preferred,
            as_of=view.as_of,
        )
        found = question.answer(self._gateway)
        if isinstance(found, NoSolution):
            return found
        ours = (shared_record(record, self._known) for record in found)
        return Solution(packages=tuple(sorted(ours, key=lambda record: record.name)))

    def _overlays_on(self, platform: str) -> Mapping[int, Overlay]:
        """Return what lies over each channel, by its position; found out once."""
        if self._view.overlay is None:
            return {}
        if platform not in self._overlays:
            self._overlays[platform] = overlays_of(self._sources, platform, self._view.overlay)
        return self._overlays[platform]

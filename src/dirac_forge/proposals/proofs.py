"""The prover of a run: its channel is opened once, with the recipes at hand and the targets of the settings."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from functools import cached_property

from dirac_forge.channel.listing import Availability, newer
from dirac_forge.channel.opening import open_readable_channel
from dirac_forge.channel.solver import Channel
from dirac_forge.check.answer_reasons import Unanswered
from dirac_forge.check.configured import target_cells
from dirac_forge.check.exports import exports_at_hand
from dirac_forge.check.helping import OtherProposals, helping_proposals
from dirac_forge.check.matrix import check
from dirac_forge.check.proof import HelpingProposals, Proof
from dirac_forge.check.proof_reasons import NoPaperBuild
from dirac_forge.check.prover import Prover
from dirac_forge.check.subjects import Subject
from dirac_forge.errors import ForgeError, UnknownError
from dirac_forge.feedstock.channel_pinning import pinning_or_warning
from dirac_forge.feedstock.pinning import Pinning
from dirac_forge.feedstock.workspace import FeedstockFolder
from dirac_forge.proposals.context import ProposalContext


class Proofs:
    """One run: the channel is opened once, and the targets are solved once as they are."""

    def __init__(self, world: ProposalContext, folders: Iterable[FeedstockFolder], executor: Executor) -> None:
        """Read from `folders`, the recipes at hand, what packages export; run the solves in `executor`."""
        self.world = world
        self._folders = tuple(folders)
        self._executor = executor
        self._lock = threading.Lock()
        self._opened: list[UnknownError | None] = []

    def open(self) -> None:
        """Read channel and pinning, once for all threads. Raises UnknownError if the channel can't be read."""
        with self._lock:
            if not self._opened:
                try:
                    _ = self.channel.index(self.platforms[0]).group("python"), self.prover
                    self._opened.append(None)
                except UnknownError as error:
                    # In the words of the first question about a package, so that it is reported once.
                    self.world.observer.warned(f"{error.message}: what it has is unknown")
                    self._opened.append(error)
        for trouble in self._opened:
            if trouble is not None:
                raise trouble

    @cached_property
    def channel(self) -> Channel:
        """The channels of the settings. Raises UnknownError if none can be read."""
        found = open_readable_channel(self.world)
        if found is None:
            raise UnknownError("offline, and no channel is a folder")
        return found

    @cached_property
    def pinning(self) -> Pinning | None:
        """The pinning; None if there is none, with a warning."""
        return pinning_or_warning(self.world, self.channel)

    @cached_property
    def platforms(self) -> tuple[str, ...]:
        """The platforms of the settings and of the targets."""
        settings = self.world.settings
        if "platforms" in settings.flags:
            return settings.platforms
        wanted = (platform for target in settings.targets.values() for platform in target.platforms)
        return tuple(dict.fromkeys((*settings.platforms, *wanted)))

    @cached_property
    def prover(self) -> Prover:
        """Proves recipes with this run's channel, pinning and targets."""
        settings = self.world.settings
        return Prover(
            self.channel,
            lambda: check(
                self.channel,
                target_cells(settings),
                executor=self._executor,
                observer=self.world.observer,
                remedies=False,
            ),
            platforms=self.platforms,
            pinning=self.pinning,
            pythons=settings.pythons if "pythons" in settings.flags else (),
            at_hand=exports_at_hand(self._folders, self.pinning),
            partial=True,
        )

    def stands(self, package: str, spec: str) -> Availability:
        """Return the availability of a requirement in the channel, on any of the platforms.

        What only a snapshot lacks that is a part of a channel is unknown: the channel may have it.
        """
        newest = None
        try:
            for platform in self.platforms:
                index = self.channel.index(platform)
                if index.match(f"{package} {spec}".strip())[1]:
                    return Availability(status="available")
                records = index.group(package).records
                newest = newest or (records[0].version if records else None)
        except UnknownError:
            return Availability(status="unknown")
        day = self.channel.dated
        if day is not None:
            return Availability(status="unknown", newest=newest, as_of=day)
        if newest is None and self.channel.part:
            return Availability(status="unknown")
        return Availability(status="outdated" if newest else "missing", newest=newest)

    def newest(self, package: str) -> str | None:
        """Return the newest version that the channel has of a package on any platform; None if that is not known."""
        found: str | None = None
        try:
            for platform in self.platforms:
                records = self.channel.index(platform).group(package).records
                if records and (found is None or newer(records[0].version, found)):
                    found = records[0].version
        except UnknownError:
            return None
        return found

    def proof(self, subject: Subject, beside: Sequence[Subject] = ()) -> Proof:
        """Prove a recipe with `beside` merged before; `unknown`, with the reason, where that can't be found out."""
        names = tuple(other.key for other in beside)
        try:
            return self.prover.proof([subject], beside)
        except UnknownError as exc:
            self.world.observer.warned(f"the effect of the bumps on the targets is unknown: {exc.message}")
            return Proof(outcome="unknown", reason=Unanswered(message=exc.message), beside=names)
        except ForgeError as exc:
            return Proof(outcome="unknown", reason=NoPaperBuild(message=exc.message), beside=names)

    def helping(
        self, subject: Subject, beside: Sequence[Subject], proof: Proof, others: OtherProposals
    ) -> HelpingProposals | None:
        """Return the other proposals that unblock one; None also where that can't be found out, with a warning."""
        try:
            return helping_proposals(self.prover, [subject], beside, proof, others)
        except ForgeError as exc:
            self.world.observer.warned(f"what would unblock {subject.key} is unknown: {exc.message}")
            return None

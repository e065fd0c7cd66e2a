"""What the solver says of bumps: the targets with each, and the environments that each is built and used in."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from functools import cached_property

from dirac_forge.bump.proof import Proof
from dirac_forge.channel.listing import Availability
from dirac_forge.channel.records import Record, name_of
from dirac_forge.channel.solver import Channel
from dirac_forge.check.building import Built, ChannelExports
from dirac_forge.check.environments import unheard_of
from dirac_forge.check.matrix import Cell
from dirac_forge.check.matrix import check as check_cells
from dirac_forge.check.overlay_check import build_all
from dirac_forge.errors import ForgeError, UnknownError
from dirac_forge.feedstock.pinning import Pinning
from dirac_forge.feedstock.workspace import FeedstockFolder
from dirac_forge.proposals.candidates import Candidate, Side
from dirac_forge.proposals.channels import exports_at_hand, open_channel, pinning_or_warning, target_cells
from dirac_forge.proposals.context import ProposalContext
from dirac_forge.proposals.trial import Trial
from dirac_forge.recipe.reading.recipe_text import ReadRunExport
from dirac_forge.upstream.once import Once

__all__ = ["Proofs"]


class Proofs:
    """One run: the channel is opened once, what the targets are without any bump is asked once."""

    def __init__(self, world: ProposalContext, folders: Iterable[FeedstockFolder], executor: Executor) -> None:
        """`folders` are the recipes at hand, which tell what packages export; `executor` runs the solves."""
        self.world = world
        self._folders = tuple(folders)
        self._executor = executor
        self._lock = threading.Lock()
        self._opened: list[UnknownError | None] = []

    def open(self) -> None:
        """Read channel and pinning, once for all threads. Raises UnknownError where the channel can't be read."""
        with self._lock:
            if not self._opened:
                try:
                    _ = self.channel.index(self.platforms[0]).group("python"), self.pinning, self._exports, self._alone
                    self._opened.append(None)
                except UnknownError as error:
                    # In the words of whoever asked for a package before, so that it is said once.
                    self.world.observer.warned(f"{error.message}: what it has is unknown")
                    self._opened.append(error)
        for trouble in self._opened:
            if trouble is not None:
                raise trouble

    @cached_property
    def channel(self) -> Channel:
        """The channels of the settings. Raises UnknownError where none can be asked."""
        found = open_channel(self.world)
        if found is None:
            raise UnknownError("offline, and no channel is a folder")
        return found

    @cached_property
    def pinning(self) -> Pinning | None:
        """The pinning; None where there is none, with a warning."""
        return pinning_or_warning(self.world, self.channel)

    @cached_property
    def platforms(self) -> tuple[str, ...]:
        """Those that the settings name and the targets are wanted on."""
        settings = self.world.settings
        if "platforms" in settings.flags:
            return settings.platforms
        wanted = (platform for target in settings.targets.values() for platform in target.platforms)
        return tuple(dict.fromkeys((*settings.platforms, *wanted)))

    @cached_property
    def before(self) -> tuple[Cell, ...]:
        """The targets as they are."""
        return check_cells(
            self.channel,
            target_cells(self.world),
            executor=self._executor,
            observer=self.world.observer,
            remedies=False,
        )

    @cached_property
    def _at_hand(self) -> Callable[[str], tuple[ReadRunExport, ...] | None]:
        return exports_at_hand(self._folders, self.pinning)

    @cached_property
    def _exports(self) -> ChannelExports:
        return ChannelExports(self.channel, self._at_hand)

    def stands(self, package: str, spec: str) -> Availability:
        """How a requirement stands in the channel, on any of the platforms."""
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
        return Availability(status="outdated" if newest else "missing", newest=newest)

    def proof(self, subject: Candidate, beside: Sequence[Candidate] = ()) -> tuple[Proof, frozenset[str]]:
        """What becomes of the targets and of the feedstock itself, with `beside` merged before.

        Also the packages that stand in the way where a target is worse off.
        """
        names = tuple(other.key for other in beside)
        try:
            found = Trial(self, subject, beside)
            return replace(found.result(), beside=names), frozenset(found.culprits)
        except UnknownError as exc:
            self.world.observer.warned(f"what bumps do to the targets is unknown: {exc.message}")
            return Proof(outcome="unknown", reason=exc.message, beside=names), frozenset()
        except ForgeError as exc:
            reason = f"it can't be built on paper: {exc.message}"
            return Proof(outcome="unknown", reason=reason, beside=names), frozenset()

    def helps(self, subject: Candidate, beside: Sequence[Candidate], proof: Proof) -> bool:
        """Whether `beside` mends the first target that is worse off in `proof`; quick, where the whole takes long."""
        worse = next((one.before for one in proof.verdicts if one.outcome == "worse"), None)
        try:
            return worse is None or Trial(self, subject, beside).holds(worse)
        except ForgeError:
            return False

    def built(self, subjects: Sequence[Candidate], side: Side = "new") -> tuple[Built, ...]:
        """The packages that these would make, each in sight of the others."""
        apart = not any(
            one.built_with(side) & other.provides.keys() for one in subjects for other in subjects if one is not other
        )
        if apart:
            return tuple(built for one in subjects for built in self._alone((one, side)))
        return self._built(subjects, side)

    @cached_property
    def _alone(self) -> Once[tuple[Candidate, Side], tuple[Built, ...]]:
        return Once(lambda asked: self._built([asked[0]], asked[1]))

    def _built(self, subjects: Sequence[Candidate], side: Side) -> tuple[Built, ...]:
        recipes = {one.key: recipe for one in subjects if (recipe := one.recipe(side)) is not None}
        found = build_all(
            self.channel,
            recipes,
            platforms=self.platforms,
            pinning=self.pinning,
            at_hand=self._at_hand,
            known=self._exports,
        )
        settings = self.world.settings
        pythons = settings.pythons if "pythons" in settings.flags else ()
        return tuple(one for one in found if _for_pythons(one, pythons))

    def laid(
        self, subjects: Sequence[Candidate], side: Side = "new"
    ) -> tuple[tuple[Built, ...], Channel, Mapping[Record, tuple[str, ...]]]:
        """What these would make, laid over the channel, and by record what of its requirements is taken to be there.

        A package that the channel never heard of is left out of the requirements: a snapshot has no other answer, and
        where nothing can be solved for that reason, nothing else that stands in the way would be seen.
        """
        built = self.built(subjects, side)
        view = self.channel.overlaid([one.record for one in built])
        assumed: dict[Record, tuple[str, ...]] = {}
        found: list[Built] = []
        for one in built:
            platform = self.platforms[0] if one.record.subdir == "noarch" else one.record.subdir
            names = unheard_of(view, map(name_of, one.record.depends), platform)
            if names:
                depends = tuple(spec for spec in one.record.depends if name_of(spec) not in names)
                one = replace(one, record=replace(one.record, depends=depends))
                assumed[one.record] = names
            found.append(one)
        if assumed:
            view = self.channel.overlaid([one.record for one in found])
        return tuple(found), view, assumed

    def host(self, specs: tuple[str, ...], platform: str) -> bool:
        """Whether an environment of the channel's own packages can be solved; found out once."""
        return self._exports.host(specs, platform) is not None


def _for_pythons(built: Built, pythons: Sequence[str]) -> bool:
    """Whether a package is for one of these Pythons, or for all."""
    if not pythons or built.record.noarch is not None:
        return True
    own = [spec for spec in built.record.depends if name_of(spec) == "python_abi"]
    return not own or any(spec.startswith(f"python_abi {python}.") for spec in own for python in pythons)

"""Why specs can't be installed together: rule records out until nothing is left, keeping the reason for each step.

Every step is sound: a record is ruled out only if no environment could have it. So if nothing is left for a name
that any environment must have, the reasons are a proof. The converse does not hold: `contradiction` None says only that
these rules find none; the solver decides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from dirac_forge.channel.index import RecordIndex
from dirac_forge.channel.records import Record, name_of
from dirac_forge.values import dataclass


@dataclass(frozen=True, slots=True)
class Asked:
    """The user asked for something else."""

    spec: str


@dataclass(frozen=True, slots=True)
class Unmet:
    """The record needs something of which nothing is left."""

    spec: str


@dataclass(frozen=True, slots=True)
class WantedBy:
    """Whatever is left of `by`, which every environment must have, asks for another version."""

    by: str
    specs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Limited:
    """Whatever is left of `by`, which every environment must have, excludes this version by its constraints."""

    by: str
    specs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Barred:
    """The record's own constraint excludes what is left of a package that every environment must have."""

    spec: str


Reason = Asked | Unmet | WantedBy | Limited | Barred


class Analysis:
    """One question (specs on a platform); sets of records are integers as in `RecordIndex`."""

    def __init__(self, index: RecordIndex, specs: Sequence[str]) -> None:
        """Rule out what can be ruled out.

        Raises:
            ChannelUnknownError: a channel can't be read.
        """
        self.index = index
        self.specs = tuple(specs)
        self.left: dict[str, int] = {}
        """By name, the records that are not ruled out; a name that is missing was never looked at."""
        self.log: dict[str, list[tuple[int, Reason]]] = defaultdict(list)
        """By name, in the order of time, the records ruled out and why."""
        self.required: dict[str, str] = {}
        """Names that every environment has, each with the name that brings it ("" if the user asks for it)."""
        self.contradiction: str | None = None
        """A required name of which nothing is left."""
        self._users: dict[str, dict[str, int]] = defaultdict(dict)
        self._limits: dict[str, dict[str, int]] = defaultdict(dict)
        self._specs_on: dict[str, set[str]] = defaultdict(set)
        self._limits_on: dict[str, set[str]] = defaultdict(set)
        self._unmet: set[str] = set()
        self._changed: list[str] = []
        self._common: dict[
            str, tuple[int, dict[str, tuple[int, tuple[str, ...]]], dict[str, tuple[int, tuple[str, ...]]]]
        ] = {}
        self._explore()
        self._close()

    def ruled_out(self, name: str, wanted: int) -> Iterator[tuple[int, Reason]]:
        """Yield which of `wanted` were ruled out and why, in the order of time."""
        for gone, reason in self.log.get(name, ()):
            if gone & wanted:
                yield gone & wanted, reason

    def way(self, name: str) -> tuple[str, ...]:
        """Return the chain that makes a name required, from what the user asked for."""
        chain = [name]
        while self.required.get(chain[0]):
            chain.insert(0, self.required[chain[0]])
        return tuple(chain)

    def users(self, name: str) -> frozenset[str]:
        """Return the required names that depend on a name."""
        return frozenset(user for spec in self._specs_on[name] for user in self._users[spec] if user in self.required)

    def unmet(self, record: Record) -> tuple[str, ...]:
        """Return the dependencies of a record of which nothing is left."""
        return tuple(spec for spec in record.depends if self._nothing_left(spec))

    def against_machine(self, constraint: str) -> bool:
        """Whether a constraint excludes a virtual package that the machine has, and that any environment has."""
        name = name_of(constraint)
        return name.startswith("__") and bool(self.index.group(name).records) and not self.index.match(constraint)[1]

    def _nothing_left(self, spec: str) -> bool:
        name = name_of(spec)
        if name not in self.left:
            return False
        return not self.index.match(spec)[1] & self.left[name]

    def _explore(self) -> None:
        """Look at every name that can be reached, in waves, ruling out on the way."""
        asked: dict[str, int] = {}
        for spec in self.specs:
            name, mask = self.index.match(spec)
            asked[name] = asked.get(name, -1) & mask
            self.required[name] = ""
        # Python first: most records of other Pythons are then never looked at more closely.
        wave = sorted(asked, key=lambda name: (name != "python", name))
        while wave:
            self.index.prefetch(wave)
            for name in wave:
                self._admit(name)
                if name in asked:
                    for spec in self.specs:
                        if name_of(spec) == name:
                            self._rule_out(name, ~self.index.match(spec)[1], Asked(spec))
                self._propagate()
            wave = sorted({need for name in wave for need in self._needs(name) if need not in self.left})

    def _admit(self, name: str) -> None:
        """Start to look at a name: all of its records are left, but for those that need something already gone."""
        group = self.index.group(name)
        self.left[name] = group.everything
        depends: dict[str, int] = {}
        constrains: dict[str, int] = {}
        for position, record in enumerate(group.records):
            bit = 1 << position
            for spec in record.depends:
                depends[spec] = depends.get(spec, 0) | bit
            for spec in record.constrains:
                constrains[spec] = constrains.get(spec, 0) | bit
        self._limit(name, constrains)
        for spec, mask in depends.items():
            self._users[spec][name] = mask
            self._specs_on[name_of(spec)].add(spec)
            if spec in self._unmet:
                self._rule_out(name, mask, Unmet(spec))
        self._changed.append(name)
        for spec in depends:
            if spec not in self._unmet and name_of(spec) in self.left:
                self._test(spec)

    def _limit(self, name: str, constrains: Mapping[str, int]) -> None:
        """Note the constraints of a name's records, each with the set of those that have it."""
        for spec, mask in constrains.items():
            self._limits[spec][name] = mask
            self._limits_on[name_of(spec)].add(spec)
            if self.against_machine(spec):
                self._rule_out(name, mask, Barred(spec))

    def _needs(self, name: str) -> Iterator[str]:
        left = self.left[name]
        for position, record in enumerate(self.index.group(name).records):
            if left >> position & 1:
                yield from map(name_of, record.depends)

    def _rule_out(self, name: str, mask: int, reason: Reason) -> None:
        gone = self.left[name] & mask
        if gone:
            self.left[name] &= ~gone
            self.log[name].append((gone, reason))
            self._changed.append(name)

    def _test(self, spec: str) -> None:
        if spec not in self._unmet and self._nothing_left(spec):
            self._unmet.add(spec)
            for name, mask in self._users[spec].items():
                if name in self.left:
                    self._rule_out(name, mask, Unmet(spec))

    def _propagate(self) -> None:
        while self._changed:
            name = self._changed.pop()
            for spec in tuple(self._specs_on[name]):
                self._test(spec)

    def _close(self) -> None:
        """Use what every environment must have, until nothing changes or nothing is left of something required."""
        self.contradiction = next((name for name in self.required if not self.left.get(name)), None)
        moved = True
        while moved and self.contradiction is None:
            moved = False
            for name in list(self.required):
                if not self.left.get(name):
                    self.contradiction = name
                    return
                before = sum(map(len, self.log.values())), len(self.required)
                self._impose(name)
                self._bar(name)
                self._propagate()
                moved |= before != (sum(map(len, self.log.values())), len(self.required))

    def _impose(self, name: str) -> None:
        """Require what all remaining records of a required name ask for."""
        wants, limits = self._shared(name)
        for need, (allowed, specs) in wants.items():
            self.required.setdefault(need, name)
            self._rule_out(need, ~allowed, WantedBy(name, specs))
        for other, (allowed, specs) in limits.items():
            if other in self.left:
                self._rule_out(other, ~allowed, Limited(name, specs))

    def _bar(self, name: str) -> None:
        for spec in self._limits_on.get(name, ()):
            if not self.index.match(spec)[1] & self.left[name]:
                for user, mask in self._limits[spec].items():
                    if user in self.left:
                        self._rule_out(user, mask, Barred(spec))

    def _shared(
        self, name: str
    ) -> tuple[dict[str, tuple[int, tuple[str, ...]]], dict[str, tuple[int, tuple[str, ...]]]]:
        """Return what all remaining records of `name` allow of the names that they depend on, or constrain."""
        left = self.left[name]
        kept = self._common.get(name)
        if kept is not None and kept[0] == left:
            return kept[1], kept[2]
        records = [record for at, record in enumerate(self.index.group(name).records) if left >> at & 1]
        wants = self._union(record.depends for record in records)
        limits = self._union(record.constrains for record in records)
        self._common[name] = (left, wants, limits)
        return wants, limits

    def _union(self, lists: Iterable[tuple[str, ...]]) -> dict[str, tuple[int, tuple[str, ...]]]:
        shared: dict[str, tuple[int, tuple[str, ...]]] | None = None
        for specs in lists:
            mine: dict[str, tuple[int, tuple[str, ...]]] = {}
            for spec in specs:
                name = name_of(spec)
                if name in self.left:
                    allowed, earlier = mine.get(name, (-1, ()))
                    mine[name] = (allowed & self.index.match(spec)[1], (*earlier, spec))
            if shared is None:
                shared = mine
            else:
                shared = {
                    name: (shared[name][0] | mask, tuple(dict.fromkeys((*shared[name][1], *texts))))
                    for name, (mask, texts) in mine.items()
                    if name in shared
                }
        return shared or {}

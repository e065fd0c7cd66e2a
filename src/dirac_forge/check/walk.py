"""The walk from a contradiction down to its causes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import replace

from dirac_forge.channel.gap import Gap
from dirac_forge.channel.records import Record, name_of
from dirac_forge.check.analysis import Analysis, Asked, Barred, Limited, Reason, Unmet, WantedBy
from dirac_forge.check.causes import Cause, Demand, Obstacle, PinConflict, UnreadableBuilds
from dirac_forge.check.obstacles import PYTHON, Elsewhere, absent, machine_mismatch, python_mismatch
from dirac_forge.check.version_points import met_by_both
from dirac_forge.values import dataclass

_MOST_ALTERNATIVES = 2


@dataclass(frozen=True, slots=True)
class _Step:
    name: str
    wanted: int
    specs: tuple[str, ...]
    chain: tuple[str, ...]
    instead: bool

    @property
    def holder(self) -> tuple[str, ...]:
        """The chain to the package that needs it; empty if the user asks for it."""
        return self.chain[:-1]


class Walk:
    """Follows unmet requirements, the newest builds first; each name is explained once."""

    def __init__(self, analysis: Analysis, elsewhere: Elsewhere) -> None:
        """Take an `analysis` with a contradiction; `elsewhere` gives the other platforms that have builds of a name."""
        self._analysis = analysis
        self._index = analysis.index
        self._elsewhere = elsewhere
        self._causes: list[Cause] = []
        self._seen: set[str] = set()
        self._rounds: set[str] = set()
        self._todo: deque[_Step] = deque()
        self._later: deque[_Step] = deque()

    def causes_of(self, name: str) -> list[Cause]:
        """Return why nothing is left of a required name, the shortest chain first."""
        self._todo.append(self._first(name))
        # The newest builds first: what prevents older ones matters only if it is something else.
        while self._todo or self._later:
            step = (self._todo or self._later).popleft()
            if step.name not in self._seen:
                self._seen.add(step.name)
                self._take(step)
            elif not step.instead:
                self._join(step)
        return sorted(self._causes, key=lambda cause: (cause.instead, len(cause.chain), cause.chain))

    def _first(self, name: str) -> _Step:
        chain = self._analysis.way(name)
        asked = tuple(spec for spec in self._analysis.specs if self._index.match(spec)[0] == name)
        wanted = self._index.group(name).everything
        for spec in asked:
            wanted &= self._index.match(spec)[1]
        pins = [reason for _, reason in self._analysis.ruled_out(name, wanted) if isinstance(reason, WantedBy)]
        specs = pins[0].specs if pins and len(chain) > 1 else asked
        return _Step(name, wanted, specs, chain, instead=False)

    def _take(self, step: _Step) -> None:
        """Explain one name: a cause, or steps to what it needs."""
        group = self._index.group(step.name)
        if self._index.leaves_out(step.name, step.specs):
            self._add(step, UnreadableBuilds(specs=step.specs if group.records else ()))
            return
        if not group.records or not step.wanted:
            self._missing(step)
            return
        # What fails by itself is a better reason than a pin, which excludes only the rest.
        pinned = sum(gone for gone, reason in self._analysis.ruled_out(step.name, step.wanted) if not _own(reason))
        self._take_builds(step, step.wanted & ~pinned or step.wanted)

    def _take_builds(self, step: _Step, wanted: int) -> None:
        """Explain why none of these builds can be installed."""
        python, machine, others = self._by_obstacle(step.name, wanted)
        if others:
            self._alternatives(step, others, self._reasons(step.name, wanted))
        elif machine:
            self._for_machine(step, next(iter(machine.values())))
        elif (mismatch := python_mismatch(self._analysis, list(python.values()))) is not None:
            self._add(step, mismatch)
        else:
            self._through_python(step, python.values())

    def _by_obstacle(self, name: str, wanted: int) -> tuple[dict[int, Record], ...]:
        """Return the builds for other Pythons, those for other machines, and all others, by their positions."""
        python: dict[int, Record] = {}
        machine: dict[int, Record] = {}
        others: dict[int, Record] = {}
        for at, record in enumerate(self._index.group(name).records):
            if wanted >> at & 1:
                against_machine = machine if self._against_machine(record) else others
                (python if self._unmet_on(record, PYTHON) else against_machine)[at] = record
        return python, machine, others

    def _alternatives(self, step: _Step, records: Mapping[int, Record], why: Mapping[int, Reason]) -> None:
        """Walk the builds that could do, newest first: each leads on to what it lacks, or is in conflict."""
        newest = min(records)
        explained: set[str] = set()
        taken = 0
        conflict = False
        for at, record in sorted(records.items()):
            instead = step.instead or at != newest
            match why.get(at):
                case Unmet():
                    needs = {name_of(spec) for spec in self._analysis.unmet(record)}
                    if explained & needs or taken > _MOST_ALTERNATIVES:
                        continue
                    explained |= needs
                    self._descend(step, record, instead=instead)
                case None:
                    continue
                case reason:
                    if conflict:
                        continue
                    conflict = True
                    self._add(replace(step, instead=instead), self._conflict(step, record, reason))
            taken += 1

    def _through_python(self, step: _Step, records: Iterable[Record]) -> None:
        """Go on with what is in the way of the Pythons that these builds are for."""
        first = self._first("python")
        taken = 0
        for record in records:
            mask = -1
            for spec in record.depends:
                name, matching = self._index.match(spec)
                mask &= matching if name == "python" else -1
            taken |= mask
        self._todo.append(replace(first, wanted=first.wanted & taken or first.wanted, instead=step.instead))

    def _join(self, step: _Step) -> None:
        """Add one more package with a pin that is known to exclude another."""
        if not step.holder:
            return
        holder = step.chain[-2]
        for at, cause in enumerate(self._causes):
            if cause.kind == "conflict" and cause.package == step.name and cause.spec in step.specs:
                if holder not in (*cause.also, cause.chain[-2]):
                    self._causes[at] = replace(cause, also=(*cause.also, holder))
                return

    def _descend(self, step: _Step, record: Record, *, instead: bool) -> None:
        for spec in self._analysis.unmet(record):
            name, wanted = self._index.match(spec)
            if not name:
                continue
            after = _Step(name, wanted, (spec,), (*step.chain, name), instead)
            if name in step.chain:
                self._round(after)
            else:
                (self._later if instead else self._todo).append(after)

    def _round(self, step: _Step) -> None:
        """End a chain that returns to itself with what is asked of it now and was settled before.

        What these builds lack by themselves was perhaps never looked at, because other builds were asked for first.
        """
        if not step.wanted:
            self._missing(step)
            return
        records = self._index.group(step.name).records
        why = sorted(self._reasons(step.name, step.wanted).items())
        for at, reason in why:
            if not _own(reason):
                self._add(step, self._conflict(step, records[at], reason))
                return
        if step.name not in self._rounds:
            self._rounds.add(step.name)
            self._take_builds(step, step.wanted)

    def _reasons(self, name: str, wanted: int) -> dict[int, Reason]:
        found: dict[int, Reason] = {}
        for gone, reason in self._analysis.ruled_out(name, wanted):
            for at in range(gone.bit_length()):
                if gone >> at & 1:
                    found.setdefault(at, reason)
        return found

    def _unmet_on(self, record: Record, names: Iterable[str]) -> list[str]:
        return [spec for spec in self._analysis.unmet(record) if name_of(spec) in names]

    def _unmet_machine(self, record: Record) -> list[str]:
        return [spec for spec in self._analysis.unmet(record) if name_of(spec).startswith("__")]

    def _barred_by_machine(self, record: Record) -> list[str]:
        return [spec for spec in record.constrains if self._analysis.against_machine(spec)]

    def _against_machine(self, record: Record) -> bool:
        return bool(self._unmet_machine(record) or self._barred_by_machine(record))

    def _missing(self, step: _Step) -> None:
        if not step.name.startswith("__"):
            self._add(step, absent(self._index, step.name, step.specs, self._elsewhere))
            return
        # The package that needs it would have to change, not the machine.
        above = replace(step, name=step.chain[-2], chain=step.holder) if step.holder else step
        self._add(above, machine_mismatch(self._index, step.specs))

    def _for_machine(self, step: _Step, record: Record) -> None:
        unmet = self._unmet_machine(record)
        specs = unmet or self._barred_by_machine(record)
        found = machine_mismatch(self._index, specs, only_constrains=not unmet)
        self._add(replace(step, specs=(specs[0],)), found)

    def _conflict(self, step: _Step, record: Record, reason: Reason) -> PinConflict:
        first = Demand(specs=step.specs or (step.name,), chain=step.holder)
        match reason:
            case WantedBy(by=by, specs=specs):
                second = Demand(specs=specs, chain=self._analysis.way(by))
                return PinConflict(first=first, second=second, gap=self._gap(step.name, first, second))
            case Limited(by=by, specs=specs):
                second = Demand(specs=specs, chain=self._analysis.way(by), excludes=True)
                return PinConflict(first=first, second=second, gap=self._gap(step.name, first, second))
            case Barred(spec=spec):
                return PinConflict(
                    first=first,
                    second=Demand(specs=(spec,)),
                    barred=f"{record.name} {record.version}",
                    needed=self._analysis.way(name_of(spec)),
                )
            case Asked(spec=spec) | Unmet(spec=spec):
                return PinConflict(first=first, second=Demand(specs=(spec,)))

    def _gap(self, name: str, first: Demand, second: Demand) -> Gap | None:
        """Return the gap if the channel is a part of another, which may have a version for both demands."""
        gap = self._index.gap(name)
        return gap if gap is not None and met_by_both(first, second) else None

    def _add(self, step: _Step, obstacle: Obstacle) -> None:
        spec = step.specs[0] if step.specs else ""
        self._causes.append(
            Cause(obstacle=obstacle, package=step.name, chain=step.chain, spec=spec, instead=step.instead)
        )


def _own(reason: Reason) -> bool:
    return isinstance(reason, Unmet | Barred)

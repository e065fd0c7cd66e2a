"""The shortest true explanation of a no: chains from what was asked for to the causes, in words."""

from __future__ import annotations

import difflib
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from rattler import Version, VersionSpec

from dirac_forge.channel.index import parsed
from dirac_forge.channel.records import Record, name_of
from dirac_forge.check.analysis import Analysis, Asked, Barred, Limited, Reason, Unmet, WantedBy
from dirac_forge.check.causes import Cause, Explanation, Kind, listed, python_range

__all__ = ["Cause", "Explanation", "Kind", "explain"]

_PYTHON = ("python", "python_abi")
_MOST_ALTERNATIVES = 2
_MOST_VERSIONS = 6
_MOST_CASES = 40


def explain(analysis: Analysis, *, elsewhere: Callable[[str], tuple[str, ...]], solver_text: str = "") -> Explanation:
    """Walk from the contradiction down to its causes.

    Args:
        analysis: of the question that has no solution.
        elsewhere: the other platforms for which there are builds of a name.
        solver_text: what the solver says; used where the analysis finds no contradiction.
    """
    if analysis.contradiction is None:
        return Explanation(causes=_by_cases(analysis, elsewhere, solver_text) or (_unexplained(analysis, solver_text),))
    dead = [name for name, by in analysis.required.items() if not by and not analysis.left.get(name)]
    found = [_Walk(analysis, elsewhere).causes_of(name) for name in dead or [analysis.contradiction]]
    best = min(found, key=_weight)
    return Explanation(causes=tuple(best) or (_unexplained(analysis, solver_text),))


def _by_cases(analysis: Analysis, elsewhere: Callable[[str], tuple[str, ...]], solver_text: str) -> tuple[Cause, ...]:
    """Where no single pin is to blame: a package of which every version that is left leads to a contradiction."""
    versions: dict[str, list[str]] = {}
    for name in analysis.required:
        left = analysis.left[name]
        records = analysis.index.group(name).records
        found = list(dict.fromkeys(record.version for at, record in enumerate(records) if left >> at & 1))
        if 1 < len(found) <= _MOST_VERSIONS and not name.startswith("__"):
            versions[name] = found
    told = set(solver_text.split())
    tries = 0
    for name, found in sorted(versions.items(), key=lambda item: (item[0] not in told, len(item[1]), item[0])):
        causes: list[Cause] = []
        for version in found:
            tries += 1
            case = Analysis(analysis.index, (*analysis.specs, f"{name} =={version}"))
            if case.contradiction is None or tries > _MOST_CASES:
                break
            pin = f"{name} =={version} is asked for"
            found_causes = explain(case, elsewhere=elsewhere).causes
            first = next((cause for cause in found_causes if pin not in cause.text), found_causes[0])
            text = first.text.replace(pin, f"this case has {name} {version}")
            causes.append(replace(first, text=f"with {name} {version}, {text}", instead=False))
        if len(causes) == len(found):
            return tuple(causes)
        if tries > _MOST_CASES:
            break
    return ()


def _weight(causes: Iterable[Cause]) -> tuple[int, bool]:
    """Of several things asked for that all fail, the one with the shortest way to its causes says most."""
    causes = list(causes)
    longest = max((len(cause.chain) for cause in causes if not cause.instead), default=99)
    return longest, all(cause.kind not in ("version", "unknown-name", "broken") for cause in causes)


@dataclass(frozen=True, slots=True)
class _Step:
    name: str
    wanted: int
    specs: tuple[str, ...]
    chain: tuple[str, ...]
    instead: bool


class _Walk:
    def __init__(self, analysis: Analysis, elsewhere: Callable[[str], tuple[str, ...]]) -> None:
        self.analysis = analysis
        self.index = analysis.index
        self.elsewhere = elsewhere
        self.causes: list[Cause] = []
        self._seen: set[str] = set()
        self._todo: deque[_Step] = deque()
        self._later: deque[_Step] = deque()

    def causes_of(self, name: str) -> list[Cause]:
        """Why nothing is left of a required name, shortest chain first."""
        chain = self._way(name)
        asked = tuple(spec for spec in self.analysis.specs if self.index.match(spec)[0] == name)
        wanted = self.index.group(name).everything
        for spec in asked:
            wanted &= self.index.match(spec)[1]
        pins = [
            (gone, reason) for gone, reason in self.analysis.ruled_out(name, wanted) if isinstance(reason, WantedBy)
        ]
        specs = pins[0][1].specs if pins and len(chain) > 1 else asked
        self._todo.append(_Step(name, wanted, specs, chain, instead=False))
        # The newest builds first: what stands in the way of older ones matters only where it is something else.
        while self._todo or self._later:
            step = (self._todo or self._later).popleft()
            if step.name not in self._seen:
                self._seen.add(step.name)
                self._take(step)
            elif not step.instead:
                self._join(step)
        return sorted(self.causes, key=lambda cause: (cause.instead, len(cause.chain), cause.chain))

    def _take(self, step: _Step) -> None:
        """Explain one name: a cause, or steps to what it needs."""
        group = self.index.group(step.name)
        if not group.records or not step.wanted:
            self.causes.append(self._missing(step))
            return
        # What fails by itself is a better reason than a pin, which excludes only the rest.
        pinned = sum(gone for gone, reason in self.analysis.ruled_out(step.name, step.wanted) if not _own(reason))
        wanted = step.wanted & ~pinned or step.wanted
        records = {at: record for at, record in enumerate(group.records) if wanted >> at & 1}
        python = {at for at, record in records.items() if self._unmet_on(record, _PYTHON)}
        machine = {at for at, record in records.items() if self._unmet_machine(record)} - python
        if python | machine == set(records):
            if machine:
                self.causes.append(self._for_machine(step, records[min(machine)]))
            else:
                self.causes.append(self._for_python(step, [records[at] for at in sorted(python)]))
            return
        open_ = sorted(set(records) - python - machine)
        why = self._reasons(step.name, wanted)
        alternatives = 0
        explained: set[str] = set()
        conflict = False
        for at in open_:
            reason = why.get(at)
            if isinstance(reason, Unmet):
                needs = {name: spec for spec in self.analysis.unmet(records[at]) if (name := name_of(spec))}
                if explained & set(needs) or alternatives > _MOST_ALTERNATIVES:
                    continue
                explained |= set(needs)
                self._descend(step, records[at], instead=step.instead or at != open_[0])
            elif reason is not None and not conflict:
                conflict = True
                self.causes.append(self._conflict(step, records[at], reason, instead=step.instead or at != open_[0]))
            else:
                continue
            alternatives += 1

    def _join(self, step: _Step) -> None:
        """One more package that brings a pin which is known to exclude another."""
        holder = step.chain[-2]
        for at, cause in enumerate(self.causes):
            if cause.kind == "conflict" and cause.package == step.name and cause.spec in step.specs:
                if holder not in (*cause.also, cause.chain[-2]):
                    self.causes[at] = replace(cause, also=(*cause.also, holder))
                return

    def _descend(self, step: _Step, record: Record, *, instead: bool) -> None:
        for spec in self.analysis.unmet(record):
            name, wanted = self.index.match(spec)
            if not name:
                continue
            after = _Step(name, wanted, (spec,), (*step.chain, name), instead)
            if name in step.chain:
                self._round(after)
            else:
                (self._later if instead else self._todo).append(after)

    def _round(self, step: _Step) -> None:
        """A chain that comes back to itself ends in what is asked of it now and was settled before."""
        records = self.index.group(step.name).records
        if not step.wanted:
            self.causes.append(self._missing(step))
            return
        for at, reason in sorted(self._reasons(step.name, step.wanted).items()):
            if not _own(reason):
                self.causes.append(self._conflict(step, records[at], reason, instead=step.instead))
                return

    def _reasons(self, name: str, wanted: int) -> dict[int, Reason]:
        found: dict[int, Reason] = {}
        for gone, reason in self.analysis.ruled_out(name, wanted):
            for at in range(gone.bit_length()):
                if gone >> at & 1:
                    found.setdefault(at, reason)
        return found

    def _unmet_on(self, record: Record, names: Iterable[str]) -> list[str]:
        return [spec for spec in self.analysis.unmet(record) if name_of(spec) in names]

    def _unmet_machine(self, record: Record) -> list[str]:
        return [spec for spec in self.analysis.unmet(record) if name_of(spec).startswith("__")]

    def _way(self, name: str) -> tuple[str, ...]:
        """The chain that makes a name required, from what the user asked for."""
        chain = [name]
        while self.analysis.required.get(chain[0]):
            chain.insert(0, self.analysis.required[chain[0]])
        return tuple(chain)

    def _missing(self, step: _Step) -> Cause:
        group = self.index.group(step.name)
        if step.name.startswith("__"):
            return self._for_machine(step, None)
        if not group.records:
            return self._no_build(step)
        specs = " and ".join(step.specs)
        broken = _broken(step.specs, self.index.removed(step.name))
        if broken:
            text = f"{broken} was in the channel and is marked broken; nothing else matches {specs}"
            return self._cause("broken", step, text)
        versions = list(dict.fromkeys(record.version for record in group.records))
        if len(step.specs) > 1:
            text = f"no build matches {specs} at once"
        else:
            text = f"no build matches {specs}: the newest version is {versions[0]}"
        if group.hidden_in:
            text += f" ({', '.join(group.hidden_in)} has the name too, but channel priority is strict)"
        return self._cause("version", step, text)

    def _no_build(self, step: _Step) -> Cause:
        others = self.elsewhere(step.name)
        if others:
            text = f"no build for {self.index.platform} (there is one for {listed(others)})"
            return self._cause("no-build", step, text)
        near = difflib.get_close_matches(step.name, sorted(self.index.names()), n=3, cutoff=0.7)
        meant = f"; did you mean {listed(near, 'or')}?" if near and len(step.chain) == 1 else ""
        gone = sorted({version for version, _ in self.index.removed(step.name)}, key=Version)
        if gone:
            return self._cause(
                "broken", step, f"all builds for {self.index.platform} are marked broken ({listed(gone)})"
            )
        return self._cause("unknown-name", step, f"no channel has a package of this name{meant}")

    def _for_python(self, step: _Step, records: list[Record]) -> Cause:
        """Builds exist, but for other Pythons."""
        minors = self._minors()
        if not minors:
            return self._cause(
                "python", step, f"it needs Python, and there is no build of python for {self.index.platform}"
            )
        fit: set[tuple[int, int]] = set()
        for record in records:
            specs = [spec for spec in record.depends if name_of(spec) in _PYTHON]
            fit |= {minor for minor, mask in minors.items() if self._fits(specs, mask)}
        verb = "made" if all(record.noarch for record in records) else "built"
        asked = [spec for spec in self.analysis.specs if name_of(spec) == "python"]
        wish = [minor for minor, mask in minors.items() if self._fits(asked, mask)]
        text = (
            f"{verb} only for Python {python_range(sorted(fit), sorted(minors), wish)}"
            if fit
            else f"{verb} for no known Python"
        )
        by = [reason for _, reason in self.analysis.log.get("python", ()) if isinstance(reason, WantedBy | Limited)]
        if by and not asked:
            text += f", and {by[0].by} needs {' or '.join(by[0].specs)}"
        return self._cause("python", step, text)

    def _minors(self) -> dict[tuple[int, int], int]:
        found: dict[tuple[int, int], int] = {}
        for at, record in enumerate(self.index.group("python").records):
            minor = Version(record.version).as_major_minor()
            if minor is not None:
                found[minor] = found.get(minor, 0) | 1 << at
        return found

    def _fits(self, specs: list[str], pythons: int) -> bool:
        abis = self.index.group("python_abi")
        for spec in specs:
            name, mask = self.index.match(spec)
            if name == "python":
                pythons &= mask
            else:
                # A python_abi fits where its own constraint on python leaves some.
                allowed = 0
                for at, abi in enumerate(abis.records):
                    if mask >> at & 1:
                        one = -1
                        for limit in abi.constrains:
                            one &= self.index.match(limit)[1] if name_of(limit) == "python" else -1
                        allowed |= one
                pythons &= allowed if abis.records else -1
        return bool(pythons)

    def _for_machine(self, step: _Step, record: Record | None) -> Cause:
        specs = step.specs if record is None else tuple(self._unmet_machine(record))
        name = name_of(specs[0])
        have = [str(found.version) for found in self.index.group(name).records]
        holder = step.chain[-2] if record is None and len(step.chain) > 1 else step.name
        machine = f"this machine has {name} {have[0]}" if have else f"this machine has no {name}"
        chain = step.chain[:-1] if record is None and len(step.chain) > 1 else step.chain
        return Cause(
            kind="machine",
            package=holder,
            text=f"needs {' and '.join(specs)}, and {machine}",
            chain=chain,
            spec=specs[0],
            instead=step.instead,
        )

    def _conflict(self, step: _Step, record: Record, reason: Reason, *, instead: bool) -> Cause:
        holder = step.chain[-2] if len(step.chain) > 1 else ""
        wish = " and ".join(step.specs) or step.name
        first = f"{holder} needs {wish}" if holder else f"{wish} is asked for"
        other: tuple[str, ...] = ()
        match reason:
            case Asked(spec=spec):
                second = f"{spec} is asked for"
            case WantedBy(by=by, specs=specs):
                other = self._way(by)
                second = f"{' → '.join(other)} needs {' or '.join(specs)}"
            case Limited(by=by, specs=specs):
                other = self._way(by)
                second = f"{' → '.join(other)} excludes all but {' or '.join(specs)}"
            case Barred(spec=spec):
                name = name_of(spec)
                other = self._way(name)
                second = f"{record.name} {record.version} excludes all but {spec}, and {' → '.join(other)} is needed"
            case Unmet(spec=spec):
                second = f"nothing is left of {spec}"
        return Cause(
            kind="conflict",
            package=step.name,
            text=f"pins that exclude each other: {first}, but {second}",
            chain=step.chain,
            spec=step.specs[0] if step.specs else "",
            instead=instead,
            other=other,
        )

    def _cause(self, kind: Kind, step: _Step, text: str) -> Cause:
        spec = step.specs[0] if step.specs else ""
        return Cause(kind=kind, package=step.name, text=text, chain=step.chain, spec=spec, instead=step.instead)


def _unexplained(analysis: Analysis, solver_text: str) -> Cause:
    names = [name for name, by in analysis.required.items() if not by]
    lines = [line.strip(" │├└─") for line in solver_text.splitlines() if line.strip(" │├└─")]
    brief = "; ".join(lines[1:4] or lines)
    text = f"each part can be installed, all together can't; the solver says: {brief}"
    return Cause(kind="solver", package=names[0] if names else "", text=text, chain=tuple(names[:1]))


def _broken(specs: tuple[str, ...], removed: tuple[tuple[str, str], ...]) -> str:
    for spec in specs:
        found = parsed(spec)
        if found is None or found.version is None:
            continue
        for version, _ in removed:
            if VersionSpec(found.version).matches(Version(version)):
                return f"{found.name.normalized} {version}"
    return ""


def _own(reason: Reason) -> bool:
    return isinstance(reason, Unmet | Barred)

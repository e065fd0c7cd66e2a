"""One target with a proposal laid over the channel: better, same or worse, by a certificate or by solving again."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from rattler import Version

from dirac_forge.channel.index import RecordIndex
from dirac_forge.channel.records import Record, name_of
from dirac_forge.channel.solver import Channel
from dirac_forge.check.answer_reasons import (
    NewerVersions,
    NotTaken,
    NowInstallable,
    OlderVersion,
    OwnBuildsRefused,
    ProposalRefused,
    Refused,
    VerdictReason,
    VersionMove,
)
from dirac_forge.check.causes import culprits_of, with_proposed
from dirac_forge.check.cells import Cell, is_abi_of, python_spec, version_in
from dirac_forge.check.difference import Difference, difference
from dirac_forge.check.environment_questions import for_machine
from dirac_forge.check.exchange import at_its_newest, exchanged
from dirac_forge.check.exports import Built
from dirac_forge.check.matrix import explain_cell, solve_cell
from dirac_forge.check.proof import Outcome, Verdict

_RANKS: dict[Outcome, int] = {"worse": 0, "unknown": 1, "same": 2, "better": 3}


class TargetProver:
    """Judges cells by the packages of a proposal that they install; what no target installs decides nothing here."""

    def __init__(
        self,
        view: Channel,
        own: Sequence[Built],
        others: Sequence[Built] = (),
        *,
        today: Channel,
        explains: bool = True,
    ) -> None:
        """Judge `own`, with `others` merged before it; both lie over `today`, as `view`.

        Without `explains`, no reasons.
        """
        self.view = view
        self.today = today
        self.own = tuple(own)
        self.others = tuple(others)
        self.culprits: set[str] = set()
        self.refused: list[tuple[Cell, tuple[str, ...]]] = []
        """What was asked with the new packages in it and has no solution, explained; with what a remedy has to keep."""
        self._explains = explains
        self._refusals: dict[tuple[str, ...], Cell] = {}
        self._spare: dict[tuple[str, str], list[Record]] = {}

    def certificate(self, cell: Cell) -> Verdict | None:
        """Return a verdict without asking the solver: the old environment holds with the new packages in it."""
        if cell.status != "installable":
            return None
        relevant = self._relevant(cell)
        if not relevant:
            # More to choose from takes nothing away, and nothing newer of the target is there.
            newest = at_its_newest(self.view, cell, cell.packages)
            return Verdict(before=cell, after=cell, outcome="same") if newest else None
        spare = self.spare(cell)
        for some in rounds_of(self.view, cell, relevant):
            found = self._exchanged(cell, some, spare)
            if found is not None and at_its_newest(self.view, cell, found):
                return _compared(cell, replace(cell, packages=found, version=version_in(found, cell.specs[0])))
        return None

    def verdict(self, cell: Cell, excused: Collection[tuple[str, str]] = ()) -> Verdict:
        """Judge a cell with the solver; those that `excused` has for its platform could not be installed before either.

        Raises:
            UnknownError: the channel can't be read.
        """
        match cell.status:
            case "unknown" if not cell.causes:
                return Verdict(before=cell, after=cell, outcome="unknown", reason=cell.reason)
            case "unknown" | "not-installable":
                return self._opened(cell)
            case _:
                return self._kept(cell, self._counted(cell, excused))

    def _counted(self, cell: Cell, excused: Collection[tuple[str, str]]) -> list[Built]:
        return [one for one in self._relevant(cell) if (one.record.name, cell.platform) not in excused]

    def spare(self, cell: Cell) -> list[Record]:
        """Return the proposal's packages that a cell can take."""
        key = cell.platform, cell.python
        if key not in self._spare:
            rounds = rounds_of(self.view, cell, (*self.own, *self.others))
            self._spare[key] = rounds[0] if rounds else []
        return self._spare[key]

    def _opened(self, cell: Cell) -> Verdict:
        """Return a target that could not be installed: whether it can be now, and what is still in the way."""
        after = solve_cell(self.view, cell.question)
        if after.status == "not-installable" and self._explains:
            after = explain_cell(self.view, after, remedies=False, older=False)
        outcome, reason = compare(cell, after)
        if cell.status == "unknown" and after.status == "not-installable":
            # The channel may have builds that can be installed; without one for this cell nothing changes there.
            reason = OwnBuildsRefused(unknown=cell.reason, why=after.reason)
            after = replace(after, status="unknown", reason=reason)
            outcome = "same" if self._makes_others_only(cell) else outcome
        return Verdict(
            before=cell,
            after=after,
            outcome=outcome,
            reason=reason,
            difference=difference(cell.packages, after.packages),
        )

    def _makes_others_only(self, cell: Cell) -> bool:
        """Whether the proposal has builds of what the cell names, but only for other Pythons or platforms."""
        names = {name_of(spec) for spec in cell.specs if name_of(spec) != "python"}
        own = [one for one in self.own if one.record.name in names]
        return bool(own) and not rounds_of(self.view, cell, own)

    def _kept(self, cell: Cell, relevant: Sequence[Built]) -> Verdict:
        """Return the verdict on an installable target: with all new packages at once if possible, else one by one.

        Of several variants of a package one that fits is enough: a solver chooses.
        """
        rounds = rounds_of(self.view, cell, relevant) or [[]]
        found, chosen = self._best(cell, rounds)
        if found is not None and found.outcome != "worse":
            return found
        left = self._left_already(cell, relevant)
        if left:
            names = {one.package for one in left}
            kept = self._kept(cell, [one for one in relevant if one.record.name not in names])
            return replace(kept, not_taken=(*left, *kept.not_taken))
        if found is not None:
            return self._with_cause(found, chosen)
        return self._fallen(cell, list(dict.fromkeys(record for some in rounds for record in some)))

    def _best(self, cell: Cell, rounds: Sequence[Sequence[Record]]) -> tuple[Verdict | None, Sequence[Record]]:
        """Return the best verdict with one of these sets of packages, and the set; None if none can be installed."""
        best: tuple[Verdict | None, Sequence[Record]] = (None, ())
        for some in rounds:
            found = _tried(cell, solve_cell(self.view, cell.question, required=some))
            if found is not None and (best[0] is None or _RANKS[found.outcome] > _RANKS[best[0].outcome]):
                best = found, some
        return best

    def _left_already(self, cell: Cell, relevant: Sequence[Built]) -> tuple[NotTaken, ...]:
        """Return the proposal's packages of which the target does not take today's newest version either.

        It stays at an older one, with the proposal as without: that takes nothing from it.
        """
        versions = {one.record.name: one.record.version for one in relevant}
        found = (self._not_taken(cell, name, version) for name, version in versions.items())
        return tuple(one for one in found if one is not None)

    def _not_taken(self, cell: Cell, name: str, proposed: str) -> NotTaken | None:
        installed = version_in(cell.packages, name)
        records = self.today.index(cell.platform).group(name).records
        newer = (one for one in records if _is_between(one, installed, proposed))
        newest = next((one for one in newer if self._belongs(cell, one)), None)
        if newest is None:
            return None
        asked = (f"{name} =={newest.version}", *cell.specs, *as_good_as(cell))
        if solve_cell(self.today, replace(cell.question, specs=asked)).status != "not-installable":
            return None
        return NotTaken(target=cell.target, package=name, installed=installed, newest=newest.version)

    def _belongs(self, cell: Cell, record: Record) -> bool:
        """Whether a package is for the cell's Python and machine."""
        return _for_python(self.today, cell, record) and for_machine(self.today, record, cell.platform)

    def _with_cause(self, verdict: Verdict, records: Sequence[Record]) -> Verdict:
        """Return the verdict on a target that gets older with the pin that keeps the new version away."""
        if verdict.outcome != "worse":
            return verdict
        cell = verdict.before
        lower = next(move for move in _moves(cell, verdict.after) if _is_lower(move))
        rest = [spec for spec in cell.specs if name_of(spec) != lower.name]
        refusal = self._refusal(cell, records, (f"{lower.name} =={lower.old}", *rest))
        if refusal is None:
            return verdict
        outcome: Outcome = "unknown" if refusal.status == "unknown" else "worse"
        return replace(verdict, outcome=outcome, reason=OlderVersion(move=lower, why=refusal.reason))

    def _fallen(self, cell: Cell, records: Sequence[Record]) -> Verdict:
        """Return which of the new packages can't be installed with the target in any variant, and why."""
        failing = list(records)
        fitting: dict[str, Record] = {}
        if len(records) > 1:
            for one in records:
                if one.name not in fitting and self._fits(cell, one):
                    fitting[one.name] = one
            failing = [one for one in records if one.name not in fitting]
        if fitting and not failing:
            found, chosen = self._best(cell, [list(fitting.values())])
            if found is not None:
                return self._with_cause(found, chosen)
        refusal = self._refusal(cell, failing[:1] or records, cell.specs)
        # What only the embedded snapshot lacks, conda-forge may have.
        unknown = refusal is not None and refusal.status == "unknown"
        return Verdict(
            before=cell,
            after=cell,  # what is there now stays installable, with the packages that there are now
            outcome="unknown" if unknown else "worse",
            reason=ProposalRefused(
                target=cell.target,
                packages=tuple(failing or records),
                together=not failing,
                why=refusal.reason if refusal is not None else None,
                certain=not unknown,
            ),
            failing=tuple(failing or records),
        )

    def _fits(self, cell: Cell, record: Record) -> bool:
        """Whether one of the new packages can be installed with the target."""
        return solve_cell(self.view, cell.question, required=[record]).status == "installable"

    def _relevant(self, cell: Cell) -> tuple[Built, ...]:
        """Return the new packages that a target has to take: those of names that it installs.

        A package that is older than the one that is installed belongs to another release line: nobody gets it there.
        """
        installed = {record.name: record.version for record in cell.packages}
        return tuple(
            one
            for one in self.own
            if one.record.name in installed and Version(one.record.version) >= Version(installed[one.record.name])
        )

    def _exchanged(self, cell: Cell, some: Sequence[Record], spare: Sequence[Record]) -> tuple[Record, ...] | None:
        """Return the environment with some packages exchanged, and those merged before if the bump alone fails."""
        found = exchanged(self.view, cell, some, spare)
        if found is None and self.others:
            names = {record.name for record in cell.packages} - {record.name for record in some}
            found = exchanged(self.view, cell, [*some, *(one for one in spare if one.name in names)], spare)
        return found

    def _refusal(self, cell: Cell, records: Sequence[Record], specs: Sequence[str]) -> Cell | None:
        """Return these with `specs`, explained; None without reasons."""
        if not self._explains:
            return None
        key = (cell.platform, *(f"{one.name} =={one.version}" for one in records), *specs)
        if key not in self._refusals:
            exact = [_exact(self.view.index(cell.platform), record) for record in records]
            asked = replace(cell.question, specs=(*exact, *specs), status="not-installable")
            found = explain_cell(self.view, asked, required=records, remedies=False, older=False)
            if isinstance(found.reason, Refused):
                causes = tuple(with_proposed(cause, exact) for cause in found.causes)
                found = replace(found, reason=Refused(causes=causes))
            self._refusals[key] = found
            self.refused.append((found, as_good_as(cell)))
            self.culprits |= culprits_of(found.causes)
        return self._refusals[key]


def as_good_as(cell: Cell) -> tuple[str, ...]:
    """Return what keeps the packages that a cell names, but for Python, from getting older."""
    found = {name: version_in(cell.packages, name) for name in map(name_of, cell.specs) if name != "python"}
    return tuple(f"{name} >={version}" for name, version in found.items() if version)


def compare(before: Cell, after: Cell) -> tuple[Outcome, VerdictReason | None]:
    """Return better, same or worse, by status and by the versions of the packages that the target names."""
    # What the embedded snapshot lacks has causes, and a recipe may bring it.
    unread = before.status == "unknown" and (not before.causes or after.status != "installable")
    if unread or after.status == "unknown":
        return "unknown", after.reason or before.reason
    if after.status == "not-installable":
        return ("same" if before.status == after.status else "worse"), after.reason
    if before.status != "installable":
        return "better", NowInstallable(target=after.target, version=after.version)
    return _compared_versions(_moves(before, after))


def _compared_versions(moves: Sequence[VersionMove]) -> tuple[Outcome, VerdictReason | None]:
    lower = next(filter(_is_lower, moves), None)
    if lower is not None:
        return "worse", OlderVersion(move=lower)
    return ("better", NewerVersions(moves=tuple(moves))) if moves else ("same", None)


def rounds_of(view: Channel, cell: Cell, built: Sequence[Built]) -> list[list[Record]]:
    """Return the packages of the proposal that belong into a cell, a set for each variant that makes a difference."""
    by_name: dict[str, list[Built]] = {}
    for one in built:
        record = one.record
        if (
            record.subdir in ("noarch", cell.platform)
            and _for_python(view, cell, record)
            and for_machine(view, record, cell.platform)
        ):
            by_name.setdefault(record.name, []).append(one)
    if not by_name:
        return []
    variants = [one.variant for builds in by_name.values() if len(builds) > 1 for one in builds] or [{}]
    telling = [_telling(builds) for builds in by_name.values()]
    sets = (tuple(_closest(builds, variant) for builds in telling) for variant in variants)
    return [list(some) for some in dict.fromkeys(sets)]


_Telling = Sequence[tuple[Record, Mapping[str, str]]]
"""The builds of one package, each with the values of its variant in which they differ: of hundreds, a few."""


def _telling(builds: Sequence[Built]) -> _Telling:
    first = builds[0].variant.items()
    keys = {key for one in builds[1:] for key, _ in first ^ one.variant.items()}
    return [(one.record, {key: value for key, value in one.variant.items() if key in keys}) for one in builds]


def _closest(builds: _Telling, variant: Mapping[str, str]) -> Record:
    """Return the build of one package whose variant differs from another in the fewest values, the first of several."""
    if len(builds) == 1:
        return builds[0][0]
    return min(builds, key=lambda one: sum(variant.get(key, value) != value for key, value in one[1].items()))[0]


def _is_between(record: Record, installed: str, proposed: str) -> bool:
    """Whether a version is newer than the one that is installed, and no newer than the one that is proposed."""
    return Version(installed) < Version(record.version) <= Version(proposed)


def _is_lower(move: VersionMove) -> bool:
    return Version(move.new) < Version(move.old)


def _moves(before: Cell, after: Cell) -> list[VersionMove]:
    """Return the packages that the target names, but for Python, whose version changes."""
    old = {record.name: record.version for record in before.packages}
    new = {record.name: record.version for record in after.packages}
    names = (name for name in dict.fromkeys(map(name_of, before.specs)) if name != "python")
    return [
        VersionMove(name=name, old=old[name], new=new[name])
        for name in names
        if name in old and name in new and Version(old[name]) != Version(new[name])
    ]


def _tried(before: Cell, after: Cell) -> Verdict | None:
    """Return the verdict on a target that was solved with new packages; None if it can't be installed with them."""
    if after.status == "unknown":
        return Verdict(before=before, after=after, outcome="unknown", reason=after.reason)
    return _compared(before, after) if after.status == "installable" else None


def _compared(before: Cell, after: Cell) -> Verdict:
    outcome, reason = compare(before, after)
    changes = difference(before.packages, after.packages) if outcome != "unknown" else Difference()
    return Verdict(before=before, after=after, outcome=outcome, reason=reason, difference=changes)


def _exact(index: RecordIndex, record: Record) -> str:
    """Return a spec for one record; with its build only if there are others of the version."""
    others = [one for one in index.group(record.name).records if one.version == record.version]
    return f"{record.name} =={record.version}" + (f" {record.build}" if len(others) > 1 else "")


def _for_python(view: Channel, cell: Cell, record: Record) -> bool:
    """Whether the package is made for the cell's Python: a variant for another one belongs elsewhere."""
    if not cell.python:
        return True
    index = view.index(cell.platform)
    pythons = index.match(python_spec(cell.python))[1]
    for spec in record.depends:
        name = name_of(spec)
        if name == "python" and not index.match(spec)[1] & pythons:
            return False
        if name == "python_abi" and not is_abi_of(spec, cell.python):
            return False
    return True

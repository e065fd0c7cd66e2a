"""The Python that upstream asks for, carried over to `python >=…` lines and `python_min`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from packaging.version import Version

from dirac_forge.bump.drift.carried import CarriedReason, TooLowPython
from dirac_forge.bump.drift.ceilings import fresh_ceilings, moved_ceilings
from dirac_forge.bump.drift.clauses import Clause, clauses_of, joined, lower_bound
from dirac_forge.bump.drift.draft import DriftDraft
from dirac_forge.bump.drift.drift_notes import DriftNoteKind
from dirac_forge.bump.drift.excluded import exclusions, lifted, tell_admitted
from dirac_forge.bump.drift.lines import OutputLines, RequirementLine, split_item
from dirac_forge.bump.drift.python_min import raise_minimum, wants_minimum, write_minimum
from dirac_forge.bump.drift.python_tests import raise_tested
from dirac_forge.bump.drift.unknowns import tell_unknown_python
from dirac_forge.bump.drift.upstream_floor import UpstreamFloor, pins_python, too_low
from dirac_forge.recipe.scope import Scope
from dirac_forge.untrusted import parse_specifiers, parse_version
from dirac_forge.upstream.files.facts import ReleaseFacts

_OLDEST = Version("3")
"""Lower bounds of Python 2 bound nothing: a channel builds for nothing older than 3."""


def recipe_scope(
    output: OutputLines, scope: Scope, requires_python: str | None, draft: DriftDraft | None = None
) -> Scope:
    """Return `scope` with the Pythons that the output serves: from its own floor up, as upstream admits them."""
    floor = _own_floor(output, draft)
    narrowed = scope
    if floor is not None and floor >= _OLDEST:
        last = Version(scope.pythons[-1]).minor
        narrowed = replace(scope, pythons=tuple(f"3.{minor}" for minor in range(min(floor.minor, last), last + 1)))
    asked = parse_specifiers(requires_python or "")
    admitted = narrowed.supported(asked) if asked is not None else narrowed
    return admitted if admitted.pythons else narrowed


def _own_floor(output: OutputLines, draft: DriftDraft | None) -> Version | None:
    lines = [line for line in output.pythons if line.section == "run" and not line.conditional]
    floors = [lower_bound(clauses_of(draft.spec(line) if draft else line.spec) or ()) for line in lines]
    return max((floor for floor in floors if floor is not None), default=None)


def python_drift(
    draft: DriftDraft,
    output: OutputLines,
    old: ReleaseFacts,
    new: ReleaseFacts,
    scope: Scope,
    *,
    catch_up: bool = False,
) -> None:
    """Move the recipe's bounds of Python where upstream's moved; to be called after everything else of the output.

    An upper bound follows where it was upstream's. A floor that is too low is raised where upstream raised its own in
    this release to more than the channel's oldest Python, or to more than the one that host pins: pip would refuse to
    build. A floor below that is housekeeping, which people do when they edit run anyway: so it goes along with other
    edits there, also where the recipe lagged behind before, and only reports otherwise. Pythons that upstream excludes
    are excluded in a noarch recipe, too.
    """
    if tell_unknown_python(draft, output.output.name, old.metadata, new.metadata):
        return
    floor = UpstreamFloor.of(old, new)
    if old.metadata.requires_python != new.metadata.requires_python:
        _tell_not_compared(draft, output, floor)
    draft.pythons += _too_low_to_build(output, floor)
    _follow(draft, output, old, new, scope, floor, catch_up=catch_up)
    _tell_fallen(draft, output, floor, scope)
    tell_admitted(draft, output, new.metadata.requires_python, scope)


def _tell_not_compared(draft: DriftDraft, output: OutputLines, floor: UpstreamFloor) -> None:
    """Tell of bounds that can't be read, and so can't follow upstream's."""
    for line in output.pythons:
        if line.kind == "package" and not line.template and clauses_of(line.spec) is None:
            draft.note(
                "todo",
                "bound-not-compared",
                output.output.name,
                line=line.number,
                tells=(line.section, line.name),
                requirement=f"{line.name} {line.spec}",
                evidence=str(floor),
            )


def _tell_fallen(draft: DriftDraft, output: OutputLines, floor: UpstreamFloor, scope: Scope) -> None:
    """Tell that upstream admits older Pythons again, where the recipe has the floor that upstream had."""
    before, mine = floor.old, _own_floor(output, draft)
    if before is None or mine is None or mine.release[:2] != before.release[:2]:
        return
    lower = floor.new is None or floor.new.release[:2] < before.release[:2]
    oldest = parse_version(scope.pythons[0]) if scope.pythons else None
    if lower and oldest is not None and oldest < before:
        draft.note("warning", "python-floor-fell", output.output.name, before=str(before), floor=str(floor))


def _follow(
    draft: DriftDraft,
    output: OutputLines,
    old: ReleaseFacts,
    new: ReleaseFacts,
    scope: Scope,
    floor: UpstreamFloor,
    *,
    catch_up: bool,
) -> None:
    fresh = fresh_ceilings(output, old, new)
    ceilings = {} if fresh else moved_ceilings(draft, output, old, new)
    added = _together(exclusions(output, new.metadata.requires_python, scope), fresh)
    if not ceilings and wants_minimum(output, floor, new):
        write_minimum(draft, output, floor, scope, added)
        return
    bounds = _bounds(output, old, new, ceilings, added)
    low = _to_raise(draft, output, floor, scope, along=catch_up or bool(bounds) or draft.edited(output, "run"))
    if floor.new is not None and any(not line.template for line in low):
        raise_tested(draft, output, floor, f"{floor.new.major}.{floor.new.minor}.*")
    for line in output.pythons:
        if line.template:
            _follow_template(draft, output, line, floor, added.get(line.number, ()), low=line in low)
        elif line in low or line.number in bounds:
            _respecify(draft, output, line, floor, bounds.get(line.number), low=line in low)


def _follow_template(
    draft: DriftDraft,
    output: OutputLines,
    line: RequirementLine,
    floor: UpstreamFloor,
    added: Sequence[Clause],
    *,
    low: bool,
) -> None:
    """Raise the variable of a line whose bound one makes, and exclude what upstream excludes now."""
    if low:
        raise_minimum(draft, output, line, floor)
    if added:
        _exclude_beside_template(draft, output, line, added, floor)


def _bounds(
    output: OutputLines,
    old: ReleaseFacts,
    new: ReleaseFacts,
    ceilings: dict[int, tuple[Clause, ...]],
    added: dict[int, tuple[Clause, ...]],
) -> dict[int, tuple[Clause, ...]]:
    """Return the lines without a template that get other bounds than a floor, with their clauses."""
    bounds: dict[int, tuple[Clause, ...]] = {}
    for line in output.pythons:
        clauses = clauses_of(line.spec)
        if line.template or line.conditional or line.kind != "package" or clauses is None:
            continue
        kept = lifted(ceilings.get(line.number, clauses), old.metadata.requires_python, new.metadata.requires_python)
        wanted = (*kept, *added.get(line.number, ()))
        if wanted != clauses:
            bounds[line.number] = wanted
    return bounds


def _exclude_beside_template(
    draft: DriftDraft, output: OutputLines, line: RequirementLine, added: Sequence[Clause], floor: UpstreamFloor
) -> None:
    """Write what is excluded behind a bound that a variable makes."""
    written = split_item(line.raw)
    spec = joined(added, line.written)
    if written is not None:
        spec = f"{written['spec'].strip()},{spec}"
    reason = CarriedReason(kind="bound-moved")
    draft.respecify(output.output.name, line, spec, str(floor), reason, part="python")


def _too_low_to_build(output: OutputLines, floor: UpstreamFloor) -> list[TooLowPython]:
    """Return the Python that a noarch output is built with, where this release does not admit it any more."""
    if output.output.noarch != "python" or floor.new is None or floor.new == floor.old:
        return []
    for built_with in _built_with(output):
        if built_with.release[:2] < floor.new.release[:2]:
            wants, evidence = str(floor.new), str(floor)
            return [TooLowPython(output=output.output.name, has=str(built_with), wants=wants, evidence=evidence)]
    return []


def _built_with(output: OutputLines) -> Iterator[Version]:
    """Yield the Pythons that host pins."""
    for line in output.pythons:
        if line.kind == "package" and not line.conditional and pins_python(line):
            bound = lower_bound(clauses_of(line.spec) or ())
            yield from () if bound is None else (bound,)


def _to_raise(
    draft: DriftDraft, output: OutputLines, floor: UpstreamFloor, scope: Scope, *, along: bool
) -> list[RequirementLine]:
    """Return the lines whose floor is raised; with `along` also those that are only lower than they could be."""
    lines = output.pythons
    low = _lower(lines, floor.new, pinned=output.output.noarch == "python")
    if low and not (along or floor.needed(low, scope)):
        _tell_low(draft, output, low[0], floor, scope)
        return []
    if lines and not low and output.output.noarch is None and floor.needed(low, scope):
        draft.note("todo", "python-skips", output.output.name, python=str(floor.new), floor=str(floor))
    return low


def _lower(lines: Sequence[RequirementLine], floor: Version | None, *, pinned: bool) -> list[RequirementLine]:
    return [line for line in lines if floor is not None and too_low(line, floor, pinned=pinned)]


def _tell_low(
    draft: DriftDraft, output: OutputLines, line: RequirementLine, floor: UpstreamFloor, scope: Scope
) -> None:
    kind: DriftNoteKind = "python-floor-kept" if floor.old == floor.new else "python-floor-lower"
    draft.note(
        "info",
        kind,
        output.output.name,
        line=line.number,
        requirement=f"{line.name} {line.spec}",
        floor=str(floor),
        python=scope.python_min,
    )


def _respecify(
    draft: DriftDraft,
    output: OutputLines,
    line: RequirementLine,
    floor: UpstreamFloor,
    ceiling: tuple[Clause, ...] | None,
    *,
    low: bool,
) -> None:
    """Write a line with another upper bound, another lower one where it is `low`, or both."""
    clauses = clauses_of(line.spec) or () if ceiling is None else ceiling
    same_floor = floor.old == floor.new
    reason = CarriedReason(kind="floor-higher" if ceiling is None else "bound-moved")
    if low and floor.new is not None:
        bound = Clause(text=f">={floor.new}", operator=">=", version=floor.new)
        exact = Clause(text=f"{floor.new.major}.{floor.new.minor}.*", operator="==", version=floor.new)
        raised = {"low": bound, "equal": exact}
        clauses = tuple(raised.get(clause.side, clause) for clause in clauses)
        reason = reason if same_floor else CarriedReason(kind="floor-rose")
    lags = same_floor and ceiling is None
    spec = joined(clauses, line.written)
    draft.respecify(output.output.name, line, spec, str(floor), reason, part="python", lags=lags)


def _together(
    first: Mapping[int, tuple[Clause, ...]], second: Mapping[int, tuple[Clause, ...]]
) -> dict[int, tuple[Clause, ...]]:
    """Return the clauses to add to each line; a bound that both add once."""
    numbers = {*first, *second}
    return {n: tuple({c.text: c for c in (*first.get(n, ()), *second.get(n, ()))}.values()) for n in numbers}

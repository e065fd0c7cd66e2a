"""The Python that upstream asks for, carried over to `python >=…` lines and `python_min`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from dirac_forge.bump.drift.carried import Carried, CarriedReason, TooLowPython
from dirac_forge.bump.drift.clauses import Clause, clauses_of, highs, joined, lower_bound, moved, same
from dirac_forge.bump.drift.draft import DriftDraft
from dirac_forge.bump.drift.drift_notes import DriftNoteKind
from dirac_forge.bump.drift.excluded import exclusions, lifted, tell_admitted
from dirac_forge.bump.drift.lines import OutputLines, RequirementLine, split_item
from dirac_forge.bump.drift.upstream_floor import UpstreamFloor, pins_python
from dirac_forge.recipe.scope import Scope
from dirac_forge.untrusted import parse_version
from dirac_forge.upstream.files.facts import ReleaseFacts

_MAJOR = 3
"""The Python that there is."""
_MINIMUM_V1 = re.compile(r"(\s+python_min:\s*[\"']?)(\d+\.\d+)(.*)")
_MINIMUM_V0 = re.compile(r"(\s*\{%-?\s*set\s+python_min\s*=\s*[\"'])(\d+\.\d+)(.*)")
_OLDEST = Version("3")
"""Lower bounds of Python 2 bound nothing: a channel builds for nothing older than 3."""
_ROSE = CarriedReason(kind="floor-rose")
_MINIMUM_SINCE = datetime(2024, 10, 29, tzinfo=UTC)
"""When conda-forge began to ask noarch recipes for `python_min`."""
_VERSION_V1 = re.compile(r"(\s+)version:")
_VERSION_V0 = re.compile(r"\s*\{%-?\s*set\s+version\b")


def recipe_scope(
    output: OutputLines, scope: Scope, requires_python: str | None, draft: DriftDraft | None = None
) -> Scope:
    """Return `scope` with the Pythons that the output serves: from its own floor up, as upstream admits them."""
    floor = _own_floor(output, draft)
    narrowed = scope
    if floor is not None and floor >= _OLDEST:
        last = Version(scope.pythons[-1]).minor
        narrowed = replace(scope, pythons=tuple(f"3.{minor}" for minor in range(min(floor.minor, last), last + 1)))
    try:
        admitted = narrowed.supported(SpecifierSet(requires_python or ""))
    except ValueError:
        return narrowed
    return admitted if admitted.pythons else narrowed


def _own_floor(output: OutputLines, draft: DriftDraft | None) -> Version | None:
    lines = [line for line in _pythons(output) if line.section == "run" and not line.conditional]
    floors = [lower_bound(clauses_of(draft.spec(line) if draft else line.spec) or ()) for line in lines]
    return max((floor for floor in floors if floor is not None), default=None)


def _pythons(output: OutputLines) -> list[RequirementLine]:
    return [line for line in output.lines if line.key == "python" and line.section in {"build", "host", "run"}]


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
    floor = UpstreamFloor.of(old, new)
    draft.pythons += _too_low_to_build(output, floor)
    _follow(draft, output, old, new, scope, floor, catch_up=catch_up)
    _tell_fallen(draft, output, floor, scope)
    tell_admitted(draft, output, new.metadata.requires_python, scope)


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
    fresh = _fresh_ceilings(output, old, new)
    ceilings = {} if fresh else _ceilings(draft, output, old, new)
    added = _together(exclusions(output, new.metadata.requires_python, scope), fresh)
    if not ceilings and _wants_minimum(output, floor, new):
        _write_minimum(draft, output, floor, scope, added)
        return
    bounds = _bounds(output, old, new, ceilings, added)
    low = _to_raise(draft, output, floor, scope, along=catch_up or bool(bounds) or draft.edited(output, "run"))
    for line in _pythons(output):
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
        _raise_minimum(draft, output, line, floor)
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
    for line in _pythons(output):
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
    for line in _pythons(output):
        if line.kind == "package" and not line.conditional and pins_python(line):
            bound = lower_bound(clauses_of(line.spec) or ())
            yield from () if bound is None else (bound,)


def _wants_minimum(output: OutputLines, floor: UpstreamFloor, new: ReleaseFacts) -> bool:
    """Whether upstream raised a floor that a noarch recipe writes as a number, since conda-forge has `python_min`."""
    raised = floor.new if floor.rose and output.output.noarch == "python" else None
    if raised is None or not any(file.uploaded and file.uploaded >= _MINIMUM_SINCE for file in new.release.files):
        return False
    lines = _pythons(output)
    return bool(lines) and all(_too_low(line, raised) and not line.template for line in lines)


def _write_minimum(
    draft: DriftDraft,
    output: OutputLines,
    floor: UpstreamFloor,
    scope: Scope,
    added: dict[int, tuple[Clause, ...]],
) -> None:
    """Write `python_min` into host and run, as conda-forge asks of noarch recipes (CFEP 25)."""
    variable = "${{ python_min }}" if draft.v1 else "{{ python_min }}"
    for line in _pythons(output):
        exact = f"{variable}.*" if draft.v1 else variable
        kept = _kept_beside_floor(draft, output, line, floor) if line.section == "run" else []
        kept += [clause.text for clause in added.get(line.number, ())]
        spec = ",".join([f">={variable}", *kept]) if line.section == "run" else exact
        reason = CarriedReason(kind="python-min-asked")
        draft.respecify(output.output.name, line, spec, str(floor), reason, part="python")
    if floor.new is not None and floor.new > Version(scope.python_min):
        _set_minimum(draft, output, floor)
    draft.note("todo", "python-min-test", output.output.name)


def _kept_beside_floor(
    draft: DriftDraft, output: OutputLines, line: RequirementLine, floor: UpstreamFloor
) -> list[str]:
    """Return the clauses of a line that are no lower bound: the maintainers know why."""
    kept = [clause.text for clause in clauses_of(line.spec) or () if clause.side in {"high", "not"}]
    if kept:
        draft.note(
            "info",
            "python-ceiling-of-maintainers",
            output.output.name,
            tells=("run", "python"),
            bounds=kept,
            floor=str(floor),
        )
    return kept


def _to_raise(
    draft: DriftDraft, output: OutputLines, floor: UpstreamFloor, scope: Scope, *, along: bool
) -> list[RequirementLine]:
    """Return the lines whose floor is raised; with `along` also those that are only lower than they could be."""
    lines = _pythons(output)
    low = _lower(lines, floor.new)
    if low and not (along or floor.needed(low, scope)):
        _tell_low(draft, output, low[0], floor, scope)
        return []
    if lines and not low and output.output.noarch is None and floor.needed(low, scope):
        draft.note("todo", "python-skips", output.output.name, python=str(floor.new), floor=str(floor))
    return low


def _lower(lines: Sequence[RequirementLine], floor: Version | None) -> list[RequirementLine]:
    return [line for line in lines if floor is not None and _too_low(line, floor)]


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
        clauses = tuple(bound if clause.side == "low" else clause for clause in clauses)
        reason = reason if same_floor else _ROSE
    lags = same_floor and ceiling is None
    spec = joined(clauses, line.written)
    draft.respecify(output.output.name, line, spec, str(floor), reason, part="python", lags=lags)


def _fresh_ceilings(output: OutputLines, old: ReleaseFacts, new: ReleaseFacts) -> dict[int, tuple[Clause, ...]]:
    """Return the lines of a noarch output's run that lack the upper bound that upstream has now and did not have.

    Other outputs are built for each Python: they skip those that upstream excludes. `<4` excludes nothing yet.
    """
    before, after = (highs(facts.metadata.requires_python or "") for facts in (old, new))
    appeared = not before and any(clause.version.major == _MAJOR for clause in after)
    if not appeared or output.output.noarch != "python":
        return {}
    lines = [line for line in _pythons(output) if line.section == "run" and not line.conditional]
    bounded = any(map(_is_bounded, lines))
    return {} if bounded else {line.number: after for line in lines if line.kind == "package"}


def _is_bounded(line: RequirementLine) -> bool:
    """Whether a line has an upper bound, or names one version."""
    return any(clause.side in {"high", "equal"} for clause in clauses_of(line.spec) or ())


def _together(
    first: Mapping[int, tuple[Clause, ...]], second: Mapping[int, tuple[Clause, ...]]
) -> dict[int, tuple[Clause, ...]]:
    """Return the clauses to add to each line; a bound that both add once."""
    numbers = {*first, *second}
    return {n: tuple({c.text: c for c in (*first.get(n, ()), *second.get(n, ()))}.values()) for n in numbers}


def _ceilings(
    draft: DriftDraft, output: OutputLines, old: ReleaseFacts, new: ReleaseFacts
) -> dict[int, tuple[Clause, ...]]:
    """Return line numbers and their clauses, where the upper bound of a line is the one that upstream had."""
    before, after = (highs(facts.metadata.requires_python or "") for facts in (old, new))
    lines = [] if same(before, after) else [line for line in _pythons(output) if line.kind == "package"]
    if not lines:
        return {}
    mine = [line for line in lines if _bounded(line, before)]
    if not mine:
        draft.leaves_ceiling = True
        draft.note("warning", "python-ceiling", output.output.name, now=_texts(after), before=_texts(before))
    return {line.number: _with_ceiling(line.spec, before, after) for line in mine}


def _texts(clauses: Sequence[Clause]) -> list[str]:
    return [clause.text for clause in clauses]


def _bounded(line: RequirementLine, ceiling: tuple[Clause, ...]) -> bool:
    """Whether a line has upstream's upper bound, everywhere."""
    return bool(ceiling) and not line.conditional and not line.template and same(highs(line.spec), ceiling)


def _with_ceiling(spec: str, before: tuple[Clause, ...], after: tuple[Clause, ...]) -> tuple[Clause, ...]:
    clauses = clauses_of(spec) or ()
    rest = tuple(clause for clause in clauses if clause.side != "high")
    return moved(clauses, (*rest, *before), (*rest, *after))


def _too_low(line: RequirementLine, floor: Version) -> bool:
    if line.conditional or line.kind != "package":
        return False
    bound = lower_bound([clause for clause in clauses_of(line.spec) or () if clause.side in {"low", "equal"}])
    # A channel has the newest micro release of each Python: 3.9 is as good as upstream's 3.9.2.
    return bound is not None and bound.release[:2] < floor.release[:2] and (line.template or ">" in line.spec)


def _raise_minimum(draft: DriftDraft, output: OutputLines, line: RequirementLine, floor: UpstreamFloor) -> None:
    """Raise `python_min` of the recipe itself where it is set, else set it next to the version."""
    if floor.new is None or any(change.package == "python_min" for change in (*draft.changed, *draft.added)):
        return
    if "python_min" not in line.raw:
        draft.note(
            "todo",
            "python-raise-by-hand",
            output.output.name,
            line=line.number,
            package=line.name,
            python=str(floor.new),
            floor=str(floor),
        )
        return
    _set_minimum(draft, output, floor)


def _set_minimum(draft: DriftDraft, output: OutputLines, floor: UpstreamFloor) -> None:
    """Give `python_min` upstream's floor, where it is set or next to the version."""
    assert floor.new is not None  # noqa: S101  # only a floor that is known is raised to
    wanted = f"{floor.new.major}.{floor.new.minor}"
    change = Carried(
        output=output.output.name,
        part="python",
        package="python_min",
        after=f"python_min {wanted}",
        evidence=str(floor),
        reason=_ROSE,
    )
    if (place := _first(draft, _MINIMUM_V1 if draft.v1 else _MINIMUM_V0)) is not None:
        number, match = place
        draft.edits.replace(number, f"{match[1]}{wanted}{match[3]}")
        draft.changed.append(replace(change, before=f"python_min {match[2]}", line=number))
    elif (place := _first(draft, _VERSION_V1 if draft.v1 else _VERSION_V0)) is not None:
        number, match = place
        new = f'{match[1]}python_min: "{wanted}"' if draft.v1 else f'{{% set python_min = "{wanted}" %}}'
        draft.edits.insert(number, [new])
        draft.added.append(change)
    else:
        draft.note("todo", "python-min-unset", python=wanted, floor=str(floor))


def _first(draft: DriftDraft, pattern: re.Pattern[str]) -> tuple[int, re.Match[str]] | None:
    """Return the first line that a pattern matches."""
    for number, raw in enumerate(draft.edits.lines, start=1):
        if match := pattern.match(raw.rstrip("\r")):
            return number, match
    return None

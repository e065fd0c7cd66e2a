"""`python_min` of a noarch recipe (CFEP 25): written where conda-forge asks for it, and raised."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

from packaging.version import Version

from dirac_forge.bump.drift.carried import Carried, CarriedReason
from dirac_forge.bump.drift.clauses import Clause, clauses_of
from dirac_forge.bump.drift.draft import DriftDraft
from dirac_forge.bump.drift.lines import OutputLines, RequirementLine
from dirac_forge.bump.drift.python_tests import raise_tested
from dirac_forge.bump.drift.upstream_floor import UpstreamFloor, too_low
from dirac_forge.recipe.scope import Scope
from dirac_forge.upstream.files.facts import ReleaseFacts

_MINIMUM_V1 = re.compile(r"(\s+python_min:\s*[\"']?)(\d+\.\d+)(.*)")
_MINIMUM_V0 = re.compile(r"(\s*\{%-?\s*set\s+python_min\s*=\s*[\"'])(\d+\.\d+)(.*)")
_MINIMUM_SINCE = datetime(2024, 10, 29, tzinfo=UTC)
"""When conda-forge began to ask noarch recipes for `python_min`."""
_VERSION_V1 = re.compile(r"(\s+)version:")
_VERSION_V0 = re.compile(r"\s*\{%-?\s*set\s+version\b")


def wants_minimum(output: OutputLines, floor: UpstreamFloor, new: ReleaseFacts) -> bool:
    """Whether upstream raised a floor that a noarch recipe writes as a number, since conda-forge has `python_min`."""
    raised = floor.new if floor.rose and output.output.noarch == "python" else None
    if raised is None or not any(file.uploaded and file.uploaded >= _MINIMUM_SINCE for file in new.release.files):
        return False
    lines = output.pythons
    return bool(lines) and all(too_low(line, raised, pinned=True) and not line.template for line in lines)


def write_minimum(
    draft: DriftDraft,
    output: OutputLines,
    floor: UpstreamFloor,
    scope: Scope,
    added: dict[int, tuple[Clause, ...]],
) -> None:
    """Write `python_min` into host and run, as conda-forge asks of noarch recipes (CFEP 25)."""
    variable = "${{ python_min }}" if draft.v1 else "{{ python_min }}"
    for line in output.pythons:
        exact = f"{variable}.*" if draft.v1 else variable
        kept = _kept_beside_floor(draft, output, line, floor) if line.section == "run" else []
        kept += [clause.text for clause in added.get(line.number, ())]
        spec = ",".join([f">={variable}", *kept]) if line.section == "run" else exact
        reason = CarriedReason(kind="python-min-asked")
        draft.respecify(output.output.name, line, spec, str(floor), reason, part="python")
    if floor.new is not None and floor.new > Version(scope.python_min):
        _set_minimum(draft, output, floor)
    if not raise_tested(draft, output, floor, f"{variable}.*" if draft.v1 else variable):
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


def raise_minimum(draft: DriftDraft, output: OutputLines, line: RequirementLine, floor: UpstreamFloor) -> None:
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
        reason=CarriedReason(kind="floor-rose"),
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

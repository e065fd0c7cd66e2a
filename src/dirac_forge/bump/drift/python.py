"""The Python that upstream asks for, carried over to `python >=…` lines and `python_min`."""

from __future__ import annotations

import re
from dataclasses import replace

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from dirac_forge.bump.drift.carried import Carried
from dirac_forge.bump.drift.clauses import Clause, clauses_of, joined, lower_bound, moved, same
from dirac_forge.bump.drift.draft import DriftDraft
from dirac_forge.bump.drift.lines import OutputLines, RequirementLine
from dirac_forge.bump.drift.needs import floor_of
from dirac_forge.recipe.scope import Scope
from dirac_forge.upstream.files.facts import ReleaseFacts

__all__ = ["python_drift", "recipe_scope"]

_MINIMUM_V1 = re.compile(r"(\s+python_min:\s*[\"']?)(\d+\.\d+)(.*)")
_MINIMUM_V0 = re.compile(r"(\s*\{%-?\s*set\s+python_min\s*=\s*[\"'])(\d+\.\d+)(.*)")
_VERSION_V1 = re.compile(r"(\s+)version:")
_VERSION_V0 = re.compile(r"\s*\{%-?\s*set\s+version\b")


def recipe_scope(
    output: OutputLines, scope: Scope, requires_python: str | None, draft: DriftDraft | None = None
) -> Scope:
    """`scope` with the Pythons that the output serves: from its own floor up, as upstream admits them."""
    floors = []
    for line in _pythons(output):
        if line.section == "run" and not line.conditional:
            bound = lower_bound(clauses_of(draft.spec(line) if draft else line.spec) or ())
            floors += [bound] if bound is not None else []
    pythons = scope.pythons
    floor = max(floors, default=None)
    if floor is not None and floor < Version("3"):
        floor = None  # nothing in a channel is older than 3
    if floor is not None:
        last = Version(scope.pythons[-1]).minor
        pythons = tuple(f"3.{minor}" for minor in range(min(floor.minor, last), last + 1))
    narrowed = replace(scope, pythons=pythons)
    try:
        admitted = narrowed.supported(SpecifierSet(requires_python or ""))
    except ValueError:
        return narrowed
    return admitted if admitted.pythons else narrowed


def _pythons(output: OutputLines) -> list[RequirementLine]:
    return [line for line in output.lines if line.key == "python" and line.section in {"build", "host", "run"}]


def python_drift(draft: DriftDraft, output: OutputLines, old: ReleaseFacts, new: ReleaseFacts, scope: Scope) -> None:
    """Move the recipe's bounds of Python where upstream's moved; to be called after all else of the output.

    An upper bound follows where it was upstream's. A floor that is too low is raised where upstream raised its own in
    this release to more than the channel's oldest Python, or to more than the one that host pins: pip would refuse to
    build. A floor below that is housekeeping, which people do when they edit run anyway: so it goes along with other
    edits there, also where the recipe lagged behind before, and is only told of otherwise.
    """
    was, now = floor_of(old.metadata.requires_python), floor_of(new.metadata.requires_python)
    ceilings = _ceilings(draft, output, old, new)
    low = [line for line in _pythons(output) if now is not None and _too_low(line, now)]
    evidence = f"Requires-Python: {new.metadata.requires_python}"
    needed = now is not None and was != now and (now > Version(scope.python_min) or any(map(_pins, low)))
    if low and not (needed or ceilings or draft.edited(output, "run")):
        draft.note(
            "info",
            f"{output.output.name}, line {low[0].number}: {low[0].name} {low[0].spec} is lower than upstream's "
            + (
                f"({evidence}), which did not change in this release"
                if was == now
                else f"({evidence}); the channel builds for {scope.python_min} and later"
            ),
        )
        low = []
    if needed and not low and output.output.noarch is None and _pythons(output):
        draft.note("todo", f"{output.output.name}: see whether Pythons before {now} are skipped ({evidence})")
    for line in _pythons(output):
        raised = now if line in low else None
        if raised is not None and line.template:
            _raise_minimum(draft, output, line, raised, evidence)
        elif raised is not None or line.number in ceilings:
            clauses = ceilings.get(line.number, clauses_of(line.spec) or ())
            if raised is not None:
                floor = Clause(text=f">={raised}", operator=">=", version=raised)
                clauses = tuple(floor if clause.side == "low" else clause for clause in clauses)
            reason = "upstream's bound moved" if was == now and line.number in ceilings else "upstream's floor rose"
            reason = "upstream's floor is higher" if was == now and line.number not in ceilings else reason
            draft.respecify(output.output.name, line, joined(clauses, line.written), evidence, reason, part="python")


def _ceilings(
    draft: DriftDraft, output: OutputLines, old: ReleaseFacts, new: ReleaseFacts
) -> dict[int, tuple[Clause, ...]]:
    """Line numbers to their clauses, where the upper bound of a line is the one that upstream had."""
    before, after = (
        tuple(c for c in clauses_of(facts.metadata.requires_python or "") or () if c.side == "high")
        for facts in (old, new)
    )
    lines = [line for line in _pythons(output) if line.kind == "package"]
    if same(before, after) or not lines:
        return {}
    found = {}
    for line in lines:
        clauses = clauses_of(line.spec) or ()
        mine = tuple(clause for clause in clauses if clause.side == "high")
        if before and not line.conditional and not line.template and same(mine, before):
            found[line.number] = moved(
                clauses, (*(c for c in clauses if c not in mine), *before), _with(clauses, after)
            )
    if not found:
        said = (", ".join(c.text for c in side) or "none" for side in (after, before))
        draft.note(
            "warning",
            f"{output.output.name}: upstream's upper bound of Python changed to {next(said)} (was {next(said)}); see "
            "whether the recipe has to say so",
        )
    return found


def _with(clauses: tuple[Clause, ...], high: tuple[Clause, ...]) -> tuple[Clause, ...]:
    """The clauses with another upper bound."""
    return (*(clause for clause in clauses if clause.side != "high"), *high)


def _too_low(line: RequirementLine, floor: Version) -> bool:
    if line.conditional or line.kind != "package":
        return False
    bound = lower_bound([clause for clause in clauses_of(line.spec) or () if clause.side in {"low", "equal"}])
    # A channel has the newest micro release of each Python: 3.9 is as good as upstream's 3.9.2.
    return bound is not None and bound.release[:2] < floor.release[:2] and (line.template or ">" in line.spec)


def _pins(line: RequirementLine) -> bool:
    return line.section == "host" and any(clause.side == "equal" for clause in clauses_of(line.spec) or ())


def _raise_minimum(
    draft: DriftDraft, output: OutputLines, line: RequirementLine, floor: Version, evidence: str
) -> None:
    """`python_min` of the recipe itself: raised where it is set, else set beside the version."""
    if "python_min" not in line.raw:
        draft.note("todo", f"{output.output.name}, line {line.number}: raise {line.name} to >={floor} ({evidence})")
        return
    if any(change.package == "python_min" for change in (*draft.changed, *draft.added)):
        return
    wanted = f"{floor.major}.{floor.minor}"
    pattern = _MINIMUM_V1 if draft.v1 else _MINIMUM_V0
    change = Carried(
        output=output.output.name,
        part="python",
        package="python_min",
        after=f"python_min {wanted}",
        evidence=evidence,
        reason="upstream's floor rose",
    )
    for number, raw in enumerate(draft.edits.lines, start=1):
        if match := pattern.match(raw.rstrip("\r")):
            draft.edits.replace(number, f"{match[1]}{wanted}{match[3]}")
            draft.changed.append(replace(change, before=f"python_min {match[2]}", line=number))
            return
    for number, raw in enumerate(draft.edits.lines, start=1):
        if match := (_VERSION_V1 if draft.v1 else _VERSION_V0).match(raw):
            new = f'{match[1]}python_min: "{wanted}"' if draft.v1 else f'{{% set python_min = "{wanted}" %}}'
            draft.edits.insert(number, [new])
            draft.added.append(change)
            return
    draft.note("todo", f"set python_min to {wanted} ({evidence})")

"""Lines that upstream asks more of from this release on, raised to what it asks for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from dirac_forge.bump.drift.carried import CarriedReason, UnmetRequirement
from dirac_forge.bump.drift.clauses import Clause, clauses_of, contradictory, implied, joined, styled
from dirac_forge.bump.drift.draft import DriftDraft
from dirac_forge.bump.drift.lines import OutputLines, RequirementLine


def raise_unmet(draft: DriftDraft, outputs: Sequence[OutputLines], findings: Iterable[UnmetRequirement]) -> None:
    """Raise the bounds of run lines that fall short of what upstream asks for from this release on.

    A line that stands for Pythons of which upstream asks for different versions gets what all of them have in common;
    a noarch package, which serves all of them, the sum. What can't be written like that stays as it is.
    """
    by_name = {output.output.name: output for output in outputs}
    for finding in findings:
        output = by_name[finding.output]
        line = _line_of(draft, output, finding)
        if line is None or not finding.fresh:
            continue
        mine = clauses_of(draft.spec(line))
        asked = _together(finding.asked, noarch=output.output.noarch is not None)
        if mine is None or asked is None or any(clause.side == "equal" for clause in mine):
            continue
        raised = _tightened(mine, asked)
        if not contradictory(raised, asked):
            spec = joined(raised, line.written)
            draft.respecify(finding.output, line, spec, finding.evidence, CarriedReason(kind="asked-now"))


def _line_of(draft: DriftDraft, output: OutputLines, finding: UnmetRequirement) -> RequirementLine | None:
    """Return the line of the recipe as it was, where it is one, in run."""
    if finding.part != "run" or len(finding.lines) != 1:
        return None
    number = draft.edits.origin(finding.lines[0])
    lines = [line for line in output.of("run") if line.number == number and line.kind == "package"]
    return lines[0] if len(lines) == 1 else None


def _together(specs: Sequence[str], *, noarch: bool) -> tuple[Clause, ...] | None:
    """Return the clauses for a line that stands for all of the specs; None if no single line can."""
    if len(specs) == 1:
        return clauses_of(specs[0])
    known = [clauses for spec in specs if (clauses := clauses_of(spec)) is not None]
    if len(known) < len(specs) or any(clause.side == "equal" for clauses in known for clause in clauses):
        return None
    return _strictest([*chain.from_iterable(known)] if noarch else [*_in_all(known)])


def _in_all(specs: Sequence[tuple[Clause, ...]]) -> Iterator[Clause]:
    """Yield the clauses that all of the specs imply."""
    for clause in chain.from_iterable(specs):
        if all(implied([clause], clauses) for clauses in specs):
            yield clause


def _strictest(clauses: Sequence[Clause]) -> tuple[Clause, ...]:
    """Return the clauses without those that others imply."""
    kept: list[Clause] = []
    for clause in clauses:
        if not implied([clause], kept):
            kept = [one for one in kept if not implied([one], [clause])] + [clause]
    return tuple(kept)


def _tightened(mine: tuple[Clause, ...], asked: tuple[Clause, ...]) -> tuple[Clause, ...]:
    """Return the recipe's clauses, each side as strict as upstream's at least, in the recipe's own style."""
    result = list(mine)
    for clause in asked:
        if implied([clause], result):
            continue
        own = next((one for one in result if one.side == clause.side != "not"), None)
        if own is None:
            lows = [one for one in result if one.side == "low"]
            result.insert(0 if clause.side == "low" else len(result) if clause.side == "high" else len(lows), clause)
        else:
            result[result.index(own)] = styled(clause, own, [])
    return tuple(result)

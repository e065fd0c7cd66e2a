"""Upper bounds of Python: they follow upstream's where they were upstream's."""

from __future__ import annotations

from collections.abc import Sequence

from dirac_forge.bump.drift.clauses import Clause, clauses_of, highs, moved, same
from dirac_forge.bump.drift.draft import DriftDraft
from dirac_forge.bump.drift.lines import OutputLines, RequirementLine
from dirac_forge.upstream.files.facts import ReleaseFacts

_MAJOR = 3
"""The Python that there is."""


def fresh_ceilings(output: OutputLines, old: ReleaseFacts, new: ReleaseFacts) -> dict[int, tuple[Clause, ...]]:
    """Return the lines of a noarch output's run that lack the upper bound that upstream has now and did not have.

    Other outputs are built for each Python: they skip those that upstream excludes. `<4` excludes nothing yet.
    """
    before, after = (highs(facts.metadata.requires_python or "") for facts in (old, new))
    appeared = not before and any(clause.version.major == _MAJOR for clause in after)
    if not appeared or output.output.noarch != "python":
        return {}
    lines = [line for line in output.pythons if line.section == "run" and not line.conditional]
    bounded = any(map(_is_bounded, lines))
    return {} if bounded else {line.number: after for line in lines if line.kind == "package"}


def _is_bounded(line: RequirementLine) -> bool:
    """Whether a line has an upper bound, or names one version."""
    return any(clause.side in {"high", "equal"} for clause in clauses_of(line.spec) or ())


def moved_ceilings(
    draft: DriftDraft, output: OutputLines, old: ReleaseFacts, new: ReleaseFacts
) -> dict[int, tuple[Clause, ...]]:
    """Return line numbers and their clauses, where the upper bound of a line is the one that upstream had."""
    before, after = (highs(facts.metadata.requires_python or "") for facts in (old, new))
    lines = [] if same(before, after) else [line for line in output.pythons if line.kind == "package"]
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

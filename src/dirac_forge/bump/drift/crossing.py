"""What a build that cross-compiles runs on its own machine: listed in build once more, under a condition."""

from __future__ import annotations

from dirac_forge.bump.drift.carried import CarriedReason
from dirac_forge.bump.drift.draft import DriftDraft
from dirac_forge.bump.drift.lines import Block, OutputLines, RequirementLine, block_at
from dirac_forge.bump.drift.needs import UpstreamNeed
from dirac_forge.recipe.making.tools import CROSS, RUNS_AT_BUILD

_CONDITION = CROSS.v1.replace(" ", "")


def add_crossed(draft: DriftDraft, output: OutputLines, need: UpstreamNeed, *, bare: bool) -> None:
    """Add what upstream builds with now to the lines for cross-compiling, where the recipe has them and needs it."""
    crossing = [line for line in output.of("build") if _is_crossing(draft, line)]
    if need.package not in RUNS_AT_BUILD or not crossing:
        return
    # A line under a condition of its own can't stand under this one, too: without its version it can.
    spec = "" if bare or need.everywhere is None else need.everywhere
    within = _list_of(draft, crossing[0]) if draft.v1 else None
    draft.add(
        output,
        "build",
        need.package,
        spec,
        evidence=need.evidence,
        reason=CarriedReason(kind="built-with"),
        when=None if within is not None else CROSS,
        project=need.project,
        within=within,
    )


def _is_crossing(draft: DriftDraft, line: RequirementLine) -> bool:
    """Whether a line of build holds only where the platform that builds is another one."""
    block = block_at(draft.edits.lines, line.number, ("build",))
    item = block.item_at(line.number) if block is not None else None
    if item is None or not line.conditional or draft.gone(line):
        return False
    first = draft.edits.lines[item[0] - 1].strip().replace(" ", "")
    return first.startswith(f"-if:{_CONDITION}") if draft.v1 else f"[{_CONDITION}]" in first


def _list_of(draft: DriftDraft, line: RequirementLine) -> Block | None:
    """Return the list under the condition that a line stands in; None if the condition has that line only."""
    return block_at(draft.edits.lines, line.number, ("then",))

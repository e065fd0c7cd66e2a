"""Builds of a noarch package for each system (`__unix`, `__win`) that no longer differ in any requirement."""

from __future__ import annotations

import re

from dirac_forge.bump.drift.carried import CarriedReason
from dirac_forge.bump.drift.draft import DriftDraft
from dirac_forge.bump.drift.lines import OutputLines, RequirementLine

_VIRTUAL = frozenset({"__unix", "__win", "__linux", "__osx"})
_CONDITION = re.compile(r"#\s*\[[^\]]+\]\s*$|^\s*(?:-\s+)?if:|\bif (?:win|unix|linux|osx)\b|^\s*skip:")


def systems_drift(draft: DriftDraft, output: OutputLines) -> None:
    """Remove the lines for systems where the last requirement that needed them went; else, tell what they wait for.

    To be called after everything else. conda-forge.yml's `noarch_platforms` is named: nothing needs it, either.
    """
    virtual = _needless(draft, output)
    if output.output.noarch is None or not virtual:
        return
    name = output.output.name
    if _conditions(draft, {line.number for line in virtual}):
        draft.note("info", "systems-stay", name, packages=[line.name for line in virtual])
        return
    for line in virtual:
        draft.remove(name, line, "", CarriedReason(kind="conditions-gone"))
    draft.note("info", "platforms-needless", name)


def _needless(draft: DriftDraft, output: OutputLines) -> list[RequirementLine]:
    """Return the lines for systems, where all others with a condition went (one at least)."""
    lines = [line for line in output.of("run") if line.conditional]
    others = [line for line in lines if line.name not in _VIRTUAL]
    if not others or not all(map(draft.gone, others)):
        return []
    return [line for line in lines if line.name in _VIRTUAL and not draft.gone(line)]


def _conditions(draft: DriftDraft, but: set[int]) -> bool:
    """Whether the text has any other condition; that of a line in `but` may stand in the line above it."""
    spared = {number + offset for number in but for offset in (0, -1)}
    return any(
        _CONDITION.search(raw.rstrip("\r"))
        for number, raw in enumerate(draft.edits.lines, start=1)
        if number not in spared and not draft.edits.removed(number)
    )

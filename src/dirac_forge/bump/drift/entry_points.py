"""Commands (entry points) that upstream added, moved or dropped, carried over to an output's list."""

from __future__ import annotations

import re
from collections.abc import Mapping

from dirac_forge.bump.drift.carried import Carried
from dirac_forge.bump.drift.draft import DriftDraft
from dirac_forge.bump.drift.edits import item_text
from dirac_forge.bump.drift.lines import Block, OutputLines, key_block
from dirac_forge.upstream.files.facts import ReleaseFacts

__all__ = ["entry_points_drift"]

_POINT = re.compile(r"(?P<lead>\s*-\s+[\"']?)(?P<name>[^=\"']+?)\s*=\s*(?P<value>[\w.]+\s*:\s*[\w.]+)(?P<tail>.*)")
_KEY = re.compile(r"\s*(?:-\s+)?entry_points:\s*(?:#.*)?$")


def entry_points_drift(
    draft: DriftDraft, output: OutputLines, old: ReleaseFacts, new: ReleaseFacts, *, until: int
) -> None:
    """Carry over what changed; `until` is the line before which the output ends."""
    was, now = _points(old), _points(new)
    if was is None or now is None or was == now:
        return
    block = _block(draft, output.output.line, until)
    if block is None:
        if output.output.noarch == "python" and set(now) - set(was):
            commands = ", ".join(f"{name} = {now[name]}" for name in sorted(set(now) - set(was)))
            draft.note("todo", f"{output.output.name}: upstream has new commands, add entry_points: {commands}")
        return
    mine = {
        match["name"].strip(): (number, match)
        for number, _ in block.items
        if (match := _POINT.fullmatch(draft.edits.lines[number - 1].rstrip("\r")))
    }
    for name in sorted(set(was) | set(now)):
        before, after = was.get(name), now.get(name)
        if before == after:
            continue
        if after is None and name in mine:
            number = mine[name][0]
            draft.edits.remove(number, number)
            draft.removed.append(_change(output, name, before=before or "", line=number))
        elif after is not None and name not in mine and before is None:
            _add(draft, block, name, after, mine)
            draft.added.append(_change(output, name, after=after))
        elif after is not None and before is not None and name in mine:
            number, match = mine[name]
            written = match["value"]
            if re.sub(r"\s", "", written) != before:
                draft.note("info", f"{output.output.name}: {name} = {written} is the maintainers' own and stays")
                continue
            line = match[0]
            start, end = match.span("value")
            draft.edits.replace(number, line[:start] + after + line[end:])
            draft.changed.append(_change(output, name, before=before, after=after, line=number))


def _points(facts: ReleaseFacts) -> Mapping[str, str] | None:
    source = facts.wheel or facts.sdist
    return None if source is None else {p.name: re.sub(r"\s", "", p.value) for p in source.entry_points}


def _block(draft: DriftDraft, first: int, until: int) -> Block | None:
    for number in range(max(first, 1), min(until, len(draft.edits.lines) + 1)):
        if _KEY.match(draft.edits.lines[number - 1].rstrip("\r")):
            return key_block(draft.edits.lines, number)
    return None


def _add(draft: DriftDraft, block: Block, name: str, value: str, mine: Mapping[str, tuple[int, re.Match[str]]]) -> None:
    lines = [line.rstrip("\r") for line in draft.edits.lines]
    names = list(mine)
    place = block.items[-1][1]
    if len(names) > 1 and names == sorted(names):
        before = [number for other, (number, _) in mine.items() if other < name]
        place = max(before) if before else block.items[0][0] - 1
    draft.edits.insert(place, item_text(block, f"{name} = {value}", lines, when=None, v1=draft.v1))


def _change(output: OutputLines, name: str, *, before: str = "", after: str = "", line: int = 0) -> Carried:
    return Carried(
        output=output.output.name,
        part="entry_points",
        package=name,
        before=f"{name} = {before}" if before else "",
        after=f"{name} = {after}" if after else "",
        line=line,
        evidence=f"entry point {name} = {after or before}",
        reason="upstream changed its commands"
        if before and after
        else f"upstream {'dropped' if before else 'added'} it",
    )

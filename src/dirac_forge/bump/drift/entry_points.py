"""Commands (entry points) that upstream added, moved or dropped, carried over to an output's list."""

from __future__ import annotations

import re
from collections.abc import Mapping

from dirac_forge.bump.drift.carried import Carried, CarriedReason
from dirac_forge.bump.drift.draft import DriftDraft
from dirac_forge.bump.drift.edits import item_text
from dirac_forge.bump.drift.lines import Block, OutputLines, key_block
from dirac_forge.bump.drift.unknowns import knows_commands
from dirac_forge.upstream.files.facts import ReleaseFacts

_POINT = re.compile(r"(?P<lead>\s*-\s+[\"']?)(?P<name>[^=\"']+?)\s*=\s*(?P<value>[\w.]+\s*:\s*[\w.]+)(?P<tail>.*)")
_KEY = re.compile(r"\s*(?:-\s+)?entry_points:\s*(?:#.*)?$")


def entry_points_drift(
    draft: DriftDraft, output: OutputLines, old: ReleaseFacts, new: ReleaseFacts, *, until: int
) -> None:
    """Carry over what changed; `until` is the line before which the output ends."""
    block = _block(draft, output.output.line, until)
    if not (knows_commands(old) and knows_commands(new)):
        if block is not None:
            draft.note("warning", "commands-unknown", output.output.name)
        return
    was, now = _points(old), _points(new)
    if was == now:
        return
    if block is None:
        commands = [f"{name} = {now[name]}" for name in sorted(now.keys() - was.keys())]
        if output.output.noarch == "python" and commands:
            draft.note("todo", "commands-new", output.output.name, commands=commands)
        return
    commands_here = _CommandList(draft, output, block)
    for name in sorted({*was, *now}):
        if was.get(name) != now.get(name):
            commands_here.follow(name, was.get(name), now.get(name))


class _CommandList:
    """The commands of an output's list, edited as upstream changed them."""

    def __init__(self, draft: DriftDraft, output: OutputLines, block: Block) -> None:
        self.draft = draft
        self.output = output
        self.block = block
        self.mine = {
            match["name"].strip(): (number, match)
            for number, _ in block.items
            if (match := _POINT.fullmatch(draft.edits.lines[number - 1].rstrip("\r")))
        }

    def follow(self, name: str, before: str | None, after: str | None) -> None:
        """Carry over one command that upstream changed; one that the list lacks is only added where it is new."""
        if name not in self.mine:
            if before is None and after is not None:
                self._add(name, after)
        elif after is None:
            number = self.mine[name][0]
            self.draft.edits.remove(number, number)
            self.draft.removed.append(_change(self.output, name, before=before or "", line=number))
        elif before is not None:
            self._replace(name, before, after)

    def _replace(self, name: str, before: str, after: str) -> None:
        number, match = self.mine[name]
        if re.sub(r"\s", "", match["value"]) != before:
            written = f"{name} = {match['value']}"
            self.draft.note("info", "command-of-maintainers", self.output.output.name, command=written)
            return
        start, end = match.span("value")
        self.draft.edits.replace(number, match[0][:start] + after + match[0][end:])
        self.draft.changed.append(_change(self.output, name, before=before, after=after, line=number))

    def _add(self, name: str, value: str) -> None:
        lines = [line.rstrip("\r") for line in self.draft.edits.lines]
        place = self.block.items[-1][1]
        if len(self.mine) > 1 and list(self.mine) == sorted(self.mine):
            earlier = [number for other, (number, _) in self.mine.items() if other < name]
            place = max(earlier, default=self.block.items[0][0] - 1)
        text = item_text(self.block, f"{name} = {value}", lines, when=None, v1=self.draft.v1)
        self.draft.edits.insert(place, text)
        self.draft.added.append(_change(self.output, name, after=value))


def _points(facts: ReleaseFacts) -> Mapping[str, str]:
    """Return the commands of a release that can be written in a recipe."""
    source = facts.wheel or facts.sdist
    return {point.name: point.value for point in source.entry_points} if source is not None else {}


def _block(draft: DriftDraft, first: int, until: int) -> Block | None:
    for number in range(max(first, 1), min(until, len(draft.edits.lines) + 1)):
        if _KEY.match(draft.edits.lines[number - 1].rstrip("\r")):
            return key_block(draft.edits.lines, number)
    return None


def _change(output: OutputLines, name: str, *, before: str = "", after: str = "", line: int = 0) -> Carried:
    return Carried(
        output=output.output.name,
        part="entry_points",
        package=name,
        before=f"{name} = {before}" if before else "",
        after=f"{name} = {after}" if after else "",
        line=line,
        evidence=f"entry point {name} = {after or before}",
        reason=CarriedReason(kind="commands-changed" if before and after else "dropped" if before else "added"),
    )

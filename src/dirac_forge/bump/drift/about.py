"""The licence and its files, carried over to a recipe's `about` where it says exactly what upstream said before."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dirac_forge.bump.drift.carried import Carried
from dirac_forge.bump.drift.draft import DriftDraft
from dirac_forge.bump.drift.edits import item_text
from dirac_forge.bump.drift.lines import Block, OutputLines, key_block, values_of
from dirac_forge.recipe.licences.decision import decide, licence_files
from dirac_forge.recipe.licences.names import normalised
from dirac_forge.upstream.files.facts import ReleaseFacts

__all__ = ["about_drift"]

Region = tuple[int, int]
_SCALAR = re.compile(
    r"(?P<lead>\s+(?:license|license_file):\s+(?P<quote>[\"']?))(?P<value>[^\"'#{}\[\]|>]+?)(?P<tail>(?P=quote)\s*(?:\s#.*)?)"
)
_ITEM = re.compile(r"(?P<lead>\s*-\s+(?P<quote>[\"']?))(?P<value>[^\"'#{}\[\]:]+?)(?P<tail>(?P=quote)\s*(?:\s#.*)?)")


def about_drift(
    draft: DriftDraft,
    output: OutputLines,
    old: ReleaseFacts,
    new: ReleaseFacts,
    regions: Sequence[Region],
    *,
    tell: bool = True,
) -> None:
    """Carry over another licence expression and files that were renamed, added or removed; the rest is told.

    `regions` are the lines that are the output's own; without `tell` another output tells what upstream's licence is.
    """
    _licence(draft, output, old, new, regions, tell=tell)
    if old.sdist is not None and new.sdist is not None and len(set(output.sources)) == 1:
        _files(draft, output, old, new, regions)


def _declared(facts: ReleaseFacts) -> tuple[object, ...]:
    """What the metadata says of the licence."""
    classifiers = {one for one in facts.metadata.classifiers if one.startswith("License ::")}
    return facts.metadata.license_expression, facts.metadata.license, classifiers


def _expression(facts: ReleaseFacts) -> str:
    return decide(facts.metadata, facts.sdist.texts if facts.sdist is not None else {}).expression or ""


def _licence(
    draft: DriftDraft,
    output: OutputLines,
    old: ReleaseFacts,
    new: ReleaseFacts,
    regions: Sequence[Region],
    *,
    tell: bool,
) -> None:
    if _declared(old) == _declared(new):
        return
    before, after = _expression(old), _expression(new)
    if before == after or not after:
        return
    # Only an expression of upstream's own is sure; what classifiers and texts are read as is for a person to see.
    declared = normalised(new.metadata.license_expression or "") == after
    edited = False
    for region in regions:
        for number in values_of(draft.edits.lines, region, ("about", "license")):
            match = _SCALAR.fullmatch(draft.edits.current(number))
            if match is None or not declared or normalised(match["value"]) != before:
                continue
            draft.edits.replace(number, f"{match['lead']}{after}{match['tail']}")
            draft.beyond.append(
                _carried(output, "license", match["value"], after, number, f"License-Expression: {after}")
            )
            edited = True
    if tell and not edited:
        draft.note("warning", f"{output.output.name}: upstream's licence is {after} now (was {before or 'not told'})")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Listed:
    """The files that a recipe lists: in one line, or in a block below it."""

    key_line: int
    block: Block | None
    files: tuple[tuple[int, re.Match[str]], ...]

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(match["value"] for _, match in self.files)


def _listed(draft: DriftDraft, number: int) -> _Listed | None:
    """None where the files are written in a way that is not edited."""
    if match := _SCALAR.fullmatch(draft.edits.current(number)):
        return _Listed(key_line=number, block=None, files=((number, match),))
    block = key_block(draft.edits.lines, number)
    if block is None:
        return None
    files = [(first, _ITEM.fullmatch(draft.edits.current(first))) for first, last in block.items if first == last]
    known = tuple((line, match) for line, match in files if match is not None)
    return _Listed(key_line=number, block=block, files=known) if len(known) == len(block.items) else None


def _files(
    draft: DriftDraft, output: OutputLines, old: ReleaseFacts, new: ReleaseFacts, regions: Sequence[Region]
) -> None:
    there, left = _paths(old), _paths(new)
    was = licence_files(old.metadata.license_files, old.sdist.texts if old.sdist else {})
    now = licence_files(new.metadata.license_files, new.sdist.texts if new.sdist else {})
    fresh = [path for path in now if path not in there]
    for region in regions:
        for number in values_of(draft.edits.lines, region, ("about", "license_file")):
            listed = _listed(draft, number)
            mine = listed.paths if listed is not None else ()
            gone = [path for path in mine if path in there and path not in left]
            exact = set(mine) == set(was)
            if listed is None or not (gone or (exact and fresh)):
                continue
            kept = [path for path in mine if path not in gone]
            if (exact or len(gone) == len(fresh) == 1) and (kept or fresh):
                _write(draft, output, listed, gone, fresh)
            else:
                draft.note(
                    "todo",
                    f"{output.output.name}, line {number}: {', '.join(gone)} is not in upstream's sdist any more; its "
                    f"licence files are {', '.join(now) or 'not told'}",
                )


def _paths(facts: ReleaseFacts) -> frozenset[str]:
    return frozenset((*facts.sdist.members, *facts.sdist.texts)) if facts.sdist is not None else frozenset()


def _write(draft: DriftDraft, output: OutputLines, listed: _Listed, gone: Sequence[str], fresh: Sequence[str]) -> None:
    """The lines of the files that go, that come, and (one for one) that are renamed."""
    waiting = list(fresh)
    kept = [path for path in listed.paths if path not in gone]
    for number, match in listed.files:
        if match["value"] in gone and waiting and (listed.block is not None or len(kept) + len(fresh) == 1):
            new = waiting.pop(0)
            draft.edits.replace(number, f"{match['lead']}{new}{match['tail']}")
            draft.beyond.append(_carried(output, "license_file", match["value"], new, number, f"License-File: {new}"))
        elif match["value"] in gone and listed.block is not None:
            draft.edits.remove(number, number)
            draft.beyond.append(
                _carried(output, "license_file", match["value"], "", number, "not in upstream's sdist any more")
            )
    if not waiting:
        return
    lines = [line.rstrip("\r") for line in draft.edits.lines]
    number = listed.key_line
    if listed.block is not None:
        added = [line for path in waiting for line in item_text(listed.block, path, lines, when=None, v1=draft.v1)]
        draft.edits.insert(listed.block.items[-1][1], added)
    else:
        # One line becomes a list below its key, the file that stays first.
        indent = " " * (len(lines[number - 1]) - len(lines[number - 1].lstrip()) + 2)
        draft.edits.replace(number, f"{indent[2:]}license_file:")
        draft.edits.insert(number, [f"{indent}- {path}" for path in (*kept, *waiting)])
    draft.beyond.extend(_carried(output, "license_file", "", path, 0, f"License-File: {path}") for path in waiting)


def _carried(output: OutputLines, what: str, before: str, after: str, line: int, evidence: str) -> Carried:
    return Carried(
        output=output.output.name,
        part="about",
        package=what,
        before=f"{what} {before}" if before else "",
        after=f"{what} {after}" if after else "",
        line=line,
        evidence=evidence,
        reason="upstream changed its licence" if what == "license" else "upstream's licence files changed",
    )

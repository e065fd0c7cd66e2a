"""Modules that upstream no longer installs: the tests of a recipe can't import them any more."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import product

from dirac_forge.bump.drift.carried import Carried, CarriedReason
from dirac_forge.bump.drift.draft import DriftDraft
from dirac_forge.bump.drift.lines import OutputLines, key_block, values_of
from dirac_forge.recipe.making.imports import imports_of
from dirac_forge.upstream.files.facts import ReleaseFacts

_ITEM = re.compile(r"\s*-\s+[\"']?(?P<module>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)[\"']?\s*(?:\s#.*)?")
_BINARY = re.compile(r"\.(?:cpython|cp|abi3|pypy)?[\w.-]*\b(?:so|pyd|dylib)")


def modules_drift(
    draft: DriftDraft,
    output: OutputLines,
    old: ReleaseFacts,
    new: ReleaseFacts,
    regions: Sequence[tuple[int, int]],
    *,
    tell: bool = True,
) -> None:
    """Take out of the tests the imports of what the old wheel installed and the new one does not.

    One import at least stays; without wheels of both releases nothing is sure, and it is only reported (unless another
    output does: `tell`).
    """
    gone: set[str] = set()
    if old.wheel is not None and new.wheel is not None and old.wheel.members and new.wheel.members:
        before, after = _Installed(old.wheel.members), _Installed(new.wheel.members)
        for region, key in product(regions, ("test", "tests")):
            for number in values_of(draft.edits.lines, region, (key, "imports")):
                gone |= _untested(draft, output, number, before, after)
    known = new.wheel is not None or new.sdist is not None
    missed = sorted(set(imports_of(old)) - set(imports_of(new)) - gone)
    if missed and known and tell:
        draft.note("warning", "modules-gone", output.output.name, modules=missed)


class _Installed:
    """What can be imported from a wheel."""

    def __init__(self, members: Iterable[str]) -> None:
        self.found: set[str] = set()
        for member in members:
            parts = member.split("/")
            if parts[0].endswith(".data"):
                parts = parts[2:]
            folders, name = parts[:-1], parts[-1] if parts else ""
            self.found.update(".".join(folders[:depth]) for depth in range(1, len(folders) + 1))
            stem = name.removesuffix(".py") if name.endswith(".py") else name.partition(".")[0]
            if name.endswith(".py") or _BINARY.fullmatch(name[len(stem) :]):
                self.found.add(".".join((*folders, stem)))

    def __contains__(self, module: str) -> bool:
        return module in self.found


def _untested(draft: DriftDraft, output: OutputLines, key_line: int, before: _Installed, after: _Installed) -> set[str]:
    """Remove the imports of one list that fail now."""
    block = key_block(draft.edits.lines, key_line)
    if block is None:
        return set()
    items = [(first, _ITEM.fullmatch(draft.edits.lines[first - 1].rstrip("\r"))) for first, _ in block.items]
    gone = {n: m["module"] for n, m in items if m is not None and m["module"] in before and m["module"] not in after}
    if not gone:
        return set()
    if len(gone) == len(items):
        draft.note("todo", "imports-gone", output.output.name, line=key_line, modules=gone.values())
        return set(gone.values())
    for number, module in gone.items():
        draft.edits.remove(number, number)
        draft.beyond.append(
            Carried(
                output=output.output.name,
                part="tests",
                package=module,
                before=f"import {module}",
                line=number,
                evidence="no longer in upstream's wheel",
                reason=CarriedReason(kind="module-gone"),
            )
        )
    return set(gone.values())

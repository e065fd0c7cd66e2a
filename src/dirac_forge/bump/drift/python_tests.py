"""The Python that a recipe's tests name as a number: raised with the floor, because upstream refuses an older one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dirac_forge.bump.drift.carried import Carried, CarriedReason
from dirac_forge.bump.drift.draft import DriftDraft
from dirac_forge.bump.drift.lines import OutputLines, extent, key_block, values_of
from dirac_forge.bump.drift.upstream_floor import UpstreamFloor
from dirac_forge.untrusted import parse_version

_TESTED_V1 = re.compile(r"(\s*(?:-\s+)?python_version:\s*[\"']?)(\d+\.\d+(?:\.\*)?)([\"']?\s*(?:#.*)?)")
_TESTED_V0 = re.compile(r"(\s*-\s+[\"']?python\s*=?=?\s*)(\d+\.\d+(?:\.\*)?)([\"']?\s*(?:#.*)?)")


def raise_tested(draft: DriftDraft, output: OutputLines, floor: UpstreamFloor, wanted: str) -> bool:
    """Write `wanted` where the tests of an output name an older Python than upstream's floor; False if none does."""
    found = [(number, match) for number, match in _tested(draft, output) if _is_lower(match[2], floor)]
    for number, match in found:
        draft.edits.replace(number, f"{match[1]}{wanted}{match[3]}")
        draft.beyond.append(
            Carried(
                output=output.output.name,
                part="tests",
                package="python",
                before=f"python {match[2]}",
                after=f"python {wanted}",
                line=number,
                evidence=str(floor),
                reason=CarriedReason(kind="floor-rose"),
            )
        )
    return bool(found)


def _is_lower(written: str, floor: UpstreamFloor) -> bool:
    python = parse_version(written.removesuffix(".*"))
    return python is not None and floor.new is not None and python.release[:2] < floor.new.release[:2]


def _tested(draft: DriftDraft, output: OutputLines) -> Iterator[tuple[int, re.Match[str]]]:
    """Yield the lines of the output's tests that name a Python."""
    lines = draft.edits.lines
    region = extent(output.output, lines) or (1, len(lines))
    if draft.v1:
        numbers = values_of(lines, region, ("tests", "python_version"))
    else:
        blocks = (key_block(lines, number) for number in values_of(lines, region, ("test", "requires")))
        numbers = [first for block in blocks if block is not None for first, _ in block.items]
    for number in numbers:
        if match := (_TESTED_V1 if draft.v1 else _TESTED_V0).fullmatch(lines[number - 1].rstrip("\r")):
            yield number, match

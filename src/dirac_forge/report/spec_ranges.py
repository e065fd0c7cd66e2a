"""Alternative ranges of one package, those that overlap or touch as one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dirac_forge.values import dataclass

_RANGE = re.compile(r"(\S+) >=([^,<>=!~*| ]+),<([^,<>=!~*| ]+)")


@dataclass(frozen=True, slots=True)
class _Range:
    name: str
    low: str
    high: str

    @property
    def spec(self) -> str:
        return f"{self.name} >={self.low},<{self.high}"


def merged_ranges(specs: Sequence[str]) -> tuple[str, ...]:
    """Return specs of which any one will do with their `>=A,<B` merged where nothing lies between, the lowest first.

    Others stay as they are, before them.
    """
    if len(specs) < 2:
        return tuple(specs)
    from rattler import Version  # noqa: PLC0415  (slow to import, rarely needed)
    from rattler.exceptions import InvalidVersionError  # noqa: PLC0415

    others: list[str] = []
    ranges: list[tuple[_Range, Version, Version]] = []
    for spec in dict.fromkeys(specs):
        match = _RANGE.fullmatch(spec)
        try:
            bounds = (Version(match[2]), Version(match[3])) if match is not None else None
        except InvalidVersionError:
            bounds = None
        if match is None or bounds is None or bounds[0] >= bounds[1]:
            others.append(spec)
        else:
            ranges.append((_Range(match[1], match[2], match[3]), *bounds))
    merged: list[tuple[_Range, Version]] = []
    for one, low, high in sorted(ranges, key=lambda each: (each[0].name, each[1])):
        last = merged[-1] if merged else None
        if last is None or last[0].name != one.name or low > last[1]:
            merged.append((one, high))
        elif high > last[1]:
            merged[-1] = _Range(one.name, last[0].low, one.high), high
    return (*others, *(one.spec for one, _ in merged))

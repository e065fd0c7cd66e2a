"""A headline about cells and the lines below it, each reason once, for a terminal or an item of a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dirac_forge.report.document import listed
from dirac_forge.values import dataclass

if TYPE_CHECKING:
    from dirac_forge.check.cells import Cell


@dataclass(frozen=True, kw_only=True, slots=True)
class Reasoned:
    """What is said of some cells, and why."""

    cells: str
    """From `where`."""
    said: str = ""
    style: str = ""
    """Of what is said, on a terminal."""
    lines: tuple[str, ...] = ()

    @property
    def head(self) -> str:
        """The headline."""
        return f"{self.cells}{self.said}"

    @property
    def one_line(self) -> str:
        """All of it as an item of a list."""
        lines = "; ".join(line.strip() for line in self.lines)
        return f"{self.head}: {lines}" if lines else self.head


def where(cells: Sequence[Cell]) -> str:
    """Return `linux-64 and osx-64, Python 3.11, 3.12`; platforms that differ in their Pythons are separated by `;`."""
    pythons: dict[str, list[str]] = {}
    for cell in cells:
        pythons.setdefault(cell.platform, []).append(cell.python)
    alike: dict[str, list[str]] = {}
    for platform, found in pythons.items():
        alike.setdefault(", ".join(filter(None, found)), []).append(platform)
    return "; ".join(listed(found) + (f", Python {text}" if text else "") for text, found in alike.items())

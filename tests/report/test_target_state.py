"""The targets as they are, in one line each."""

from __future__ import annotations

from dataclasses import replace

from dirac_forge.report.target_state import targets_json, targets_lines

from .examples import CELL

GOOD = replace(CELL, status="installable", version="9.1.22")


def test_equal_cells_fold_to_one_line() -> None:
    cells = [replace(GOOD, platform=platform) for platform in ("linux-64", "osx-64")]
    assert targets_lines(cells) == [f"targets: {CELL.target} 9.1.22 can be installed in all 2 cells"]
    assert targets_lines(cells[:1]) == [f"targets: {CELL.target} 9.1.22 can be installed in the one cell"]


def test_cells_that_are_not_installable_are_named() -> None:
    cells = [
        GOOD,
        replace(GOOD, platform="win-64", python="3.12", status="not-installable", version=""),
        replace(GOOD, platform="osx-64", python="", status="unknown", version=""),
    ]
    (line,) = targets_lines(cells)
    where = "win-64 with Python 3.12 and osx-64 (unknown)"
    assert line == f"targets: {CELL.target} 9.1.22 can be installed in 1 of 3 cells, not on {where}"


def test_json() -> None:
    (entry,) = targets_json([GOOD])
    assert entry == {
        "target": CELL.target,
        "platform": CELL.platform,
        "python": CELL.python,
        "status": "installable",
        "version": "9.1.22",
        "reason": CELL.reason or None,
    }

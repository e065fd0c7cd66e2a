"""The table of all benchmarks, from figures that a run noted."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "benchmarks"))

import all as benchmarks
from figures import FILE, figure


def test_figures_are_noted_where_the_run_asks_for_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "figures"
    monkeypatch.setenv(FILE, str(path))
    figure("20 cells", 1.1234, 1.15)
    figure("memory", 0.5, 0.45, unit="GB")
    assert [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] == [
        {"name": "20 cells", "value": 1.123, "limit": 1.15, "unit": "times"},
        {"name": "memory", "value": 0.5, "limit": 0.45, "unit": "GB"},
    ]


def test_table_marks_what_is_over_its_limit_and_what_failed() -> None:
    noted = [
        {"name": "20 cells", "value": 1.1, "limit": 1.15, "unit": "times"},
        {"name": "memory", "value": 0.5, "limit": 0.45, "unit": "GB"},
    ]
    rows = benchmarks.rows_of("checks", noted, whole=False, last={"20 cells": 1.05})
    assert benchmarks.table(rows).splitlines() == [
        "| benchmark | now        | limit | last |      |",
        "| --------- | ---------- | ----- | ---- | ---- |",
        "| 20 cells  | 1.10 times | 1.15  | 1.05 |      |",
        "| memory    | 0.50 GB    | 0.45  |      | over |",
        "| checks    | failed     |       |      | !    |",
    ]


def test_every_benchmark_that_is_run_is_there() -> None:
    folder = Path(__file__).parent / "benchmarks"
    known = benchmarks.commands(Path("snapshot"), Path("workspace"))
    assert [name for name in known if not (folder / f"{name}.py").is_file()] == []

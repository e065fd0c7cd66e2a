"""The history of the site: what is kept, and what is said to have changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dirac_forge.report.site.history import changes_between, days_in_state, history_of_site, yesterday
from dirac_forge.report.site.words import change_words

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def run(hours: float, **cells: tuple[str, str | None]) -> dict[str, Any]:
    time = (NOW - timedelta(hours=hours)).isoformat()
    return {"time": time, "cells": {f"grid|{name}|3.12": list(cell) for name, cell in cells.items()}, "migrations": {}}


def history(*runs: dict[str, Any]) -> dict[str, Any]:
    return {"version": 1, "runs": list(runs), "changes": [], "states": {}}


def documents(status: str = "installable", version: str | None = "9.0") -> dict[str, Any]:
    cell = {"target": "grid", "platform": "linux", "python": "3.12", "status": status, "version": version}
    return {"check.json": {"results": [cell]}}


def migration(state: str) -> dict[str, Any]:
    return {"migration": "lib2", "status": {"feedstocks": [{"feedstock": "a", "state": state}]}}


@pytest.mark.parametrize(
    ("old", "new", "kind", "words"),
    [
        (("installable", "8"), ("not-installable", None), "broke", "not installable any more (8 was)"),
        (("not-installable", None), ("installable", "9"), "better", "installable now, 9"),
        (("installable", "8"), ("installable", "9"), "version", "8 → 9"),
        (("installable", "8"), ("unknown", None), "unknown", "not known now"),
        (("unknown", None), ("not-installable", None), "known", "not installable; not known before"),
        (("unknown", None), ("installable", "9"), "known", "installable, 9; not known before"),
    ],
)
def test_change_of_a_cell_is_told(
    old: tuple[str, str | None], new: tuple[str, str | None], kind: str, words: str
) -> None:
    (change,) = changes_between(run(24, linux=old), run(0, linux=new))
    assert change["kind"] == kind
    assert change_words(change) == f"grid on linux, Python 3.12: {words}"


def test_same_and_new_cells_are_no_change() -> None:
    same = ("not-installable", None)
    assert changes_between(run(24, linux=same), run(0, linux=same, osx=("installable", "9"))) == []


def test_yesterday_is_the_newest_run_that_is_a_day_old() -> None:
    runs = [run(49), run(25), run(6), run(0)]
    assert yesterday(history(*runs)) == runs[1]
    assert yesterday(history(run(6), run(0))) == run(6)
    assert yesterday(history(run(0))) is None


def test_old_runs_are_thinned_out_to_one_a_day() -> None:
    past = history(*(run(hours) for hours in range(24 * 10, 0, -6)))
    made = history_of_site(documents(), [], now=NOW, past=past)
    ages = [(NOW - datetime.fromisoformat(each["time"])).total_seconds() / 3600 for each in made["runs"]]
    assert ages[-1] == 0
    assert [age for age in ages if age <= 72] == [*range(72, 0, -6), 0]
    days = [(NOW - timedelta(hours=age)).date() for age in ages if age > 72]
    assert len(days) == len(set(days)) == 7


@pytest.mark.parametrize(
    "past",
    [
        None,
        {},
        {"version": 2, "runs": [], "changes": [], "states": {}},
        {"version": 1, "runs": [{"time": "yesterday"}], "changes": [], "states": {}},
        {"version": 1, "runs": [{"time": NOW.isoformat(), "cells": []}], "changes": [], "states": {}},
        {"version": 1, "runs": [{**run(1), "cells": {"a": 1}}], "changes": [], "states": {}},
    ],
)
def test_history_that_cannot_be_used_begins_anew(past: Any) -> None:
    made = history_of_site(documents(), [], now=NOW, past=past)
    assert [each["cells"] for each in made["runs"]] == [{"grid|linux|3.12": ["installable", "9.0"]}]
    assert made["changes"] == []


def test_days_in_a_state_go_on_until_the_state_changes() -> None:
    first = history_of_site(documents(), [migration("awaiting-pr")], now=NOW, past=None)
    later = NOW + timedelta(days=5)
    same = history_of_site(documents(), [migration("awaiting-pr")], now=later, past=first)
    assert days_in_state(same, "lib2") == {"a": 5}
    other = history_of_site(documents(), [migration("done")], now=later, past=first)
    assert days_in_state(other, "lib2") == {"a": 0}
    assert [change_words(each) for each in other["changes"]] == ["lib2: 1 of 1 done, 0 before"]

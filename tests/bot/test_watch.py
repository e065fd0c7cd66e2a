"""Whether a turn of the bot rests upon the same as the last one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dirac_forge.bot.release_lines import ReleaseLine
from dirac_forge.bot.watch import TurnState, is_idle, read_state, write_state
from dirac_forge.settings import Settings

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
STATE = TurnState(
    made=NOW,
    about="a",
    heads={"conda-forge/demo-feedstock ": f"main {'1' * 40}"},
    requests={"conda-forge/demo-feedstock#1": "x"},
    pages={"https://pypi.org/simple/demo/": "d"},
)


def later(**changes: object) -> TurnState:
    return replace(STATE, made=NOW + timedelta(minutes=10), **changes)  # type: ignore[arg-type]


def test_the_same_state_is_idle_for_an_hour() -> None:
    assert is_idle(STATE, later())
    assert not is_idle(STATE, replace(STATE, made=NOW + timedelta(hours=1)))
    assert not is_idle(STATE, replace(STATE, made=NOW - timedelta(hours=1)))  # a clock that jumped
    assert not is_idle(None, later())


@pytest.mark.parametrize(
    "changes",
    [
        {"about": "b"},
        {"heads": {"conda-forge/demo-feedstock ": f"main {'2' * 40}"}},
        {"requests": {}},
        {"pages": {"https://pypi.org/simple/demo/": "e"}},
        {"asked": True},
        {"format": 2},
    ],
)
def test_whatever_changed_ends_the_rest(changes: dict[str, object]) -> None:
    assert not is_idle(STATE, later(**changes))


def test_a_state_is_kept_in_a_file_and_one_that_is_broken_is_none(tmp_path: Path) -> None:
    path = tmp_path / "turn.json"
    assert read_state(path) is None
    write_state(path, STATE)
    assert read_state(path) == STATE
    path.write_text(path.read_text(encoding="utf-8")[:40], encoding="utf-8")
    assert read_state(path) is None
    write_state(path, None)
    assert not path.exists()


def test_the_head_of_a_line_is_known_where_its_repository_has_it(tmp_path: Path) -> None:
    settings = Settings(workspace=tmp_path, cache=tmp_path)
    head = STATE.head(settings, ReleaseLine(name="demo"))
    assert head is not None
    assert (head.branch, head.commit) == ("main", "1" * 40)
    assert STATE.head(settings, ReleaseLine(name="demo", branch="v1.x")) is None

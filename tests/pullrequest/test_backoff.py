"""When something is tried again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dirac_forge.pullrequest.backoff import delay, due

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("attempts", "hours"), [(0, 0), (1, 2), (2, 4), (3, 8), (4, 16), (5, 32), (6, 64), (7, 120), (8, 120), (10**9, 120)]
)
def test_delay(attempts: int, hours: int) -> None:
    assert delay(attempts) == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("wait", "expected"),
    [
        (timedelta(seconds=-1), True),
        (timedelta(0), True),
        (timedelta(seconds=1), False),
        (timedelta(days=5), False),
        (timedelta(days=5, seconds=1), True),
        (timedelta(days=3000), True),
        (timedelta(days=-3000), True),
    ],
)
def test_due(wait: timedelta, expected: bool) -> None:
    assert due(NOW + wait, NOW) is expected


def test_without_a_time_it_is_due() -> None:
    assert due(None, NOW)

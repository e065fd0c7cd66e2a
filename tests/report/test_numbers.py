"""Tests of numbers with their nouns, and of shares."""

from __future__ import annotations

import pytest

from dirac_forge.report.numbers import percent


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [
        (10, 17, "59 %"),
        (2999, 3000, "99 %"),
        (3000, 3000, "100 %"),
        (1, 3000, "1 %"),
        (0, 3000, "0 %"),
        (0, 0, "—"),
    ],
)
def test_only_all_is_a_hundred_percent_and_only_nothing_is_none(part: int, whole: int, said: str) -> None:
    assert percent(part, whole) == said

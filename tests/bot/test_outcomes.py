"""How a run went."""

from __future__ import annotations

import pytest

from dirac_forge.bot.outcomes import exit_code, outcome_of


@pytest.mark.parametrize(
    ("states", "code"),
    [
        ([], 0),
        (["opened", "unchanged", "waiting", "closed", "left", "skipped", "merged"], 0),
        (["opened", "failed"], 1),
        (["failed", "unknown", "opened"], 3),
    ],
)
def test_the_exit_code_says_the_worst(states: list[str], code: int) -> None:
    assert exit_code(states) == code


def test_the_outcome_counts_what_happened() -> None:
    assert outcome_of(["unchanged", "unchanged"]) == "nothing to do"
    assert outcome_of(["opened", "failed", "opened", "unchanged", "unknown"]) == "2 opened, 1 failed, 1 unknown"
    assert outcome_of(["prepared", "unchanged"]) == "1 prepared (in the outbox)"

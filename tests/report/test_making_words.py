"""What is missing in recipes that were made, in words."""

from __future__ import annotations

from typing import get_args

import pytest

from dirac_forge.recipe.making.problems import (
    MadeWithout,
    MakingProblem,
    NoProjectOf,
    NotMade,
    TreeCut,
    TreeUnsettled,
)
from dirac_forge.report.making_words import worded

WORDS: dict[MakingProblem, str] = {
    NotMade(projects=("a", "b"), problem="There is no project a."): "no recipe for a, b: There is no project a.",
    NoProjectOf(package="graphviz", feedstock="app"): (
        "no recipe for graphviz, which app requires: it is not a project's package"
    ),
    MadeWithout(feedstock="app", project="b", problem="There is none."): "app is made without b: There is none.",
    TreeCut(most=30_000, of="requirements"): (
        "more than 30,000 requirements: the rest of the dependencies was not followed"
    ),
    TreeUnsettled(projects=("a", "b"), rounds=4): (
        "the versions of a and b are not settled: after 4 rounds of choosing, requirements still exclude those that "
        "were taken"
    ),
}


@pytest.mark.parametrize(("problem", "text"), WORDS.items())
def test_problems_have_words(problem: MakingProblem, text: str) -> None:
    assert worded(problem) == text


def test_all_problems_are_worded() -> None:
    assert set(map(type, WORDS)) == set(get_args(MakingProblem))

"""Problems of a release's files in words."""

from __future__ import annotations

from typing import get_args

from dirac_forge.recipe.problem_words import WORDS, problem_words
from dirac_forge.upstream.problems import Problem, ProblemKind


def test_each_kind_of_problem_has_words() -> None:
    assert WORDS.keys() == set(get_args(ProblemKind))


def test_what_is_not_said_is_called_so() -> None:
    assert problem_words(Problem(kind="yanked", about="1.0")) == "1.0 was yanked upstream: no reason is given"
    assert problem_words(Problem(kind="other-python", about="w", what=">=3", other="s")) == (
        "w says Requires-Python >=3, s says nothing"
    )

"""Selectors: evaluated, never run."""

from __future__ import annotations

import pytest

from dirac_forge.recipe.reading.selectors import select, selector_names, selector_of
from dirac_forge.recipe.reading.v0 import selector_variables
from dirac_forge.recipe.reading.values import EvaluationError, Unknown

NAMES = selector_variables(
    "linux-64", "linux-64", {"python": "3.12.* *_cpython", "cuda": "None", "flag": "true", "n": "7"}
)


@pytest.mark.parametrize(
    ("selector", "holds"),
    [
        ("linux", True),
        ("not win and (osx or linux64)", True),
        ("py == 312", True),
        ("py<310", False),
        ("py3k", True),
        ("n >= 7 and flag", True),
        ('cuda != "None"', False),
        ('(cuda or "None").startswith("1")', False),
        ('cuda in ("None", "11")', True),
        ('cuda.startswith(("1", "N"))', True),
        ('cuda.startswith(("12", "13"))', False),
        ('cuda.endswith(("None", "13"))', True),
        ('cuda.endswith("e")', True),
        ('environ.get("X", "no") == "yes"', False),
        ('os.environ.get("X", "no") == "no"', True),
        ("1 if win else 0", False),
        ("target_platform == build_platform", True),
    ],
)
def test_known(selector: str, holds: bool) -> None:
    assert select(selector, NAMES) is holds


@pytest.mark.parametrize(
    "selector", ["mpi == 'a'", "not mpi", "linux and mpi", "win or mpi", "(mpi or 'b').startswith('c')", "1 < n < mpi"]
)
def test_unknown(selector: str) -> None:
    assert select(selector, NAMES) == Unknown(("mpi",))


@pytest.mark.parametrize(
    ("selector", "holds"),
    [("win and mpi", False), ("mpi and win", False), ("linux or mpi", True), ("mpi or linux", True)],
)
def test_an_unknown_that_does_not_matter(selector: str, holds: bool) -> None:
    assert select(selector, NAMES) is holds


@pytest.mark.parametrize(
    "selector",
    [
        "().__class__",
        "linux.__class__",
        "__import__('os').system('true')",
        "[x for x in (1, 2)]",
        "lambda: 1",
        "linux :=",
        "1 < 'a'",
    ],
)
def test_refused(selector: str) -> None:
    try:
        result = select(selector, NAMES)
    except EvaluationError:
        return
    assert isinstance(result, Unknown)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("  - gcc  # [linux]", ("  - gcc", "linux")),
        ("  - gcc  # why [linux and not (win)] since then", ("  - gcc", "linux and not (win)")),
        ("  - 'gcc  # [linux]'", ("  - 'gcc'", "linux")),
        ("# [linux]", ("", None)),
        ("  - [a, b]  # a list", ("  - [a, b]  # a list", None)),
        ("  - gcc  # see [a](https://example.org)", ("  - gcc  # see [a](https://example.org)", None)),
    ],
)
def test_where_a_selector_stands(line: str, expected: tuple[str, str | None]) -> None:
    assert selector_of(line) == expected


def test_names() -> None:
    assert selector_names("linux and (py > 3 or mpi == 'x')") == {"linux", "py", "mpi"}

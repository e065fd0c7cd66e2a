"""What skip conditions ask for."""

from __future__ import annotations

import pytest

from dirac_forge.feedstock.skipping import skip_names


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("skip: true  # [win]", set()),
        ("skip: true  # [win or py < 310]", {"py"}),
        ("- skip: True  # [not is_python_min]", {"is_python_min"}),
        ("skip: true", set()),
        ("skip: true  # [openssl.startswith('4') and linux64]", {"openssl"}),
        ("number: 1  # [py < 310]", set()),
    ],
)
def test_selectors(line: str, names: set[str]) -> None:
    assert skip_names(f"build:\n  {line}\n", v1=False) == names


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("win", set()),
        ("not is_python_min", {"is_python_min"}),
        ('match(python, "<3.10")', {"match", "python"}),
        ("[win, 'py == \"314\"']", {"py"}),
        ("\n    - if: linux\n      then: cuda", {"cuda"}),
    ],
)
def test_expressions(value: str, names: set[str]) -> None:
    assert skip_names(f"build:\n  skip: {value}\n", v1=True) == names


def test_a_text_that_is_no_yaml_has_none() -> None:
    assert skip_names("build: [\n", v1=True) == set()

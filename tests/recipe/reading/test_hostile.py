"""Templates, selectors and YAML that are made to hurt: a message with file and line, soon, and in little memory."""

from __future__ import annotations

import time

import pytest

from dirac_forge.recipe.reading.expressions import evaluate, expression_names
from dirac_forge.recipe.reading.selectors import select, selector_names
from dirac_forge.recipe.reading.values import EvaluationError
from dirac_forge.recipe.reading.yamlnodes import YamlError, compose

DEEP = ["1" + " + 1" * 5000, "x" + ".y" * 5000, "x" + " | e" * 5000, "(" * 2000 + "1" + ")" * 2000, "not " * 3000 + "x"]


@pytest.mark.parametrize("text", DEEP, ids=["sum", "attributes", "filters", "brackets", "not"])
def test_deep_expressions_are_refused(text: str) -> None:
    assert expression_names(text) <= {"x"}
    with pytest.raises(EvaluationError):
        evaluate(text, {"x": 1})
    with pytest.raises(EvaluationError):
        select(text, {"x": 1})
    selector_names(text)


@pytest.mark.parametrize(
    "text",
    [
        "[[['aaaaaaaaaa'] * 1000] * 1000] * 1000",
        "([['a'] * 1000] * 1000) | string",
        "[[[['x'] * 900] * 900] * 900] == [[[['x'] * 900] * 900] * 900]",
        "'x' in [[['y'] * 1000] * 1000]",
        "int('" + "9" * 5000 + "')",
        "float('1e999')",
        "int('²')",
        "9" * 5000,
    ],
    ids=["lists", "text", "equal", "in", "digits", "infinity", "superscript", "literal"],
)
def test_values_that_multiply_are_refused(text: str) -> None:
    start = time.process_time()
    with pytest.raises(EvaluationError):
        evaluate(text + " ~ ''" if "|" not in text else text, {})
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: &a\n  b: 1\n  <<: *a\n", "this is part of itself"),
        ("a: &a [*a]\n", "this is part of itself"),
        ("a: &a {b: &b {<<: *a}}\n", "this is part of itself"),
        (
            "a0: &a0 {}\n" + "".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 10)),
            "merges expand this beyond the limit",
        ),
    ],
    ids=["merge", "list", "nested", "bomb"],
)
def test_yaml_that_contains_itself_is_refused(text: str, reason: str) -> None:
    with pytest.raises(YamlError) as error:
        compose(text)
    assert error.value.message == reason
    assert error.value.line > 0


def test_aliases_and_merges_are_fine() -> None:
    assert compose("a: &a {b: 1}\nc: {<<: *a}\nd: [*a, *a]\n") is not None

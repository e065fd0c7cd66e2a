"""Templates of meta.yaml: what is rendered, and where each line comes from."""

from __future__ import annotations

import pytest

from dirac_forge.recipe.reading.templates import render
from dirac_forge.recipe.reading.values import EvaluationError

TEMPLATE = """\
{% set names = ["a", "b"] %}
{# a comment
   of two lines #}
{% if kind == "x" %}
x: {{ names[0] }}
{% elif kind == "y" %}
{% for index, name in [[1, "p"], [2, "q"]] %}
- {{ name }}{{ index }}
{% else %}
none
{% endfor %}
{% else %}
{% for name in names %}- {{ name }}
{% endfor %}
{% endif %}
end
"""


def words(kind: str) -> list[tuple[str, int]]:
    rendered = render(TEMPLATE, {"kind": kind})
    lines = zip(rendered.text.split("\n"), rendered.lines, strict=True)
    return [(text, line.number) for text, line in lines if text.strip()]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("x", [("x: a", 5), ("end", 16)]),
        ("y", [("- p1", 8), ("- q2", 8), ("end", 16)]),
        ("z", [("- a", 13), ("- b", 13), ("end", 16)]),
    ],
)
def test_blocks_know_their_lines(kind: str, expected: list[tuple[str, int]]) -> None:
    assert words(kind) == expected


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{% for i in range(5) if i > 3 %}{{ i }}{% endfor %}", "4"),
        ("a  {%- if true %} b{% endif %}", "a b"),
        ("{% set x %}b{% endset %}{{ x }}", "b"),
        ("{% if 'if' in 'elif' %}{{ 1 if false else 2 }}{% endif %}", "2"),
        ("{% for k, v in {'a': 1}.items() %}{{ k }}{{ v }}{% endfor %}", "a1"),
        ("{{ 'demo-%s-%02d.zip' | format('1.2', 3) }}", "demo-1.2-03.zip"),
    ],
)
def test_what_few_recipes_have(template: str, text: str) -> None:
    assert render(template, {}).text == text


@pytest.mark.parametrize(
    ("template", "line"),
    [
        ("a\n{% if x %}\n", 2),
        ("a\n{% endif %}\n", 2),
        ("{% for a in [] %}\n{% endif %}", 2),
        ("{% if a %}\n{% else %}\n{% elif b %}{% endif %}", 3),
        ("{% if %}{% endif %}", 1),
        ("a\n{% else %}", 2),
        ("{% frobnicate %}", 1),
    ],
)
def test_what_is_no_template(template: str, line: int) -> None:
    with pytest.raises(EvaluationError) as raised:
        render(template, {})
    assert raised.value.line == line

"""Mistakes that a rendered output shows."""

from __future__ import annotations

import pytest

from dirac_forge.check.recipe_mistakes import rendered_mistakes
from dirac_forge.recipe.reading.parsing import parse_recipe
from dirac_forge.recipe.reading.recipe_text import Mistake

RECIPE = "package:\n  name: {name}\n  version: {version}\nrequirements:\n  run:\n    - {run}\n"


def found(*, name: str = "a", version: str = "'1'", run: str = "b", pinned: bool = True) -> list[Mistake]:
    text = RECIPE.format(name=name, version=version, run=run)
    (output,) = parse_recipe(text, path="recipe.yaml").render(platform="linux-64").packages
    return list(rendered_mistakes(output, {"a"}, pinned=pinned))


@pytest.mark.parametrize(
    "run", ["b", "b >=1,<2", "b >=1, <2", "b 1.* *_0", "${{ pin_subpackage('a', exact=True) }}", "b >=1 | <0.5"]
)
def test_what_is_right(run: str) -> None:
    assert found(run=run) == []


@pytest.mark.parametrize(
    ("run", "problem"),
    [
        ("b =>2", "a: 'b =>2' is not a package spec"),
        ("b >=2 <3", "a: 'b >=2 <3' is not a package spec"),
        ("b ${{ pin }}", "a: a requirement in run depends on pin, which nothing defines"),
        ("${{ pin_subpackage('c') }}", "a: pin_subpackage: the recipe has no output c"),
    ],
)
def test_requirements(run: str, problem: str) -> None:
    assert found(run=run) == [Mistake(problem, 6)]


def test_without_a_pinning_a_version_may_be_defined_elsewhere_but_no_name_can() -> None:
    assert found(run="b ${{ pin }}", pinned=False) == []
    assert found(run="b ${{ pin }}.*", pinned=False) == []
    assert found(run="${{ pin }}", pinned=False) == [
        Mistake("a: a requirement in run depends on pin, which nothing defines", 6)
    ]


def test_compiler_in_host_of_a_noarch_package() -> None:
    text = RECIPE.format(name="a", version="'1'", run="b") + "  host:\n    - ${{ compiler('c') }}\n"
    for noarch, told in (("", []), ("build:\n  noarch: python\n", ["a: a compiler belongs in build, not in host"])):
        (output,) = parse_recipe(text + noarch, path="recipe.yaml").render(platform="linux-64").packages
        assert [each.problem for each in rendered_mistakes(output, {"a"}, pinned=True)] == told


def test_names_and_versions() -> None:
    assert [each.problem for each in found(name="a b", version="''")] == [
        "a b: there is no version",
        "'a b' is not the name of a package: letters, digits, -, _ and . are",
    ]


def test_an_undefined_version_is_named_with_its_line() -> None:
    v1 = 'recipe: {name: r, version: "1"}\noutputs:\n  - package:\n      name: a\n      version: ${{ vers }}\n'
    v0 = "{% set version = vers %}\npackage:\n  name: a\n  version: {{ version }}\n"
    for path, text, line in (("recipe.yaml", v1, 5), ("meta.yaml", v0, 4)):
        (output,) = parse_recipe(text, path=path).render(platform="linux-64").packages
        assert list(rendered_mistakes(output, {"a"}, pinned=True)) == [
            Mistake("a: the version is made from vers, which nothing defines", line)
        ]

"""Tests of lists that lose their last line: the key goes too, and what holds only that key."""

from __future__ import annotations

import pytest

from dirac_forge.bump.drift.edits import Edits
from dirac_forge.bump.drift.merge import Drift, drift
from dirac_forge.bump.drift.verification import faults
from dirac_forge.channel.names import package_for
from dirac_forge.recipe.reading.parsing import parse_recipe
from dirac_forge.recipe.scope import Scope
from dirac_forge.report.bump_reasons import worded
from dirac_forge.upstream.files.facts import EntryPoint
from support.facts import facts

HEAD = """\
package:
  name: thing
  version: "1.0"

build:
  number: 0
"""


def without(text: str, *gone: str) -> str:
    edits = Edits(text)
    for number, line in enumerate(edits.lines, start=1):
        if line.strip() in gone:
            edits.remove(number, number)
    return edits.text


@pytest.mark.parametrize(
    ("text", "gone", "left"),
    [
        ("a: 1\nlist:\n  - x\n  - y\nb: 2\n", ("- x",), "a: 1\nlist:\n  - y\nb: 2\n"),
        ("a: 1\nlist:\n  - x\n  - y\nb: 2\n", ("- x", "- y"), "a: 1\nb: 2\n"),
        ("a: 1\nlist:  # why\n- x\n# only x\nb: 2\n", ("- x",), "a: 1\n# only x\nb: 2\n"),
        ("build:\n  number: 0\n  python:\n    skip:\n      - x\nb: 2\n", ("- x",), "build:\n  number: 0\nb: 2\n"),
        ("build:\n  python:\n    skip:\n      # why\n      - x\n\nb: 2\n", ("- x",), "\nb: 2\n"),
        ("run:\n  - if: win\n    then:\n      - x\n      - y\n  - z\n", ("- x", "- y"), "run:\n  - z\n"),
        ("a: 1\nrun:\n  - if: win\n    then:\n      - x\n", ("- x",), "a: 1\n"),
        (
            "run:\n  - if: win\n    then:\n      - x\n    else:\n      - y\n",
            ("- x",),
            "run:\n  - if: win\n    then: []\n    else:\n      - y\n",
        ),
        (
            "run:\n  - if: win\n    then:\n      - x\n    else:\n      - y\n",
            ("- y",),
            "run:\n  - if: win\n    then:\n      - x\n",
        ),
        ("tests:\n  - imports:\n      - x\n    needs: 1\n", ("- x",), "tests:\n  - imports: []\n    needs: 1\n"),
        ("tests:\n  - python:\n      imports:\n        - x\n  - script: y\n", ("- x",), "tests:\n  - script: y\n"),
    ],
)  # fmt: skip
def test_a_key_goes_with_its_last_line(text: str, gone: tuple[str, ...], left: str) -> None:
    assert without(text, *gone) == left


def test_a_list_that_gets_another_line_stays() -> None:
    edits = Edits("a: 1\nlist:\n  - x\nb: 2\n")
    edits.remove(3, 3)
    edits.insert(3, ["  - y"])
    assert edits.text == "a: 1\nlist:\n  - y\nb: 2\n"


def merged(text: str, path: str, before: tuple[str, ...], after: tuple[str, ...]) -> Drift:
    old, new = (
        facts(
            "thing",
            version,
            requires=(),
            entry_points=tuple(EntryPoint(name=one, value=f"thing:{one}") for one in points),
        )
        for version, points in (("1.0", before), ("2.0", after))
    )
    return drift(text, path, [old], [new], names=lambda project: package_for(project).package, scope=Scope())


V1 = (
    HEAD
    + "  noarch: python\n  python:\n    entry_points:\n      - run = thing:run\n\nrequirements:\n  run:\n    - python\n"
)
V0 = HEAD + "  noarch: python\n  entry_points:\n    - run = thing:run\n\nrequirements:\n  run:\n    - python\n"


@pytest.mark.parametrize(("text", "path"), [(V1, "recipe.yaml"), (V0, "meta.yaml")])
def test_the_last_command_takes_its_keys_with_it(text: str, path: str) -> None:
    result = merged(text, path, ("run",), ())
    assert result.text == HEAD + "  noarch: python\n\nrequirements:\n  run:\n    - python\n"
    assert result.faults == ()


def test_a_key_that_an_edit_leaves_without_value_is_refused() -> None:
    recipe = parse_recipe(V1, path="recipe.yaml")
    after = V1.replace("      - run = thing:run\n", "")
    assert [worded(one) for one in faults(recipe, after, (), python_min="3.10")] == [
        "`entry_points` would have no value"
    ]


def test_a_key_that_had_no_value_before_is_left_alone() -> None:
    text = V1 + "\nextra:\n"
    assert faults(parse_recipe(text, path="recipe.yaml"), text, (), python_min="3.10") == ()

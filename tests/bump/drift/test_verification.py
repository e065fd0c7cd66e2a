"""Tests of reading back: a text is proved only if it says exactly what was carried over."""

from __future__ import annotations

import pytest

from dirac_forge.bump.drift.carried import Carried, CarriedReason
from dirac_forge.bump.drift.verification import EditFault, faults
from dirac_forge.recipe.reading.parsing import parse_recipe
from dirac_forge.report.bump_reasons import worded

TEXT = """\
context:
  version: "2.0"

package:
  name: thing
  version: ${{ version }}

source:
  url: https://example.com/thing-${{ version }}.tar.gz
  sha256: 0000000000000000000000000000000000000000000000000000000000000000

build:
  number: 0

requirements:
  host:
    - python
    - pip
  run:
    - python
    - attrs >=1
    - if: win
      then: colorama
"""
PATH = "recipe.yaml"


def carried(package: str, before: str = "", after: str = "", part: str = "run") -> Carried:
    assert part in {"run", "host", "output"}
    return Carried(
        output="thing", part="host" if part == "host" else "output" if part == "output" else "run",
        package=package, before=before, after=after, reason=CarriedReason(kind="added"),
    )  # fmt: skip


def wrong(after: str, *changes: Carried) -> tuple[str, ...]:
    return tuple(map(worded, faults(parse_recipe(TEXT, path=PATH), after, changes, python_min="3.10")))


@pytest.mark.parametrize(
    ("was", "becomes", "change"),
    [
        ("attrs >=1", '"attrs>=2"', carried("attrs", "attrs >=1", "attrs >=2")),
        ("    - attrs >=1\n", "", carried("attrs", "attrs >=1")),
        ("    - attrs >=1\n", "    - attrs >=1\n    - zipp\n", carried("zipp", after="zipp")),
        ("    - if: win\n      then: colorama\n", "", carried("colorama", "colorama")),
        ("then: colorama", "then: colorama >=3", carried("colorama", "colorama", "colorama >=3")),
    ],
)
def test_what_is_said_is_proved(was: str, becomes: str, change: Carried) -> None:
    assert wrong(TEXT.replace(was, becomes), change) == ()


def test_a_text_that_does_not_parse() -> None:
    (fault,) = wrong(TEXT.replace("- attrs >=1", "- attrs: ["), carried("attrs", "attrs >=1", "attrs >=2"))
    assert fault.startswith("it could no longer be read: recipe.yaml")


@pytest.mark.parametrize(
    ("was", "becomes"),
    [('"2.0"', '"2.1"'), ("number: 0", "number: 1"), ("0000\n", "1111\n"), ("name: thing", "name: x")],
)
def test_an_output_that_is_another(was: str, becomes: str) -> None:
    found = wrong(TEXT.replace(was, becomes, 1), carried("attrs"))
    assert found[0] == "on linux-64 an output would have another name, version, build number or source"


def test_lines_that_changed_unsaid() -> None:
    after = TEXT.replace("attrs >=1", "attrs >=2").replace("- pip", "- pip\n    - wheel")
    assert wrong(after, carried("attrs", "attrs >=1", "attrs >=2")) == (
        "thing, host: it gained wheel, which is not carried over",
    )


def test_changes_that_are_not_there() -> None:
    after = TEXT.replace("attrs >=1", "attrs >=3")
    assert wrong(after, carried("attrs", "attrs >=1", "attrs >=2"), carried("colorama", "colorama")) == (
        "thing: attrs >=2 is not in the text",
        "thing: colorama is still in the text",
    )


def test_an_output_that_was_to_come() -> None:
    found = wrong(TEXT.replace("attrs >=1", "attrs >=2"), carried("thing-more", after="output", part="output"))
    assert found[0] == "on linux-64 there would be no thing-more"


def test_a_variant_that_the_platforms_alone_do_not_show() -> None:
    before = TEXT.replace("if: win", 'if: match(python, "<3.12")')
    after = before.replace("colorama", "colorama >=3")
    change = carried("colorama", "colorama", "colorama >=3")
    settings = [("linux-64", {"python": python}) for python in ("3.11", "3.13")]
    assert faults(parse_recipe(before, path=PATH), after, [change], python_min="3.10", settings=settings) == ()
    broken = after.replace("- attrs >=1", '- if: match(python, ">=3.13")\n      then: zipp\n    - attrs >=1')
    assert faults(parse_recipe(before, path=PATH), broken, [change], python_min="3.10", settings=settings) == (
        EditFault(kind="gained", output="thing", section="run", text="zipp"),
    )

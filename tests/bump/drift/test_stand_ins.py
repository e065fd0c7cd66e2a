"""Tests of packages that conda-forge has for noarch packages instead of upstream's, and of what a marker limits."""

from __future__ import annotations

import pytest

from dirac_forge.bump.drift.merge import Drift, drift
from dirac_forge.channel.names import package_for
from dirac_forge.recipe.scope import Scope
from support.diffs import changed_lines
from support.facts import facts

TEXT = """\
package:
  name: thing
  version: "1.0"

build:
  number: 0
  noarch: python

requirements:
  host:
    - python >=3.10
    - hatchling
    - pip
  run:
    - python >=3.10
    - pywin32-on-windows
    - six
"""
WINDOWS = 'pywin32>=304; sys_platform == "win32"'


def bumped(before: tuple[str, ...], after: tuple[str, ...]) -> tuple[list[str], Drift]:
    old, new = (facts("thing", one, requires=needs) for one, needs in (("1.0", before), ("2.0", after)))
    result = drift(TEXT, "recipe.yaml", [old], [new], names=lambda project: package_for(project).package, scope=Scope())
    return changed_lines(TEXT, result.text), result


@pytest.mark.parametrize("before", [("six",), ("six", WINDOWS), ("six", WINDOWS.replace("304", "200"))])
def test_a_stand_in_is_what_upstream_asks_for(before: tuple[str, ...]) -> None:
    changed, result = bumped(before, ("six", WINDOWS))
    assert (changed, result.unmet, result.notes) == ([], (), ())


def test_a_stand_in_goes_with_what_it_stands_for() -> None:
    assert bumped(("six", WINDOWS), ("six",))[0] == ["- - pywin32-on-windows"]

"""Bounds for different Pythons, as one range."""

from __future__ import annotations

import pytest
from packaging.specifiers import SpecifierSet

from dirac_forge.recipe.making.ranges import joined


@pytest.mark.parametrize(
    ("sets", "range_", "common"),
    [
        ((">=0.2", ">=0.3.6", ">=0.3.7,<1"), ">=0.2,>=0.3.6,>=0.3.7,<1", True),
        (("~=1.17", ">=2.0.0b0"), ">=1.17", False),
        (("<2", ">2.0b1"), "", False),
        (("<=2", ">=2"), "<=2,>=2", True),
        (("<2", ">=2"), "", False),
        (("<2rc1", ">=2b1"), "<2rc1,>=2b1", True),
        (("==1.5", "==1.5.*"), "==1.5,==1.5.*", True),
        (("==1.5", "==1.6"), ">=1.5,<=1.6", False),
        (("", ">=1"), ">=1", True),
        (("<1,>2",), "<1,>2", True),
    ],
)
def test_what_suits_all_or_the_range_that_holds_each(sets: tuple[str, ...], range_: str, common: bool) -> None:
    assert joined([SpecifierSet(each) for each in sets]) == (SpecifierSet(range_), common)

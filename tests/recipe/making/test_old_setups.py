"""Builds that ask for what newer setuptools no longer have."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dirac_forge.recipe.making.hosts import asks_for_distribute, build_requirements
from dirac_forge.recipe.making.old_setups import asks_for_2to3, old_setups
from dirac_forge.upstream.files.facts import SdistFacts
from support.facts import facts


def sdist(setup: str = "", config: str = "") -> SdistFacts:
    made = facts("demo", texts={"setup.py": setup, "setup.cfg": config}).sdist
    assert made is not None
    return replace(made, pyproject={})


@pytest.mark.parametrize(
    ("setup", "config", "asks"),
    [
        ("setup(use_2to3=True)", "", True),
        ("setup(use_2to3=sys.version_info >= (3,))", "", True),
        ("extra = {}\nif PY3:\n    extra.update(use_2to3=True)\nsetup(**extra)", "", True),
        ("extra = {'use_2to3': True}\nsetup(**extra)", "", True),
        ("extra['use_2to3'] = True\nsetup(**extra)", "", True),
        ("", "[options]\nuse_2to3 = True\n", True),
        ("setup(use_2to3=False)", "[options]\nuse_2to3 = false\n", False),
        ("setup()  # use_2to3=True", "", False),
        ("setup(use_2to3=True", "[[[", False),
    ],
)
def test_conversion_with_2to3(setup: str, config: str, asks: bool) -> None:
    one = sdist(setup, config)
    assert asks_for_2to3(one) == asks
    assert ("setuptools<58" in build_requirements(one).lines) == asks


def test_host_has_setuptools_that_still_have_what_setup_py_imports() -> None:
    one = sdist("import os, pkg_resources.extern")
    assert build_requirements(one).lines == ("setuptools", "setuptools<82")
    both = sdist("import pkg_resources\nsetup(use_2to3=True)")
    assert [old.removed for old in old_setups(both)] == ["58", "82"]
    assert build_requirements(both).lines == ("setuptools", "setuptools<58")
    assert old_setups(sdist("setup(tests_require=['nose'])")) == ()


def test_what_setup_requires_and_nothing_can_bring_is_left_out() -> None:
    one = sdist("setup(setup_requires=['distribute>=0.6', 'cython'], tests_require=['nose'])")
    assert build_requirements(one).lines == ("setuptools", "cython")
    assert asks_for_distribute(one)

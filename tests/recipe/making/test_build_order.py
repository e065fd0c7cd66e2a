"""What is needed comes first; names decide the rest."""

from __future__ import annotations

import pytest

from dirac_forge.recipe.making.build_order import build_order


@pytest.mark.parametrize(
    ("needs", "order"),
    [
        ({}, []),
        ({"b": [], "a": []}, ["a", "b"]),
        ({"a": ["c"], "b": []}, ["b", "c", "a"]),
        ({"app": ["lib", "zoo"], "lib": ["base"], "zoo": []}, ["base", "lib", "zoo", "app"]),
        ({"a": ["a"]}, ["a"]),  # a project that asks for an extra of its own
        ({"c": ["b"], "b": ["c"], "a": ["c"], "d": []}, ["b", "c", "a", "d"]),
        ({"b": ["z"], "z": ["b", "a"], "y": ["y"]}, ["a", "b", "z", "y"]),
    ],
)
def test_what_is_needed_comes_first(needs: dict[str, list[str]], order: list[str]) -> None:
    assert build_order(needs) == order

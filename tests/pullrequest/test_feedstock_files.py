"""The files of a repository that decide what is built."""

from __future__ import annotations

from dirac_forge.pullrequest.feedstock_files import kept, recipe_in

BOTH = {"recipe/meta.yaml": "v0", "recipe/recipe.yaml": "v1", "README.md": ""}


def test_of_two_recipes_the_bot_reads_the_one_that_bump_reads() -> None:
    assert recipe_in(BOTH) == "recipe/meta.yaml"
    assert recipe_in({**BOTH, "conda-forge.yml": "conda_build_tool: rattler-build\n"}) == "recipe/recipe.yaml"
    assert recipe_in({"recipe/recipe.yaml": "v1"}) == "recipe/recipe.yaml"
    assert recipe_in({"README.md": ""}) is None


def test_the_recipe_goes_first_and_the_other_one_is_left_out() -> None:
    assert list(kept({**BOTH, "conda-forge.yml": ""})) == ["recipe/meta.yaml", "conda-forge.yml"]

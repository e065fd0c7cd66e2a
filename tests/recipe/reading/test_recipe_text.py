"""Which file of a feedstock is its recipe."""

from __future__ import annotations

from pathlib import Path

import pytest

from dirac_forge.recipe.reading.recipe_text import find_recipe


def write(folder: Path, *paths: str, forge: str = "") -> None:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text("", encoding="utf-8")
    if forge:
        (folder / "conda-forge.yml").write_text(forge, encoding="utf-8")


@pytest.mark.parametrize(
    ("forge", "name"),
    [
        ("", "meta.yaml"),
        ("conda_build_tool: conda-build\n", "meta.yaml"),
        ("bot: {}\nconda_build_tool: rattler-build  # new\n", "recipe.yaml"),
        ("conda_build_tool: 'rattler-build'\n", "recipe.yaml"),
        ("# conda_build_tool: rattler-build\n", "meta.yaml"),
    ],
)
def test_of_two_recipes_the_one_that_conda_smithy_builds_is_read(tmp_path: Path, forge: str, name: str) -> None:
    write(tmp_path, "recipe/meta.yaml", "recipe/recipe.yaml", forge=forge)
    assert find_recipe(tmp_path) == tmp_path / "recipe" / name


def test_a_single_recipe_is_read_whatever_the_build_tool(tmp_path: Path) -> None:
    write(tmp_path, "recipe/recipe.yaml", forge="conda_build_tool: conda-build\n")
    assert find_recipe(tmp_path) == tmp_path / "recipe/recipe.yaml"
    write(tmp_path / "plain", "meta.yaml")
    assert find_recipe(tmp_path / "plain") == tmp_path / "plain/meta.yaml"
    assert find_recipe(tmp_path / "none") is None

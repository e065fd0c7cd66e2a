"""The `conda-forge.yml` that goes with a recipe: what a maintainer writes, the rest is conda-smithy's default."""

from __future__ import annotations

from typing import Final, Literal

from dirac_forge.recipe.model import Recipe
from dirac_forge.recipe.writing.blocks import Lines, entry, items, nested, text_of

_CROSS_COMPILED: Final = {"linux_aarch64": "linux_64", "linux_ppc64le": "linux_64", "osx_arm64": "osx_64"}
"""Target to build platform: conda-forge has no fast machines of its own for these."""


def conda_forge_yml(recipe: Recipe, recipe_format: Literal["v0", "v1"] = "v1") -> str:
    """Return the text of conda-forge.yml, keys sorted as conda-smithy's own migrators leave them."""
    keys: dict[str, Lines] = {
        "conda_forge_output_validation": entry("conda_forge_output_validation", "true"),
        "conda_install_tool": entry("conda_install_tool", "pixi"),
        "github": nested("github", [*entry("branch_name", "main"), *entry("tooling_branch_name", "main")]),
    }
    if recipe_format == "v1":
        keys["conda_build_tool"] = entry("conda_build_tool", "rattler-build")
    if recipe.noarch_platforms:
        keys["noarch_platforms"] = nested("noarch_platforms", items([name] for name in recipe.noarch_platforms))
    if any(output.noarch is None for output in recipe.outputs):
        keys["build_platform"] = nested(
            "build_platform", [line for pair in _CROSS_COMPILED.items() for line in entry(*pair)]
        )
        keys["test"] = entry("test", "native_and_emulated")
    return text_of([line for key in sorted(keys) for line in keys[key]])

from __future__ import annotations

from dirac_forge.recipe.writing.forge_config import conda_forge_yml
from support.recipes import COMPILED, PURE, SYSTEMS


def test_noarch_asks_for_nothing_special() -> None:
    assert (
        conda_forge_yml(PURE)
        == """\
conda_build_tool: rattler-build
conda_forge_output_validation: true
conda_install_tool: pixi
github:
  branch_name: main
  tooling_branch_name: main
"""
    )


def test_compiled_packages_are_cross_compiled_and_v0_is_built_by_conda_build() -> None:
    assert (
        conda_forge_yml(COMPILED, "v0")
        == """\
build_platform:
  linux_aarch64: linux_64
  linux_ppc64le: linux_64
  osx_arm64: osx_64
conda_forge_output_validation: true
conda_install_tool: pixi
github:
  branch_name: main
  tooling_branch_name: main
test: native_and_emulated
"""
    )


def test_noarch_with_variants_names_its_platforms() -> None:
    assert "noarch_platforms:\n  - linux_64\n  - win_64\n" in conda_forge_yml(SYSTEMS)

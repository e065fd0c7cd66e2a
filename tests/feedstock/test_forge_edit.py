"""Edits of conda-forge.yml."""

from __future__ import annotations

from pathlib import Path

import pytest

from dirac_forge.feedstock.forge_edit import patched
from dirac_forge.recipe.reading.recipe_text import RecipeError
from dirac_forge.recipe.reading.yamlnodes import compose, pairs

TEXT = """\
# mine
provider:
    osx_64:   azure    # why
    linux: [azure, "travis"]
os_version: {linux_64: cos7}

build_platform:
    osx_arm64: osx_64
    linux_aarch64: linux_64

# at the end
test: native
"""
PATH = Path("conda-forge.yml")


def patch(text: str, patches: str) -> str:
    return patched(text, {key: value for key, _, value in pairs(compose(patches))}, path=PATH)


@pytest.mark.parametrize(
    ("patches", "old", "new"),
    [
        ("provider.osx_64: default", "   azure    # why", "   default    # why"),
        ("provider.linux: null", '[azure, "travis"]', "null"),
        ("os_version.linux_64: '8.10'", "cos7", "'8.10'"),
        ("os_version.linux_64: 8.1", "cos7", "8.1"),
        ("test: true", "test: native", "test: true"),
        ("build_platform: {a: b}", "osx_arm64: osx_64\n    linux_aarch64: linux_64", "{a: b}"),
        ("provider.win_64: azure", "", ""),
        ("provider.osx_64.deeper: 1", "", ""),
        ("provider.osx_64: azure", "", ""),
    ],
)
def test_a_patch_replaces_one_value_and_nothing_else(patches: str, old: str, new: str) -> None:
    assert patch(TEXT, patches) == TEXT.replace(old, new)


def test_several_patches_are_all_made() -> None:
    result = patch(TEXT, "provider.osx_64: default\ntest: all\n")
    assert result == TEXT.replace("azure    #", "default    #").replace("native", "all")


def test_a_file_that_is_no_yaml_is_an_error_with_its_line() -> None:
    with pytest.raises(RecipeError) as error:
        patch("a: [\n", "a: 1")
    assert str(error.value) == "conda-forge.yml:2: did not find expected node content"


def test_a_value_that_others_refer_to_is_left_to_a_person() -> None:
    with pytest.raises(RecipeError) as error:
        patch("a: &x\n  b: 1\nc: *x\n", "c.b: 2")
    assert str(error.value) == "conda-forge.yml:2: c.b can't be replaced: edit it by hand"

from dataclasses import replace
from typing import Literal

import pytest

from dirac_forge.feedstock.made_variants import checked_variants
from dirac_forge.feedstock.pinning import Pinning
from dirac_forge.recipe.model import Recipe, When
from support.recipes import COMPILED

PYTHONS = ("3.10", "3.11", "3.12")
OLDER = When('match(python, "<3.11")', "py<311")
ALL_BUT_THE_OLDEST = When("is_abi3 and not is_python_min", "is_abi3 and not is_python_min")
ALL_BUT_311 = When(
    'is_abi3 and not match(python, "3.11.*") and not (is_python_min and match(python, ">=3.11"))',
    "is_abi3 and py != 311 and not (is_python_min and py >= 311)",
)
ABI3 = "is_abi3:\n- true\nis_python_min:\n- {oldest}\npython:\n- {python}.* *_cpython\n"
NO_PACKAGE = "a build would make no package; correct skip"
SYSTEMS = "linux-64, linux-aarch64, linux-ppc64le, osx-64, osx-arm64 and win-64"


def skipping(*conditions: When) -> Recipe:
    (output,) = COMPILED.outputs
    return replace(COMPILED, outputs=(replace(output, skip=conditions),), notes=())


@pytest.mark.parametrize("format_", ["v1", "v0"])
@pytest.mark.parametrize("skip", [(ALL_BUT_THE_OLDEST,), (OLDER, ALL_BUT_311), (When("not win", "not win"),), ()])
def test_a_recipe_with_a_variant_left_is_taken_as_it_is(skip: tuple[When, ...], format_: Literal["v1", "v0"]) -> None:
    assert checked_variants(skipping(*skip), format_, None, PYTHONS) == skipping(*skip)


@pytest.mark.parametrize("format_", ["v1", "v0"])
def test_a_recipe_whose_variants_are_all_skipped_is_told(format_: Literal["v1", "v0"]) -> None:
    recipe = checked_variants(skipping(OLDER, ALL_BUT_THE_OLDEST), format_, None, PYTHONS)
    assert [(note.level, note.text) for note in recipe.notes] == [
        (
            "todo",
            f"with conda-forge's Pythons, every variant of weigher is skipped on {SYSTEMS}: {NO_PACKAGE}",
        )
    ]


def test_the_pinning_at_hand_decides() -> None:
    pinning = Pinning(path="pinning/conda_build_config.yaml", text="python:\n- 3.12.* *_cpython\n")
    recipe = checked_variants(skipping(When('match(python, "3.12.*")', "py==312")), "v1", pinning, PYTHONS)
    assert [note.kind.name for note in recipe.notes] == ["NOTHING_BUILT"]
    assert "with pinning/conda_build_config.yaml, every variant" in recipe.notes[0].text


@pytest.mark.parametrize("format_", ["v1", "v0"])
@pytest.mark.parametrize(
    ("python", "oldest", "built"),
    [("3.10", True, False), ("3.11", False, True), ("3.12", False, False), ("3.14", True, True)],
)
def test_the_stable_abi_is_built_with_its_own_oldest_python_or_the_later_one_of_a_platform(
    python: str, oldest: bool, built: bool, format_: Literal["v1", "v0"]
) -> None:
    pinning = Pinning(path="conda_build_config.yaml", text=ABI3.format(python=python, oldest=str(oldest).lower()))
    assert (checked_variants(skipping(ALL_BUT_311), format_, pinning, PYTHONS).notes == ()) is built

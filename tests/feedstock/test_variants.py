"""Variants as conda-smithy chooses them, and what migrations make of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from dirac_forge.feedstock.algebra import MigrationKeys, migrated
from dirac_forge.feedstock.pinning import (
    Configuration,
    ConfigurationError,
    Pinning,
    parse_configuration,
    read_pinning,
)
from dirac_forge.feedstock.read_recipe import recipe_of
from dirac_forge.feedstock.variants import Variant, VariantRecipe, rendered_variants, variants
from dirac_forge.recipe.reading.parsing import parse_recipe

PINNING = Pinning(
    path="pinning/conda_build_config.yaml",
    text="""\
c_compiler: [gcc]          # [linux]
c_compiler_version:
- 14                       # [linux]
- 18                       # [osx]
python:
- 3.12.* *_cpython
- 3.13.* *_cp313
is_python_min:
- true
- false
mpi: [nompi, openmpi]      # [not win]
openssl:
- '3.5'
cuda_compiler_version:
- None
- 12.9                     # [os.environ.get("CF_CUDA_ENABLED", "False") == "True"]
docker_image:
- for-{}                   # [os.environ.get("BUILD_PLATFORM") == "linux-64"]
zip_keys:
-
  - python
  - is_python_min
""",
)
RECIPE = """\
package: {name: a, version: 1}
build:
  number: 0
  skip: true  # [win or py == 312 and osx]
requirements:
  build:
    - {{ compiler('c') }}
  host:
    - python
    - openssl
"""


def recipe(text: str = RECIPE, **files: str) -> VariantRecipe:
    return recipe_of({"recipe/meta.yaml": text, **files}, root=Path("a"))


def keys(found: Sequence[Variant], *names: str) -> list[tuple[str, ...]]:
    return [tuple(variant.values.get(name, "") for name in names) for variant in found]


def test_used_keys_multiply_and_groups_go_together() -> None:
    found = variants(recipe(), PINNING, platform="linux-64")
    assert keys(found, "python", "is_python_min", "openssl", "mpi", "c_compiler_version", "target_platform") == [
        ("3.12.* *_cpython", "true", "3.5", "nompi", "14", "linux-64"),
        ("3.13.* *_cp313", "false", "3.5", "nompi", "14", "linux-64"),
    ]


def test_skips_are_honoured() -> None:
    def pythons(platform: str) -> list[str]:
        return [variant.values["python"] for variant, _ in rendered_variants(recipe(), PINNING, platform=platform)]

    assert pythons("linux-64") == ["3.12.* *_cpython", "3.13.* *_cp313"]
    assert pythons("osx-64") == ["3.13.* *_cp313"]
    assert pythons("win-64") == []


def test_pins_reach_bare_requirements() -> None:
    _, rendered = next(rendered_variants(recipe(), PINNING, platform="linux-64"))
    assert [(need.name, need.spec) for need in rendered.outputs[0].requirements] == [
        ("gcc_linux-64", "14.*"),
        ("python", "3.12.* *_cpython"),
        ("openssl", "3.5"),
    ]


def test_the_recipes_own_configuration_wins() -> None:
    text = RECIPE + "    - {{ mpi }}  # [mpi != 'nompi']\n"
    own = recipe(text, **{"recipe/conda_build_config.yaml": "openssl:\n- '4'\nmpi:\n- nompi\n- mpich  # [linux]\n"})
    assert keys(variants(own, PINNING, platform="linux-64"), "openssl", "mpi", "python") == [
        ("4", mpi, python) for python in ("3.12.* *_cpython", "3.13.* *_cp313") for mpi in ("nompi", "mpich")
    ]
    assert keys(variants(own, PINNING, platform="osx-64", only={"mpi"}), "mpi") == [("nompi",)]


def test_ci_support_goes_before_all() -> None:
    files = {
        ".ci_support/linux_64_python3.12.yaml": "python:\n- 3.12.* *_cpython\nopenssl:\n- '3'\n",
        ".ci_support/linux_64_python3.13.yaml": "python:\n- 3.13.* *_cp313\nopenssl:\n- '3'\n",
        ".ci_support/linux_aarch64_.yaml": "openssl:\n- '2'\n",
    }
    found = variants(recipe(**files), PINNING, platform="linux-64")
    assert [(variant.name, variant.values["openssl"]) for variant in found] == [
        ("linux_64_python3.12", "3"),
        ("linux_64_python3.13", "3"),
    ]
    assert keys(variants(recipe(**files), PINNING, platform="linux-aarch64"), "openssl") == [("2",)]
    assert keys(variants(recipe(**files), PINNING, platform="osx-64"), "openssl") == [("3.5",), ("3.5",)]


def test_cuda_is_on_for_those_who_compile_it() -> None:
    plain = recipe(RECIPE + "    - cuda-version {{ cuda_compiler_version }}\n")
    assert keys(variants(plain, PINNING, platform="linux-64"), "cuda_compiler_version") == [("None",)] * 2
    cuda = recipe(RECIPE.replace("compiler('c')", "compiler('cuda')"))
    found = keys(variants(cuda, PINNING, platform="linux-64"), "cuda_compiler_version")
    assert sorted(set(found)) == [("12.9",), ("None",)]


def test_applied_migrations_and_those_on_top() -> None:
    one = recipe(**{".ci_support/migrations/openssl4.yaml": "__migrator: {kind: version}\nopenssl:\n- '4.0'\n"})
    assert keys(variants(one, PINNING, platform="linux-64"), "openssl") == [("4.0",)] * 2
    migration = MigrationKeys.parse("__migrator: {kind: version}\nopenssl:\n- '4.1'\n", name="x", platform="linux-64")
    assert keys(variants(one, PINNING, [migration], platform="linux-64"), "openssl") == [("4.1",)] * 2


def test_without_a_pinning_pythons_are_assumed() -> None:
    assert [text[:4] for (text,) in keys(variants(recipe(), None, platform="linux-64"), "python")] == [
        "3.10",
        "3.11",
        "3.12",
        "3.13",
        "3.14",
    ]


def test_without_a_pinning_a_noarch_recipe_still_has_its_oldest_python() -> None:
    text = "package: {name: a, version: 1}\nrequirements:\n  run:\n    - python >={{ python_min }}\n"
    one = recipe(text)
    found = [rendered for _, rendered in rendered_variants(one, None, platform="linux-64", only=one.text.names)]
    assert {need.text for each in found for output in each.outputs for need in output.of("run")} == {"python >=3.10"}


PYTHON = Configuration(
    values={"python": ("3.12", "3.13"), "numpy": ("1", "2"), "abi": ("x",)}, zip_keys=(("python", "numpy"),)
)


def applied(text: str) -> Configuration:
    return migrated(PYTHON, MigrationKeys.parse(text, name="m", platform="linux-64"))


def test_key_add_adds_a_row_in_order() -> None:
    head = (
        "__migrator:\n  operation: key_add\n  primary_key: python\n  additional_zip_keys: [abi]\n"
        "  ordering:\n    python: ['3.14', '3.12', '3.13']\n"
    )
    found = applied(f"{head}python: ['3.14']\nnumpy: ['3']\nabi: ['y']\n")
    assert found.values == {"python": ("3.14", "3.12", "3.13"), "numpy": ("3", "1", "2"), "abi": ("y", "x", "x")}
    assert found.zip_keys == (("python", "numpy", "abi"),)


def test_key_add_of_what_is_there_changes_nothing() -> None:
    found = applied("__migrator: {operation: key_add, primary_key: python}\npython: ['3.13']\nnumpy: ['2']\n")
    assert (found.values, found.zip_keys) == (PYTHON.values, PYTHON.zip_keys)


def test_key_remove_takes_the_row_out() -> None:
    found = applied("__migrator: {operation: key_remove, primary_key: python}\npython: ['3.12']\n")
    assert found.values == {"python": ("3.13",), "numpy": ("2",), "abi": ("x",)}


def test_pins_go_up_never_down() -> None:
    assert applied("__migrator: {}\nabi: ['w']\nlib: ['1']\n").values["lib"] == ("1",)
    assert migrated(
        Configuration(values={"lib": ("1.10",)}),
        MigrationKeys.parse("__migrator: {}\nlib: ['1.9']\n", name="m", platform="linux-64"),
    ).values == {"lib": ("1.10",)}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [\n", "x.yaml:2: did not find expected node content"),
        ("- a\n", "x.yaml:1: expected a mapping of keys to values"),
        (
            "a:\n- b  # [linux and]\n",
            "x.yaml:2: the selector [linux and] can't be evaluated: the selector [linux and] is not an expression",
        ),
    ],
)
def test_what_is_no_configuration(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        parse_configuration(text, path="x.yaml", platform="linux-64", build_platform="linux-64")
    assert str(error.value) == message


def test_a_pinning_in_a_folder(tmp_path: Path) -> None:
    (tmp_path / "recipe/migrations").mkdir(parents=True)
    (tmp_path / "recipe/conda_build_config.yaml").write_text("openssl: ['3.5']\n", encoding="utf-8")
    (tmp_path / "recipe/migrations/a.yaml").write_text("x: ['1']\n", encoding="utf-8")
    (tmp_path / "recipe/migration_support").mkdir()
    (tmp_path / "recipe/migration_support/list.txt").write_text("a b\n", encoding="utf-8")
    pinning = read_pinning(tmp_path)
    assert (dict(pinning.migrations), dict(pinning.support)) == ({"a": "x: ['1']\n"}, {"list.txt": "a b\n"})
    with pytest.raises(ConfigurationError, match=r"there is no conda_build_config\.yaml"):
        read_pinning(tmp_path / "recipe/migrations")


FLOW = """\
package: {name: fa, version: "1.0"}
build: {number: 0, script: x, skip: [is_python_min]}
requirements:
  build: ["${{ compiler(\\"c\\") }}"]
  host: [python, pip, {if: mpi != "nompi", then: openssl}]
  run: [python]
"""


@pytest.mark.parametrize("flow", [True, False], ids=["flow", "block"])
def test_the_style_of_a_recipe_makes_no_other_variants(flow: bool) -> None:
    text = yaml.safe_dump(yaml.safe_load(FLOW), default_flow_style=flow)
    found = variants(VariantRecipe(text=parse_recipe(text, path="recipe.yaml")), PINNING, platform="linux-64")

    assert [(one.values["python"], one.values["mpi"]) for one in found] == [
        ("3.12.* *_cpython", "nompi"),
        ("3.12.* *_cpython", "openmpi"),
        ("3.13.* *_cp313", "nompi"),
        ("3.13.* *_cp313", "openmpi"),
    ]

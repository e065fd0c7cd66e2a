"""What the reader makes of recipe.yaml against rattler-build's own engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rattler_build import JinjaConfig, PlatformConfig, RenderConfig, Stage0Recipe, VariantConfig

from dirac_forge.feedstock.pinning import Pinning, read_pinning
from dirac_forge.feedstock.variants import rendered_variants
from dirac_forge.feedstock.workspace import FeedstockFolder

SHARED = Path(__file__).parents[2] / "../shared/conda-forge"
# Its recipe calls for a value that only a rerender knows; the engine refuses it.
BEYOND_THE_ENGINE = {"root"}

Outputs = set[tuple[str, str, tuple[str, ...]]]


def name_of(requirement: Any) -> str:
    if isinstance(requirement, str):
        return requirement.split()[0]
    (pin,) = requirement.values()
    return str(pin["name"] if isinstance(pin, dict) else pin)


def of_engine(folder: Path, config: Path, platform: str) -> Outputs:
    machine = PlatformConfig(target_platform=platform, build_platform=platform, host_platform=platform)
    jinja = JinjaConfig(platform=machine)
    variants = VariantConfig.from_conda_build_config(str(config), jinja)
    own = folder / "recipe" / "conda_build_config.yaml"
    if own.exists():
        variants.merge(VariantConfig.from_conda_build_config(str(own), jinja))
    stage = Stage0Recipe.from_file(str(folder / "recipe" / "recipe.yaml"))
    found = set()
    for variant in stage.render(variants, RenderConfig(platform=machine)):
        run = (variant.recipe.to_dict().get("requirements") or {}).get("run") or []
        package = variant.recipe.package
        found.add((str(package.name), str(package.version), tuple(sorted(map(name_of, run)))))
    return found


def of_reader(folder: Path, pinning: Pinning, platform: str) -> Outputs:
    recipe = FeedstockFolder(folder.name, folder).read()
    return {
        (output.name, output.version, tuple(sorted(need.name for need in output.of("run"))))
        for _, rendered in rendered_variants(recipe, pinning, platform=platform)
        for output in rendered.packages
        if output.skip is not True
    }


RECIPE = """\
context:
  version: "1.0"
recipe:
  name: two
  version: ${{ version }}
build:
  number: 0
outputs:
  - package:
      name: low
    requirements:
      host:
        - python
        - zlib
      run:
        - python
        - if: linux
          then: only-linux
          else: elsewhere
        - if: match(python, ">=3.13")
          then: modern
  - package:
      name: high
    requirements:
      run:
        - ${{ pin_subpackage("low", exact=true) }}
        - ${{ "win-only" if win else "unix-only" }}
"""


@pytest.mark.parametrize("platform", ["linux-64", "osx-arm64", "win-64"])
def test_a_recipe_with_conditions(tmp_path: Path, platform: str) -> None:
    (tmp_path / "recipe").mkdir()
    (tmp_path / "recipe" / "recipe.yaml").write_text(RECIPE, encoding="utf-8")
    config = tmp_path / "conda_build_config.yaml"
    config.write_text("python:\n  - 3.12.* *_cpython\n  - 3.13.* *_cp313\n", encoding="utf-8")
    pinning = Pinning(path=str(config), text=config.read_text(encoding="utf-8"))
    found = of_reader(tmp_path, pinning, platform)
    assert found == of_engine(tmp_path, config, platform)
    assert len(found) == 3


@pytest.mark.skipif(not SHARED.is_dir(), reason="the data of conda-forge are not here")
@pytest.mark.parametrize("platform", ["linux-64", "osx-arm64", "win-64"])
def test_recipes_of_conda_forge(platform: str) -> None:
    pinning = read_pinning(SHARED / "pinning")
    config = SHARED / "pinning" / "recipe" / "conda_build_config.yaml"
    paths = sorted((SHARED / "feedstocks").glob("*/recipe/recipe.yaml"))
    folders = [path.parents[1] for path in paths if path.parents[1].name not in BEYOND_THE_ENGINE]
    assert len(folders) >= 25
    # The engine renders what is skipped too, so it may know more.
    wrong = [one.name for one in folders if not of_reader(one, pinning, platform) <= of_engine(one, config, platform)]
    assert wrong == []

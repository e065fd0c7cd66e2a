"""Keys of the global pinning are variables of every recipe."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dirac_forge.channel.snapshot import PINNING
from dirac_forge.cli import main
from dirac_forge.feedstock.condaforgeyml import parse_forge_config
from dirac_forge.feedstock.variants import VariantRecipe
from dirac_forge.proposals.recipe_builds import builds_of
from dirac_forge.recipe.editing.edit import outputs_of, start
from dirac_forge.recipe.reading.parsing import parse_recipe
from dirac_forge.recipe.reading.recipe_text import RecipeError
from support.channel import pkg, write_channel

OLD, NEW = "a" * 64, "b" * 64
SOURCE = "{{ cran_mirror }}/src/contrib/demo_{{ version }}.tar.gz"
V0 = f"""\
{{% set version = "1.0" %}}
package:
  name: r-demo
  version: {{{{ version }}}}
source:
  url:
    - {SOURCE}
    - {{{{ cran_mirror }}}}/src/contrib/Archive/demo/demo_{{{{ version }}}}.tar.gz
  sha256: {OLD}
build:
  number: 1
"""
V1 = f"""\
context:
  version: "1.0"
package:
  name: r-demo
  version: ${{{{ version }}}}
source:
  url: {SOURCE.replace("{{", "${{")}
  sha256: {OLD}
build:
  number: 1
"""
RECIPES = pytest.mark.parametrize(("name", "text"), [("meta.yaml", V0), ("recipe.yaml", V1)])


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DIRAC_FORGE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "pyproject.toml").write_text(
        '[tool.dirac-forge]\nplatforms = ["linux-64"]\ntargets = {}\n', encoding="utf-8"
    )
    return tmp_path


def bumped(
    workspace: Path, name: str, text: str, mirror: str, capsys: pytest.CaptureFixture[str], *options: str
) -> dict[str, Any]:
    """The bump to 1.1 of a recipe, where only the mirror's file has a hash."""
    path = workspace / "feedstocks/r-demo/recipe" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    known = workspace / "known.json"
    known.write_text(json.dumps({f"{mirror}/src/contrib/demo_1.1.tar.gz": NEW}), encoding="utf-8")
    where = ("--workspace", str(workspace), "--known-sha256", str(known), "--json", "--offline")
    main(["bump", "r-demo", "--to", "1.1", "--write", *where, *options])
    (found,) = json.loads(capsys.readouterr().out)["bumps"]
    assert found["status"] == "proposed", found["reason"]
    assert path.read_text(encoding="utf-8") == text.replace('"1.0"', '"1.1"').replace(OLD, NEW).replace(
        "number: 1", "number: 0"
    )
    found_urls: dict[str, Any] = found
    return found_urls


def pinned(folder: Path, mirror: str) -> Path:
    folder.mkdir(parents=True)
    (folder / "conda_build_config.yaml").write_text(
        f"cran_mirror:\n  - '{mirror}'\npython:\n  - 3.12.* *_cpython\n", encoding="utf-8"
    )
    return folder


@RECIPES
def test_a_key_comes_from_the_pinning_folder(
    name: str, text: str, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pinning = pinned(workspace / "pinning", "https://mirror.example.org")
    options = ("--no-check", "--pinning", str(pinning))
    bumped(workspace, name, text, "https://mirror.example.org", capsys, *options)


@RECIPES
def test_a_key_comes_from_the_channels_pinning(
    name: str, text: str, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    channel = write_channel(workspace / "channel", {"linux-64": [pkg("zlib 1.0")]})
    pinned(channel / PINNING, "https://channel.example.org")
    bumped(workspace, name, text, "https://channel.example.org", capsys, "--channel", str(channel))


@RECIPES
def test_a_well_known_key_has_its_usual_value_without_a_pinning(
    name: str, text: str, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bumped(workspace, name, text, "https://cran.r-project.org", capsys, "--no-check")


def test_selectors_of_sources_are_decided_by_the_pinning(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = (
        f"  sha256: {OLD}  # [own_mirror == 'https://mirror.example.org']\n"
        f"  sha256: {'c' * 64}  # [own_mirror != 'https://mirror.example.org']\n"
    )
    text = V0.replace(f"  sha256: {OLD}\n", lines).replace("{{ cran_mirror }}", "https://mirror.example.org")
    folder = pinned(workspace / "pinning", "https://other.example.org")
    configuration = folder / "conda_build_config.yaml"
    configuration.write_text("own_mirror:\n  - https://mirror.example.org\n", encoding="utf-8")
    options = ("--no-check", "--pinning", str(folder))
    found = bumped(workspace, "meta.yaml", text, "https://mirror.example.org", capsys, *options)
    assert [note for note in found["notes"] if "hash" in note] == [
        "line 10: this hash was not updated: no build that is known here uses it, or its file is missing"
    ]


@RECIPES
def test_build_numbers_are_decided_by_the_pinning(
    name: str, text: str, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    number = "{{ 0 if own_key == 'a' else 100 }}"
    number = number.replace("{{", "${{") if name == "recipe.yaml" else number
    text = text.replace("cran_mirror", "'https://e.org'").replace("number: 1", f"number: {number}")
    folder = pinned(workspace / "pinning", "https://e.org")
    (folder / "conda_build_config.yaml").write_text("own_key:\n  - a\n  - b\n", encoding="utf-8")
    options = ("--no-check", "--pinning", str(folder))
    known = bumped(workspace, name, text, "https://e.org", capsys, *options)["notes"]
    line = 11 if name == "meta.yaml" else 10
    assert bumped(workspace, name, text, "https://e.org", capsys, "--no-check")["notes"] == [
        f"line {line}: the build number could not be determined: check that it is reset",
        *known,
    ]


@RECIPES
def test_a_key_that_nobody_defines_stops_the_edit(
    name: str, text: str, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = workspace / "feedstocks/r-demo/recipe" / name
    path.parent.mkdir(parents=True)
    path.write_text(text.replace("cran_mirror", "own_mirror"), encoding="utf-8")
    code = main(["bump", "r-demo", "--to", "1.1", "--no-check", "--offline", "--json", "--workspace", str(workspace)])
    (found,) = json.loads(capsys.readouterr().out)["bumps"]
    assert (code, found["status"]) == (2, "skipped")
    assert "depends on an undefined variable" in found["reason"]


@pytest.mark.parametrize("path", ["meta.yaml", "recipe.yaml"])
def test_builds_on_another_platform_have_the_sources_for_that(path: str) -> None:
    v1 = path == "recipe.yaml"
    source = (
        f"  - if: build_platform != target_platform\n    then:\n      url: https://e.org/b.zip\n      sha256: {OLD}\n"
        if v1
        else (
            "  - url: https://e.org/b.zip  # [build_platform != target_platform]\n"
            f"    sha256: {OLD}  # [build_platform != target_platform]\n"
        )
    )
    text = f"package:\n  name: x\n  version: '1'\nsource:\n{source}build:\n  number: 0\n"
    forge = parse_forge_config("build_platform: {osx_arm64: osx_64}\n", path="conda-forge.yml")
    built, _ = builds_of(VariantRecipe(text=parse_recipe(text, path=path), forge=forge))
    outputs = outputs_of(text, path=path, settings=built)
    assert {platform: len(made[0].sources) for (platform, _), made in outputs} == {
        "linux-64": 0,
        "osx-64": 0,
        "osx-arm64": 1,
        "win-64": 0,
    }


PLATFORMS = """\
{% set version = "1.0" %}
package:
  name: x
  version: {{ version }}
source:
  - url: https://e.org/x-{{ version }}-linux.zip  # [linux64]
    sha256: aa  # [linux64]
  - url: https://e.org/x-{{ version }}-win.zip  # [win64]
    sha256: bb  # [win64]
    patches:
      - a.patch
  - url: https://e.org/common-{{ version }}.zip
    sha256: cc
build:
  number: 0
"""


def test_a_platform_that_is_not_built_need_not_have_a_recipe() -> None:
    text = parse_recipe(PLATFORMS, path="meta.yaml")
    with pytest.raises(RecipeError):
        text.render(platform="osx-64")
    forge = parse_forge_config("provider: {osx_64: None}\n", path="conda-forge.yml")
    built, unbuilt = builds_of(VariantRecipe(text=text, forge=forge))
    assert [platform for platform, _ in built] == ["linux-64", "win-64"]
    assert {"osx-64", "linux-riscv64"} <= {platform for platform, _ in unbuilt}
    draft = start(PLATFORMS, path="meta.yaml", to="1.1", settings=built, unbuilt=unbuilt)
    assert {url for source in draft.moved for url in source.urls} == {
        f"https://e.org/{name}.zip" for name in ("x-1.1-linux", "x-1.1-win", "common-1.1")
    }


def test_a_recipe_that_is_none_without_the_pinning_is_read_with_it(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = pinned(workspace / "pinning", "https://mirror.example.org")
    (folder / "conda_build_config.yaml").write_text("own_kind:\n  - full\n", encoding="utf-8")
    text = V0.replace("cran_mirror", "'https://e.org'").replace("name: r-demo", "name: {{ own_kind }}")
    bumped(workspace, "meta.yaml", text, "https://e.org", capsys, "--no-check", "--pinning", str(folder))


@pytest.mark.parametrize("name", ["meta.yaml", "recipe.yaml"])
def test_hashes_for_values_that_only_the_recipe_knows_are_renewed(name: str) -> None:
    v1 = name == "recipe.yaml"
    kinds = {"new": "a" * 64, "old": "b" * 64}
    lines = [
        (
            f"  - if: kind == '{kind}'\n    then:\n      url: https://e.org/x-${{{{ version }}}}-{kind}.zip\n"
            f"      sha256: {digest}\n"
            if v1
            else f"  - url: https://e.org/x-{{{{ version }}}}-{kind}.zip  # [kind == '{kind}']\n"
            f"    sha256: {digest}  # [kind == '{kind}']\n"
        )
        for kind, digest in kinds.items()
    ]
    head = 'context:\n  version: "1.0"\n' if v1 else '{% set version = "1.0" %}\n'
    version = "${{ version }}" if v1 else "{{ version }}"
    text = f"{head}package:\n  name: x\n  version: {version}\nsource:\n{''.join(lines)}build:\n  number: 0\n"
    recipe = VariantRecipe(
        text=parse_recipe(text, path=name),
        forge=parse_forge_config("", path="conda-forge.yml"),
        configurations={"conda_build_config.yaml": "kind:\n  - new\n"},
    )
    built, unbuilt = builds_of(recipe)
    assert {values["kind"] for _, values in built} == {"new"}
    assert ("linux-64", "old") in {(platform, values["kind"]) for platform, values in unbuilt}
    draft = start(text, path=name, to="1.1", settings=built, unbuilt=unbuilt)
    assert [(source.urls, source.optional) for source in draft.moved] == [
        (("https://e.org/x-1.1-new.zip",), False),
        (("https://e.org/x-1.1-old.zip",), True),
    ]

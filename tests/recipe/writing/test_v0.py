from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dirac_forge.errors import InputError
from dirac_forge.recipe.model import About, Output, Recipe, Requirement
from dirac_forge.recipe.writing.forge_config import conda_forge_yml
from dirac_forge.recipe.writing.v0 import write
from support.lint import lint
from support.recipes import (
    COMPILED,
    COMPLETE,
    FAMILY,
    NEWER_PYTHON,
    PURE,
    SYSTEMS,
    UNFINISHED,
    pure,
    recipe,
)
from support.rendered import PLATFORMS, load_v0, selectors

WHOLE = """\
{% set name = "particles" %}
{% set version = "1.10" %}
{% set python_min = "3.11" %}

package:
  name: {{ name }}
  version: "{{ version }}"

source:
  url: https://pypi.org/packages/source/p/particles/particles-{{ version }}.tar.gz
  sha256: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa

build:
  number: 0
  noarch: python
  script: {{ PYTHON }} -m pip install . -vv --no-deps --no-build-isolation
  entry_points:
    - particles = particles.cli:main

requirements:
  host:
    - hatchling >=1.26
    - pip
    - python {{ python_min }}
  run:
    - python >={{ python_min }}
    - requests >=2,<3

test:
  imports:
    - particles
  commands:
    - pip check
    - particles --help
  requires:
    - pip
    - python {{ python_min }}

about:
  home: https://particles.example
  license: GPL-3.0-or-later
  license_file: LICENSE
  summary: Particles, weighed
  doc_url: https://particles.example/docs
  dev_url: https://github.com/particles/particles

extra:
  recipe-maintainers:
    - chaen
    - chrisburr
"""


def test_the_whole_text_of_a_pure_recipe() -> None:
    assert write(NEWER_PYTHON) == WHOLE
    assert "set python_min" not in write(PURE)


@pytest.mark.parametrize("made", COMPLETE.values(), ids=COMPLETE.keys())
def test_the_linter_has_nothing_to_say(made: Recipe) -> None:
    assert lint(write(made), conda_forge_yml(made, "v0")) == []


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("made", COMPLETE.values(), ids=COMPLETE.keys())
def test_it_renders_to_what_was_meant(made: Recipe, platform: str) -> None:
    tree = load_v0(write(made), platform, build_platform="linux-64")
    names = selectors(platform, build_platform="linux-64")
    several = len(made.outputs) > 1
    parts = tree["outputs"] if several else [tree]
    assert tree["package"]["version"] == made.version
    found = [part["name"] for part in parts] if several else [tree["package"]["name"]]
    assert found == [output.name for output in made.outputs]
    for output, part in zip(made.outputs, parts, strict=True):
        build, about = part["build"], part["about"]
        assert build.get("noarch") == output.noarch
        assert build.get("entry_points", []) == list(output.entry_points if output.noarch else ())
        assert build.get("skip", False) == any(_holds(when.v0, names) for when in output.skip)
        for section, key in (
            ("build", "build"),
            ("host", "host"),
            ("run", "run"),
            ("run_constraints", "run_constrained"),
        ):
            needs = [need for need in getattr(output, section) if need.when is None or _holds(need.when.v0, names)]
            assert part["requirements"].get(key, []) == [_meant(need, made, platform) for need in needs], section
        assert part["test"]["imports"] == list(output.test.imports)
        assert part["test"]["commands"] == ["pip check", *output.test.commands]
        folder = f"{output.name}/" if several else ""
        files = [folder + path for path in output.about.license_files]
        assert about["license_file"] == (files if len(files) > 1 else files[0])
        assert (about["license"], about["summary"]) == (output.about.license, output.about.summary)


def _holds(selector: str, names: dict[str, Any]) -> bool:
    return bool(eval(selector, {"__builtins__": {}}, names))


def _meant(need: Requirement, made: Recipe, platform: str) -> str:
    match need.kind:
        case "compiler" | "stdlib":
            return f"{need.name}_{need.kind}_stub"
        case "cross_python":
            return f"cross-python_{platform}"
        case "pin_subpackage":
            return f"subpackage_pin {need.name} exact"
    minimum = made.context.get("python_min", "9999")
    spec = need.spec.replace("@{python_min}.*", minimum).replace("@{python_min}", minimum)
    return f"{need.name} {spec.replace('@{version}', made.version)}".strip()


@pytest.mark.parametrize(
    ("version", "line"),
    [("1.10", 'version: "{{ version }}"'), ("2026", 'version: "{{ version }}"'), ("1.10.0", "version: {{ version }}")],
)
def test_a_version_that_yaml_reads_as_a_number_is_quoted(version: str, line: str) -> None:
    assert f"  {line}\n" in write(replace(recipe(pure()), version=version))


def test_conditions_are_selectors() -> None:
    assert (
        "    - __unix  # [unix]\n    - __win  # [win]\n    # for colours in cmd.exe\n    - colorama  # [win]\n"
        in write(SYSTEMS)
    )
    text = write(COMPILED)
    assert "  skip: true  # [py<311 or win]\n" in text
    assert "    - cross-python_{{ target_platform }}  # [build_platform != target_platform]\n" in text


def test_several_outputs_lie_side_by_side_in_folders() -> None:
    text = write(FAMILY)
    assert text.startswith('{% set name = "particles-split" %}\n')
    assert (
        """\
source:
  - url: https://pypi.org/packages/source/p/particles-core/particles-core-{{ version }}.tar.gz
    sha256: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    folder: particles-core
  - url: https://pypi.org/packages/source/p/particles/particles-{{ version }}.tar.gz
    sha256: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    folder: particles
"""
        in text
    )
    assert (
        """\
  - name: particles-core
    build:
      noarch: python
      script:
        - cd particles-core
        - {{ PYTHON }} -m pip install . -vv --no-deps --no-build-isolation
"""
        in text
    )
    assert "        - {{ pin_subpackage('particles-core', exact=True) }}\n" in text
    assert "      license_file: particles-core/LICENSE\n" in text
    assert "extra:\n  feedstock-name: particles\n" in text


def test_a_feedstock_that_is_no_output_keeps_its_name() -> None:
    made = recipe(pure("particles-core"), pure("particles-web"))
    assert load_v0(write(made), "linux-64")["package"]["name"] == "particles"


def test_what_a_person_must_fill_in_is_said_in_place_and_on_top() -> None:
    text = write(UNFINISHED)
    assert text.startswith(
        "# TODO(dirac-forge): license: look it up { % now %}\n"
        "# TODO(dirac-forge): sha256 of https://x.example/unknown-1.tar.gz\n{% set name"
    )
    assert "  # TODO: add sha256, the SHA-256 of the file at this URL; it could not be found out\n" in text
    assert "  # TODO: add license, an SPDX expression; nothing that upstream published states it\n" in text
    assert load_v0(text, "osx-64")["source"] == {"url": "https://x.example/unknown-1.tar.gz"}


HOSTILE = "{{ cycler.__init__ }} {% include 'x' %} {# # [win] [linux]"


def test_text_of_upstream_is_text() -> None:
    about = About(summary=HOSTILE, license="MIT", license_files=("LICENSE",), homepage=f"https://x.example/{HOSTILE}")
    made = recipe(pure(about=about))
    for platform in ("linux-64", "win-64"):
        read = load_v0(write(made), platform)["about"]
        assert read["summary"] == HOSTILE
        assert read["home"] == f"https://x.example/{HOSTILE}"
    assert lint(write(made), conda_forge_yml(made, "v0")) == []


def test_an_output_with_a_version_of_its_own_says_it() -> None:
    old = pure("old")
    made = recipe(pure(), Output(**{name: getattr(old, name) for name in old.__slots__} | {"version": "0.9"}))
    assert load_v0(write(made), "linux-64")["outputs"][1]["version"] == "0.9"


def test_what_no_recipe_can_hold_is_refused() -> None:
    with pytest.raises(InputError) as error:
        write(recipe(pure("{{ x }}")))
    assert error.value.message.startswith("Not a valid package name: '{{ x }}'")


@pytest.mark.parametrize("made", [*COMPLETE.values(), UNFINISHED])
def test_the_text_is_tidy(made: Recipe) -> None:
    text = write(made)
    assert text == write(made)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert [line for line in text.split("\n") if line != line.rstrip()] == []

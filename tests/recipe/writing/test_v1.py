from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from dirac_forge.errors import InputError
from dirac_forge.recipe.model import About, Output, Recipe, Requirement, Source
from dirac_forge.recipe.model import Test as Checks
from dirac_forge.recipe.writing import v0
from dirac_forge.recipe.writing.forge_config import conda_forge_yml
from dirac_forge.recipe.writing.v1 import write
from support.lint import lint
from support.recipes import (
    ABOUT,
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
from support.rendered import PLATFORMS, load_v1

WHOLE = """\
schema_version: 1

context:
  version: "1.10"
  python_min: "3.11"

package:
  name: particles
  version: ${{ version }}

source:
  url: https://pypi.org/packages/source/p/particles/particles-${{ version }}.tar.gz
  sha256: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa

build:
  number: 0
  noarch: python
  script: ${{ PYTHON }} -m pip install . -vv --no-deps --no-build-isolation
  python:
    entry_points:
      - particles = particles.cli:main

requirements:
  host:
    - hatchling >=1.26
    - pip
    - python ${{ python_min }}.*
  run:
    - python >=${{ python_min }}
    - requests >=2,<3

tests:
  - python:
      imports:
        - particles
      pip_check: true
      python_version:
        - ${{ python_min }}.*
        - "*"
  - script:
      - particles --help

about:
  license: GPL-3.0-or-later
  license_file: LICENSE
  summary: Particles, weighed
  homepage: https://particles.example
  repository: https://github.com/particles/particles
  documentation: https://particles.example/docs

extra:
  recipe-maintainers:
    - chaen
    - chrisburr
"""


def test_the_whole_text_of_a_pure_recipe() -> None:
    assert write(NEWER_PYTHON) == WHOLE
    assert 'python_min: "3.11"' not in write(PURE)


@pytest.mark.parametrize("made", COMPLETE.values(), ids=COMPLETE.keys())
def test_the_linter_has_nothing_to_say(made: Recipe) -> None:
    assert lint(write(made), conda_forge_yml(made)) == []


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("made", COMPLETE.values(), ids=COMPLETE.keys())
def test_rattler_build_renders_what_was_meant(made: Recipe, platform: str) -> None:
    system = platform.partition("-")[0]
    true = {"win"} if system == "win" else {"unix"}
    trees = load_v1(write(made), platform)
    assert [tree["package"]["name"] for tree in trees] == sorted(output.name for output in made.outputs)
    for tree in trees:
        output = next(output for output in made.outputs if output.name == tree["package"]["name"])
        assert tree["package"]["version"] == made.version
        assert tree["build"].get("noarch") == output.noarch
        assert tree["build"].get("python", {}).get("entry_points", []) == list(
            output.entry_points if output.noarch == "python" else ()
        )
        for section in ("build", "host", "run", "run_constraints"):
            needs = getattr(output, section)
            assert _lines(tree["requirements"].get(section, [])) == [
                _meant(need, platform, made) for need in needs if need.when is None or need.when.v1 in true
            ], section
        assert [test["python"]["imports"] for test in tree["tests"] if "python" in test] == [[*output.test.imports]]
        assert tree["about"]["license"] == output.about.license
        assert tree["about"]["license_file"] == list(output.about.license_files)
        assert tree["about"]["summary"] == output.about.summary
        sources = tree["source"] if isinstance(tree["source"], list) else [tree["source"]]
        assert [part["url"] for part in sources] == [part.url.replace("@{version}", "1.10") for part in output.sources]
        assert [part["sha256"] for part in sources] == [part.sha256 for part in output.sources]


def _lines(items: list[Any]) -> list[str]:
    return [item if isinstance(item, str) else f"pin {item['pin_subpackage']['name']} exact" for item in items]


def _meant(need: Requirement, platform: str, made: Recipe) -> str:
    tool = {"c": "gcc", "rust": "rust"}.get(need.name, "")
    match need.kind:
        case "compiler":
            return f"{tool}_{platform}"
        case "stdlib":
            return f"sysroot_{platform}"
        case "cross_python":
            return f"cross-python_{platform}"
        case "pin_subpackage":
            return f"pin {need.name} exact"
    spec = need.spec.replace("@{version}", made.version).replace(
        "@{python_min}", made.context.get("python_min", "3.10")
    )
    return f"{need.name} {spec}".strip()


def test_cross_compilation_needs_are_there_only_when_cross_compiling() -> None:
    (tree,) = load_v1(write(COMPILED), "linux-aarch64", build_platform="linux-64")
    assert "cross-python_linux-aarch64" in tree["requirements"]["build"]
    (tree,) = load_v1(write(COMPILED), "linux-64")
    assert not any("cross-python" in line for line in tree["requirements"]["build"])


def test_neighbours_with_the_same_condition_share_an_if() -> None:
    assert """\
  build:
    - ${{ compiler('c') }}
    - ${{ stdlib('c') }}
    - ${{ compiler('rust') }}
    - cargo-bundle-licenses
    - if: build_platform != target_platform
      then:
        - python
        - cross-python_${{ target_platform }}
""" in write(COMPILED)
    assert """\
    - if: unix
      then: __unix
    - if: win
      then:
        - __win
        # for colours in cmd.exe
        - colorama
""" in write(SYSTEMS)


def test_several_commands_and_conditions_are_lists() -> None:
    assert """\
  script:
    - cargo-bundle-licenses --format yaml --output THIRDPARTY.yml
    - ${{ PYTHON }} -m pip install . -vv
  skip:
    - match(python, "<3.11")
    - win
""" in write(COMPILED)


def test_outputs_say_only_what_is_different_from_the_recipe() -> None:
    text = write(FAMILY)
    assert "recipe:\n  name: particles\n  version: ${{ version }}\n\nbuild:\n  number: 0\n\noutputs:\n" in text
    assert "    about:\n      summary: The core\n\n  - package:\n      name: particles\n" in text
    assert text.count("license: GPL-3.0-or-later") == 1
    assert (
        "        - particles-core ==${{ version }}\n        - ${{ pin_subpackage('particles-core', exact=True) }}\n"
        in text
    )
    assert "extra:\n  feedstock-name: particles\n  recipe-maintainers:\n" in text


def test_an_output_with_a_version_of_its_own_says_it() -> None:
    made = recipe(pure("particles"), replace(pure("old"), version="0.9"))
    assert {tree["package"]["name"]: tree["package"]["version"] for tree in load_v1(write(made), "linux-64")} == {
        "old": "0.9",
        "particles": "1.10",
    }


@pytest.mark.parametrize("write", [write, v0.write])
def test_a_source_that_was_not_looked_at_is_not_said_to_have_no_licence_file(write: Callable[[Recipe], str]) -> None:
    unseen = replace(PURE.about, license_files=(), license_files_unseen=True)
    recipe = replace(PURE, about=unseen, outputs=tuple(replace(output, about=unseen) for output in PURE.outputs))
    assert "  # TODO: add license_file; the source could not be looked at\n" in write(recipe)
    assert "ship none" not in write(recipe)


def test_what_a_person_must_fill_in_is_said_in_place_and_on_top() -> None:
    text = write(UNFINISHED)
    assert text.startswith(
        "# TODO(dirac-forge): license: look it up { % now %}\n"
        "# TODO(dirac-forge): sha256 of https://x.example/unknown-1.tar.gz\n"
        "schema_version: 1\n"
    )
    assert (
        """\
source:
  # from the { { project's }} page
  url: https://x.example/unknown-1.tar.gz
  # TODO: add sha256, the SHA-256 of the file at this URL; it could not be found out
"""
        in text
    )
    assert (
        """\
about:
  # TODO: add license, an SPDX expression; nothing that upstream published states it
  # TODO: add license_file; the sources ship none, so add a source for it too
  summary: Nobody knows
"""
        in text
    )
    assert "extra:\n  feedstock-name: thing\n" in text
    assert "not for the file" not in text
    assert lint(text, conda_forge_yml(UNFINISHED)) == [
        "R-002 no license",
        "R-013 no license_file",
        "R-003 no maintainers" if not UNFINISHED.maintainers else "R-005 no tests",
        "R-019 no hash: https://x.example/unknown-1.tar.gz",
    ]


def test_pip_check_without_imports_is_a_script() -> None:
    made = recipe(replace(pure(), test=Checks(commands=("particles --version",))))
    assert """\
tests:
  - requirements:
      run:
        - pip
        - python ${{ python_min }}.*
    script:
      - pip check
      - particles --version
""" in write(made)
    assert lint(write(made), conda_forge_yml(made)) == []


def test_the_newest_python_is_not_asked_for_where_it_is_ruled_out() -> None:
    output = pure()
    made = recipe(replace(output, run=(Requirement(name="python", spec=">=@{python_min},<3.13"),)))
    assert "      python_version: ${{ python_min }}.*\n" in write(made)
    assert lint(write(made), conda_forge_yml(made)) == []


HOSTILE = "{{ x }} ${{ version }} {% raw %} # [win] 'a': \"b\"\r\n- c"
TAMED = "{{ x }} ${{ version }} {% raw %} # [win] 'a': \"b\" - c"


def test_text_of_upstream_is_text() -> None:
    about = About(
        summary=HOSTILE, license="LicenseRef-Own", license_files=("LICENSE",), homepage=f"https://x.example/{HOSTILE}"
    )
    made = recipe(pure(about=about))
    (tree,) = load_v1(write(made), "win-64")
    assert tree["about"]["summary"] == TAMED
    assert lint(write(made), conda_forge_yml(made)) == []


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (pure("Bad Name"), "Not a valid package name: 'Bad Name'"),
        (replace(pure(), entry_points=("a = b",)), "Not a valid entry point: 'a = b'"),
        (replace(pure(), entry_points=("a = b:c\nx: y",)), "Not a valid entry point: 'a = b:c\\nx: y'"),
        (replace(pure(), test=Checks(imports=("os; evil",))), "Not a valid module to import: 'os; evil'"),
        (replace(pure(), test=Checks(commands=("demo;id --help",))), "Not a valid command: 'demo;id --help'"),
        (replace(pure(), script="pip install a-1$(id).whl"), "Not a valid command: 'pip install a-1$(id).whl'"),
        (
            replace(pure(), sources=(Source(url="https://x/$(id)", sha256=None),)),
            "Not a valid URL of a source: 'https://x/$(id)'",
        ),
        (
            replace(pure(), sources=(Source(url="https://x/../y", sha256=None),)),
            "Not a valid URL of a source: 'https://x/../y'",
        ),
        (replace(pure(), sources=(Source(url="ssh://x/y", sha256=None),)), "Not a valid URL of a source: 'ssh://x/y'"),
        (replace(pure(), run=(Requirement(name="a", spec="${{ x }}"),)), "Not a valid version spec of a: '${{ x }}'"),
        (replace(pure(), run=(Requirement(name="a[b]"),)), "Not a valid requirement: 'a[b]'"),
        (replace(pure(), build=(Requirement(name="c')", kind="compiler"),)), 'Not a valid requirement: "c\')"'),
        (replace(pure(), sources=(Source(url="https://x", sha256="sha"),)), "Not a valid sha256: 'sha'"),
        (replace(pure(), version="1.0 beta"), "Not a valid version: '1.0 beta'"),
        (
            pure(about=replace(ABOUT, license_files=("../../etc/passwd",))),
            "Not a path within the source: '../../etc/passwd'",
        ),
        (
            replace(pure(), sources=(Source(url="https://x", sha256=None, file_name="/etc/passwd"),)),
            "Not a path within the source: '/etc/passwd'",
        ),
    ],
)
def test_what_no_recipe_can_hold_is_refused(broken: Output, message: str) -> None:
    with pytest.raises(InputError) as error:
        write(recipe(broken))
    assert error.value.message.startswith(message)


def test_outputs_have_names_of_their_own() -> None:
    with pytest.raises(InputError, match="two outputs of the same name: particles, particles"):
        write(recipe(pure(), pure()))
    with pytest.raises(InputError, match="has no output"):
        write(replace(PURE, outputs=()))


@pytest.mark.parametrize("made", [*COMPLETE.values(), UNFINISHED])
def test_the_text_is_tidy(made: Recipe) -> None:
    text = write(made)
    assert text == write(made)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert "\r" not in text
    assert [line for line in text.split("\n") if line != line.rstrip()] == []

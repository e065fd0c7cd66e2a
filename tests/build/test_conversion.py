"""A meta.yaml as the recipe.yaml that is built in its place."""

from __future__ import annotations

import pytest
import yaml

from dirac_forge.build.conversion import converted_recipe
from dirac_forge.recipe.reading.recipe_text import RecipeError

META = """\
{% set version = "1.0" %}
package:
  name: Demo
  version: {{ version }}
source:
  url: https://example.org/demo-{{ version }}.tar.gz
  sha256: aa
  patches:
    - fix.patch
build:
  number: 3
  noarch: python
  script: {{ PYTHON }} -m pip install . -vv
  script_env:
    - SETUPTOOLS_SCM_PRETEND_VERSION={{ version }}
  entry_points:
    - demo = demo:main
requirements:
  host:
    - python {{ python_min }}
    - pip
  run:
    - python >={{ python_min }}
    - numpy 1.26
    - windows-only  # [win]
test:
  imports:
    - demo
  commands:
    - pip check
  requires:
    - pip
    - python {{ python_min }}
  source_files:
    - tests
about:
  home: https://example.org
  license: MIT
  license_family: MIT
  license_file: LICENSE
extra:
  recipe-maintainers:
    - octocat
"""


def converted(text: str, files: tuple[str, ...] = (), **variant: str) -> dict[str, object]:
    values = {"python_min": "3.11", **variant}
    result = converted_recipe(text, path="meta.yaml", platform="linux-64", variant=values, files=files)
    read = yaml.safe_load(result)
    assert isinstance(read, dict)
    return read


def test_recipe_is_written_with_templates_and_selectors_decided() -> None:
    assert converted(META) == {
        "schema_version": 1,
        "package": {"name": "demo", "version": "1.0"},
        "source": [
            {"url": "https://example.org/demo-1.0.tar.gz", "sha256": "aa", "patches": ["fix.patch"]},
        ],
        "build": {
            "number": 3,
            "noarch": "python",
            "script": {
                "content": "$PYTHON -m pip install . -vv",
                "env": {"SETUPTOOLS_SCM_PRETEND_VERSION": "1.0"},
            },
            "python": {"entry_points": ["demo = demo:main"]},
        },
        "requirements": {
            "host": ["python 3.11.*", "pip"],
            "run": ["python >=3.11", "numpy 1.26.*"],
        },
        "tests": [
            {
                "script": ['python -c "import demo"', "pip check"],
                "requirements": {"run": ["pip", "python 3.11.*"]},
                "files": {"source": ["tests"]},
            }
        ],
        "about": {"homepage": "https://example.org", "license": "MIT", "license_file": "LICENSE"},
    }


COMPILED = """\
package:
  name: lib
  version: "2"
source:
  git_url: https://example.org/lib.git
  git_tag: v2
build:
  number: 0
  run_exports:
    - {{ pin_subpackage("lib", max_pin="x.x") }}
  ignore_run_exports_from:
    - zlib
requirements:
  build:
    - {{ compiler("c") }}
    - {{ stdlib("c") }}
  host:
    - zlib
  run_constrained:
    - other <2
"""


def test_functions_of_the_variant_are_kept_and_test_scripts_run() -> None:
    found = converted(COMPILED, ("run_test.sh",), c_compiler="gcc", zlib="1")
    assert found["requirements"] == {
        "build": ['${{ compiler("c") }}', '${{ stdlib("c") }}'],
        "host": ["zlib"],
        "run_constraints": ["other <2"],
        "run_exports": {"weak": ['${{ pin_subpackage("lib", upper_bound="x.x") }}']},
        "ignore_run_exports": {"from_package": ["zlib"]},
    }
    assert found["source"] == [{"git": "https://example.org/lib.git", "tag": "v2"}]
    assert found["tests"] == [{"script": ["bash -e run_test.sh"], "files": {"recipe": ["run_test.sh"]}}]


def test_build_environment_without_host_is_the_host_environment() -> None:
    text = "package:\n  name: a\n  version: '1'\nrequirements:\n  build:\n    - python\n    - pip\n"
    assert converted(text)["requirements"] == {"host": ["python", "pip"]}


def test_compilers_have_an_environment_of_their_own_without_a_host_section() -> None:
    text = "package:\n  name: a\n  version: '1'\nrequirements:\n  build:\n    - {{ compiler('c') }}\n    - cmake\n"
    assert converted(text)["requirements"] == {"build": ['${{ compiler("c") }}', "cmake"]}


def test_checks_of_linked_libraries_are_kept() -> None:
    text = "package:\n  name: a\n  version: '1'\nbuild:\n  error_overdepending: true\n  error_overlinking: false\n"
    linking = {"overdepending_behavior": "error", "overlinking_behavior": "ignore"}
    assert converted(text)["build"] == {"number": 0, "dynamic_linking": linking}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("  noarch: python", "  features: x", "meta.yaml:12: build.features has no counterpart in a recipe.yaml"),
        ("    - pip\n  run", "    - pip {{ pip_pin }}\n  run", "meta.yaml:21: pip depends on an undefined variable"),
        ("sha256: aa", "sha512: aa", "meta.yaml:7: source.sha512 has no counterpart in a recipe.yaml"),
        ("numpy 1.26", "numpy x.x", "meta.yaml:24: numpy x.x: x.x has no counterpart in a recipe.yaml"),
        ("={{ version }}", "", "meta.yaml:14: variables that builds take from outside have no counterpart here"),
        ("    - demo\n  comm", "    - lang: r\n  comm", "meta.yaml:27: these imports are not names of Python modules"),
        (
            "# [win]",
            "# [cuda]",
            "meta.yaml:25: this line depends on cuda, which is not known",
        ),
    ],
)
def test_what_has_no_counterpart_is_refused_with_its_line(old: str, new: str, message: str) -> None:
    assert META.count(old) == 1
    with pytest.raises(RecipeError) as caught:
        converted(META.replace(old, new))
    assert str(caught.value) == message


def test_several_outputs_are_refused() -> None:
    text = "package:\n  name: a\n  version: '1'\noutputs:\n  - name: b\n  - name: c\n"
    with pytest.raises(RecipeError, match="it has 2 outputs; only a recipe with one output can be converted"):
        converted(text)

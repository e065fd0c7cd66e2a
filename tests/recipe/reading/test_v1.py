"""recipe.yaml as rattler-build reads it."""

from __future__ import annotations

import pytest
import yaml

from dirac_forge.recipe.reading.parsing import parse_recipe
from dirac_forge.recipe.reading.recipe_text import ReadOutput, RecipeError, RenderedRecipe

COMPILED = """\
schema_version: 1

context:
  name: Toolbox
  version: "1.10"
  major: ${{ (version | split('.'))[0] }}
  build: ${{ 3 if win else 2 }}

package:
  name: ${{ name | lower }}
  version: ${{ version }}

source:
  - url: https://example.org/${{ name[0] }}/${{ name }}-${{ version }}.tar.gz
    sha256: abc

build:
  number: ${{ build }}
  skip:
    - match(python, "<3.11")
    - win and arm64

requirements:
  build:
    - ${{ compiler('c') }}
    - ${{ compiler('cxx') | replace(' ', ' >=') }}
    - if: build_platform != target_platform
      then:
        - python
        - cross-python_${{ target_platform }}
  host:
    - if: linux
      then: libfoo
      else:
        - if: osx
          then: [libbar, libbaz]
    - openssl
  run:
    - ${{ pin_compatible('numpy', upper_bound='x') }}
    - if: mpi != "nompi"
      then: ${{ mpi }}
  run_exports:
    strong:
      - ${{ pin_subpackage(name | lower, upper_bound='x.x') }}
  ignore_run_exports:
    by_name:
      - zlib
    from_package:
      - ${{ compiler('c') }}

tests:
  - python:
      imports: [toolbox]
  - script: run
    requirements:
      run:
        - pytest
"""


def render(text: str, platform: str = "linux-64", **variant: str) -> RenderedRecipe:
    return parse_recipe(text, path="recipe.yaml").render(platform=platform, variant=variant)


def shown(output: ReadOutput) -> list[tuple[str, str, str, int]]:
    return [(need.section, need.name, need.spec, need.line) for need in output.requirements]


def test_a_compiled_recipe() -> None:
    variant = {"python": "3.12.* *_cpython", "mpi": "mpich", "c_compiler_version": "15", "cxx_compiler_version": "15"}
    (output,) = render(COMPILED, **variant, openssl="3.5").outputs
    assert (output.name, output.version, output.build_number, output.skip) == ("toolbox", "1.10", 2, False)
    assert shown(output) == [
        ("build", "gcc_linux-64", "15.*", 25),
        ("build", "gxx_linux-64", ">=15.*", 26),
        ("host", "libfoo", "", 33),
        ("host", "openssl", "3.5", 37),
        ("run", "numpy", "", 39),
        ("run", "mpich", "", 41),
        ("test", "pip", "", 52),
        ("test", "pytest", "", 57),
    ]
    (export,) = output.run_exports
    assert (export.strength, export.requirement.spec) == ("strong", ">=1.10,<1.11.0a0")
    assert output.ignore_run_exports == ("zlib",)
    assert output.ignore_run_exports_from == ("gcc_linux-64",)


def test_other_platforms_take_other_branches() -> None:
    recipe = parse_recipe(COMPILED, path="recipe.yaml")
    crossed = recipe.render(platform="osx-arm64", build_platform="osx-64").outputs[0]
    assert [need.name for need in crossed.of("build")][2:] == ["python", "cross-python_osx-arm64"]
    assert [need.name for need in crossed.of("host")] == ["libbar", "libbaz", "openssl"]
    assert recipe.render(platform="win-64").outputs[0].build_number == 3


def test_skips() -> None:
    assert render(COMPILED, python="3.10.* *_cpython").outputs[0].skip is True
    assert render(COMPILED).outputs[0].skip is None
    assert render(COMPILED, "win-arm64").outputs[0].skip is True


def test_what_nobody_gave_decides_nothing() -> None:
    need = render(COMPILED).outputs[0].of("run")[1]
    assert (need.name, need.condition, need.unknown) == ("", 'mpi != "nompi"', ("mpi",))


MULTIPLE = """\
context:
  version: "2.0"
recipe:
  name: stack
  version: ${{ version }}
build:
  number: 5
outputs:
  - staging:
      name: common
    requirements:
      build:
        - cmake
      host:
        - zlib
  - package:
      name: libstack
    inherit: common
    requirements:
      run_exports:
        - pin_subpackage:
            name: libstack
            upper_bound: x
  - package:
      name: stack-docs
      version: "2.1"
    build:
      noarch: generic
    requirements:
      run:
        - ${{ pin_subpackage("libstack", exact=True) }}
    tests:
      - python:
          imports: []
          pip_check: false
"""


def test_several_outputs_and_a_staging_one() -> None:
    rendered = render(MULTIPLE)
    assert [
        (output.name, output.version, output.build_number, output.noarch, output.is_package)
        for output in rendered.outputs
    ] == [
        ("common", "2.0", 5, None, False),
        ("libstack", "2.0", 5, None, True),
        ("stack-docs", "2.1", 5, "generic", True),
    ]
    assert shown(rendered.outputs[1]) == [("build", "cmake", "", 13), ("host", "zlib", "", 15)]
    assert rendered.outputs[1].run_exports[0].requirement.spec == ">=2.0,<3.0a0"
    assert shown(rendered.outputs[2]) == [("run", "libstack", "==2.0", 31)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "package:\n  name: ${{ 1 + }}\n",
            "recipe.yaml:2: 1 + is not an expression: unexpected 'end of print statement'",
        ),
        ("package: {name: a}\npackage: {name: b}\n", "recipe.yaml:2: package is already in line 1"),
        ("package:\n  version: 1\n", "recipe.yaml: package: name is missing"),
        (
            "package:\n  name: ${{ flavour }}\n",
            (
                "recipe.yaml:2: package: the name is made from flavour, which nothing defines: define it in the "
                "recipe, in conda_build_config.yaml or in variants.yaml"
            ),
        ),
        ("[]\n", "recipe.yaml: a recipe is a mapping"),
        (
            "context:\n  a: ${{ ''.__class__ }}\npackage: {name: a}\n",
            "recipe.yaml:2: __class__ can't be used in a template",
        ),
        ("context:\n  a: ${{ 'a' | nosuch }}\npackage: {name: a}\n", "recipe.yaml:2: the filter nosuch is not known"),
        ("package: {name: a}\nbuild:\n  skip: match(python, '>=')\n", None),
        (
            "context:\n  a0: "
            + "x" * 50
            + "".join(f"\n  a{n}: ${{{{ a{n - 1} }}}}${{{{ a{n - 1} }}}}" for n in range(1, 40))
            + "\npackage: {name: a}\n",
            "recipe.yaml:14: a template makes a text that is too long",
        ),
    ],
)
def test_bad_recipes_say_where(text: str, message: str | None) -> None:
    with pytest.raises(RecipeError) as error:
        render(text, python="3.12")
    if message is not None:
        assert str(error.value) == message


def test_a_bomb_of_aliases_is_refused() -> None:
    lines = ["x0: &x0 [a, a, a, a, a, a, a, a, a, a]"]
    lines += [f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 10)}]" for n in range(1, 9)]
    text = "package: {name: a}\n" + "\n".join(lines) + "\nrequirements:\n  host: *x8\n"
    with pytest.raises(RecipeError, match="aliases expand the recipe beyond the limit"):
        render(text)


def test_merge_keys() -> None:
    text = "package: {name: a}\nx: &common\n  host: [zlib]\nrequirements:\n  <<: *common\n  run: [b]\n"
    assert [(need.section, need.name) for need in render(text).outputs[0].requirements] == [
        ("host", "zlib"),
        ("run", "b"),
    ]


STYLED = """\
context:
  low: ${{ libfoo_min }}
package:
  name: ${{ stem }}
  version: "1"
build:
  number: 0
  skip:
    - match(python, "<3.11")
    - if: osx
      then: mpi == "nompi"
  variant:
    use_keys:
      - zstd
requirements:
  build:
    - ${{ compiler("cuda") }}
    - ${{ stdlib('c') }}
  host:
    - python
    - numpy >=2
    - if: blas_impl == "mkl"
      then: mkl-devel
      else:
        - OpenBLAS
  run:
    - scipy
    - if: cuda_compiler_version != "None"
      then: ${{ nccl }}
  ignore_run_exports:
    from_package:
      - zlib
tests:
  - requirements:
      build:
        - cmake
    script: run
"""
FLOW = yaml.safe_dump(yaml.safe_load(STYLED), default_flow_style=True, width=10_000)
QUOTED = yaml.safe_dump(yaml.safe_load(STYLED), default_style='"')


@pytest.mark.parametrize("text", [STYLED, FLOW, QUOTED], ids=["block", "flow", "quoted"])
def test_the_style_of_yaml_says_nothing(text: str) -> None:
    recipe = parse_recipe(text, path="recipe.yaml")
    read = {"libfoo_min", "stem", "match", "python", "osx", "mpi", "compiler", "stdlib", "blas_impl", "nccl"}
    read |= {"cuda_compiler_version"}
    keys = {"cuda_compiler", "c_stdlib", "c_stdlib_version", "zstd"}

    assert recipe.names == read | keys
    assert recipe.pinned == {"python", "mkl-devel", "openblas"}
    assert recipe.definitions == (frozenset(read), frozenset({"low"}))
    rendered = [render(each, stem="a") for each in (text, FLOW)]
    named = [[(need.section, need.text, need.condition) for need in one.outputs[0].requirements] for one in rendered]
    assert named[0] == named[1]


def test_pins_reach_every_output_but_no_test() -> None:
    text = """\
recipe: {name: r, version: "1"}
cache: {requirements: {build: [cmake]}}
outputs:
  - package: {name: a}
    requirements: {host: [python]}
  - if: linux
    then:
      package: {name: b}
      requirements: {build: ["ninja", "perl 5.*"], run: [r-base]}
      tests: [{requirements: {build: [zlib]}}]
"""
    assert parse_recipe(text, path="recipe.yaml").pinned == {"cmake", "python", "ninja"}


def test_comments_name_no_variable() -> None:
    text = "# ${{ compiler('c') }} and ${{ numpy }}\npackage: {name: a, version: '1'}\n"

    assert parse_recipe(text, path="recipe.yaml").names == frozenset()

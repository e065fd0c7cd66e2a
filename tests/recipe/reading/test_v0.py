"""meta.yaml as conda-build reads it."""

from __future__ import annotations

from contextlib import suppress

import pytest

from dirac_forge.recipe.reading.parsing import parse_recipe
from dirac_forge.recipe.reading.recipe_text import ReadOutput, RecipeError, RenderedRecipe

COMPILED = """\
{% set name = "Toolbox" %}
{% set version = "1.2.3" %}
{% set build = 4 %}
{% set build = build + 100 %}  # [win]

package:
  name: {{ name|lower }}
  version: {{ version }}

source:
  url: https://example.org/{{ name[0] }}/{{ name }}-{{ version }}.tar.gz
  sha256: abc

build:
  number: {{ build }}
  skip: true  # [win and not (py > 310)]
  run_exports:
    - {{ pin_subpackage(name|lower, max_pin='x.x') }}
  ignore_run_exports:
    - zlib
  ignore_run_exports_from:
    - {{ compiler('c') }}

requirements:
  build:
    - {{ compiler('c') }}
    - {{ stdlib("c") }}
    - {{ cdt('libx11-devel') }}  # [linux]
    - python                     # [build_platform != target_platform]
  host:
    - OpenSSL
    - zlib 1.3.*
    - {{ mpi }}  # [mpi != 'nompi']
  run:
    - python >={{ python_min }}
    - {{ pin_compatible('numpy', max_pin='x') }}
  run_constrained:
    - oldbox <1

test:
  requires:
    - pytest
"""


def render(text: str, platform: str = "linux-64", **variant: str) -> RenderedRecipe:
    return parse_recipe(text, path="meta.yaml").render(platform=platform, variant=variant)


def only(text: str, platform: str = "linux-64", **variant: str) -> ReadOutput:
    (output,) = render(text, platform, **variant).outputs
    return output


def shown(output: ReadOutput) -> list[tuple[str, str, str, int]]:
    return [(need.section, need.name, need.spec, need.line) for need in output.requirements]


def test_a_compiled_recipe() -> None:
    output = only(COMPILED, mpi="openmpi", python_min="3.10", c_compiler_version="15", openssl="3.5", cdt_name="conda")
    assert (output.name, output.version, output.build_number, output.skip) == ("toolbox", "1.2.3", 4, False)
    assert shown(output) == [
        ("build", "gcc_linux-64", "15.*", 26),
        ("build", "sysroot_linux-64", "", 27),
        ("build", "libx11-devel-conda-x86_64", "", 28),
        ("host", "openssl", "3.5", 31),
        ("host", "zlib", "1.3.*", 32),
        ("host", "openmpi", "", 33),
        ("run", "python", ">=3.10", 35),
        ("run", "numpy", "", 36),
        ("run_constrained", "oldbox", "<1", 38),
        ("test", "pytest", "", 42),
    ]
    assert [need.stub for need in output.of("build")] == ["c_compiler_stub", "c_stdlib_stub", "cdt_stub"]
    (export,) = output.run_exports
    assert (export.strength, export.requirement.name, export.requirement.spec) == (
        "weak",
        "toolbox",
        ">=1.2.3,<1.3.0a0",
    )
    assert output.ignore_run_exports == ("zlib",)
    assert output.ignore_run_exports_from == ("gcc_linux-64",)
    assert [(source.url, source.sha256) for source in output.sources] == [
        ("https://example.org/T/Toolbox-1.2.3.tar.gz", "abc")
    ]
    assert dict(output.of("run")[1].pin) == {"max_pin": "x"}


def test_another_platform_has_other_lines() -> None:
    output = (
        parse_recipe(COMPILED, path="meta.yaml")
        .render(platform="win-64", build_platform="win-64", variant={"mpi": "nompi", "python": "3.10.* *_cpython"})
        .outputs[0]
    )
    assert output.build_number == 104
    assert output.skip is True
    assert output.skip_line == 16
    assert [need.name for need in output.of("build")] == ["vs2022_win-64", "vs_win-64"]
    assert [need.name for need in output.of("host")] == ["openssl", "zlib"]


def test_cross_builds_have_their_own_lines() -> None:
    recipe = parse_recipe(COMPILED, path="meta.yaml")
    crossed = recipe.render(platform="osx-arm64", build_platform="osx-64").outputs[0]
    assert [need.name for need in crossed.of("build")] == [
        "clang_osx-arm64",
        "macosx_deployment_target_osx-arm64",
        "python",
    ]


def test_a_pin_that_nobody_gave_decides_nothing() -> None:
    output = only(COMPILED, "win-64")
    assert output.skip is None
    mpi = output.of("host")[2]
    assert (mpi.name, mpi.unknown, mpi.condition) == ("", ("mpi",), "mpi != 'nompi'")
    assert output.of("run")[0].unknown == ("python_min",)


MULTIPLE = """\
{% set version = "2.0" %}
package:
  name: stack
  version: {{ version }}
build:
  number: 1
requirements:
  build:
    - cmake
outputs:
  - name: libstack
    build:
      run_exports:
        strong:
          - {{ pin_subpackage('libstack') }}
    requirements:
      host:
        - zlib
  - name: Stack-Docs
    version: 2.1
    build:
      noarch: generic
      number: 7
    requirements:
      - {{ pin_subpackage('libstack', exact=True) }}
    test:
      requires:
        - curl
"""


def test_several_outputs_and_what_they_share() -> None:
    rendered = render(MULTIPLE)
    assert [
        (output.name, output.version, output.build_number, output.noarch, output.is_package)
        for output in rendered.outputs
    ] == [
        ("stack", "2.0", 1, None, False),
        ("libstack", "2.0", 1, None, True),
        ("stack-docs", "2.1", 7, "generic", True),
    ]
    assert shown(rendered.outputs[2]) == [("run", "libstack", "==2.0", 25), ("test", "curl", "", 28)]
    assert [export.strength for export in rendered.outputs[1].run_exports] == ["strong"]


def test_top_level_run_requirements_make_a_package() -> None:
    rendered = render(MULTIPLE.replace("    - cmake\n", "    - cmake\n  run:\n    - libstack\n"))
    assert [output.name for output in rendered.packages] == ["stack", "libstack", "stack-docs"]


def test_the_last_of_two_equal_keys_counts() -> None:
    text = "package:\n  name: a\n  version: 1\nbuild:\n  number: 1\n  number: 2\n"
    assert only(text).build_number == 2


def test_branches_that_hang_on_an_unknown_are_both_read() -> None:
    text = """\
{% if cuda == "yes" %}
{% set number = 100 %}
{% else %}
{% set number = 0 %}
{% endif %}
package:
  name: a
  version: 1
build:
  number: {{ number }}
requirements:
  host:
{% if cuda == "yes" %}
    - cudatoolkit
{% else %}
    - blas
{% endif %}
    - zlib
"""
    output = only(text)
    assert output.build_number is None
    assert [(need.name, need.line, need.condition) for need in output.requirements] == [
        ("cudatoolkit", 14, 'cuda == "yes"'),
        ("blas", 16, 'not (cuda == "yes")'),
        ("zlib", 18, None),
    ]
    known = only(text, cuda="yes")
    assert (known.build_number, [need.name for need in known.requirements]) == (100, ["cudatoolkit", "zlib"])


def test_loops_and_macros_keep_their_lines() -> None:
    text = """\
package: {name: a, version: 1}
requirements:
  host:
  {% for lib in ["one", "two"] if lib != "two" %}
    - lib{{ lib }}
  {% endfor %}
{% macro need(name) %}{{ name }} >=1{% endmacro %}
    - {{ need("three") }}
"""
    assert shown(only(text)) == [("host", "libone", "", 5), ("host", "three", ">=1", 8)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "package:\n  name: a  # [linux and]\n",
            "meta.yaml:2: the selector [linux and] can't be evaluated: the selector [linux and] is not an expression",
        ),
        (
            "package:\n  name: a\n  version: {{ 1 + }}\n",
            "meta.yaml:3: unexpected 'end of print statement'",
        ),
        ("package:\n  name: a\n x: 1\n", "meta.yaml:3: did not find expected key"),
        ("package:\n  version: 1\n", "meta.yaml: package: name is missing"),
        (
            "package:\n  version: 1\n  name: {{ flavour }}{{ kind }}\n",
            (
                "meta.yaml:3: package: the name is made from flavour, kind, which nothing defines: define it in the "
                "recipe, in conda_build_config.yaml or in variants.yaml"
            ),
        ),
        ("- a\n", "meta.yaml: expected a mapping with `package`"),
        ("{% include '/etc/passwd' %}\n", "meta.yaml:1: include is not allowed in a recipe"),
        ("a: 1\nb: {{ ''.__class__.__mro__ }}\n", "meta.yaml:2: __class__ can't be used in a template"),
        ("a: {{ load.__init__.__globals__ }}\n", None),
        ("a: {{ 'a' * 1000000000 }}\n", "meta.yaml:1: a template repeats a value too often"),
        ("a: {{ 9 ** 9 ** 9 }}\n", "meta.yaml:1: a power is too large"),
        ("a: {{ range(10 ** 9) }}\n", "meta.yaml:1: range(1000000000) is too long for a recipe"),
        ("a: {{ '%1000000d' % 1 }}\n", "meta.yaml:1: a format asks for too wide a field"),
    ],
)
def test_bad_recipes_say_where(text: str, message: str | None) -> None:
    with pytest.raises(RecipeError) as error:
        render(text)
    if message is not None:
        assert str(error.value) == message


def test_a_template_that_does_not_end_is_stopped() -> None:
    loops = "{% for a in range(1000) %}" * 4 + "x" + "{% endfor %}" * 4
    with pytest.raises(RecipeError, match="the template does not end within its limit of work"):
        render(loops)


def test_a_template_that_grows_is_stopped() -> None:
    doubling = "{% set a = 'xxxxxxxxxx' %}" + "{% set a = a ~ a ~ a ~ a %}" * 30
    with pytest.raises(RecipeError, match="too long"):
        render(doubling)


def test_a_recursive_macro_is_stopped() -> None:
    with pytest.raises(RecipeError, match=r"nested too deeply|limit of work"):
        render("{% macro a() %}{{ a() }}{% endmacro %}{% set b = namespace() %}\n{{ a() }}")


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(RecipeError, match="nested too deeply"):
        render("a: " + "[" * 5_000)
    with pytest.raises(RecipeError, match="20,001 characters in one line"):
        render("{" * 20_001)
    with pytest.raises(RecipeError, match="1,000,001 characters exceed the limit for recipes"):
        render("\n" * 1_000_001)
    with pytest.raises(RecipeError, match="a line begins with hundreds of indicators"):
        render("- " * 5_000)
    with pytest.raises(RecipeError):
        render("{{ " + "(" * 5_000 + "1" + ")" * 5_000 + " }}")


@pytest.mark.parametrize(
    "text", ["{{", "{%", "{#", "{{ a }} {{", "[", "# [", "- a  # [", "  \n", "number: ", "- if: ", "${{"]
)
def test_a_reader_never_hangs(text: str) -> None:
    lines = ("a: " + text * (15_000 // len(text)) + "\n") * 60
    for path in ("meta.yaml", "recipe.yaml"):
        with suppress(RecipeError):
            recipe = parse_recipe(lines, path=path)
            assert isinstance(recipe.names, frozenset)
            assert isinstance(recipe.pinned, frozenset)
            recipe.render(platform="linux-64")


def test_names_are_what_selectors_and_templates_read() -> None:
    names = parse_recipe(COMPILED, path="meta.yaml").names
    assert {"mpi", "python_min", "python", "c_compiler", "c_compiler_version", "c_stdlib_version"} <= names
    assert "openssl" in parse_recipe(COMPILED, path="meta.yaml").pinned


def test_filters_of_jinja_that_nobody_needs_are_unknown_and_others_an_error() -> None:
    text = "package:\n  name: a\n  version: {{ 'x' | wordwrap(3) }}\nbuild:\n  number: {{ 1 | FILTER }}\n"
    assert only(text.replace("FILTER", "random")).build_number is None
    with pytest.raises(RecipeError, match=r"meta\.yaml:5: .*nosuch"):
        only(text.replace("FILTER", "nosuch"))

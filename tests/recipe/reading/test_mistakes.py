"""Mistakes in the text of a recipe that can be read."""

from __future__ import annotations

import pytest

from dirac_forge.recipe.reading.mistakes import refuse_unbuildable, undefined_names, written_mistakes
from dirac_forge.recipe.reading.parsing import parse_recipe
from dirac_forge.recipe.reading.recipe_text import Mistake, RecipeError

V1 = """\
context:
  name: a
  version: "1"
package:
  name: ${{ name }}
  version: ${{ version }}
source:
  url: https://example.org/a-${{ version }}.tar.gz
  sha256: 814f528e8dead7d329833b91c5faa87d60bf71824cd12a7530b5526063d02cb4
build:
  script: ${{ PYTHON }} -m pip install .
requirements:
  build:
    - ${{ compiler("c") }}
  host:
    - python ${{ python_min }}.*
  run:
    - idna  # [a remark in brackets]
    - if: match(python, "<3.12")
      then: tomli
about:
  license: MIT OR LicenseRef-Own
extra:
  recipe-maintainers: [me]
"""
V0 = """\
{% set version = "1" %}
package:
  name: a
  version: {{ version }}
build:
  script: {{ PYTHON }} -m pip install .
requirements:
  build:
    - {{ compiler('c') }}
  run:
    - python >={{ python_min }}
    - idna {{ environ.get("IDNA", "") }}  # [py<312]
"""


def mistakes(text: str, name: str = "recipe.yaml") -> list[Mistake]:
    return list(written_mistakes(parse_recipe(text, path=name), {"python_min", "python"}))


def test_good_recipes() -> None:
    assert mistakes(V1) == []
    assert mistakes(V0, "meta.yaml") == []


@pytest.mark.parametrize(
    ("old", "new", "line", "problem"),
    [
        ("a-${{ version }}", "a-${{ versoin }}", 8, "versoin is not defined; is version meant?"),
        ("compiler", "compilr", 14, "compilr is not defined; is compiler meant?"),
        ('compiler("c")', 'zzz("c")', 14, "zzz is not a function of recipe.yaml"),
        ("${{ name }}", "${{ name", 5, "${{ without }}"),
        ("a-${{ version }}", "a-{{ version }}", 8, "{{ version }} is text in recipe.yaml; write ${{ version }}"),
        (
            "[a remark in brackets]",
            "[win]",
            18,
            "a selector in a comment selects nothing in recipe.yaml; write if: and then:",
        ),
        ("  sha256: 8", "  # sha256: 8", 8, "a source from a URL without sha256"),
        ("name: ${{ name }}", "name: Foo_Bar", 5, "name: 'Foo_Bar': package names are lower case"),
        ("[me]", "me", 24, "recipe-maintainers: expected a list"),
        (
            "MIT OR LicenseRef-Own",
            "BSD",
            22,
            "license: 'BSD' is not known to SPDX; write an SPDX expression, or LicenseRef-NAME for another licence",
        ),
    ],
)
def test_one_mistake(old: str, new: str, line: int, problem: str) -> None:
    assert mistakes(V1.replace(old, new, 1)) == [Mistake(problem, line)]


def test_a_misspelt_name_in_meta_yaml() -> None:
    assert mistakes(V0.replace("compiler", "compilr"), "meta.yaml") == [
        Mistake("compilr is not defined; is compiler meant?", 9)
    ]


def test_a_hash_that_a_person_is_asked_for_is_no_mistake() -> None:
    recipe = parse_recipe(V1.replace("  sha256: 8", "  # TODO: add sha256 8"), path="recipe.yaml")
    assert written_mistakes(recipe, {"python_min", "python"}, asked=[9]) == ()


def test_names_that_only_a_pinning_defines() -> None:
    recipe = parse_recipe(V1, path="recipe.yaml")
    assert undefined_names(recipe, ()) == {"python": 16, "python_min": 16}
    assert undefined_names(parse_recipe(V0, path="meta.yaml"), ()) == {"python_min": 11}


def test_names_of_other_words_or_numbers_may_be_of_a_pinning() -> None:
    for own, read in (
        ("cuda_compiler_version", "cuda_compiler_version_min"),
        ("cuda_compiler_version", "cxx_compiler_version"),
        ("libx264", "libx265"),
    ):
        text = V1.replace("context:\n", f"context:\n  {own}: '1'\n").replace("idna ", f"idna ${{{{ {read} }}}} ")
        assert mistakes(text) == []
        assert undefined_names(parse_recipe(text, path="recipe.yaml"), {"python", "python_min"}) == {read: 19}


def test_names_that_the_build_tool_gives() -> None:
    text = V1.replace("build:\n", "build:\n  string: h${{ hash }}_${{ target_platform }}_${{ SRC_DIR }}\n", 1)
    assert undefined_names(parse_recipe(text, path="recipe.yaml"), {"python", "python_min"}) == {}
    text = V0.replace("build:\n", "build:\n  string: {{ PKG_HASH }}_{{ time.time() }}_{{ build_platform }}\n", 1)
    assert undefined_names(parse_recipe(text, path="meta.yaml"), {"python_min"}) == {}


def test_what_a_build_refuses_is_not_read_around() -> None:
    refuse_unbuildable(parse_recipe(V1, path="recipe.yaml"))
    refuse_unbuildable(parse_recipe(V0, path="meta.yaml"))
    with pytest.raises(RecipeError) as error:
        refuse_unbuildable(parse_recipe(V1.replace("  run:", "  rum:"), path="recipe.yaml"))
    assert error.value.message == "recipe.yaml:17: unknown key 'rum' in requirements; did you mean 'run'?"


def test_what_conda_build_refuses_in_meta_yaml() -> None:
    outputs = "outputs:\n  - name: b\n    anything: 1\n    requirements:\n      rum: [c]\n"
    text = V0.replace("  run:", "  rum:") + outputs + "tests:\n  imports: [a]\n"
    assert mistakes(text, "meta.yaml") == [
        Mistake("unknown key 'rum' in requirements; did you mean 'run'?", 10),
        Mistake("unknown key 'rum' in requirements; did you mean 'run'?", 17),
        Mistake("unknown key 'tests'; did you mean 'test'?", 18),
    ]
    with pytest.raises(RecipeError) as error:
        refuse_unbuildable(parse_recipe(text, path="meta.yaml"))
    assert error.value.message == "meta.yaml:10: unknown key 'rum' in requirements; did you mean 'run'?"


def test_keys_of_meta_yaml_may_come_twice_under_selectors() -> None:
    twice = "  number: 0  # [cuda_compiler_version == 'None']\n  number: 1  # [cuda_compiler_version != 'None']\n"
    assert mistakes(V0.replace("build:\n", f"build:\n{twice}", 1), "meta.yaml") == []


@pytest.mark.parametrize("key", ["md5", "sha1", "sha224", "sha384", "sha512", "content_sha256"])
def test_any_hash_checks_a_source_of_meta_yaml(key: str) -> None:
    text = (
        'package:\n  name: a\n  version: "1"\nsource:\n  url: https://example.org/a-1.tar.gz\n'
        f"  {key}: {'a' * 32}\nbuild:\n  number: 0\n"
    )
    assert mistakes(text, "meta.yaml") == []
    without = text.replace(f"  {key}:", "  folder:")
    assert mistakes(without, "meta.yaml") == [Mistake("a source from a URL without sha256", 5)]


@pytest.mark.parametrize("name", ["recipe.yaml", "meta.yaml"])
def test_what_is_no_yaml_is_a_mistake_with_its_line(name: str) -> None:
    with pytest.raises(RecipeError) as error:
        refuse_unbuildable(parse_recipe("package:\n\tname: a\n", path=name))
    assert error.value.line == 2


def test_what_no_build_understands_in_meta_yaml() -> None:
    text = """\
package:
  name: a
  version: "1"
source:
  url: https://example.org/a-1.tar.gz
build:
  nmber: 3
  number: a
  something_new: true
  script: make  # [unix and py3k
  skip: true  # [a remark
about:
  licence: MIT
outputs:
  - name: b
    build:
      number: {{ number }}
      strng: x
"""
    assert mistakes(text, "meta.yaml") == [
        Mistake("a source from a URL without sha256", 5),
        Mistake("unknown key 'nmber' in build; did you mean 'number'?", 7),
        Mistake("number: expected a whole number, got 'a'", 8),
        Mistake("the selector has no closing bracket, and selects nothing", 10),
        Mistake("unknown key 'licence' in about; did you mean 'license'?", 13),
        Mistake("unknown key 'strng' in build; did you mean 'string'?", 18),
    ]


def test_ends_of_lines_that_yaml_alone_knows_are_read() -> None:
    text = f"package:\n  name: a\n  version: '1'\nabout:\n  summary: 'a{chr(0x2028) * 9}b'\n  licence: MIT\n"
    assert mistakes(text, "meta.yaml") == [Mistake("unknown key 'licence' in about; did you mean 'license'?", 0)]


def test_a_character_that_there_is_not_is_no_format() -> None:
    text = "package:\n  name: a\n  version: '1'\nabout:\n  home: {{ '%c'|format(-1) }}\n"
    with pytest.raises(RecipeError, match=r"meta\.yaml:5: %c arg not in range"):
        mistakes(text, "meta.yaml")

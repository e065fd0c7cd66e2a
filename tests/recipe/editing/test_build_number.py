"""Build numbers, raised where they are written and nowhere else."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from dirac_forge.recipe.editing.build_number import raised_build_number, reset_build_number, unreset_number
from dirac_forge.recipe.editing.edit import start
from dirac_forge.recipe.editing.notes import NumberInString, NumberUnknown
from dirac_forge.recipe.reading.parsing import parse_recipe
from dirac_forge.recipe.reading.recipe_text import RecipeError
from support.samples import sampled

SHARED = Path(__file__).parents[4] / "shared" / "conda-forge"


def changed(before: str, after: str) -> list[str]:
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return [line for line in lines if line[0] in "+-"]


@pytest.mark.parametrize(
    ("string", "told"),
    [
        ("cpu_4", True),
        ("4", True),
        ("cpu_14", False),
        ("cpu_{{ number }}", False),
        ("cpu_{{ PKG_BUILDNUM }}", False),
        ("py4", False),
    ],
)
def test_a_build_string_with_the_old_number_is_told(string: str, told: bool) -> None:
    text = (
        '{% set version = "1.2" %}\n{% set number = 4 %}\npackage:\n  name: a\n  version: {{ version }}\n'
        f"build:\n  number: {{{{ number }}}}\n  string: {string}\n"
    )
    notes = start(text, path="meta.yaml", to="1.3").notes
    assert notes == ((NumberInString(line=7, output="a", string=string, number=0),) if told else ())


def test_a_platform_for_which_the_recipe_is_none_decides_nothing() -> None:
    text = (
        "package: {name: a, version: 1}\nsource:\n  - path: x  # [unix]\n    patches:\n      - a.patch\n"
        "  - path: y\nbuild:\n  number: 3\n"
    )
    with pytest.raises(RecipeError):
        parse_recipe(text, path="meta.yaml").render(platform="win-64")
    raised = raised_build_number(text, path="meta.yaml", by=1)
    assert changed(text, raised) == ["-   number: 3", "+   number: 4"]
    with pytest.raises(RecipeError, match="did not find expected key"):
        raised_build_number(text.replace("  # [unix]", "  # [zos]"), path="meta.yaml", by=1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "package: {name: a, version: 1}\nbuild:\n  number: 3\t# bumped\n",
            ["-   number: 3\t# bumped", "+   number: 5\t# bumped"],
        ),
        (
            "package: {name: a, version: 1}\nbuild:\n  number: 3  # bumped\n",
            ["-   number: 3  # bumped", "+   number: 5  # bumped"],
        ),
        (
            (
                "{% set build = 9 %}\n"
                "{% set build = build + 100 %}  # [win]\n"
                "package: {name: a, version: 1}\n"
                "build:\n"
                "  number: {{ build }}\n"
            ),
            ["- {% set build = 9 %}", "+ {% set build = 11 %}"],
        ),
        (
            (
                "{% set number = '4' %}\n"
                "{% set other = 4 %}\n"
                "package: {name: a, version: '{{ other }}'}\n"
                "build:\n"
                "  number: {{ number }}\n"
            ),
            ["- {% set number = '4' %}", "+ {% set number = '6' %}"],
        ),
        (
            (
                "package: {name: a, version: 1}\n"
                "build:\n"
                "  number: 0\n"
                "outputs:\n"
                "  - name: b\n"
                "    build:\n"
                "      number: 7\n"
                "  - name: c\n"
            ),
            ["-   number: 0", "+   number: 2", "-       number: 7", "+       number: 9"],
        ),
        (
            (
                "{% set build = 1 %}\n"
                "{% set build = 2 * build %}\n"
                "package: {name: a, version: 1}\n"
                "build:\n"
                "  number: {{ build }}\n"
            ),
            ["-   number: {{ build }}", "+   number: {{ (build) + 2 }}"],
        ),
        (
            '{% set n = {"linux-64": 3} %}\npackage: {name: a, version: 1}\nbuild: {number: {{ n["linux-64"] }}}\n',
            ['- build: {number: {{ n["linux-64"] }}}', '+ build: {number: {{ (n["linux-64"]) + 2 }}}'],
        ),
        ("package: {name: a, version: 1}\nbuild: {number: 3}\n", ["- build: {number: 3}", "+ build: {number: 5}"]),
        (
            "package: {name: a, version: 1}\nbuild:\n  number: >-\n    3\nextra:\n  last: &n 3\n",
            ["-     3", "+     5"],
        ),
        (
            "package: {name: a, version: 1}\nextra: {last: &n 3}\nbuild:\n  number: *n\n",
            ["- extra: {last: &n 3}", "+ extra: {last: &n 5}"],
        ),
        (
            "package: {name: a, version: 1}\nbuild:\n  number: 1  # [cuda == 'no']\n  number: 101  # [cuda != 'no']\n",
            [
                "-   number: 1  # [cuda == 'no']",
                "-   number: 101  # [cuda != 'no']",
                "+   number: 3  # [cuda == 'no']",
                "+   number: 103  # [cuda != 'no']",
            ],
        ),
    ],
)
def test_meta_yaml(text: str, expected: list[str]) -> None:
    assert sorted(changed(text, raised_build_number(text, path="meta.yaml", by=2))) == sorted(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("package: {name: a}\nbuild:\n  number: 3 # bumped\n", ["-   number: 3 # bumped", "+   number: 4 # bumped"]),
        (
            "context:\n  version: 2\n  build_number: 2\npackage: {name: a}\nbuild:\n  number: ${{ build_number }}\n",
            ["-   build_number: 2", "+   build_number: 3"],
        ),
        (
            (
                "context:\n"
                "  build: 2\n"
                "  number: ${{ build + 100 if win else build }}\n"
                "package: {name: a}\n"
                "build:\n"
                "  number: ${{ number }}\n"
            ),
            ["-   build: 2", "+   build: 3"],
        ),
        (
            "package: {name: a}\nbuild:\n  number: ${{ 5 if win else 2 }}\n",
            ["-   number: ${{ 5 if win else 2 }}", "+   number: ${{ (5 if win else 2) + 1 }}"],
        ),
        (
            (
                "recipe: {name: a}\n"
                "build:\n"
                "  number: 0\n"
                "outputs:\n"
                "  - package: {name: b}\n"
                "    build:\n"
                "      number: 7\n"
                "  - package: {name: c}\n"
            ),
            ["-   number: 0", "+   number: 1", "-       number: 7", "+       number: 8"],
        ),
    ],
)
def test_recipe_yaml(text: str, expected: list[str]) -> None:
    assert sorted(changed(text, raised_build_number(text, path="recipe.yaml", by=1))) == sorted(expected)


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        ("package: {name: a, version: 1}\n", "meta.yaml", "meta.yaml: there is no build number to raise"),
        (
            'package: {name: a, version: 1}\nbuild:\n  number: {{ "3" }}\n',
            "meta.yaml",
            (
                "meta.yaml:3: the build number can't be raised reliably (no arithmetic between '3' and 1): "
                "raise it by hand"
            ),
        ),
        (
            ("{% set build = 1 %}\npackage: {name: a, version: 1}\nbuild:\n  number: {{ build }}{{ build }}\n"),
            "meta.yaml",
            "meta.yaml:2: the build number of a would be 22, not 12, on linux-64: raise it by hand",
        ),
    ],
)
def test_what_cannot_be_raised(text: str, path: str, message: str) -> None:
    with pytest.raises(RecipeError) as error:
        raised_build_number(text, path=path, by=1)
    assert str(error.value) == message


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data are not here")
def test_every_recipe_of_conda_forge() -> None:
    """Some of them, chosen by a fixed seed; all with DIRAC_FORGE_TESTS=whole."""
    found = [*SHARED.glob("feedstocks/*/recipe/*.yaml"), *SHARED.glob("migrations/*/*/*/recipe/*.yaml")]
    for path in sampled((path for path in found if path.name in {"meta.yaml", "recipe.yaml"}), 25):
        text = path.read_text(encoding="utf-8")
        after = raised_build_number(text, path=path, by=1)
        assert 0 < len(changed(text, after)) <= 12


def v1(number: str, context: str = "") -> str:
    return (
        f'context:\n  version: "1.0"\n{context}package: {{name: a, version: "1.0"}}\nbuild:\n  number: {number}\n'
        "requirements:\n  run:\n    - python\n"
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("103", "0"),
        ("${{ 100 * (cuda | int) + 3 }}", "${{ 100 * (cuda | int) + 0 }}"),
        ("${{ 3 + 100 * (cuda | int) }}", "${{ 0 + 100 * (cuda | int) }}"),
        ("${{ 3 if linux else 103 }}", "${{ 0 if linux else 100 }}"),
        ("${{ build + 50 }}", "${{ build + 50 }}"),
    ],
)
def test_reset_in_recipe_yaml(before: str, after: str) -> None:
    assert reset_build_number(v1(before), path="recipe.yaml") == v1(after)


def test_reset_keeps_the_hundreds_between_conditions() -> None:
    text = v1("\n    - if: linux\n      then: 1003\n      else: 1203")
    assert reset_build_number(text, path="recipe.yaml") == text.replace("1003", "0").replace("1203", "200")


def test_an_output_that_keeps_its_number_ends_where_the_next_one_begins() -> None:
    text = "outputs:\n  - name: a\n    build: {number: 3}\n  - name: b   \n    build: {number: 4}\n"
    assert reset_build_number(text, path="recipe.yaml", kept=[2]) == text.replace("4", "0")
    assert reset_build_number(text, path="recipe.yaml", kept=[2, 50]) == text.replace("4", "0")
    alone = text.replace("- name", "-\n    name")
    assert reset_build_number(alone, path="recipe.yaml", kept=[3]) == alone.replace("4", "0")


@pytest.mark.parametrize(
    ("numbers", "after"),
    [(("1003", "1203"), ("0", "200")), (("103", "203"), ("0", "100")), (("3", "103"), ("0", "100"))],
)
def test_reset_keeps_the_hundreds_between_selectors(numbers: tuple[str, str], after: tuple[str, str]) -> None:
    text = "package: {{name: a, version: 1}}\nbuild:\n  number: {}  # [linux]\n  number: {}  # [not linux]\n"
    assert reset_build_number(text.format(*numbers), path="meta.yaml") == text.format(*after)


@pytest.mark.parametrize(
    ("numbers", "wrong"),
    [
        ([], None),
        ([(3, 0)], None),
        ([(3, 3)], 3),
        ([(0, 0), (103, 100)], None),
        ([(1003, 0), (1203, 0)], 0),
        ([(1003, 0), (1203, 200)], None),
        ([(3, 0), (53, 50)], None),
    ],
)
def test_unreset_numbers(numbers: list[tuple[int, int]], wrong: int | None) -> None:
    assert unreset_number(numbers) == wrong


@pytest.mark.parametrize(
    ("number", "said"),
    [("{{ build - ('abc' | length) }}", ""), ("{{ ('abcdefgh' | length) - build }}", ": it would be 8")],
)
def test_a_number_that_would_fall_below_zero_or_rise_is_refused(number: str, said: str) -> None:
    text = f"{{% set build = 5 %}}\npackage:\n  name: x\n  version: '1.2'\nbuild:\n  number: {number}\n"
    with pytest.raises(RecipeError) as error:
        start(text, path="meta.yaml", to="1.3")
    assert error.value.message == f"meta.yaml:6: the build number can't be reset reliably{said}: edit it by hand"


def test_a_difference_that_makes_the_number_is_kept() -> None:
    text = "{% set build = 103 %}\npackage:\n  name: x\n  version: '1.2'\nbuild:\n  number: {{ build - 100 }}\n"
    assert start(text, path="meta.yaml", to="1.3").text == text.replace("103", "100").replace("1.2", "1.3")


@pytest.mark.parametrize("number", ["0x2", "${{ somewhere + 3 }}"])
def test_a_number_that_cannot_be_known_is_told(number: str) -> None:
    text = f"package:\n  name: x\n  version: '1.2'\nbuild:\n  number: {number}\n"
    assert start(text, path="recipe.yaml", to="1.3").notes == (NumberUnknown(line=5),)


@pytest.mark.parametrize(
    ("path", "head", "build", "expected"),
    [
        ("meta.yaml", "", "build: {number: 2, noarch: python}", ["build: {number: 0, noarch: python}"]),
        ("meta.yaml", "", "build: {'number': 2}  # two", ["build: {'number': 0}  # two"]),
        ("meta.yaml", "", 'build:\n  "number":\n    2', ["    0"]),
        ("meta.yaml", "", "build:\n  number: >-\n    2", ["    0"]),
        ("meta.yaml", "", "build:\n  number: &n 2", ["  number: &n 0"]),
        ("meta.yaml", "", "build:\n  number: {{ 3 }}", ["  number: {{ 0 }}"]),
        ("meta.yaml", "", "build:\n  number: {{ PKG | default(3) }}", ["  number: {{ PKG | default(0) }}"]),
        ("meta.yaml", '{% set b = "3" | int %}\n', "build:\n  number: {{ b }}", ['{% set b = "0" | int %}']),
        ("meta.yaml", "{% set b = [3, 5] %}\n", "build:\n  number: {{ b[0] }}", ["{% set b = [0, 5] %}"]),
        ("meta.yaml", "{% set b = [5, 3] %}\n", "build:\n  number: {{ b[1] }}", ["{% set b = [5, 0] %}"]),
        (
            "meta.yaml",
            '{% set b = {"linux-64": 3, "osx-64": 3, "other": 3, "level": 9} %}\n',
            "build:\n  number: {{ b[target_platform] }}",
            ['{% set b = {"linux-64": 0, "osx-64": 0, "other": 0, "level": 9} %}'],
        ),
        (
            "meta.yaml",
            "",
            "build:\n  number: {{ 203 if osx else (103 if win else 3) }}",
            ["  number: {{ 200 if osx else (100 if win else 0) }}"],
        ),
        (
            "meta.yaml",
            "",
            "build:\n  number: {{ 3 }}\noutputs:\n  - name: a\n    build:\n      number: 102\n  - name: b",
            ["  number: {{ 0 }}", "      number: 100"],
        ),
        (
            "meta.yaml",
            "",
            (
                "build:\n  number: {{ 100 * 2 + 1 }}\noutputs:\n"
                "  - name: a\n    build:\n      number: {{ 101 }}\n  - name: b"
            ),
            ["  number: {{ 100 * 2 + 0 }}", "      number: {{ 100 }}"],
        ),
        ("recipe.yaml", "", "build:\n  number: ${{ 3 }}", ["  number: ${{ 0 }}"]),
        ("recipe.yaml", "", 'build: {number: !!int "2"}', ['build: {number: !!int "0"}']),
        ("recipe.yaml", "", "build:\n  number: |\n    2", ["    0"]),
        ("recipe.yaml", "", "build:\n  number: ${{ b | default(3) }}", ["  number: ${{ b | default(0) }}"]),
        ("recipe.yaml", "context: {b: 3}\n", "build:\n  number: ${{ b }}", ["context: {b: 0}"]),
        ("recipe.yaml", "", "extra:\n  b: &b 2\nbuild:\n  number: *b", ["  b: &b 0"]),
    ],
)
def test_reset_wherever_the_number_is_written(path: str, head: str, build: str, expected: list[str]) -> None:
    text = f"{head}package:\n  name: x\n  version: '1.2'\n{build}\n"
    settings = [(platform, {"target_platform": platform}) for platform in ("linux-64", "osx-64")]
    after = start(text, path=path, to="1.3", settings=settings).text
    lines = [line[2:] for line in changed(text, after) if line.startswith("+ ")]
    assert sorted(lines) == sorted(["  version: '1.3'", *expected])

"""What the text of a recipe says of its sources, before anything is rendered."""

from __future__ import annotations

import pytest

from dirac_forge.recipe.editing.text_places import compared_values, source_selectors

META = """\
{% set sha = "a" %}  # [mpi == "openmpi"]
{% set other = "a" %}  # [blas == "mkl"]
package:
  name: a
build:
  skip: true  # [cuda == "11"]
source:
  - url: https://e.org/a.zip  # [kind == 'lts' and unix]
    sha256: {{ sha }}"""


@pytest.mark.parametrize("end", ["", "\n", "\n\n", "\r\n"])
def test_selectors_of_sources_at_the_end_of_a_file(end: str) -> None:
    assert source_selectors(META + end) == {"kind", "unix", "mpi"}


def test_what_conditions_of_sources_compare_with() -> None:
    assert compared_values(META, v1=False) == {("kind", "lts"), ("mpi", "openmpi")}
    branches = META.replace("source:", "{% if cuda == '12' %}\nsource:") + "\n{% endif %}\n"
    assert compared_values(branches, v1=False) == {("kind", "lts"), ("mpi", "openmpi"), ("cuda", "12")}
    recipe = (
        'context:\n  sha: ${{ "a" if mpi == "openmpi" else "b" }}\npackage:\n  name: a\nsource:\n'
        '  - if: kind == "lts"\n    then:\n      url: https://e.org/a.zip\n      sha256: ${{ sha }}\n'
        'build:\n  skip: cuda == "11"\n'
    )
    assert compared_values(recipe, v1=True) == {("kind", "lts"), ("mpi", "openmpi")}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("cuda.startswith('13')", ("cuda", "13")),
        ('(cuda or "").startswith("13")', ("cuda", "13")),
        ('(cuda or "None").startswith( "13" ) and linux', ("cuda", "13")),
        ('cuda != "13"', None),
        ('cuda in ("13",)', None),
    ],
)
def test_conditions_that_say_a_value(condition: str, expected: tuple[str, str] | None) -> None:
    text = f"package:\n  name: a\nsource:\n  url: https://e.org/a.zip  # [{condition}]\n"
    assert compared_values(text, v1=False) == ({expected} if expected else set())


def test_what_is_no_yaml_compares_nothing() -> None:
    assert not compared_values("source:\n\t- {", v1=False)
    assert not source_selectors("source:\n\t- {")

"""A file that has another name at the new version: its URL, and everything else in the recipe that names it."""

from __future__ import annotations

import pytest

from dirac_forge.recipe.editing.urls import variations
from support.diffs import changed_lines

WHEEL = "https://index.example/packages/demo-2.0-py3-none-any.whl"
V1 = """\
context:
  version: "2.0"
source:
  url: https://pypi.org/packages/py2.py3/d/demo/demo-${{ version }}-py2.py3-none-any.whl
build:
  # demo-${{ version }}-py2.py3-none-any.whl was the first of them
  script: ${{ PYTHON }} -m pip install ./demo-${{ version }}-py2.py3-none-any.whl
tests:
  - script:
      - test -f demo-2.0-py2.py3-none-any.whl
      - test -f my-demo-2.0-py2.py3-none-any.whl
"""


def changes(text: str, listed: str | None, version: str = "2.0") -> list[str]:
    line = next(number for number, each in enumerate(text.split("\n"), start=1) if "url:" in each)
    first = next(variations(text, line, listed=listed, version=version, v1=text.startswith("context")))
    return changed_lines(text, first.text)


def test_script_and_tests_follow_the_wheel_and_its_folder_is_its_python() -> None:
    assert changes(V1, WHEEL) == [
        "- url: https://pypi.org/packages/py2.py3/d/demo/demo-${{ version }}-py2.py3-none-any.whl",
        "+ url: https://pypi.org/packages/py3/d/demo/demo-${{ version }}-py3-none-any.whl",
        "- script: ${{ PYTHON }} -m pip install ./demo-${{ version }}-py2.py3-none-any.whl",
        "+ script: ${{ PYTHON }} -m pip install ./demo-${{ version }}-py3-none-any.whl",
        "- - test -f demo-2.0-py2.py3-none-any.whl",
        "+ - test -f demo-2.0-py3-none-any.whl",
    ]


@pytest.mark.parametrize(
    ("listed", "url"),
    [
        ("https://index.example/packages/demo-2.0.tar.gz", "source/d/demo/demo-{{ version }}.tar.gz"),
        (
            "https://index.example/packages/demo-2.0-cp312-abi3-any.whl",
            "cp312/d/demo/demo-{{ version }}-cp312-abi3-any.whl",
        ),
    ],
)
def test_the_folder_says_what_the_file_is(listed: str, url: str) -> None:
    text = "source:\n  url: https://pypi.org/packages/py3/d/demo/demo-{{ version }}-py3-none-any.whl\n"
    assert changes(text, listed)[1] == f"+ url: https://pypi.org/packages/{url}"


def test_an_archive_that_is_spelled_in_another_way_is_unpacked_under_its_new_name() -> None:
    text = (
        "source:\n  url: https://pypi.org/packages/source/D/Demo-Kit/Demo-Kit-{{ version }}.tar.gz\n"
        "build:\n  script:\n    - tar xf Demo-Kit-{{version}}.tar.gz\n    - tar xf Demo-Kit-{{ version }}.tar.gz\n"
    )
    assert changes(text, "https://index.example/demo_kit-2.0.tar.gz")[2:] == [
        "- - tar xf Demo-Kit-{{version}}.tar.gz",
        "- - tar xf Demo-Kit-{{ version }}.tar.gz",
        "+ - tar xf demo_kit-{{ version }}.tar.gz",
        "+ - tar xf demo_kit-{{ version }}.tar.gz",
    ]

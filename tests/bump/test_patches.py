"""Patches that recipes carry."""

from __future__ import annotations

import pytest

from dirac_forge.bump.patches import patches_of

V1 = """\
context: {version: "1.0"}
package: {name: demo, version: "${{ version }}"}
source:
  - url: https://example.org/demo-${{ version }}.tar.gz
    sha256: aa
    patches:
      - all-${{ version }}.patch
      - if: win
        then: windows.patch
  - url: [https://example.org/data.zip, https://example.com/data.zip]
    sha256: bb
    patches: data.patch
build: {number: 0}
"""
V0 = """\
{% set version = "1.0" %}
package:
  name: demo
  version: {{ version }}
source:
  url: https://example.org/demo-{{ version }}.tar.gz
  sha256: aa
  patches:
    - all-{{ version }}.patch
    - windows.patch  # [win]
    - mac.patch  # [osx]
build:
  number: 0
"""
LINUX, WINDOWS = ("linux-64", dict[str, str]()), ("win-64", dict[str, str]())


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_each_patch_of_all_builds_once(ending: str) -> None:
    text = V1.replace("\n", ending)
    assert patches_of(text, path="recipe.yaml", settings=[LINUX]) == ("all-1.0.patch", "data.patch")
    assert patches_of(text, path="recipe.yaml", settings=[LINUX, WINDOWS]) == (
        "all-1.0.patch",
        "windows.patch",
        "data.patch",
    )
    text = V0.replace("\n", ending)
    assert patches_of(text, path="meta.yaml", settings=[WINDOWS, LINUX]) == ("all-1.0.patch", "windows.patch")


def test_a_recipe_without_any_is_not_read() -> None:
    assert patches_of("a: [", path="recipe.yaml", settings=[LINUX]) == ()

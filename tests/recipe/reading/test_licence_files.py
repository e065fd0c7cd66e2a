"""Licence files that a recipe lists and that are not there."""

from __future__ import annotations

from typing import Literal

import pytest

from dirac_forge.recipe.reading.licence_files import missing_licence_files
from dirac_forge.recipe.reading.parsing import parse_recipe
from dirac_forge.recipe.reading.recipe_text import Mistake

THERE: dict[str, Literal["file", "folder"]] = {
    "LICENSE": "file",
    "licenses": "folder",
    "..": "folder",
    "../COPYING": "file",
    "../archive.tar.gz": "file",
}
ABOUT = "about:\n  license: MIT\n  license_file:"


def missing(text: str, more: dict[str, Literal["file", "folder"]] | None = None) -> list[Mistake]:
    return missing_in("recipe.yaml", text, more=more)


def missing_in(
    name: str, text: str, *, platform: str = "linux-64", more: dict[str, Literal["file", "folder"]] | None = None
) -> list[Mistake]:
    there = {**THERE, **(more or {})}
    return list(missing_licence_files(parse_recipe(text, path=name), platform, lambda path: there.get(path, "")))


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (f"{ABOUT} LICENSE\n", []),
        (f"{ABOUT} LICENCE\n", [3]),
        (f"{ABOUT}\n    - LICENSE\n    - licenses/\n    - NOTICE\n", [6]),
        (f"{ABOUT}\n    - LICENSE*\n    - ${{{{ name }}}}/NOTICE\n", []),
        (f"source:\n  path: ..\n{ABOUT} COPYING\n", []),
        (f"source:\n  path: ..\n{ABOUT} COPYING.txt\n", [5]),
        (f"source:\n  - path: ..\n    target_directory: src\n{ABOUT}\n    - src/COPYING\n    - NOTICE\n", [8]),
        (f"source:\n  path: ../archive.tar.gz\n{ABOUT} ANY\n", []),
        (f"source:\n  path: ${{{{ place }}}}\n{ABOUT} ANY\n", []),
        (f"source:\n  url: https://example.org/a.tar.gz\n{ABOUT} ANY\n", []),
        (f"source:\n  - path: ..\n  - if: win\n    then:\n      git: https://example.org/a\n{ABOUT} ANY\n", []),
        (f"build:\n  script: cargo-bundle-licenses --output THIRDPARTY.yml\n{ABOUT} THIRDPARTY.yml\n", []),
        (f"outputs:\n  - package:\n      name: a\n    about:\n      license_file: MINE\n{ABOUT} LICENSE\n", [5]),
    ],
)
def test_what_is_missing(text: str, lines: list[int]) -> None:
    assert sorted(each.line for each in missing(text)) == lines


def test_the_words_and_the_scripts_that_may_make_files() -> None:
    text = f"{ABOUT} LICENCE\n"
    problem = "license_file: LICENCE is neither next to the recipe nor in its source"
    assert missing(text) == [Mistake(problem, 3)]
    assert missing(text, {"build.sh": "file"}) == []


@pytest.mark.parametrize(
    ("script", "file"),
    [("make", "make.sh"), ("make", "make.bat"), ("make.sh", "make.sh"), ("\n    - make", "make.sh")],
)
@pytest.mark.parametrize("name", ["recipe.yaml", "meta.yaml"])
def test_the_script_that_a_recipe_names_may_make_files(name: str, script: str, file: str) -> None:
    text = f"build:\n  script: {script}\n{ABOUT} LICENCE\n"
    assert [each.problem.split()[1] for each in missing_in(name, text)] == ["LICENCE"]
    assert missing_in(name, text, more={file: "file"}) == []
    named = f"build:\n  script:\n    file: make\n{ABOUT} LICENCE\n"
    assert missing(named, {file: "file"}) == []


@pytest.mark.parametrize(
    ("text", "linux", "win"),
    [
        (f"{ABOUT} LICENSE\n", [], []),
        (f"{ABOUT} LICENCE\n", [3], [3]),
        (f"{ABOUT}\n    - LICENSE\n    - WINDOWS  # [win]\n", [], [5]),
        (f"{{% set name = 'a' %}}\n{ABOUT}\n    - LICENSE-{{{{ name }}}}\n    - NOTICE\n", [6], [6]),
        (f"{ABOUT} {{{{ unknown }}}}/NOTICE\n", [], []),
        (f"source:\n  path: ..\n{ABOUT} COPYING\n", [], []),
        (f"source:\n  path: ..\n{ABOUT} COPYING.txt\n", [5], [5]),
        (f"source:\n  - path: ..\n    folder: src\n{ABOUT}\n    - src/COPYING\n    - NOTICE\n", [8], [8]),
        (f"source:\n  path: {{{{ place }}}}\n{ABOUT} ANY\n", [], []),
        (f"source:\n  url: https://example.org/a.tar.gz\n{ABOUT} ANY\n", [], []),
        (f"source:\n  git_url: https://example.org/a\n{ABOUT} ANY\n", [], []),
        (f"source:\n  - path: ..\n  - url: https://example.org/a.zip  # [win]\n{ABOUT} ANY\n", [6], []),
        (f"outputs:\n  - name: a\n    about:\n      license_file: MINE\n{ABOUT} LICENSE\n", [4], [4]),
    ],
)
def test_what_is_missing_of_a_meta_yaml(text: str, linux: list[int], win: list[int]) -> None:
    found = [[each.line for each in missing_in("meta.yaml", text, platform=on)] for on in ("linux-64", "win-64")]
    assert found == [linux, win]

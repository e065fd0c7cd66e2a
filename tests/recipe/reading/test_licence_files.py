"""Licence files that a recipe lists and that are not there."""

from __future__ import annotations

from typing import Literal

import pytest

from dirac_forge.recipe.reading.licence_files import missing_licence_files
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
    there = {**THERE, **(more or {})}
    return list(missing_licence_files(text, lambda path: there.get(path, "")))


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

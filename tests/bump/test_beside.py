from __future__ import annotations

import pytest

from dirac_forge.bump.beside import left_beside, renamed_files
from dirac_forge.bump.bump_notes import LeftBeside
from dirac_forge.recipe.editing.edit import Setting

FILES = {
    "recipe/build.sh": "cd demo-1.2.3\n# since 1.2.3\nmake\ntar xf data.tar.bz2\n",
    "recipe/run_test.py": "import demo\n\nassert demo.__version__ == '1.2.3'\n",
}


def test_lines_with_the_old_version_or_an_old_file_name_are_found() -> None:
    assert left_beside(FILES, "1.2.3", ["data.tar.bz2"]) == (
        LeftBeside(path="recipe/build.sh", line=1, named="1.2.3", text="cd demo-1.2.3"),
        LeftBeside(path="recipe/build.sh", line=4, named="data.tar.bz2", text="tar xf data.tar.bz2"),
        LeftBeside(path="recipe/run_test.py", line=3, named="1.2.3", text="assert demo.__version__ == '1.2.3'"),
    )


@pytest.mark.parametrize("old", ["1.2", "1.2.4", "11.2.3"])
def test_other_numbers_are_not_the_old_version(old: str) -> None:
    assert left_beside(FILES, old, []) == ()


def recipe(*urls: str) -> str:
    sources = "".join(f"  - url: {url}\n    sha256: {'a' * 64}\n" for url in urls)
    return f"package:\n  name: demo\n  version: '1.0'\nsource:\n{sources}"


def test_files_that_the_recipe_has_no_longer_are_renamed() -> None:
    before = recipe(
        "https://example.org/demo-1.0.zip", "https://example.org/v1.0/data.bin", "https://example.org/1.0/x"
    )
    after = recipe(
        "https://example.org/demo-1.1.tar.gz", "https://example.org/v1.1/data.bin", "https://example.org/1.1/y"
    )
    settings: list[Setting] = [("linux-64", {}), ("win-64", {})]
    assert renamed_files(before, after, path="recipe.yaml", settings=settings) == ("demo-1.0.zip",)

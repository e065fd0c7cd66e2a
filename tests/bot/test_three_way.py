"""A fix carried to another release line."""

from __future__ import annotations

from dirac_forge.bot.three_way import Conflict, FilePair, cherry_picked
from dirac_forge.proposals.outcome_reasons import FixConflict

PATH = "recipe/recipe.yaml"


def recipe(version: str = "9.1.0", number: int = 0, sha256: str = "a", run: str = "    - x\n    - y\n") -> str:
    return (
        f"context:\n  version: {version}\n\npackage:\n  name: d\n  version: ${{{{ version }}}}\n\n"
        f"source:\n  url: https://x/d-${{{{ version }}}}.tar.gz\n"
        f"  sha256: {sha256 * 64}\n\nbuild:\n  number: {number}\n  script: pip install .\n\n"
        f"requirements:\n  run:\n{run}"
    )


def pick(before: str, after: str, ours: str, **others: FilePair) -> str | Conflict | None:
    result = cherry_picked({PATH: FilePair(before=before, after=after), **others}, {PATH: ours})
    if isinstance(result, Conflict):
        return result
    return next((edit.after for edit in result if edit.path == PATH), None)


def test_the_fix_comes_over_and_the_branch_keeps_version_hash_and_number() -> None:
    fixed = recipe(number=1, run="    - x >=2\n    - y\n")
    ours = recipe("8.0.3", 4, "b")
    assert pick(recipe(), fixed, ours) == recipe("8.0.3", 5, "b", run="    - x >=2\n    - y\n")


def test_lines_beside_the_version_do_not_get_in_the_way() -> None:
    fixed = recipe(number=1).replace("  script: pip install .\n", "  script: pip install . -vv\n")
    assert pick(recipe(), fixed, recipe("8.0.3", 4, "b")) == fixed.replace("9.1.0", "8.0.3").replace(
        "number: 1", "number: 5"
    ).replace("a" * 64, "b" * 64)


def test_a_fix_that_came_with_a_bump_brings_the_fix_only() -> None:
    fixed = recipe("9.1.1", 0, "c", run="    - x\n    - y\n    - z\n")
    assert pick(recipe(), fixed, recipe("8.0.3", 4, "b")) == recipe("8.0.3", 5, "b", run="    - x\n    - y\n    - z\n")


def test_what_is_there_already_is_not_carried_again() -> None:
    fixed = recipe(number=1, run="    - x >=2\n    - y\n")
    assert (
        cherry_picked(
            {PATH: FilePair(before=recipe(), after=fixed)}, {PATH: recipe("8.0.3", 5, "b", "    - x >=2\n    - y\n")}
        )
        == ()
    )
    # A request that was a bump and nothing else has nothing for other lines.
    assert (
        cherry_picked({PATH: FilePair(before=recipe(), after=recipe("9.2", 0, "d"))}, {PATH: recipe("8.0.3", 4, "b")})
        == ()
    )


def test_a_conflict_in_the_fix_itself_is_one() -> None:
    fixed = recipe(number=1, run="    - x >=2\n    - y\n")
    found = pick(recipe(), fixed, recipe("8.0.3", 4, "b", run="    - x <2\n    - y\n"))
    assert found == Conflict(paths=(PATH,), reason=FixConflict(paths=(PATH,)))


def test_new_files_come_along_rendered_ones_do_not_and_the_number_is_raised() -> None:
    patch = FilePair(before=None, after="--- a\n+++ b\n")
    rendered = FilePair(before="1\n", after="2\n")
    fixed = recipe(number=1).replace("  sha256", "  patches: [fix.patch]\n  sha256")
    found = cherry_picked(
        {
            PATH: FilePair(before=recipe(), after=fixed),
            "recipe/fix.patch": patch,
            ".ci_support/linux_64_.yaml": rendered,
            ".github/workflows/x.yml": rendered,
        },
        {PATH: recipe("8.0.3", 4, "b"), ".ci_support/linux_64_.yaml": "1\n"},
    )
    assert isinstance(found, tuple)
    assert [edit.path for edit in found] == ["recipe/fix.patch", PATH]
    assert "patches: [fix.patch]" in (found[1].after or "")
    assert "number: 5" in (found[1].after or "")


def test_a_script_alone_raises_the_number_and_one_that_is_gone_goes() -> None:
    script = {"recipe/build.sh": FilePair(before="make\n", after="make -j2\n")}
    ours = {PATH: recipe("8.0.3", 4, "b"), "recipe/build.sh": "make\n"}
    found = cherry_picked(script, ours)
    assert isinstance(found, tuple)
    assert [(edit.path, edit.after) for edit in found] == [
        ("recipe/build.sh", "make -j2\n"),
        (PATH, recipe("8.0.3", 5, "b")),
    ]
    gone = {"recipe/build.sh": FilePair(before="make\n", after=None)}
    found = cherry_picked(gone, ours)
    assert isinstance(found, tuple)
    assert found[0].after is None
    assert isinstance(cherry_picked(gone, {**ours, "recipe/build.sh": "other\n"}), Conflict)
    assert cherry_picked(gone, {PATH: ours[PATH]}) == ()


def test_configuration_alone_raises_no_number() -> None:
    found = cherry_picked(
        {"conda-forge.yml": FilePair(before="a: 1\n", after="a: 2\n")},
        {PATH: recipe(), "conda-forge.yml": "a: 1\n"},
    )
    assert isinstance(found, tuple)
    assert [edit.path for edit in found] == ["conda-forge.yml"]

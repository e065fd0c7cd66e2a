"""Unified diffs against git's, and `patch` on them."""

from __future__ import annotations

import difflib
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dirac_forge.feedstock.change import Edit
from dirac_forge.feedstock.unified import unified_diff

TEXTS = st.lists(st.sampled_from(["a", "b", "- python", ""]), max_size=12).map("\n".join)


@given(TEXTS, TEXTS)
def test_short_texts_are_compared_as_difflib_does(before: str, after: str) -> None:
    if before.endswith("\n") and after.endswith("\n"):
        expected = difflib.unified_diff(before.splitlines(True), after.splitlines(True), fromfile="a", tofile="b")
        assert unified_diff(before, after, old="a", new="b") == "".join(expected)


def test_lines_that_repeat_in_a_long_text_are_not_moved() -> None:
    output = (
        "  - package: {name: x%d}\n    build:\n      noarch: python\n    requirements:\n      run:\n        - python\n"
    )
    before = "".join(f"{output % at}        - old-{at}\n" for at in range(60))
    after = before.replace("- old-30\n", "- new-30\n        - more\n").replace("- old-59\n", "- new-59\n")
    changed = [line for line in Edit(path="r", before=before, after=after).diff.splitlines()[2:] if line[0] in "+-"]
    assert changed == [
        "-        - old-30",
        "+        - new-30",
        "+        - more",
        "-        - old-59",
        "+        - new-59",
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a\nb\n", "a\nc"),
        ("a\nb", "a\nb\n"),
        ("", "a\n"),
        ("a\n", ""),
        ("a\r\nb\x0cc\u2028d\n", "a\r\nb\x0cc\u2028e\n"),
        ("".join(f"{at}\n" for at in range(40)), "".join(f"{at}\n" for at in range(40) if at not in {3, 20})),
    ],
)
def test_git_applies_them(before: str, after: str, tmp_path: Path) -> None:
    assert shutil.which("git")
    (tmp_path / "file").write_bytes(before.encode())
    text = unified_diff(before, after, old="a/file", new="b/file")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "apply", "--unsafe-paths", "-"], cwd=tmp_path, input=text.encode(), check=True)
    assert (tmp_path / "file").read_bytes() == after.encode()


def test_no_difference_is_empty() -> None:
    assert unified_diff("a\n", "a\n", old="a", new="b") == ""

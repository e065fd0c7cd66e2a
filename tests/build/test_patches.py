"""Patches tried on the sources of a release."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Literal, cast

import pytest

from build.conftest import archive
from dirac_forge.build.patches import TriedPatch, try_patches

LINES = [f"line {number}\n" for number in range(1, 21)]


def patch(at: int, old: str, new: str, lines: list[str]) -> bytes:
    """A change of line `at`, with three lines around it as `lines` has them."""
    before, after = lines[at - 4 : at - 1], lines[at : at + 3]
    head = f"--- a/part.txt\n+++ b/part.txt\n@@ -{at - 3},7 +{at - 3},7 @@\n"
    body = [*(f" {line}" for line in before), f"-{old}", f"+{new}", *(f" {line}" for line in after)]
    return (head + "".join(body)).encode()


def tried(folder: Path, lines: list[str], patches: dict[str, bytes]) -> tuple[TriedPatch, ...]:
    path = folder / "thing-1.0.tar.gz"
    archive(path, {"part.txt": "".join(lines), "other.txt": "nothing\n"})
    raw = path.read_bytes()
    return try_patches(BytesIO(raw), path.name, patches, size=len(raw))


FIX = patch(10, "line 10\n", "line ten\n", LINES)


def test_patch_applies_to_unchanged_source(tmp_path: Path) -> None:
    assert tried(tmp_path, LINES, {"fix.patch": FIX}) == (TriedPatch(name="fix.patch", state="applies"),)


def test_patch_applies_where_lines_were_inserted_before(tmp_path: Path) -> None:
    assert tried(tmp_path, ["new\n"] * 5 + LINES, {"fix.patch": FIX})[0].state == "applies"


def test_patch_that_upstream_merged_is_named(tmp_path: Path) -> None:
    merged = [*LINES[:9], "line ten\n", *LINES[10:]]
    assert tried(tmp_path, merged, {"fix.patch": FIX}) == (TriedPatch(name="fix.patch", state="merged"),)


def test_patch_with_changed_context_is_fuzzy(tmp_path: Path) -> None:
    changed = [*LINES[:6], "another 7\n", *LINES[7:]]
    assert tried(tmp_path, changed, {"fix.patch": FIX}) == (TriedPatch(name="fix.patch", state="fuzzy", fuzz=1),)


def test_patch_whose_line_is_gone_fails_with_file_and_line(tmp_path: Path) -> None:
    changed = [*LINES[:9], "something else\n", *LINES[10:]]
    (found,) = tried(tmp_path, changed, {"fix.patch": FIX})
    assert found == TriedPatch(name="fix.patch", state="fails", problem="hunk", file="part.txt", line=7)
    assert found.reason == "part.txt:7: the hunk there does not match"


def test_patch_of_a_file_that_is_gone_names_it(tmp_path: Path) -> None:
    (found,) = tried(tmp_path, LINES, {"fix.patch": FIX.replace(b"part.txt", b"lost.txt")})
    assert found == TriedPatch(name="fix.patch", state="fails", problem="no file", file="lost.txt")
    assert found.reason == "lost.txt: the source has no such file"


def test_second_patch_is_tried_on_top_of_the_first(tmp_path: Path) -> None:
    patched = [*LINES[:9], "line ten\n", *LINES[10:]]
    second = patch(12, "line 12\n", "line twelve\n", patched)
    states = [one.state for one in tried(tmp_path, LINES, {"1.patch": FIX, "2.patch": second})]
    assert states == ["applies", "applies"]


HEAD = "--- /dev/null\n+++ b/{}\n@@ -0,0 +1 @@\n+owned\n"
LINK = (
    "diff --git a/way b/way\nnew file mode 120000\nindex 0000000..1\n--- /dev/null\n+++ b/way\n@@ -0,0 +1 @@\n+/\n"
    "\\ No newline at end of file\n"
)
BINARY = (
    "diff --git a/part.txt b/part.txt\nindex 1..2 100644\nGIT binary patch\nliteral 1\nIcmZ\n\nliteral 0\nHcmV?d00001\n"
)


@pytest.mark.parametrize(
    ("patch", "problem"),
    [
        (HEAD.format("../../outside.txt"), "outside"),
        (HEAD.replace("b/", "").format("/tmp/outside.txt"), "outside"),
        (HEAD.format("part.txt/../../outside.txt"), "outside"),
        ("diff --git a/../outside.txt b/../outside.txt\nrename from part.txt\nrename to ../outside.txt\n", "outside"),
        (LINK, "link"),
        (BINARY, "binary"),
        ("Binary files a/part.txt and b/part.txt differ\n", "binary"),
        ("", "no patch"),
        ("nothing of the kind\n", "no patch"),
        ("--- a/part.txt\n+++ b/part.txt\n@@ -1,9 +1,9 @@\n line 1\n", "no patch"),
    ],
)
def test_hostile_or_broken_patch_is_refused_and_writes_nothing(tmp_path: Path, patch: str, problem: str) -> None:
    first, second = tried(tmp_path, LINES, {"bad.patch": patch.encode(), "fix.patch": FIX})
    assert first == TriedPatch(name="bad.patch", state="fails", problem=cast("Literal['link']", problem))
    assert second.state == "applies"
    assert not list(tmp_path.parent.glob("**/outside.txt"))
    assert not Path("/tmp/outside.txt").exists()


def test_huge_patch_is_refused(tmp_path: Path) -> None:
    content = FIX + b"#" * 20_000_000
    assert [one.problem for one in tried(tmp_path, LINES, {"huge.patch": content})] == ["large"]


def test_patch_with_carriage_returns_applies(tmp_path: Path) -> None:
    assert tried(tmp_path, LINES, {"fix.patch": FIX.replace(b"\n", b"\r\n")})[0].state == "applies"


def test_patch_that_changes_what_git_runs_runs_nothing(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    hook = f"--- /dev/null\n+++ b/.git/hooks/applypatch-msg\n@@ -0,0 +1,2 @@\n+#!/bin/sh\n+touch {marker}\n"
    attributes = "--- /dev/null\n+++ b/.gitattributes\n@@ -0,0 +1 @@\n+* filter=run\n"
    patches = {"hook.patch": hook.encode(), "attributes.patch": attributes.encode(), "fix.patch": FIX}
    assert tried(tmp_path, LINES, patches)[-1].state == "applies"
    assert not marker.exists()

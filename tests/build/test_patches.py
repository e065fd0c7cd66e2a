"""Patches tried on the sources of a release."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

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
    assert found == TriedPatch(name="fix.patch", state="fails", reason="a patch: error: part.txt: patch does not apply")


def test_second_patch_is_tried_on_top_of_the_first(tmp_path: Path) -> None:
    patched = [*LINES[:9], "line ten\n", *LINES[10:]]
    second = patch(12, "line 12\n", "line twelve\n", patched)
    states = [one.state for one in tried(tmp_path, LINES, {"1.patch": FIX, "2.patch": second})]
    assert states == ["applies", "applies"]


def test_patch_that_leaves_the_source_writes_nothing(tmp_path: Path) -> None:
    evil = b"--- /dev/null\n+++ b/../../outside.txt\n@@ -0,0 +1 @@\n+owned\n"
    (found,) = tried(tmp_path, LINES, {"evil.patch": evil})
    assert found.state == "fails"
    assert not list(tmp_path.parent.glob("**/outside.txt"))

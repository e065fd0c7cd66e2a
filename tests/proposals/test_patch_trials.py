"""A recipe's patches are tried on the new source, and the bump tells what becomes of each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dirac_forge.bump.patches import AbsentPatch, PatchedSource, UntriedPatch
from dirac_forge.cli import main
from dirac_forge.feedstock.workspace import FeedstockFolder
from dirac_forge.http import Http
from dirac_forge.proposals.patch_trials import absent_patches, tried_patches
from support.archives import sdist
from support.server import Answer, Asked, Server

LINES = "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\n"


def diff(old: str, new: str) -> str:
    head = "--- a/src/text\n+++ b/src/text\n@@ -2,7 +2,7 @@\n"
    return f"{head} two\n three\n four\n-{old}\n+{new}\n six\n seven\n eight\n"


PATCHES = {
    "applies.patch": diff("five", "FIVE"),
    "merged.patch": diff("cinque", "FIVE"),
    "fuzzy.patch": diff("FIVE", "fünf").replace(" two\n", " zwei\n"),
    "fails.patch": diff("nothing", "something"),
}


def bumped(root: Path, patches: dict[str, str], capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    def answer(asked: Asked) -> Answer:
        version = asked.path.rpartition("-")[2].removesuffix(".tar.gz")
        if version not in {"1.0", "1.1"}:
            return Answer(status=404)
        return Answer(body=sdist("demo", version, {"src/text": LINES, "setup.py": version}))

    with Server(answer) as server:
        path = root / "feedstocks/demo/recipe/recipe.yaml"
        path.parent.mkdir(parents=True)
        listed = "".join(f"    - {name}\n" for name in (*patches, "missing.patch"))
        path.write_text(
            "context:\n  version: '1.0'\npackage:\n  name: demo\n  version: ${{ version }}\n"
            f"source:\n  url: {server.url}/demo-${{{{ version }}}}.tar.gz\n  sha256: {'a' * 64}\n  patches:\n{listed}"
            "build:\n  number: 2\n",
            encoding="utf-8",
        )
        for name, text in patches.items():
            (path.parent / name).write_text(text, encoding="utf-8")
        main(["bump", "demo", "--to", "1.1", "--workspace", str(root), "--no-check", *options])
        said = capsys.readouterr().out
    if "--json" not in options:
        return {"text": said}
    (found,) = json.loads(said)["bumps"]
    return dict(found)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DIRAC_FORGE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("DIRAC_FORGE_INTERNAL_HOSTS", "127.0.0.1")
    return tmp_path


def test_each_patch_is_tried_and_told(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = bumped(root, PATCHES, capsys, "--json")
    states = {one["patch"]: (one["state"], one["fuzz"]) for one in found["tried"]}
    assert states == {
        "missing.patch": ("unknown", 0),
        "applies.patch": ("applies", 0),
        "merged.patch": ("merged", 0),
        "fuzzy.patch": ("fuzzy", 1),
        "fails.patch": ("fails", 0),
    }
    notes = [note for note in found["notes"] if ".patch" in note]
    assert notes[0] == f"missing.patch was not tried: {root}/feedstocks/demo/recipe has no such file"
    assert notes[1:3] == [
        "merged.patch is in upstream's new source already: remove it",
        "fuzzy.patch applies with fuzz 1 only: renew it",
    ]
    assert notes[3].startswith("fails.patch does not apply to the new source: renew or remove it (")
    body = found["body"]
    assert "- `merged.patch` is in upstream's new source already: remove it\n" in body
    assert "- [ ] The patches still apply, and upstream does not have them yet.\n" in body


def test_without_a_network_patches_are_not_tried(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    known = root / "known.json"
    known.write_text("{}", encoding="utf-8")
    found = bumped(root, PATCHES, capsys, "--json", "--offline", "--known-sha256", str(known))
    assert found["status"] in {"unknown", "skipped"}
    assert found.get("tried") is None


def test_a_person_reads_it(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = bumped(root, PATCHES, capsys)["text"]
    assert "merged.patch is in upstream's new source already: remove it" in " ".join(text.split())


def test_patches_of_a_repository_are_tried() -> None:
    given = {"recipe/recipe.yaml": "package: {name: demo, version: 1.0}\n"}
    patches = {"recipe/fixes/applies.patch": PATCHES["applies.patch"]}
    folder = FeedstockFolder("demo", Path("conda-forge/demo-feedstock"), given=given, patches=patches)
    with Server(lambda _: Answer(body=sdist("demo", "1.1", {"src/text": LINES}))) as server:
        url = f"{server.url}/demo-1.1.tar.gz"
        source = PatchedSource(urls=(url,), patches=("fixes/applies.patch", "other.patch"))
        with Http(cache=None) as http:
            # Sources of several platforms may have the same patches.
            absent, tried = tried_patches(folder, [source, source], http=http, place=lambda url: url)
    assert absent_patches(folder, [source, source]) == (absent,)
    assert (tried.name, getattr(tried, "state", "")) == ("fixes/applies.patch", "applies")
    assert absent == UntriedPatch(name="other.patch", reason=AbsentPatch())

"""The outbox: what would happen, with no account."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dirac_forge.feedstock.change import Change, Edit, Skip
from dirac_forge.pullrequest.clones import Clones
from dirac_forge.pullrequest.delivery import DeliveryOptions, deliver
from dirac_forge.pullrequest.following import withdraw
from dirac_forge.pullrequest.headers import read_header
from dirac_forge.pullrequest.ledger import Ledger
from dirac_forge.pullrequest.outbox import Outbox
from dirac_forge.pullrequest.outcome import Outcome
from dirac_forge.pullrequest.smithy import find_smithy
from pullrequest.conftest import FILES, RECIPE, bump, identity, never
from support.gits import branches, commit, file_at, git, log, repository
from support.smithy import on_path, smithy

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
NOW = datetime(2026, 3, 1, tzinfo=UTC)
BRANCH = "dirac-forge/bump/main/2"


class Box:
    def __init__(self, folder: Path) -> None:
        self.place = repository(folder / "forge" / "demo-feedstock.git", FILES)
        self.folder = folder / "outbox"
        self.root = folder

    def outbox(self) -> Outbox:
        clones = Clones(self.root / "clones")
        staged = ("conda-forge/staged-recipes", str(self.root / "forge" / "staged-recipes.git"))
        return Outbox(
            folder=self.folder,
            clones=clones,
            repository=lambda name: (f"conda-forge/{name}-feedstock", str(self.root / "forge" / f"{name}-feedstock")),
            staged=staged,
        )

    def ledger(self) -> Ledger:
        return Ledger.open(self.root / "ledger.sqlite", clock=lambda: NOW)

    def deliver(
        self,
        change: Change,
        remake: Callable[[Mapping[str, str]], Change | Skip] = never,
        on_step: Callable[[str], None] = lambda _: None,
        **more: Any,
    ) -> Outcome:
        outbox = self.outbox()
        with self.ledger() as ledger:
            return deliver(
                change,
                remake=remake,
                destination=outbox,
                clones=outbox.clones,
                ledger=ledger,
                run="r",
                options=DeliveryOptions(**more),
                on_step=on_step,
            )

    def files(self) -> dict[str, bytes]:
        """All that lies there, except git's own."""
        found = (path for path in self.folder.rglob("*") if path.is_file())
        return {
            path.relative_to(self.folder).as_posix(): path.read_bytes()
            for path in found
            if not path.relative_to(self.folder).parts[0].endswith(".git")
        }


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def test_what_would_be_sent(box: Box) -> None:
    outcome = box.deliver(bump("2"))
    folder = box.folder / "demo" / "bump" / "main" / "2"
    assert (outcome.state, outcome.url, outcome.number) == ("prepared", str(folder), 0)
    assert sorted(box.files()) == [f"demo/bump/main/2/{name}" for name in ("body.md", "change.patch", "request.json")]
    told = json.loads((folder / "request.json").read_text(encoding="utf-8"))
    bare = box.folder / "demo.git"
    assert told == {
        "repository": "conda-forge/demo-feedstock",
        "head": BRANCH,
        "base": "main",
        "base_commit": git(box.place, "rev-parse", "main"),
        "commit": branches(bare)[BRANCH],
        "made": {
            "first": branches(bare)[BRANCH],
            "last": branches(bare)[BRANCH],
            "rerendered": {
                "state": "ask",
                "text": "conda-smithy is not installed where this was made",
                "version": "",
            },
            "lints": [],
            "unlinted": "",
        },
        "title": "demo 2",
        "labels": [],
        "reviewers": [],
        "draft": False,
        "comments": {next(iter(told["comments"])): "@conda-forge-admin, please rerender"},
    }
    header = read_header((folder / "body.md").read_text(encoding="utf-8"))
    assert header is not None
    assert header.identity == identity("2")
    assert log(bare, BRANCH) == ["demo 2", "change"]
    assert file_at(bare, BRANCH, "recipe/recipe.yaml") == RECIPE.format(2)


def test_the_patch_can_be_applied(box: Box, tmp_path: Path) -> None:
    box.deliver(bump("2"))
    work = tmp_path / "work"
    git(tmp_path, "clone", "--quiet", str(box.place), str(work))
    git(work, "am", "--quiet", str(box.folder / "demo" / "bump" / "main" / "2" / "change.patch"))
    assert (work / "recipe" / "recipe.yaml").read_text(encoding="utf-8") == RECIPE.format(2)
    assert git(work, "log", "-1", "--format=%an: %s") == "dirac-forge: demo 2"


def test_a_second_run_changes_nothing(box: Box) -> None:
    box.deliver(bump("2"))
    before = box.files()
    assert box.deliver(bump("2")).state == "unchanged"
    assert box.files() == before


def test_a_newer_version_takes_the_place(box: Box) -> None:
    box.deliver(bump("2"))
    outcome = box.deliver(bump("3"))
    assert outcome.superseded == (str(box.folder / "demo" / "bump" / "main" / "2"),)
    assert {path.rpartition("/")[0] for path in box.files()} == {"demo/bump/main/3"}
    assert sorted(branches(box.folder / "demo.git")) == ["dirac-forge/bump/main/3"]
    with box.ledger() as ledger:
        entry = ledger.entry(identity("2"))
        assert entry is not None
        assert (entry.state, entry.decided) == ("superseded", f"Superseded by {outcome.url}: demo 3")


def test_updates(box: Box) -> None:
    box.deliver(bump("2"))
    assert box.deliver(bump("2", body="Better.\n")).state == "prepared"
    assert b"Better." in box.files()["demo/bump/main/2/body.md"]
    better = bump("2", edits=(Edit(path="recipe/build.sh", before="make\n", after="make all\n"),))
    assert box.deliver(better).state == "prepared"
    assert log(box.folder / "demo.git", BRANCH) == ["demo 2", "change"]
    assert b"+make all" in box.files()["demo/bump/main/2/change.patch"]
    assert box.deliver(better).state == "unchanged"


def test_a_feedstock_that_moved_on(box: Box) -> None:
    newer = RECIPE.format(1).replace("number: 0", "number: 1")
    commit(box.place, {"recipe/recipe.yaml": newer})
    assert box.deliver(bump("2"), lambda texts: bump("2", texts["recipe/recipe.yaml"])).state == "prepared"
    assert file_at(box.folder / "demo.git", BRANCH, "recipe/recipe.yaml").endswith("number: 1\n")


def test_a_new_recipe(box: Box, tmp_path: Path) -> None:
    repository(tmp_path / "forge" / "staged-recipes.git", {"recipes/example/recipe.yaml": "a\n"})
    edits = (Edit(path="recipe/recipe.yaml", before=None, after="version: 1\n"),)
    change = Change(feedstock="fresh", kind="recipe", key="1", title="Add fresh", body="New.\n", edits=edits)
    assert box.deliver(change).state == "prepared"
    bare = box.folder / "staged-recipes.git"
    assert file_at(bare, "dirac-forge/recipe/fresh", "recipes/fresh/recipe.yaml") == "version: 1\n"
    assert box.deliver(change).state == "unchanged"
    assert b"Add fresh" in box.outbox().summarize().read_bytes()


def test_a_rerender(box: Box, tmp_path: Path) -> None:
    smithy(tmp_path / "bin")
    program = find_smithy(on_path(tmp_path / "bin"))
    box.deliver(bump("2"), smithy=program)
    assert log(box.folder / "demo.git", BRANCH)[0] == "MNT: Re-rendered with conda-smithy 3.54.1"
    patch = box.files()["demo/bump/main/2/change.patch"].decode()
    assert patch.count("\nSubject: ") == 2


@pytest.mark.parametrize("damage", ["body.md", "change.patch", "request.json", "nonsense", "all", "the branches"])
def test_what_is_damaged_is_made_again(box: Box, damage: str) -> None:
    box.deliver(bump("2"))
    folder = box.folder / "demo" / "bump" / "main" / "2"
    if damage == "all":
        shutil.rmtree(box.folder)
    elif damage == "the branches":
        shutil.rmtree(box.folder / "demo.git")
        (folder / "request.json").unlink()
    elif damage == "nonsense":
        (folder / "request.json").write_text("[]", encoding="utf-8")
    else:
        (folder / damage).unlink()
    assert box.deliver(bump("2")).state == "prepared"
    assert len(box.files()) == 3
    assert box.deliver(bump("2")).state == "unchanged"


class Killed(BaseException):
    pass


def killed(*arguments: object, **options: object) -> None:
    raise Killed


@pytest.mark.parametrize("before", ["pathlib.Path.rename", "json.dumps", "shutil.rmtree"])
def test_killed_while_it_is_written(box: Box, before: str, monkeypatch: pytest.MonkeyPatch) -> None:
    box.deliver(bump("2"))
    old = box.files()["demo/bump/main/2/request.json"]
    with monkeypatch.context() as patched:
        patched.setattr(before, killed)
        with pytest.raises(Killed):
            box.deliver(bump("2", body="Better.\n"))
    assert box.files().get("demo/bump/main/2/request.json", old)
    assert box.deliver(bump("2", body="Better.\n")).state == "prepared"
    assert b"Better." in box.files()["demo/bump/main/2/body.md"]
    assert box.deliver(bump("2", body="Better.\n")).state == "unchanged"
    summary = box.outbox().summarize().read_text(encoding="utf-8")
    assert summary.count("demo 2") == 1


@pytest.mark.parametrize("step", ["committed", "prepared", "superseded"])
def test_killed_after_a_step(box: Box, step: str) -> None:
    def on_step(name: str) -> None:
        if name == step:
            raise Killed

    box.deliver(bump("1.5"))
    with pytest.raises(Killed):
        box.deliver(bump("2"), on_step=on_step)
    box.deliver(bump("2"))
    assert {path.rpartition("/")[0] for path in box.files()} == {"demo/bump/main/2"}
    assert len(json.loads(box.files()["demo/bump/main/2/request.json"])["comments"]) == 1
    assert box.deliver(bump("2")).state == "unchanged"


def test_taken_back(box: Box) -> None:
    box.deliver(bump("2"))
    with box.ledger() as ledger:
        entry = ledger.entry(identity("2"))
        assert entry is not None
        back = withdraw(entry, destination=box.outbox(), ledger=ledger, run="r", text="not this one")
    assert (back.state, box.files()) == ("retracted", {})
    assert box.deliver(bump("2")).text == "it was retracted: not this one"
    assert box.deliver(bump("2"), force=True).state == "prepared"


def test_the_summary(box: Box) -> None:
    assert box.outbox().summarize().read_text(encoding="utf-8").endswith("\n\nNothing is prepared.\n")
    box.deliver(bump("2", title="demo 2 | <b>x</b>"))
    box.deliver(bump("9", kind="migration", key="openssl4", title="Rebuild for openssl4"))
    assert box.outbox().summarize().read_text(encoding="utf-8").split("\n\n")[-1] == (
        "| change | for | branch |\n"
        "| --- | --- | --- |\n"
        "| [demo 2 \\| &lt;b&gt;x&lt;/b&gt;](demo/bump/main/2/body.md) | `conda-forge/demo-feedstock` | `main` |\n"
        "| [Rebuild for openssl4](demo/migration/main/openssl4/body.md) | `conda-forge/demo-feedstock` | `main` |\n"
    )


@pytest.mark.parametrize(
    "change",
    [
        bump("2", feedstock="../../x"),
        bump("2", branch="-u"),
        bump("2", title="\x00"),
        replace(bump("2"), edits=(Edit(path="../../x", before=None, after="x"),)),
        replace(bump("2"), edits=(Edit(path=".git/hooks/post-checkout", before=None, after="x"),)),
    ],
)
def test_hostile_changes_write_nothing(box: Box, change: Change) -> None:
    assert box.deliver(change).state == "failed"
    assert not box.folder.exists()


def test_a_hostile_key_stays_in_the_outbox(box: Box) -> None:
    assert box.deliver(bump("2", key="../../../../etc/passwd", body="x" * 1_000_000)).state == "prepared"
    assert all(path.startswith("demo/bump/main/etc-passwd-") for path in box.files())
    assert sorted(path.name for path in box.root.iterdir()) == ["clones", "forge", "ledger.sqlite", "outbox"]


def test_a_repository_that_is_not_there(box: Box) -> None:
    outcome = box.deliver(bump("2", feedstock="none"))
    assert outcome.state == "failed"
    assert outcome.text == f"{box.root}/forge/none-feedstock: there is no such repository"

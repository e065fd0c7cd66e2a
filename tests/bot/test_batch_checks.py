"""Batches that were changed between `bot prepare` and `bot send`."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from dirac_forge.bot.batch import BatchDecider, batch_lines, read_batch, write_batch
from dirac_forge.bot.batch_checks import checked_batch
from dirac_forge.bot.run import BotRun, Result
from dirac_forge.errors import InputError
from dirac_forge.pullrequest.outbox import Outbox
from support.bots import Bots
from support.github import bare

DEMO = "conda-forge/demo-feedstock"
FORK = "bot/demo-feedstock"


def prepared(bot: Bots) -> Path:
    """A sealed outbox with the change of one feedstock."""
    bot.feedstock("demo", wanted="2.0")
    with bot.connections(outbox=True) as connections:
        result = bot.run_with(connections)
        assert isinstance(connections.destination, Outbox)
        write_batch(
            connections.destination,
            made=bot.now(),
            looked=result.looked,
            decisions=result.decisions,
            arrived=(),
            over={},
        )
    return bot.folder / "outbox"


def sent(bot: Bots) -> Result:
    folder = bot.folder / "outbox"
    batch = checked_batch(read_batch(folder, now=bot.now()), bot.lines)
    decider = BatchDecider(batch=batch, folder=folder)
    with bot.connections() as connections:
        found = replace(connections, prepared=partial(decider.prepared, connections.clones))
        run = BotRun(connections=found, settings=bot.settings.bot, look=lambda: batch_lines(batch), decider=decider)
        return run.run()


def resealed(folder: Path, change: Callable[[Any], None]) -> None:
    """Change what is in a batch, and seal it again, as who can write the file can."""
    path = folder / "batch.json"
    content = json.loads(json.loads(path.read_text(encoding="utf-8"))["batch"])
    change(content)
    text = json.dumps(content)
    path.write_text(json.dumps({"seal": hashlib.sha256(text.encode()).hexdigest(), "batch": text}), encoding="utf-8")


def change_of(content: Any) -> Any:
    return content["decisions"][0]["proposal"]["change"]


def nothing_happened(bot: Bots) -> bool:
    return not bot.github.pulls(DEMO) and FORK not in {each.full_name for each in bot.github.repositories.values()}


def test_an_untouched_batch_is_sent(bot: Bots) -> None:
    prepared(bot)
    assert [one.state for one in sent(bot).outcomes] == ["opened"]


def test_changed_bytes_are_refused(bot: Bots) -> None:
    path = prepared(bot) / "batch.json"
    path.write_text(path.read_text(encoding="utf-8").replace("demo 2.0", "demo 6.6"), encoding="utf-8")
    with pytest.raises(InputError, match="was changed after it was sealed"):
        sent(bot)
    assert nothing_happened(bot)


REFUSED: dict[str, tuple[Callable[[Any], None], str]] = {
    "another feedstock": (lambda c: change_of(c).update(feedstock="numpy"), "not a release line of this workspace"),
    "another branch": (lambda c: change_of(c).update(branch="rc"), "not a release line of this workspace"),
    "a name that leaves the owner": (lambda c: change_of(c).update(feedstock="../x/y"), "name"),
    "a branch that is an option": (lambda c: change_of(c).update(branch="--upload-pack=x"), "not the name of a branch"),
    "a workflow": (
        lambda c: change_of(c)["edits"].append(
            {"path": ".github/workflows/x.yml", "before": None, "after": "on: push\n"}
        ),
        ".github/workflows/x.yml, which a bump never changes",
    ),
    "git's own file": (lambda c: change_of(c)["edits"][0].update(path="recipe/.git/config"), "is git's own"),
    "a path outside": (
        lambda c: change_of(c)["edits"][0].update(path="recipe/../../x"),
        "not a path within a feedstock",
    ),
    "a large file": (lambda c: change_of(c)["edits"][0].update(after="x" * 5_000_000), "exceed the size limit"),
    "many files": (lambda c: change_of(c).update(edits=change_of(c)["edits"] * 300), "that is too large"),
    "another kind": (lambda c: change_of(c).update(kind="fix"), "of an unknown kind: fix"),
    "a decision without a state": (lambda c: c["decisions"][0].pop("state"), "can't be read"),
    "another format": (lambda c: c.update(format=99), "a different version of dirac-forge"),
    "an old batch": (lambda c: c.update(made="2020-01-01T00:00:00Z"), "too old"),
    "a batch from the future": (lambda c: c.update(made="2035-01-01T00:00:00Z"), "too old"),
}


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_no_batch_asks_for_is_refused_as_a_whole(bot: Bots, name: str) -> None:
    change, said = REFUSED[name]
    resealed(prepared(bot), change)
    with pytest.raises(InputError, match=said):
        sent(bot)
    assert nothing_happened(bot)


def test_a_change_for_other_files_than_there_are_is_left_to_the_next_run(bot: Bots) -> None:
    resealed(prepared(bot), lambda c: change_of(c)["edits"][0].update(before="something else\n"))
    (outcome,) = sent(bot).outcomes
    assert (outcome.state, "its files changed after it was prepared" in outcome.text) == ("skipped", True)
    assert not bot.github.pulls(DEMO)


def test_the_body_of_a_batch_mentions_nobody_and_has_no_second_header(bot: Bots) -> None:
    body = '<!-- dirac-forge: {"feedstock": "x"} -->\n@conda-forge-admin, please add user @evil\n'
    resealed(prepared(bot), lambda c: change_of(c).update(body=body))
    sent(bot)
    (pull,) = bot.github.pulls(DEMO)
    assert "@conda-forge-admin" not in pull.body
    assert pull.body.count("<!-- dirac-forge: ") == 1


def with_entry(folder: Path, base: str, mode: str, path: str, content: str) -> str:
    """A tree like that of a commit, with one entry more."""
    index = {"GIT_INDEX_FILE": str(folder / "spy-index")}
    bare.git(folder, "read-tree", base, environment=index)
    blob = base if mode == "160000" else bare.git(folder, "hash-object", "-w", "--stdin", put=content.encode())
    bare.git(folder, "update-index", "--add", "--cacheinfo", f"{mode},{blob.strip()},{path}", environment=index)
    return bare.git(folder, "write-tree", environment=index).strip()


def pack_of(folder: Path, tree: str) -> bytes:
    """All objects of a tree."""
    listed = bare.git(folder, "rev-list", "--objects", "--no-object-names", tree)
    command = ("git", "-C", str(folder), "pack-objects", "--stdout", "-q")
    return subprocess.run(command, input=listed.encode(), capture_output=True, check=True).stdout


def add_tree(bot: Bots, tree: str, pack: bytes) -> None:
    """Put a tree that conda-smithy is said to have made into the batch."""
    folder = bot.folder / "outbox"
    name = hashlib.sha256(pack).hexdigest()
    (folder / "packs").mkdir(exist_ok=True)
    (folder / "packs" / f"{name}.pack").write_bytes(pack)
    request = json.loads(next(folder.rglob("request.json")).read_text(encoding="utf-8"))
    (entry,) = bot.entries()

    def put(content: Any) -> None:
        content["trees"] = [
            {
                "identity": {"feedstock": "demo", "branch": "main", "kind": "bump", "key": "2.0"},
                "fingerprint": entry.fingerprint,
                "base_commit": request["base_commit"],
                "made": {"tree": tree, "rerendered": {"state": "done", "text": "", "version": "3.50"}},
                "pack": name,
            }
        ]

    resealed(folder, put)


def base_of(bot: Bots) -> tuple[Path, str]:
    """The bare repository in the outbox, and the commit of the change there."""
    request = json.loads(next((bot.folder / "outbox").rglob("request.json")).read_text(encoding="utf-8"))
    return bot.folder / "outbox" / "demo.git", request["commit"]


@pytest.mark.parametrize(
    ("mode", "path", "content", "said"),
    [
        ("120000", "README.md", "/etc/passwd", "something other than a regular file"),
        ("160000", "evil", "", "something other than a regular file"),
        ("100644", "recipe/recipe.yaml", "evil\n", "rerendering changed recipe/recipe.yaml"),
        ("100644", "conda-forge.yml", "evil: true\n", "rerendering changed conda-forge.yml"),
        ("100644", ".gitmodules", "x\n", "rerendering changed .gitmodules"),
        ("100644", ".github/workflows/evil.yml", "on: push\n", "rerendering changed .github/workflows/evil.yml"),
        ("100644", "large.txt", "x" * 5_000_000, "exceeds the size limit for a file of a feedstock"),
    ],
)
def test_trees_that_no_rerender_makes_are_refused(bot: Bots, mode: str, path: str, content: str, said: str) -> None:
    prepared(bot)
    folder, commit = base_of(bot)
    tree = with_entry(folder, commit, mode, path, content)
    add_tree(bot, tree, pack_of(folder, tree) if mode != "160000" else pack_of(folder, f"{commit}^{{tree}}"))
    (outcome,) = sent(bot).outcomes
    assert outcome.state == "failed"
    if mode != "160000":  # its tree is not in the pack either
        assert said in outcome.text
    assert not bot.github.pulls(DEMO)


def test_a_good_tree_is_used_as_the_second_commit(bot: Bots) -> None:
    prepared(bot)
    folder, commit = base_of(bot)
    tree = with_entry(folder, commit, "100644", ".github/workflows/conda-build.yml", "on: push\n")
    add_tree(bot, tree, pack_of(folder, tree))
    assert [one.state for one in sent(bot).outcomes] == ["opened"]
    log = bare.git(bot.github.path(FORK), "log", "--format=%s", "dirac-forge/bump/main/2.0")
    assert log.splitlines()[:2] == ["MNT: Re-rendered with conda-smithy 3.50", "demo 2.0"]


def test_packs_that_are_damaged_missing_or_incomplete_are_refused(bot: Bots) -> None:
    prepared(bot)
    folder, commit = base_of(bot)
    tree = with_entry(folder, commit, "100644", "new.txt", "x\n")
    add_tree(bot, tree, pack_of(folder, f"{commit}^{{tree}}"))  # the tree is not in it
    assert [one.state for one in sent(bot).outcomes] == ["failed"]
    whole = pack_of(folder, tree)
    add_tree(bot, tree, whole[:-30] + b"x" * 30)
    bot.clock.sleep(3 * 3600)
    assert [one.state for one in sent(bot).outcomes] == ["failed"]
    add_tree(bot, tree, whole)
    for pack in (bot.folder / "outbox/packs").iterdir():
        pack.write_bytes(b"PACK other bytes")
    bot.clock.sleep(9 * 3600)
    (outcome,) = sent(bot).outcomes
    assert (outcome.state, "is not the pack that the batch was sealed with" in outcome.text) == ("failed", True)
    assert not bot.github.pulls(DEMO)

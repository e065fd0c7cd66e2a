"""`bot outbox`: what is prepared, shown and carried into a local clone."""

from __future__ import annotations

from pathlib import Path

from cli.test_bot import Here, here  # noqa: F401  # a fixture
from support.gits import branches, git


def test_what_is_prepared_is_listed_shown_and_becomes_a_branch(here: Here, tmp_path: Path) -> None:  # noqa: F811
    assert here.run("bot", "outbox")[1] == {"changes": []}
    here.run("bot", "run")
    _, listed = here.run("bot", "outbox", "list")
    (change,) = listed["changes"]
    assert (change["name"], change["title"], change["state"]) == ("demo/bump/main/1.1", "demo 1.1", "prepared")
    _, shown = here.run("bot", "outbox", "show", "demo")
    assert shown["body"].splitlines()[1] == "## demo 1.0 → 1.1"
    assert "+  number: 0" in shown["patch"]
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(here.github.path("conda-forge/demo-feedstock")), str(clone))
    code, _ = here.run("bot", "outbox", "apply", "demo", "--clone", str(clone))
    assert code == 0
    assert branches(clone)["dirac-forge/bump/main/1.1"] == change["commit"]
    assert here.run("bot", "outbox", "apply", "demo", "--clone", str(clone))[0] == 0


def test_change_is_not_applied_to_another_repository(here: Here, tmp_path: Path) -> None:  # noqa: F811
    here.run("bot", "run")
    other = tmp_path / "other"
    git(tmp_path, "init", "--quiet", str(other))
    git(other, "remote", "add", "origin", "https://github.com/conda-forge/else-feedstock.git")
    code, said = here.run("bot", "outbox", "apply", "demo", "--clone", str(other))
    assert (code, said.splitlines()) == (
        2,
        [
            f"error: {other} is not a clone of conda-forge/demo-feedstock, which the change is for",
            "Get one with `git clone https://github.com/conda-forge/demo-feedstock`, and name it with --clone.",
        ],
    )
    assert branches(other) == {}
    # A fork has the same name; a clone of it may lack the newest commits.
    git(other, "remote", "add", "mine", "git@github.com:me/Demo-Feedstock.git")
    assert here.run("bot", "outbox", "apply", "demo", "--clone", str(other))[0] == 0
    assert list(branches(other)) == ["dirac-forge/bump/main/1.1"]


def test_change_that_was_prepared_without_its_repository_is_a_patch(here: Here, tmp_path: Path) -> None:  # noqa: F811
    here.run("bot", "run")
    (request,) = tmp_path.rglob("request.json")
    (tmp_path / "fresh").mkdir()
    clone = tmp_path / "fresh" / "demo-feedstock"
    git(tmp_path, "init", "--quiet", str(clone))
    git(clone, "remote", "add", "origin", "https://github.com/conda-forge/demo-feedstock")
    (request.parents[3].with_name("demo.git") / "shallow").write_text("", encoding="utf-8")
    code, said = here.run("bot", "outbox", "apply", "demo", "--clone", str(clone))
    patch = request.with_name("change.patch")
    assert (code, said.splitlines()) == (
        2,
        [
            "error: demo: the change was prepared without its repository, and its branch has no history",
            f"Apply the patch: `git switch --create dirac-forge/bump/main/1.1`, then `git am {patch}`, in {clone}.",
        ],
    )
    assert branches(clone) == {}


def test_what_is_not_there_is_wrong_use(here: Here, tmp_path: Path) -> None:  # noqa: F811
    code, said = here.run("bot", "outbox", "show", "nothing")
    assert (code, said.splitlines()[0]) == (2, "error: the outbox has no change nothing")
    here.run("bot", "run")
    code, said = here.run("bot", "outbox", "apply", "demo", "--clone", str(tmp_path))
    assert code == 2
    assert f"{tmp_path} is not a clone of a repository" in said

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


def test_what_is_not_there_is_wrong_use(here: Here, tmp_path: Path) -> None:  # noqa: F811
    code, said = here.run("bot", "outbox", "show", "nothing")
    assert (code, said.splitlines()[0]) == (2, "error: nothing in the outbox is called nothing")
    here.run("bot", "run")
    code, said = here.run("bot", "outbox", "apply", "demo", "--clone", str(tmp_path))
    assert code == 2
    assert f"{tmp_path} is not a clone of a repository" in said

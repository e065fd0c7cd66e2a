"""`dirac-forge bot` from the outside: an index, a channel and a GitHub of its own, real git."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from dirac_forge.cli import bot as module
from dirac_forge.cli import main
from dirac_forge.cli.bot import _seconds
from dirac_forge.errors import InputError
from dirac_forge.pullrequest import tokens
from dirac_forge.pullrequest.lease import Lease
from dirac_forge.pullrequest.ledger import Ledger
from support.archives import sdist
from support.bots import TOKEN, without_spacing
from support.channel import pkg, write_channel
from support.github import GitHub
from support.gits import commit
from support.index import IndexFile, PackageIndex

pytestmark = pytest.mark.skipif(
    sys.platform == "win32" or shutil.which("git") is None, reason="the local GitHub needs git and a POSIX system"
)

METADATA = "Metadata-Version: 2.1\nName: {0}\nVersion: {1}\n"


def recipe(name: str, version: str = "1.0") -> str:
    return (
        f"context:\n  version: '{version}'\n\npackage:\n  name: {name}\n  version: ${{{{ version }}}}\n\n"
        f"source:\n  url: https://pypi.org/packages/source/{name[0]}/{name}/{name}-${{{{ version }}}}.tar.gz\n"
        f"  sha256: {'a' * 64}\n\nbuild:\n  number: 2\n  noarch: python\n\n"
        "requirements:\n  host:\n    - python >=3.10\n    - pip\n    - setuptools\n  run:\n    - python >=3.10\n\n"
        "about:\n  license: MIT\n"
    )


def release(name: str, version: str) -> IndexFile:
    content = sdist(name, version, {"PKG-INFO": METADATA.format(name, version), "setup.py": ""})
    return IndexFile(content=content)


@dataclass
class Here:
    folder: Path
    github: GitHub
    index: PackageIndex
    capsys: pytest.CaptureFixture[str]
    said: list[str] = field(default_factory=list)

    def feedstock(self, name: str) -> str:
        full_name = f"conda-forge/{name}-feedstock"
        files: dict[str, str | bytes] = {"recipe/recipe.yaml": recipe(name), "conda-forge.yml": "bot: {}\n"}
        self.github.repository(full_name, files)
        for path, text in files.items():
            place = self.folder / "feedstocks" / name / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(str(text), encoding="utf-8")
        return full_name

    def run(self, *arguments: str, options: tuple[str, ...] = ()) -> tuple[int, Any]:
        """Exit code and the JSON document."""
        code = main([*arguments, *options, "--workspace", str(self.folder), "--index-url", self.index.url, "--json"])
        captured = self.capsys.readouterr()
        self.said += [captured.out, captured.err]
        return code, json.loads(captured.out) if captured.out else captured.err

    def states(self, *arguments: str) -> dict[str, str]:
        _, document = self.run("bot", "run", *arguments)
        return {one["feedstock"]: one["state"] for one in document["requests"]}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Here]:
    channel = write_channel(
        tmp_path / "channel",
        {
            "noarch": [pkg(text, noarch="python") for text in ("target 1.0", "pip 26.0", "setuptools 80.0")],
            "linux-64": [pkg("python 3.12.1", build="h0_0_cp312"), pkg("python_abi 3.12", build="0_cp312")],
        },
    )
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    names = ("demo", "still")
    files = {name: {f"{name}-1.0.tar.gz": release(name, "1.0")} for name in names}
    files["demo"]["demo-1.1.tar.gz"] = release("demo", "1.1")
    with GitHub(tmp_path / "github") as github, PackageIndex(files) as index:
        github.user("bot", token=TOKEN)
        (workspace / "pyproject.toml").write_text(
            "[tool.dirac-forge]\n"
            f'channels = ["{channel.as_posix()}"]\nplatforms = ["linux-64"]\npythons = ["3.12"]\n'
            f'feedstock-url = "{github.url}/conda-forge/{{name}}-feedstock"\n'
            f'cache = "{(tmp_path / "cache").as_posix()}"\n\n'
            '[tool.dirac-forge.targets.target]\nspecs = ["target"]\n',
            encoding="utf-8",
        )
        monkeypatch.setenv("GITHUB_API_URL", github.api_url)
        made = Here(folder=workspace, github=github, index=index, capsys=capsys)
        for name in names:
            made.feedstock(name)
        yield made


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    without_spacing(monkeypatch)
    return TOKEN


def test_a_first_user_sees_in_the_outbox_what_would_happen(here: Here) -> None:
    code, document = here.run("bot", "run")
    assert code == 0
    (request,) = document["requests"]
    assert (request["feedstock"], request["state"]) == ("demo", "prepared")
    folder = Path(request["url"])
    assert folder == here.folder / "outbox/demo/bump/main/1.1"
    assert "(demo/bump/main/1.1/body.md)" in (here.folder / "outbox/README.md").read_text(encoding="utf-8")
    assert (folder / "body.md").read_text(encoding="utf-8").splitlines()[1] == "## demo 1.0 → 1.1"
    assert here.github.requests == []
    assert here.states() == {"demo": "unchanged"}
    assert (here.folder / ".dirac-forge/.gitignore").read_text(encoding="utf-8") == "*\n"
    assert here.folder.joinpath("feedstocks/demo/recipe/recipe.yaml").read_text(encoding="utf-8") == recipe("demo")


def without_github(here: Here, more: str = "") -> None:
    """Repositories that can't be reached, and more settings."""
    settings = here.folder / "pyproject.toml"
    text = settings.read_text(encoding="utf-8")
    text = text.replace(f"{here.github.url}/conda-forge", "http://127.0.0.1:9/conda-forge")
    settings.write_text(text + more, encoding="utf-8")


def test_a_release_line_that_is_not_in_the_workspace_is_unknown_where_its_repository_can_not_be_reached(
    here: Here,
) -> None:
    without_github(here, '[tool.dirac-forge.feedstocks.demo]\nbranches = { main = ">=1", "v0.x" = "<1" }\n')
    code, document = here.run("bot", "run")
    (line,) = (one for one in document["feedstocks"] if one["branch"] == "v0.x")
    assert (code, line["state"]) == (3, "unknown")
    assert line["reason"].startswith("127.0.0.1 can't be reached: ")
    place = here.folder / "feedstocks"
    assert line["reason"].endswith(f"; {place} has no readable recipe of this release line")
    code, found = here.run("bot", "why", "demo")
    assert f"{place} has no readable recipe of this release line" in json.dumps(found)


def test_a_branch_that_is_not_there_is_missing_and_says_who_names_it(here: Here) -> None:
    settings = here.folder / "pyproject.toml"
    more = '[tool.dirac-forge.feedstocks.demo]\nbranches = { main = ">=1", "v0.x" = "<1" }\n'
    settings.write_text(settings.read_text(encoding="utf-8") + more, encoding="utf-8")
    _, document = here.run("bot", "run")
    (line,) = (one for one in document["feedstocks"] if one["branch"] == "v0.x")
    named = "(the settings name it: feedstocks.demo.branches, or what is built in)"
    said = f"{here.github.url}/conda-forge/demo-feedstock: there is no branch v0.x {named}"
    assert (line["state"], line["reason"]) == ("missing", said)


def test_where_the_repositories_can_not_be_reached_the_workspace_is_used_and_that_is_said(here: Here) -> None:
    without_github(here)
    for state in ("prepared", "unchanged"):
        code, document = here.run("bot", "run")
        assert (code, [one["state"] for one in document["requests"]]) == (0, [state])
    said = " ".join(here.said[-1].split())
    assert "127.0.0.1 can't be reached" in said
    assert f"the bot reads 2 feedstocks from {here.folder / 'feedstocks'}, including local changes" in said
    assert (here.folder / "outbox/demo/bump/main/1.1/change.patch").is_file()


def test_release_lines_that_are_not_in_the_workspace_are_told_once_for_all_migrations(here: Here) -> None:
    without_github(here)
    place = here.folder / "feedstocks/demo"
    text = (
        recipe("demo").replace("  noarch: python\n", "").replace("    - pip\n", "    - pip\n    - liba\n    - libb\n")
    )
    (place / "recipe/recipe.yaml").write_text(text, encoding="utf-8")
    (place / "conda-forge.yml").write_text("bot:\n  abi_migration_branches: [v0.x, v1.x]\n", encoding="utf-8")
    (here.folder / "migrations").mkdir()
    for name in ("liba", "libb"):
        migration = f"__migrator: {{kind: version, migration_number: 1}}\nmigrator_ts: 1\n{name}: ['2']\n"
        (here.folder / f"migrations/{name}2.yaml").write_text(migration, encoding="utf-8")
    here.run("bot", "run")
    asked = "asks for rebuilds of release lines that are not in the workspace, and that are left out"
    lines = "demo@v0.x (liba2, libb2) and demo@v1.x (liba2, libb2)"
    said = f"warning: abi_migration_branches {asked}: {lines}; `dirac-forge sync demo@v0.x demo@v1.x` fetches them"
    assert [line for line in here.said[-1].splitlines() if "abi_migration_branches" in line] == [said]


def test_pull_requests_without_a_token_are_wrong_use(here: Here) -> None:
    code, said = here.run("bot", "run", "--pr")
    assert code == 2
    assert "pull requests need a token for GitHub, and there is none" in said
    assert not (here.folder / "outbox").exists()
    assert here.github.requests == []


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("bump", "demo"), "Without --pr, `dirac-forge bot run` writes branches, patches and bodies to outbox/."),
        (("migrate", "run", "none"), "Without --pr, `dirac-forge bot run` writes"),
        (("recipe", "demo"), "fork conda-forge/staged-recipes, copy the recipe's folder to recipes/ there"),
    ],
    ids=["bump", "migrate", "recipe"],
)
def test_without_a_token_pr_stops_before_anything_is_done(
    here: Here, arguments: tuple[str, ...], hint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "has_source", lambda _: False)  # where this runs there may be `gh`
    before = sorted(here.folder.rglob("*"))
    code, said = here.run(*arguments, "--pr")
    assert (code, "need a token for GitHub" in said, hint in " ".join(said.split())) == (2, True, True)
    assert sorted(here.folder.rglob("*")) == before


def test_with_a_token_requests_are_opened_once_and_why_says_so(here: Here, token: str, tmp_path: Path) -> None:
    summary, log, step = tmp_path / "summary.md", tmp_path / "log/bot.jsonl", tmp_path / "step.md"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GITHUB_STEP_SUMMARY", str(step))
        code, document = here.run("bot", "run", "--pr", "--summary", str(summary), "--log", str(log))
    assert code == 0
    (request,) = document["requests"]
    assert request["url"] == f"{here.github.url}/conda-forge/demo-feedstock/pull/1"
    (pull,) = here.github.pulls("conda-forge/demo-feedstock")
    assert (pull.title, pull.state) == ("demo 1.1", "open")
    assert pull.pull is not None
    assert pull.pull.maintainer_can_modify
    assert summary.read_text(encoding="utf-8") == step.read_text(encoding="utf-8")
    assert summary.read_text(encoding="utf-8").startswith("## dirac-forge bot\n\n1 opened, 1 nothing to do.\n")
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert {line["run"] for line in lines} == {document["run"]}
    assert [line["step"] for line in lines if line.get("feedstock") == "demo"][-1] == "opened"
    assert here.states("--pr") == {"demo": "unchanged"}
    code, why = here.run("bot", "why", "demo")
    assert code == 0
    assert why["lines"][0]["decided"] == "bump to 1.1"
    assert [(one["key"], one["state"]) for one in why["changes"]] == [("1.1", "open")]
    code, why = here.run("bot", "why", "still-feedstock")
    assert (code, why["lines"][0]["decided"]) == (0, "nothing")
    code, why = here.run("bot", "why", "elsewhere")
    assert (code, why["known"]) == (1, False)
    assert TOKEN not in "".join(here.said) + log.read_text(encoding="utf-8") + summary.read_text(encoding="utf-8")


def test_one_feedstock_or_line_can_be_named_and_wrong_names_are_told(here: Here) -> None:
    assert here.states("still") == {}
    code, said = here.run("bot", "run", "dem")
    assert code == 2
    assert said.startswith("error: there is no feedstock dem in ")
    assert "Did you mean demo?" in said


def test_a_batch_is_taken_back_and_stays_so(here: Here, token: str) -> None:
    _, document = here.run("bot", "run", "--pr")
    code, said = here.run("bot", "retract", document["run"])
    assert code == 2
    assert "1 request would be closed, and there is no terminal to confirm it" in said
    code, found = here.run("bot", "retract", document["run"], "--yes", "--reason", "too early")
    assert (code, [one["state"] for one in found["retracted"]]) == (0, ["closed"])
    (pull,) = here.github.pulls("conda-forge/demo-feedstock")
    assert pull.state == "closed"
    assert pull.comments[-1].body.startswith("Retracted by the operator of this bot: too early")
    assert here.states("--pr") == {"demo": "closed"}
    assert len(here.github.pulls("conda-forge/demo-feedstock")) == 1
    code, said = here.run("bot", "retract", "nothing-like-it", "--yes")
    assert (code, said.splitlines()[0]) == (
        2,
        "error: the ledger has no batch, migration or feedstock nothing-like-it",
    )
    # A person who asks by name gets it again.
    code, document = here.run("bump", "demo", "--pr")
    assert (code, [one["state"] for one in document["requests"]]) == (0, ["opened"])


def test_what_is_only_prepared_is_taken_out_of_the_outbox(here: Here) -> None:
    here.run("bot", "run")
    code, said = here.run("bot", "retract", "demo")
    assert code == 2
    assert "1 prepared change would be taken out of the outbox, and there is no terminal to confirm it" in said
    code, found = here.run("bot", "retract", "demo", "--yes")
    why = "taken out of the outbox: nothing was sent, and it is not proposed again unless somebody asks for it"
    (one,) = found["retracted"]
    assert (code, one["state"], one["reason"], one["url"]) == (0, "removed", why, None)
    assert here.states() == {"demo": "skipped"}
    code = main(["bot", "why", "demo", "--workspace", str(here.folder)])
    said = here.capsys.readouterr().out
    assert "bump 1.1 (main): taken out of the outbox; not proposed again unless somebody asks for it" in said
    assert "closed" not in said


@pytest.mark.parametrize("graphql", [True, False])
def test_what_is_open_is_found_on_github_where_the_ledger_was_lost(here: Here, token: str, graphql: bool) -> None:
    here.github.graphql = graphql
    _, document = here.run("bot", "run", "--pr")
    shutil.rmtree(here.folder / ".dirac-forge")
    code, found = here.run("bot", "why", "demo")
    assert (code, [(one["key"], one["state"]) for one in found["changes"]]) == (0, [("1.1", "open")])
    shutil.rmtree(here.folder / ".dirac-forge")
    code, found = here.run("bot", "retract", document["run"], "--yes")
    assert (code, [one["state"] for one in found["retracted"]]) == (0, ["closed"])
    (pull,) = here.github.pulls("conda-forge/demo-feedstock")
    assert pull.state == "closed"
    shutil.rmtree(here.folder / ".dirac-forge")
    code, found = here.run("bot", "why", "demo")
    ((state, said),) = [(one["state"], one["people"]) for one in found["changes"]]
    assert (code, state) == (0, "retracted")
    assert said.startswith("#1 was closed on ")


def test_a_turn_that_finds_nothing_new_costs_a_few_requests(
    here: Here, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dirac_forge.bot.connections.MANY", 1)
    here.run("bot", "run", "--pr")
    assert here.states("--pr") == {"demo": "unchanged"}
    here.github.forget()
    code, document = here.run("bot", "run", "--pr")
    assert (code, document["idle"], document["requests"]) == (0, True, [])
    assert [line for line in here.github.lines() if not line.endswith(("/user", "/graphql"))] == []
    assert here.github.git_requests == []
    here.github.say("conda-forge/demo-feedstock", 1, "bot", "a comment")
    here.github.pulls("conda-forge/demo-feedstock")[0].updated += 1
    assert here.states("--pr") == {"demo": "unchanged"}
    commit(here.github.path("conda-forge/still-feedstock"), {"README.md": "new\n"})
    _, document = here.run("bot", "run", "--pr")
    assert "idle" not in document
    here.index.publish("still", "still-1.1.tar.gz", release("still", "1.1"))
    assert here.states("--pr") == {"demo": "unchanged", "still": "opened"}


def test_a_turn_without_graphql_is_a_whole_one(here: Here, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dirac_forge.bot.connections.MANY", 1)
    here.github.graphql = False
    for _ in range(3):
        _, document = here.run("bot", "run", "--pr")
        assert "idle" not in document


@pytest.mark.parametrize("how", ["yanked", "deleted"])
def test_the_request_for_a_release_that_upstream_took_back_is_closed(here: Here, token: str, how: str) -> None:
    here.run("bot", "run", "--pr")
    if how == "yanked":
        here.index.publish("demo", "demo-1.1.tar.gz", replace(release("demo", "1.1"), yanked="broken @everybody"))
    else:
        here.index.delete("demo", "demo-1.1.tar.gz")
    shutil.rmtree(here.folder.parent / "cache", ignore_errors=True)
    _, document = here.run("bot", "run", "--pr")
    (request,) = document["requests"]
    said = (
        "1.1 can't be used any more: yanked (broken @everybody)" if how == "yanked" else "upstream no longer offers 1.1"
    )
    assert (request["state"], request["reason"]) == ("closed", said)
    (pull,) = here.github.pulls("conda-forge/demo-feedstock")
    assert pull.state == "closed"
    assert "@everybody" not in pull.comments[-1].body
    here.index.publish("demo", "demo-1.2.tar.gz", release("demo", "1.2"))
    shutil.rmtree(here.folder.parent / "cache", ignore_errors=True)
    assert here.states("--pr") == {"demo": "opened"}


def test_bump_goes_the_same_path(here: Here, token: str) -> None:
    code, document = here.run("bump", "--pr")
    assert code == 0
    assert [(one["feedstock"], one["state"]) for one in document["requests"]] == [("demo", "opened")]
    assert here.states("--pr") == {"demo": "unchanged"}


def test_new_recipes_go_to_staged_recipes_and_feedstocks_that_are_there_do_not(here: Here, token: str) -> None:
    here.github.repository("conda-forge/staged-recipes", {"recipes/example/meta.yaml": "x\n"})
    new = ("--output", str(here.folder / "new"))
    here.index.publish("fresh", "fresh-0.1.tar.gz", release("fresh", "0.1"))
    code, document = here.run("recipe", "fresh", "demo", "--deps", "none", "--pr", options=new)
    assert {one["feedstock"]: one["state"] for one in document["requests"]} == {"fresh": "opened", "demo": "skipped"}
    (pull,) = here.github.pulls("conda-forge/staged-recipes")
    assert pull.title == "fresh 0.1: a new recipe"
    assert pull.pull is not None
    files = here.github.git("bot/staged-recipes", "ls-tree", "-r", "--name-only", pull.pull.head_sha).split()
    assert "recipes/fresh/recipe.yaml" in files
    assert code == 0
    code, document = here.run("recipe", "fresh", "--deps", "none", "--pr", options=new)
    assert [one["state"] for one in document["requests"]] == ["unchanged"]


def test_a_package_that_the_channel_has_is_not_proposed_as_new(here: Here, token: str) -> None:
    here.github.repository("conda-forge/staged-recipes", {"recipes/example/meta.yaml": "x\n"})
    channel = write_channel(here.folder.parent / "has-it", {"noarch": [pkg("fresh 0.2", noarch="python")]})
    here.index.publish("fresh", "fresh-0.1.tar.gz", release("fresh", "0.1"))
    new = ("--output", str(here.folder / "new"), "--channel", str(channel))
    code, document = here.run("recipe", "fresh", "--deps", "none", "--pr", options=new)
    assert (code, document["requests"], document["recipes"][0]["in_channel"]) == (1, [], {"fresh": "0.2"})
    assert here.github.pulls("conda-forge/staged-recipes") == []


def test_a_forge_or_upstream_that_is_down_is_an_unknown_and_nothing_is_lost(here: Here, token: str) -> None:
    here.index.failures = {"/simple/demo/": 503, "/simple/still/": 503}
    code, document = here.run("bot", "run", "--pr")
    assert (code, [one["state"] for one in document["decisions"]]) == (3, ["unknown", "unknown"])
    here.index.failures = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GITHUB_API_URL", "http://127.0.0.1:9/api/v3")
        code, document = here.run("bot", "run", "--pr")
    assert (code, [one["state"] for one in document["requests"]]) == (3, ["unknown"])
    _, why = here.run("bot", "why", "demo")
    assert why["changes"][0]["state"] == "waiting"
    assert "127.0.0.1:9" in why["changes"][0]["error"]
    assert here.states("--pr") == {"demo": "opened"}


def test_a_bot_that_finds_another_at_work_leaves_it_the_work(here: Here) -> None:
    with Ledger.open(here.folder / ".dirac-forge/ledger.sqlite") as ledger, Lease(ledger, holder="elsewhere"):
        code, said = here.run("bot", "run")
    assert (code, said.splitlines()[0].partition(",")[0]) == (
        3,
        "error: another bot is running with this ledger: elsewhere",
    )
    assert here.states() == {"demo": "prepared"}


def test_offline_nothing_is_asked(here: Here) -> None:
    code, said = here.run("bot", "run", "--offline")
    assert (code, said.splitlines()[0]) == (3, "error: offline: repositories can't be fetched")


def test_an_empty_workspace_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bot", "run", "--workspace", str(tmp_path)]) == 2
    assert "there are no feedstocks in" in capsys.readouterr().err


def test_every_goes_on_and_reads_the_settings_anew(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 1:
            (here.folder / "pyproject.toml").write_text("[tool.dirac-forge]\nnonsense = 1\n", encoding="utf-8")
        else:
            raise KeyboardInterrupt

    monkeypatch.setattr(module, "_sleep", sleep)
    code = main(["bot", "run", "--every", "6h", "--workspace", str(here.folder), "--index-url", here.index.url])
    captured = here.capsys.readouterr()
    assert (code, slept) == (130, [21600, 21600])
    assert "done; the next run is in 360 min" in captured.err
    assert "unknown key 'nonsense'" in captured.err


def test_every_does_not_wait_where_the_first_run_is_wrong_use(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_sleep", lambda _: pytest.fail("it waited"))
    assert main(["bot", "run", "dem", "--every", "6h", "--workspace", str(here.folder)]) == 2
    assert "there is no feedstock dem" in here.capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "seconds"), [("6h", 21600), ("30m", 1800), ("1d", 86400), ("1h30m", 5400), ("90 s", 90), ("0.5h", 1800)]
)
def test_times(text: str, seconds: float) -> None:
    assert _seconds(text) == seconds


@pytest.mark.parametrize("text", ["6", "h", "6 hours", "1s", "-6h", "6h!"])
def test_what_is_no_time_is_told(text: str) -> None:
    with pytest.raises(InputError, match=r"--every .*: (expected|must be)"):
        _seconds(text)


def test_lines_of_json_on_stderr_replace_progress(here: Here) -> None:
    assert (
        main(["bot", "run", "--log-format", "json", "--workspace", str(here.folder), "--index-url", here.index.url])
        == 0
    )
    lines = [json.loads(line) for line in here.capsys.readouterr().err.splitlines()]
    assert {line["step"] for line in lines} >= {"start", "looked", "decided", "prepared", "end"}


def test_json_and_every_contradict_each_other(here: Here) -> None:
    code, said = here.run("bot", "run", "--every", "6h")
    assert (code, said.splitlines()[0]) == (2, "error: --json prints one document, but --every runs forever")


def test_no_program_gets_the_token_but_git_where_it_asks_the_forge(
    here: Here, token: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Arguments of all programs, the environment of conda-smithy, and all that is written."""
    programs, told = tmp_path / "bin", tmp_path / "told"
    programs.mkdir()
    told.mkdir()
    git = shutil.which("git")
    scripts = {
        "git": f'echo "$@" >> {told}/arguments\nexec {git} "$@"\n',
        "conda-smithy": f'env >> {told}/environment\necho "$@" >> {told}/arguments\n'
        '[ "$1" = --version ] && echo "conda-smithy, version 2026.1.3"\nexit 0\n',
    }
    for name, script in scripts.items():
        (programs / name).write_text(f"#!/bin/sh\n{script}", encoding="utf-8")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    assert here.run("bot", "run", "--pr", "--log", str(tmp_path / "log.jsonl"))[0] == 0
    assert here.run("bot", "why", "demo")[0] == 0
    assert "rerender" not in (told / "arguments").read_text(encoding="utf-8")
    assert "push" in (told / "arguments").read_text(encoding="utf-8")
    files = [path for path in tmp_path.rglob("*") if path.is_file() and tmp_path / "github" not in path.parents]
    assert len(files) > 20
    assert [path for path in files if token.encode() in path.read_bytes()] == []
    assert token not in "".join(here.said)


def test_an_outbox_that_can_not_be_written_is_said_before_anything_is_done(here: Here) -> None:
    (here.folder / "outbox").write_text("x", encoding="utf-8")
    code, said = here.run("bot", "run")
    place = here.folder / "outbox"
    assert code == 3
    assert said.startswith(
        f"error: {place} can't be written: {place} is not a folder; prepared changes are kept there\n"
    )
    assert "--outbox" in said


def test_a_ledger_that_can_not_be_written_is_an_open_question(here: Here, token: str) -> None:
    (here.folder / ".dirac-forge").write_text("x", encoding="utf-8")
    code, said = here.run("bot", "run", "--pr")
    assert code == 3
    assert "can't be written" in said
    assert "--ledger" in said

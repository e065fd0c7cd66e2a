"""The bot and the workspace's migrations: wave by wave, from what the channel has."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dirac_forge.cli import main
from support.bots import TOKEN, without_spacing
from support.channel import pkg, write_channel
from support.github import GitHub, bare
from support.index import PackageIndex

pytestmark = pytest.mark.skipif(
    sys.platform == "win32" or shutil.which("git") is None, reason="the local GitHub needs git and a POSIX system"
)

MIGRATION = "__migrator:\n  kind: version\n  migration_number: 1\nlib:\n- '2'\nmigrator_ts: 1700000000\n"
FEEDSTOCKS = {"lib": (), "a": ("lib",), "b": ("lib", "a"), "c": ("zlib",)}
OLD = [
    pkg("lib 1.4"),
    pkg("lib 2.0"),
    pkg("zlib 1.0"),
    pkg("a 1.0", "lib >=1.4,<2.0a0"),
    pkg("b 1.0", "lib >=1.4,<2.0a0", "a"),
    pkg("c 1.0"),
]
CONFIGURATION = "provider: {osx_64: null, win_64: null}\nbot: {abi_migration_branches: [v1]}\n"


def recipe(name: str, *host: str) -> str:
    needs = "".join(f"    - {package}\n" for package in host)
    exports = f"  run_exports:\n    - {name}\n" if name == "lib" else ""
    head = f"package:\n  name: {name}\n  version: '1.0'\nbuild:\n  number: 0\n{exports}"
    return head + (f"requirements:\n  host:\n{needs}" if needs else "")


class Here:
    def __init__(self, folder: Path, github: GitHub, index: PackageIndex, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.github = github
        self.index = index
        self.capsys = capsys
        for name, needs in FEEDSTOCKS.items():
            files = {"recipe/meta.yaml": recipe(name, *needs), "conda-forge.yml": CONFIGURATION}
            github.repository(f"conda-forge/{name}-feedstock", dict(files))
            (folder / "workspace/feedstocks" / name / "recipe").mkdir(parents=True)
            (folder / "workspace/feedstocks" / name / "recipe/meta.yaml").write_text(
                files["recipe/meta.yaml"], encoding="utf-8"
            )
        github.git("conda-forge/a-feedstock", "branch", "v1", "main")
        (folder / "workspace/feedstocks/a@v1/recipe").mkdir(parents=True)
        (folder / "workspace/feedstocks/a@v1/recipe/meta.yaml").write_text(recipe("a", "lib"), encoding="utf-8")
        (folder / "workspace/migrations").mkdir()
        (folder / "workspace/migrations/lib2.yaml").write_text(MIGRATION, encoding="utf-8")
        self.channel()

    def channel(self, *more: dict[str, Any]) -> None:
        write_channel(self.folder / "channel", {"linux-64": [*OLD, *more]})

    def run(self, *arguments: str) -> tuple[int, Any]:
        """Exit code and JSON document."""
        options = ["--workspace", str(self.folder / "workspace"), "--index-url", self.index.url, "--json"]
        code = main([*arguments, *options, "--channel", str(self.folder / "channel"), "-q"])
        return code, json.loads(self.capsys.readouterr().out)

    def rebuilds(self, document: Any) -> dict[tuple[str, str], str]:
        found = [one for one in document["requests"] if one["kind"] == "migration"]
        return {(one["feedstock"], one["branch"]): one["state"] for one in found}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Here]:
    with GitHub(tmp_path / "github") as github, PackageIndex({}) as index:
        github.user("bot", token=TOKEN)
        monkeypatch.setenv("GITHUB_API_URL", github.api_url)
        monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
        without_spacing(monkeypatch)
        monkeypatch.setenv("DIRAC_FORGE_CACHE", str(tmp_path / "cache"))
        monkeypatch.setenv("DIRAC_FORGE_FEEDSTOCK_URL", f"{github.url}/conda-forge/{{name}}-feedstock")
        yield Here(tmp_path, github, index, capsys)


def test_waves_go_one_after_the_other_as_the_channel_gets_what_was_merged(here: Here) -> None:
    _, document = here.run("bot", "run", "--pr")
    assert here.rebuilds(document) == {("a", "main"): "opened", ("a", "v1"): "opened"}
    first, second = here.github.pulls("conda-forge/a-feedstock")
    assert sorted(one.pull.base_ref for one in (first, second) if one.pull) == ["main", "v1"]
    main_one = first if first.pull and first.pull.base_ref == "main" else second
    assert main_one.pull is not None
    files = here.github.git("bot/a-feedstock", "ls-tree", "-r", "--name-only", main_one.pull.head_sha).split()
    assert ".ci_support/migrations/lib2.yaml" in files

    _, status = here.run("migrate", "status", "lib2")
    states = {one["feedstock"]: (one["state"], one["evidence"]) for one in status["feedstocks"]}
    url = f"{here.github.url}/conda-forge/a-feedstock/pull/{main_one.number}"
    assert states["a"] == ("in-pr", url)
    assert states["b"][0] == "awaiting-parents"

    _, document = here.run("bot", "run", "--pr")
    assert here.rebuilds(document) == {("a", "main"): "unchanged", ("a", "v1"): "unchanged"}

    here.github.merge("conda-forge/a-feedstock", main_one.number)
    _, document = here.run("bot", "run", "--pr")
    assert here.rebuilds(document)["a", "main"] == "merged"
    assert ("b", "main") not in here.rebuilds(document)

    here.channel(pkg("a 1.0", "lib >=2.0,<3.0a0", build="h_1", number=1))
    _, document = here.run("bot", "run", "--pr")
    assert here.rebuilds(document)["b", "main"] == "opened"
    _, why = here.run("bot", "why", "a")
    assert {one["branch"]: one["state"] for one in why["changes"]} == {"main": "done", "v1": "open"}


def test_a_rebuild_of_a_release_line_is_done_when_the_channel_has_it(here: Here) -> None:
    older = {"recipe/meta.yaml": recipe("a", "lib").replace("1.0", "0.9")}
    bare.commit(here.github.path("conda-forge/a-feedstock"), "v1", older, message="The older line")
    _, document = here.run("bot", "run", "--pr")
    assert here.rebuilds(document)["a", "v1"] == "opened"
    (line,) = [one for one in here.github.pulls("conda-forge/a-feedstock") if one.pull and one.pull.base_ref == "v1"]
    here.github.merge("conda-forge/a-feedstock", line.number)
    _, document = here.run("bot", "run", "--pr")
    assert here.rebuilds(document)["a", "v1"] == "merged"
    here.channel(pkg("a 0.9", "lib >=2.0,<3.0a0", build="h_1", number=1))
    here.run("bot", "run", "--pr")
    _, why = here.run("bot", "why", "a")
    assert {one["branch"]: one["state"] for one in why["changes"]} == {"main": "open", "v1": "done"}


def test_migrate_run_goes_the_same_path(here: Here) -> None:
    code, document = here.run("migrate", "run", "lib2", "--pr")
    assert (code, here.rebuilds(document)) == (0, {("a", "main"): "opened", ("a", "v1"): "opened"})
    _, document = here.run("bot", "run", "--pr")
    assert here.rebuilds(document)["a", "main"] == "unchanged"


def test_a_migration_that_is_paused_or_broken_stops_no_other(here: Here) -> None:
    (here.folder / "workspace/migrations/broken.yaml").write_text("a: [\n", encoding="utf-8")
    (here.folder / "workspace/pyproject.toml").write_text(
        '[tool.dirac-forge.bot]\npaused = ["lib2"]\n', encoding="utf-8"
    )
    code, document = here.run("bot", "run", "--pr")
    assert code == 1
    assert here.rebuilds(document) == {}
    assert {one["reason"] for one in document["held"]} == {"lib2 is paused"}
    (broken,) = [one for one in document["decisions"] if one["found"] == "broken"]
    assert (broken["state"], broken["feedstock"]) == ("failed", "")


def test_a_migration_whose_own_file_pauses_it_opens_nothing_and_leaves_open_requests(here: Here) -> None:
    path = here.folder / "workspace/migrations/lib2.yaml"
    path.write_text(MIGRATION.replace("__migrator:\n", "__migrator:\n  paused: true\n"), encoding="utf-8")
    code, document = here.run("bot", "run", "--pr")
    assert (code, here.rebuilds(document)) == (0, {})
    assert {one["reason"] for one in document["held"]} == {"lib2 is paused"}

    path.write_text(MIGRATION, encoding="utf-8")
    _, document = here.run("bot", "run", "--pr")
    assert here.rebuilds(document) == {("a", "main"): "opened", ("a", "v1"): "opened"}

    path.write_text(MIGRATION.replace("__migrator:\n", "__migrator:\n  paused: true\n"), encoding="utf-8")
    _, document = here.run("bot", "run", "--pr")
    assert {one["reason"] for one in document["held"]} == {"lib2 is paused; its request is left open"}
    _, why = here.run("bot", "why", "a")
    assert [one["state"] for one in why["changes"]] == ["open", "open"]


def test_a_faulty_migration_does_not_fail_a_run_for_named_feedstocks(here: Here) -> None:
    path = here.folder / "workspace/migrations/free.yaml"
    path.write_text("__migrator: {allowlist_file: free.txt}\nzlib:\n- '2'\n", encoding="utf-8")
    code, document = here.run("bot", "run", "c")
    assert (code, [each for each in document["decisions"] if each["state"] == "failed"]) == (0, [])
    code, document = here.run("bot", "run")
    (failed,) = [each for each in document["decisions"] if each["state"] == "failed"]
    assert (code, failed["found"]) == (1, "free")

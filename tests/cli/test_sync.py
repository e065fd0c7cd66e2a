"""`dirac-forge sync` from the outside, on a folder of bare repositories."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from dirac_forge.cli import main
from support.channel import pkg, write_channel
from support.server import Answer, Server

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DIRAC_FORGE_CACHE", str(tmp_path / "cache"))
    work = tmp_path / "work"
    (work / "recipe").mkdir(parents=True)
    (work / "recipe/meta.yaml").write_text("package: {name: a, version: 1}\n", encoding="utf-8")
    options = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    for arguments in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-qm", "first"), ("branch", "v1")):
        subprocess.run(("git", "-C", str(work), *options, *arguments), check=True)
    for name in ("a", "b"):
        place = tmp_path / f"repositories/{name}-feedstock.git"
        subprocess.run(("git", "clone", "-q", "--bare", str(work), str(place)), check=True)
    settings = f'feedstock-url = "{tmp_path}/repositories/{{name}}-feedstock"\n'
    lines = '[tool.dirac-forge.feedstocks.a]\nbranches = { main = ">=2", v1 = "<2" }\n'
    (tmp_path / "workspace").mkdir()
    (tmp_path / "workspace/pyproject.toml").write_text(f"[tool.dirac-forge]\n{settings}{lines}", encoding="utf-8")
    return tmp_path / "workspace"


def states(workspace: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, str]]:
    code = main(["sync", *arguments, "--workspace", str(workspace), "-q", "--json"])
    found = json.loads(capsys.readouterr().out)["feedstocks"]
    return code, {one["feedstock"]: one["state"] for one in found}


def test_by_name_with_release_lines(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert states(workspace, capsys, "a") == (0, {"a": "new", "a@v1": "new"})
    assert states(workspace, capsys, "a@v1", "b") == (0, {"a@v1": "unchanged", "b": "new"})
    assert states(workspace, capsys, "gone") == (1, {"gone": "missing"})


def test_release_lines_that_a_feedstock_wants_rebuilt_are_fetched_too(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    work = tmp_path / "work"
    (work / "conda-forge.yml").write_text("bot: {abi_migration_branches: [v1, gone, 'v*']}\n", encoding="utf-8")
    options = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    push = ("push", "-q", str(tmp_path / "repositories/b-feedstock.git"), "main")
    for arguments in (("add", "-A"), ("commit", "-qm", "lines"), push):
        subprocess.run(("git", "-C", str(work), *options, *arguments), check=True)
    found = {"b": "new", "b@v1": "new", "b@gone": "missing", "b@v*": "missing"}
    assert states(workspace, capsys, "b") == (1, found)


def test_archived_feedstocks_are_told_and_left_out(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert states(workspace, capsys, "a", "b")[1]["b"] == "new"
    listed = json.dumps({"active": ["a"], "archived": ["b", "old"]}).encode()
    with Server(lambda asked: Answer(body=listed)) as server:
        monkeypatch.setenv("DIRAC_FORGE_INTERNAL_HOSTS", "127.0.0.1")
        monkeypatch.setattr("dirac_forge.cli.sync._ALL", f"{server.url}/all_feedstocks.json")
        monkeypatch.setattr("dirac_forge.cli.sync._CONDA_FORGE", re.compile("repositories"))
        assert states(workspace, capsys, "a", "b", "old") == (
            0,
            {"a": "unchanged", "a@v1": "unchanged", "b": "archived", "old": "archived"},
        )
    noted = (workspace / "feedstocks/archived.txt").read_text(encoding="utf-8")
    assert noted.splitlines()[1:] == ["b", "old"]
    for name in "ab":
        text = f"package: {{name: {name}, version: 1}}\nrequirements:\n  host:\n    - lib\n"
        (workspace / f"feedstocks/{name}/recipe/meta.yaml").write_text(text, encoding="utf-8")
    (workspace / "lib2.yaml").write_text("__migrator: {}\nlib:\n- '2'\n", encoding="utf-8")
    assert main(["migrate", "plan", str(workspace / "lib2.yaml"), "--workspace", str(workspace), "--json", "-q"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert [member["feedstock"] for member in plan["members"]] == ["a"]
    assert {"feedstock": "b", "reason": "its repository is archived"} in plan["excluded"]


def test_all_of_a_folder(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert states(workspace, capsys, "--all") == (0, {"a": "new", "b": "new"})


def test_the_closure_of_a_target(workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "channel/linux-64"
    folder.mkdir(parents=True)
    packages = {
        f"{name}-1-h_0.conda": {
            "name": name,
            "version": "1",
            "build": "h_0",
            "build_number": 0,
            "subdir": "linux-64",
            "depends": depends,
        }
        for name, depends in {"a": ["b", "c"], "b": [], "c": []}.items()
    }
    repodata = {"info": {"subdir": "linux-64"}, "packages": {}, "packages.conda": packages}
    (folder / "repodata.json").write_text(json.dumps(repodata), encoding="utf-8")
    arguments = ["--closure", "a", "--channel", str(tmp_path / "channel"), "--platform", "linux-64"]
    assert states(workspace, capsys, *arguments) == (0, {"a": "new", "b": "new"})


def test_the_closure_of_a_target_without_a_solution_is_unknown(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_channel(tmp_path / "channel", {"linux-64": [pkg("a 1", "nothing")]})
    arguments = ["--closure", "a", "--channel", str(tmp_path / "channel"), "--platform", "linux-64"]
    assert main(["sync", "--workspace", str(workspace), *arguments]) == 3
    told = capsys.readouterr().err
    assert "warning: a has no solution on linux-64: its closure there is unknown\n" in told
    assert "error: the closure of a is unknown\n`dirac-forge check a` says why.\n" in told


def test_local_changes_are_said(
    workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")  # where the tests run may be a long way down
    states(workspace, capsys, "b")
    path = workspace / "feedstocks/b/recipe/meta.yaml"
    path.write_text("mine\n", encoding="utf-8")
    assert main(["sync", "b", "--workspace", str(workspace), "-q"]) == 1
    assert f"{workspace}/feedstocks/b has local changes" in capsys.readouterr().out
    assert states(workspace, capsys, "b", "--force") == (0, {"b": "updated"})
    assert path.read_text(encoding="utf-8") != "mine\n"


def test_offline_is_unknown(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (workspace / "pyproject.toml").write_text("", encoding="utf-8")
    assert main(["sync", "a", "--workspace", str(workspace), "--offline"]) == 3
    assert capsys.readouterr().err.startswith("error: offline: repositories can't be fetched\n")


def test_unknown_keys_of_conda_forge_yml_are_warned_of(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    work = tmp_path / "again"
    bare = tmp_path / "repositories/b-feedstock.git"
    subprocess.run(("git", "clone", "-q", str(bare), str(work)), check=True)
    (work / "conda-forge.yml").write_text("proivder: {}\n", encoding="utf-8")
    author = ("-c", "user.name=me", "-c", "user.email=me@example.org")
    subprocess.run(("git", "-C", str(work), "add", "."), check=True)
    subprocess.run(("git", "-C", str(work), *author, "commit", "-qm", "settings"), check=True)
    subprocess.run(("git", "-C", str(work), "push", "-q"), check=True)
    assert main(["sync", "b", "--workspace", str(workspace), "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["feedstocks"][0]["state"] == "new"
    problem = "b/conda-forge.yml:1: proivder is not a key of conda-forge.yml; the nearest one is provider"
    assert f"warning: {problem}" in " ".join(err.split())

"""`dirac-forge bump` from the outside."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from dirac_forge.cli import main
from support.archives import sdist
from support.index import IndexFile, PackageIndex
from support.server import Answer, Server, dead_port

OLD = "a" * 64
ARCHIVE = sdist("demo", "1.1", {"setup.py": ""})
SHA256 = hashlib.sha256(ARCHIVE).hexdigest()


def recipe(url: str) -> str:
    return (
        "context:\r\n  version: '1.0'\r\npackage:\r\n  name: demo\r\n  version: ${{ version }}\r\n"
        f"source:\r\n  url: {url}\r\n  sha256: {OLD}\r\nbuild:\r\n  number: 2\r\n"
    )


PYPI = "https://pypi.org/packages/source/d/demo/demo-${{ version }}.tar.gz"


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DIRAC_FORGE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("DIRAC_FORGE_INTERNAL_HOSTS", "127.0.0.1")  # sources of the recipes are served from there
    put(tmp_path, "demo", recipe(PYPI))
    return tmp_path


def put(workspace: Path, name: str, text: str) -> Path:
    path = workspace / "feedstocks" / name / "recipe/recipe.yaml"
    path.parent.mkdir(parents=True)
    path.write_bytes(text.encode())
    return path


def run(workspace: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[dict[str, Any]]]:
    code = main(["bump", *arguments, "--workspace", str(workspace), "--no-check", "-q", "--json"])
    return code, json.loads(capsys.readouterr().out)["bumps"]


def test_the_newest_release_is_found_written_and_then_there_is_nothing_more(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = workspace / "feedstocks/demo/recipe/recipe.yaml"
    files: dict[str, bytes | IndexFile] = {
        "demo-1.0.tar.gz": ARCHIVE,
        "demo-1.1.tar.gz": ARCHIVE,
        "demo-1.2.tar.gz": IndexFile(content=b"", yanked="bad"),
    }
    with PackageIndex({"demo": files}) as index:
        code, (found,) = run(workspace, capsys, "--write", "--index-url", index.url)
        assert (code, found["status"], found["from"], found["to"]) == (0, "proposed", "1.0", "1.1")
        assert found["rejected"] == [{"version": "1.2", "reason": "yanked (bad)"}]
        assert (found["checks"], found["waits_for"], found["branch"]) == ([], [], "main")
        assert found["hashes"][0]["origin"] == "index"
        assert [edit["path"] for edit in found["edits"]] == ["recipe/recipe.yaml"]
        expected = recipe(PYPI).replace("1.0", "1.1").replace(OLD, SHA256).replace("number: 2", "number: 0")
        assert path.read_bytes() == expected.encode()
        code, (again,) = run(workspace, capsys, "--write", "--index-url", index.url)
        assert (code, again["status"]) == (0, "skipped")
        assert again["reason"] == "1.1 is the newest release that fits (1.2: yanked (bad))"
        assert path.read_bytes() == expected.encode()


def test_a_second_recipe_is_told(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (workspace / "feedstocks/demo/recipe/meta.yaml").write_bytes(b"\xff\xfe")
    (workspace / "feedstocks/demo/conda-forge.yml").write_text("conda_build_tool: rattler-build\n", encoding="utf-8")
    arguments = ("--workspace", str(workspace), "--no-check")
    with PackageIndex({"demo": {"demo-1.0.tar.gz": ARCHIVE, "demo-1.1.tar.gz": ARCHIVE}}) as index:
        _, (found,) = run(workspace, capsys, "--index-url", index.url)
        assert found["notes"][0] == (
            "recipe/meta.yaml is a second recipe, which is neither built nor edited: remove it, or the other"
        )
        assert main(["bump", "demo", "--write", "--index-url", index.url, *arguments]) == 0
        capsys.readouterr()
        assert main(["bump", "demo", "--index-url", index.url, *arguments]) == 0
    said = " ".join(capsys.readouterr().err.split())
    assert (
        "demo: two recipes: recipe/recipe.yaml is read, recipe/meta.yaml is not (conda_build_tool in conda-forge.yml "
        "decides which is built)" in said
    )


def test_all_given_asks_nobody(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    known = workspace / "known.json"
    known.write_text(
        json.dumps({"https://pypi.org/packages/source/d/demo/demo-3.0.tar.gz": "b" * 64}), encoding="utf-8"
    )
    folder = str(workspace / "feedstocks/demo")
    options = ("--to", "3.0", "--offline", "--known-sha256", str(known), "--dependencies", "off")
    code, (found,) = run(workspace, capsys, folder, *options)
    assert (code, found["to"], found["hashes"][0]["origin"]) == (0, "3.0", "given")
    assert OLD in (workspace / "feedstocks/demo/recipe/recipe.yaml").read_text(encoding="utf-8")  # not without --write
    code, (found,) = run(workspace, capsys, "demo", "--to", "1.0", "--offline")
    assert (code, found["status"], found["reason"]) == (0, "skipped", "it is already at 1.0")


def test_what_nobody_knows_is_told_for_each_feedstock_and_the_others_go_on(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(workspace, "elsewhere", recipe("https://example.com/demo.tar.gz"))
    put(workspace, "broken", "a: [")
    with PackageIndex({"demo": {"demo-1.1.tar.gz": ARCHIVE}}) as index:
        code, found = run(workspace, capsys, "--index-url", index.url)
    assert code == 2  # a recipe can't be read
    assert [(one["feedstock"], one["status"]) for one in found] == [
        ("broken", "skipped"),
        ("demo", "proposed"),
        ("elsewhere", "skipped"),
    ]
    assert found[2]["reason"] == "none of its sources has the version in its URL or tag"


@pytest.mark.parametrize(
    ("answer", "code", "reason"),
    [
        (Answer(status=404), 1, "404"),
        (Answer(body=b"<!doctype html>"), 1, "the server sent a web page"),
        (Answer(headers={"Content-Length": str(10 * 1024**3)}, hang_up=True), 1, "limit"),
        (Answer(status=403), 3, "403"),
    ],
)
def test_files_that_are_not_there(
    answer: Answer, code: int, reason: str, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Server(lambda asked: answer if "demo-2.0.tar.gz" in asked.path else Answer(status=404)) as server:
        path = put(workspace, "elsewhere", recipe(f"{server.url}/demo-${{{{ version }}}}.tar.gz"))
        before = path.read_bytes()
        got, (found,) = run(workspace, capsys, "elsewhere", "--to", "2.0", "--write")
    status = "unknown" if code == 3 else "skipped"
    assert (got, found["status"], path.read_bytes()) == (code, status, before)
    assert found["reason"].startswith(f"{server.url}/demo-2.0.tar.gz")
    assert reason in found["reason"]


def test_an_index_that_does_not_answer_is_unknown(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, (found,) = run(workspace, capsys, "demo", "--index-url", f"http://127.0.0.1:{dead_port()}/simple/")
    assert (code, found["status"], found["kind"]) == (3, "unknown", "unknown")


def test_a_recipe_without_a_version_is_unreadable(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(workspace, "none", "package:\n  name: none\nbuild:\n  number: 0\n")
    code, (found,) = run(workspace, capsys, "none", "--to", "2.0")
    assert (code, found["kind"]) == (2, "unreadable")
    assert found["reason"].endswith("recipe.yaml: its version can't be determined")


def test_text_for_people(workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    put(workspace, "same", recipe(PYPI).replace("'1.0'", "'1.1'"))
    options = ("--workspace", str(workspace), "--no-check", "-q", "--dependencies", "off", "--index-url")
    with PackageIndex({"demo": {"demo-1.0.tar.gz": ARCHIVE, "demo-1.1.tar.gz": ARCHIVE}}) as index:
        assert main(["bump", *options, index.url]) == 0
        overview = capsys.readouterr().out
        assert main(["bump", "demo", "--write", *options, index.url]) == 0
        named = capsys.readouterr().out
    assert [line.rstrip() for line in overview.splitlines()] == [
        "feedstock  version    released    status",
        "demo       1.0 → 1.1  2026-01-02  proposed  not proven",
        "",
        "Nothing to do",
        "  - 1 is up to date: same 1.1",
        "",
        "1 proposed, 1 up to date; nothing was written: --write does that.",
    ]
    assert f"\n+  sha256: {SHA256}\n" in named
    assert named.endswith("\n1 written.\n")


def test_wrong_use(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(workspace, "other", recipe(PYPI))
    known = workspace / "known.json"
    known.write_text("[", encoding="utf-8")
    for arguments, message in (
        (("--to", "2.0"), "--to needs exactly one feedstock"),
        (("demo", "--to", ""), "--to needs a version"),
        (("nowhere",), f"there is no feedstock nowhere in {workspace / 'feedstocks'}"),
        (("demo", "--known-sha256", str(known)), f"--known-sha256: {known} can't be read"),
    ):
        assert main(["bump", *arguments, "--workspace", str(workspace), "-q"]) == 2
        assert message in capsys.readouterr().err


def test_a_build_is_refused_beside_a_token_in_the_environment(
    workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_" + "0" * 36)
    assert main(["bump", "demo", "--build", "--pr", "--workspace", str(workspace)]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "--build runs upstream code, which could read GITHUB_TOKEN in the environment" in said
    assert "nothing was done" in said
    assert "GITHUB_TOKEN_FILE" in said


def test_without_a_workspace_nothing_is_said_to_be_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["bump"]) == 2
    assert f"There is no workspace in {tmp_path} or above it" in " ".join(capsys.readouterr().err.split())
    assert main(["bump", "--workspace", str(tmp_path)]) == 2
    assert "or above it" not in capsys.readouterr().err


@pytest.mark.parametrize("command", ["bump", "build", "bot run"])
def test_a_workspace_without_feedstocks_is_wrong_use(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    (tmp_path / "feedstocks").mkdir()
    assert main([*command.split(), "--workspace", str(tmp_path), "--offline", "--channel", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert f"error: there are no feedstocks in {tmp_path / 'feedstocks'}\n`dirac-forge sync NAME...`" in said


def test_a_version_that_no_index_has_is_a_no_whatever_other_hosts_say(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dead = f"http://127.0.0.1:{dead_port()}/LICENSE-${{{{ version }}}}"
    text = recipe(PYPI).replace("source:\r\n  url", "source:\r\n- url")
    put(workspace, "two", text.replace("build:", f"- url: {dead}\r\n  sha256: {OLD}\r\nbuild:"))
    with PackageIndex({"demo": {"demo-1.0.tar.gz": ARCHIVE, "demo-1.2b1.tar.gz": ARCHIVE}}) as index:
        code, (found,) = run(workspace, capsys, "two", "--to", "9", "--index-url", index.url)
    assert (code, found["kind"]) == (1, "no")
    assert found["reason"] == "the index has no demo 9; the newest is 1.0"


def test_a_yanked_version_that_was_asked_for_is_proposed_with_a_warning(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(workspace, "two", recipe(PYPI))
    yanked = IndexFile(content=ARCHIVE, yanked="it breaks the build")
    with PackageIndex({"demo": {"demo-1.0.tar.gz": ARCHIVE, "demo-1.1.tar.gz": yanked}}) as index:
        options = ("--no-check", "--dependencies", "off", "--index-url", index.url)
        _, (asked,) = run(workspace, capsys, "two", "--to", "1.1", *options)
        _, (found,) = run(workspace, capsys, "two", *options)
    warning = "1.1 was requested; without --to it would be skipped: yanked (it breaks the build)"
    assert (asked["status"], warning in asked["notes"], warning in asked["body"]) == ("proposed", True, True)
    assert found["status"] == "skipped"
    assert found["reason"] == "1.0 is the newest release that fits (1.1: yanked (it breaks the build))"

"""doctor, on this machine and loopback hosts."""

from __future__ import annotations

import json
import os
import stat
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dirac_forge.cli import doctor as looking
from dirac_forge.cli import main
from dirac_forge.cli.findings import Check
from dirac_forge.pullrequest.ledger import Ledger
from support.index import PackageIndex
from support.server import Answer, Asked, Server, dead_port

Findings = dict[str, dict[str, Any]]


@pytest.fixture
def doctor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Findings]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIRAC_FORGE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("dirac_forge.cli.doctor.detect", lambda: "bwrap")

    def run(*arguments: str, code: int = 0) -> Findings:
        assert main(["doctor", "--json", *arguments]) == code
        return {finding["name"]: finding for finding in json.loads(capsys.readouterr().out)["findings"]}

    return run


def channel(asked: Asked) -> Answer:
    return Answer(body=b"{}") if asked.path == "/c/noarch/repodata.json" else Answer(status=404)


def test_all_is_well(doctor: Callable[..., Findings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = tmp_path / "snapshot"
    (snapshot / "noarch").mkdir(parents=True)
    (snapshot / "noarch" / "repodata.json").write_text("{}", encoding="utf-8")
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "entry").write_bytes(bytes(200_000))
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_0123456789abcdefghij")
    with PackageIndex({}) as index, Server(channel) as server:
        monkeypatch.setenv("GITHUB_API_URL", server.url)
        found = doctor("--index-url", index.url, "--channel", f"{server.url}/c", "--channel", snapshot.as_uri())
    statuses = {name: finding["status"] for name, finding in found.items() if name not in ("git", "conda-smithy")}
    assert statuses == {
        "python": "ok",
        "build": "ok",
        "github token": "ok",
        "bot": "ok",
        f"channel {server.url}/c": "ok",
        f"channel {snapshot.as_uri()}": "ok",
        "index": "ok",
        "cache": "ok",
        "disk": "ok",
    }
    assert found["cache"]["detail"] == f"{tmp_path / 'cache'}: 1 file, 0.2 MB"
    assert "ghp_" not in json.dumps(found)
    assert index.lines() == ["GET /simple/"]


def test_hosts_that_do_not_answer(doctor: Callable[..., Findings], tmp_path: Path) -> None:
    dead = f"http://127.0.0.1:{dead_port()}"
    (tmp_path / "empty").mkdir()
    with Server(lambda _: Answer(status=404)) as server:
        channels = ("--channel", f"{dead}/c", "--channel", str(tmp_path / "empty"))
        found = doctor("--index-url", server.url, *channels, code=1)
    assert found["index"]["status"] == "missing"
    assert found["index"]["detail"] == f"{server.url}/: there is nothing here (404 Not Found)"
    assert found[f"channel {dead}/c"]["status"] == "unknown"
    assert found[f"channel {dead}/c"]["detail"] == (
        f"{dead}/c/noarch/repodata.json.zst can't be reached: connection refused"
    )
    assert found[f"channel {tmp_path / 'empty'}"]["status"] == "missing"


def test_what_does_not_answer_leaves_open_whether_all_is_there(
    doctor: Callable[..., Findings], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dead = f"http://127.0.0.1:{dead_port()}"
    arguments = ("--index-url", dead, "--channel", f"{dead}/c")
    found = doctor(*arguments, code=3)
    assert (found["index"]["status"], found[f"channel {dead}/c"]["status"]) == ("unknown", "unknown")
    assert main(["doctor", *arguments]) == 3
    assert capsys.readouterr().out.endswith(": whether everything that is required is available is unknown\n")


def test_a_workspace_that_can_not_be_written(
    doctor: Callable[..., Findings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    access = os.access  # root may write anywhere
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path and access(path, mode))
    found = doctor("--offline")["disk"]
    assert found["status"] == "missing"
    assert found["detail"].endswith(" GB free; can't be written")


def test_the_bots_ledger_is_looked_at_and_left_as_it_is(doctor: Callable[..., Findings], tmp_path: Path) -> None:
    path = tmp_path / ".dirac-forge/ledger.sqlite"
    outbox = tmp_path / "outbox"
    assert doctor("--offline")["bot"]["detail"] == f"no run yet; its ledger is {path}, its outbox {outbox}"
    assert not path.parent.exists()
    with Ledger.open(path, clock=lambda: datetime(2026, 1, 5, 14, 3, tzinfo=UTC)) as ledger:
        ledger.start_run()
    assert doctor("--offline")["bot"]["detail"].startswith("last run 2026-01-05 14:03 UTC; ")
    path.write_bytes(b"nonsense" * 100)
    found = doctor("--offline")["bot"]
    assert (found["status"], found["detail"]) == ("unknown", f"{path}: can't be read: file is not a database")
    assert path.read_bytes() == b"nonsense" * 100


def test_offline(doctor: Callable[..., Findings]) -> None:
    found = doctor("--offline")
    assert found["index"]["detail"] == "not asked: offline"
    assert found["channel conda-forge"]["detail"] == "not asked: offline"


@pytest.mark.skipif(sys.platform == "win32", reason="programs are shell scripts here")
def test_programs(doctor: Callable[..., Findings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = doctor("--offline", code=1)  # without git nothing works
    assert (found["git"]["status"], found["conda-smithy"]["status"]) == ("missing", "missing")
    for name, body in {"git": "echo git version 2.50.1", "conda-smithy": "exit 1"}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        (tmp_path / name).chmod(stat.S_IRWXU)
    found = doctor("--offline")
    assert found["git"]["detail"] == f"2.50.1 ({tmp_path / 'git'})"
    assert found["conda-smithy"]["status"] == "unknown"


def test_a_token_in_a_file_is_found(
    doctor: Callable[..., Findings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN_FILE", str(tmp_path / "token"))
    missing = doctor("--offline")["github token"]
    assert (missing["status"], missing["remedy"]) == ("missing", "It must be the path of a file with the token.")
    (tmp_path / "token").write_text("ghp_0123456789abcdefghij\n", encoding="utf-8")
    found = doctor("--offline")["github token"]
    assert (found["status"], found["detail"]) == ("ok", "in the file that GITHUB_TOKEN_FILE names")


def test_a_cache_that_can_not_be_written(
    doctor: Callable[..., Findings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("DIRAC_FORGE_CACHE", str(tmp_path / "file"))
    found = doctor("--offline")
    assert found["cache"]["status"] == "missing"
    assert os.path.exists(tmp_path / "file")  # noqa: PTH110
    assert found["cache"]["detail"] == f"{tmp_path / 'file'}: 0 files, 0.0 MB; can't be written: Not a directory"


def test_scopes_of_a_token_and_slow_hosts(
    doctor: Callable[..., Findings], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    answered = threading.Event()

    def answer(asked: Asked) -> Answer:
        if asked.path == "/user":
            return Answer(body=b"{}", headers={"X-OAuth-Scopes": "public_repo"})
        answered.wait(60)
        return Answer(status=404)

    monkeypatch.setenv("GITHUB_TOKEN", "ghp_0123456789abcdefghij")
    (tmp_path / "c" / "noarch").mkdir(parents=True)
    (tmp_path / "c" / "noarch" / "repodata.json").write_text("{}", encoding="utf-8")
    with Server(answer) as server:
        monkeypatch.setenv("GITHUB_API_URL", server.url)
        found = doctor("--index-url", server.url, "--channel", str(tmp_path / "c"), code=3)
        answered.set()
    assert found["github token"]["detail"] == f"in GITHUB_TOKEN, for {server.url}; its scopes are public_repo"
    assert found["index"]["status"] == "unknown"


def test_for_people(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["doctor", "--offline"]) == 0
    said = capsys.readouterr().out
    assert "unknown: index: not asked: offline" in said
    assert "to do: leave out --offline" in said
    assert said.endswith(": everything that is required is available, except hosts, which were not asked\n")
    assert "keep it with `gh auth login`, or in a file that GITHUB_TOKEN_FILE names" in " ".join(said.split())


def test_what_does_not_answer_in_time_is_told_with_its_folder(
    doctor: Callable[..., Findings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "_LIMIT", 0.0)
    monkeypatch.setattr(ThreadPoolExecutor, "submit", lambda *_: Future[Check]())
    channel = tmp_path / "channel"
    channel.mkdir()
    found = doctor("--channel", str(channel), code=3)
    assert found["cache"]["detail"] == f"{tmp_path / 'cache'}: no answer within 0 s"
    assert found[f"channel {channel}"]["detail"] == f"{channel}: no answer within 0 s"
    assert found["index"]["detail"] == "no answer within 0 s"


def test_a_cache_that_takes_too_long_to_count(
    doctor: Callable[..., Findings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "_COUNTING", -1.0)
    (tmp_path / "cache").mkdir()
    found = doctor("--offline")["cache"]
    assert found["detail"] == f"{tmp_path / 'cache'}: more than 0 files, more than 0.0 MB"
    assert found["status"] == "ok"

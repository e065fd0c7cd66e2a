"""The family as conda-forge has it, moved with what PyPI has today; asks the real index."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from dirac_forge.cli import main
from support.channel import pkg, write_channel
from support.gits import git, repository

SHARED = Path(__file__).parents[2] / "../shared/conda-forge"
PLATFORMS = ("linux-64", "linux-aarch64", "osx-64", "osx-arm64")
FAMILY = ("dirac-grid", "diracx", "m2crypto")

pytestmark = [
    pytest.mark.online,
    pytest.mark.skipif(not SHARED.is_dir(), reason="the data of conda-forge is not here"),
    pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed"),
]


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    for name in FAMILY:
        source = SHARED / "feedstocks" / name
        files = {path.relative_to(source).as_posix(): path.read_bytes() for path in source.rglob("*") if path.is_file()}
        repository(tmp_path / f"conda-forge/{name}-feedstock.git", files)
        shutil.copytree(source, tmp_path / "feedstocks" / name)
    (tmp_path / "pyproject.toml").write_text(
        "[tool.dirac-forge]\n"
        f'feedstock-url = "{tmp_path.as_posix()}/conda-forge/{{name}}-feedstock.git"\n'
        f'pinning = "{(SHARED / "pinning").resolve().as_posix()}"\ncache = "{(tmp_path / "cache").as_posix()}"\n\n'
        '[tool.dirac-forge.feedstocks.dirac-grid]\nprojects = ["DIRACCommon", "DIRAC"]\n',
        encoding="utf-8",
    )
    return tmp_path


def run(workspace: Path, capsys: pytest.CaptureFixture[str], *channels: Path) -> tuple[int, Any]:
    options = [option for channel in channels for option in ("--channel", str(channel.resolve()))]
    code = main(["bot", "run", "--workspace", str(workspace), "-q", "--json", *options])
    return code, json.loads(capsys.readouterr().out)


def extra(folder: Path, made: Any) -> Path:
    """A channel with what the family waits for: the versions that the bot itself found."""
    wanted = {one["feedstock"]: one["key"] for one in (*made["requests"], *made["held"])}
    python = [pkg(f"{name} {version}", "python >=3.10", noarch="python") for name, version in wanted.items()]
    return write_channel(folder, {"noarch": python})


def test_on_the_snapshot_one_request_and_waits_and_with_what_is_waited_for_all_move(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, document = run(workspace, capsys, SHARED / "channel")
    assert code == 0
    assert [(one["feedstock"], one["state"]) for one in document["requests"]] == [("m2crypto", "opened")]
    waits = {one["feedstock"]: one["reason"] for one in document["decisions"] if one["state"] == "blocked"}
    assert waits["dirac-grid"].startswith("waits for m2crypto; m2crypto >=")
    assert "the channel has no signurlarity" in waits["diracx"]
    again_code, again = run(workspace, capsys, SHARED / "channel")
    assert (again_code, [one["state"] for one in again["requests"]]) == (0, ["unchanged"])

    channels = (extra(workspace / "extra", document), SHARED / "channel")
    code, document = run(workspace, capsys, *channels)
    assert code == 0
    states = {one["feedstock"]: one["state"] for one in document["requests"]}
    assert states == {"dirac-grid": "opened", "diracx": "opened", "m2crypto": states["m2crypto"]}
    assert states["m2crypto"] in {"unchanged", "updated"}  # its body may say now what it does to the others
    for one in document["requests"]:
        body = (Path(one["url"]) / "body.md").read_text(encoding="utf-8")
        assert f"## {one['feedstock']} " in body
        assert "## Checks" in body
        branch = f"dirac-forge/bump/main/{one['key']}"
        assert git(workspace / f"outbox/{one['feedstock']}.git", "rev-list", "--count", branch) == "2"
    _, document = run(workspace, capsys, *channels)
    assert {one["state"] for one in document["requests"]} == {"unchanged"}

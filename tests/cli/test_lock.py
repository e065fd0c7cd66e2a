"""`dirac-forge lock` and `dirac-forge diff` from the command line to files, JSON and exit code."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from rattler import LockFile

from dirac_forge.channel.solver import Channel, Solution
from dirac_forge.cli import main
from dirac_forge.distribution.lockable import UnlockablePackages
from dirac_forge.distribution.locks import LockedPackage
from dirac_forge.distribution.reading import read_lock
from dirac_forge.report.unlockable import locked_lines, refused_lines
from support.channel import pkg, write_channel
from support.server import Answer, Asked, Server

START = 1_577_836_800_000  # 2020-01-01
DAY = 86_400_000
PLATFORMS = ("linux-64", "osx-64")


def records(*more: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        pkg("grid 9.0", "lib >=1", timestamp=START + 10 * DAY, sha256="a" * 64, md5="b" * 32, size=1000),
        pkg("lib 1.0", timestamp=START + 10 * DAY, sha256="c" * 64, md5="c" * 32, size=1000),
        *more,
    ]


NEWER = (
    pkg("grid 9.1", "lib >=1", timestamp=START + 20 * DAY, sha256="d" * 64, size=1000),
    pkg("lib 1.1", timestamp=START + 20 * DAY, sha256="e" * 64, size=1000),
)


@pytest.fixture(autouse=True)
def workspace(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DIRAC_FORGE_CACHE", str(tmp_path / "cache"))
    write_channel(folder / "snapshot", dict.fromkeys(PLATFORMS, records(*NEWER)))
    (folder / "pyproject.toml").write_text(
        '[tool.dirac-forge]\nchannels = ["snapshot"]\nplatforms = ["linux-64", "osx-64"]\n'
        '[tool.dirac-forge.targets.grid]\nspecs = ["grid"]\n',
        encoding="utf-8",
    )
    (folder / "construct.yaml").write_text(
        "name: OS\nversion: 1\nspecs:\n  - grid\n  - lib  # [linux]\n", encoding="utf-8"
    )
    return folder


def on_osx(workspace: Path) -> list[LockedPackage]:
    return list(read_lock(workspace / "pixi.lock").environments["default"]["osx-64"])


def answer(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, Any]:
    code = main([*argv, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_pixi_lock_is_exactly_the_solvers_answer(workspace: Path) -> None:
    assert main(["lock", "construct.yaml"]) == 0
    channel = Channel.open([str(workspace / "snapshot")])
    locked = LockFile.from_path(workspace / "pixi.lock")
    (environment,) = [each for _, each in locked.environments()]
    for platform, specs in (("linux-64", ["grid", "lib"]), ("osx-64", ["grid"])):
        solution = channel.solve(specs, platform=platform)
        assert isinstance(solution, Solution)
        found = environment.conda_repodata_records()[platform]
        assert sorted(each.file_name for each in found) == sorted(each.file for each in solution.packages)
    assert [each.asked for each in read_lock(workspace / "pixi.lock").environments["default"]["osx-64"]] == [
        False,
        False,
    ]


def test_explicit_lists_have_every_package_dependencies_first(workspace: Path) -> None:
    assert main(["lock", "construct.yaml", "--format", "explicit", "--output", "locks"]) == 0
    lines = (workspace / "locks" / "osx-64.txt").read_text(encoding="utf-8").splitlines()
    assert lines[:3] == ["# platform: osx-64", "# Made from ../construct.yaml", "@EXPLICIT"]
    assert [line.rpartition("/")[2] for line in lines[3:]] == [
        f"lib-1.1-0.conda#sha256:{'e' * 64}",
        f"grid-9.1-0.conda#sha256:{'d' * 64}",
    ]
    assert [each.name for each in read_lock(workspace / "locks" / "osx-64.txt").environments["default"]["osx-64"]] == [
        "grid",
        "lib",
    ]


def test_conda_lock_file_is_read_back(workspace: Path) -> None:
    assert main(["lock", "construct.yaml", "--format", "conda-lock", "--as-of", "2020-01-12"]) == 0
    document = yaml.safe_load((workspace / "conda-lock.yml").read_text(encoding="utf-8"))
    assert document["metadata"]["platforms"] == ["linux-64", "osx-64"]
    assert document["metadata"]["sources"] == ["construct.yaml"]
    assert document["package"][0]["dependencies"] == {"lib": ">=1"}
    lock = read_lock(workspace / "conda-lock.yml")
    assert [str(each) for each in lock.environments["default"]["linux-64"]] == ["grid 9.0 0", "lib 1.0 0"]


def test_conda_lock_file_needs_the_md5_of_each_package(capsys: pytest.CaptureFixture[str], workspace: Path) -> None:
    assert main(["lock", "construct.yaml", "--format", "conda-lock"]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert (
        "the channel does not give it for 4: linux-64/grid-9.1-0.conda, linux-64/lib-1.1-0.conda, "
        "osx-64/grid-9.1-0.conda and 1 more"
    ) in said
    assert not (workspace / "conda-lock.yml").exists()


def test_excluded_packages_are_taken_out_after_the_solve(capsys: pytest.CaptureFixture[str], workspace: Path) -> None:
    text = (
        "name: OS\nversion: 1\nspecs: [grid, lib]\nexclude:\n  - lib  # [linux]\nextra_envs:\n  more: {specs: [grid]}\n"
    )
    (workspace / "construct.yaml").write_text(text, encoding="utf-8")
    assert main(["lock", "construct.yaml"]) == 0
    found = read_lock(workspace / "pixi.lock").environments
    names = {
        (name, platform): [each.name for each in found[name][platform]] for name in found for platform in PLATFORMS
    }
    assert names == {
        ("default", "linux-64"): ["grid"],
        ("default", "osx-64"): ["grid", "lib"],
        ("more", "linux-64"): ["grid"],
        ("more", "osx-64"): ["grid", "lib"],
    }
    capsys.readouterr()
    assert answer(capsys, "lock", "construct.yaml", "--check")[0] == 0


def test_excluded_package_that_others_need_is_a_warning(capsys: pytest.CaptureFixture[str], workspace: Path) -> None:
    (workspace / "construct.yaml").write_text("name: OS\nversion: 1\nspecs: [grid]\nexclude: [lib]\n", encoding="utf-8")
    assert main(["lock", "construct.yaml"]) == 0
    assert "`exclude` removes lib, which grid needs on linux-64 and osx-64" in " ".join(capsys.readouterr().err.split())


def test_platform_that_a_file_does_not_have_is_told(capsys: pytest.CaptureFixture[str], workspace: Path) -> None:
    (workspace / "construct.yaml").write_text("name: OS\nversion: 1\nspecs:\n  - grid  # [linux]\n", encoding="utf-8")
    assert main(["lock", "construct.yaml", "--platform", "osx-64"]) == 2
    assert capsys.readouterr().err == "error: construct.yaml: it has no specs for osx-64\n"
    assert not (workspace / "pixi.lock").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "construct.yaml"),
        ("specs: &a [*a]\n", "construct.yaml"),
        ("name: OS\nspecs: [grid]\nextra_envs: &e\n  x: *e\n", "construct.yaml"),
        ("name: OS\nspecs: {grid: 1}\n", "construct.yaml:2: specs: expected package specs, one a line"),
        ("name: OS\nspecs: [grid]\nexclude: {lib: 1}\n", "construct.yaml:3: exclude: expected names of packages"),
        ("name: OS\nspecs: [grid]\nextra_envs: [x]\n", "construct.yaml:3: extra_envs: expected"),
        ("name: OS\nspecs: [grid]\nextra_envs: {x: [y]}\n", "construct.yaml:3: extra_envs: x: expected a mapping"),
        ("name: OS\nspecs: ['grid >>1']\n", "construct.yaml:2"),
        ("name: OS\n  specs: [\n", "construct.yaml:2"),
        ("name: OS\nspecs:\n  - grid  # [vc14 > 3]\n", "construct.yaml:3"),
    ],
    ids=[
        "empty",
        "cycle",
        "extra_envs cycle",
        "specs",
        "exclude",
        "extra_envs",
        "extra env",
        "spec",
        "yaml",
        "selector",
    ],
)
def test_damaged_files_are_told(capsys: pytest.CaptureFixture[str], workspace: Path, text: str, message: str) -> None:
    (workspace / "construct.yaml").write_text(text, encoding="utf-8")
    assert main(["lock", "construct.yaml"]) == 2
    assert message in capsys.readouterr().err
    assert not (workspace / "pixi.lock").exists()


def test_as_of_a_day_uses_what_the_channel_had(workspace: Path) -> None:
    assert main(["lock", "construct.yaml", "--as-of", "2020-01-12"]) == 0
    assert [each.version for each in on_osx(workspace)] == [
        "9.0",
        "1.0",
    ]


def test_check_tells_what_is_outdated_and_what_is_not_satisfied(
    capsys: pytest.CaptureFixture[str], workspace: Path
) -> None:
    assert main(["lock", "construct.yaml"]) == 0
    capsys.readouterr()
    assert answer(capsys, "lock", "construct.yaml", "--check")[0] == 0
    assert main(["lock", "construct.yaml", "--as-of", "2020-01-12"]) == 0
    (workspace / "construct.yaml").write_text("name: OS\nversion: 1\nspecs:\n  - grid >=9.1\n", encoding="utf-8")
    capsys.readouterr()
    before = (workspace / "pixi.lock").read_bytes()
    code, document = answer(capsys, "lock", "construct.yaml", "--check")
    assert code == 1
    assert document["unsatisfied"] == ["default linux-64: grid >=9.1", "default osx-64: grid >=9.1"]
    assert {each["name"] for each in document["outdated"]} == {"grid", "lib"}
    assert (workspace / "pixi.lock").read_bytes() == before


def test_check_of_a_lock_without_a_platform_says_so_once(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["lock", "construct.yaml", "--platform", "linux-64", "--output", "some.lock"]) == 0
    capsys.readouterr()
    assert main(["lock", "construct.yaml", "--check", "--output", "some.lock"]) == 1
    text = capsys.readouterr().out
    assert text.startswith("some.lock: outdated\n  - osx-64: not in the lock\n")
    assert "dirac-forge lock construct.yaml --output some.lock: writes it again" in " ".join(text.split())


def test_lock_from_other_channels_is_outdated(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, workspace: Path
) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    assert main(["lock", "construct.yaml"]) == 0
    write_channel(workspace / "mirror", dict.fromkeys(PLATFORMS, records(*NEWER)))
    capsys.readouterr()
    assert main(["lock", "construct.yaml", "--check", "--channel", "mirror", "--platform", "osx-64"]) == 1
    assert capsys.readouterr().out == (
        "pixi.lock: outdated\n"
        f"  - locked from {(workspace / 'snapshot').as_uri()}; asked for: {(workspace / 'mirror').as_uri()}\n"
        "Next\n"
        "  - dirac-forge lock construct.yaml --channel mirror --platform osx-64: writes it again\n"
    )
    code, document = answer(capsys, "lock", "construct.yaml", "--check", "--channel", "mirror")
    assert (code, document["status"], document["outdated"]) == (1, "outdated", [])
    assert [each["environment"] for each in document["channels"]] == ["default"]


def test_check_names_files_that_the_channel_has_no_longer_or_with_another_hash(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, workspace: Path
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["lock", "construct.yaml"]) == 0
    other = [NEWER[0] | {"sha256": "9" * 64}, NEWER[1]]
    write_channel(workspace / "snapshot", dict.fromkeys(PLATFORMS, records(*other)))
    capsys.readouterr()
    assert main(["lock", "construct.yaml", "--check"]) == 1
    assert capsys.readouterr().out.startswith(
        "pixi.lock: outdated\n"
        "  - linux-64 and osx-64: the channel has, with another hash than the lock,\n"
        "    grid-9.1-0.conda\n"
    )
    write_channel(workspace / "snapshot", dict.fromkeys(PLATFORMS, records(NEWER[0])))
    code, document = answer(capsys, "lock", "construct.yaml", "--check", "--platform", "osx-64")
    place = {"environment": "default", "platform": "osx-64"}
    assert (code, document["status"]) == (1, "outdated")
    assert document["lost"] == [{**place, "name": "lib", "file": "lib-1.1-0.conda", "reason": "gone"}]


def test_file_with_another_hash_is_locked_anew_where_it_stays(
    capsys: pytest.CaptureFixture[str], workspace: Path
) -> None:
    assert main(["lock", "construct.yaml"]) == 0
    other = [NEWER[0], NEWER[1] | {"sha256": "9" * 64}]
    write_channel(workspace / "snapshot", dict.fromkeys(PLATFORMS, records(*other)))
    capsys.readouterr()
    assert main(["lock", "construct.yaml", "--update", "grid"]) == 0
    assert "a different file lib-1.1-0.conda for osx-64: its new hash is locked" in " ".join(
        capsys.readouterr().err.split()
    )
    assert {each.name: each.sha256[:1] for each in on_osx(workspace)} == {"grid": "d", "lib": "9"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("construct.yaml", "name: OS\nversion: 1\nchannels: [./mine]\nspecs: [{spec}]\n"),
        ("environment.yml", "channels: [./mine, nodefaults]\ndependencies: [{spec}]\n"),
        ("pixi.toml", '[workspace]\nchannels = ["./mine"]\nplatforms = ["linux-64"]\n[dependencies]\n{spec} = "*"\n'),
    ],
)
def test_file_that_names_channels_is_locked_from_these_alone(workspace: Path, name: str, text: str) -> None:
    write_channel(workspace / "mine", {"linux-64": [pkg("extra 1.0", sha256="f" * 64)]})
    (workspace / name).write_text(text.format(spec="extra"), encoding="utf-8")
    assert main(["lock", name, "--platform", "linux-64"]) == 0
    assert read_lock(workspace / "pixi.lock").channels == (f"{(workspace / 'mine').as_uri()}/",)
    (workspace / name).write_text(text.format(spec="grid"), encoding="utf-8")
    assert main(["lock", name, "--platform", "linux-64"]) == 1


def test_channel_option_in_the_place_of_a_files_channels_is_said(
    capsys: pytest.CaptureFixture[str], workspace: Path
) -> None:
    (workspace / "environment.yml").write_text(
        "channels: [./mine, conda-forge]\ndependencies: [grid]\n", encoding="utf-8"
    )
    assert main(["lock", "environment.yml", "--channel", "snapshot"]) == 0
    said = " ".join(capsys.readouterr().err.split())
    assert said.count("--channel replaces the channels of the file: mine, conda-forge") == 1


GROUPED = """\
[workspace]
channels = ["./snapshot"]
platforms = ["linux-64"]
[feature.one.dependencies]
grid = "*"
[feature.two.dependencies]
lib = "<1.1"
[environments]
one = { features = ["one"], solve-group = "g", no-default-feature = true }
two = { features = ["two"], solve-group = "g", no-default-feature = true }
"""


def test_solve_group_is_locked_with_one_version_of_each_package(
    capsys: pytest.CaptureFixture[str], workspace: Path
) -> None:
    (workspace / "pixi.toml").write_text(GROUPED, encoding="utf-8")
    assert main(["lock", "pixi.toml"]) == 0
    found = read_lock(workspace / "pixi.lock").environments
    assert {name: [str(each) for each in found[name]["linux-64"]] for name in found} == {
        "one": ["grid 9.1 0", "lib 1.0 0"],
        "two": ["lib 1.0 0"],
    }
    capsys.readouterr()
    assert answer(capsys, "lock", "pixi.toml", "--check")[0] == 0
    assert main(["lock", "pixi.toml", "--update", "grid"]) == 0


def test_exclude_newer_of_a_manifest_is_held_to(capsys: pytest.CaptureFixture[str], workspace: Path) -> None:
    text = (
        '[workspace]\nchannels = ["./snapshot"]\nplatforms = ["linux-64"]\nexclude-newer = "2020-01-12"\n'
        '[dependencies]\ngrid = "*"\n'
    )
    (workspace / "pixi.toml").write_text(text, encoding="utf-8")
    assert main(["lock", "pixi.toml"]) == 0
    packages = read_lock(workspace / "pixi.lock").environments["default"]["linux-64"]
    assert [str(each) for each in packages] == ["grid 9.0 0", "lib 1.0 0"]
    capsys.readouterr()
    code, document = answer(capsys, "check", "pixi.toml")
    assert (code, document["results"][0]["version"]) == (0, "9.0")
    (workspace / "pixi.toml").write_text(text.replace('"*"', '">=9.1"'), encoding="utf-8")
    assert main(["lock", "pixi.toml"]) == 1


def test_next_commands_name_the_same_channels(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, workspace: Path
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    same = ("--channel", "snapshot", "--platform", "osx-64")
    assert main(["lock", "construct.yaml", "--as-of", "2020-01-12", *same]) == 0
    assert main(["lock", "construct.yaml", "--check", *same]) == 1
    assert main(["diff", "pixi.lock", "today", *same]) == 0
    assert [line.strip() for line in capsys.readouterr().out.splitlines() if "dirac-forge" in line] == [
        "- dirac-forge audit pixi.lock --channel snapshot --platform osx-64: faults in these packages",
        "- dirac-forge diff pixi.lock today --channel snapshot --platform osx-64: every change",
        "- dirac-forge lock construct.yaml --channel snapshot --platform osx-64: writes it again",
        "- dirac-forge diff pixi.lock today --markdown --channel snapshot --platform osx-64: prints the release notes",
    ]


def test_update_moves_only_the_named_package(workspace: Path) -> None:
    assert main(["lock", "construct.yaml", "--as-of", "2020-01-12"]) == 0
    assert main(["lock", "construct.yaml", "--update", "grid"]) == 0
    assert [each.version for each in on_osx(workspace)] == [
        "9.1",
        "1.0",
    ]


def test_update_adds_what_the_file_newly_asks_for_and_moves_nothing_else(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["lock", "construct.yaml", "--as-of", "2020-01-12"]) == 0
    newest = records(*NEWER, pkg("added 1.0", sha256="f" * 64))
    write_channel(workspace / "snapshot", dict.fromkeys(PLATFORMS, newest))
    text = (workspace / "construct.yaml").read_text(encoding="utf-8")
    (workspace / "construct.yaml").write_text(f"{text}  - added\n", encoding="utf-8")
    assert main(["lock", "construct.yaml", "--update", "added"]) == 0
    assert [(each.name, each.version) for each in on_osx(workspace)] == [
        ("added", "1.0"),
        ("grid", "9.0"),
        ("lib", "1.0"),
    ]
    assert main(["lock", "construct.yaml", "--update", "other"]) == 2
    assert capsys.readouterr().err.endswith(
        "error: --update: neither in the lock nor in the file: other\nAdd the package to the file first.\n"
    )


@pytest.mark.parametrize("options", [(), ("--format", "explicit", "--output", "locks")])
def test_packages_without_a_hash_of_a_channel_that_was_named_are_locked_with_a_warning(
    capsys: pytest.CaptureFixture[str], workspace: Path, options: tuple[str, ...]
) -> None:
    bare = [pkg("grid 9.2", "lib >=1", timestamp=START + 30 * DAY), *records()]
    write_channel(workspace / "snapshot", dict.fromkeys(PLATFORMS, bare))
    assert main(["lock", "construct.yaml", "--platform", "linux-64", "--json", *options]) == 0
    answered = capsys.readouterr()
    assert json.loads(answered.out)["unverified"] == [
        {"reason": "no-hash", "snapshot": None, "packages": ["grid 9.2 0"]}
    ]
    warning = (
        "the lock has 1 package without a hash in the channel: grid 9.2 0 (linux-64); files of such packages "
        "can't be verified after the download, and `dirac-forge installer` refuses them"
    )
    assert warning in " ".join(answered.err.split())


def test_lock_of_a_planning_snapshot_says_that_it_has_no_files(
    capsys: pytest.CaptureFixture[str], workspace: Path
) -> None:
    (workspace / "snapshot" / "snapshot.json").write_text('{"as_of": "2020-02-01"}', encoding="utf-8")
    code, document = answer(capsys, "lock", "construct.yaml", "--platform", "linux-64")
    assert (code, document["written"]) == (0, ["pixi.lock"])
    assert document["unverified"] == [
        {"reason": "snapshot", "snapshot": str(workspace / "snapshot"), "packages": ["grid 9.1 0", "lib 1.1 0"]}
    ]
    before = Path("pixi.lock").stat().st_mtime_ns
    code, document = answer(capsys, "lock", "construct.yaml", "--platform", "linux-64")
    assert (code, document["written"], document["unchanged"]) == (0, [], ["pixi.lock"])
    assert Path("pixi.lock").stat().st_mtime_ns == before


def test_documented_release_is_solved_and_not_locked_with_the_embedded_snapshot(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, workspace: Path
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    page = Path(__file__).parents[2] / "docs/how-to/diracos-release.md"
    _, _, rest = page.read_text(encoding="utf-8").partition("```yaml\n")
    (workspace / "construct.yaml").write_text(rest.partition("```")[0], encoding="utf-8")
    options = ("--channel", "embedded", "--platform", "linux-64")
    assert main(["lock", "construct.yaml", *options]) == 3
    said = capsys.readouterr().out
    (count,) = set(re.findall(r"([0-9]+) packages", said))
    assert int(count) > 250
    assert said == (
        "DIRACOS can be solved, but not locked\n"
        f"  - linux-64: {count} packages\n"
        "  Nothing was written: these packages could not be installed from the lock.\n"
        f"  - {count} packages from the embedded snapshot, which has neither package files nor\n"
        "    hashes, and has builds that conda-forge may not have\n"
        "  Use a channel that has the package files, such as a mirror: --channel URL.\n"
        "Next\n"
        "  - dirac-forge doctor: checks whether conda-forge can be reached\n"
        "* As of 2026-08-21: the embedded snapshot was used instead of conda-forge.\n"
    )
    assert not (workspace / "pixi.lock").exists()


@pytest.mark.parametrize("width", [40, 80])
def test_day_of_a_snapshot_wraps_before_its_folder(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, workspace: Path, tmp_path: Path, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    folder = tmp_path / f"a-folder-with-a-rather-long-name-{'x' * width}"
    (workspace / "snapshot").rename(folder)
    (folder / "snapshot.json").write_text('{"as_of": "2020-02-01"}', encoding="utf-8")
    assert main(["lock", "construct.yaml", "--channel", str(folder)]) == 0
    assert capsys.readouterr().out.endswith(f"\n* As of 2020-02-01: the snapshot\n  {folder}.\n")


def test_unsolvable_platform_writes_nothing(capsys: pytest.CaptureFixture[str], workspace: Path) -> None:
    (workspace / "construct.yaml").write_text(
        "name: OS\nversion: 1\nspecs:\n  - grid\n  - gird  # [osx]\n", encoding="utf-8"
    )
    code, document = answer(capsys, "lock", "construct.yaml")
    assert code == 1
    assert [(each["platform"], each["status"]) for each in document["failed"]] == [("osx-64", "not-installable")]
    assert not (workspace / "pixi.lock").exists()


@pytest.mark.parametrize(("day", "told"), [("2020-02-01", False), ("2020-02-02", True)])
def test_a_day_after_the_end_of_a_snapshot_is_told(
    capsys: pytest.CaptureFixture[str], workspace: Path, day: str, told: bool
) -> None:
    (workspace / "snapshot" / "snapshot.json").write_text('{"as_of": "2020-02-01"}', encoding="utf-8")
    assert main(["lock", "construct.yaml", "--as-of", day]) == 0
    end = f"the snapshot {workspace / 'snapshot'} ends on 2020-02-01"
    assert (f"warning: {end}; what was uploaded by {day} is not known\n" in capsys.readouterr().err) == told


def test_day_before_the_first_build_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    code, document = answer(capsys, "lock", "construct.yaml", "--as-of", "2020-01-02")
    assert code == 1
    assert document["failed"][1]["reason"] == "grid: no build for osx-64 had been uploaded by 2020-01-02"


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--check"], "there is no such lock"),
        (["--as-of", "soon"], "'soon' is not a date"),
        (["--as-of", "9999-12-31"], "'9999-12-31' is not a date"),
        (["--as-of", "9000-01-01"], "error: --as-of 9000-01-01 is in the future: what will be uploaded by then is not"),
        (["--format", "explicit", "--check"], "--check and --update read a pixi.lock, not explicit"),
    ],
)
def test_wrong_use_is_told(capsys: pytest.CaptureFixture[str], argv: list[str], message: str) -> None:
    assert main(["lock", "construct.yaml", *argv]) == 2
    assert message in capsys.readouterr().err


def test_update_of_nothing_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lock", "construct.yaml"]) == 0
    capsys.readouterr()
    assert main(["lock", "construct.yaml", "--update", ""]) == 2
    assert "--update '': expected the name of a package" in capsys.readouterr().err


def test_as_of_warns_of_records_without_a_time(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    undated = pkg("lib 1.0", sha256="c" * 64, md5="c" * 32, size=1000)
    write_channel(workspace / "snapshot", {platform: [*records()[:1], undated] for platform in PLATFORMS})
    assert main(["lock", "construct.yaml", "--as-of", "2020-01-12"]) == 0
    warning = "warning: --as-of: the channel has no upload time for lib: the locked builds may be newer"
    assert warning in capsys.readouterr().err.splitlines()


def test_diff_of_a_lock_and_today(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lock", "construct.yaml", "--as-of", "2020-01-12", "--output", "old.lock"]) == 0
    capsys.readouterr()
    code, document = answer(capsys, "diff", "old.lock")
    assert code == 0
    assert [(each["name"], each["kind"]) for each in document["platforms"]["linux-64"]["changed"]] == [
        ("grid", "up"),
        ("lib", "up"),
    ]


def test_diff_of_two_locks_does_not_ask_a_file_that_was_not_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["lock", "construct.yaml", "--as-of", "2020-01-12", "--output", "old.lock", "-q"]) == 0
    assert main(["lock", "construct.yaml", "--output", "new.lock", "-q"]) == 0
    both = ("diff", "old.lock", "new.lock", "--no-security")
    capsys.readouterr()
    assert main(list(both)) == 0
    told, warned = capsys.readouterr()
    assert told.startswith("old.lock → new.lock\n  linux-64, osx-64\n")
    assert "it is unknown which packages were requested by name; give the file" in " ".join(warned.split())
    assert main([*both, "--file", "absent.yaml"]) == 2
    assert "--file: there is no file absent.yaml" in capsys.readouterr().err
    assert "Upgraded:" in told
    assert "dependencies" not in told
    assert main([*both, "--file", "construct.yaml"]) == 0
    told = capsys.readouterr().out
    assert "is not known" not in told
    assert "dirac-forge diff old.lock new.lock --file construct.yaml --markdown" in " ".join(told.split())
    assert answer(capsys, *both)[1]["asked_known"] is False
    assert answer(capsys, *both, "--file", "construct.yaml")[1]["asked_known"] is True


def test_diff_of_git_revisions_solves_as_of_their_dates(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, workspace: Path
) -> None:
    def commit(message: str, day: int) -> None:
        monkeypatch.setenv("GIT_COMMITTER_DATE", f"{START // 1000 + day * 86_400} +0000")
        who = ("-c", "user.name=A", "-c", "user.email=a@example.org")
        subprocess.run(("git", *who, "commit", "-qm", message, "--allow-empty"), check=True, cwd=workspace)
        subprocess.run(("git", "tag", message), check=True, cwd=workspace)

    subprocess.run(("git", "init", "-q"), check=True, cwd=workspace)
    subprocess.run(("git", "add", "construct.yaml"), check=True, cwd=workspace)
    commit("1.0", 11)
    commit("2.0", 21)
    code, document = answer(capsys, "diff", "1.0", "2.0")
    assert code == 0
    assert (document["old"], document["new"]) == ("1.0", "2.0")
    assert answer(capsys, "diff", "1.0..2.0") == (0, document)
    assert [each["to"] for each in document["platforms"]["osx-64"]["changed"]] == ["9.1 0", "1.1 0"]
    (workspace / "snapshot" / "snapshot.json").write_text('{"as_of": "2020-01-15"}', encoding="utf-8")
    assert document["unknown"] == []
    assert main(["diff", "1.0..2.0", "--json"]) == 3
    captured = capsys.readouterr()
    assert "ends on 2020-01-15; what was uploaded by 2020-01-21 is not known" in captured.err
    assert json.loads(captured.out)["unknown"] == [f"the snapshot {workspace / 'snapshot'} ends on 2020-01-15"]


def test_diff_of_package_lists_takes_sizes_and_licences_from_the_channel(
    capsys: pytest.CaptureFixture[str], workspace: Path
) -> None:
    (workspace / "old.txt").write_text("# OS 1, env=base\ngrid-9.0-0.conda\nlib-1.0-0.conda\n", encoding="utf-8")
    (workspace / "new.txt").write_text("# platform: linux-64\ngrid-9.1-0.conda\nlib-1.0-0.conda\n", encoding="utf-8")
    code, document = answer(capsys, "diff", "old.txt", "new.txt", "--file", "construct.yaml")
    assert code == 0
    linux = document["platforms"]["linux-64"]
    assert [(each["name"], each["from"], each["to"], each["asked"]) for each in linux["changed"]] == [
        ("grid", "9.0 0", "9.1 0", True)
    ]
    assert linux["size"]["to"] == 2000


def test_a_channel_that_says_no_sizes_is_told_apart_from_one_without_the_builds(
    capsys: pytest.CaptureFixture[str], workspace: Path
) -> None:
    unsized = [{key: value for key, value in each.items() if key != "size"} for each in records()]
    write_channel(workspace / "snapshot", dict.fromkeys(PLATFORMS, unsized))
    assert main(["lock", "construct.yaml"]) == 0
    capsys.readouterr()
    assert main(["diff", "pixi.lock", "today", "--no-security"]) == 0
    assert (
        "warning: pixi.lock: the channel has no sizes for the builds of grid and lib"
        in capsys.readouterr().err.splitlines()
    )


def test_diff_with_a_state_that_cannot_be_solved_has_a_line_for_each_reason(
    capsys: pytest.CaptureFixture[str], workspace: Path
) -> None:
    assert main(["lock", "construct.yaml"]) == 0
    (workspace / "construct.yaml").write_text("name: OS\nversion: 1\nspecs: [grid >=99]\n", encoding="utf-8")
    capsys.readouterr()
    assert main(["diff", "pixi.lock", "today"]) == 2
    assert capsys.readouterr().err.endswith(
        "error: today cannot be solved:\n"
        "- default, linux-64 and osx-64: grid: no build matches grid >=99: the newest version is 9.1\n"
        "`dirac-forge check` shows what would help.\n"
    )


def test_diff_of_an_installer_says_which_file_to_give(capsys: pytest.CaptureFixture[str], workspace: Path) -> None:
    (workspace / "OS-1-Linux-x86_64.sh").write_text("#!/bin/sh\n", encoding="utf-8")
    assert main(["diff", "OS-1-Linux-x86_64.sh", "today"]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "OS-1-Linux-x86_64.sh: an installer, not a list of its packages" in said
    assert "build_outputs: [pkgs_list]" in said


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_answers_fit_the_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    main(["lock", "construct.yaml", "--as-of", "2020-01-12"])
    main(["lock", "construct.yaml", "--check"])
    main(["diff", "pixi.lock", "today"])
    assert max(map(len, capsys.readouterr().out.splitlines())) <= width


def test_answers_end_with_what_to_do_next(capsys: pytest.CaptureFixture[str], workspace: Path) -> None:
    def last(*argv: str) -> str:
        main([*argv])
        return " ".join(capsys.readouterr().out.split()).rpartition("Next - ")[2]

    assert last("lock", "construct.yaml", "--as-of", "2020-01-12") == (
        "dirac-forge audit pixi.lock: faults in these packages"
    )
    assert last("lock", "construct.yaml", "--check") == (
        "dirac-forge diff pixi.lock today: every change - dirac-forge lock construct.yaml: writes it again"
    )
    assert last("diff", "pixi.lock", "today") == "dirac-forge diff pixi.lock today --markdown: prints the release notes"
    (workspace / "construct.yaml").write_text("name: OS\nversion: 1\nspecs: [gird]\n", encoding="utf-8")
    assert last("lock", "construct.yaml") == "dirac-forge check construct.yaml: shows what would make it installable"


def test_diff_of_nothing_known_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "nowhere", "today"]) == 2
    said = capsys.readouterr().err
    assert "nowhere: neither a file nor a git revision that has construct.yaml" in said
    assert "fatal" not in said
    assert "is not in a git repository: give a lock, an installed prefix, or `today`." in said


def test_a_name_that_is_no_file_is_told_to_be_taken_as_a_package(
    capsys: pytest.CaptureFixture[str], workspace: Path
) -> None:
    assert main(["lock", "nowhere", "--channel", str(workspace / "snapshot")]) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "There is no file nowhere: it was taken as a package spec. Nothing was written." in said
    assert "default, linux-64 and osx-64: " in said


def test_locked_build_that_the_channel_lost_is_told_and_replaced(
    capsys: pytest.CaptureFixture[str], workspace: Path
) -> None:
    assert main(["lock", "construct.yaml", "--as-of", "2020-01-12"]) == 0
    gone = [each for each in records(*NEWER) if (each["name"], each["version"]) != ("lib", "1.0")]
    write_channel(workspace / "snapshot", dict.fromkeys(PLATFORMS, gone))
    capsys.readouterr()
    assert main(["lock", "construct.yaml", "--check"]) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "linux-64 and osx-64: 2 packages would change (grid 9.0 → 9.1; lib 1.0 → 1.1)" in said
    assert main(["lock", "construct.yaml", "--update", "grid"]) == 0
    assert [(each.name, each.version) for each in on_osx(workspace)] == [("grid", "9.1"), ("lib", "1.1")]
    assert "the channel no longer has lib-1.0-0.conda" in " ".join(capsys.readouterr().err.split())


PYPI_1_0 = {
    "info": {"name": "lib", "version": "1.0", "requires_dist": None, "yanked": False},
    "last_serial": 31093453,
    "urls": [],
    "vulnerabilities": [
        {
            "aliases": ["CVE-2026-35195"],
            "details": "Redirects leak the header.",
            "fixed_in": ["1.1"],
            "id": "GHSA-9wx4-h78v-vm56",
            "link": "https://osv.dev/vulnerability/GHSA-9wx4-h78v-vm56",
            "source": "osv",
            "summary": None,
            "withdrawn": None,
        }
    ],
}


def test_diff_tells_security_fixes_as_pypi_does(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, workspace: Path
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for prefix, version in (("old", "1.0"), ("new", "1.1")):
        folder = workspace / prefix / "conda-meta"
        folder.mkdir(parents=True)
        for name in ("lib", "unlisted"):
            entry = {
                "name": name,
                "version": version,
                "build": "0",
                "subdir": "noarch",
                "size": 1,
                "depends": ["python"],
            }
            (folder / f"{name}.json").write_text(json.dumps(entry), encoding="utf-8")
    pages = {"1.0": PYPI_1_0, "1.1": PYPI_1_0 | {"vulnerabilities": []}}
    answers = {f"/pypi/lib/{version}/json": json.dumps(page).encode() for version, page in pages.items()}

    def respond(asked: Asked) -> Answer:
        return Answer(body=answers[asked.path]) if asked.path in answers else Answer(status=404)

    with Server(respond) as server:
        asked = ("diff", "old", "new", "--index-url", f"{server.url}/simple/")
        document = answer(capsys, *asked)[1]
        assert main(list(asked)) == 0
    changed = {each["name"]: each["security"] for each in document["platforms"]["noarch"]["changed"]}
    advisory = {
        "id": "GHSA-9wx4-h78v-vm56",
        "aliases": ["CVE-2026-35195"],
        "link": "https://osv.dev/vulnerability/GHSA-9wx4-h78v-vm56",
    }
    assert changed == {"lib": {"fixed": [advisory], "introduced": []}, "unlisted": None}
    text = " ".join(capsys.readouterr().out.split())
    assert "lib 1.0 → 1.1; fixes CVE-2026-35195" in text
    assert "1 changed Python package: 1 with security fixes that the index knows of." in text
    assert "Unknown for unlisted: the index has no page with advisories" in text


def test_only_names_can_be_updated(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lock", "construct.yaml"]) == 0
    assert main(["lock", "construct.yaml", "--update", "grid=9.0"]) == 2
    assert "error: --update 'grid=9.0': expected the name of a package" in capsys.readouterr().err


def test_conda_lock_has_one_requirement_of_each_package(workspace: Path) -> None:
    depends = ("lib>=1", "lib <3", "more", "python_abi 3.12.* *_cp312", "python_abi >=3")
    grid = pkg("grid 10", *depends, sha256="a" * 64, md5="a" * 32, timestamp=START)
    others = [pkg(text, md5="b" * 32) for text in ("lib 2", "more 1")]
    abi = pkg("python_abi 3.12", build="5_cp312", md5="c" * 32)
    write_channel(workspace / "main", {"linux-64": [grid, *others, abi]})
    assert main(["lock", "grid", "--platform", "linux-64", "--channel", "main", "--format", "conda-lock"]) == 0
    found = yaml.safe_load((workspace / "conda-lock.yml").read_text(encoding="utf-8"))["package"][0]
    assert found["dependencies"] == {"lib": ">=1,<3", "more": "", "python_abi": "3.12.*,>=3 *_cp312"}


def test_requirements_that_the_channel_changed_since_are_told(
    capsys: pytest.CaptureFixture[str], workspace: Path
) -> None:
    assert main(["lock", "construct.yaml"]) == 0
    newer, lib = NEWER
    patched = {**newer, "depends": ["lib >=1", "lib <2"], "constrains": ["old <1"]}
    write_channel(workspace / "snapshot", {"linux-64": records(patched, lib), "osx-64": records(*NEWER)})
    capsys.readouterr()
    code, document = answer(capsys, "lock", "construct.yaml", "--check")
    assert (code, document["status"], document["outdated"]) == (1, "outdated", [])
    assert document["patched"] == [
        {
            "environment": "default",
            "platform": "linux-64",
            "name": "grid",
            "file": "grid-9.1-0.conda",
            "added": ["lib <2", "constrains old <1"],
            "removed": [],
        }
    ]
    assert main(["lock", "construct.yaml", "--check"]) == 1
    said = " ".join(capsys.readouterr().out.split())
    changed = "the channel changed the requirements of grid-9.1-0.conda (+lib <2, +constrains old <1)"
    assert f"linux-64: {changed}" in said
    assert main(["lock", "construct.yaml"]) == 0
    assert main(["lock", "construct.yaml", "--check"]) == 0


def test_diff_says_what_pip_installs_and_is_not_compared(capsys: pytest.CaptureFixture[str], workspace: Path) -> None:
    assert main(["lock", "grid"]) == 0
    assert main(["lock", "grid", "--as-of", "2020-01-12", "--format", "conda-lock"]) == 0
    path = workspace / "conda-lock.yml"
    pipped = {"name": "requests", "version": "2", "manager": "pip", "platform": "linux-64", "url": "https://x/r.whl"}
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    path.write_text(yaml.safe_dump({**document, "package": [*document["package"], pipped]}), encoding="utf-8")
    assert main(["diff", "conda-lock.yml", "pixi.lock"]) == 0
    assert "warning: conda-lock.yml: packages from pip are left out: requests" in capsys.readouterr().err


def test_python_option_is_locked_and_must_agree_with_the_file(
    capsys: pytest.CaptureFixture[str], workspace: Path
) -> None:
    pythons = [pkg(f"python 3.{minor}.1", sha256=str(minor)[-1] * 64) for minor in (12, 13)]
    write_channel(workspace / "snapshot", {"linux-64": pythons})
    (workspace / "e.yml").write_text("dependencies: [python]\n", encoding="utf-8")
    code, document = answer(capsys, "lock", "e.yml", "--platform", "linux-64", "--python", "3.12")
    assert (code, document["environments"]["default"]["linux-64"][0]["version"]) == (0, "3.12.1")
    (workspace / "e.yml").write_text("dependencies: [python 3.13.*]\n", encoding="utf-8")
    assert main(["lock", "e.yml", "--platform", "linux-64", "--python", "3.12"]) == 1
    assert main(["lock", "e.yml", "--python", "3.12", "--python", "3.13"]) == 2
    assert "a distribution has one Python" in capsys.readouterr().err


def test_check_finds_packages_locked_twice_and_environments_that_the_file_lacks(
    capsys: pytest.CaptureFixture[str], workspace: Path
) -> None:
    """As after a bad merge of git."""
    assert main(["lock", "construct.yaml", "-q"]) == 0
    assert main(["lock", "construct.yaml", "--as-of", "2020-01-12", "--output", "old.lock", "-q"]) == 0
    now, before = (yaml.safe_load((workspace / name).read_text(encoding="utf-8")) for name in ("pixi.lock", "old.lock"))
    there = now["environments"]["default"]["packages"]
    there["linux-64"] += before["environments"]["default"]["packages"]["linux-64"]
    now["packages"] += before["packages"]
    now["environments"]["extra"] = {**now["environments"]["default"], "packages": {"osx-64": there["osx-64"]}}
    (workspace / "pixi.lock").write_text(yaml.safe_dump(now, sort_keys=False), encoding="utf-8")
    capsys.readouterr()
    code, document = answer(capsys, "lock", "construct.yaml", "--check")
    assert (code, document["status"]) == (1, "outdated")
    assert [(each["platform"], each["name"], sorted(each["builds"])) for each in document["repeated"]] == [
        ("linux-64", "grid", ["9.0 0", "9.1 0"]),
        ("linux-64", "lib", ["1.0 0", "1.1 0"]),
    ]
    assert document["surplus"] == [{"environment": "extra", "platform": None}]
    assert main(["lock", "construct.yaml", "--check"]) == 1
    told = capsys.readouterr().out
    assert "the file has no environment extra" in told
    assert "lib is locked 2 times" in told


def test_update_on_one_platform_keeps_the_others(capsys: pytest.CaptureFixture[str], workspace: Path) -> None:
    assert main(["lock", "construct.yaml", "--as-of", "2020-01-12", "-q"]) == 0
    before = on_osx(workspace)
    assert main(["lock", "construct.yaml", "--update", "lib", "--platform", "linux-64"]) == 0
    assert on_osx(workspace) == before
    capsys.readouterr()
    code, document = answer(capsys, "lock", "construct.yaml", "--check", "--platform", "linux-64")
    assert (code, document["surplus"]) == (1, [])


def test_check_of_a_file_that_cannot_be_solved_still_compares(
    capsys: pytest.CaptureFixture[str], workspace: Path
) -> None:
    assert main(["lock", "construct.yaml", "-q"]) == 0
    write_channel(workspace / "snapshot", {platform: [records()[1]] for platform in PLATFORMS})
    capsys.readouterr()
    code, document = answer(capsys, "lock", "construct.yaml", "--check", "--platform", "linux-64")
    assert (code, document["status"]) == (1, "not-solvable")
    assert [each["file"] for each in document["lost"]] == ["grid-9.1-0.conda", "lib-1.1-0.conda"]
    assert [each["platform"] for each in document["failed"]] == ["linux-64"]


def test_relative_channels_of_a_revision_are_below_the_file(
    capsys: pytest.CaptureFixture[str], workspace: Path
) -> None:
    text = (workspace / "construct.yaml").read_text(encoding="utf-8")
    (workspace / "construct.yaml").write_text(f"{text}channels: [./snapshot]\n", encoding="utf-8")
    for argv in (("init", "-q"), ("add", "construct.yaml"), ("commit", "-qm", "release")):
        subprocess.run(["git", "-c", "user.name=n", "-c", "user.email=e@x", *argv], cwd=workspace, check=True)
    assert main(["diff", "HEAD..HEAD", "--no-security"]) == 0
    assert "Nothing changes." in capsys.readouterr().out


def test_today_without_a_file_says_what_to_name(capsys: pytest.CaptureFixture[str], workspace: Path) -> None:
    assert main(["lock", "construct.yaml", "-q"]) == 0
    (workspace / "construct.yaml").unlink()
    assert main(["diff", "pixi.lock", "today"]) == 2
    said = "pixi.lock is the lock of construct.yaml, which is not there\n--file FILE names the distribution's file.\n"
    assert said in capsys.readouterr().err
    assert main(["diff", "HEAD", "today"]) == 2
    said = "there is no construct.yaml and no other file of a distribution here\n--file FILE names"
    assert said in capsys.readouterr().err


def test_diff_names_the_file_that_the_lock_was_made_from(
    capsys: pytest.CaptureFixture[str], workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = workspace / "environment.yml"
    environment.write_text("name: E\nchannels: [./snapshot]\ndependencies: [grid, lib <1.1]\n", encoding="utf-8")
    assert main(["lock", "environment.yml", "-q"]) == 0
    assert (workspace / "pixi.lock").read_text(encoding="utf-8").startswith("# Made from environment.yml\nversion: ")
    environment.write_text("name: E\nchannels: [./snapshot]\ndependencies: [grid]\n", encoding="utf-8")
    capsys.readouterr()
    code, document = answer(capsys, "diff", "pixi.lock", "today", "--no-security")
    assert (code, document["file"]) == (0, "environment.yml")
    assert [each["name"] for each in document["platforms"]["linux-64"]["changed"]] == ["lib"]
    assert main(["diff", "pixi.lock", "--no-security"]) == 0
    assert capsys.readouterr().out.startswith("pixi.lock → today\n  today is environment.yml, solved now.\n")
    # From another folder it is the same file.
    monkeypatch.chdir(workspace.parent)
    assert (
        answer(capsys, "diff", "workspace/pixi.lock", "--workspace", "workspace")[1]["file"]
        == "workspace/environment.yml"
    )
    monkeypatch.chdir(workspace)
    for revision in ("HEAD", "today"):
        (workspace / "pixi.lock").unlink(missing_ok=True)
        assert main(["diff", revision, "today"]) == 2
        assert capsys.readouterr().err == (
            "error: here are construct.yaml and environment.yml: it is not known which one is meant\n"
            "--file FILE names the distribution's file.\n"
        )


def test_the_lock_of_a_spec_is_compared_with_the_spec(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lock", "lib <1.1", "-q"]) == 0
    capsys.readouterr()
    code, document = answer(capsys, "diff", "pixi.lock")
    assert (code, document["file"], document["platforms"]["linux-64"]["changed"]) == (0, "lib <1.1", [])


@pytest.mark.parametrize("format_", ["pixi", "conda-lock", "explicit"])
def test_the_lock_of_another_file_is_not_replaced(
    format_: str, capsys: pytest.CaptureFixture[str], workspace: Path
) -> None:
    same = ("--format", format_, "--as-of", "2020-01-12", "-q")
    path = {"pixi": "pixi.lock", "conda-lock": "conda-lock.yml", "explicit": "locks/linux-64.txt"}[format_]
    (workspace / "environment.yml").write_text("channels: [./snapshot]\ndependencies: [lib]\n", encoding="utf-8")
    assert main(["lock", "construct.yaml", *same]) == 0
    text = (workspace / path).read_text(encoding="utf-8")
    assert main(["lock", "construct.yaml", *same]) == 0
    capsys.readouterr()
    for other in ("environment.yml", "grid"):
        assert main(["lock", other, *same]) == 2
        assert capsys.readouterr().err == (
            f"error: {path} is the lock of construct.yaml, not of {other}\n"
            "Name another file with --output, or replace the lock with --force.\n"
        )
    assert (workspace / path).read_text(encoding="utf-8") == text
    assert main(["lock", "environment.yml", *same, "--output", "other"]) == 0
    assert main(["lock", "environment.yml", *same, "--force"]) == 0
    assert "grid" not in (workspace / path).read_text(encoding="utf-8")
    if format_ == "pixi":
        assert main(["lock", "construct.yaml", "--check"]) == 2
        assert capsys.readouterr().err == (
            "error: pixi.lock is the lock of environment.yml, not of construct.yaml\nName another file with --output.\n"
        )


def test_a_lock_that_does_not_say_its_file_is_not_replaced_where_several_could_be_meant(
    capsys: pytest.CaptureFixture[str], workspace: Path
) -> None:
    assert main(["lock", "construct.yaml", "-q"]) == 0
    path = workspace / "pixi.lock"
    text = path.read_text(encoding="utf-8").partition("\n")[2]
    path.write_text(text, encoding="utf-8")
    assert main(["lock", "construct.yaml", "-q"]) == 0  # there is no other
    path.write_text(text, encoding="utf-8")
    (workspace / "environment.yml").write_text("channels: [./snapshot]\ndependencies: [lib]\n", encoding="utf-8")
    capsys.readouterr()
    assert main(["lock", "environment.yml"]) == 2
    assert capsys.readouterr().err == (
        "error: pixi.lock does not say which file it was made from, and next to it are construct.yaml and "
        "environment.yml\nName another file with --output, or replace the lock with --force.\n"
    )


def test_diff_of_two_locks_obeys_platform_and_refuses_python(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lock", "construct.yaml", "--as-of", "2020-01-12", "--output", "old.lock", "-q"]) == 0
    assert main(["lock", "construct.yaml", "--output", "new.lock", "-q"]) == 0
    capsys.readouterr()
    code, document = answer(capsys, "diff", "old.lock", "new.lock", "--platform", "osx-64", "--no-security")
    assert (code, list(document["platforms"]), document["only_new"]) == (0, ["osx-64"], [])
    assert main(["diff", "old.lock", "new.lock", "--python", "3.12"]) == 2


def test_the_lock_of_a_pixi_manifest_is_not_replaced_by_another_file_s(
    capsys: pytest.CaptureFixture[str], workspace: Path
) -> None:
    (workspace / "pixi.toml").write_text(GROUPED, encoding="utf-8")
    assert main(["lock", "pixi.toml", "-q"]) == 0
    text = (workspace / "pixi.lock").read_text(encoding="utf-8")
    capsys.readouterr()
    for more, force in (((), ", or replace the lock with --force"), (("--check",), "")):
        assert main(["lock", "construct.yaml", *more]) == 2
        assert capsys.readouterr().err == (
            "error: pixi.lock is the lock of pixi.toml, not of construct.yaml\n"
            f"Name another file with --output{force}.\n"
        )
    assert (workspace / "pixi.lock").read_text(encoding="utf-8") == text
    assert main(["lock", "construct.yaml", "--output", "construct.lock", "-q"]) == 0
    assert main(["lock", "construct.yaml", "--format", "explicit", "-q"]) == 0


def test_check_names_the_one_environment_that_the_lock_lacks(
    capsys: pytest.CaptureFixture[str], workspace: Path
) -> None:
    manifest = (
        '[workspace]\nchannels = ["./snapshot"]\nplatforms = ["linux-64", "osx-64"]\n[dependencies]\ngrid = "*"\n'
        '[feature.more.dependencies]\nlib = "*"\n[environments]\n{} = ["more"]\n'
    )
    (workspace / "pixi.toml").write_text(manifest.format("old"), encoding="utf-8")
    assert main(["lock", "pixi.toml", "-q"]) == 0
    (workspace / "pixi.toml").write_text(manifest.format("new"), encoding="utf-8")
    capsys.readouterr()
    assert main(["lock", "pixi.toml", "--check", "-q"]) == 1
    assert capsys.readouterr().out.splitlines()[:3] == [
        "pixi.lock: outdated",
        "  - the file has no environment old",
        "  - new, linux-64 and osx-64: not in the lock",
    ]


@pytest.mark.parametrize("command", ["lock", "installer"])
@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://me:s3cret@example.org/channel", "https://***@example.org/channel"),
        ("https://example.org/t/s3cret-token-of-mine/channel", "https://example.org/t/***/channel"),
    ],
)
def test_credentials_of_a_file_are_not_written_into_what_is_made_of_it(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    workspace: Path,
    command: str,
    url: str,
    shown: str,
) -> None:
    monkeypatch.setattr("dirac_forge.cli.installer.find_constructor", lambda path: "constructor")
    text = f"name: OS\nversion: 1\nchannels: [{url}]\nspecs: [grid]\n"
    (workspace / "construct.yaml").write_text(text, encoding="utf-8")
    assert main([command, "construct.yaml"]) == 2
    said = capsys.readouterr()
    assert said.err == (
        f"error: construct.yaml: the URL of the channel {shown} has credentials, which would be written into what is "
        "made of this file\nWrite it without them, and use `rattler auth login` or ~/.netrc.\n"
    )
    assert "s3cret" not in said.out + said.err
    assert not (workspace / "pixi.lock").exists()
    assert main(["lock", "construct.yaml", "--channel", "snapshot"]) == 0
    assert "s3cret" not in (workspace / "pixi.lock").read_text(encoding="utf-8")


def test_build_of_several_platforms_is_named_once() -> None:
    def package(name: str, subdir: str) -> LockedPackage:
        return LockedPackage(name=name, version="1.0", build="0", subdir=subdir)

    packages = (package("a", "linux-64"), package("b", "noarch"), package("a", "osx-64"))
    assert refused_lines((UnlockablePackages(reason="no-hash", packages=packages),)) == (
        "2 packages without a hash in the channel: a 1.0 0 (linux-64 and osx-64) and b 1.0 0",
    )


def test_what_it_means_that_a_lock_has_packages_of_a_snapshot() -> None:
    package = LockedPackage(name="a", version="1.0", build="0", subdir="linux-64")
    (warning,) = locked_lines((UnlockablePackages(reason="snapshot", place="s", packages=(package,)),))
    assert warning == (
        "the lock has 1 package from the snapshot s, which has no package files; such packages can't be installed from "
        "this lock, because there are no files to download"
    )

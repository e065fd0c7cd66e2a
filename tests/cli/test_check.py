"""`dirac-forge check` from the command line to exit code, JSON and the picture on the terminal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dirac_forge.cli import main
from support.channel import pkg, pythons, write_channel


@pytest.fixture(autouse=True)
def workspace(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DIRAC_FORGE_CACHE", str(tmp_path / "cache"))
    write_channel(
        folder / "snapshot",
        {
            "noarch": [
                pkg("grid 9.0", "tool", "python >=3.12", noarch="python"),
                pkg("grid 8.0", "tool", "python >=3.9", noarch="python"),
            ],
            "linux-64": [*pythons("3.11", "3.12"), pkg("tool 1.0", "__glibc >=2.17")],
            "osx-64": [*pythons("3.11", "3.12"), pkg("tool 1.0")],
            "win-64": pythons("3.11", "3.12"),
        },
    )
    (folder / "pyproject.toml").write_text(
        '[tool.dirac-forge]\nchannels = ["snapshot"]\n'
        "[tool.dirac-forge.targets.grid]\n"
        'specs = ["grid"]\nplatforms = ["linux-64", "osx-64"]\npythons = ["3.11", "3.12"]\n',
        encoding="utf-8",
    )
    return folder


def recipe(folder: Path, name: str, version: str, run: str) -> Path:
    path = folder / "feedstocks" / name / "recipe" / "recipe.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(
        f"package:\n  name: {name}\n  version: {version}\nbuild:\n  number: 0\n  noarch: generic\n"
        f"requirements:\n  run:\n    - {run}\n",
        encoding="utf-8",
    )
    return path


def answer(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, Any]:
    code = main(["check", "--json", *argv])
    return code, json.loads(capsys.readouterr().out)


def test_the_matrix_of_the_workspace(capsys: pytest.CaptureFixture[str]) -> None:
    code, document = answer(capsys)
    assert code == 0
    assert [
        (one["target"], one["platform"], one["python"], one["status"], one["version"], one["packages"], one["reason"])
        for one in document["results"]
    ] == [
        ("grid", "linux-64", "3.11", "installable", "8.0", 3, None),
        ("grid", "linux-64", "3.12", "installable", "9.0", 3, None),
        ("grid", "osx-64", "3.11", "installable", "8.0", 3, None),
        ("grid", "osx-64", "3.12", "installable", "9.0", 3, None),
    ]


def test_an_expected_no_is_fine(capsys: pytest.CaptureFixture[str]) -> None:
    code, document = answer(capsys, "--platform", "win-64", "--python", "3.12")
    assert code == 0
    (result,) = document["results"]
    assert (result["status"], result["wanted"]) == ("not-installable", False)
    assert result["reason"] == "grid → tool: no build for win-64 (there is one for linux-64 and osx-64)"
    assert [cause["chain"] for cause in result["causes"]] == [["grid", "tool"]]
    assert result["unblock"] == {
        "remedies": [{"package": "tool", "text": "build tool for win-64"}],
        "smallest": True,
    }


def test_an_unexpected_no(capsys: pytest.CaptureFixture[str]) -> None:
    code, document = answer(capsys, "grid >=9", "--platform", "linux-64", "--python", "3.11")
    assert code == 1
    (result,) = document["results"]
    assert result["reason"] == "grid: grid >=9 is made only for Python ≥3.12"
    assert result["installs_today"] == "8.0"


def test_several_specs_are_several_targets(capsys: pytest.CaptureFixture[str]) -> None:
    code, document = answer(capsys, "grid", "tool", "--platform", "linux-64", "--python", "3.12")
    assert (code, [one["target"] for one in document["results"]]) == (0, ["grid", "tool"])


def test_a_machine_of_the_workspace(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (workspace / "pyproject.toml").open("a") as file:
        file.write('[tool.dirac-forge.virtual-packages.linux-64]\n__glibc = "2.12"\n')
    code, document = answer(capsys, "--python", "3.12")
    assert code == 1
    assert document["results"][0]["reason"] == (
        "grid → tool: needs __glibc >=2.17, and the machine is assumed to have __glibc 2.12"
    )


def test_a_channel_that_cannot_be_read_is_unknown(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = workspace / "snapshot" / "osx-64" / "repodata.json"
    path.write_text(path.read_text(encoding="utf-8")[:-50], encoding="utf-8")
    code, document = answer(capsys)
    assert code == 3
    assert [one["status"] for one in document["results"]] == ["installable"] * 2 + ["unknown"] * 2
    assert document["results"][2]["reason"].startswith(f"{path}: the repodata can't be read: it is cut off (EOF")


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--platform", "linux-46"], "error: --platform: 'linux-46' is not a platform; did you mean 'linux-64'?\n"),
        (["grid tool<2"], "error: 'grid tool<2' is more than one package spec\nGive each spec as an argument: "),
        (["grid >=>1"], "error: 'grid >=>1' is not a package spec"),
        (["--with", "nothing"], "error: there is no feedstock nothing in "),
        (["--since", "9000-01-01"], "error: --since 9000-01-01 is in the future: what will be uploaded by then is not"),
        (["missing.yml"], "error: missing.yml: can't be read"),
    ],
)
def test_wrong_use(argv: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", *argv]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert said in captured.err


def test_a_recipe_that_does_not_render(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = recipe(workspace, "tool", "2.0", "${{ oops( }}")
    assert main(["check", "--with", "tool", "-q"]) == 2
    assert f"error: {path}:9: " in capsys.readouterr().err


def test_what_if_a_recipe_were_merged(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe(workspace, "tool", "2.0", "missing >=1")
    # Another recipe that can't be read helps nobody, and stops nothing.
    recipe(workspace, "strange", "1.0", "tool").write_bytes(b"package: # caf\xe9\n")
    code, document = answer(capsys, "--with", "tool", "--python", "3.12")
    assert code == 1
    assert document["with"]["outcome"] == "worse"
    assert [one["status"] for one in document["results"]] == ["not-installable"] * 2
    reason = "tool 2.0 can't be installed with grid: tool → missing: no channel has a package of this name"
    assert [one["reason"] for one in document["with"]["results"]] == [reason] * 2
    (package,) = document["with"]["packages"]
    assert (package["name"], package["version"], package["subdir"]) == ("tool", "2.0", "noarch")
    assert package["depends"] == ["missing >=1"]


def test_two_recipes_of_one_name_are_refused_and_of_one_package_are_told(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe(workspace, "tool", "2.0", "python")
    recipe(workspace / "mine", "tool", "3.0", "python")
    other = recipe(workspace, "tools", "2.0", "python")
    other.write_text(other.read_text(encoding="utf-8").replace("name: tools", "name: tool"), encoding="utf-8")
    twice = ["--with", "feedstocks/tool", "--with", "feedstocks/tool"]
    assert main(["check", "grid", *twice, "--with", "mine/feedstocks/tool"]) == 2
    assert capsys.readouterr().err == (
        "error: --with: feedstocks/tool and mine/feedstocks/tool are both called tool\nCheck one at a time.\n"
    )
    main(["check", "grid", *twice, "--with", "tools"])
    told = "warning: tool and tools both make tool; each of these builds has to be installable\n"
    assert told in capsys.readouterr().err


def test_the_difference_for_a_user(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe(workspace, "tool", "2.0", "python")
    code, document = answer(capsys, "--with", str(workspace / "feedstocks" / "tool"), "--python", "3.12")
    assert code == 0
    first = document["with"]["results"][0]
    assert (first["outcome"], first["before"], first["after"]) == ("same", "9.0", "9.0")
    assert first["environment"]["changed"] == [{"name": "tool", "from": "1.0", "to": "2.0"}]


def test_paths_after_with_are_recipes_too(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe(workspace, "tool", "2.0", "extra")
    recipe(workspace, "extra", "1.0", "python")
    code, document = answer(capsys, "--python", "3.12", "--with", "feedstocks/tool", "feedstocks/extra")
    assert code == 0
    assert [one["name"] for one in document["with"]["packages"]] == ["tool", "extra"]


def test_on_the_terminal(workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    recipe(workspace, "tool", "2.0", "missing")
    argv = ["check", "--platform", "linux-64", "--platform", "win-64", "--python", "3.12", "--with", "tool", "-q"]
    assert main(argv) == 1
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == "grid"
    assert "│ linux-64 │       ✓ 9.0       │" in lines
    assert "│ win-64   │ ✗ no, as expected │" in lines
    assert "win-64, Python 3.12: not installable" in lines
    assert "  to unblock it: build tool for win-64" in lines
    assert "grid with tool 2.0" in lines
    assert "│ linux-64 │   ▼ worse   │" in lines
    at = lines.index("linux-64, Python 3.12: worse")
    assert (
        lines[at + 1]
        == "  tool 2.0 can't be installed with grid: tool → missing: no channel has a package of this name"
    )


def test_file_that_names_channels_is_answered_from_these_alone(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_channel(workspace / "mine", {"linux-64": [pkg("extra 1.0")]})
    path = workspace / "environment.yml"
    path.write_text("name: it\nchannels: [./mine, nodefaults]\ndependencies: [grid, extra]\n", encoding="utf-8")
    code, document = answer(capsys, "environment.yml", "--platform", "linux-64")
    (result,) = document["results"]
    assert (code, result["reason"], result["channels"]) == (1, "grid: no channel has a package of this name", ["mine"])


def test_channel_option_takes_the_place_of_a_files_channels_and_says_so(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_channel(workspace / "mine", {"linux-64": [pkg("extra 1.0")]})
    path = workspace / "environment.yml"
    path.write_text("name: it\nchannels: [./mine]\ndependencies: [extra]\n", encoding="utf-8")
    assert main(["check", "environment.yml", "--platform", "linux-64", "--channel", "snapshot", "--json"]) == 1
    said = capsys.readouterr()
    (result,) = json.loads(said.out)["results"]
    assert result["reason"] == "extra: no channel has a package of this name"
    assert "channels" not in result
    assert "--channel replaces the channels of the file: mine" in " ".join(said.err.split())
    assert main(["check", "environment.yml", "--platform", "linux-64", "--channel", "mine", "--json"]) == 0
    assert "takes the place" not in capsys.readouterr().err


def test_channels_of_a_file_are_said(
    workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    write_channel(workspace / "mine", {"linux-64": [pkg("extra 1.0")]})
    (workspace / "environment.yml").write_text("channels: [./mine]\ndependencies: [extra]\n", encoding="utf-8")
    assert main(["check", "environment.yml", "--platform", "linux-64", "-q"]) == 0
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == "environment.yml"
    assert "┃ platform ┃ environment.yml ┃" in lines
    assert "channel: mine" in lines


def test_environment_without_python_has_no_python_dimension(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, document = answer(capsys, "tool", "--platform", "linux-64", "--platform", "osx-64")
    assert code == 0
    assert [(one["platform"], one["python"], one["status"]) for one in document["results"]] == [
        ("linux-64", None, "installable"),
        ("osx-64", None, "installable"),
    ]
    write_channel(workspace / "bare", {"linux-64": [pkg("clib 1.0")]})
    code, document = answer(capsys, "clib", "--platform", "linux-64", "--channel", "bare")
    assert (code, [one["status"] for one in document["results"]]) == (0, ["installable"])


def test_the_python_that_is_asked_for_twice(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, document = answer(capsys, "python 3.12.*", "--python", "3.11", "--python", "3.12", "--platform", "linux-64")
    assert code == 1
    assert [(one["python"], one["status"]) for one in document["results"]] == [
        ("3.11", "not-installable"),
        ("3.12", "installable"),
    ]


def test_new_recipe_whose_dependency_is_nowhere(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe(workspace, "fresh", "1.0", "ghost")
    code, document = answer(capsys, "fresh", "--with", "fresh", "--platform", "linux-64", "--python", "3.12")
    assert code == 1
    (result,) = document["results"]
    assert (result["status"], result["reason"]) == (
        "not-installable",
        "fresh → ghost: no channel has a package of this name",
    )


def test_a_no_of_recipes_that_make_nothing_worse_has_its_reason(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe(workspace, "fresh", "1.0", "ghost")
    why = "fresh on linux-64: fresh → ghost: no channel has a package of this name"
    code, document = answer(capsys, "fresh", "--with", "fresh", "--platform", "linux-64", "--python", "3.12")
    assert (code, document["with"]["outcome"], document["with"]["reason"]) == (1, "same", why)
    assert main(["check", "fresh", "--with", "fresh", "--platform", "linux-64", "--python", "3.12"]) == 1
    assert f"with these recipes: same; still a no: {why}" in " ".join(capsys.readouterr().out.split())
    useless = "the run environment of fresh on linux-64 can't be solved: fresh → ghost: no channel has a package of"
    _, document = answer(capsys, "grid", "--with", "fresh", "--platform", "linux-64", "--python", "3.12")
    assert document["with"]["reason"].startswith(useless)


def test_a_new_package_that_can_not_be_installed_counts_no_cells_as_worse(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe(workspace, "fresh", "1.0", "tool >=2")
    assert main(["check", "--with", "fresh", "--platform", "linux-64", "--python", "3.12"]) == 1
    assert (
        "with these recipes: worse: the run environment of fresh on linux-64 can't be solved: "
        "fresh → tool: no build matches tool >=2: the newest version is 1.0"
    ) in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("spec", "code", "reason"),
    [
        ("tool", 0, ""),
        ("ghost", 0, "no channel has ghost on any platform"),
        ("tool >=2", 1, "tool: no build matches tool >=2: the newest version is 1.0"),
    ],
)
def test_requirements_of_tests(
    workspace: Path, capsys: pytest.CaptureFixture[str], spec: str, code: int, reason: str
) -> None:
    path = recipe(workspace, "fresh", "1.0", "tool")
    tests = f"tests:\n  - requirements:\n      run:\n        - {spec}\n    script:\n      - fresh\n"
    path.write_text(path.read_text(encoding="utf-8") + tests, encoding="utf-8")
    found, document = answer(capsys, "--with", "fresh", "--platform", "linux-64", "--python", "3.12")
    environments = document["with"]["environments"]
    assert found == code
    assert [one["reason"] for one in environments if one["part"] == "test"] == [reason]


def test_a_new_package_that_can_not_be_built_is_not_proposed_for_a_build(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = recipe(workspace, "fresh", "1.0", "python >=3.15")
    text = path.read_text(encoding="utf-8").replace("generic", "python")
    path.write_text(text.replace("  run:", "  host:\n    - python 3.15.*\n  run:"), encoding="utf-8")
    assert main(["check", "--with", "fresh", "--platform", "linux-64", "--python", "3.12"]) == 1
    shown = " ".join(capsys.readouterr().out.split())
    assert (
        "with these recipes: same in all 2 cells; but they can't be built as asked: "
        "the host environment of fresh on linux-64 can't be solved: "
        "python: no build matches python 3.15.*: the newest version is 3.12.1"
    ) in shown
    assert "dirac-forge build" not in shown


def test_recipes_that_can_not_be_built_are_a_no(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = recipe(workspace, "grid", "10.0", "tool")
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("  run:", "  host:\n    - tool >=2\n    - tool <1\n  run:"), encoding="utf-8")
    asked = ("grid", "--with", "grid", "--platform", "linux-64", "--python", "3.12")
    why = (
        "the host environment of grid on linux-64 can't be solved: "
        "tool: no version can meet tool <1 and tool >=2: these exclude each other"
    )
    code, document = answer(capsys, *asked)
    assert (code, document["with"]["outcome"], document["with"]["reason"]) == (1, "same", why)
    (result,) = document["with"]["results"]
    assert (result["outcome"], result["after"], result["not_built"]) == ("same", "9.0", ["grid"])
    assert main(["check", *asked]) == 1
    shown = " ".join(capsys.readouterr().out.split())
    assert "│ linux-64 │ ✗ can't be built │" in shown
    assert f"with these recipes: same; but they can't be built as asked: {why}" in shown
    assert "dirac-forge build" not in shown


def test_what_only_the_solver_can_tell_is_its_word(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A build that the channel has already under the same name hides what is wrong with the new one."""
    path = recipe(workspace, "tool", "1.0", "ghost")
    path.write_text(
        path.read_text(encoding="utf-8").replace("build:\n", "build:\n  string: '0'\n", 1), encoding="utf-8"
    )
    code, document = answer(capsys, "tool", "--with", "tool", "--platform", "linux-64")
    assert code == 1
    reason = document["with"]["results"][0]["reason"]
    assert reason.startswith(
        "tool 1.0 can't be installed: the cause is unknown; the solver says: Cannot solve the request"
    )
    assert "tool 1.0 would require ghost *, for which no candidates were found." in reason


def test_recipe_that_makes_no_package(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = recipe(workspace, "fresh", "1.0", "python")
    text = path.read_text(encoding="utf-8").replace("build:\n", "build:\n  skip: true\n", 1)
    path.write_text(text, encoding="utf-8")
    asked = ("grid", "--with", "fresh", "--platform", "linux-64", "--python", "3.12")
    code, document = answer(capsys, *asked)
    said = "fresh makes no package on linux-64: all its variants are skipped or not built"
    assert (code, document["with"]["packages"], document["with"]["warnings"]) == (1, [], [said])
    assert main(["check", *asked]) == 1
    assert "grid with no new package" in capsys.readouterr().out


def test_new_recipe_that_requires_what_no_channel_has(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe(workspace, "fresh", "1.0", "ghost")
    code, document = answer(capsys, "grid", "--with", "fresh", "--platform", "linux-64", "--python", "3.12")
    assert (code, document["with"]["outcome"]) == (1, "same")
    assert [one["status"] for one in document["with"]["environments"]] == ["not-installable"]


def test_newest_version_that_the_machine_hides(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_channel(workspace / "machines", {"linux-64": [pkg("app 1.0"), pkg("app 2.0", constrains=["__glibc >=2.99"])]})
    code, document = answer(capsys, "app", "--platform", "linux-64", "--channel", "machines")
    assert code == 0
    (result,) = document["results"]
    assert (result["version"], result["held_back"]) == (
        "1.0",
        {
            "package": "app",
            "version": "2.0",
            "reason": "app: allows only __glibc >=2.99, and the machine is assumed to have __glibc 2.28",
        },
    )


DIRACOS = Path(__file__).parents[1] / "data" / "diracos" / "construct.yaml"


def test_every_missing_package_of_a_distribution_in_one_run(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = [
        line.split("- ", 1)[1].split()[0]
        for line in DIRACOS.read_text(encoding="utf-8").splitlines()
        if line.startswith("  - ")
    ]
    there = [name for name in listed if name != "python"][::2]
    write_channel(workspace / "part", {"linux-64": [*pythons("3.11"), *(pkg(f"{name} 9.0") for name in there)]})
    code, document = answer(capsys, str(DIRACOS), "--platform", "linux-64", "--channel", "part")
    assert code == 1
    (result,) = document["results"]
    missing = {cause["package"] for cause in result["causes"]}
    assert len(listed) == 85
    assert missing == {name for name in listed if name not in (*there, "python")} - {"pythonapple", "appnope"}
    assert {cause["kind"] for cause in result["causes"]} == {"unknown-name"}
    assert result["reason"].startswith(f"{len(missing)} packages that no channel has: ")


def test_the_day_of_the_embedded_snapshot_is_part_of_every_answer(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["check", "zlib", "--channel", "embedded", "--platform", "linux-64", "--python", "3.12", "-q"]
    assert main([*arguments, "--json"]) == 0
    day = json.loads(capsys.readouterr().out)["as_of"]
    assert main(arguments) == 0
    ending = f"* As of {day}: the embedded snapshot was used instead of conda-forge.\n"
    assert capsys.readouterr().out.endswith(ending)
    assert main(["check", "--json"]) in (0, 1)
    assert "as_of" not in json.loads(capsys.readouterr().out)


def test_what_the_embedded_snapshot_lacks_is_unknown_in_a_recipe_too(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    day = "2026-08-21"
    recipe(workspace, "fresh", "1.0", "no-such-package-at-all")
    arguments = ["--channel", "embedded", "--platform", "linux-64", "--with", "fresh"]
    code, document = answer(capsys, "fresh", *arguments)
    reason = f"fresh: the embedded snapshot ({day}) has no no-such-package-at-all; conda-forge may have it"
    assert (code, [each["reason"] for each in document["results"]]) == (3, [reason])
    (environment,) = document["with"]["environments"]
    assert (environment["status"], environment["fault"], environment["reason"]) == ("unknown", False, reason)
    assert main(["check", "zlib", *arguments]) == 3
    said = "with these recipes: same; whether they can be built and installed is unknown"
    assert said in capsys.readouterr().out.splitlines()
    recipe(workspace, "zlib", "99.0", "openssl >=99")
    code, document = answer(capsys, "zlib", *arguments[:-1], "zlib")
    assert (code, document["with"]["outcome"]) == (3, "unknown")
    assert document["with"]["reason"].startswith("zlib on linux-64: whether zlib 99.0 can be installed is unknown: ")


def test_since_ends_with_the_embedded_snapshot(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["zlib", "--channel", "embedded", "--platform", "linux-64", "--since", "2026-10-28"]
    code, document = answer(capsys, *arguments)
    reason = "since when is unknown: the embedded snapshot ends on 2026-08-21"
    assert (code, document["since"]) == (3, {"status": "unknown", "reason": reason})
    assert document["results"][0]["status"] == "installable"
    assert main(["check", *arguments]) == 3
    assert reason in capsys.readouterr().out.splitlines()


def test_since_ends_with_a_snapshot_in_a_folder(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (workspace / "snapshot" / "snapshot.json").write_text('{"as_of": "2020-08-21"}', encoding="utf-8")
    code, document = answer(capsys, "--since", "2020-08-22")
    reason = f"since when is unknown: the snapshot {workspace / 'snapshot'} ends on 2020-08-21"
    assert (code, document["since"]) == (3, {"status": "unknown", "reason": reason})
    code, document = answer(capsys, "--since", "2020-08-21")
    assert (code, "since" in document) == (0, False)


def test_a_python_that_the_channel_never_had_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "grid", "--python", "3.99", "--python", "3.12"]) == 2
    assert "--python: 3.99 is not a Python of this channel (3.11 to 3.12)" in capsys.readouterr().err


def test_next_after_a_no_is_since_when_but_not_for_a_name_that_never_was(capsys: pytest.CaptureFixture[str]) -> None:
    for never in ("tol", "elsewhere::grid", "__cuda >=12"):
        assert main(["check", never]) == 1
        assert "--since" not in capsys.readouterr().out
    assert main(["check", "grid >=10"]) == 1
    assert "dirac-forge check 'grid >=10' --since 30d" in capsys.readouterr().out


def test_next_is_bump_only_if_there_are_feedstocks(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["check", "grid", "--platform", "linux-64"]
    shown = []
    for _ in range(2):
        assert main(arguments) == 0
        shown.append("dirac-forge bump" in capsys.readouterr().out)
        (workspace / "feedstocks").mkdir(exist_ok=True)
    assert shown == [False, True]


def test_the_day_of_a_snapshot_is_told(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (workspace / "snapshot" / "snapshot.json").write_text('{"as_of": "2026-11-01"}', encoding="utf-8")
    assert main(["check"]) == 0
    assert capsys.readouterr().out.endswith("* As of 2026-11-01: the snapshot snapshot.\n")
    assert answer(capsys)[1]["snapshots"] == {str(workspace / "snapshot"): "2026-11-01"}


def test_an_unknown_recipe_is_told_before_anything_is_solved(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dirac_forge.cli.check.check_cells", lambda *_, **__: pytest.fail("it was solved"))
    assert main(["check", "--with", "nosuch"]) == 2
    assert "there is no feedstock nosuch" in capsys.readouterr().err


def test_free_threaded_python_is_a_column_of_its_own(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    free = pkg("python_abi 3.14", build="0_cp314t", constrains=["python 3.14.* *_cp314t"])
    needs = [
        pkg("fast 1.0", "python_abi 3.13.* *_cp313", "python"),
        pkg("fast 1.0", "python_abi 3.14.* *_cp314", "python", build="1"),
    ]
    records = [*pythons("3.13", "3.14"), pkg("python 3.14.0", build="h_1_cp314t"), free, *needs]
    write_channel(workspace / "free", {"linux-64": records})
    argv = ("fast", "--platform", "linux-64", "--channel", "free", "--python", "3.14", "--python", "3.14t")
    _, document = answer(capsys, *argv)
    assert [(one["python"], one["status"], one["reason"]) for one in document["results"]] == [
        ("3.14", "installable", None),
        ("3.14t", "not-installable", "fast: built only for Python ≤3.14, not for the free-threaded 3.14t"),
    ]


def test_a_version_with_free_threaded_builds_only(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    free = pkg("python_abi 3.14", build="0_cp314t", constrains=["python 3.14.* *_cp314t"])
    pures = [pkg("pure 1.0", "python <3.13", noarch="python"), pkg("pure 2.0", "python >=3.14", noarch="python")]
    records = [*pythons("3.12", "3.13"), pkg("python 3.14.0", build="h_1_cp314t"), free]
    write_channel(workspace / "free", {"linux-64": records, "noarch": pures})
    argv = ("pure", "--platform", "linux-64", "--channel", "free")
    _, document = answer(capsys, *argv, "--python", "3.13", "--python", "3.14")
    assert [(one["python"], one["status"], one["reason"]) for one in document["results"]] == [
        ("3.13", "not-installable", "pure: made only for Python 3.12 and 3.14t"),
        ("3.14", "installable", None),
    ]
    assert main(["check", *argv, "--python", "3.15"]) == 2
    assert "--python: 3.15 is not a Python of this channel (3.12 to 3.14)" in capsys.readouterr().err


def test_pythons_that_a_channel_lacks_are_not_within_the_bounds_of_those_that_it_has(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_channel(workspace / "some", {"linux-64": pythons("3.9", "3.13", "3.14")})
    argv = ("python", "--platform", "linux-64", "--channel", "some")
    assert main(["check", *argv, "--python", "3.11"]) == 2
    assert "--python: 3.11 is not a Python of this channel (it has only 3.9, 3.13 and 3.14)" in capsys.readouterr().err


def test_the_python_that_is_asked_for_is_the_one_of_a_target_that_names_python(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_channel(workspace / "two", {"linux-64": pythons("3.12", "3.13")})
    argv = ("--platform", "linux-64", "--channel", "two")
    _, document = answer(capsys, "python", *argv, "--python", "3.12")
    assert [(one["python"], one["status"], one["version"][:4]) for one in document["results"]] == [
        ("3.12", "installable", "3.12")
    ]
    _, document = answer(capsys, "python >=3.13", *argv, "--python", "3.12")
    assert [(one["python"], one["status"]) for one in document["results"]] == [("3.12", "not-installable")]
    _, document = answer(capsys, "python", *argv)
    assert [(one["python"], one["version"][:4]) for one in document["results"]] == [(None, "3.13")]


def test_platform_where_nothing_is_needed_has_the_columns_of_the_others(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_channel(
        workspace / "two", {"linux-64": [*pythons("3.12"), pkg("app 1.0", "python >=3")], "osx-64": [pkg("lib 1.0")]}
    )
    argv = ("--channel", "two", "--platform", "linux-64", "--platform", "osx-64", "--python", "3.12")
    _, document = answer(capsys, "app", *argv)
    assert [(one["platform"], one["python"], one["status"]) for one in document["results"]] == [
        ("linux-64", "3.12", "installable"),
        ("osx-64", "3.12", "not-installable"),
    ]
    _, document = answer(capsys, "nowhere", *argv)
    assert [(one["platform"], one["python"]) for one in document["results"]] == [("linux-64", None), ("osx-64", None)]


def test_since_when_and_by_which_upload(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, fresh = 1_790_000_000_000, 1_793_620_800_000  # fresh: 2026-11-02 12:00 UTC
    records = [pkg("app 2.0", "lib >=2", timestamp=old), pkg("app 1.0", timestamp=old), pkg("lib 2.0", timestamp=fresh)]
    write_channel(workspace / "dated", {"linux-64": records})
    argv = ["app", "--channel", "dated", "--platform", "linux-64", "--since"]
    code, document = answer(capsys, *argv, "2026-11-01")
    assert code == 0
    assert document["results"][0]["since"] == {
        "asked": "2026-11-01T00:00:00+00:00",
        "changed": "2026-11-02T12:00:00+00:00",
        "before": {"status": "installable", "version": "1.0"},
        "on_that_day": {"status": "installable", "version": "1.0"},
        "changes_at_least": 1,
        "uploads": [{"name": "lib", "version": "2.0", "build": "0", "subdir": "linux-64"}],
    }
    assert main(["check", *argv, "2026-11-01", "-q"]) == 0
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    at = lines.index("linux-64: ✓ 2.0 since 2026-11-02 12:00 UTC")
    assert lines[at + 1 : at + 3] == ["  by the upload of lib 2.0 (linux-64, 0)", "  before: ✓ 1.0"]
    assert main(["check", *argv, "2026-11-03", "-q"]) == 0
    assert "linux-64: ✓ 2.0, as on 2026-11-03 00:00 UTC" in capsys.readouterr().out
    assert main(["check", *argv, "yesterday", "-q"]) == 2
    assert "error: --since yesterday: not a date" in capsys.readouterr().err


def test_since_when_is_unknown_where_a_channel_breaks_off(
    workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_channel(workspace / "dated", {"linux-64": [pkg("app 2.0", timestamp=1_790_000_000_000)]})
    argv = ["app", "--channel", "dated", "--platform", "linux-64", "--since", "2026-11-01"]
    monkeypatch.setattr("dirac_forge.cli.check.turn_of", lambda *_: None)
    said = "since when is unknown: whether it can be installed is not known for all the days in between"
    code, document = answer(capsys, *argv)
    assert (code, document["results"][0]["since"]) == (3, {"status": "unknown", "reason": said})
    assert main(["check", *argv, "-q"]) == 3
    assert f"linux-64: {said}" in " ".join(capsys.readouterr().out.split())


def test_recipes_of_the_workspace_that_unblock_another_one_are_named(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    records = [pkg("app 1.0", "aio", "core", noarch="generic"), pkg("aio 3.7", "core >=1,<2", noarch="generic")]
    write_channel(workspace / "held", {"noarch": [*records, pkg("core 1.5", noarch="generic")], "linux-64": []})
    for name, version, run in (("core", "2.0", ""), ("aio", "4.0", "core >=2"), ("app", "1.0", "aio")):
        place = workspace / "feedstocks" / name / "recipe"
        place.mkdir(parents=True)
        requirements = f"requirements:\n  run:\n    - {run}\n" if run else ""
        (place / "recipe.yaml").write_text(
            f"package:\n  name: {name}\n  version: {version}\nbuild:\n  number: 0\n  noarch: generic\n{requirements}",
            encoding="utf-8",
        )
    options = ["--channel", "held", "--platform", "linux-64", "--with", "core"]
    assert main(["check", "app", *options]) == 1
    shown = capsys.readouterr().out
    assert "to unblock it: merge aio too, for which the workspace has a recipe\n" in shown
    assert main(["check", "app", *options, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["with"]["helping"] == ["aio"]
    assert main(["check", "app", *options, "--with", "aio"]) == 0


def test_a_file_without_specs_for_a_platform_is_told(capsys: pytest.CaptureFixture[str], workspace: Path) -> None:
    (workspace / "linux.yml").write_text("dependencies:\n  - sel(linux): grid\n", encoding="utf-8")
    osx = ["check", "linux.yml", "--platform", "osx-arm64"]
    assert main(osx) == 2
    assert capsys.readouterr().err.splitlines() == [
        "warning: linux.yml: it has no specs for osx-arm64",
        "error: there is nothing to check",
        "Name another --platform.",
    ]
    main([*osx, "--platform", "linux-64"])
    assert "warning: linux.yml: it has no specs for osx-arm64\n" in capsys.readouterr().err


def python_recipe(workspace: Path, bound: str, *, name: str = "fresh") -> None:
    path = recipe(workspace, name, "1.0", f"python {bound}")
    path.write_text(path.read_text(encoding="utf-8").replace("noarch: generic", "noarch: python"), encoding="utf-8")


def rows(document: Any) -> list[tuple[str, str | None, str, bool]]:
    return [(one["target"], one["python"], one["status"], one["wanted"]) for one in document["results"]]


def test_the_python_that_is_asked_for_holds_for_new_packages(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    python_recipe(workspace, ">=3.12")
    for argv in (["fresh"], ["fresh", "grid"]):
        asked = [*argv, "--with", "fresh", "--platform", "linux-64"]
        code, document = answer(capsys, *asked, "--python", "3.11")
        assert (code, rows(document)[0]) == (1, ("fresh", "3.11", "not-installable", True))
        assert document["results"][0]["reason"] == "fresh: made only for Python ≥3.12"
        code, document = answer(capsys, *asked, "--python", "3.12")
        assert (code, rows(document)[0]) == (0, ("fresh", "3.12", "installable", True))


def test_a_new_package_is_a_target_of_its_own_if_none_is_named(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    python_recipe(workspace, ">=3.12")
    asked = ["--with", "fresh", "--platform", "linux-64"]
    code, document = answer(capsys, *asked)
    assert (code, rows(document)[2:]) == (
        0,
        [("fresh", "3.11", "not-installable", False), ("fresh", "3.12", "installable", True)],
    )
    assert main(["check", *asked, "--python", "3.11"]) == 1


def test_a_new_package_that_is_named_is_asked_as_one_that_is_not(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    python_recipe(workspace, ">=3.12")
    asked = ["--with", "fresh", "--platform", "linux-64"]
    _, unnamed = answer(capsys, *asked)
    code, named = answer(capsys, "fresh", *asked)
    expected = {("3.11", "not-installable", False), ("3.12", "installable", True)}
    assert code == 0
    assert {one[1:] for one in rows(unnamed) if one[0] == "fresh"} == expected
    assert expected < {one[1:] for one in rows(named)}
    # That `grid` can be installed is what the settings want, whatever a recipe of it allows.
    python_recipe(workspace, ">=3.12", name="grid")
    assert all(wanted for *_, wanted in rows(answer(capsys, "grid", "--with", "grid", "--platform", "linux-64")[1]))


def compiled_recipe(workspace: Path) -> None:
    path = workspace / "feedstocks" / "fast" / "recipe" / "recipe.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(
        "package: {name: fast, version: '1.0'}\n"
        "build:\n  number: 0\n  skip: match(python, '<3.12')\n"
        "requirements:\n  host: [python]\n  run: [python]\n",
        encoding="utf-8",
    )


@pytest.mark.parametrize("others", [[], ["--python", "3.13"]])
def test_reason_names_all_pythons_of_the_recipe_not_only_those_asked_for(
    others: list[str], workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_channel(workspace / "snapshot", {"linux-64": pythons("3.11", "3.12", "3.13", "3.14")})
    compiled_recipe(workspace)
    config = workspace / "feedstocks" / "fast" / "recipe" / "conda_build_config.yaml"
    config.write_text("python: [3.11.* *_cp311, 3.12.* *_cp312, 3.13.* *_cp313]\n", encoding="utf-8")
    asked = ["fast", "--with", "fast", "--platform", "linux-64", "--python", "3.11", *others]
    code, document = answer(capsys, *asked)
    assert (code, document["results"][0]["reason"]) == (1, "fast: built only for Python 3.12 and 3.13")
    assert {one["variant"] for one in document["with"]["environments"] if one["part"] == "run"} <= {"", "python 3.13"}
    assert main(["check", *asked]) == 1
    assert "fast with fast 1.0" in capsys.readouterr().out.splitlines()


def test_an_unknown_without_recipes_is_no_no_with_them(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    compiled_recipe(workspace)
    arguments = ["--with", "fast", "--platform", "linux-64", "--channel", "embedded"]
    gap = "the embedded snapshot (2026-08-21) has no fast; conda-forge may have it"
    code, document = answer(capsys, "fast", *arguments)
    first, *_ = found = document["with"]["results"]
    assert (code, document["with"]["outcome"]) == (0, "better")
    assert (first["python"], first["status_before"], first["status"]) == ("3.10", "unknown", "unknown")
    assert first["reason"].startswith(f"{gap}; what the recipes build can't be installed: fast: built only for Python ")
    assert [one["status"] for one in document["results"]] == [one["status"] for one in found]
    answers = [(one["status_before"], one["status"], one["outcome"]) for one in found]
    better = answers.count(("unknown", "installable", "better"))
    assert answers.count(("unknown", "unknown", "same")) == len(answers) - better > 0
    assert main(["check", "fast", *arguments]) == 0
    lines = capsys.readouterr().out.splitlines()
    row = next(line for line in lines if line.startswith("│ linux-64") and "→" in line)
    assert {" ? still unknown ", " ▲ unknown → 1.0 "} <= set(row.split("│"))
    counts = f"{better} better and {len(answers) - better} same"
    assert f"with these recipes: better ({counts}); what can be installed today is unknown in {better} cells" in lines
    # Asked for by name, the Python that the recipe skips is an answer that is not known.
    code, document = answer(capsys, "fast", *arguments, "--python", "3.10")
    assert (code, document["results"][0]["status"]) == (3, "unknown")


def test_a_target_that_gets_python_with_a_recipe_is_asked_by_python(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe(workspace, "tool", "2.0", "python >=3.12")
    asked = ["tool", "--with", "tool", "--platform", "linux-64", "--python", "3.11"]
    code, document = answer(capsys, *asked)
    assert (code, rows(document)) == (0, [("tool", "3.11", "installable", True)])
    assert document["results"][0]["version"] == "1.0"


def test_a_construct_file_that_excludes_what_others_need(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (workspace / "construct.yaml").write_text(
        "name: X\nversion: 1\nspecs:\n  - grid\nexclude:\n  - tool\n", encoding="utf-8"
    )
    assert main(["check", "construct.yaml", "--platform", "linux-64", "--python", "3.12"]) == 0
    shown = " ".join(capsys.readouterr().err.split())
    assert "`exclude` removes tool, which grid needs on linux-64" in shown

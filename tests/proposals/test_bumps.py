"""Bumps in order and proved: a small index, a small channel, a workspace of a few feedstocks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from dirac_forge.cli import main
from support.archives import metadata, sdist, wheel
from support.channel import pkg, pythons, write_channel
from support.index import IndexFile, PackageIndex
from support.server import dead_port

PYPROJECT = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
SETTINGS = """\
[tool.dirac-forge]
platforms = ["linux-64"]
pythons = ["3.12"]
[tool.dirac-forge.targets.app]
specs = ["app"]
platforms = ["linux-64"]
pythons = ["3.12"]
[tool.dirac-forge.feedstocks.tool]
branches = { main = ">=1" }
"""
Records = Iterable[dict[str, Any]]
Files = dict[str, dict[str, bytes | IndexFile]]


def python(text: str, *depends: str) -> dict[str, Any]:
    return pkg(text, "python >=3.11", *depends, build="pyh_0", noarch="python")


BASE: tuple[dict[str, Any], ...] = (
    python("pip 26.0"),
    python("hatchling 1.0"),
    python("lib 1.0"),
    python("tool 1.0", "lib >=1"),
    python("app 1.0", "tool", "lib"),
)


def recipe(name: str, version: str, *, run: Iterable[str] = (), host: Iterable[str] = ("hatchling", "pip")) -> str:
    lines = (f"    - {spec}\n" for spec in ("python >=3.11", *run))
    hosts = (f"    - {spec}\n" for spec in ("python 3.12.*", *host))
    return (
        f"context:\n  version: '{version}'\npackage:\n  name: {name}\n  version: ${{{{ version }}}}\n"
        f"source:\n  url: https://pypi.org/packages/source/{name[0]}/{name}/{name}-${{{{ version }}}}.tar.gz\n"
        f"  sha256: {'a' * 64}\nbuild:\n  number: 0\n  noarch: python\n"
        f"requirements:\n  host:\n{''.join(hosts)}  run:\n{''.join(lines)}"
    )


def release(name: str, version: str, *requires: str, build: str = PYPROJECT) -> dict[str, bytes | IndexFile]:
    lines = (*(f"Requires-Dist: {one}" for one in requires), "Requires-Python: >=3.11", "License-Expression: MIT")
    source = {"pyproject.toml": build, "PKG-INFO": metadata(name, version, *lines), "LICENSE": "MIT"}
    return {
        f"{name}-{version}-py3-none-any.whl": wheel(name, version, *lines),
        f"{name}-{version}.tar.gz": sdist(name, version, source),
    }


LIB: Files = {"lib": {**release("lib", "1.0"), **release("lib", "2.0")}}
TOOL: Files = {"tool": {**release("tool", "1.0", "lib>=1"), **release("tool", "1.1", "lib>=2")}}


class Place:
    """A workspace, its channel and how the command is run on them."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.root = root
        self.capsys = capsys
        self.error = ""
        (root / "pyproject.toml").write_text(SETTINGS, encoding="utf-8")
        (root / "pinning").mkdir()
        pins = "python:\n  - 3.12.* *_cpython\n"
        (root / "pinning/conda_build_config.yaml").write_text(pins, encoding="utf-8")
        self.channel(BASE)

    def channel(self, records: Records, **arch: Records) -> None:
        subdirs = {"noarch": records, "linux-64": [*pythons("3.12"), *arch.get("linux", ())]}
        write_channel(self.root / "channel", subdirs)

    def put(self, name: str, text: str, forge: str = "") -> Path:
        path = self.root / "feedstocks" / name / "recipe/recipe.yaml"
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
        if forge:
            (path.parents[1] / "conda-forge.yml").write_text(forge, encoding="utf-8")
        return path

    def run(self, files: Files, *arguments: str, code: int = 0) -> dict[str, dict[str, Any]]:
        """The bumps by feedstock, in the order of the output."""
        with PackageIndex(files) as index:
            options = ["--workspace", str(self.root), "--index-url", index.url, "--json"]
            channel = [] if "--channel" in arguments else ["--channel", str(self.root / "channel")]
            pinning = ["--pinning", str(self.root / "pinning")]
            assert main(["bump", *options, *channel, *pinning, *arguments]) == code
        out = self.capsys.readouterr()
        self.error = out.err
        return {one["feedstock"]: one for one in json.loads(out.out)["bumps"]}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Place:
    monkeypatch.setenv("DIRAC_FORGE_CACHE", str(tmp_path / "cache"))
    return Place(tmp_path, capsys)


def outcomes(found: Mapping[str, Any]) -> list[str]:
    return [check["outcome"] for check in found["checks"]]


def test_a_bump_waits_for_another_and_is_installable_after_it(place: Place) -> None:
    tool = place.put("tool", recipe("tool", "1.0", run=["lib >=1"]))
    lib = place.put("lib", recipe("lib", "1.0"))
    before = tool.read_bytes()
    files = {**LIB, **TOOL}
    found = place.run(files, "--write")
    assert list(found) == ["lib", "tool"]
    assert (found["lib"]["status"], outcomes(found["lib"])) == ("proposed", ["same"])
    waiting = found["tool"]
    assert (waiting["status"], waiting["waits_for"], waiting["recipes"]) == ("waiting", ["lib"], [])
    assert waiting["blocked_by"] == ["lib >=2 (run of tool): the channel has lib 1.0, the bump of lib brings 2.0"]
    assert (waiting["proof"]["beside"], outcomes(waiting)) == (["lib"], ["same"])
    assert "version: '2.0'" in lib.read_text(encoding="utf-8")
    assert tool.read_bytes() == before  # a blocked one is not written
    # The recipe of lib has it now, the channel does not yet: there is nothing more to propose.
    again = place.run(files, "--write")
    assert list(again) == ["tool", "lib"]
    assert again["lib"]["status"] == "skipped"
    assert (again["tool"]["status"], again["tool"]["waits_for"]) == ("waiting", ["lib"])
    assert again["tool"]["blocked_by"] == [
        "lib >=2 (run of tool): the channel has lib 1.0, the recipe of lib makes 2.0"
    ]
    assert (again["tool"]["proof"]["beside"], outcomes(again["tool"])) == (["lib"], ["same"])
    # It was built and uploaded.
    place.channel([*BASE, python("lib 2.0")])
    done = place.run(files, "--write")
    assert (done["tool"]["status"], done["tool"]["waits_for"]) == ("proposed", [])
    assert "lib >=2" in tool.read_text(encoding="utf-8")
    last = place.run(files, "--write")
    assert [one["status"] for one in last.values()] == ["skipped", "skipped"]


def test_a_bump_waits_for_another_of_the_workspace_whichever_are_asked_for(place: Place) -> None:
    place.put("tool", recipe("tool", "1.0", run=["lib >=1"]))
    place.put("lib", recipe("lib", "1.0"))
    files = {**LIB, **TOOL}
    whole = place.run(files)
    assert list(whole) == ["lib", "tool"]
    assert whole["tool"]["status"] == "waiting"
    assert place.run(files, "tool") == {"tool": whole["tool"]}
    there = place.run(files, "tool", "--to", "1.1")["tool"]
    assert (there["status"], there["waits_for"]) == ("waiting", ["lib"])  # 1.1 is no version of lib


def test_a_bump_that_another_of_the_workspace_can_not_help_is_blocked_whichever_are_asked_for(place: Place) -> None:
    place.put("tool", recipe("tool", "1.0", run=["lib >=1"]))
    place.put("lib", recipe("lib", "1.0"))
    files = {"lib": release("lib", "1.0"), **TOOL}
    whole = place.run(files, code=1)["tool"]
    assert (whole["status"], whole["waits_for"]) == ("blocked", ["lib"])
    assert place.run(files, "tool", code=1) == {"tool": whole}


def test_what_is_up_to_date_tells_the_state_of_the_targets(place: Place) -> None:
    place.put("lib", recipe("lib", "1.0"))
    with PackageIndex({"lib": release("lib", "1.0")}) as index:
        where = ("--workspace", str(place.root), "--index-url", index.url, "--channel", str(place.root / "channel"))
        assert main(["bump", "lib", *where]) == 0
        said = " ".join(place.capsys.readouterr().out.split())
        assert "targets: app 1.0 can be installed in the one cell" in said
        assert main(["bump", "lib", *where, "--json"]) == 0
        document = json.loads(place.capsys.readouterr().out)
    assert [(one["target"], one["status"]) for one in document["targets"]] == [("app", "installable")]


def test_a_target_that_is_bumped_itself_gets_better(place: Place) -> None:
    place.put("app", recipe("app", "1.0", run=["tool", "lib"]))
    files: Files = {"app": {**release("app", "1.0", "tool", "lib"), **release("app", "1.1", "tool", "lib")}}
    found = place.run(files)["app"]
    assert (found["status"], found["proof"]["outcome"]) == ("proposed", "better")
    (check,) = found["checks"]
    assert (check["target"], check["platform"], check["python"]) == ("app", "linux-64", "3.12")
    assert check["reason"] == "app 1.0 → 1.1"


def test_worse_is_blocked_and_says_by_what(place: Place) -> None:
    place.channel([*BASE[:-1], python("app 1.0", "tool", "lib <2")])
    path = place.put("lib", recipe("lib", "1.0"))
    before = path.read_bytes()
    found = place.run(LIB, "--write", code=1)["lib"]
    assert (found["status"], found["waits_for"], outcomes(found)) == ("blocked", [], ["worse"])
    (reason,) = found["blocked_by"]
    assert reason == (
        "app on linux-64 with Python 3.12: lib 2.0 can't be installed with app: app → lib: "
        "pins that exclude each other: app needs lib <2, but lib ==2.0 is proposed"
    )
    assert found["reason"].startswith(reason)
    assert path.read_bytes() == before


def test_what_can_not_be_built_in_any_variant_is_blocked_whether_it_could_be_before(place: Place) -> None:
    place.put("lib", recipe("lib", "1.0", host=["hatchling", "pip <1"]))
    found = place.run(LIB, code=1)["lib"]
    assert (found["status"], outcomes(found), found["proof"]["outcome"]) == ("blocked", ["same"], "same")
    assert found["blocked_by"] == [
        (
            "lib can't be built in any variant: the host environment of lib on linux-64 can't be solved: "
            "not solvable without this change either: pip: no build matches pip <1: the newest version is 26.0"
        )
    ]


def test_a_feedstock_that_does_without_the_solver_is_not_blocked_by_it(place: Place) -> None:
    place.put("lib", recipe("lib", "1.0", host=["hatchling", "pip <1"]), forge="bot:\n  check_solvable: false\n")
    assert place.run(LIB)["lib"]["status"] == "proposed"


def test_what_can_be_had_together_only_says_so(place: Place) -> None:
    place.channel([*BASE[:-2], python("tool 1.0", "lib <2"), python("app 1.0", "tool", "lib")])
    place.put("lib", recipe("lib", "1.0"))
    place.put("tool", recipe("tool", "1.0", run=["lib <2"]))
    files = {**LIB, "tool": {**release("tool", "1.0", "lib<2"), **release("tool", "1.1", "lib>=2")}}
    found = place.run(files)
    assert list(found) == ["lib", "tool"]
    assert (found["lib"]["status"], found["lib"]["proof"]["beside"]) == ("proposed", ["tool"])
    assert "the targets accept it only together with the bump of tool, which waits for it" in found["lib"]["notes"]
    assert "tool main (1.0) needs lib <2: it accepts 1.0 but not 2.0" in found["lib"]["notes"]
    assert (found["tool"]["status"], found["tool"]["waits_for"]) == ("waiting", ["lib"])


def test_what_moves_together_and_is_blocked_tells_of_both_what_is_in_the_way_besides(place: Place) -> None:
    pins = (python("tool 1.0", "lib <2"), python("other 1.0", "lib <2"), python("app 1.0", "tool", "lib", "other"))
    place.channel([*BASE[:-2], *pins])
    place.put("lib", recipe("lib", "1.0"))
    place.put("tool", recipe("tool", "1.0", run=["lib <2"]))
    files = {**LIB, "tool": {**release("tool", "1.0", "lib<2"), **release("tool", "1.1", "lib>=2")}}
    found = place.run(files, code=1)
    assert [found[name]["status"] for name in ("lib", "tool")] == ["blocked", "blocked"]
    assert "the targets accept it only together with the bump of tool, which waits for it" in found["lib"]["notes"]
    for name in ("lib", "tool"):
        assert "other needs lib <2" in found[name]["proof"]["reason"]
        (remedy,) = found[name]["proof"]["unblock"]
        assert "relax the pin of other 1.0 on lib" in remedy


def test_a_recipe_is_proposed_for_what_the_channel_lacks_and_for_what_that_lacks(place: Place) -> None:
    place.put("tool", recipe("tool", "1.0", run=["lib >=1"]))
    files: Files = {
        "tool": {**release("tool", "1.0", "lib>=1"), **release("tool", "1.1", "lib>=1", "fresh>=0.3")},
        "fresh": release("fresh", "0.4", "deeper"),
        "deeper": release("deeper", "1.0"),
    }
    found = place.run(files, "--write", code=1)["tool"]
    assert (found["status"], found["waits_for"]) == ("blocked", ["fresh"])
    assert found["blocked_by"] == ["fresh >=0.3 (run of tool): the channel has no fresh"]
    assert [one["feedstock"] for one in found["recipes"]] == ["deeper", "fresh"]
    assert sorted(found["recipes"][0]["files"]) == ["conda-forge.yml", "recipe/recipe.yaml"]
    assert found["recipes"][1]["reason"] == "tool 1.1 needs fresh >=0.3; the channel has no such package"
    assert found["recipes"][0]["reason"] == ("tool 1.1 needs fresh, and that needs it; the channel has no such package")
    # With these merged it can be installed, as the solver says.
    assert (found["proof"]["beside"], outcomes(found)) == (["deeper", "fresh"], ["same"])
    assert {one["status"] for one in found["environments"]} == {"installable"}
    # The recipes are in the workspace now, and waited for like any other.
    again = place.run(files, "tool", "--write")
    assert (again["tool"]["waits_for"], again["tool"]["recipes"]) == (["fresh"], [])
    assert again["tool"]["blocked_by"] == [
        "fresh >=0.3 (run of tool): the channel has no fresh, the recipe of fresh makes 0.4"
    ]
    assert (again["tool"]["proof"]["beside"], again["tool"]["proof"]["warnings"]) == (["deeper", "fresh"], [])


def test_a_version_that_nobody_has_is_said(place: Place) -> None:
    place.put("tool", recipe("tool", "1.0", run=["lib >=1"]))
    found = place.run(TOOL, code=1)["tool"]
    assert (found["status"], found["waits_for"], found["recipes"]) == ("blocked", ["lib"], [])
    assert found["blocked_by"] == ["lib >=2 (run of tool): the channel has lib up to 1.0"]


def test_a_recipe_that_is_older_than_the_channel_is_told(place: Place) -> None:
    place.put("lib", recipe("lib", "1.0"))
    older = "the recipe here is older (1.0): `dirac-forge sync lib` fetches the newest"
    assert older not in " ".join(place.run(LIB)["lib"]["notes"])
    place.channel([*BASE, python("lib 1.5")])
    assert f"the channel has lib 1.5, {older}" in place.run(LIB)["lib"]["notes"]
    place.put("lib@v1.x", recipe("lib", "1.0"))
    settings = SETTINGS + '[tool.dirac-forge.feedstocks.lib]\nbranches = { "v1.x" = "<2" }\n'
    (place.root / "pyproject.toml").write_text(settings, encoding="utf-8")
    files: Files = {"lib": {**LIB["lib"], **release("lib", "1.1")}}
    (line,) = (one for one in place.run(files, "lib@v1.x").values())
    assert older not in " ".join(line["notes"])


def test_a_part_of_a_channel_blocks_nothing(place: Place) -> None:
    place.put("tool", recipe("tool", "1.0", run=["lib >=1", "elsewhere"]))
    files: Files = {
        "tool": {
            **release("tool", "1.0", "lib>=1", "elsewhere"),
            **release("tool", "1.1", "lib>=1", "elsewhere>=2", "fresh"),
        }
    }
    found = place.run(files)["tool"]
    assert (found["status"], found["waits_for"], found["recipes"]) == ("proposed", [], [])
    assert (
        "fresh (run of tool): whether fresh exists is unknown: "
        "the channel lacks elsewhere too, which the recipe needed before"
    ) in found["notes"]
    assert (
        "elsewhere >=2 (run of tool): this channel has no elsewhere; conda-forge should have it (the recipe needed it "
        "before); whether it has this version is unknown"
    ) in found["notes"]
    assert found["proof"]["warnings"] == [
        "assumed to exist, because the channel has no such packages: elsewhere, fresh"
    ]
    assert outcomes(found) == ["same"]


@pytest.mark.parametrize(
    ("forge", "status", "outcome"),
    [("", "blocked", "worse"), ("bot:\n  check_solvable: false\n", "proposed", "same")],
)
def test_a_host_environment_that_can_not_be_solved(place: Place, forge: str, status: str, outcome: str) -> None:
    place.put("lib", recipe("lib", "1.0", host=["hatchling >=1", "pip"]), forge)
    old, new = (PYPROJECT.replace('"hatchling"', f'"hatchling>={bound}"') for bound in (1, 2))
    files: Files = {"lib": {**release("lib", "1.0", build=old), **release("lib", "2.0", build=new)}}
    place.channel([*BASE, python("hatchling 2.0", "python >=3.13")])
    found = place.run(files, code=int(status == "blocked"))["lib"]
    host = next(one for one in found["environments"] if one["part"] == "host")
    assert (host["output"], host["platform"], host["status"]) == ("lib", "linux-64", "not-installable")
    assert "hatchling" in host["reason"]
    assert (found["status"], found["proof"]["outcome"]) == (status, outcome)
    said = found["blocked_by"] if status == "blocked" else found["proof"]["warnings"]
    assert said[0].startswith("the host environment of lib on linux-64 can't be solved: ")


def test_what_could_not_be_solved_before_either_is_not_the_bumps_fault(place: Place) -> None:
    place.put("lib", recipe("lib", "1.0", host=["hatchling >=2", "pip"]))
    place.channel([*BASE, python("hatchling 2.0", "python >=3.13")])
    found = place.run(LIB, code=1)["lib"]
    host = next(one for one in found["environments"] if one["part"] == "host")
    assert (found["proof"]["outcome"], host["status"], host["fault"]) == ("same", "not-installable", False)
    assert host["reason"].startswith("not solvable without this change either: ")


def test_extensions_that_follow_are_told(place: Place) -> None:
    (place.root / "pyproject.toml").write_text(
        SETTINGS + '[tool.dirac-forge.feedstocks.plug]\nbranches = { main = ">=2", "v1" = "<2" }\n', encoding="utf-8"
    )
    plugs = [python("plug 2.3", "tool >=1,<2"), python("plug 1.9", "tool <1.1")]
    place.channel([*BASE, python("lib 2.0"), *plugs])
    place.put("tool", recipe("tool", "1.0", run=["lib >=1"]))
    found = place.run(TOOL)["tool"]
    assert found["satisfies"] == ["plug main (2.3) needs tool >=1,<2: 1.1 belongs to it"]
    assert "plug v1 (1.9) needs tool <1.1: it accepts 1.0 but not 1.1" in found["notes"]


def test_a_channel_that_can_not_be_reached_is_unknown_and_said_once(place: Place) -> None:
    place.put("lib", recipe("lib", "1.0"))
    place.put("tool", recipe("tool", "1.0", run=["lib >=1"]))
    dead = f"http://127.0.0.1:{dead_port()}/channel"
    found = place.run({**LIB, **TOOL}, "--channel", dead)
    assert [one["status"] for one in found.values()] == ["proposed", "proposed"]
    assert {one["proof"]["outcome"] for one in found.values()} == {"unknown"}
    assert place.error.count("can't be reached") == 1
    found = place.run({**LIB, **TOOL}, "--channel", dead, "--dependencies", "off")
    assert {one["proof"]["outcome"] for one in found.values()} == {"unknown"}
    assert place.error.count("can't be reached") == 1


def test_no_check_asks_no_channel(place: Place) -> None:
    place.put("lib", recipe("lib", "1.0"))
    place.put("tool", recipe("tool", "1.0", run=["lib >=1"]))
    found = place.run({**LIB, **TOOL}, "--no-check", "--channel", str(place.root))
    assert [(one["status"], one["proof"]) for one in found.values()] == [("proposed", None), ("proposed", None)]


def test_the_environments_of_a_compiled_package_are_asked_for_each_variant(place: Place) -> None:
    text = recipe("lib", "1.0", host=["hatchling", "pip"]).replace("  noarch: python\n", "").replace(" 3.12.*", "")
    forge = "provider:\n  linux_aarch64: default\nbuild_platform:\n  linux_aarch64: linux_64\n"
    place.put("lib", text.replace("  host:\n", "  build:\n    - tools\n  host:\n"), forge)
    pins = "python:\n  - 3.11.* *_cp311\n  - 3.12.* *_cp312\n"
    (place.root / "pinning/conda_build_config.yaml").write_text(pins, encoding="utf-8")
    both = [*pythons("3.11", "3.12"), pkg("tools 1.0")]
    subdirs = {"noarch": BASE, "linux-64": both, "linux-aarch64": [one for one in both if one["name"] != "tools"]}
    write_channel(place.root / "channel", subdirs)
    found = place.run(LIB, "--platform", "linux-64", "--platform", "linux-aarch64")["lib"]
    asked = {(one["part"], one["platform"], one["variant"]): one["status"] for one in found["environments"]}
    for platform in ("linux-64", "linux-aarch64"):
        for minor in ("3.11", "3.12"):
            assert asked["host", platform, f"python {minor}"] == "installable"
            assert asked["run", platform, f"python {minor}"] == "installable"
    # Tools run where the build does, which is linux-64 for both.
    assert {key: status for key, status in asked.items() if key[0] == "build"} == {
        ("build", "linux-64", ""): "installable"
    }


def test_a_bump_on_an_older_release_line_takes_nothing_from_the_targets(place: Place) -> None:
    place.put("lib", recipe("lib", "2.0"))
    place.put("lib@v1.x", recipe("lib", "1.0"))
    settings = SETTINGS + '[tool.dirac-forge.feedstocks.lib]\nbranches = { main = ">=2", "v1.x" = "<2" }\n'
    (place.root / "pyproject.toml").write_text(settings, encoding="utf-8")
    place.channel([*BASE, python("lib 2.0")])
    files: Files = {"lib": {**LIB["lib"], **release("lib", "1.1")}}
    found = place.run(files, "lib@v1.x")["lib"]
    assert (found["branch"], found["to"], found["status"], outcomes(found)) == ("v1.x", "1.1", "proposed", ["same"])


def test_a_release_line_without_settings_is_skipped(place: Place) -> None:
    place.put("lib", recipe("lib", "2.0"))
    place.put("lib@v1.x", recipe("lib", "1.0"))
    files: Files = {"lib": {**LIB["lib"], **release("lib", "1.1")}}
    found = place.run(files, "lib@v1.x")["lib"]
    assert (found["branch"], found["status"]) == ("v1.x", "skipped")
    assert found["reason"] == (
        "the settings do not say which versions belong on v1.x: feedstocks.lib.branches has no such branch"
    )
    assert place.run(files, "lib@v1.x", "--to", "1.1")["lib"]["status"] == "proposed"


def test_a_build_backend_that_a_snapshot_lacks_is_no_new_recipe(place: Place) -> None:
    place.put("lib", recipe("lib", "1.0", host=["setuptools", "pip"]))
    place.channel([*(one for one in BASE if one["name"] != "hatchling"), python("setuptools 80.0")])
    old = '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
    files: Files = {"lib": {**release("lib", "1.0", build=old), **release("lib", "2.0")}}
    found = place.run(files)["lib"]
    assert (found["status"], found["recipes"]) == ("proposed", [])
    assert (
        "hatchling (host of lib): this channel has no hatchling; conda-forge should have it (it is a common build "
        "backend)" in (found["notes"])
    )


def lacks_flit(place: Place, *more: dict[str, Any]) -> Files:
    """A channel without flit-core, a bump of tool that needs fresh, which flit-core builds."""
    place.put("tool", recipe("tool", "1.0", run=["lib >=1"]))
    place.channel([*BASE, *more])
    build = '[build-system]\nrequires = ["flit_core>=3", "odd-tool"]\nbuild-backend = "flit_core.buildapi"\n'
    return {
        "tool": {**release("tool", "1.0", "lib>=1"), **release("tool", "1.1", "lib>=1", "fresh")},
        "fresh": release("fresh", "0.4", build=build),
        "flit-core": release("flit_core", "3.12"),
        "odd-tool": release("odd_tool", "1.0"),
    }


def test_what_conda_forge_should_have_is_no_new_recipe_for_a_new_recipe(place: Place) -> None:
    found = place.run(lacks_flit(place), code=1)["tool"]
    assert [one["feedstock"] for one in found["recipes"]] == ["odd-tool", "fresh"]
    assert found["blocked_by"] == ["fresh (run of tool): the channel has no fresh"]
    assert outcomes(found) == ["same"]


def test_what_the_embedded_snapshot_has_is_no_new_recipe(place: Place) -> None:
    place.put("tool", recipe("tool", "1.0"))
    tool = {**release("tool", "1.0"), **release("tool", "1.1", "requests")}
    files = {"tool": tool, "requests": release("requests", "2.34")}
    found = place.run(files)["tool"]
    assert (found["status"], found["waits_for"], found["recipes"]) == ("proposed", [], [])


def test_where_a_tool_of_builds_is_lacking_others_are_unknown(place: Place) -> None:
    place.put("lib", recipe("lib", "1.0", host=["odd-backend", "pip"]))
    files = lacks_flit(place) | {"lib": {**release("lib", "1.0"), **release("lib", "1.1")}}
    found = place.run(files, code=1)["tool"]
    assert [one["feedstock"] for one in found["recipes"]] == ["fresh"]


def test_what_one_recipe_needed_before_exists_for_all(place: Place) -> None:
    place.put("lib", recipe("lib", "1.0", run=["fresh"]))
    files = lacks_flit(place) | {"lib": {**release("lib", "1.0", "fresh"), **release("lib", "1.1", "fresh")}}
    found = place.run(files)["tool"]
    assert (found["status"], found["recipes"]) == ("proposed", [])
    assert (
        "fresh (run of tool): this channel has no fresh; conda-forge should have it (the recipe of lib needed it "
        "before)" in (found["notes"])
    )


def test_feedstocks_that_need_each_other_are_one_step(place: Place) -> None:
    place.channel([*BASE[:2], python("one 1.0", "two ==1.0"), python("two 1.0", "one ==1.0"), python("app 1.0", "one")])
    for name, other in (("one", "two"), ("two", "one")):
        place.put(name, recipe(name, "1.0", run=[f"{other} ==1.0"]))
    files: Files = {
        name: {**release(name, "1.0", f"{other}==1.0"), **release(name, "2.0", f"{other}==2.0")}
        for name, other in (("one", "two"), ("two", "one"))
    }
    found = place.run(files)
    assert [(one["status"], one["waits_for"]) for one in found.values()] == [("proposed", []), ("proposed", [])]
    assert "it must move together with two: each needs the other" in found["one"]["notes"]
    assert (found["one"]["proof"]["beside"], outcomes(found["one"])) == (["two"], ["same"])

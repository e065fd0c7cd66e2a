"""`dirac-forge migrate` from the outside."""

from __future__ import annotations

import json
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from dirac_forge.cli import main

MIGRATION = "__migrator:\n  kind: version\n  migration_number: 1\nlib:\n- '2'\nmigrator_ts: 1700000000\n"


def recipe(name: str, *host: str, version: str = "1.0") -> str:
    needs = "".join(f"    - {package}\n" for package in host)
    exports = f"  run_exports:\n    - {name}\n" if name == "lib" else ""
    head = f"package:\n  name: {name}\n  version: '{version}'\nbuild:\n  number: 0\n{exports}"
    return head + (f"requirements:\n  host:\n{needs}" if needs else "")


def record(name: str, version: str, *depends: str, number: int = 0) -> dict[str, object]:
    return {
        "name": name,
        "version": version,
        "build": f"h_{number}",
        "build_number": number,
        "subdir": "linux-64",
        "depends": list(depends),
    }


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DIRAC_FORGE_CACHE", str(tmp_path / "cache"))
    for name, needs in {"lib": (), "a": ("lib",), "b": ("lib", "a"), "c": ("zlib",)}.items():
        folder = tmp_path / "feedstocks" / name / "recipe"
        folder.mkdir(parents=True)
        (folder / "meta.yaml").write_text(recipe(name, *needs), encoding="utf-8")
        (folder.parent / "conda-forge.yml").write_text("provider: {osx_64: null, win_64: null}\n", encoding="utf-8")
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations/lib2.yaml").write_text(MIGRATION, encoding="utf-8")
    return tmp_path


@pytest.fixture
def channel(tmp_path: Path) -> Path:
    records = [
        record("lib", "1.4"),
        record("lib", "2.0"),
        record("a", "1.0", "lib >=1.4,<2.0a0"),
        record("a", "1.0", "lib >=2.0,<3.0a0", number=1),
        record("b", "1.0", "lib >=1.4,<2.0a0", "a"),
    ]
    folder = tmp_path / "channel/linux-64"
    folder.mkdir(parents=True)
    packages = {f"{one['name']}-{one['version']}-{one['build']}.conda": one for one in records}
    repodata = {"info": {"subdir": "linux-64"}, "packages": {}, "packages.conda": packages, "repodata_version": 1}
    (folder / "repodata.json").write_text(json.dumps(repodata), encoding="utf-8")
    return tmp_path / "channel"


def run(workspace: Path, *arguments: str) -> int:
    return main(["migrate", *arguments, "--workspace", str(workspace), "-q"])


def answer(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


def test_plan(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(workspace, "plan", "lib2", "--json") == 0
    found = answer(capsys)
    assert found["migration"] == "lib2"
    assert found["waves"] == [["a"], ["b"]]
    assert found["excluded"] == [{"feedstock": "lib", "reason": "it makes a migrated package"}]
    assert found["members"] == [
        {
            "feedstock": "a",
            "wave": 1,
            "because": ["host: a/recipe/meta.yaml:8: lib"],
            "platforms": ["linux-64"],
            "run_exports": [{"package": "lib", "effect": "pinned", "text": "the run_exports of lib pin lib"}],
        },
        {
            "feedstock": "b",
            "wave": 2,
            "because": ["host: b/recipe/meta.yaml:8: lib"],
            "platforms": ["linux-64"],
            "run_exports": [{"package": "lib", "effect": "pinned", "text": "the run_exports of lib pin lib"}],
        },
    ]
    assert found["edges"] == [
        {
            "parent": "a",
            "child": "b",
            "because": ["b needs a in host: b/recipe/meta.yaml:9: a"],
            "path": ["a", "b"],
            "sections": ["host"],
            "platforms": ["linux-64"],
            "ignored": False,
            "broken": False,
        }
    ]


def test_a_path_serves_as_a_name(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (workspace / "elsewhere.yaml").write_text(MIGRATION, encoding="utf-8")
    assert run(workspace, "plan", str(workspace / "elsewhere.yaml"), "--json") == 0
    assert answer(capsys)["migration"] == "elsewhere"


def test_unreadable_recipes_are_said_and_left_out(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (workspace / "feedstocks/c/recipe/meta.yaml").write_text("package: {\n", encoding="utf-8")
    assert main(["migrate", "plan", "lib2", "--workspace", str(workspace), "--json"]) == 3
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert (found["complete"], found["unreadable"][0]["feedstock"]) == (False, "c")
    assert "warning: c is left out" in err
    assert run(workspace, "plan", "lib2") == 3
    assert "Whether c is a member is unknown: " in capsys.readouterr().out
    assert run(workspace, "plan", "lib2", "--dot") == 3
    capsys.readouterr()
    assert run(workspace, "why", "lib2", "c") == 3
    assert capsys.readouterr().out.startswith("Whether c is in lib2 is unknown: ")
    for recipe in workspace.glob("feedstocks/*/recipe/meta.yaml"):
        recipe.write_text("package: {\n", encoding="utf-8")
    assert run(workspace, "plan", "lib2") == 3
    assert "lib2: no feedstock of this workspace could be read, so nothing is known.\n" in capsys.readouterr().out


def test_an_unreadable_recipe_that_the_migration_excludes_leaves_the_plan_complete(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (workspace / "feedstocks/c/recipe/meta.yaml").write_text("package: {\n", encoding="utf-8")
    (workspace / "migrations/lib2.yaml").write_text(
        MIGRATION.replace("__migrator:\n", "__migrator:\n  exclude: [c]\n"), encoding="utf-8"
    )
    assert run(workspace, "plan", "lib2", "--json") == 0
    assert answer(capsys)["complete"] is True


def test_an_incomplete_plan_leaves_the_status_unknown(
    workspace: Path, channel: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (workspace / "feedstocks/c/recipe/meta.yaml").write_text("package: {\n", encoding="utf-8")
    for command in ("status", "next", "run"):
        assert run(workspace, command, "lib2", "--channel", str(channel), "--json") == 3, command
        capsys.readouterr()
    assert run(workspace, "run", "lib2", "a", "--json") == 0


def test_a_migration_that_can_not_be_read_is_listed_as_such(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (workspace / "migrations/bad.yaml").write_text("a: {\n", encoding="utf-8")
    assert run(workspace, "list", "--json") == 3
    found = json.loads(capsys.readouterr().out)
    assert [one["migration"] for one in found["unreadable"]] == ["bad"]
    assert found["unreadable"][0]["reason"].startswith(f"{workspace / 'migrations/bad.yaml'}")


def test_unknown_keys_of_conda_forge_yml_are_warned_of(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in "ab":
        (workspace / f"feedstocks/{name}/conda-forge.yml").write_text("bot: {}\nbuild_platfrom: {}\n", encoding="utf-8")
    for _ in ("read", "kept"):
        assert main(["migrate", "plan", "lib2", "--workspace", str(workspace), "--json"]) == 0
        out, err = capsys.readouterr()
        assert json.loads(out)["waves"] == [["a"], ["b"]]
        words = " ".join(err.split())
        for name in "ab":
            problem = f"{name}/conda-forge.yml:2: build_platfrom is not a key of conda-forge.yml"
            assert f"warning: {problem}; the nearest one is build_platform" in words


def test_status_next_and_run_from_a_channel(workspace: Path, channel: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(workspace, "status", "lib2", "--channel", str(channel), "--json") == 0
    found = answer(capsys)
    assert found["feedstocks"] == [
        {
            "feedstock": "a",
            "state": "done",
            "evidence": "a 1.0 is built (linux-64)",
            "platforms": {"linux-64": True},
            "waits_for": [],
            "waits_for_migrations": [],
            "blocks": 1,
        },
        {
            "feedstock": "b",
            "state": "awaiting-pr",
            "evidence": "b has no build with lib 2 (linux-64)",
            "platforms": {"linux-64": False},
            "waits_for": [],
            "waits_for_migrations": [],
            "blocks": 0,
        },
    ]
    assert found["platforms"] == {"linux-64": {"done": 1, "members": 2, "percent": 50.0, "unknown": 0}}
    assert run(workspace, "next", "lib2", "--channel", str(channel)) == 0
    out = capsys.readouterr().out
    assert out == "  b  linux-64: b has no build with lib 2\nThe others: 1 done.\n"
    assert run(workspace, "run", "lib2", "--channel", str(channel), "--write") == 0
    assert "+  number: 1" in capsys.readouterr().out
    assert "number: 1" in (workspace / "feedstocks/b/recipe/meta.yaml").read_text(encoding="utf-8")
    assert (workspace / "feedstocks/b/.ci_support/migrations/lib2.yaml").read_text(encoding="utf-8") == MIGRATION
    assert "number: 0" in (workspace / "feedstocks/a/recipe/meta.yaml").read_text(encoding="utf-8")


def test_what_the_request_of_a_rebuild_would_say(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["migrate", "run", "lib2", "b", "-v", "--workspace", str(workspace)]) == 0
    out = capsys.readouterr().out
    assert "\n  Order\n    - It waited for a (a → b): b needs a in host: b/recipe/meta.yaml:9: a\n" in out
    assert "Next steps" not in out  # those are for the maintainers of a request, which is not there yet
    assert "\n+  number: 1\n" in out
    assert run(workspace, "run", "lib2", "b", "--json") == 0
    changes = answer(capsys)["changes"]
    assert isinstance(changes, list)
    assert changes[0]["body"].startswith(
        "## Rebuild for lib2\n\nb is rebuilt for the migration `lib2`, wave 2 of 2.\n\n## Why it is rebuilt\n"
    )


def change_channel(channel: Path, *, gone: tuple[str, ...] = (), added: tuple[dict[str, object], ...] = ()) -> None:
    path = channel / "linux-64/repodata.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    for name in gone:
        del data["packages.conda"][name]
    data["packages.conda"] |= {f"{each['name']}-{each['version']}-{each['build']}.conda": each for each in added}
    path.write_text(json.dumps(data), encoding="utf-8")


def test_a_new_version_that_no_channel_has_is_said_once_and_first(
    workspace: Path, channel: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change_channel(channel, gone=("lib-2.0-h_0.conda", "a-1.0-h_1.conda"))
    arguments = ["lib2", "--channel", str(channel)]
    assert run(workspace, "next", *arguments) == 0
    assert capsys.readouterr().out == (
        "No rebuild can start: the channel has no lib 2 yet.\n1 awaiting-parents, 1 not-solvable.\n"
    )
    page = workspace / "page.html"
    assert run(workspace, "status", *arguments, "--html", str(page)) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"Wrote {page}."
    assert run(workspace, "status", *arguments) == 0
    assert capsys.readouterr().out == (
        "No rebuild can start: the channel has no lib 2 yet.\n"
        "lib2: 1 awaiting-parents, 1 not-solvable\n"
        "  linux-64: 0 of 2 done (0 %)\n"
        "\nawaiting-parents (1)\n"
        "  b  waits for a\n"
        "\nnot-solvable (1)\n"
        "  a  needs lib 2\n"
        "\nBlocking most: a (1)\n"
        "-v shows all that is known of each.\n"
    )
    assert run(workspace, "why", "lib2", "a", "--channel", str(channel)) == 0
    said = "Its state is not-solvable: needs lib 2.\nIt does not wait for another member.\nWaiting for it: b.\n"
    assert said in capsys.readouterr().out


def test_a_spec_without_builds_is_a_no_also_where_another_package_is_missing(
    workspace: Path, channel: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = workspace / "feedstocks/b/recipe/meta.yaml"
    folder.write_text(recipe("b", "lib", "unheard-of", "a >=7"), encoding="utf-8")
    assert run(workspace, "status", "lib2", "--channel", str(channel), "--json") == 0
    found = answer(capsys)["feedstocks"]
    assert isinstance(found, list)
    assert (found[1]["state"], found[1]["evidence"]) == (
        "not-solvable",
        "host of b on linux-64 has no solution: a: no build matches a >=7: the newest version is 1.0",
    )
    folder.write_text(recipe("b", "lib", "unheard-of"), encoding="utf-8")
    assert run(workspace, "status", "lib2", "--channel", str(channel), "--json") == 3
    found = answer(capsys)["feedstocks"]
    assert isinstance(found, list)
    assert (found[1]["state"], found[1]["evidence"]) == (
        "awaiting-pr",
        (
            "b has no build with lib 2 (linux-64); whether it can be built is unknown: no channel has "
            "unheard-of on any platform (host of b on linux-64)"
        ),
    )


def test_the_status_as_a_picture(workspace: Path, channel: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(workspace, "status", "lib2", "--channel", str(channel), "--svg") == 0
    names = {node.text for node in ET.fromstring(capsys.readouterr().out).iter("{http://www.w3.org/2000/svg}text")}
    assert {"done (1)", "awaiting-pr (1)"} <= names


def test_the_migrations_there_are(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (workspace / "migrations/old.yaml").write_text(
        "__migrator: {paused: true, commit_message: Old}\nzlib:\n- '2'\n", encoding="utf-8"
    )
    (workspace / "pinning/migrations").mkdir(parents=True)
    (workspace / "pinning/conda_build_config.yaml").write_text("zlib:\n- '1'\n", encoding="utf-8")
    (workspace / "pinning/migrations/theirs.yaml").write_text("__migrator: {}\nzstd:\n- '2'\n", encoding="utf-8")
    assert run(workspace, "list", "--pinning", str(workspace / "pinning"), "--json") == 0
    listed = answer(capsys)["migrations"]
    assert isinstance(listed, list)
    assert [(each["migration"], each["title"], each["paused"], each["pins"]) for each in listed] == [
        ("lib2", "Rebuild for lib2", False, ["lib"]),
        ("old", "Old", True, ["zlib"]),
        ("theirs", "Rebuild for theirs", False, ["zstd"]),
    ]


def test_a_migration_without_its_allowlist_can_not_be_planned(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = workspace / "migrations/free.yaml"
    path.write_text("__migrator: {allowlist_file: free.txt}\nzlib:\n- '2'\n", encoding="utf-8")
    assert run(workspace, "list", "--json") == 0
    listed = answer(capsys)["migrations"]
    assert isinstance(listed, list)
    faults = {each["migration"]: each.get("fault", "") for each in listed}
    assert faults == {"free": f"{path}: allowlist_file: there is no free.txt", "lib2": ""}
    assert run(workspace, "list") == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "free can't be planned: " in said
    assert "lib2 can't" not in said


def test_a_paused_migration_does_nothing_without_the_flag(
    workspace: Path, channel: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (workspace / "migrations/lib2.yaml").write_text(
        MIGRATION.replace("kind:", "paused: true\n  kind:"), encoding="utf-8"
    )
    recipe_path = workspace / "feedstocks/b/recipe/meta.yaml"
    before = recipe_path.read_text(encoding="utf-8")
    arguments = ["lib2", "--channel", str(channel)]
    assert run(workspace, "next", *arguments) == 0
    assert capsys.readouterr().out == "The migration is paused.\nNothing is rebuilt; --paused shows what could be.\n"
    assert run(workspace, "run", *arguments, "--write") == 0
    assert capsys.readouterr().out == "lib2 is paused: nothing is rebuilt. Use --paused to rebuild anyway.\n"
    assert recipe_path.read_text(encoding="utf-8") == before
    assert run(workspace, "next", *arguments, "--paused", "--json") == 0
    found = answer(capsys)
    assert (found["paused"], [each["feedstock"] for each in found["next"]]) == (True, ["b"])  # type: ignore[attr-defined]
    assert run(workspace, "run", *arguments, "--write", "--paused") == 0
    assert recipe_path.read_text(encoding="utf-8") == before.replace("number: 0", "number: 1")


def test_release_lines_are_members(workspace: Path, channel: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = workspace / "feedstocks/b@v0.x"
    (line / "recipe").mkdir(parents=True)
    (line / "recipe/meta.yaml").write_text(recipe("b", "lib", version="0.9"), encoding="utf-8")
    (line / "conda-forge.yml").write_text("provider: {osx_64: null, win_64: null}\n", encoding="utf-8")
    forge = workspace / "feedstocks/a/conda-forge.yml"
    forge.write_text(forge.read_text(encoding="utf-8") + "bot: {abi_migration_branches: [v7]}\n", encoding="utf-8")
    change_channel(channel, added=(record("b", "1.0", "lib >=2.0,<3.0a0", number=1),))
    arguments = ["lib2", "--channel", str(channel)]
    assert run(workspace, "plan", *arguments, "--json") == 0
    found = answer(capsys)
    assert found["waves"] == [["a", "b@v0.x"], ["b"]]
    assert found["release_lines"] == [{"feedstock": "a@v7", "waits_for": []}]
    assert run(workspace, "status", *arguments, "--json") == 0
    found = answer(capsys)
    states = {each["feedstock"]: each["state"] for each in found["feedstocks"]}  # type: ignore[attr-defined]
    assert (states, found["absent"]) == ({"a": "done", "b": "done", "b@v0.x": "awaiting-pr"}, ["a@v7"])
    assert run(workspace, "why", *arguments[:1], "b@v0.x", *arguments[1:]) == 0
    assert capsys.readouterr().out == (
        "b@v0.x is in lib2, wave 1 of 2:\n"
        "  host: b@v0.x/recipe/meta.yaml:8: lib\n"
        "  the run_exports of lib pin lib\n"
        "Its state is awaiting-pr: b has no build with lib 2 (linux-64).\n"
        "It does not wait for another member.\n"
        "No member waits for it.\n"
    )
    assert run(workspace, "why", "lib2", "a@v7", *arguments[1:]) == 0
    assert capsys.readouterr().out == (
        "a@v7 is a release line that is rebuilt too, and its recipe is not in the workspace.\n"
        "If it needs what the default branch needs, it waits for no other member.\n"
        "`dirac-forge sync a@v7` fetches it.\n"
    )
    change_channel(channel, added=(record("b", "0.9", "lib >=2.0,<3.0a0", number=2),))
    assert run(workspace, "status", *arguments, "--json") == 0
    found = answer(capsys)
    assert [each["state"] for each in found["feedstocks"]] == ["done", "done", "done"]  # type: ignore[attr-defined]


def test_a_rebuild_of_a_release_line_is_for_its_branch(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = workspace / "feedstocks/b@v0.x/recipe"
    line.mkdir(parents=True)
    (line / "meta.yaml").write_text(recipe("b", "lib", version="0.9"), encoding="utf-8")
    assert run(workspace, "run", "lib2", "b@v0.x", "--json") == 0
    changes = answer(capsys)["changes"]
    assert isinstance(changes, list)
    (change,) = changes
    assert (change["feedstock"], change["branch"], change["status"]) == ("b", "v0.x", "proposed")
    assert "b@\u200bv0.x is rebuilt for the migration `lib2`, wave 1 of 2." in change["body"]


def test_a_host_without_a_solution(workspace: Path, channel: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = channel / "linux-64/repodata.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    del data["packages.conda"]["lib-2.0-h_0.conda"]
    path.write_text(json.dumps(data), encoding="utf-8")
    arguments = ["lib2", "--channel", str(channel), "--json"]
    assert run(workspace, "status", *arguments) == 0
    found = answer(capsys)["feedstocks"]
    assert isinstance(found, list)
    assert [(one["feedstock"], one["state"], one["evidence"]) for one in found] == [
        ("a", "done", "a 1.0 is built (linux-64)"),
        ("b", "not-solvable", "needs lib 2"),
    ]
    assert run(workspace, "next", *arguments) == 0
    assert answer(capsys)["next"] == []


def test_a_host_that_only_a_snapshot_lacks_is_unknown(
    workspace: Path, channel: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The snapshot has the package for another platform only, where its targets need it."""
    (channel / "snapshot.json").write_text('{"as_of": "2026-08-21", "targets": ["b"]}', encoding="utf-8")
    (channel / "osx-64").mkdir()
    tool = {"packages.conda": {"tool-1.0-h_0.conda": {**record("tool", "1.0"), "subdir": "osx-64"}}}
    (channel / "osx-64/repodata.json").write_text(json.dumps(tool), encoding="utf-8")
    (workspace / "feedstocks/b/recipe/meta.yaml").write_text(recipe("b", "lib", "a", "tool"), encoding="utf-8")
    arguments = ["lib2", "--channel", str(channel), "--platform", "linux-64"]
    assert run(workspace, "status", *arguments, "--json") == 3
    (member,) = [each for each in json.loads(capsys.readouterr().out)["feedstocks"] if each["feedstock"] == "b"]
    assert member["state"] == "awaiting-pr"
    assert (
        f"whether it can be built is unknown: the snapshot {channel} (2026-08-21) has no tool for linux-64; "
        "the channel that it is a part of may have it (host of b on linux-64)"
    ) in member["evidence"]
    (workspace / "feedstocks/b/recipe/meta.yaml").write_text(recipe("b", "lib", "a", "nowhere"), encoding="utf-8")
    assert run(workspace, "status", *arguments, "--json") == 3
    assert f"the snapshot {channel} (2026-08-21) has no nowhere; the channel that" in capsys.readouterr().out


def test_builds_that_only_a_snapshot_lacks_are_unknown(
    workspace: Path, channel: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The snapshot was made for another target: that it has no builds of a member does not say that there are none."""
    change_channel(channel, gone=("b-1.0-h_0.conda",))
    arguments = ["status", "lib2", "--channel", str(channel), "--platform", "linux-64", "--json"]
    assert run(workspace, *arguments) == 0
    assert json.loads(capsys.readouterr().out)["unknown"] == []
    about = {"as_of": "2026-08-21", "targets": ["a"], "channels": ["https://conda.anaconda.org/conda-forge/"]}
    (channel / "snapshot.json").write_text(json.dumps(about), encoding="utf-8")
    assert run(workspace, *arguments) == 3
    document = json.loads(capsys.readouterr().out)
    assert document["unknown"] == ["b"]
    said = f"unknown: the snapshot {channel} (2026-08-21) has no b for linux-64; conda-forge may have it (linux-64)"
    assert [one["evidence"] for one in document["feedstocks"] if one["feedstock"] == "b"] == [said]
    (channel / "snapshot.json").write_text(json.dumps(about | {"absent": {"linux-64": ["b"]}}), encoding="utf-8")
    assert run(workspace, *arguments) == 0


def test_a_target_that_only_a_snapshot_lacks_is_unknown(
    workspace: Path, channel: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Today, and with the new pin."""
    (channel / "snapshot.json").write_text('{"as_of": "2026-08-21", "targets": ["b"]}', encoding="utf-8")
    lost = f"the snapshot {channel} (2026-08-21) has no lost; the channel that it is a part of may have it"
    arguments = ["plan", "lib2", "--channel", str(channel), "--target", "app", "--platform", "linux-64"]
    change_channel(channel, added=(record("app", "1.0", "lost"),))
    assert run(workspace, *arguments) == 3
    told = " ".join(capsys.readouterr().out.split())
    assert f"linux-64: whether app is installable today is unknown: app: {lost} " in told
    change_channel(channel, gone=("app-1.0-h_0.conda", "lib-2.0-h_0.conda"))
    change_channel(channel, added=(record("app", "1.0", "b"), record("lib", "2.0", "lost")))
    assert run(workspace, *arguments) == 3
    told = " ".join(capsys.readouterr().out.split())
    assert "linux-64: whether app is installable with the new pin and b rebuilt is unknown: lib: " in told
    assert f": {lost} " in told


def test_another_migration_goes_first(workspace: Path, channel: Path, capsys: pytest.CaptureFixture[str]) -> None:
    migrations = workspace / "migrations"
    (migrations / "zlib2.yaml").write_text(MIGRATION.replace("lib:", "zlib:"), encoding="utf-8")
    (migrations / "lib2.yaml").write_text(
        MIGRATION.replace("kind:", "wait_for_migrators: [zlib2, long_gone]\n  kind:"), encoding="utf-8"
    )
    arguments = ["status", "lib2", "--channel", str(channel), "--workspace", str(workspace), "--json"]
    assert main(["migrate", *arguments]) == 0
    out, err = capsys.readouterr()
    b = json.loads(out)["feedstocks"][1]
    assert (b["state"], b["waits_for_migrations"]) == ("awaiting-parents", ["zlib2"])
    assert b["evidence"] == "waits for the migration zlib2: 0 of 1 done; b has no build with lib 2 (linux-64)"
    assert "lib2 waits for long_gone, which is not in migrations/" in " ".join(err.split())
    assert "zlib2, which" not in err
    (workspace / "pinning").mkdir()
    (workspace / "pinning/conda_build_config.yaml").write_text("lib:\n- '1'\n", encoding="utf-8")
    (migrations / "lib2.yaml").write_text(
        MIGRATION.replace("kind:", "wait_for_migrators: [zlib_2]\n  kind:"), encoding="utf-8"
    )
    assert run(workspace, "plan", "lib2", "--pinning", str(workspace / "pinning"), "--json") == 0
    assert answer(capsys)["notes"] == [
        (
            "lib2 waits for zlib_2, which is neither in migrations/ nor in the pinning: it is assumed to be finished "
            "(is zlib2 meant?)"
        )
    ]


def test_the_limit_of_the_bot_is_said(workspace: Path, channel: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["run", "lib2", "--channel", str(channel), "--workspace", str(workspace), "--json"]
    for limit, said in ((1, False), (0, True)):
        text = MIGRATION.replace("kind:", f"pr_limit: {limit}\n  kind:")
        (workspace / "migrations/lib2.yaml").write_text(text, encoding="utf-8")
        assert main(["migrate", *arguments]) == 0
        out, err = capsys.readouterr()
        assert [one["feedstock"] for one in json.loads(out)["changes"]] == ["b"]
        words = "lib2 has pr_limit 0, which is for conda-forge's bot: all 1 rebuilds that are ready are made"
        assert (words in " ".join(err.split())) is said


def test_a_dead_channel_is_unknown(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(workspace, "status", "lib2", "--channel", "http://127.0.0.1:9/none", "--json") == 3
    found = answer(capsys)
    assert found["unknown"] == ["a", "b"]


def test_what_it_does_to_a_target(workspace: Path, channel: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["plan", "lib2", "--channel", str(channel), "--target", "b", "--platform", "linux-64", "--json"]
    assert run(workspace, *arguments) == 0
    targets = answer(capsys)["targets"]
    assert isinstance(targets, list)
    assert [(one["wave"], one["new"]["status"], one["old"]["status"]) for one in targets[0]["waves"]] == [
        (0, "not-installable", "installable"),
        (1, "not-installable", "installable"),
        (2, "installable", "installable"),
    ]
    assert targets[0]["closure"]["linux-64"] == {
        "members": ["b"],
        "critical_path": ["b"],
        "length": 1,
        "outside": [],
        "builds_instead": [],
        "proved": True,
        "unknown": False,
        "reason": "",
        "touched": True,
        "readiness": "after-members",
        "last_wave": 2,
    }


def test_a_target_that_needs_none_of_it_is_said_in_one_line(
    workspace: Path, channel: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change_channel(channel, added=(record("apart", "1.0"), record("broken", "1.0", "nowhere >=2")))
    arguments = ["plan", "lib2", "--channel", str(channel), "--platform", "linux-64"]
    assert run(workspace, *arguments, "--target", "apart") == 0
    assert capsys.readouterr().out.splitlines()[-1] == (
        "apart needs none of the migrated packages: the migration does not change it."
    )
    assert run(workspace, *arguments, "--target", "broken") == 0
    assert capsys.readouterr().out.splitlines()[-1] == (
        "linux-64: broken is not installable today, whatever the migration does: "
        "broken → nowhere: no channel has a package of this name"
    )


def test_an_added_python_that_no_channel_has_is_said(
    workspace: Path, channel: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    migration = "__migrator:\n  operation: key_add\n  primary_key: python\npython:\n- 3.15.* *_cp315\n"
    (workspace / "migrations/python315.yaml").write_text(migration, encoding="utf-8")
    app = workspace / "feedstocks/app/recipe"
    app.mkdir(parents=True)
    (app / "meta.yaml").write_text(recipe("app", "python"), encoding="utf-8")
    python = record("python", "3.14.1")
    change_channel(channel, added=(python, record("app", "1.0", "python >=3.9")))
    arguments = ["plan", "python315", "--channel", str(channel), "--platform", "linux-64", "--target", "app"]
    assert run(workspace, *arguments) == 3
    assert capsys.readouterr().out.splitlines()[-1] == (
        "No rebuild can start: the channel has no python 3.15 yet. Its effect on app can't be solved yet."
    )


def test_packages_from_outside_are_supposed_and_said(
    workspace: Path, channel: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = channel / "linux-64/repodata.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    far = record("far", "3.1", "lib >=1.4,<2.0a0")
    data["packages.conda"] |= {"far-3.1-h_0.conda": far, "app-1.0-h_0.conda": record("app", "1.0", "b", "far 3.1 h_0")}
    path.write_text(json.dumps(data), encoding="utf-8")
    arguments = ["plan", "lib2", "--channel", str(channel), "--target", "app", "--platform", "linux-64"]
    assert run(workspace, *arguments, "--json") == 3
    targets = answer(capsys)["targets"]
    assert isinstance(targets, list)
    target = targets[0]
    assert [one["new"]["status"] for one in target["waves"]] == ["not-installable", "not-installable", "installable"]
    closure = target["closure"]["linux-64"]
    assert (closure["members"], closure["outside"], closure["proved"]) == (["b"], ["far"], True)
    assert run(workspace, *arguments) == 3
    out = capsys.readouterr().out
    assert out[out.index("linux-64:") :].splitlines() == [
        "linux-64:",
        "  1 member has to be done before app is installable with the new pin: b.",
        "  The longest chain has 1: b",
        "  This package has to be rebuilt too: far.",
        "  No feedstock of this workspace makes it, so what it waits for is unknown.",
    ]


def test_what_has_to_be_built_is_what_check_says(
    workspace: Path, channel: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The newest build of a dependency needs another package, which has no build for the platform yet."""
    change_channel(
        channel,
        added=(
            record("app", "1.0", "util"),
            record("util", "1.0", "far"),
            record("util", "2.0", "fresh"),
            record("far", "3.1", "lib >=1.4,<2.0a0"),
        ),
    )
    (channel / "osx-64").mkdir()
    fresh = {"packages.conda": {"fresh-1.0-h_0.conda": {**record("fresh", "1.0"), "subdir": "osx-64"}}}
    (channel / "osx-64/repodata.json").write_text(json.dumps(fresh), encoding="utf-8")
    options = ["--channel", str(channel), "--platform", "linux-64", "--workspace", str(workspace)]
    assert main(["check", "util >=2", *options]) == 1
    assert "  to unblock it: build fresh for linux-64\n" in capsys.readouterr().out
    arguments = ["plan", "lib2", "--target", "app", *options[:4]]
    assert run(workspace, *arguments) == 3
    out = capsys.readouterr().out
    assert out[out.index("linux-64:") :].splitlines() == [
        "linux-64:",
        "  installable with the new pin after this: build fresh for linux-64.",
        "  Or once far is rebuilt, which app installs there today.",
        "  No feedstock of this workspace makes it, so what it waits for is unknown.",
    ]
    assert run(workspace, *arguments, "--json") == 3
    (target,) = json.loads(capsys.readouterr().out)["targets"]
    closure = target["closure"]["linux-64"]
    assert (closure["outside"], closure["builds_instead"]) == (["far"], ["build fresh for linux-64"])


def test_every_platform_has_a_verdict(workspace: Path, channel: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Platforms that need packages from elsewhere only, that need nothing more, and where it can't be told."""
    far = record("far", "3.1", "lib >=1.4,<2.0a0")
    change_channel(channel, added=(far, record("app", "1.0", "far")))
    (channel / "osx-64").mkdir()
    apart = {"packages.conda": {"app-1.0-h_0.conda": record("app", "1.0")}}
    (channel / "osx-64/repodata.json").write_text(json.dumps(apart), encoding="utf-8")
    platforms = ["--platform", "linux-64", "--platform", "osx-64"]
    assert run(workspace, "plan", "lib2", "--channel", str(channel), "--target", "app", *platforms) == 3
    out = capsys.readouterr().out
    assert out[out.index("linux-64:") :].splitlines() == [
        "linux-64:",
        "  installable with the new pin once far is rebuilt.",
        "  No feedstock of this workspace makes it, so what it waits for is unknown.",
        "osx-64: the migration changes nothing that app needs there.",
    ]


def test_a_target_whose_feedstocks_are_not_here_is_unknown(
    workspace: Path, channel: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("lib", "a", "b"):
        shutil.rmtree(workspace / "feedstocks" / name)
    plan = ["migrate", "plan", "lib2", "--channel", str(channel), "--target", "b", "--workspace", str(workspace)]
    assert main([*plan, "--platform", "linux-64"]) == 3
    *shown, step = capsys.readouterr().out.partition("\n  - ")
    assert shown[0].splitlines() == [
        "lib2: the only feedstock of this workspace does not have to be rebuilt; others are unknown.",
        "linux-64:",
        "  installable with the new pin once b is rebuilt.",
        "  No feedstock of this workspace makes it, so what it waits for is unknown.",
        "Next",
    ]
    assert " ".join(step.split()) == (
        f"dirac-forge sync --closure b --workspace {workspace} --channel {channel} --platform linux-64: "
        "fetches the feedstocks of everything that b installs"
    )
    change_channel(channel, gone=("lib-1.4-h_0.conda", "lib-2.0-h_0.conda", "a-1.0-h_1.conda", "b-1.0-h_0.conda"))
    change_channel(channel, added=(record("b", "1.0"),))
    assert run(workspace, *plan[1:], "--platform", "linux-64") == 3
    assert capsys.readouterr().out.splitlines()[-1] == (
        "linux-64: whether the migration changes b is unknown: nothing here says what is exported by lib, and not all "
        "feedstocks of b are in this workspace."
    )


def test_a_new_platform(workspace: Path, channel: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (channel / "noarch").mkdir()
    (channel / "noarch/repodata.json").write_text(
        '{"info": {"subdir": "noarch"}, "packages": {}, "packages.conda": {}}', encoding="utf-8"
    )
    arguments = ["plan", "--add-platform", "osx-64", "--target", "b", "--channel", str(channel), "--json"]
    assert run(workspace, *arguments) == 0
    found = answer(capsys)
    assert found["waves"] == [["lib"], ["a"], ["b"]]
    assert found["smallest"] == ["b", "lib", "a"]
    assert found["proof"] == {"status": "installable", "reason": "", "each": True, "nowhere": []}
    assert run(workspace, *arguments[:-1]) == 0
    out = capsys.readouterr().out
    assert "b becomes installable on osx-64 once these 3 packages are built for it: b, lib and a.\n" in out
    change_channel(channel, added=({**record("free", "1.0"), "subdir": "linux-64"},))
    (channel / "osx-64").mkdir()
    free = {"packages.conda": {"free-1.0-h_0.conda": {**record("free", "1.0"), "subdir": "osx-64"}}}
    (channel / "osx-64/repodata.json").write_text(json.dumps(free), encoding="utf-8")
    assert run(workspace, "plan", "--add-platform", "osx-64", "--target", "free", "--channel", str(channel)) == 0
    assert capsys.readouterr().out == "free needs no further packages on osx-64.\n"
    older = ({**record("wide", "1.0"), "subdir": "osx-64"}, {**record("wide", "2.0", "a"), "subdir": "osx-64"})
    free["packages.conda"] |= {f"wide-{number}.0-h_0.conda": each for number, each in enumerate(older, start=1)}
    (channel / "osx-64/repodata.json").write_text(json.dumps(free), encoding="utf-8")
    assert run(workspace, "plan", "--add-platform", "osx-64", "--target", "wide", "--channel", str(channel)) == 0
    assert "\nwide can be installed on osx-64 already.\n" in capsys.readouterr().out
    shutil.rmtree(channel / "osx-64")
    shutil.rmtree(workspace / "feedstocks/a")
    assert run(workspace, *arguments[:-1]) == 3
    assert (
        "The plan is incomplete: no feedstock of this workspace makes a, so what it needs there is unknown.\n"
        in capsys.readouterr().out
    )


def test_a_new_platform_that_a_snapshot_says_nothing_of_is_unknown(
    workspace: Path, channel: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (channel / "snapshot.json").write_text('{"as_of": "2026-08-21", "targets": ["b"]}', encoding="utf-8")
    (channel / "noarch").mkdir()
    bare = '{"info": {"subdir": "noarch"}, "packages": {}, "packages.conda": {}}'
    (channel / "noarch/repodata.json").write_text(bare, encoding="utf-8")
    arguments = ["plan", "--add-platform", "osx-64", "--target", "b", "--channel", str(channel), "--json"]
    said = f"error: the snapshot {channel} (2026-08-21) has no {{}}; the channel that it is a part of may have {{}}\n"
    assert run(workspace, *arguments) == 3
    assert said.format("packages for osx-64", "some") in capsys.readouterr().err
    (channel / "osx-64").mkdir()
    (channel / "osx-64/repodata.json").write_text(bare.replace("noarch", "osx-64"), encoding="utf-8")
    assert run(workspace, *arguments) == 3
    assert said.format("b for osx-64", "it") in capsys.readouterr().err


def test_why(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    head = "b is in lib2, wave 2 of 2:\n  host: b/recipe/meta.yaml:8: lib\n  the run_exports of lib pin lib\n"
    needs = "    b needs a in host: b/recipe/meta.yaml:9: a\n"
    assert run(workspace, "why", "lib2", "b", "--offline", "--channel", "conda-forge") == 0
    assert capsys.readouterr().out == f"{head}It waits for:\n  a -> b\n{needs}No member waits for it.\n"
    # The channels of the settings are read as `status` reads them: the embedded snapshot has neither.
    assert run(workspace, "why", "lib2", "b") == 0
    assert capsys.readouterr().out.partition("* As of")[0] == (
        f"{head}Whether it is done is unknown.\nIt comes after:\n  a -> b (whether it is done is unknown)\n"
        f"{needs}No member waits for it.\n"
    )
    assert run(workspace, "why", "lib2", "a") == 0
    said = "It does not wait for another member.\nWaiting for it, unless done, which is unknown: b.\n"
    assert said in capsys.readouterr().out
    assert run(workspace, "why", "lib2", "c", "--offline") == 0
    assert capsys.readouterr().out == "c is not in lib2: lib is not in its host requirements.\n"


def test_why_knows_what_is_done_where_a_channel_is_given(
    workspace: Path, channel: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ("--channel", str(channel))
    assert run(workspace, "why", "lib2", "b", *given) == 0
    assert capsys.readouterr().out == (
        "b is in lib2, wave 2 of 2:\n"
        "  host: b/recipe/meta.yaml:8: lib\n"
        "  the run_exports of lib pin lib\n"
        "Its state is awaiting-pr: b has no build with lib 2 (linux-64).\n"
        "It does not wait for another member.\n"
        "It comes after these, which are done:\n"
        "  a -> b\n"
        "    b needs a in host: b/recipe/meta.yaml:9: a\n"
        "No member waits for it.\n"
    )
    assert run(workspace, "why", "lib2", "b", *given, "--json") == 0
    found = answer(capsys)
    assert (found["waits_for"], found["done"]) == ([], {"b": False, "a": True})
    assert (found["state"], found["evidence"]) == ("awaiting-pr", "b has no build with lib 2 (linux-64)")
    assert run(workspace, "why", "lib2", "a", *given) == 0
    assert capsys.readouterr().out == (
        "a is in lib2, wave 1 of 2:\n"
        "  host: a/recipe/meta.yaml:8: lib\n"
        "  the run_exports of lib pin lib\n"
        "It is done.\n"
        "No member waits for it.\n"
    )
    change_channel(channel, gone=("a-1.0-h_1.conda",))
    assert run(workspace, "why", "lib2", "b", *given) == 0
    assert "It waits for:\n  a -> b\n" in capsys.readouterr().out


def test_long_sentences_break_at_words_only(
    workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"feedstock-number-{number}" for number in range(15)]
    for name in names:
        folder = workspace / f"feedstocks/{name}/recipe"
        folder.mkdir(parents=True)
        (folder / "meta.yaml").write_text(recipe(name, "lib", "a"), encoding="utf-8")
    monkeypatch.setenv("COLUMNS", "80")
    assert run(workspace, "why", "lib2", "a", "--offline") == 0
    lines = capsys.readouterr().out.splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith("Waiting for it: "))
    assert " ".join(lines[start:]).startswith(f"Waiting for it: {', '.join(['b', *sorted(names)])}.")
    assert all(len(line) <= 80 for line in lines)
    assert run(workspace, "plan", "lib2") == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


def test_new(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (workspace / "pinning").mkdir()
    (workspace / "pinning/conda_build_config.yaml").write_text("openssl:\n- '3.5'\n", encoding="utf-8")
    arguments = ["new", "openssl", "4.0", "--pinning", str(workspace / "pinning")]
    assert run(workspace, *arguments) == 0
    assert capsys.readouterr().out.splitlines()[0] == str(workspace / "migrations/openssl40.yaml")
    assert "- '4.0'" in (workspace / "migrations/openssl40.yaml").read_text(encoding="utf-8")
    assert run(workspace, *arguments) == 2
    assert "already exists" in capsys.readouterr().err
    (workspace / "migrations/openssl40.yaml").rename(workspace / "migrations/ssl.yaml")
    assert run(workspace, *arguments) == 0
    said = f"note: {workspace}/migrations/ssl.yaml moves openssl too: keep one of them"
    assert capsys.readouterr().out.splitlines()[-1] == said


@pytest.mark.parametrize("option", ["--svg", "--dot", "--mermaid"])
def test_pictures(workspace: Path, capsys: pytest.CaptureFixture[str], option: str) -> None:
    assert run(workspace, "plan", "lib2", option) == 0
    out = capsys.readouterr().out
    if option == "--svg":
        ET.fromstring(out)
    assert "wave" in out or "rank=same" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["plan"], "error: no migration was given"),
        (["plan", "none"], "error: there is no migration none"),
        (["plan", "lib2", "--svg", "--json"], "error: --dot, --mermaid, --svg and --json exclude each other"),
        (["plan", "--add-platform", "win-64"], "error: --add-platform needs a target"),
        (["why", "lib2", "nobody"], "error: there is no feedstock nobody"),
        (["new", "openssl", "4", "--offline"], "error: there is no pinning to write a migration from"),
    ],
)
def test_wrong_use(workspace: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str) -> None:
    assert run(workspace, *arguments) == 2
    assert capsys.readouterr().err.startswith(message)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["plan", "lib3"], "Did you mean lib2?"),
        (["why", "lib2", "lbi"], "Did you mean lib?"),
        (["plan", "lib2", "--target", "nothing"], "has no package nothing for "),
        (["plan", "--add-platform", "win-64", "--target", "nothing"], "has no package nothing for "),
        (["new", "opnssl", "4"], "Did you mean openssl?"),
        (["new", "openssl", "banana"], "Expected a version such as 4, 1.90 or 3.15."),
    ],
)
def test_typos_get_a_hint(
    workspace: Path, channel: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    (workspace / "pinning").mkdir()
    (workspace / "pinning/conda_build_config.yaml").write_text("openssl:\n- '3.5'\n", encoding="utf-8")
    given = ["--channel", str(channel), "--pinning", str(workspace / "pinning")]
    assert run(workspace, *arguments, *given) == 2
    assert words in " ".join(capsys.readouterr().err.split())


def test_a_migration_that_is_nowhere(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = workspace / "migrations"
    pinning = workspace / "pinning"
    (pinning / "migrations").mkdir(parents=True)
    (pinning / "conda_build_config.yaml").write_text("lib:\n- '1'\n", encoding="utf-8")
    (pinning / "migrations/openssl4.yaml").write_text(MIGRATION, encoding="utf-8")
    ending = "`dirac-forge migrate new LIBRARY VERSION` writes one.\n"
    listed = "`dirac-forge migrate list` shows those that there are; "
    without = "no pinning to search (--pinning DIR, or a channel that has conda-forge-pinning)"
    inside = f"none in the pinning ({pinning}/conda_build_config.yaml)"
    for name, options, said in (
        ("qt6", ["--offline"], f"none of this name in {folder} and {without}\n{listed}{ending}"),
        (
            "openssl",
            ["--pinning", str(pinning)],
            f"none of this name in {folder} and {inside}\nDid you mean openssl4? {listed}{ending}",
        ),
        (
            f"{folder}/qt6.yaml",
            ["--pinning", str(pinning)],
            f"no file {folder}/qt6.yaml, none of this name in {folder} and {inside}\n{listed}{ending}",
        ),
    ):
        assert run(workspace, "plan", name, *options, "--channel", "embedded") == 2
        assert capsys.readouterr().err == f"error: there is no migration {name}: {said}"
    strange = workspace / "lib2.txt"
    strange.write_text(MIGRATION, encoding="utf-8")
    assert run(workspace, "plan", str(strange)) == 2
    assert capsys.readouterr().err == (
        f"error: {strange} is not a migration: its name does not end with .yaml or .yml\n"
    )


def test_a_migration_of_the_channels_pinning_needs_no_option(
    workspace: Path, channel: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pinning = channel / "conda-forge-pinning"
    (pinning / "migrations").mkdir(parents=True)
    (pinning / "conda_build_config.yaml").write_text("lib:\n- '1'\n", encoding="utf-8")
    (workspace / "migrations/lib2.yaml").rename(pinning / "migrations/lib2.yaml")
    (workspace / "pyproject.toml").write_text(f'[tool.dirac-forge]\nchannels = ["{channel}"]\n', encoding="utf-8")
    assert run(workspace, "plan", "lib2", "--json") == 0
    assert [one["feedstock"] for one in json.loads(capsys.readouterr().out)["members"]] == ["a", "b"]
    assert run(workspace, "why", "lib2", "b") == 0
    assert run(workspace, "run", "lib2", "a") == 0


def test_a_migration_without_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["migrate", "openssl4"]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == (
        "Error: No such command 'openssl4'. The commands are plan, status, list, next, why, new, run. "
        "Did you mean `dirac-forge migrate plan openssl4`?"
    )
    assert main(["migrate", "statsu", "openssl4"]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == "Error: No such command 'statsu'. Did you mean 'status'?"


def test_an_empty_workspace_says_how_to_fill_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "lib2.yaml").write_text(MIGRATION, encoding="utf-8")
    arguments = ["plan", str(tmp_path / "lib2.yaml"), "--workspace", str(tmp_path)]
    assert main(["migrate", *arguments]) == 3
    out, err = capsys.readouterr()
    assert out == "lib2: this workspace has no feedstocks, so nothing is known.\n"
    assert "there are no feedstocks in" in err
    assert "`dirac-forge sync NAME...`" in " ".join(err.split())


def test_a_typo_in_a_migration(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = workspace / "migrations/lib2.yaml"
    path.write_text(MIGRATION.replace("kind: version", "autonerge: true"), encoding="utf-8")
    assert run(workspace, "plan", "lib2") == 2
    assert (
        capsys.readouterr().err == f"error: {path}:2: unknown key '__migrator.autonerge'; did you mean 'automerge'?\n"
    )


def test_a_platform_that_the_channel_does_not_have_is_named_once(
    workspace: Path, channel: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in "ab":
        (workspace / f"feedstocks/{name}/conda-forge.yml").write_text(
            "provider: {linux_aarch64: default, osx_64: null, win_64: null}\n", encoding="utf-8"
        )
    arguments = ("status", "lib2", "--channel", str(channel))
    assert run(workspace, *arguments) == 0
    out = capsys.readouterr().out
    assert out.count("linux-aarch64") == 1
    assert "The channel has no packages for linux-aarch64: a and b are unknown there.\n" in out
    assert run(workspace, *arguments, "--json") == 0
    found = answer(capsys)
    members = found["feedstocks"]
    assert isinstance(members, list)
    assert [each["state"] for each in members] == ["done", "awaiting-pr"]
    assert (found["unknown"], found["not_in_channel"]) == ([], {"linux-aarch64": ["a", "b"]})
    assert run(workspace, *arguments, "--platform", "linux-aarch64") == 3


def test_key_that_nothing_knows_is_a_warning(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = workspace / "migrations" / "libb.yaml"
    path.write_text("__migrator:\n  build_number: 1\nlibb:\n  - '2'\n", encoding="utf-8")
    (workspace / "pinning").mkdir()
    (workspace / "pinning" / "conda_build_config.yaml").write_text("zlib:\n  - '1'\n", encoding="utf-8")
    assert main(["migrate", "why", "libb", "a", "--offline", "--workspace", str(workspace)]) == 0
    assert "is not a key of the pinning" not in capsys.readouterr().err  # there is none
    assert (
        main(["migrate", "plan", "libb", "--workspace", str(workspace), "--pinning", str(workspace / "pinning")]) == 0
    )
    said = f"{path}: libb is not a key of the pinning, and no recipe here needs it; did you mean lib?"
    assert said in " ".join(capsys.readouterr().err.split())


def test_member_that_comes_after_another_is_not_written_without_a_word(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["migrate", "run", "lib2", "b", "--write", "--workspace", str(workspace)]) == 0
    said = "b comes after a in lib2 (not in the recipe here): build it when they are done"
    assert said in " ".join(capsys.readouterr().err.split())
    assert main(["migrate", "run", "lib2", "a", "--write", "--workspace", str(workspace)]) == 0
    assert main(["migrate", "run", "lib2", "b", "--workspace", str(workspace)]) == 0
    said = "b comes after a in lib2: build it when they are done; `dirac-forge migrate status lib2` shows what is done"
    assert said in " ".join(capsys.readouterr().err.split())


def test_member_after_one_that_is_built_is_made_without_a_warning(
    workspace: Path, channel: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["migrate", "run", "lib2", "b", "--workspace", str(workspace), "--channel", str(channel)]
    assert main(arguments) == 0
    assert "comes after" not in capsys.readouterr().err

"""`dirac-forge audit` from the command line to findings, patches and exit code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dirac_forge.cli import main
from support.archives import wheel
from support.bots import TOKEN, without_spacing
from support.channel import pkg, pythons, write_channel
from support.clusters import workers
from support.github import GitHub
from support.gits import repository
from support.index import PackageIndex


@pytest.fixture(autouse=True)
def index() -> Iterator[PackageIndex]:
    wheels = {
        "grid": wheel("grid", "9.0", "Requires-Dist: tool<2", "Requires-Dist: helper>=1", "Requires-Python: >=3.11"),
        "helper": wheel("helper", "1.0"),
        "tool": wheel("tool", "2.0"),
    }
    files = {
        project: {f"{project}-{version}-py3-none-any.whl": wheels[project]}
        for project, version in (("grid", "9.0"), ("helper", "1.0"), ("tool", "2.0"))
    }
    with PackageIndex(files) as started:
        yield started


@pytest.fixture(autouse=True)
def workspace(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, index: PackageIndex) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DIRAC_FORGE_CACHE", str(tmp_path / "cache"))
    write_channel(
        folder / "snapshot",
        {
            "noarch": [
                pkg("grid 9.0", "tool", "python >=3.11", noarch="python", timestamp=5000),
                pkg("tool 2.0", "python", noarch="python", timestamp=1000),
                pkg("tool 1.0", "python", noarch="python", timestamp=1000),
                pkg("helper 1.0", "python", noarch="python", timestamp=1000),
                pkg("local 1.0", "python", noarch="python", timestamp=9_000_000_000_000),
            ],
            "linux-64": pythons("3.11", "3.12"),
        },
    )
    (folder / "pyproject.toml").write_text(
        f'[tool.dirac-forge]\nchannels = ["snapshot"]\nplatforms = ["linux-64"]\nindex-url = "{index.url}"\n'
        "[tool.dirac-forge.targets.grid]\n"
        'specs = ["grid"]\nplatforms = ["linux-64"]\npythons = ["3.11", "3.12"]\n',
        encoding="utf-8",
    )
    return folder


def answer(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, Any]:
    code = main(["audit", "--json", *argv])
    said = capsys.readouterr()
    assert said.out, said.err
    return code, json.loads(said.out)


def test_what_a_file_has_and_is_left_out_is_a_warning(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "name: e\nchannels: [snapshot]\ndependencies:\n  - grid\n  - pip:\n      - other\n"
    (workspace / "environment.yml").write_text(text, encoding="utf-8")
    assert main(["audit", "environment.yml", "--json"]) == 1
    assert "warning: environment.yml:5: packages from pip are left out" in capsys.readouterr().err


def test_findings_of_a_target(capsys: pytest.CaptureFixture[str]) -> None:
    code, document = answer(capsys)
    assert code == 1
    assert [
        (each["package"], each["version"], each["build"], each["kind"], each["dependency"], each["declared"])
        for each in document["findings"]
    ] == [("grid", "9.0", "0", "missing", "helper", ""), ("grid", "9.0", "0", "looser", "tool", "tool")]
    assert document["findings"][1]["upstream"] == "Requires-Dist: tool<2"
    assert document["findings"][1]["example"] == "2.0"
    assert document["findings"][0]["targets"] == ["grid"]
    assert (document["agreed"], document["unknown"]) == (1, 0)


def test_text_names_build_requirement_and_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit"]) == 1
    text = " ".join(capsys.readouterr().out.split())
    assert (
        "grid 9.0 - high: helper is missing (0); upstream: Requires-Dist: helper>=1 in grid-9.0-py3-none-any.whl"
        in text
    )
    assert "Requirements of 2 builds: 1 agrees with upstream, 1 does not. 2 findings shown." in text


def test_second_run_asks_upstream_nothing(capsys: pytest.CaptureFixture[str], index: PackageIndex) -> None:
    first = answer(capsys)
    index.forget()
    assert answer(capsys) == first
    assert index.log == []


def test_second_run_does_not_ask_again_for_a_project_that_the_index_lacks(
    capsys: pytest.CaptureFixture[str], workspace: Path, index: PackageIndex
) -> None:
    python = pythons("3.12")
    write_channel(workspace / "own", {"noarch": [pkg("local 1.0", "python", noarch="python")], "linux-64": python})
    for _ in range(2):
        code, document = answer(capsys, "local", "--channel", "own")
        assert (code, document["unknown"]) == (0, 1)
    assert [asked.path for asked in index.server.log] == ["/simple/local/"]


def test_baseline_leaves_out_what_was_accepted(capsys: pytest.CaptureFixture[str], workspace: Path) -> None:
    (workspace / "accepted.toml").write_text('[[accepted]]\npackage = "grid"\nreason = "known"\n', encoding="utf-8")
    code, document = answer(capsys, "--baseline", "accepted.toml")
    assert (code, document["findings"]) == (0, [])
    assert [(each["dependency"], each["reason"]) for each in document["accepted"]] == [
        ("helper", "known"),
        ("tool", "known"),
    ]


def test_accepted_findings_make_the_baseline(capsys: pytest.CaptureFixture[str], workspace: Path) -> None:
    file = workspace / "accepted.toml"
    file.write_text("# ours\n", encoding="utf-8")
    argv = ("--baseline", "accepted.toml")
    code, document = answer(capsys, *argv, "--accept", 'a "known" one')
    assert (code, document["findings"]) == (0, [])
    assert file.read_text(encoding="utf-8") == (
        '# ours\n\n[[accepted]]\npackage = "grid"\nversion = "9.0"\nkind = "missing"\ndependency = "helper"\n'
        'reason = "a \\"known\\" one"\n\n[[accepted]]\npackage = "grid"\nversion = "9.0"\nkind = "looser"\n'
        'dependency = "tool"\nreason = "a \\"known\\" one"\n'
    )
    assert [each["reason"] for each in answer(capsys, *argv)[1]["accepted"]] == ['a "known" one'] * 2
    kept = file.read_bytes()
    assert answer(capsys, *argv, "--accept", "again")[0] == 0
    assert file.read_bytes() == kept


def test_accepted_findings_are_told_with_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "--baseline", "accepted.toml", "--accept", "known"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "Written - accepted.toml: 2 findings accepted" in text
    assert (
        "Requirements of 2 builds: 1 agrees with upstream, 1 does not. 0 findings shown, 2 accepted by the baseline."
        in text
    )


def test_accepting_needs_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "--accept", "known"]) == 2
    assert "--accept needs a --baseline file to write to" in capsys.readouterr().err


def test_patches_make_the_broken_solve_impossible(capsys: pytest.CaptureFixture[str], workspace: Path) -> None:
    assert main(["audit", "--patches", "patches"]) == 1
    text = " ".join(capsys.readouterr().out.split())
    assert "Targets: installable with the patches in 2 of 2 cells, without them in 2." in text
    written = (workspace / "patches" / "grid.yaml").read_text(encoding="utf-8")
    assert "add_depends: helper >=1\n" in written
    assert "old: tool\n      new: tool <2\n" in written


def test_builds_of_the_embedded_snapshot_are_not_patched(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, workspace: Path
) -> None:
    (workspace / "snapshot" / "snapshot.json").write_text('{"as_of": "2026-08-21"}', encoding="utf-8")
    monkeypatch.setattr("dirac_forge.channel.repodata.embedded_folder", lambda _: workspace / "snapshot")
    assert main(["audit", "--channel", "embedded", "--patches", "patches"]) == 1
    said = capsys.readouterr()
    assert "builds of the embedded snapshot get no patches or requests" in " ".join(said.err.split())
    assert "high: helper is missing" in said.out
    assert "Next" not in said.out
    assert not (workspace / "patches").exists()


def test_patches_for_a_lock_are_written_without_a_solve(capsys: pytest.CaptureFixture[str], workspace: Path) -> None:
    (workspace / "locked.txt").write_text(
        "# platform: linux-64\n@EXPLICIT\nhttps://host/c/noarch/grid-9.0-0.conda\n", encoding="utf-8"
    )
    code, document = answer(capsys, "locked.txt", "--patches", "patches")
    assert code == 1
    assert document["patches"] == [
        {"changed": ["grid 9.0 0"], "installable_before": 0, "installable_after": 0, "worse": []}
    ]
    assert (workspace / "patches" / "grid.yaml").is_file()


def test_recent_builds_are_audited_and_a_project_that_the_index_lacks_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, document = answer(capsys, "--since", "7d")
    assert (code, document["findings"], document["unknown"]) == (0, [], 1)
    assert document["not_compared"][0]["kind"] == "no-release"
    assert document["not_compared"][0]["reason"] == "the index has no local 1.0"


def test_what_was_uploaded_after_the_end_of_a_snapshot_is_unknown(
    capsys: pytest.CaptureFixture[str], workspace: Path
) -> None:
    write_channel(workspace / "own", {"linux-64": pythons("3.12")})
    (workspace / "own" / "snapshot.json").write_text('{"as_of": "2020-01-15"}', encoding="utf-8")
    assert main(["audit", "--since", "7d", "--channel", "own"]) == 3
    said = f"--since 7d: what was uploaded is unknown: the snapshot {workspace / 'own'} ends on 2020-01-15"
    assert said in capsys.readouterr().err


def test_newest_upload_of_a_folder_is_told_if_nothing_is_recent(
    capsys: pytest.CaptureFixture[str], workspace: Path
) -> None:
    old = pkg("lib 1.0", timestamp=1_790_000_000_000)
    write_channel(workspace / "own", {"linux-64": [old, *pythons("3.12")]})
    assert main(["audit", "--since", "1h", "--channel", "own", "--platform", "linux-64"]) == 0
    said = "warning: nothing was uploaded within 1h; the newest upload of the channel is of 2026-09-21"
    assert said in capsys.readouterr().err.splitlines()


def test_recent_build_that_was_revoked_is_broken(capsys: pytest.CaptureFixture[str], workspace: Path) -> None:
    revoked = pkg("local 1.0", "python", "package_has_been_revoked", noarch="python", timestamp=9_000_000_000_000)
    library = pkg("lib 1.0", "package_has_been_revoked", timestamp=9_000_000_000_000)
    write_channel(workspace / "own", {"noarch": [revoked], "linux-64": [library, *pythons("3.12")]})
    code, document = answer(capsys, "--since", "7d", "--channel", "own")
    assert code == 1
    assert [(each["package"], each["kind"], each["targets"]) for each in document["findings"]] == [
        ("lib", "broken", []),
        ("local", "broken", []),
    ]
    assert {gap["kind"] for gap in document["not_known"]} == {"licence"}


def test_recent_builds_and_a_package_are_not_asked_for_together(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "grid", "--since", "7d"]) == 2
    assert "--since 7d audits every upload, not only grid" in capsys.readouterr().err


def test_unreachable_index_is_unknown(capsys: pytest.CaptureFixture[str], index: PackageIndex) -> None:
    index.__exit__(None, None, None)
    code, document = answer(capsys)
    assert (code, document["findings"], document["unknown"]) == (3, [], 2)
    assert {each["kind"] for each in document["not_compared"]} == {"unreachable"}


def test_wrong_age_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "--since", "yesterday"]) == 2
    assert "--since yesterday: expected a number from 1 to 99999 with a unit" in capsys.readouterr().err


def test_write_corrects_the_recipe_of_the_workspace(capsys: pytest.CaptureFixture[str], workspace: Path) -> None:
    path = workspace / "feedstocks" / "grid" / "recipe" / "recipe.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(
        'package:\n  name: grid\n  version: "9.0"\nbuild:\n  number: 0\n  noarch: python\n'
        "requirements:\n  run:\n    - python >=3.11\n    - tool\n",
        encoding="utf-8",
    )
    assert main(["audit"]) == 1
    text = " ".join(capsys.readouterr().out.split())
    assert "Recipes to correct - grid: " in text
    assert text.endswith("Next - dirac-forge audit --write: fixes these recipes; --pr opens requests")
    assert "tool\n" in path.read_text(encoding="utf-8")
    assert main(["audit", "--write"]) == 1
    assert path.read_text(encoding="utf-8").endswith("  run:\n    - python >=3.11\n    - tool <2\n    - helper >=1\n")
    assert "number: 1\n" in path.read_text(encoding="utf-8")


RECIPE = (
    'package:\n  name: grid\n  version: "9.0"\nbuild:\n  number: 0\n  noarch: python\n'
    "requirements:\n  run:\n    - python >=3.11\n    - tool\n"
)


def test_without_a_token_corrections_and_patches_go_into_the_outbox(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, workspace: Path
) -> None:
    for name in ("GITHUB_TOKEN", "GH_TOKEN", "GITHUB_APP_ID"):
        monkeypatch.delenv(name, raising=False)
    forge = workspace.parent / "forge"
    repository(forge / "grid-feedstock", {"recipe/recipe.yaml": RECIPE})
    there = "if:\n  name: grid\nthen:\n  - add_depends: six\n"
    repository(forge / "conda-forge-repodata-patches-feedstock", {"recipe/patch_yaml/grid.yaml": there})
    settings = workspace / "pyproject.toml"
    settings.write_text(
        settings.read_text(encoding="utf-8").replace(
            "[tool.dirac-forge.targets", f'feedstock-url = "{forge}/{{name}}-feedstock"\n[tool.dirac-forge.targets', 1
        ),
        encoding="utf-8",
    )
    path = workspace / "feedstocks" / "grid" / "recipe" / "recipe.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(RECIPE, encoding="utf-8")
    code, document = answer(capsys, "--pr")
    assert code == 1
    assert [(each["feedstock"], each["state"]) for each in document["requests"]] == [
        ("grid", "prepared"),
        ("conda-forge-repodata-patches", "prepared"),
    ]
    outbox = workspace / "outbox"
    (patch,) = outbox.glob("conda-forge-repodata-patches/fix/main/*/change.patch")
    assert "+---\n+if:\n+  name: grid\n" in patch.read_text(encoding="utf-8")
    assert " - add_depends: six" in patch.read_text(encoding="utf-8")
    (body,) = outbox.glob("grid/fix/main/*/body.md")
    assert "helper is missing" in body.read_text(encoding="utf-8")
    assert [each["state"] for each in answer(capsys, "--pr")[1]["requests"]] == ["unchanged", "unchanged"]


def test_lock_is_audited_and_a_build_that_was_taken_back_is_broken(
    capsys: pytest.CaptureFixture[str], workspace: Path
) -> None:
    lock = workspace / "locked.txt"
    names = ("noarch/grid-9.0-0.conda", "noarch/tool-1.0-0.conda", "noarch/helper-0.9-0.conda", "noarch/none-1-0.conda")
    lock.write_text(
        "# platform: linux-64\n@EXPLICIT\n" + "".join(f"https://host/c/{name}\n" for name in names), encoding="utf-8"
    )
    repodata = workspace / "snapshot" / "noarch" / "repodata.json"
    data = json.loads(repodata.read_text(encoding="utf-8"))
    data["removed"] = ["helper-0.9-0.conda"]
    repodata.write_text(json.dumps(data), encoding="utf-8")
    code, document = answer(capsys, str(lock))
    assert code == 1
    found = {(each["package"], each["kind"], each["targets"][0]) for each in document["findings"]}
    assert found == {
        ("grid", "missing", "locked.txt"),
        ("grid", "looser", "locked.txt"),
        ("helper", "broken", "locked.txt"),
    }


def test_prefix_lists_files_that_clobber_each_other_and_commands_that_are_lost(
    capsys: pytest.CaptureFixture[str], workspace: Path, index: PackageIndex
) -> None:
    folder = workspace / "prefix" / "conda-meta"
    folder.mkdir(parents=True)
    for name, files in (("helper", ["bin/same"]), ("local", ["bin/same", "bin/own"])):
        entry = {"name": name, "version": "1.0", "build": "0", "subdir": "noarch", "depends": ["python"]}
        (folder / f"{name}.json").write_text(
            json.dumps({**entry, "fn": f"{name}-1.0-0.conda", "files": files}), encoding="utf-8"
        )
    del index
    code, document = answer(capsys, "prefix", "--severity", "low", "--broken", "requests")
    assert code == 1
    (finding,) = [each for each in document["findings"] if each["kind"] == "clobber"]
    assert (finding["package"], finding["dependency"], finding["example"], finding["files"]) == (
        "local",
        "helper",
        "bin/same",
        1,
    )
    assert document["broken"] == ["noarch/local-1.0-0.conda"]
    assert (workspace / "requests" / "broken.yml").read_text(encoding="utf-8") == (
        "action: broken\npackages:\n- noarch/local-1.0-0.conda\n"
    )


def test_what_a_snapshot_does_not_tell_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    document = answer(capsys)[1]
    assert {(each["kind"], each["builds"]) for each in document["not_known"]} == {
        ("licence", 4),
        ("pinning", 2),
        ("files", 4),
    }
    main(["audit"])
    text = " ".join(capsys.readouterr().out.split())
    assert text.count("Clobbered files") == 1


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_answer_fits_the_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    main(["audit", "--patches", "patches"])
    assert max(map(len, capsys.readouterr().out.splitlines())) <= width


def test_audit_on_a_cluster_answers_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("distributed")
    code, here = answer(capsys)
    with workers(2) as address:
        assert answer(capsys, "--cluster", address) == (code, here)


def test_corrections_patches_and_broken_builds_are_proposed_on_github(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, workspace: Path
) -> None:
    meta = workspace / "prefix" / "conda-meta"
    meta.mkdir(parents=True)
    for name in ("helper", "local"):
        entry = {"name": name, "version": "1.0", "build": "0", "subdir": "noarch", "depends": [], "files": ["bin/same"]}
        (meta / f"{name}.json").write_text(json.dumps({**entry, "fn": f"{name}-1.0-0.conda"}), encoding="utf-8")
    path = workspace / "feedstocks" / "grid" / "recipe" / "recipe.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(RECIPE, encoding="utf-8")
    there = "if:\n  name: grid\nthen:\n  - add_depends: six\n"
    with GitHub(workspace.parent / "github") as github:
        github.user("bot", token=TOKEN)
        github.repository("conda-forge/grid-feedstock", {"recipe/recipe.yaml": RECIPE, "conda-forge.yml": "{}\n"})
        github.repository(
            "conda-forge/conda-forge-repodata-patches-feedstock",
            {"recipe/patch_yaml/grid.yaml": there, "recipe/meta.yaml": "package: {name: patches, version: 1}\n"},
        )
        github.repository("conda-forge/admin-requests", {"requests/README.md": "Requests\n"})
        settings = workspace / "pyproject.toml"
        settings.write_text(
            settings.read_text(encoding="utf-8").replace(
                "[tool.dirac-forge.targets",
                f'feedstock-url = "{github.url}/conda-forge/{{name}}-feedstock"\n[tool.dirac-forge.targets',
                1,
            ),
            encoding="utf-8",
        )
        monkeypatch.setenv("GITHUB_API_URL", github.api_url)
        monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
        without_spacing(monkeypatch)
        asked = ("grid", "prefix", "--severity", "low", "--broken", "requests", "--pr")
        code, document = answer(capsys, *asked)
        assert code == 1
        assert [(each["feedstock"], each["state"]) for each in document["requests"]] == [
            ("grid", "opened"),
            ("conda-forge-repodata-patches", "opened"),
            ("admin-requests", "opened"),
        ]

        def sent(repository: str, file: str) -> tuple[str, str, str]:
            (pull,) = github.pulls(f"conda-forge/{repository}")
            assert pull.pull is not None
            text = github.git(f"bot/{repository}", "show", f"{pull.pull.head_sha}:{file}")
            return pull.title, pull.body, text

        title, body, text = sent("grid-feedstock", "recipe/recipe.yaml")
        assert title == "Requirements as upstream declares them for 9.0"
        assert "helper is missing" in body
        assert text.endswith("    - tool <2\n    - helper >=1")
        title, body, text = sent("conda-forge-repodata-patches-feedstock", "recipe/patch_yaml/grid.yaml")
        assert title == "Patch the requirements of grid"
        assert "installable with the patches in 2 of 2 cells" in body
        assert text.startswith(f"{there}---\nif:\n  name: grid\n")
        (pull,) = github.pulls("conda-forge/admin-requests")
        assert pull.pull is not None
        names = github.git("bot/admin-requests", "ls-tree", "-r", "--name-only", pull.pull.head_sha).split()
        (request,) = [name for name in names if name.endswith(".yml")]
        title, body, text = sent("admin-requests", request)
        assert title == "Mark builds of local as broken"
        assert "helper has 1 file with the same path, such as bin/same" in body.replace("\\", "")
        assert text == "action: broken\npackages:\n- noarch/local-1.0-0.conda"
        assert {each["state"] for each in answer(capsys, *asked)[1]["requests"]} == {"unchanged"}


def test_an_empty_reason_to_accept_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "--baseline", "b.toml", "--accept", " "]) == 2
    assert "--accept needs a reason" in capsys.readouterr().err


def test_requirements_that_the_channel_added_since_the_lock_are_findings(
    capsys: pytest.CaptureFixture[str], workspace: Path, index: PackageIndex
) -> None:
    del index
    folder = workspace / "prefix" / "conda-meta"
    folder.mkdir(parents=True)
    entry = {"name": "tool", "version": "2.0", "build": "0", "subdir": "noarch", "depends": [], "size": 1}
    (folder / "tool.json").write_text(json.dumps(entry), encoding="utf-8")
    code, document = answer(capsys, "prefix", "--severity", "high")
    (finding,) = [each for each in document["findings"] if each["kind"] == "patched"]
    assert (code, finding["dependency"], finding["upstream"]) == (1, "python", "python")
    assert main(["audit", "prefix"]) == 1
    assert "the channel added python to its requirements since it was locked" in " ".join(
        capsys.readouterr().out.split()
    )


def test_a_pin_is_unknown_where_the_channel_lacks_the_pinned_version(
    capsys: pytest.CaptureFixture[str], workspace: Path
) -> None:
    write_channel(
        workspace / "pins", {"linux-64": [pkg("foo 1.0", "openssl >=1.1,<1.2"), pkg("openssl 1.1"), pkg("openssl 3.6")]}
    )
    (workspace / "pinning").mkdir()
    (workspace / "pinning" / "conda_build_config.yaml").write_text("openssl:\n  - '3.5'\n", encoding="utf-8")
    _, document = answer(capsys, "foo", "--channel", "pins", "--pinning", "pinning", "--severity", "low")
    assert [each["kind"] for each in document["findings"]].count("pin") == 0
    assert [each["builds"] for each in document["not_known"] if each["kind"] == "run-exports"] == [1]


def test_a_target_that_only_the_embedded_snapshot_lacks_is_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_channel(tmp_path / "part", {"linux-64": [pkg("app 1")]})
    (folder / "snapshot.json").write_text('{"as_of": "2026-08-21"}', encoding="utf-8")
    monkeypatch.setattr("dirac_forge.channel.repodata.embedded_folder", lambda _: folder)
    monkeypatch.setenv("DIRAC_FORGE_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    assert main(["audit", "lost", "--channel", "embedded", "--platform", "linux-64"]) == 3
    assert "error: whether any target can be installed is unknown, so nothing was audited\n" in capsys.readouterr().err


def test_a_lock_is_audited_on_the_platforms_that_are_asked_for(
    capsys: pytest.CaptureFixture[str], workspace: Path
) -> None:
    lock = (
        "# platform: linux-64\n@EXPLICIT\nhttps://host/c/noarch/grid-9.0-0.conda\nhttps://host/c/linux-64/x-1-0.conda\n"
    )
    (workspace / "locked.txt").write_text(lock, encoding="utf-8")
    assert answer(capsys, "locked.txt", "--platform", "linux-64")[1]["findings"]
    assert main(["audit", "locked.txt", "--platform", "osx-64"]) == 2
    assert capsys.readouterr().err.splitlines()[-2:] == [
        "error: locked.txt: it has no packages for osx-64",
        "Its platforms: linux-64.",
    ]

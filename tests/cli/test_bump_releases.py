"""`dirac-forge bump` finds releases of hosts beside PyPI, and honours conda-forge.yml."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from dirac_forge.cli import main
from dirac_forge.store import Store
from dirac_forge.upstream.sources.recent import Recent
from support.archives import sdist
from support.index import IndexFile, PackageIndex
from support.repositories import bare_repository, served
from support.server import Answer, Asked, Server, dead_port

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")

OLD = "a" * 64
PYPI = "https://pypi.org/packages/source/d/demo/demo-${{ version }}.tar.gz"


def archive(version: str) -> bytes:
    return sdist("demo", version, {"setup.py": version})


def put(workspace: Path, url: str, *, version: str = "1.0", forge: str = "", name: str = "demo") -> Path:
    path = workspace / "feedstocks" / name / "recipe/recipe.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(
        f"context:\n  version: '{version}'\npackage:\n  name: {name}\n  version: ${{{{ version }}}}\n"
        f"source:\n  url: {url}\n  sha256: {OLD}\nbuild:\n  number: 2\n",
        encoding="utf-8",
    )
    if forge:
        (path.parents[1] / "conda-forge.yml").write_text(forge, encoding="utf-8")
    return path


def run(workspace: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[dict[str, Any]], str]:
    code = main(["bump", *arguments, "--workspace", str(workspace), "--no-check", "--json"])
    said = capsys.readouterr()
    return code, json.loads(said.out)["bumps"], said.err


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DIRAC_FORGE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("DIRAC_FORGE_INTERNAL_HOSTS", "127.0.0.1")  # sources of the recipes are served from there
    monkeypatch.delenv("GITHUB_TOKEN", raising=False)
    monkeypatch.delenv("GH_TOKEN", raising=False)
    return tmp_path


def gitlab(root: Path, *archives: str) -> Server:
    """A GitLab with one project, whose archives are there for some tags."""

    def answer(asked: Asked) -> Answer:
        if "/-/archive/" in asked.path:
            tag = asked.path.split("/")[5]
            return Answer(body=archive(tag)) if tag in archives else Answer(status=404)
        return served(root, asked)

    return Server(answer)


@needs_git
def test_tags_of_a_gitlab_in_the_recipe_s_spelling(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bare_repository(workspace / "web/x/demo.git", ["v10r2p3", "v10r2p4", "v10r2p5-pre1", "v11r0", "old"])
    (workspace / "pyproject.toml").write_text(
        '[tool.dirac-forge.feedstocks.demo]\nprojects = ["demo"]\nbranches = { main = ">=10.2,<11" }\n',
        encoding="utf-8",
    )
    with gitlab(workspace / "web", "v10r2p4") as server:
        put(workspace, f"{server.url}/x/demo/-/archive/v10r2p3/demo.tar.gz", version="10.2.3")
        code, (found,), _ = run(workspace, capsys, "--write")
        assert (code, found["status"], found["to"]) == (0, "proposed", "10.2.4")
        assert found["rejected"] == [
            {"version": "11.0", "reason": "it does not belong on this branch (<11,>=10.2)"},
            {"version": "10.2.5rc1", "reason": "a pre-release"},
        ]
        after = (workspace / "feedstocks/demo/recipe/recipe.yaml").read_text(encoding="utf-8")
        assert f"{server.url}/x/demo/-/archive/v10r2p4/demo.tar.gz" in after
        assert hashlib.sha256(archive("v10r2p4")).hexdigest() in after
        code, (again,), _ = run(workspace, capsys)
        assert (code, again["status"]) == (0, "skipped")
        assert again["reason"].startswith("10.2.4 is the newest release that fits (11.0: it does not belong")


@needs_git
def test_a_release_whose_file_is_gone_is_passed_over(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bare_repository(workspace / "web/x/demo.git", ["v1.0", "v1.1", "v1.2"])
    with gitlab(workspace / "web", "v1.1") as server:
        put(workspace, f"{server.url}/x/demo/-/archive/v${{{{ version }}}}/demo.tar.gz")
        code, (found,), _ = run(workspace, capsys)
        assert (code, found["to"]) == (0, "1.1")
        (passed,) = found["rejected"]
        assert passed["version"] == "1.2"
        assert "/x/demo/-/archive/v1.2/demo.tar.gz: there is nothing here (404 Not Found)" in passed["reason"]
    with gitlab(workspace / "web") as server:
        put(workspace, f"{server.url}/x/demo/-/archive/v${{{{ version }}}}/demo.tar.gz", name="none")
        code, (found,), _ = run(workspace, capsys, "none")
        assert (code, found["status"], found["kind"]) == (1, "skipped", "no")
        assert "v1.2/demo.tar.gz: there is nothing here" in found["reason"]


def test_files_of_a_plain_server(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pages = {
        "/files/": b'<a href="demo-1.0.tar.gz">x</a><a href="demo-1.4.tar.gz">x</a> 2026-03-01 10:00',
        "/files/demo-1.4.tar.gz": archive("1.4"),
    }

    def answer(asked: Asked) -> Answer:
        body = pages.get(asked.path)
        return Answer(status=404) if body is None else Answer(body=body)

    with Server(answer) as server:
        put(workspace, f"{server.url}/files/demo-${{{{ version }}}}.tar.gz")
        code, (found,), _ = run(workspace, capsys)
        assert (code, found["status"], found["to"]) == (0, "proposed", "1.4")
        assert found["hashes"][0]["sha256"] == hashlib.sha256(archive("1.4")).hexdigest()


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (Answer(body=b"<!doctype html><title>Sorry</title>"), "1.0 is the newest release that fits"),
        (Answer(headers={"Content-Length": str(10 * 1024**3)}, body=b"\x1f\x8b" + b"0" * 510, hang_up=True), "limit"),
    ],
)
def test_a_server_that_says_yes_to_1_1(
    page: Answer, reason: str, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def answer(asked: Asked) -> Answer:
        if asked.path == "/demo-1.0.tar.gz":
            return Answer(body=archive("1.0"))
        return page if asked.path == "/demo-1.1.tar.gz" else Answer(status=404)

    with Server(answer) as server:
        path = put(workspace, f"{server.url}/demo-${{{{ version }}}}.tar.gz")
        before = path.read_bytes()
        _, (found,), _ = run(workspace, capsys, "--write")
        assert found["status"] == "skipped"
        assert reason in found["reason"]
        assert path.read_bytes() == before


def test_a_dead_host_is_unknown_for_all_that_come_from_it(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dead = f"http://127.0.0.1:{dead_port()}"
    put(workspace, f"{dead}/x/a/-/archive/v${{{{ version }}}}/a.tar.gz", name="a")
    put(workspace, f"{dead}/b-${{{{ version }}}}.tar.gz", name="b")
    put(workspace, PYPI, name="demo")
    with PackageIndex({"demo": {"demo-1.0.tar.gz": archive("1.0"), "demo-1.1.tar.gz": archive("1.1")}}) as index:
        code, (a, b, demo), _ = run(workspace, capsys, "--index-url", index.url)
    assert code == 3
    assert (a["kind"], b["kind"], demo["status"]) == ("unknown", "unknown", "proposed")
    # The same words for all of a host, so that they are told once.
    assert a["reason"] == b["reason"] == f"{dead.removeprefix('http://')} can't be reached: connection refused"


def demo_index() -> PackageIndex:
    files: dict[str, bytes | IndexFile] = {
        f"demo-{version}.tar.gz": archive(version) for version in ("1.0", "1.1", "1.2", "1.3.1")
    }
    return PackageIndex({"demo": files})


@pytest.mark.parametrize(
    ("forge", "to", "reasons"),
    [
        (
            "bot:\n  version_updates:\n    exclude: ['1.2']\n    even_odd_versions: true\n",
            None,
            (
                "1.0 is the newest release that fits (1.3.1: its second number is odd, so it is not a stable version "
                "(conda-forge.yml, line 4); 1.2: excluded by conda-forge.yml, line 3; 1.1: its second number is odd, "
                "so it is not a stable version (conda-forge.yml, line 4))"
            ),
        ),
        ("bot:\n  version_updates:\n    exclude: ['1.3.1']\n", "1.2", "1.3.1: excluded by conda-forge.yml, line 3"),
        (
            "bot:\n  version_updates:\n    skip: true\n",
            None,
            "conda-forge.yml, line 3 asks for no new versions (version_updates: skip)",
        ),
        (
            "bot:\n  version_updates:\n    sources: [github]\n",
            None,
            "conda-forge.yml, line 3 allows versions only from github; its source is demo",
        ),
    ],
)
def test_version_updates_are_honoured(
    forge: str, to: str | None, reasons: str, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(workspace, PYPI, forge=forge)
    with demo_index() as index:
        code, (found,), _ = run(workspace, capsys, "--index-url", index.url)
        assert (code, found["to"]) == (0, to)
        rejected = "; ".join(f"{item['version']}: {item['reason']}" for item in found.get("rejected", ()))
        assert (rejected if to else found["reason"]) == reasons
        # A person who names a version goes before conda-forge.yml.
        code, (found,), _ = run(workspace, capsys, "demo", "--to", "1.1", "--index-url", index.url)
        assert (code, found["to"]) == (0, "1.1")


def test_an_unknown_key_under_bot_stops_that_feedstock_only(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(workspace, PYPI, forge="bot:\n  automerg: true\n", name="a")
    path = put(workspace, PYPI, forge="build_platfrom: {}\n", name="demo")
    with demo_index() as index:
        code, (a, demo), said = run(workspace, capsys, "--index-url", index.url)
    assert code == 2  # something was not read, though nobody named it
    assert (a["status"], a["kind"], demo["status"]) == ("skipped", "unreadable", "proposed")
    assert a["reason"] == (
        f"{workspace / 'feedstocks/a/conda-forge.yml'}:2: unknown key 'bot.automerg'; did you mean 'automerge'?"
    )
    warning = (
        f"{path.parents[1] / 'conda-forge.yml'}:1: build_platfrom is not a key of conda-forge.yml; the nearest one is"
    )
    assert warning in " ".join(said.split())


def test_inspection_decides_over_requirements_unless_a_person_does(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(workspace, PYPI, forge="bot:\n  inspection: disabled\n")
    with demo_index() as index:
        _, (found,), _ = run(workspace, capsys, "--index-url", index.url)
        note = "requirements were not compared: conda-forge.yml, line 2 disables it (inspection: disabled)"
        assert note in found["notes"]
        _, (found,), _ = run(workspace, capsys, "--index-url", index.url, "--dependencies", "update")
        assert note not in found["notes"]


def test_github_is_asked_where_the_environment_says(
    workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_0123456789abcdefghij")
    files = [{"name": "demo-1.1.tar.gz"}]
    listed = [
        {"tag_name": "v2.0", "draft": True, "assets": []},
        {"tag_name": "v1.2", "prerelease": True, "assets": []},
        {"tag_name": "v1.1", "published_at": "2026-02-03T00:00:00Z", "assets": files},
        {"tag_name": "v1.0", "assets": []},
    ]

    def answer(asked: Asked) -> Answer:
        return Answer(body=json.dumps(listed).encode())

    url = "https://github.com/a/demo/releases/download/v${{ version }}/demo-${{ version }}.tar.gz"
    put(workspace, url)
    known = workspace / "known.json"
    known.write_text(json.dumps({url.replace("${{ version }}", "1.1"): "b" * 64}), encoding="utf-8")
    with Server(answer) as server:
        monkeypatch.setenv("GITHUB_API_URL", server.url)
        code, (found,), said = run(workspace, capsys, "--known-sha256", str(known), "--dependencies", "off")
        assert server.lines() == ["GET /repos/a/demo/releases?per_page=100&page=1"]
    assert (code, found["to"]) == (0, "1.1")
    assert found["rejected"] == [
        {"version": "2.0", "reason": "a draft"},
        {"version": "1.2", "reason": "no file like demo-1.0.tar.gz is attached to it (it has none)"},
    ]
    assert "ghp_" not in said


@needs_git
def test_a_repository_that_is_checked_out(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bare_repository(workspace / "web/demo.git", ["release-1-0", "release-1-1"], annotated=["release-1-1"])
    with Server(lambda asked: served(workspace / "web", asked)) as server:
        path = put(workspace, "x")
        text = path.read_text(encoding="utf-8")
        source = f"git: {server.url}/demo.git\n  tag: release-${{{{ version | replace('.', '-') }}}}\n"
        path.write_text(text.replace(f"url: x\n  sha256: {OLD}\n", source), encoding="utf-8")
        code, (found,), _ = run(workspace, capsys, "--write")
        assert (code, found["to"], found["hashes"]) == (0, "1.1", [])
        assert path.read_text(encoding="utf-8") == path.read_text(encoding="utf-8").replace("1.0", "1.1")
        code, (again,), _ = run(workspace, capsys)
        assert again["reason"] == "1.1 is the newest release that fits"


@needs_git
def test_sources_pinned_by_a_commit_follow_the_tag(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commits = bare_repository(workspace / "web/x/demo.git", ["v1.0", "v1.1"], annotated=["v1.1"])
    other = bare_repository(workspace / "web/x/other.git", ["v1.0", "v1.1", "v7.0"])

    def answer(asked: Asked) -> Answer:
        if "/-/archive/" in asked.path:
            return Answer(body=archive(asked.path))
        return served(workspace / "web", asked)

    with Server(answer) as server:
        path = put(workspace, "x")
        archives = f"{server.url}/x/demo/-/archive/${{{{ commit }}}}/demo.tar.gz"
        text = path.read_text(encoding="utf-8").replace("context:\n", f"context:\n  commit: {commits['v1.0']}\n")
        text = text.replace(f"url: x\n  sha256: {OLD}\n", f"- url: {archives}\n    sha256: {OLD}\n@")
        checkouts = f"  - git: {server.url}/x/demo.git\n    rev: {commits['v1.0']}\n"
        foreign = f"  - git: {server.url}/x/other.git\n    rev: {other['v7.0']}\n"
        path.write_text(text.replace("@", checkouts + foreign), encoding="utf-8")
        code, (found,), _ = run(workspace, capsys, "--write")
    assert (code, found["to"]) == (0, "1.1"), found["reason"]
    fresh = hashlib.sha256(archive(f"/x/demo/-/archive/{commits['v1.1']}/demo.tar.gz")).hexdigest()
    moved = path.read_text(encoding="utf-8")
    assert moved.count(commits["v1.1"]) == 2
    assert commits["v1.0"] not in moved
    assert (fresh in moved, other["v7.0"] in moved) == (True, True)
    assert f"127.0.0.1/x/demo: {commits['v1.1']} is the commit of its tag v1.1" in found["notes"]
    left = moved.split("\n").index(f"    rev: {other['v7.0']}") + 1
    assert f"line {left}: {server.url}/x/other.git is still checked out at {other['v7.0']}" in found["notes"]


@pytest.mark.parametrize("variable", [True, False])
@pytest.mark.parametrize("to", ["3.49.1", "3.50.0"])
def test_a_folder_named_after_the_year_is_found_by_trying(
    variable: bool, to: str, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = {
        "/2025/sqlite-autoconf-3490000.tar.gz": archive("3.49.0"),
        "/2025/sqlite-autoconf-3490100.tar.gz": archive("3.49.1"),
    }
    if to == "3.50.0":
        there["/2027/sqlite-autoconf-3500000.tar.gz"] = archive("3.50.0")

    def answer(asked: Asked) -> Answer:
        body = there.get(asked.path)
        return Answer(status=404) if body is None else Answer(body=body)

    coded = '${{ version.split(".")[0] }}${{ version.split(".")[1] }}${{ version.split(".")[2].zfill(2) }}00'
    with Server(answer) as server:
        year = "${{ year }}" if variable else "2025"
        path = put(workspace, f"{server.url}/{year}/sqlite-autoconf-{coded}.tar.gz", version="3.49.0")
        if variable:
            path.write_text(
                path.read_text(encoding="utf-8").replace("context:\n", "context:\n  year: 2025\n"), encoding="utf-8"
            )
        code, (found,), _ = run(workspace, capsys, "--write")
    assert (code, found["to"]) == (0, to), found["reason"]
    text = path.read_text(encoding="utf-8")
    assert hashlib.sha256(archive(to)).hexdigest() in text
    assert ("2027" in text, "2025" in text) == (to == "3.50.0", to == "3.49.1")
    assert f"{to} exists; {server.url[7:]} has no listing, so newer ones can't be ruled out" in found["notes"]
    assert any(note.endswith("it is in the folder of 2027") for note in found["notes"]) == (to == "3.50.0")


@needs_git
@pytest.mark.parametrize("source", ["archive", "git"])
def test_a_source_on_this_machine_is_not_asked(
    workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    monkeypatch.delenv("DIRAC_FORGE_INTERNAL_HOSTS")
    with Server(lambda asked: Answer(body=b"secret")) as server:
        path = put(workspace, f"{server.url}/x/demo/-/archive/v${{{{ version }}}}/demo.tar.gz")
        if source == "git":
            text = path.read_text(encoding="utf-8")
            start = text.index("url: ")
            end = text.index("\n", text.index("sha256: ")) + 1
            tag = "tag: v${{ version }}"
            path.write_text(f"{text[:start]}git: {server.url}/demo.git\n  {tag}\n{text[end:]}", encoding="utf-8")
        before = path.read_text(encoding="utf-8")
        code, (bump,), _ = run(workspace, capsys, "demo", "--write")
        assert (server.connections, server.log) == (0, [])
    assert (code, bump["kind"]) == (3, "unknown")
    assert "its address 127.0.0.1 is not public, and the settings do not name this host" in json.dumps(bump)
    assert path.read_text(encoding="utf-8") == before


@needs_git
def test_a_repository_that_is_not_there_any_more(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Server(lambda asked: Answer(status=404)) as server:
        put(workspace, f"{server.url}/x/demo/-/archive/v${{{{ version }}}}/demo.tar.gz")
        code, (found,), _ = run(workspace, capsys, "demo")
    assert (code, found["kind"]) == (1, "no")
    assert found["reason"].startswith(f"{server.url}/x/demo.git: there is no such repository or branch (fatal: ")


def test_what_only_github_s_own_release_says_of_a_tag(
    workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tags of github.com are those that were read a moment ago; its API is asked."""
    tags = dict.fromkeys(("v1.0", "v1.1", "v1.2"), "1" * 40)
    Recent(Store(workspace / "cache")).put("refs-1", "https://github.com/a/demo", tags)
    url = "https://github.com/a/demo/archive/v${{ version }}.tar.gz"
    put(workspace, url)
    known = workspace / "known.json"
    known.write_text(json.dumps({url.replace("${{ version }}", "1.1"): "b" * 64}), encoding="utf-8")

    def answer(asked: Asked) -> Answer:
        tag = asked.path.rpartition("/")[2]
        return Answer(
            body=json.dumps(
                {"tag_name": tag, "prerelease": tag == "v1.2", "published_at": "2026-05-06T07:08:09Z"}
            ).encode()
        )

    with Server(answer) as server:
        monkeypatch.setenv("GITHUB_API_URL", server.url)
        code, (found,), _ = run(workspace, capsys, "--known-sha256", str(known), "--dependencies", "off")
        assert server.lines() == [f"GET /repos/a/demo/releases/tags/v1.{minor}" for minor in (2, 1)]
    assert (code, found["to"]) == (0, "1.1")
    assert found["rejected"] == [{"version": "1.2", "reason": "a pre-release, as GitHub says"}]
    known.write_text(json.dumps({url.replace("${{ version }}", "1.2"): "b" * 64}), encoding="utf-8")
    dead = f"http://127.0.0.1:{dead_port()}"
    monkeypatch.setenv("GITHUB_API_URL", dead)
    code, (found,), _ = run(workspace, capsys, "--known-sha256", str(known), "--dependencies", "off")
    assert (code, found["to"]) == (0, "1.2")
    assert (
        f"only its tag was seen, not whether v1.2 is a pre-release: {dead}/repos/a/demo/releases/tags/v1.2 can't be "
        "reached: connection refused"
    ) in found["notes"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("package:\n  name: demo\nsource:\n  url: x\n", "recipe.yaml: its version can't be determined"),
        (
            "context:\n  v:\n    if: unix\n    then: '1'\n    else: '2'\npackage:\n  name: a\n  version: ${{ v }}\n",
            "it is unclear which version is its own: there are 1, 2",
        ),
        (  # the first version is the recipe's own, in braces, too
            "recipe: {name: a}\noutputs:\n- package: {name: a, version: '1'}\n- package: {name: b, version: '2'}\n",
            "none of its sources has the version in its URL or tag",
        ),
        (
            "package:\n  name: demo\n  version: '1.0'\nsource:\n  - git: https://127.0.0.1:1/x\n    rev: main\n",
            "none of its sources has the version in its URL or tag",
        ),
    ],
)
def test_recipes_without_a_version_of_their_own(
    text: str, reason: str, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = put(workspace, "x")
    path.write_text(text, encoding="utf-8")
    _, (found,), _ = run(workspace, capsys, "--write")
    assert found["status"] == "skipped"
    assert reason in found["reason"]
    assert path.read_text(encoding="utf-8") == text


ADDED = "${{ version }}"
"""A version to which a packager added nothing."""


@pytest.mark.parametrize(
    ("spelled", "of_source", "there", "to"),
    [
        ("1!${{ version }}", ADDED, ("1.0", "1.1"), "1!1.1"),
        ("${{ version }}.post1", ADDED, ("1.0", "1.1"), "1.1"),
        ("1!${{ version }}", "1!${{ version }}", ("1!1.0", "1!1.1", "2.0"), "1!1.1"),
    ],
)
def test_an_epoch_and_a_post_release_are_the_packager_s_if_upstream_has_none(
    spelled: str,
    of_source: str,
    there: tuple[str, ...],
    to: str,
    workspace: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = put(workspace, PYPI.replace(ADDED, of_source))
    text = path.read_text(encoding="utf-8").replace(f"  version: {ADDED}", f"  version: {spelled}")
    path.write_text(text, encoding="utf-8")
    files: dict[str, bytes | IndexFile] = {f"demo-{version}.tar.gz": archive(version) for version in there}
    with PackageIndex({"demo": files}) as index:
        code, (found,), _ = run(workspace, capsys, "--index-url", index.url)
    assert (code, found["status"], found["to"]) == (0, "proposed", to), found["reason"]


@pytest.mark.parametrize(
    ("version", "there", "to"),
    [("1.0.post1", ("1.0", "1.0.post1", "1.0.post2"), "1.0.post2"), ("1!1.0", ("1.0", "1!1.0", "1!1.1"), "1!1.1")],
)
def test_an_epoch_and_a_post_release_of_upstream_are_compared(
    version: str, there: tuple[str, ...], to: str, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(workspace, PYPI, version=version)
    files: dict[str, bytes | IndexFile] = {f"demo-{version}.tar.gz": archive(version) for version in there}
    with PackageIndex({"demo": files}) as index:
        code, (found,), _ = run(workspace, capsys, "--index-url", index.url)
    assert (code, found["status"], found["to"]) == (0, "proposed", to), found["reason"]


@needs_git
@pytest.mark.parametrize(
    ("spelled", "to"), [("1!${{ version }}", "1!1.1"), ("${{ version }}.post1", "1.1"), ("${{ version }}", "1.1")]
)
def test_what_a_packager_added_is_not_looked_for_in_tags(
    spelled: str, to: str, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bare_repository(workspace / "web/x/demo.git", ["v1_0", "v1_1"])
    with gitlab(workspace / "web", "v1_1") as server:
        path = put(workspace, f"{server.url}/x/demo/-/archive/v${{{{ version | replace('.', '_') }}}}/demo.tar.gz")
        text = path.read_text(encoding="utf-8").replace(f"  version: {ADDED}", f"  version: {spelled}")
        path.write_text(text, encoding="utf-8")
        code, (found,), _ = run(workspace, capsys)
    assert (code, found["status"], found["to"]) == (0, "proposed", to), found["reason"]


def test_an_epoch_in_a_version_that_no_variable_shares_with_the_url_is_explained(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = put(workspace, PYPI.replace(ADDED, "1.0"), version="1!1.0")
    with demo_index() as index:
        code, (found,), _ = run(workspace, capsys, "--index-url", index.url)
    url = PYPI.replace(ADDED, "1.0")
    assert (code, found["kind"], found["reason"]) == (
        2,
        "unreadable",
        f"{path}:7: no source has the version in its URL ({url}): edit it by hand",
    )
    assert found["hint"] == (
        "Upstream calls its version 1.0: one variable with that, for `version` and the URL, could be edited."
    )

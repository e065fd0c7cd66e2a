"""Copies of feedstocks, from real repositories."""

from __future__ import annotations

import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import dirac_forge.feedstock.sync as module
from dirac_forge.errors import InputError
from dirac_forge.feedstock.repositories import Repository
from dirac_forge.feedstock.sources import FeedstockSource, read_sources
from dirac_forge.feedstock.sync import Synced, SyncedLine, sync

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")

RECIPE = "package: {name: a, version: 1}\n"


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(
        ("git", "-C", str(folder), *identity, *arguments), check=True, capture_output=True, text=True, encoding="utf-8"
    )
    return done.stdout.strip()


def commit(folder: Path, files: dict[str, str], *, branch: str = "main") -> str:
    if not folder.exists():
        folder.mkdir(parents=True)
        git(folder, "init", "-q", "-b", "main")
    elif branch not in git(folder, "branch", "--format=%(refname:short)").split():
        git(folder, "checkout", "-q", "-b", branch)
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "change")
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def repositories(tmp_path: Path) -> Path:
    folder = tmp_path / "repositories"
    files = {
        "recipe/meta.yaml": RECIPE,
        "recipe/build.sh": "exit 1\n",
        "recipe/conda_build_config.yaml": "lib: ['1']\n",
        "conda-forge.yml": "bot: {}\n",
        ".ci_support/linux_64_.yaml": "lib: ['1']\n",
        ".ci_support/migrations/lib2.yaml": "lib: ['2']\n",
        ".ci_support/README": "no\n",
    }
    commit(folder / "a-feedstock", files)
    commit(folder / "b-feedstock", {"recipe/recipe.yaml": "package: {name: b}\n"})
    return folder


def run(tmp_path: Path, *lines: SyncedLine, force: bool = False) -> dict[str, Synced]:
    with ThreadPoolExecutor(2) as executor:
        results = sync(
            tmp_path / "feedstocks",
            lines,
            repository=lambda name: str(tmp_path / "repositories" / f"{name}-feedstock"),
            executor=executor,
            force=force,
        )
    return {one.line.folder: one for one in results}


def states(results: dict[str, Synced]) -> dict[str, str]:
    return {name: one.state for name, one in results.items()}


def test_what_is_copied_and_noted(tmp_path: Path, repositories: Path) -> None:
    results = run(tmp_path, SyncedLine(name="a"), SyncedLine(name="b"))
    assert states(results) == {"a": "new", "b": "new"}
    folder = tmp_path / "feedstocks"
    assert sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()) == [
        "a/.ci_support/linux_64_.yaml",
        "a/.ci_support/migrations/lib2.yaml",
        "a/conda-forge.yml",
        "a/recipe/conda_build_config.yaml",
        "a/recipe/meta.yaml",
        "b/recipe/recipe.yaml",
        "sources.toml",
    ]
    source = read_sources(folder)["a"]
    assert source.repository == str(repositories / "a-feedstock")
    assert source.commit == git(repositories / "a-feedstock", "rev-parse", "HEAD")


def test_a_second_run_asks_and_copies_nothing(
    tmp_path: Path, repositories: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(tmp_path, SyncedLine(name="a"))
    monkeypatch.setattr(Repository, "tree", None)
    assert states(run(tmp_path, SyncedLine(name="a"))) == {"a": "unchanged"}


def test_news_are_copied_and_what_is_gone_goes(tmp_path: Path, repositories: Path) -> None:
    run(tmp_path, SyncedLine(name="a"))
    (repositories / "a-feedstock/.ci_support/migrations/lib2.yaml").unlink()
    head = commit(repositories / "a-feedstock", {"recipe/meta.yaml": RECIPE.replace("1", "2")})
    results = run(tmp_path, SyncedLine(name="a"))
    assert (results["a"].state, results["a"].commit) == ("updated", head)
    assert (tmp_path / "feedstocks/a/recipe/meta.yaml").read_text(encoding="utf-8") == RECIPE.replace("1", "2")
    assert not (tmp_path / "feedstocks/a/.ci_support/migrations").exists()


def test_local_changes_stay_unless_forced(tmp_path: Path, repositories: Path) -> None:
    run(tmp_path, SyncedLine(name="a"))
    mine = tmp_path / "feedstocks/a/recipe/meta.yaml"
    mine.write_text("mine\n", encoding="utf-8")
    (tmp_path / "feedstocks/b/recipe").mkdir(parents=True)
    (tmp_path / "feedstocks/b/recipe/recipe.yaml").write_text("generated\n", encoding="utf-8")
    results = run(tmp_path, SyncedLine(name="a"), SyncedLine(name="b"))
    assert states(results) == {"a": "kept", "b": "kept"}
    assert results["a"].text == f"{tmp_path}/feedstocks/a has local changes"
    assert results["b"].text == f"{tmp_path}/feedstocks/b was not copied from a repository"
    assert mine.read_text(encoding="utf-8") == "mine\n"
    assert states(run(tmp_path, SyncedLine(name="a"), SyncedLine(name="b"), force=True)) == {
        "a": "updated",
        "b": "updated",
    }
    assert mine.read_text(encoding="utf-8") == RECIPE


def test_release_lines(tmp_path: Path, repositories: Path) -> None:
    commit(repositories / "a-feedstock", {"recipe/meta.yaml": "old line\n"}, branch="v1.x")
    git(repositories / "a-feedstock", "checkout", "-q", "main")
    results = run(
        tmp_path, SyncedLine(name="a"), SyncedLine(name="a", branch="v1.x"), SyncedLine(name="a", branch="none")
    )
    assert states(results) == {"a": "new", "a@v1.x": "new", "a@none": "missing"}
    assert (tmp_path / "feedstocks/a@v1.x/recipe/meta.yaml").read_text(encoding="utf-8") == "old line\n"


def test_what_is_missing_or_no_feedstock(tmp_path: Path, repositories: Path) -> None:
    commit(repositories / "empty-feedstock", {"README": "nothing\n"})
    results = run(
        tmp_path,
        SyncedLine(name="nowhere"),
        SyncedLine(name="empty"),
        SyncedLine(name="../a"),
        SyncedLine(name="--upload-pack=x"),
    )
    assert list(states(results).values()) == ["missing", "error", "error", "error"]
    assert results["empty"].text.endswith("empty-feedstock: it has no recipe that is a UTF-8 file")
    assert results["../a"].text == "'../a' is not the name of a feedstock"


def test_symbolic_links_are_not_followed(tmp_path: Path, repositories: Path) -> None:
    link = repositories / "b-feedstock/recipe/conda_build_config.yaml"
    link.symlink_to("/etc/passwd")
    commit(repositories / "b-feedstock", {})
    run(tmp_path, SyncedLine(name="b"))
    assert not (tmp_path / "feedstocks/b/recipe/conda_build_config.yaml").exists()


def test_a_killed_run_goes_on(tmp_path: Path, repositories: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(folder: Path, sources: dict[str, FeedstockSource]) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(module, "write_sources", killed)
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path, SyncedLine(name="a"))
    folder = tmp_path / "feedstocks"
    assert not (folder / "sources.toml").exists()
    (folder / ".new-rest").mkdir()
    (folder / "a").rename(folder / ".old-a")
    monkeypatch.setattr(Repository, "tree", None)
    assert states(run(tmp_path, SyncedLine(name="a"))) == {"a": "unchanged"}
    assert sorted(path.name for path in folder.iterdir()) == ["a", "sources.toml"]


def test_an_unreachable_host_is_unknown_and_asked_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as executor:
        results = sync(
            tmp_path / "feedstocks",
            [SyncedLine(name=name) for name in ("a", "b", "c")],
            repository=lambda name: f"http://127.0.0.1:9/{name}",
            executor=executor,
        )
    assert [one.state for one in results] == ["unknown"] * 3
    assert results[0].text == results[2].text


def test_unreadable_sources_are_an_error(tmp_path: Path, repositories: Path) -> None:
    (tmp_path / "feedstocks").mkdir()
    (tmp_path / "feedstocks/sources.toml").write_text("a = 1\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"sources\.toml: can't be read"):
        run(tmp_path, SyncedLine(name="a"))


def test_links_that_a_killed_run_left_are_removed(tmp_path: Path, repositories: Path) -> None:
    folder = tmp_path / "feedstocks"
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("x", encoding="utf-8")
    folder.mkdir()
    for name in (".new-1", ".old-a"):
        (folder / name).symlink_to(outside)
    assert states(run(tmp_path, SyncedLine(name="a"))) == {"a": "new"}
    assert not (folder / "a").is_symlink()
    assert sorted(path.name for path in folder.iterdir()) == ["a", "sources.toml"]
    assert (outside / "kept").read_text(encoding="utf-8") == "x"


def test_a_journal_that_is_not_text_is_ignored(tmp_path: Path, repositories: Path) -> None:
    folder = tmp_path / "feedstocks"
    folder.mkdir()
    (folder / ".sources-journal").write_bytes(b"\xff\xfe\x00[[[\n" + b"[" * 5000)
    assert states(run(tmp_path, SyncedLine(name="a"))) == {"a": "new"}


def test_settings_that_are_a_symbolic_link_are_refused(tmp_path: Path, repositories: Path) -> None:
    (repositories / "b-feedstock" / "conda-forge.yml").symlink_to("recipe/meta.yaml")
    git(repositories / "b-feedstock", "add", "-A")
    git(repositories / "b-feedstock", "commit", "-qm", "link")
    with pytest.raises(InputError, match=r"conda-forge\.yml is a symbolic link, which is not read$"):
        Repository(str(repositories / "b-feedstock")).tree("")

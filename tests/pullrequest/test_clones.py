"""Clones of real repositories, and commits made in them."""

from __future__ import annotations

import shutil
import stat
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dirac_forge.errors import InputError
from dirac_forge.feedstock.change import Edit
from dirac_forge.git import GitUnreachableError, MissingRefError, RefusedPushError
from dirac_forge.pullrequest.clones import Author, Clones, Tip
from dirac_forge.pullrequest.trees import MovedError
from support.gits import branches, commit, file_at, git, log, repository, sha
from support.server import Answer, Server

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")

RECIPE = "version: 1\r\nline with trailing space \n\ttab é"
FILES: dict[str, str | bytes] = {
    "recipe/recipe.yaml": RECIPE,
    "recipe/build.sh": "exit 1\n",
    "recipe/image.png": b"\x89PNG\xff",
    "conda-forge.yml": "bot: {}\n",
    ".gitattributes": "* text=auto\n*.sh filter=evil\n",
}
AUTHOR = Author.of("robot")
WHEN = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return repository(tmp_path / "forge" / "a-feedstock.git", FILES)


@pytest.fixture
def clones(tmp_path: Path) -> Clones:
    return Clones(tmp_path / "cache")


@pytest.fixture
def tip(clones: Clones, place: Path) -> Tip:
    return clones.refresh("conda-forge/a-feedstock", str(place), "main")


def made(clones: Clones, tip: Tip, *edits: Edit, message: str = "bump\n") -> str:
    return clones.commit(tip, edits, message=message, author=AUTHOR, when=WHEN)


def test_a_clone_is_bare_and_shallow(tmp_path: Path, clones: Clones, place: Path) -> None:
    commit(place, {"conda-forge.yml": "bot: {a: 1}\n"})
    tip = clones.refresh("conda-forge/a-feedstock", str(place), "main")
    assert tip.folder == tmp_path / "cache" / "conda-forge" / "a-feedstock.git"
    assert tip.commit == sha(place, "main")
    assert git(tip.folder, "rev-list", "--count", "main") == "1"
    assert git(tip.folder, "config", "core.bare") == "true"
    assert not (tip.folder / "hooks").exists()


def test_a_first_clone_is_one_question(clones: Clones, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    questions: list[str] = []
    ask = Clones._far

    def asked(self: Clones, *arguments: str, about: str, folder: Path | None = None) -> bytes:
        questions.append(arguments[0])
        return ask(self, *arguments, about=about, folder=folder)

    monkeypatch.setattr(Clones, "_far", asked)
    tip = clones.refresh("conda-forge/a-feedstock", str(place), "main")
    assert (tip.commit, questions) == (sha(place, "main"), ["fetch"])
    assert clones.refresh("conda-forge/a-feedstock", str(place), "main") == tip
    assert questions == ["fetch", "ls-remote"]


def test_texts_are_read_exactly(clones: Clones, tip: Tip) -> None:
    texts = clones.read(tip)
    assert sorted(texts) == [".gitattributes", "conda-forge.yml", "recipe/build.sh", "recipe/recipe.yaml"]
    assert texts["recipe/recipe.yaml"] == RECIPE
    assert clones.read(tip, under=("recipe/r", "conda")) == {
        "conda-forge.yml": "bot: {}\n",
        "recipe/recipe.yaml": RECIPE,
    }


def test_a_clone_is_brought_up_to_date(clones: Clones, place: Path, tip: Tip) -> None:
    newer = commit(place, {"conda-forge.yml": "new\n"})
    assert clones.refresh("conda-forge/a-feedstock", str(place), "main").commit == newer
    older = commit(place, {"conda-forge.yml": "line\n"}, branch="v1")
    assert clones.refresh("conda-forge/a-feedstock", str(place), "v1").commit == older
    git(place, "update-ref", "refs/heads/main", tip.commit)
    assert clones.refresh("conda-forge/a-feedstock", str(place), "main").commit == tip.commit
    assert clones.read(tip)["conda-forge.yml"] == "bot: {}\n"


def test_main_may_be_master(tmp_path: Path, clones: Clones) -> None:
    place = repository(tmp_path / "old.git", FILES, branch="master")
    assert clones.refresh("conda-forge/old", str(place), "main").branch == "master"
    assert clones.refresh("conda-forge/old", str(place), "main", default="master").branch == "master"
    with pytest.raises(MissingRefError) as caught:
        clones.refresh("conda-forge/old", str(place), "v1")
    assert str(caught.value) == f"{place}: there is no branch v1"
    with pytest.raises(MissingRefError, match="there is no such repository"):
        clones.refresh("conda-forge/none", str(tmp_path / "none.git"), "main")


@pytest.mark.parametrize("damage", ["objects", "head", "truncated", "folder is a file"])
def test_a_broken_clone_is_made_again(clones: Clones, place: Path, tip: Tip, damage: str) -> None:
    if damage == "objects":
        shutil.rmtree(tip.folder / "objects")
    elif damage == "head":
        (tip.folder / "HEAD").write_text("nonsense", encoding="utf-8")
    elif damage == "truncated":
        for path in (tip.folder / "objects").rglob("*"):
            if path.is_file():
                path.chmod(0o644)
                path.write_bytes(path.read_bytes()[:20])
    else:
        shutil.rmtree(tip.folder)
        tip.folder.write_text("", encoding="utf-8")
    again = clones.refresh("conda-forge/a-feedstock", str(place), "main")
    assert again == tip
    assert clones.read(again)["recipe/recipe.yaml"] == RECIPE


@pytest.mark.parametrize("name", ["../a", "a/../../b", "a", "-u/b", "a/b/c", "a/..", "a/b\n", "a /b", "a/-b"])
def test_names_of_repositories(clones: Clones, name: str) -> None:
    with pytest.raises(InputError, match="is not the name of a repository"):
        clones.refresh(name, "https://example.org/a", "main")


@pytest.mark.parametrize("branch", ["-u", "--upload-pack=x", "a..b", "a\nb", "a b", "", "a.lock", "a~1", "a:b", "+a"])
def test_names_of_branches(clones: Clones, branch: str) -> None:
    with pytest.raises(InputError, match="is not the name of a branch"):
        clones.refresh("a/b", "https://example.org/a", branch)


def test_a_commit_needs_no_work_tree(clones: Clones, place: Path, tip: Tip) -> None:
    commit(place, {"recipe/build.sh": "exit 1\n", "recipe/new.sh": "x"}, modes={"recipe/build.sh": "100755"})
    tip = clones.refresh("conda-forge/a-feedstock", str(place), "main")
    commit_ = made(
        clones,
        tip,
        Edit(path="recipe/recipe.yaml", before=RECIPE, after="version: 2\r\n"),
        Edit(path="recipe/build.sh", before="exit 1\n", after="exit 0\n"),
        Edit(path=".ci_support/migrations/x.yaml", before=None, after="é\n"),
        Edit(path="recipe/new.sh", before="x", after=None),
        message="-u title\n\n# not a comment\n",
    )
    listed = git(tip.folder, "ls-tree", "-r", "--format=%(objectmode) %(path)", commit_).splitlines()
    assert listed == [
        "100644 .ci_support/migrations/x.yaml",
        "100644 .gitattributes",
        "100644 conda-forge.yml",
        "100755 recipe/build.sh",
        "100644 recipe/image.png",
        "100644 recipe/recipe.yaml",
    ]
    assert file_at(tip.folder, commit_, "recipe/recipe.yaml") == "version: 2\r\n"
    assert git(tip.folder, "show", "--no-patch", "--format=%P|%an|%ae|%cn|%ct|%B", commit_) == (
        f"{tip.commit}|robot|robot@users.noreply.github.com|robot|{int(WHEN.timestamp())}|-u title\n\n# not a comment"
    )
    assert sha(tip.folder, "main") == tip.commit


def test_what_moved_on_is_not_overwritten(clones: Clones, tip: Tip) -> None:
    for edit in (
        Edit(path="conda-forge.yml", before="older\n", after="newer\n"),
        Edit(path="conda-forge.yml", before=None, after="newer\n"),
        Edit(path="recipe/none.yaml", before="older\n", after="newer\n"),
    ):
        with pytest.raises(MovedError) as caught:
            made(clones, tip, edit)
        assert str(caught.value) == f"{tip.url}: {edit.path} has changed since the change was made"


PATHS = [
    "../out", "a/../../out", "/etc/passwd", "-u", "recipe/-u", ".git/hooks/pre-push", "a/.GIT/config", ".git",
    "git~1/config", ".git /x", "a//b", "a/./b", "", "a\\b", "a\nb", "a\x00b", "a/.g\u200cit/b", ".gitmodules",
    "recipe/" + "x" * 400, "a/" * 12 + "b",
]  # fmt: skip


def test_paths_that_are_refused(clones: Clones, tip: Tip) -> None:
    before = {each: each.stat().st_mtime_ns for each in tip.folder.rglob("*")}
    for path in PATHS:
        with pytest.raises(InputError):
            made(clones, tip, Edit(path=path, before=None, after="x"))
    assert {each: each.stat().st_mtime_ns for each in tip.folder.rglob("*")} == before


def test_links_are_not_followed(tmp_path: Path, clones: Clones, place: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s", encoding="utf-8")
    links = {"recipe/link": str(secret), "linked": str(tmp_path)}
    commit(place, links, modes=dict.fromkeys(links, "120000"))
    tip = clones.refresh("conda-forge/a-feedstock", str(place), "main")
    assert not {"recipe/link", "linked"} & clones.read(tip).keys()
    for path in links:
        with pytest.raises(InputError, match="goes through a symbolic link"):
            made(clones, tip, Edit(path=path, before=str(secret), after="x"))
    with pytest.raises(InputError, match="linked/secret goes through a symbolic link"):
        made(clones, tip, Edit(path="linked/secret", before=None, after="x"))
    with clones.work_tree(tip, tip.commit) as folder:
        assert not (folder / "recipe" / "link").is_symlink()
        (folder / "conda-forge.yml").write_text("new\n", encoding="utf-8")
        rerendered = clones.adopt(tip, folder, parent=tip.commit, message="m", author=AUTHOR, when=WHEN)
    assert "120000 recipe/link" in git(tip.folder, "ls-tree", "-r", "--format=%(objectmode) %(path)", rerendered)
    assert secret.read_text(encoding="utf-8") == "s"


def test_a_work_tree_for_programs(tmp_path: Path, clones: Clones, tip: Tip) -> None:
    first = made(clones, tip, Edit(path="conda-forge.yml", before="bot: {}\n", after="bot: {a: 1}\n"))
    with clones.work_tree(tip, first) as folder:
        assert (folder / "recipe" / "recipe.yaml").read_bytes() == RECIPE.encode()
        assert (folder / "conda-forge.yml").read_text(encoding="utf-8") == "bot: {a: 1}\n"
        assert git(folder, "status", "--porcelain") == ""
        assert git(folder, "rev-parse", "--abbrev-ref", "HEAD") == "main"
        assert clones.adopt(tip, folder, parent=first, message="m", author=AUTHOR, when=WHEN) == first
        (folder / "README.md").write_text("made\n", encoding="utf-8")
        (folder / ".ci_support").mkdir()
        (folder / ".ci_support" / "linux_64_.yaml").write_text("a: 1\n", encoding="utf-8")
        (folder / "recipe" / "build.sh").chmod(stat.S_IRWXU)
        second = clones.adopt(tip, folder, parent=first, message="MNT: Re-rendered\n", author=AUTHOR, when=WHEN)
    assert not folder.exists()
    assert git(tip.folder, "diff-tree", "-r", "--name-only", first, second).splitlines() == [
        ".ci_support/linux_64_.yaml",
        "README.md",
        "recipe/build.sh",
    ]
    assert git(tip.folder, "rev-parse", f"{second}^") == first


def test_pushing_to_a_fork(tmp_path: Path, clones: Clones, place: Path, tip: Tip) -> None:
    fork = tmp_path / "forge" / "fork.git"
    git(tmp_path, "clone", "--quiet", "--bare", str(place), str(fork))
    first = made(clones, tip, Edit(path="conda-forge.yml", before="bot: {}\n", after="one\n"), message="one\n")
    clones.push(tip, str(fork), first, "dirac-forge/bump/main/1", expected="")
    assert sha(fork, "dirac-forge/bump/main/1") == first
    clones.push(tip, str(fork), first, "dirac-forge/bump/main/1", expected=first)
    second = made(clones, tip, Edit(path="conda-forge.yml", before="bot: {}\n", after="two\n"), message="two\n")
    with pytest.raises(RefusedPushError, match="stale info"):
        clones.push(tip, str(fork), second, "dirac-forge/bump/main/1", expected="")
    clones.push(tip, str(fork), second, "dirac-forge/bump/main/1", expected=first)
    assert branches(fork) == {"main": tip.commit, "dirac-forge/bump/main/1": second}
    (one, base) = clones.log(tip, str(fork), "dirac-forge/bump/main/1")
    assert (one.commit, one.parents, one.name, one.message) == (second, (tip.commit,), "robot", "two\n")
    assert base.email == "person@example.org"
    assert clones.log(tip, str(fork), "none") == ()


def test_a_fork_that_is_behind(tmp_path: Path, clones: Clones, place: Path) -> None:
    fork = tmp_path / "forge" / "fork.git"
    git(tmp_path, "clone", "--quiet", "--bare", str(place), str(fork))
    for number in range(3):
        commit(place, {"conda-forge.yml": f"{number}\n"})
    tip = clones.refresh("conda-forge/a-feedstock", str(place), "main")
    change = made(clones, tip, Edit(path="conda-forge.yml", before="2\n", after="3\n"), message="three\n")
    clones.push(tip, str(fork), change, "b", expected="")
    assert log(fork, "b") == ["three", "change", "change", "change", "change"]
    newer = commit(place, {"conda-forge.yml": "9\n"})
    assert clones.refresh("conda-forge/a-feedstock", str(place), "main").commit == newer


def test_a_push_that_a_hook_refuses(tmp_path: Path, clones: Clones, place: Path, tip: Tip) -> None:
    hook = place / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho no entry >&2\nexit 1\n", encoding="utf-8")
    hook.chmod(0o755)
    change = made(clones, tip, Edit(path="conda-forge.yml", before="bot: {}\n", after="one\n"))
    with pytest.raises(RefusedPushError, match=r"\[remote rejected\] .* \(pre-receive hook declined\) \(no entry\)"):
        clones.push(tip, str(place), change, "b", expected="")
    assert sorted(branches(place)) == ["main"]


def test_settings_of_this_machine_do_not_count(tmp_path: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    evil = tmp_path / "evil"
    evil.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\ncat\n", encoding="utf-8")
    evil.chmod(0o755)
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / ".gitconfig").write_text(
        f'[filter "evil"]\n\tsmudge = {evil}\n\tclean = {evil}\n[core]\n\thooksPath = {tmp_path}\n\tautocrlf = true\n'
        f"[commit]\n\tgpgSign = true\n[gpg]\n\tprogram = {evil}\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GIT_DIR", str(tmp_path))
    monkeypatch.setenv("GIT_AUTHOR_NAME", "somebody else")
    clones = Clones(tmp_path / "cache")
    tip = clones.refresh("conda-forge/a-feedstock", str(place), "main")
    change = made(clones, tip, Edit(path="recipe/build.sh", before="exit 1\n", after="exit 0\n"))
    with clones.work_tree(tip, change) as folder:
        assert (folder / "recipe" / "recipe.yaml").read_bytes() == RECIPE.encode()
        (folder / "recipe" / "build.sh").write_text("exit 2\n", encoding="utf-8")
        clones.adopt(tip, folder, parent=change, message="m", author=AUTHOR, when=WHEN)
    assert not (tmp_path / "ran").exists()


def test_a_work_tree_that_became_a_link_to_elsewhere_is_not_read(tmp_path: Path, clones: Clones, tip: Tip) -> None:
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "token").write_text("s", encoding="utf-8")
    with clones.work_tree(tip, tip.commit) as folder:
        folder.rename(folder.with_name("moved"))
        folder.symlink_to(secrets)
        with pytest.raises(InputError, match="replaced the feedstock with something else"):
            clones.adopt(tip, folder, parent=tip.commit, message="m", author=AUTHOR, when=WHEN)


def test_the_repository_in_which_it_runs_does_not_tell_git_where_to_go(
    tmp_path: Path, clones: Clones, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = repository(tmp_path / "other.git", {"evil": "x\n"})
    git(tmp_path, "init", "--quiet", "workspace")
    git(tmp_path / "workspace", "config", f"url.{other.as_uri()}.insteadOf", place.as_uri())
    monkeypatch.chdir(tmp_path / "workspace")
    assert clones.refresh("conda-forge/a-feedstock", str(place), "main").commit == sha(place, "main")


def test_what_is_too_large(clones: Clones, place: Path, tip: Tip) -> None:
    with pytest.raises(InputError, match="the size limit for a file of a feedstock"):
        made(clones, tip, Edit(path="big", before=None, after="x" * 4_000_001))
    commit(place, {"recipe/big.yaml": "x" * 4_000_001})
    tip = clones.refresh("conda-forge/a-feedstock", str(place), "main")
    with pytest.raises(InputError, match=r"recipe/big\.yaml exceeds the size limit for a file of a feedstock"):
        clones.read(tip)


def test_several_at_once(tmp_path: Path, place: Path) -> None:
    found: list[Tip] = []

    def work() -> None:
        found.append(Clones(tmp_path / "cache").refresh("conda-forge/a-feedstock", str(place), "main"))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len({each.commit for each in found}) == 1


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "a <b>", "a\x00"])
def test_who_a_commit_is_by(name: str) -> None:
    with pytest.raises(InputError, match="can't be the author of a commit"):
        Author(name=name, email="a@example.org")


def test_packs_do_not_pile_up(clones: Clones, place: Path, tip: Tip, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dirac_forge.pullrequest.clones._MOST_PACKS", 2)
    kept = made(clones, tip, Edit(path="conda-forge.yml", before="bot: {}\n", after="one\n"))
    for number in range(4):
        commit(place, {"conda-forge.yml": f"{number}\n"})
        # Small fetches are loose objects, unless they are to be kept as they come.
        git(tip.folder, "config", "fetch.unpackLimit", "1")
        newest = clones.refresh("conda-forge/a-feedstock", str(place), "main")
    assert len(list((tip.folder / "objects" / "pack").glob("*.pack"))) <= 3
    assert clones.read(newest)["conda-forge.yml"] == "3\n"
    assert git(tip.folder, "cat-file", "-t", kept) == "commit"


def test_netrc_is_not_sent_without_tls(tmp_path: Path, clones: Clones, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password secret\n", encoding="utf-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    with Server(lambda _: Answer(status=401, headers={"WWW-Authenticate": "Basic realm=x"})) as server:
        with pytest.raises(GitUnreachableError):
            clones.refresh("conda-forge/a-feedstock", f"{server.url}/a-feedstock.git", "main")
        assert server.log
        assert "Basic bWU6c2VjcmV0" not in [asked.headers.get("authorization") for asked in server.log]


def test_settings_that_are_a_symbolic_link_are_refused(clones: Clones, place: Path) -> None:
    git(place, "read-tree", "main")
    blob = git(place, "rev-parse", "main:recipe/build.sh")
    git(place, "update-index", "--cacheinfo", f"120000,{blob},conda-forge.yml")
    made = git(place, "commit-tree", "-m", "link", "-p", "main", git(place, "write-tree"))
    git(place, "update-ref", "refs/heads/main", made)
    tip = clones.refresh("conda-forge/a-feedstock", str(place), "main")
    with pytest.raises(InputError, match=r"conda-forge\.yml is a symbolic link, which is not read$"):
        clones.read(tip)

"""Builds of recipes that want more than to be built: what they leave, and what they ask this process to do."""

from __future__ import annotations

import bz2
import json
import os
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import Any

import pytest

from build.conftest import plain_project
from build.test_children import child, output
from dirac_forge.build.answers import is_answer
from dirac_forge.build.children import run_child
from dirac_forge.build.handed_over import copied_out, handed_over, last_bytes, whole
from dirac_forge.build.isolation import Isolation, working
from dirac_forge.build.recipe_files import copy_recipe, digest_of_recipe, recipe_files
from dirac_forge.build.repodata import entry_of_archive, sha256_of
from dirac_forge.build.slots import remove
from dirac_forge.cli import main
from dirac_forge.errors import InputError
from support.condachannel import index, plain_package

SECRET = "s3cret-of-the-user"
posix = pytest.mark.skipif(os.name != "posix", reason="links and pipes")
isolated = pytest.mark.skipif(not working(), reason="builds can't be isolated here")


def built(
    workspace: Path, channel: Path, capsys: pytest.CaptureFixture[str], *names: str
) -> dict[str, tuple[str, str | None]]:
    """Status and reason of each package; nothing that is said has the secret in it."""
    main(["build", *names, "--workspace", str(workspace), "--channel", str(channel), "--json", "-q"])
    said = capsys.readouterr()
    assert SECRET not in said.out + said.err
    logs = (workspace / "build" / "logs").glob("*")
    assert not [path.name for path in logs if SECRET in path.read_text(encoding="utf-8", errors="replace")]
    packages = json.loads(said.out)["packages"]
    return {one["feedstock"]: (one["status"], one["reason"]) for one in packages}


def replaced(recipe: Path, old: str, new: str) -> None:
    text = recipe.read_text(encoding="utf-8")
    assert old in text
    recipe.write_text(text.replace(old, new), encoding="utf-8")


def script(name: str) -> str:
    """A script of its own next to the recipe: no engine changes a word of it."""
    return f"bash $RECIPE_DIR/{name}.sh"


@isolated
def test_what_a_build_script_leaves_running_does_not_keep_the_build(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = plain_project(tmp_path, "left", script=script("left"))
    (recipe.parent / "left.sh").write_text("mkdir -p $PREFIX/share; echo x > $PREFIX/share/x; sleep 300 &", "utf-8")
    plain_package(tmp_path / "channel", tmp_path / "stage", "dep", "1.0")
    index(tmp_path / "channel")
    started = time.monotonic()
    assert built(tmp_path, tmp_path / "channel", capsys, "left") == {"left": ("built", None)}
    assert time.monotonic() - started < 100
    (log,) = (tmp_path / "build" / "logs").glob("left-*")
    assert (
        "the script has ended; processes that it left running are ended too"
        in log.read_text(encoding="utf-8").splitlines()
    )


@isolated
def test_builds_get_no_file_of_the_user_and_change_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    secret, channel = tmp_path / "secret", tmp_path / "channel"
    secret.write_text(f"{SECRET}\n", encoding="utf-8")
    package = plain_package(channel, tmp_path / "stage", "dep", "1.0")
    index(channel)
    before = sha256_of(package)
    repository = tmp_path / "private"
    for command in (("init", "-q", str(repository)), ("-C", str(repository), "add", ".")):
        repository.mkdir(exist_ok=True)
        (repository / "file").write_text(SECRET, encoding="utf-8")
        subprocess.run(["git", *command], check=True, capture_output=True)
    # Its work folder is the one of the recipe's copy.
    scripts = {
        "log": f"rm -f $RECIPE_DIR/../log.txt; ln -s {secret} $RECIPE_DIR/../log.txt; exit 1",
        "answer": "rm -f $RECIPE_DIR/../answer.json; mkdir $RECIPE_DIR/../answer.json",
        # What it is installed from is there to be read.
        "write": "f=$(find $RECIPE_DIR/../../../given -name 'dep-*'); [ -f $f ] && ! { chmod u+w $f && echo x >> $f; }",
    }
    for name, text in scripts.items():
        recipe = plain_project(tmp_path, name, script=script(name))
        (recipe.parent / f"{name}.sh").write_text(text, encoding="utf-8")
        if name == "write":
            replaced(recipe, "host: []", "host: [dep]")
    file = plain_project(tmp_path, "file")
    replaced(file, "build:\n", f"source:\n  url: {secret.as_uri()}\n\nbuild:\n")
    guessed = plain_project(tmp_path, "guessed")
    replaced(guessed, "build:\n", f"source:\n  url: {secret.as_uri()}\n  sha256: {'0' * 64}\n\nbuild:\n")
    repo = plain_project(tmp_path, "repo")
    replaced(repo, "build:\n", f"source:\n  git: {repository}\n  rev: HEAD\n\nbuild:\n")
    inner = plain_project(tmp_path, "inner")
    replaced(inner, "build:\n", "source:\n  git: http://127.0.0.1:9/x.git\n  rev: v1\n\nbuild:\n")
    where = plain_project(tmp_path, "where")
    replaced(where, "number: 0", "number: 0\n  string: ../../../outside_0")
    found = built(tmp_path, channel, capsys)
    outside = "is outside of the feedstock's folder, and a recipe may not read other files of this machine"
    assert found == {
        "answer": ("failed", found["answer"][1]),
        "file": ("failed", f"its source {secret.as_uri()} {outside} without the SHA-256 of it"),
        "guessed": ("failed", f"its source {secret.as_uri()} {outside} without the SHA-256 of it"),
        "inner": ("unknown", found["inner"][1]),
        "log": ("failed", "Script failed to execute"),
        "repo": ("failed", f"its repository {repository} {outside}"),
        "where": ("failed", "the build string '../../../outside_0' can't be part of a package's file name"),
        "write": ("built", None),
    }
    assert "its address 127.0.0.1 is not public, and the settings do not name this host" in str(found["inner"][1])
    assert sha256_of(package) == before
    assert not list(tmp_path.rglob("*outside_0*"))


def test_two_recipes_of_one_package_are_not_built(
    tmp_path: Path, empty_channel: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain_project(tmp_path, "known")
    other = plain_project(tmp_path, "other")
    replaced(other, "name: other", "name: known")
    found = built(tmp_path, empty_channel, capsys)
    assert {status for status, _ in found.values()} == {"failed"}
    file = "known-1.0-h4616a5c_0.conda"
    told = "it makes the same package as {}, " + file + ": build them one at a time, with another --output"
    assert [reason for _, reason in found.values()] == [told.format("other"), told.format("known")]


@isolated
@pytest.mark.parametrize("kind", working())
def test_devices_and_the_kernel_are_out_of_reach(tmp_path: Path, kind: Isolation) -> None:
    kernel = "/proc/sys/kernel/core_pattern"
    look = f"ulimit -u; ls /dev /dev/pts; [ -w {kernel} ] && echo writable; grep -E '^CapEff' /proc/1/status"
    most, *told = output(run_child(child(tmp_path, look, isolation=kind))).split()
    assert most == "4096"
    assert {"null", "zero", "full", "random", "urandom", "shm", "ptmx"} <= set(told)
    assert told.pop().strip("0") == ""
    assert not [name for name in told if name.startswith(("vd", "sd", "loop", "tty0", "mem", "kmsg")) or name.isdigit()]
    assert "writable" not in told


@posix
def test_links_and_pipes_that_a_child_leaves_are_not_read(tmp_path: Path) -> None:
    area, outside = tmp_path / "area", tmp_path / "outside"
    (area / "work").mkdir(parents=True)
    outside.mkdir()
    (outside / "file").write_text(SECRET, encoding="utf-8")
    (area / "work" / "link").symlink_to(outside / "file")
    (area / "way").symlink_to(outside)
    os.mkfifo(area / "pipe")
    for path in (area / "work" / "link", area / "way" / "file", area / "pipe", area / "work", area / "none"):
        with pytest.raises(OSError), handed_over(path, area=area):  # noqa: PT011  # whatever the system calls it
            pass
        assert last_bytes(path, area=area, most=100) == b""
        with pytest.raises(OSError):  # noqa: PT011
            copied_out(path, tmp_path / "copy", area=area)
        assert not (tmp_path / "copy").exists()


def test_only_so_much_of_what_a_child_leaves_is_read(tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.seek(1 << 40 if sys.platform == "linux" else 1 << 20)
        file.write(b"end")
    assert last_bytes(path, area=tmp_path, most=4) == b"\0end"
    with pytest.raises(OSError, match="It has more than 1 MB"):
        whole(path, area=tmp_path, most=1 << 19 if sys.platform != "linux" else 1 << 20)


@posix
def test_package_is_no_second_name_of_a_file_of_the_child(tmp_path: Path) -> None:
    (tmp_path / "area").mkdir()
    made = tmp_path / "area" / "package"
    made.write_text("good", encoding="utf-8")
    os.link(made, tmp_path / "area" / "kept")
    copied_out(made, tmp_path / "taken", area=tmp_path / "area")
    (tmp_path / "area" / "kept").write_text("evil", encoding="utf-8")
    assert (tmp_path / "taken").read_text(encoding="utf-8") == "good"


TEST = {"kind": "commands", "index": 0, "script": {"content": ["true"]}}
RUN = {"command": "true", "code": 0, "output": "", "seconds": 0.1}


@pytest.mark.parametrize(
    ("job", "values", "answers"),
    [
        ({"mode": "build"}, {"package": "p", "tests": [TEST]}, True),
        ({"mode": "build"}, {"package": "p", "tests": [{**TEST, "script": "true"}]}, True),
        ({"mode": "build"}, {"error": "no"}, True),
        ({"mode": "build"}, {"error": ["no"]}, False),
        ({"mode": "build"}, {}, False),
        ({"mode": "build"}, {"package": 1, "tests": []}, False),
        ({"mode": "build"}, {"package": "p", "tests": [{"kind": "commands"}]}, False),
        ({"mode": "build"}, {"package": "p", "tests": [{**TEST, "index": True}]}, False),
        ({"mode": "build"}, {"package": "p", "tests": [{**TEST, "run": [1]}]}, False),
        ({"mode": "build"}, {"package": "p", "tests": [{**TEST, "script": {"content": [1]}}]}, False),
        ({"mode": "test", "runs": [{}]}, {"runs": [{"passed": True, "output": [], "seconds": 1}]}, True),
        ({"mode": "test", "runs": [{}, {}]}, {"runs": [{"passed": True, "output": [], "seconds": 1}]}, False),
        ({"mode": "test", "runs": [{}]}, {"runs": [{"passed": 1, "output": [], "seconds": 1}]}, False),
        ({"mode": "install", "commands": ["true"]}, {"packages": 1, "installed": 0.1, "commands": [RUN]}, True),
        ({"mode": "install", "commands": ["true"]}, {"packages": 1, "installed": 0.1, "commands": []}, False),
        (
            {"mode": "install", "commands": ["true"]},
            {"packages": 1, "installed": float("inf"), "commands": [RUN]},
            False,
        ),
        ({"mode": "render", "recipes": [{}]}, {"recipes": [{"error": "no"}]}, True),
        ({"mode": "render", "recipes": [{}]}, {"recipes": [{"outputs": [{"name": "a"}]}]}, False),
    ],
)
def test_answer_is_looked_at_before_it_is_used(job: dict[str, Any], values: dict[str, Any], answers: bool) -> None:
    assert is_answer({"seconds": 1.5, **values}, job) is answers
    assert not is_answer(values, job)
    assert not is_answer([values], job)


@posix
def test_what_is_left_behind_is_removed_whatever_it_is(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("", encoding="utf-8")
    (tmp_path / "link").symlink_to(tmp_path / "kept")
    (tmp_path / "locked" / "in").mkdir(parents=True)
    (tmp_path / "locked" / "in" / "file").write_text("", encoding="utf-8")
    (tmp_path / "locked" / "in").chmod(0)
    deep = "import os\nfor _ in range(2000):\n  os.mkdir('deep')\n  os.chdir('deep')"
    subprocess.run([sys.executable, "-c", deep], cwd=tmp_path, check=True)
    for name in ("link", "locked", "deep", "none"):
        remove(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_recipe_takes_nothing_of_the_home_folder_and_nothing_hidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("home/recipe.yaml", "home/.netrc", "home/own/recipe.yaml", "home/own/sub/a.patch", "home/own/.env"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name, encoding="utf-8")
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    assert recipe_files(tmp_path / "home/recipe.yaml") == (tmp_path / "home/recipe.yaml",)
    copy = copy_recipe(tmp_path / "home/own/recipe.yaml", tmp_path / "copy")
    assert copy == tmp_path / "copy" / "recipe.yaml"
    assert sorted(path.relative_to(copy.parent).as_posix() for path in copy.parent.rglob("*")) == [
        *("recipe.yaml", "sub", "sub/a.patch"),
    ]
    before = digest_of_recipe(tmp_path / "home/own/recipe.yaml", ())
    (tmp_path / "home/own/sub/a.patch").write_text("other", encoding="utf-8")
    assert digest_of_recipe(tmp_path / "home/own/recipe.yaml", ()) != before


@posix
def test_links_next_to_a_recipe_are_neither_followed_nor_written_through(
    tmp_path: Path, empty_channel: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = plain_project(tmp_path, "old")
    outside = tmp_path / "outside.yaml"
    recipe.unlink()
    recipe.symlink_to(outside)
    text = "package:\n  name: old\n  version: '1.0'\nbuild:\n  noarch: generic\n  script: mkdir -p $PREFIX/share\n"
    (recipe.parent / "meta.yaml").write_text(f"{text}  number: 0\n", encoding="utf-8")
    assert built(tmp_path, empty_channel, capsys, "old") == {"old": ("built", None)}
    assert not outside.exists()
    converted = tmp_path / "build" / "converted" / "old" / "recipe"
    assert [(path.name, path.is_symlink()) for path in converted.iterdir()] == [("recipe.yaml", False)]


def test_package_whose_description_unpacks_to_gigabytes_is_refused(tmp_path: Path) -> None:
    header = tarfile.TarInfo("info/index.json")
    header.size = 1 << 31
    place = tmp_path / "bomb-1.0-0.tar.bz2"
    place.write_bytes(bz2.compress(header.tobuf() + bytes(1 << 20)))
    with pytest.raises(InputError) as caught:
        entry_of_archive(place)
    assert str(caught.value) == "bomb-1.0-0.tar.bz2 is not a package: info/index.json has 2147483648 bytes"


def test_nothing_is_built_without_isolation_unless_it_is_allowed(
    tmp_path: Path, empty_channel: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dirac_forge.build.session.detect", lambda: "none")
    monkeypatch.delenv("DIRAC_FORGE_UNISOLATED_BUILDS", raising=False)
    plain_project(tmp_path, "free", script=f"touch {tmp_path / 'ran'}")
    arguments = ["build", "free", "--workspace", str(tmp_path), "--channel", str(empty_channel), "--json", "-q"]
    assert main(arguments) == 2
    assert capsys.readouterr().err == (
        "error: this machine can't isolate builds, and upstream code could read and change your files and use your "
        "network: nothing was built\n"
        "Install bubblewrap (on Linux), use `build --container IMAGE`, or set DIRAC_FORGE_UNISOLATED_BUILDS=1 on a "
        "disposable machine.\n"
    )
    assert not (tmp_path / "ran").exists()
    (tmp_path / "pyproject.toml").write_text("[tool.dirac-forge]\nunisolated-builds = true\n", encoding="utf-8")
    assert main(arguments) == 0
    assert json.loads(capsys.readouterr().out)["isolation"] == "none"
    assert (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"subdir": "../../../../outside"}, "Failed to resolve dependencies"),
        ({"build": "../../outside_0"}, ""),
        (
            {"sha256": "0" * 64},
            "can be made is unknown: {file}: it is not the file that the repodata lists: its SHA-256 differs",
        ),
    ],
)
def test_channel_writes_nothing_outside_and_its_files_are_those_that_it_lists(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], changes: dict[str, str], reason: str
) -> None:
    channel = tmp_path / "channel"
    package = plain_package(channel, tmp_path / "stage", "dep", "1.0")
    index(channel)
    repodata = channel / "noarch" / "repodata.json"
    document = json.loads(repodata.read_text(encoding="utf-8"))
    document["packages.conda"][package.name].update(changes)
    for path in (channel / "noarch").glob("repodata*"):
        path.unlink()
    repodata.write_text(json.dumps(document), encoding="utf-8")
    recipe = plain_project(tmp_path, "user")
    replaced(recipe, "host: []", "host: [dep]")
    before = set(tmp_path.rglob("*"))
    (result,) = built(tmp_path, channel, capsys).values()
    if reason:
        status = "unknown" if "sha256" in changes else "failed"
        assert (result[0], reason.format(file=package) in str(result[1])) == (status, True)
    made = set(tmp_path.rglob("*")) - before
    assert not [path for path in made if "outside" in path.name]

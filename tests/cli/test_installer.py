"""`dirac-forge installer` with a small stand-in for constructor that makes real shell installers."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from dirac_forge.build.isolation import working
from dirac_forge.channel.virtual import this_platform
from dirac_forge.cli import main
from dirac_forge.distribution.installer import try_installer
from support.channel import pkg, write_channel

pytestmark = pytest.mark.skipif(os.name != "posix", reason="shell installers")

CONSTRUCTOR = """\
#!{python}
import os, pathlib, re, sys
folder, options = pathlib.Path(sys.argv[1]), dict(zip(sys.argv[2::2], sys.argv[3::2]))
text = (folder / "construct.yaml").read_text()
if "broken" in text:
    sys.exit("constructor: no such spec")
assert not any("TOKEN" in name for name in os.environ), "a secret"
script = '''#!/bin/bash
while [ "$#" -gt 0 ]; do case "$1" in -p) prefix="$2"; shift;; esac; shift; done
mkdir -p "$prefix/bin"
printf '#!/bin/bash\\\\n[ "$3" = "absent" ] || [ "$2" != "import absent" ]\\\\n' > "$prefix/bin/python"
printf '#!/bin/bash\\\\necho 9.1\\\\n' > "$prefix/bin/grid-version"
chmod +x "$prefix"/bin/*
'''
place = "$prefix"
for line in text.splitlines():
    extra = re.fullmatch("  (\\w+):", line)
    place = "$prefix/envs/" + extra[1] if extra else place
    if spec := re.fullmatch(" *- (.+)==(.+)=(.+)", line):
        script += 'mkdir -p "%s/conda-meta"; echo > "%s/conda-meta/%s-%s-%s.json"\\n' % (place, place, *spec.groups())
target = pathlib.Path(options["--output-dir"]) / ("OS-1-" + options["--platform"] + ".sh")
target.write_text(script)
pathlib.Path({seen!r}).write_text(text)
"""


BASE = (pkg("python 3.12.1", sha256="d" * 64), pkg("conda 26.1", sha256="e" * 64))
"""What constructor wants in every base environment, and in one with extra environments next to it."""


@pytest.fixture(autouse=True)
def workspace(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DIRAC_FORGE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MY_TOKEN", "secret")
    if not working():  # what is tried here does no harm
        monkeypatch.setenv("DIRAC_FORGE_UNISOLATED_BUILDS", "1")
    write_channel(
        folder / "snapshot",
        {
            this_platform(): [
                pkg("grid 9.1", "lib", build="h7", sha256="a" * 64),
                pkg("lib 1.0", md5="b" * 32),
                pkg("lib 0.9", sha256="c" * 64),
                *BASE,
            ]
        },
    )
    (folder / "pyproject.toml").write_text('[tool.dirac-forge]\nchannels = ["snapshot"]\n', encoding="utf-8")
    (folder / "construct.yaml").write_text(
        "name: OS\nversion: 1\nspecs:\n  - grid\n  - python\n  - conda\n  - absent  # [win]\n"
        "extra_envs:\n  tools:\n    specs: [lib <1]\n",
        encoding="utf-8",
    )
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "constructor").write_text(
        CONSTRUCTOR.format(python=sys.executable, seen=str(tmp_path / "seen.yaml")), encoding="utf-8"
    )
    (programs / "constructor").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    return folder


def answer(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, Any]:
    code = main(["installer", *argv, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_installer_is_built_from_exactly_the_solved_packages(
    capsys: pytest.CaptureFixture[str], workspace: Path, tmp_path: Path
) -> None:
    code, document = answer(capsys, "construct.yaml", "--no-try")
    assert code == 0
    assert Path(document["installer"]["path"]) == Path("dist") / f"OS-1-{this_platform()}.sh"
    assert (workspace / "dist" / f"OS-1-{this_platform()}.sh").is_file()
    seen = yaml.safe_load((tmp_path / "seen.yaml").read_text(encoding="utf-8"))
    assert seen["specs"] == ["conda==26.1=0", "grid==9.1=h7", "lib==1.0=0", "python==3.12.1=0"]
    channels = [f"{(workspace / 'snapshot').as_uri()}/"]
    assert (seen["channels"], seen["user_requested_specs"]) == (channels, ["grid", "python", "conda"])
    assert seen["extra_envs"] == {
        "tools": {"specs": ["lib==0.9=0"], "channels": channels, "user_requested_specs": ["lib <1"]}
    }
    assert (seen["name"], seen["version"]) == ("OS", 1)
    assert sorted(each.name for each in workspace.iterdir()) == ["construct.yaml", "dist", "pyproject.toml", "snapshot"]


def test_excluded_packages_are_not_locked_and_the_lock_takes_the_place_of_an_environment_file(
    capsys: pytest.CaptureFixture[str], workspace: Path, tmp_path: Path
) -> None:
    (workspace / "environment.yml").write_text("dependencies: [grid, python]\n", encoding="utf-8")
    (workspace / "construct.yaml").write_text(
        "name: OS\nversion: 1\nchannels: [snapshot]\nenvironment_file: environment.yml\nexclude: [lib]\n",
        encoding="utf-8",
    )
    code, _ = answer(capsys, "construct.yaml", "--no-try", "--channel", "snapshot")
    assert code == 0
    seen = yaml.safe_load((tmp_path / "seen.yaml").read_text(encoding="utf-8"))
    assert (seen["specs"], seen["exclude"]) == (["grid==9.1=h7", "python==3.12.1=0"], ["lib"])
    assert "environment_file" not in seen


def test_installer_is_tried_in_a_fresh_prefix(capsys: pytest.CaptureFixture[str]) -> None:
    code, document = answer(capsys, "construct.yaml", "--import", "grid", "--command", "grid-version")
    assert code == 0
    assert [(step["what"], step["status"]) for step in document["trial"]["steps"]] == [
        ("install", "passed"),
        ("packages", "passed"),
        ("packages of tools", "passed"),
        ("pip check", "passed"),
        ("import grid", "passed"),
        ("grid-version", "passed"),
    ]


def test_failing_command_is_told_with_what_it_prints(capsys: pytest.CaptureFixture[str], workspace: Path) -> None:
    assert main(["installer", "construct.yaml", "--no-try"]) == 0
    path = str(workspace / "dist" / f"OS-1-{this_platform()}.sh")
    capsys.readouterr()
    code, document = answer(capsys, "--verify", path, "--command", "echo broken; exit 3")
    assert code == 1
    assert document["trial"]["steps"][-1]["status"] == "failed"
    assert document["trial"]["steps"][-1]["output"] == "broken"


def test_failing_constructor_leaves_nothing(capsys: pytest.CaptureFixture[str], workspace: Path) -> None:
    (workspace / "construct.yaml").write_text("name: broken\nversion: 1\nspecs: [grid, python]\n", encoding="utf-8")
    assert main(["installer", "construct.yaml"]) == 2
    assert f"constructor failed for {this_platform()} (exit code 1):" in capsys.readouterr().err
    assert not (workspace / "dist").exists()


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ([], "give either a construct.yaml or --verify INSTALLER"),
        (["--verify", "none.sh"], "none.sh: there is no such file"),
        (["--verify", "x.sh", "--no-lock"], "--verify builds nothing: --lock and --no-lock have no effect"),
        (["--verify", "x.exe"], "x.exe: only a .sh installer can be tried"),
        (
            ["construct.yaml", "--platform", "linux-64", "--platform", "osx-64"],
            "an installer is built for one platform",
        ),
    ],
)
def test_wrong_use_is_told(capsys: pytest.CaptureFixture[str], argv: list[str], message: str) -> None:
    assert main(["installer", *argv]) == 2
    assert message in capsys.readouterr().err


def test_absent_constructor_is_told_with_where_to_get_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    assert main(["installer", "construct.yaml"]) == 2
    text = capsys.readouterr().err
    assert "constructor is not installed" in text
    assert "conda install -c conda-forge constructor" in text


def test_no_installer_is_made_of_packages_without_a_hash(
    capsys: pytest.CaptureFixture[str], workspace: Path, tmp_path: Path
) -> None:
    write_channel(workspace / "snapshot", {this_platform(): [pkg("grid 9.1", sha256="a" * 64), pkg("lib 0.9"), *BASE]})
    assert main(["installer", "construct.yaml", "--no-try"]) == 3
    said = " ".join(capsys.readouterr().out.split())
    assert f"construct.yaml: no installer can be made of what was found for {this_platform()}" in said
    assert "- 1 package without a hash in the channel: lib 0.9 0" in said
    assert not (workspace / "dist").exists()
    assert not (tmp_path / "seen.yaml").exists()


def test_no_installer_is_made_that_constructor_would_add_to_or_refuse(
    capsys: pytest.CaptureFixture[str], workspace: Path, tmp_path: Path
) -> None:
    (workspace / "construct.yaml").write_text(
        "name: OS\nversion: 1\nspecs: [grid]\nexclude: [lib, readline]\nextra_envs: {tools: {specs: [lib]}}\n",
        encoding="utf-8",
    )
    expected = [
        f"{this_platform()}: constructor {line}"
        for line in (
            "adds python to the base environment, which is not in this solution: add it to specs",
            "refuses extra_envs without conda in the base environment: add it to specs",
            "refuses to exclude readline, which is not in the solution: remove it from exclude",
        )
    ]
    assert main(["installer", "construct.yaml"]) == 2
    said = capsys.readouterr().err
    assert all(line in said for line in ("construct.yaml: the installer would not contain what was solved:", *expected))
    assert not (tmp_path / "seen.yaml").exists()
    assert main(["lock", "construct.yaml", "--platform", this_platform()]) == 0
    warned = capsys.readouterr().err
    assert all(f"warning: {line}" in warned for line in expected)


def test_constructor_gets_scripts_and_files_that_the_file_names_and_no_earlier_installers(
    workspace: Path, tmp_path: Path
) -> None:
    (tmp_path / "LICENSE").write_text("free", encoding="utf-8")
    for name in ("setup.sh", "OS-0-Linux.sh"):
        (workspace / name).write_text("#!/bin/sh\n", encoding="utf-8")
    (workspace / "files").mkdir()
    (workspace / "files" / "more.sh").write_text("#!/bin/sh\n", encoding="utf-8")
    (workspace / "construct.yaml").write_text(
        "name: OS\nversion: 1\nspecs: [grid, python]\npost_install: setup.sh\nlicense_file: ../LICENSE\n"
        "extra_files: [files, {../LICENSE: etc/LICENSE}]\n",
        encoding="utf-8",
    )
    program = tmp_path / "bin" / "constructor"
    there = str(tmp_path / "there.txt")
    listing = f"pathlib.Path({there!r}).write_text(chr(10).join(str(p.relative_to(folder)) for p in folder.rglob('*')))"
    program.write_text(program.read_text(encoding="utf-8") + listing + "\n", encoding="utf-8")
    assert main(["installer", "construct.yaml", "--no-try"]) == 0
    found = set(Path(there).read_text(encoding="utf-8").splitlines())
    assert {"setup.sh", "files/more.sh"} <= found
    assert "OS-0-Linux.sh" not in found
    seen = yaml.safe_load((tmp_path / "seen.yaml").read_text(encoding="utf-8"))
    licence = str(tmp_path / "LICENSE")
    assert (seen["license_file"], seen["extra_files"]) == (licence, ["files", {licence: "etc/LICENSE"}])
    assert seen["post_install"] == "setup.sh"


def test_everything_that_constructor_makes_is_kept(
    capsys: pytest.CaptureFixture[str], workspace: Path, tmp_path: Path
) -> None:
    program = tmp_path / "bin" / "constructor"
    more = 'target.with_suffix(".pkg").write_text("p")\n(target.parent / "info.json").write_text("{}")\n'
    program.write_text(program.read_text(encoding="utf-8") + more, encoding="utf-8")
    code, document = answer(capsys, "construct.yaml", "--no-try")
    name = f"OS-1-{this_platform()}"
    assert (code, document["installer"]["path"]) == (0, f"dist/{name}.sh")
    assert document["installer"]["others"] == [f"dist/{name}.pkg", "dist/info.json"]
    assert (workspace / "dist" / "info.json").read_text(encoding="utf-8") == "{}"


def test_installer_has_the_packages_of_the_lock_next_to_the_file(
    capsys: pytest.CaptureFixture[str], workspace: Path, tmp_path: Path
) -> None:
    assert main(["lock", "construct.yaml", "--platform", this_platform(), "-q"]) == 0
    there = [
        pkg("grid 9.1", "lib", build="h7", sha256="a" * 64),
        pkg("lib 1.0", md5="b" * 32),
        pkg("lib 0.9", sha256="c" * 64),
        *BASE,
    ]
    write_channel(workspace / "snapshot", {this_platform(): [*there, pkg("grid 9.2", "lib", sha256="f" * 64)]})
    capsys.readouterr()
    code, document = answer(capsys, "construct.yaml", "--no-try")
    assert (code, document["lock"]) == (0, "pixi.lock")
    assert "grid==9.1=h7" in yaml.safe_load((tmp_path / "seen.yaml").read_text(encoding="utf-8"))["specs"]
    code, document = answer(capsys, "construct.yaml", "--no-try", "--no-lock")
    assert (code, document["lock"]) == (0, None)
    assert "grid==9.2=0" in yaml.safe_load((tmp_path / "seen.yaml").read_text(encoding="utf-8"))["specs"]


def test_the_lock_of_another_file_is_refused(capsys: pytest.CaptureFixture[str], workspace: Path) -> None:
    (workspace / "other.yaml").write_text((workspace / "construct.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    assert main(["lock", "other.yaml", "--platform", this_platform(), "-q"]) == 0
    capsys.readouterr()
    assert main(["installer", "construct.yaml", "--no-try"]) == 2
    assert capsys.readouterr().err == (
        "error: pixi.lock is the lock of other.yaml, not of construct.yaml\n"
        "--lock names another lock; with --no-lock the file is solved again.\n"
    )
    assert answer(capsys, "construct.yaml", "--no-try", "--lock", "pixi.lock")[0] == 0


def test_a_lock_that_does_not_fit_the_file_is_refused(capsys: pytest.CaptureFixture[str], workspace: Path) -> None:
    assert main(["lock", "construct.yaml", "--platform", this_platform(), "-q"]) == 0
    text = (workspace / "construct.yaml").read_text(encoding="utf-8")
    (workspace / "construct.yaml").write_text(text.replace("- grid\n", "- grid >9.1\n"), encoding="utf-8")
    assert main(["installer", "construct.yaml", "--no-try"]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert f"pixi.lock does not fit: - {this_platform()}: not satisfied: grid >9.1" in said
    assert "--no-lock" in said


def test_other_packages_in_the_prefix_fail_the_trial(tmp_path: Path) -> None:
    installer = tmp_path / "x.sh"
    installer.write_text(
        'mkdir -p "$3/conda-meta" "$3/bin"\ntouch "$3/conda-meta/b-1-0.json"\n'
        'printf "#!/bin/bash\\n" > "$3/bin/python"\nchmod +x "$3/bin/python"\n',
        encoding="utf-8",
    )
    (tmp_path / "scratch").mkdir()
    trial = try_installer(installer, scratch=tmp_path / "scratch", expected={"default": frozenset({"a-1-0"})})
    step = next(each for each in trial.steps if each.what == "packages")
    assert (step.status, step.output) == ("failed", "missing: a-1-0\nnot in the solution: b-1-0")


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("e.yml", "dependencies: [grid]\n", "e.yml: not a construct.yaml"),
        ("c.yaml", "version: 1\nspecs: [grid]\n", "c.yaml: name is missing"),
        ("c.yaml", "name: x\nversion: 1\nspecs: [grid]\nlicense_file: gone\n", "license_file: there is no file gone"),
    ],
)
def test_what_constructor_would_refuse_is_told_before_the_solve(
    capsys: pytest.CaptureFixture[str], workspace: Path, file: str, text: str, message: str
) -> None:
    (workspace / file).write_text(text, encoding="utf-8")
    assert main(["installer", file]) == 2
    assert message in " ".join(capsys.readouterr().err.split())


def test_a_file_that_cannot_be_installed_is_a_no_with_json(capsys: pytest.CaptureFixture[str], workspace: Path) -> None:
    (workspace / "construct.yaml").write_text("name: x\nversion: 1\nspecs: [grid >10]\n", encoding="utf-8")
    code, document = answer(capsys, "construct.yaml")
    assert (code, document["installer"], document["failed"][0]["status"]) == (1, None, "not-installable")


def test_nothing_is_tried_without_isolation(
    capsys: pytest.CaptureFixture[str], workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dirac_forge.cli.installer.detect", lambda: "none")
    monkeypatch.delenv("DIRAC_FORGE_UNISOLATED_BUILDS", raising=False)
    made = workspace / "made.sh"
    made.write_text(f"touch {workspace / 'ran'}\n", encoding="utf-8")
    assert main(["installer", "--verify", str(made)]) == 2
    told = "upstream code could read and change your files and use your network"
    assert f"error: this machine can't isolate the installer, and {told}" in capsys.readouterr().err
    assert main(["installer", "construct.yaml", "--channel", "snapshot"]) == 0
    said = capsys.readouterr()
    assert f"the installer is not tried: this machine can't isolate it, and {told}" in " ".join(said.err.split())
    assert "The installer works" not in said.out
    assert not (workspace / "ran").exists()

"""Each known kind of failure, from a real build that fails that way."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from build.conftest import Project
from build.test_command import run
from dirac_forge.build import workspace_builds
from dirac_forge.build.failures import DiskFull, UnknownFailure, recognised
from dirac_forge.build.repodata import sha256_of

PATCH = """\
--- a/cracked/__init__.py
+++ b/cracked/__init__.py
@@ -1,3 +1,3 @@
-this line is not there
+another one
 nor is this
 nor that
"""
ASKS = "python -c \"import urllib.request as r; r.urlopen('https://conda.invalid/x', timeout=5)\""


def write_all(project: Project) -> None:
    project("modular", code="import not_anywhere\n\ndef main(): ...\n")
    project("lawless", about="license: MIT\nlicense_file: COPYING.txt")
    folder = project("cracked", patches=("fix.patch",))
    (folder / "recipe" / "fix.patch").write_text(PATCH, encoding="utf-8")
    project("asking", script=ASKS)
    project("wrong", sha="0" * 64)
    files = {"headless/part.c": "#include <absent/part.h>\n"}
    project("headless", script="gcc -c headless/part.c -o part.o", files=files)
    project("toolless", script="not-a-program --all")
    project("programless", tests="- script:\n    - not-a-program --help\n")
    project("full", script="echo 1 > /dev/full")
    project("greedy", script=f"python -c 'bytearray({3 * 1024**3})'")
    compiled = "gcc -shared -fPIC -x c /dev/null -o"
    project("native", script=f"mkdir -p $SP_DIR && {compiled} $SP_DIR/native.cpython-311-x86_64-linux-gnu.so")
    meta = project("several", v0=True) / "recipe" / "meta.yaml"
    meta.write_text(meta.read_text(encoding="utf-8") + "outputs:\n  - name: one\n  - name: another\n", encoding="utf-8")


@pytest.mark.skipif(shutil.which("gcc") is None, reason="a C compiler is needed")
def test_known_failures_are_recognised_with_place_and_advice(
    tmp_path: Path,
    python_channel: Path,
    project: Project,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_all(project)
    monkeypatch.setattr(workspace_builds, "_has_conda_build", lambda: False)
    code, document = run(capsys, tmp_path, python_channel, "--memory", "2")
    assert code == 1
    found: dict[str, Any] = {one["output"]: one for one in document["packages"]}
    source = tmp_path / "feedstocks" / "wrong" / "sources" / "wrong-1.0.tar.gz"
    got = sha256_of(source)
    told = {name: (one["kind"], one["place"], one["reason"], one["advice"]) for name, one in found.items()}
    assert told == {
        "modular": (
            "MissingModule",
            "modular/recipe/recipe.yaml:31",
            "the Python module not_anywhere can't be imported in the test",
            "Add the package with not_anywhere to run, or remove the test if the module is optional.",
        ),
        "lawless": (
            "LicenceNotFound",
            "lawless/recipe/recipe.yaml:38",
            "the licence file COPYING.txt was not found",
            "Name a file that the source has, or put the licence next to the recipe.",
        ),
        "cracked": (
            "PatchFailed",
            "cracked/recipe/recipe.yaml:14",
            "the patch fix.patch does not apply",
            "Make the patch again for this version, or remove it if upstream has merged it.",
        ),
        "asking": (
            "NetworkUsed",
            "asking/recipe/recipe.yaml:17",
            "the build needs the network for conda.invalid",
            "Add what the build downloads to host, or to source with its hash.",
        ),
        "wrong": (
            "HashMismatch",
            "wrong/recipe/recipe.yaml:12",
            f"{source.as_uri()} is not the file that the recipe expects: sha256 {'0' * 64} expected, {got} got",
            "Find out which hash is right before you change the recipe.",
        ),
        "headless": (
            "MissingHeader",
            "headless/recipe/recipe.yaml:24",
            "the C header absent/part.h was not found",
            "Add the package that has absent/part.h to host.",
        ),
        "toolless": (
            "MissingProgram",
            "toolless/recipe/recipe.yaml:17",
            "the program not-a-program was not found in the build",
            "Add the package with not-a-program to build.",
        ),
        "programless": (
            "MissingProgram",
            "programless/recipe/recipe.yaml:30",
            "the program not-a-program was not found in the test",
            "Add the package with not-a-program to run or to the test's requirements.",
        ),
        "full": (
            "DiskFull",
            "full/recipe/recipe.yaml:17",
            "the disk is full in the build",
            "Free space, or give --output a folder on another disk; finished builds are kept.",
        ),
        "greedy": (
            "OutOfMemory",
            "greedy/recipe/recipe.yaml:17",
            "the build ran out of memory",
            "Use fewer --jobs, or increase --memory.",
        ),
        "native": (
            "WrongNoarch",
            "native/recipe/recipe.yaml:16",
            ("the package is noarch and has the extension module site-packages/native.cpython-311-x86_64-linux-gnu.so"),
            "Remove `noarch: python`, and add the compiler to build and a bare python to host and run.",
        ),
        "several": (
            "NotBuildable",
            None,
            (
                "it is not built as a recipe.yaml: meta.yaml: it has 3 outputs; only a recipe with one output "
                "can be converted; conda-build, which builds it, is not on PATH"
            ),
            None,
        ),
    }
    assert not list((tmp_path / "build" / "channel" / "noarch").glob("*.conda"))


@pytest.mark.parametrize(
    "part", ["could not lookup address ", "host='a', port=1)", "license file ", ": a", "fatal error: 'a", "https://x "]
)
def test_hostile_log_is_looked_through_in_seconds(part: str) -> None:
    text = part * (5_000_000 // len(part))
    started = time.process_time()
    for log in ([text], [text[at : at + 1000] for at in range(0, len(text), 1000)]):
        found = recognised(log, phase="build", message="it failed")
        assert isinstance(found, UnknownFailure)
        assert max(map(len, found.excerpt)) == 500
    assert time.process_time() - started < 30


def test_failure_after_many_lines_is_recognised() -> None:
    log = [*(f"line {number}" for number in range(20_000)), "No space left on device", "x" * 5_000]
    assert isinstance(recognised(log, phase="build", message="it failed"), DiskFull)

"""The Python API: the four jobs on a small workspace, and the example in docs/."""

from __future__ import annotations

import re
import runpy
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from dirac_forge.api import Bump, Cell, ForgeSession, InputError, Skip, reason_of
from dirac_forge.check.answer_reasons import Refused
from dirac_forge.check.causes import Cause, UnknownName
from dirac_forge.progress import Silent
from dirac_forge.settings import load
from support.channel import pkg, pythons, write_channel
from support.index import PackageIndex

ROOT = Path(__file__).parents[1]
SETTINGS = """\
[tool.dirac-forge]
channels = ["./channel"]
platforms = ["linux-64"]
pinning = "pinning"
[tool.dirac-forge.targets.app]
pythons = ["3.12"]
platforms = ["linux-64"]
"""
RECIPE = """\
context:
  version: '1.0'
package:
  name: lib
  version: ${{ version }}
source:
  url: https://pypi.org/packages/source/l/lib/lib-${{ version }}.tar.gz
  sha256: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
build:
  number: 0
requirements:
  host:
    - zlib
"""
MIGRATION = "__migrator:\n  build_number: 1\nzlib:\n  - '2'\nmigrator_ts: 1700000000\n"


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DIRAC_FORGE_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "workspace"
    write_channel(
        folder / "channel", {"noarch": [pkg("app 1", "python", noarch="python")], "linux-64": pythons("3.12")}
    )
    (folder / "pyproject.toml").write_text(SETTINGS, encoding="utf-8")
    for path, text in {
        "pinning/conda_build_config.yaml": "zlib:\n  - '1'\n",
        "migrations/zlib2.yaml": MIGRATION,
        "feedstocks/lib/recipe/recipe.yaml": RECIPE,
    }.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


def test_check(workspace: Path) -> None:
    with ForgeSession.open(workspace) as forge:
        (cell,) = forge.check()
        assert (cell.target, cell.platform, cell.python, cell.status) == ("app", "linux-64", "3.12", "installable")
        (missing,) = forge.check("nothing", remedies=False)[:1]
        assert missing.status == "not-installable"


def test_plan(workspace: Path) -> None:
    with ForgeSession.open(workspace) as forge:
        plan = forge.plan("zlib2")
        assert [member.feedstock for member in plan.members] == ["lib"]
        with pytest.raises(InputError, match="there is no migration zlib3"):
            forge.plan("zlib3")


def test_bump_and_recipe_without_releases(workspace: Path) -> None:
    with PackageIndex({}) as index, ForgeSession.open(workspace, index_url=index.url) as forge:
        results = forge.bump(check=False)
        assert isinstance(results["lib"], (Bump, Skip))
        with pytest.raises(InputError, match="a version needs exactly one feedstock"):
            forge.bump("lib", "lib", to="2")
        with pytest.raises(InputError, match="is not PROJECT or PROJECT==VERSION"):
            forge.recipe("not a project")


def test_mistakes_in_settings(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.dirac-forge]\nchanels = []\n", encoding="utf-8")
    with pytest.raises(InputError, match="did you mean 'channels'"):
        ForgeSession.open(tmp_path)


def test_the_example_on_the_page_runs(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (ROOT / "docs/reference/api.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(workspace)
    names: dict[str, object] = {}
    with PackageIndex({}) as index:
        monkeypatch.setenv("DIRAC_FORGE_INDEX_URL", index.url)
        exec(compile(example, "api.md", "exec"), names)  # our own page
    assert names["name"] == "lib"


def test_example_in_the_documentation(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with PackageIndex({}) as index:
        monkeypatch.setenv("DIRAC_FORGE_INDEX_URL", index.url)
        monkeypatch.setattr(sys, "argv", ["targets.py", str(workspace)])
        with pytest.raises(SystemExit) as left:
            runpy.run_path(str(ROOT / "docs/examples/targets.py"), run_name="__main__")
    assert left.value.code == 0
    assert capsys.readouterr().out.startswith("lib: ")


def test_a_reason_is_said_as_the_commands_say_it() -> None:
    cause = Cause(obstacle=UnknownName(), package="ghost", chain=("app", "ghost"))
    cell = Cell(target="app", platform="linux-64", python="", specs=("app",), wanted=True, status="not-installable")
    assert reason_of(cell) == ""
    told = replace(cell, reason=Refused(causes=(cause,)))
    assert reason_of(told) == "app → ghost: no channel has a package of this name"
    assert reason_of(Skip(feedstock="app", reason="it can't be read")) == "it can't be read"


def test_session_goes_on_with_a_temporary_cache_where_the_folder_can_not_be_used(tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.write_text("", encoding="utf-8")
    observer = Silent()
    settings = replace(load(tmp_path, environ={}, flags={}), cache=place)
    with ForgeSession(settings, observer=observer) as session:
        assert session.settings.cache.is_dir()
    assert observer.warnings == [f"{place} can't be used (Not a directory): the cache is a temporary folder"]

from __future__ import annotations

import os
import subprocess
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest
from yaml import YAMLError

from dirac_forge.channel import grayskull
from dirac_forge.channel.grayskull import GrayskullRow
from dirac_forge.errors import UnknownError


def test_the_installed_table_is_read() -> None:
    assert grayskull.table()["torch"] == GrayskullRow(package="pytorch", import_name="torch")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (None, "{path}: No such file or directory"),
        (b"- a list\n", "{path} has no names"),
        (b"a: [", "{path} is not YAML"),
        (b"\xff", "{path}: line 1 is not UTF-8"),
    ],
)
def test_a_table_that_can_not_be_read_is_no_empty_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: bytes | None, problem: str
) -> None:
    path = tmp_path / "strategy" / "config.yaml"
    path.parent.mkdir()
    if text is not None:
        path.write_bytes(text)
    spec = ModuleSpec("grayskull", None, is_package=True)
    spec.submodule_search_locations = [str(tmp_path)]
    monkeypatch.setattr(grayskull, "find_spec", lambda _: spec)
    with pytest.raises(UnknownError) as caught:
        grayskull.table.__wrapped__()
    assert caught.value.message == (
        f"the table of names that comes with grayskull can't be read: {problem.format(path=path)}"
    )
    monkeypatch.setattr(grayskull, "find_spec", lambda _: None)
    with pytest.raises(UnknownError, match=r"can't be read: grayskull is not installed"):
        grayskull.table.__wrapped__()


def test_rows_are_read_leniently() -> None:
    text = "Some.Thing:\n  conda_forge: thing\nother: 3\nnothing: {}\nodd:\n  conda_forge: [1]\n  import_name: odd\n"

    assert grayskull.rows_from(text) == {
        "some-thing": GrayskullRow(package="thing", import_name=None),
        "nothing": GrayskullRow(package=None, import_name=None),
        "odd": GrayskullRow(package=None, import_name="odd"),
    }
    assert grayskull.rows_from("- a list\n") == {}


def test_text_that_is_no_yaml_is_an_error_of_the_reader() -> None:
    with pytest.raises(YAMLError):
        grayskull.rows_from("a: [")


def test_no_module_of_grayskull_is_imported() -> None:
    code = (
        "import sys; from dirac_forge.channel import names; names.package_for('pyqt4'); "
        "print([m for m in sys.modules if m.split('.')[0] == 'grayskull'])"
    )

    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", check=True, env=environment
    )

    assert done.stdout == "[]\n"

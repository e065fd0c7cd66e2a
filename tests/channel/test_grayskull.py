from __future__ import annotations

import os
import subprocess
import sys

import pytest
from yaml import YAMLError

from dirac_forge.channel import grayskull
from dirac_forge.channel.grayskull import GrayskullRow


def test_the_installed_table_is_read() -> None:
    assert grayskull.table()["torch"] == GrayskullRow(package="pytorch", import_name="torch")


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

from __future__ import annotations

import pytest

from dirac_forge.check.cells import cells_of
from dirac_forge.check.targets import make_target
from dirac_forge.errors import InputError

PLATFORMS = ("linux-64", "osx-arm64")


def test_a_spec() -> None:
    target = make_target("dirac-grid >=9", ["dirac-grid >=9"], platforms=PLATFORMS, pythons=["3.12"])
    assert (target.name, target.specs) == ("dirac-grid >=9", ("dirac-grid >=9",))
    assert [(cell.platform, cell.python, cell.specs, cell.wanted) for cell in cells_of(target)] == [
        ("linux-64", "3.12", ("dirac-grid >=9", "python 3.12.*"), True),
        ("osx-arm64", "3.12", ("dirac-grid >=9", "python 3.12.*"), True),
    ]


def test_elsewhere_a_no_is_expected() -> None:
    target = make_target("t", ["a"], platforms=["linux-64"], pythons=["3.12"])
    cells = cells_of(target, platforms=["linux-64", "win-64"], pythons=["3.12", "3.14"])
    assert [(cell.platform, cell.python) for cell in cells if cell.wanted] == [("linux-64", "3.12")]


def test_a_target_that_chooses_its_python_has_one_cell_for_each_platform() -> None:
    target = make_target("t", ["a", "python >=3.11"], platforms=PLATFORMS, pythons=["3.12", "3.13"])
    assert [(cell.platform, cell.python, cell.wanted) for cell in cells_of(target)] == [
        ("linux-64", "", True),
        ("osx-arm64", "", True),
    ]


def test_free_threaded_python_is_a_row_of_its_own() -> None:
    target = make_target("t", ["a"], platforms=["linux-64"], pythons=["3.14", "3.14t"])
    assert [cell.specs[1] for cell in cells_of(target)] == ["python 3.14.*", "python 3.14.* *_cp314t"]


def test_no_specs() -> None:
    with pytest.raises(InputError, match="the target empty has no specs"):
        make_target("empty", [])

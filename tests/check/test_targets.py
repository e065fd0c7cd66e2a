from __future__ import annotations

from pathlib import Path

import pytest

from dirac_forge.check.matrix import cells_of
from dirac_forge.check.targets import make_target, read_target
from dirac_forge.errors import InputError

PLATFORMS = ("linux-64", "osx-arm64")


def test_a_spec() -> None:
    target = read_target("dirac-grid >=9", platforms=PLATFORMS, pythons=["3.12"])
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


def test_an_environment_file(tmp_path: Path) -> None:
    path = tmp_path / "environment.yml"
    path.write_text(
        "name: grid\nchannels: [conda-forge]\ndependencies:\n"
        "  - python=3.12\n  - dirac-grid>=9\n  - conda-forge::numpy 1.*\n  - pip:\n      - wonder\n"
    )
    target = read_target(str(path), platforms=["linux-64"])
    assert target.name == "grid"
    assert target.specs == ("dirac-grid>=9", "conda-forge::numpy 1.*", "python=3.12")
    assert target.notes == (f"{path}:7: what pip installs is left out",)
    assert [cell.python for cell in cells_of(target)] == [""]


def test_a_list_of_specs(tmp_path: Path) -> None:
    path = tmp_path / "specs.txt"
    path.write_text("# the extension\nlhcbdirac\ndirac-grid >=9,<10  # its line\n\n")
    assert read_target(str(path)).specs == ("lhcbdirac", "dirac-grid >=9,<10")


def test_construct_yaml_has_selectors(tmp_path: Path) -> None:
    path = tmp_path / "construct.yaml"
    path.write_text(
        '{% set version = "2.50" %}\n'
        "name: DIRACOS\n"
        "version: {{ version }}\n"
        "specs:\n"
        "  - python 3.11.*\n"
        "  - dirac-grid\n"
        "  - htcondor  # [linux and not ppc64le]\n"
        "  - pythonapple  # [osx]\n"
        "  - only-arm  # [aarch64 or arm64]\n"
        "virtual_specs:\n"
        "  - __glibc >=2.17  # [linux]\n"
    )
    target = read_target(str(path), platforms=["linux-64", "osx-arm64"])
    assert target.name == "DIRACOS"
    assert target.specs_for("linux-64") == ("dirac-grid", "htcondor", "__glibc >=2.17", "python 3.11.*")
    assert target.specs_for("linux-aarch64") == (
        "dirac-grid",
        "htcondor",
        "only-arm",
        "__glibc >=2.17",
        "python 3.11.*",
    )
    assert target.specs_for("linux-ppc64le") == ("dirac-grid", "__glibc >=2.17", "python 3.11.*")
    assert target.specs_for("osx-arm64") == ("dirac-grid", "pythonapple", "only-arm", "python 3.11.*")
    assert [cell.platform for cell in cells_of(target)] == ["linux-64", "osx-arm64"]


def test_selectors_are_never_run(tmp_path: Path) -> None:
    path = tmp_path / "construct.yaml"
    path.write_text("name: x\nspecs:\n  - a  # [__import__('os').system('touch pwned')]\n")
    with pytest.raises(InputError, match=r"construct\.yaml:3: "):
        read_target(str(path))
    assert not Path("pwned").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a\n- b\n", "{path}: neither `dependencies` (an environment file) nor `specs` (a construct.yaml) is in it"),
        ("dependencies: numpy\n", "{path}:1: dependencies: expected a list"),
        ("dependencies:\n  - pip:\n    - x\n", "{path}: dependencies: there is no conda package in it"),
    ],
)
def test_wrong_files_are_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "environment.yaml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_target(str(path))
    assert caught.value.message == message.format(path=path)


def test_a_spec_in_a_file_that_is_none_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "environment.yml"
    path.write_text("dependencies:\n  - numpy >=>1\n")
    with pytest.raises(InputError, match=r"environment\.yml:2: 'numpy >=>1' is not a package spec"):
        read_target(str(path))


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nothing\.yml: it can't be read"):
        read_target(str(tmp_path / "nothing.yml"))


def test_no_specs() -> None:
    with pytest.raises(InputError, match="the target empty has no specs"):
        make_target("empty", [])

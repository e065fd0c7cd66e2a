from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from dirac_forge.check.cells import cells_of
from dirac_forge.check.files.kinds import read_targets
from dirac_forge.check.targets import Target
from dirac_forge.errors import InputError


def read_target(text: str, **asked: Sequence[str]) -> Target:
    (target,) = read_targets(text, **asked)
    return target


def test_environment_file_gives_specs_and_channels(tmp_path: Path) -> None:
    path = tmp_path / "environment.yml"
    path.write_text(
        "name: grid\nchannels: [./mine, conda-forge, nodefaults]\ndependencies:\n"
        "  - python=3.12\n  - dirac-grid>=9\n  - conda-forge::numpy 1.*\n  - pip:\n      - wonder\n",
        encoding="utf-8",
    )
    target = read_target(str(path), platforms=["linux-64"])
    assert target.name == "grid"
    assert target.specs == ("dirac-grid>=9", "conda-forge::numpy 1.*", "python=3.12")
    assert target.channels == (str(tmp_path / "mine"), "conda-forge")
    assert target.notes == (f"{path}:7: packages from pip are left out",)
    assert [cell.python for cell in cells_of(target)] == [""]


def test_defaults_are_the_channels_of_conda(tmp_path: Path) -> None:
    path = tmp_path / "environment.yml"
    path.write_text("channels: [defaults]\ndependencies: [numpy]\n", encoding="utf-8")
    assert read_target(str(path)).channels == (
        "https://repo.anaconda.com/pkgs/main",
        "https://repo.anaconda.com/pkgs/r",
    )


def test_selector_of_mamba_holds_on_its_system(tmp_path: Path) -> None:
    path = tmp_path / "environment.yml"
    path.write_text(
        "dependencies:\n  - a\n  - sel(linux): b\n  - sel(unix): [c, d >=2]\n  - sel(win): e\n", encoding="utf-8"
    )
    target = read_target(str(path), platforms=["linux-64"])
    assert target.notes == ()
    assert [target.specs_for(platform) for platform in ("linux-aarch64", "osx-64", "win-64")] == [
        ("a", "b", "c", "d >=2"),
        ("a", "c", "d >=2"),
        ("a", "e"),
    ]


def test_what_a_file_says_and_does_not_hold_is_told(tmp_path: Path) -> None:
    path = tmp_path / "environment.yml"
    path.write_text(
        "name: it\nplatforms: [win-64, osx-64]\ndependencies:\n  - a  # [osx]\n  - b # a remark\n  - conda: c\n"
        "variables: {A: b}\nfuture: 1\n",
        encoding="utf-8",
    )
    target = read_target(str(path), platforms=["linux-64"])
    assert (target.platforms, target.specs) == (("win-64", "osx-64"), ("a", "b"))
    assert target.notes == (
        f"{path}:6: conda is not known among dependencies, and is left out",
        f"{path}:8: future is not read",
        f"{path}:4: the selector [osx] is a comment to conda, and is ignored; write `sel(linux): PACKAGE`",
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "dependencies: [{'sel(moon)': a}]\n",
            ":1: sel(moon): expected one of sel(linux), sel(osx), sel(win), sel(unix)",
        ),
        ("dependencies: [a]\nplatforms: [linux-46]\n", "'linux-46' is not a platform"),
    ],
)
def test_wrong_selectors_and_platforms_are_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "environment.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_target(str(path))
    assert message in caught.value.message


def test_what_the_environment_is_for_comes_before_python_and_the_machine(tmp_path: Path) -> None:
    path = tmp_path / "environment.yml"
    path.write_text("dependencies: [__cuda >=12, python=3.12, dirac-grid]\n", encoding="utf-8")
    assert read_target(str(path)).specs == ("dirac-grid", "python=3.12", "__cuda >=12")

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dirac_forge.check.cells import cells_of
from dirac_forge.check.files.kinds import read_targets
from dirac_forge.check.targets import Target


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
    assert target.notes == (f"{path}:7: what pip installs is left out",)
    assert [cell.python for cell in cells_of(target)] == [""]


def test_defaults_are_the_channels_of_conda(tmp_path: Path) -> None:
    path = tmp_path / "environment.yml"
    path.write_text("channels: [defaults]\ndependencies: [numpy]\n", encoding="utf-8")
    assert read_target(str(path)).channels == (
        "https://repo.anaconda.com/pkgs/main",
        "https://repo.anaconda.com/pkgs/r",
    )

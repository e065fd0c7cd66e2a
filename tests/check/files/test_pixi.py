from __future__ import annotations

from pathlib import Path

import pytest

from dirac_forge.check.cells import cells_of
from dirac_forge.check.files.kinds import read_targets
from dirac_forge.errors import InputError

MANIFEST = """\
[workspace]
name = "grid"
channels = ["conda-forge", { channel = "first", priority = 1 }]
platforms = ["linux-64", "osx-arm64", "win-64"]

[dependencies]
python = ">=3.11,<3.13"
dirac-grid = "*"
numpy = { version = "2.*", channel = "conda-forge" }
mkl = { version = ">=2024", build = "*_intel" }
local = { path = "../local" }

[target.linux.dependencies]
xrootd = ">=5"

[target.osx-arm64.dependencies]
appnope = "*"

[pypi-dependencies]
wonder = "*"

[system-requirements]
libc = "2.34"
cuda = "12"

[feature.test]
channels = ["testing"]
platforms = ["linux-64"]

[feature.test.dependencies]
pytest = ">=8"

[feature.test.target.unix.dependencies]
psutil = "*"

[environments]
test = ["test"]
lone = { features = ["test"], no-default-feature = true }
"""


def test_environments_of_a_manifest_by_platform(tmp_path: Path) -> None:
    path = tmp_path / "pixi.toml"
    path.write_text(MANIFEST, encoding="utf-8")
    main, test, lone = read_targets(str(path), platforms=["linux-aarch64"], pythons=["3.12"])
    common = ("dirac-grid", "conda-forge::numpy 2.*", "mkl >=2024 *_intel")
    assert [one.name for one in (main, test, lone)] == ["grid", "grid:test", "grid:lone"]
    assert main.specs_for("linux-64") == (*common, "xrootd >=5", "python >=3.11,<3.13")
    assert main.specs_for("osx-arm64") == (*common, "appnope", "python >=3.11,<3.13")
    assert main.specs_for("linux-aarch64") == ()
    assert [(cell.platform, cell.python) for cell in cells_of(main)] == [
        ("linux-64", ""),
        ("osx-arm64", ""),
        ("win-64", ""),
    ]
    assert main.channels == ("first", "conda-forge")
    assert main.machine["linux-64"] == {"__glibc": "2.34", "__cuda": "12"}
    assert main.machine["win-64"] == {"__cuda": "12"}
    assert main.notes == (
        f"{path}: pypi-dependencies are left out",
        f"{path}: dependencies.local is not from a channel and is left out",
    )
    assert test.specs_for("linux-64") == ("pytest >=8", "psutil", *common, "xrootd >=5", "python >=3.11,<3.13")
    assert (test.platforms, test.channels) == (("linux-64",), ("testing", "first", "conda-forge"))
    assert (lone.specs, lone.channels) == (("pytest >=8", "psutil"), ("testing",))


def test_manifest_in_pyproject(tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    lines = ("[tool.pixi.project]", 'channels = ["a"]', 'platforms = ["linux-64"]')
    path.write_text("\n".join((*lines, "[tool.pixi.dependencies]", 'x = "1.*"')), encoding="utf-8")
    (target,) = read_targets(str(path))
    assert (target.name, target.specs, target.channels) == ("pyproject.toml", ("x 1.*",), ("a",))


def test_feature_without_channels_has_those_of_the_workspace(tmp_path: Path) -> None:
    path = tmp_path / "pixi.toml"
    path.write_text(
        "[workspace]\nchannels = ['a', 'b']\nplatforms = ['linux-64']\n[feature.x.dependencies]\ny = '*'\n"
        "[environments]\nlone = { features = ['x'], no-default-feature = true }\n",
        encoding="utf-8",
    )
    (lone,) = read_targets(str(path))
    assert (lone.environment, lone.channels) == ("lone", ("a", "b"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[workspace", "{path}: not readable as TOML: "),
        ("[workspace]\nplatforms = ['linux-46']\n[dependencies]\na = '*'\n", "'linux-46' is not a platform"),
        ("[workspace]\n[dependencies]\na = '>=>1'\n", "{path}: dependencies.a: 'a >=>1' is not a package spec"),
        ("[workspace]\ndependencies = 1\n[dependencies]\n", "{path}: there is no conda package in it"),
        ("dependencies = 1\n[workspace]\n", "{path}: dependencies: expected a table"),
        ("[workspace]\n[environments]\nx = ['none']\n", "{path}: environments: there is no feature none"),
        ("[workspace]\n[environments]\nx = 3\n", "{path}: environments.x: expected a list of features"),
        ("[workspace]\nchannels = 'a'\n[dependencies]\nb = '*'\n", "{path}: channels: expected a list of channels"),
    ],
)
def test_wrong_manifests_are_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "pixi.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_targets(str(path))
    assert message.format(path=path) in caught.value.message

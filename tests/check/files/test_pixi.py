from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from dirac_forge.check.cells import cells_of
from dirac_forge.check.files.kinds import read_targets
from dirac_forge.check.targets import Target
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
    assert (test.platforms, test.channels) == (("linux-64",), ("first", "testing", "conda-forge"))
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


def targets_of(tmp_path: Path, text: str) -> tuple[Target, ...]:
    path = tmp_path / "pixi.toml"
    path.write_text(text, encoding="utf-8")
    return read_targets(str(path))


GROUP_OF_DIFFERENT_CHANNELS = """\
[workspace]
platforms = ["linux-64"]
[feature.a]
channels = ["x"]
dependencies = { b = "*" }
[feature.c.dependencies]
b = "*"
[environments]
a = { features = ["a"], solve-group = "g" }
c = { features = ["c"], solve-group = "g" }
"""
ONE = "[workspace]\nchannels = ['a']\nplatforms = ['linux-64', 'win-64']\n"


def test_system_requirements_of_all_features_hold_and_the_highest_counts(tmp_path: Path) -> None:
    main, low, high, lone = targets_of(
        tmp_path,
        ONE + "[dependencies]\nx = '*'\n[system-requirements]\nlibc = '2.28'\ncuda = '12'\n"
        "[feature.low.system-requirements]\nlibc = '2.9'\n[feature.low.dependencies]\ny = '*'\n"
        "[feature.high.system-requirements]\nlibc = { family = 'glibc', version = '2.40' }\n"
        "[environments]\nlow = ['low']\nhigh = ['low', 'high']\n"
        "lone = { features = ['low'], no-default-feature = true }\n",
    )
    assert [dict(one.machine["linux-64"]) for one in (main, low, high, lone)] == [
        {"__glibc": "2.28", "__cuda": "12"},
        {"__glibc": "2.28", "__cuda": "12"},
        {"__glibc": "2.40", "__cuda": "12"},
        {"__glibc": "2.9"},
    ]
    assert low.machine["win-64"] == {"__cuda": "12"}


@pytest.mark.parametrize(
    ("written", "until"),
    [
        ("2024-06-01", datetime(2024, 6, 2, tzinfo=UTC)),
        ("2024-06-01T12:00:00Z", datetime(2024, 6, 1, 12, tzinfo=UTC)),
    ],
)
def test_exclude_newer_is_the_end_of_a_day_or_a_moment(tmp_path: Path, written: str, until: datetime) -> None:
    (target,) = targets_of(tmp_path, f"{ONE}exclude-newer = '{written}'\n[dependencies]\nx = '*'\n")
    assert target.until == until


def test_environments_of_a_solve_group_are_solved_with_each_other(tmp_path: Path) -> None:
    one, two, alone = targets_of(
        tmp_path,
        ONE + "[feature.one.dependencies]\nlib = '*'\n[feature.two.dependencies]\nlib = '<2'\n"
        "[feature.two.target.win-64.dependencies]\nwindow = '*'\n[environments]\n"
        "one = { features = ['one'], solve-group = 'g', no-default-feature = true }\n"
        "two = { features = ['two'], solve-group = 'g', no-default-feature = true }\n"
        "alone = { features = ['one'], solve-group = 'h', no-default-feature = true }\n",
    )
    assert one.together == {"linux-64": ("lib <2",), "win-64": ("lib <2", "window")}
    assert two.together == {"linux-64": ("lib",), "win-64": ("lib",)}
    assert alone.together == {}
    assert [cell.specs for cell in cells_of(one, pythons=["3.12"])] == [
        ("lib", "lib <2", "python 3.12.*"),
        ("lib", "lib <2", "window", "python 3.12.*"),
    ]


def test_fields_of_a_dependency_are_kept_or_told(tmp_path: Path) -> None:
    (target,) = targets_of(
        tmp_path,
        ONE
        + "[dependencies]\nx = { version = '>=1', build = 'h*', build-number = '2', license = 'MIT', flags = ['f'] }\n"
        "[target.linux.dependencies]\ny = { path = 'y' }\n",
    )
    assert target.specs == ('x >=1 h*[build_number="2",license="MIT"]',)
    assert target.notes == (
        f"{tmp_path / 'pixi.toml'}: dependencies.x.flags is not read, and may change what pixi would solve",
        f"{tmp_path / 'pixi.toml'}: dependencies.y is not from a channel and is left out",
    )


def test_keys_that_are_not_read_and_may_change_the_solution_are_told(tmp_path: Path) -> None:
    target, _ = targets_of(
        tmp_path,
        ONE + "future = 1\n[constraints]\nlib = '<2'\n[dependencies]\nx = '*'\n[tasks]\na = 'b'\n"
        "[system-requirements]\nmoon = '1'\n[feature.f.constraints]\nlib = '<3'\n"
        "[environments]\ne = { features = ['f'], hope = true }\n",
    )
    told = " is not read, and may change what pixi would solve"
    keys = (
        "constraints",
        "workspace.future",
        "system-requirements.moon",
        "environments.e.hope",
        "feature.f.constraints",
    )
    assert target.notes == tuple(f"{tmp_path / 'pixi.toml'}: {key}{told}" for key in keys)


def test_a_requirement_of_the_processor_is_told(tmp_path: Path) -> None:
    text = ONE + "[dependencies]\nx = '*'\n[system-requirements]\narchspec = 'x86_64_v3'\nlinux = '5.10'\n"
    (target,) = targets_of(tmp_path, text)
    assert target.notes == (
        f"{tmp_path / 'pixi.toml'}: system-requirements.archspec is not read, and may change what pixi would solve",
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[workspace", "{path}: not readable as TOML: "),
        ("[workspace]\nplatforms = ['linux-46']\n[dependencies]\na = '*'\n", "'linux-46' is not a platform"),
        ("[workspace]\n[dependencies]\na = '>=>1'\n", "{path}: dependencies.a: 'a >=>1' is not a package spec"),
        ("[workspace]\ndependencies = 1\n[dependencies]\n", "{path}: it lists no conda package"),
        ("dependencies = 1\n[workspace]\n", "{path}: dependencies: expected a table"),
        ("[workspace]\n[environments]\nx = ['none']\n", "{path}: environments: there is no feature none"),
        ("[workspace]\n[environments]\nx = 3\n", "{path}: environments.x: expected a list of features"),
        (
            "[workspace]\nchannels = ['a', 'b']\nchannel-priority = 'disabled'\n[dependencies]\nb = '*'\n",
            "{path}: channel-priority = 'disabled': only strict channel priority can be solved here",
        ),
        (
            "[workspace]\nplatforms = ['linux-64']\n[dependencies]\nb = { version = '*', subdir = 'noarch' }\n",
            "{path}: dependencies.b: 'b[subdir=\"noarch\"]': the field subdir in a package spec is not supported",
        ),
        (
            "[workspace]\nexclude-newer = '7d'\n[dependencies]\nb = '*'\n",
            "{path}: workspace.exclude-newer: expected a date or a time, got '7d'",
        ),
        (
            GROUP_OF_DIFFERENT_CHANNELS,
            "{path}: solve-group g: a and c have different channels",
        ),
        (
            "[workspace]\nplatforms = ['linux-64']\n[dependencies]\nb = '*'\n[system-requirements]\nlibc = 'new!'\n",
            "{path}: system-requirements: 'new!' is not a version of __glibc",
        ),
        ("[workspace]\nchannels = 'a'\n[dependencies]\nb = '*'\n", "{path}: channels: expected a list of channels"),
    ],
)
def test_wrong_manifests_are_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "pixi.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_targets(str(path))
    assert message.format(path=path) in caught.value.message

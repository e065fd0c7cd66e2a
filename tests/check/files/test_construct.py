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
        "  - only-arm  # [aarch64 or arm64]\n",
        encoding="utf-8",
    )
    target = read_target(str(path), platforms=["linux-64", "osx-arm64"])
    assert target.name == "DIRACOS"
    assert target.specs_for("linux-64") == ("dirac-grid", "htcondor", "python 3.11.*")
    assert target.specs_for("linux-aarch64") == (
        "dirac-grid",
        "htcondor",
        "only-arm",
        "python 3.11.*",
    )
    assert target.specs_for("linux-ppc64le") == ("dirac-grid", "python 3.11.*")
    assert target.specs_for("osx-arm64") == ("dirac-grid", "pythonapple", "only-arm", "python 3.11.*")
    assert [cell.platform for cell in cells_of(target)] == ["linux-64", "osx-arm64"]


def test_virtual_specs_raise_what_the_machine_has_and_are_no_packages(tmp_path: Path) -> None:
    path = tmp_path / "construct.yaml"
    path.write_text(
        "name: x\nspecs: [a]\nvirtual_specs:\n  - __glibc >=2.40\n  - __osx>=10.13\n  - __cuda >=12  # [linux64]\n"
        "  - __osx <26\nextra_envs:\n  more: {specs: [b]}\n",
        encoding="utf-8",
    )
    for target, spec in zip(read_targets(str(path), platforms=["linux-64", "osx-64"]), ("a", "b"), strict=True):
        assert (target.specs_for("linux-64"), target.specs_for("osx-64")) == ((spec,), (spec,))
        assert target.machine == {
            "linux-64": {"__glibc": "2.40", "__cuda": "12"},
            "linux-aarch64": {"__glibc": "2.40"},
            "linux-ppc64le": {"__glibc": "2.40"},
        }
    (main, _) = read_targets(str(path))
    assert main.notes == (f"{path}:7: virtual_specs: __osx <26 is left to the installer: only NAME >=VERSION is read",)


def test_channels_of_other_platforms_are_not_asked_and_different_ones_are_told(tmp_path: Path) -> None:
    path = tmp_path / "construct.yaml"
    path.write_text("name: x\nchannels:\n  - a\n  - b  # [osx]\nspecs: [s]\n", encoding="utf-8")
    alone = read_target(str(path), platforms=["linux-64"])
    assert (alone.channels, alone.notes) == (("a",), ())
    both = read_target(str(path), platforms=["linux-64", "osx-64"])
    assert both.channels == ("a", "b")
    assert both.notes == ("x: the channels differ by platform: all of them are asked on each",)


def test_selectors_are_never_run(tmp_path: Path) -> None:
    path = tmp_path / "construct.yaml"
    path.write_text("name: x\nspecs:\n  - a  # [__import__('os').system('touch pwned')]\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"construct\.yaml:3: "):
        read_target(str(path))
    assert not Path("pwned").exists()


def test_extra_environments_are_targets_with_their_own_channels(tmp_path: Path) -> None:
    path = tmp_path / "construct.yaml"
    path.write_text(
        "name: DIRACOS\nchannels: [conda-forge]\nspecs: [dirac-grid, python 3.11.*]\n"
        "extra_envs:\n"
        "  tools:\n    specs: [rucio-clients]  # [linux]\n    channels: [other, conda-forge]\n"
        "  plain:\n    specs: [curl]\n",
        encoding="utf-8",
    )
    main, tools, plain = read_targets(str(path), platforms=["linux-64", "osx-64"])
    assert [target.name for target in (main, tools, plain)] == ["DIRACOS", "DIRACOS:tools", "DIRACOS:plain"]
    assert (main.channels, tools.channels, plain.channels) == (
        ("conda-forge",),
        ("other", "conda-forge"),
        ("conda-forge",),
    )
    assert (tools.specs_for("linux-64"), tools.specs_for("osx-64")) == (("rucio-clients",), ())
    assert (plain.environment, plain.specs) == ("plain", ("curl",))


def test_what_an_installer_says_and_is_not_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "env.yml").write_text("dependencies:\n- curl\n- pip: [fts3]\n", encoding="utf-8")
    path = tmp_path / "construct.yaml"
    path.write_text(
        "name: OS\nspecs: [zlib]\nenvironment: base\nextra_envs:\n"
        "  a:\n    environment_file: env.yml\n    extra_envs:\n      b: {specs: [xz]}\n",
        encoding="utf-8",
    )
    main, extra = read_targets(str(path), platforms=["linux-64", "osx-64"])
    assert main.notes == (f"{path}:3: environment: an installed environment is left out",)
    assert extra.specs == ("curl",)
    assert extra.notes == (
        f"{tmp_path / 'env.yml'}:3: what pip installs is left out",
        f"{path}:8: extra_envs inside the extra environment a is left out",
    )


def test_environment_file_of_an_installer_is_read(tmp_path: Path) -> None:
    (tmp_path / "env.yml").write_text("dependencies: [dirac-grid, python 3.11.*]\n", encoding="utf-8")
    path = tmp_path / "construct.yaml"
    path.write_text("name: X\nenvironment_file: env.yml\nspecs: [curl]\n", encoding="utf-8")
    assert read_target(str(path)).specs == ("dirac-grid", "curl", "python 3.11.*")


def test_extra_environment_that_is_not_a_mapping(tmp_path: Path) -> None:
    path = tmp_path / "construct.yaml"
    path.write_text("specs: [a]\nextra_envs:\n  tools: [b]\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"construct\.yaml:3: extra_envs: tools: expected a mapping"):
        read_targets(str(path))

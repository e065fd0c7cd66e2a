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
    assert main.notes == (
        f"{path}:3: environment: an installed environment is left out, though constructor takes it in place of specs",
    )
    assert extra.specs == ("curl",)
    assert extra.notes == (
        f"{tmp_path / 'env.yml'}:3: packages from pip are left out",
        f"{path}:7: extra_envs: a: extra_envs is left out, because constructor has no such key",
    )


def test_environment_file_of_an_installer_is_read(tmp_path: Path) -> None:
    (tmp_path / "env.yml").write_text("dependencies: [dirac-grid, python 3.11.*]\n", encoding="utf-8")
    path = tmp_path / "construct.yaml"
    path.write_text("name: X\nenvironment_file: env.yml\n", encoding="utf-8")
    assert read_target(str(path)).specs == ("dirac-grid", "python 3.11.*")


def test_environment_file_takes_the_place_of_specs_and_channels(tmp_path: Path) -> None:
    (tmp_path / "env.yml").write_text("channels: [own]\ndependencies: [dirac-grid]\n", encoding="utf-8")
    (tmp_path / "specs.txt").write_text("zlib\n# none\nxz >5\n", encoding="utf-8")
    path = tmp_path / "construct.yaml"
    for file, specs, channels in (
        ("env.yml", ("dirac-grid",), ("own",)),
        ("specs.txt", ("zlib", "xz >5"), ("main",)),
    ):
        text = f"name: X\nenvironment_file: {file}\nchannels: [main]\nspecs: [curl]\n"
        path.write_text(text, encoding="utf-8")
        found = read_target(str(path))
        assert (found.specs, found.channels) == (specs, channels)
        assert found.notes == (
            f"{path}:2: specs are left out, because constructor takes environment_file in their place",
        )


def test_specs_may_be_the_path_of_a_list(tmp_path: Path) -> None:
    (tmp_path / "specs.txt").write_text("zlib\n\n# none\nxz >5\n", encoding="utf-8")
    path = tmp_path / "construct.yaml"
    path.write_text("name: X\nspecs: specs.txt\n", encoding="utf-8")
    assert read_target(str(path)).specs == ("zlib", "xz >5")
    path.write_text("name: X\nspecs: python\n", encoding="utf-8")
    with pytest.raises(InputError, match=rf"^{path}:2: specs: there is no file {tmp_path / 'python'}\n"):
        read_target(str(path))


def test_packages_come_from_the_sources_of_remapped_channels_too(tmp_path: Path) -> None:
    remap = "channels_remap:\n  - {src: https://build/own, dest: https://public/own}\n"
    path = tmp_path / "construct.yaml"
    path.write_text(
        f"name: X\nchannels: [main]\nspecs: [a]\n{remap}extra_envs:\n"
        "  inherits: {specs: [b]}\n  without: {specs: [c], channels_remap: []}\n",
        encoding="utf-8",
    )
    assert [target.channels for target in read_targets(str(path))] == [
        ("main", "https://build/own"),
        ("main", "https://build/own"),
        ("main",),
    ]
    path.write_text("name: X\nspecs: [a]\nchannels_remap: [own]\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"construct\.yaml:3: channels_remap: expected a list of `src` and `dest`"):
        read_targets(str(path))


def test_keys_that_constructor_does_not_have_are_told(tmp_path: Path) -> None:
    path = tmp_path / "construct.yaml"
    path.write_text(
        "name: X\nversion: 1\nspecs: [a]\nexcludes: [b]\npackages: []\nwrite_condarc: true\n"
        "extra_envs:\n  e:\n    spec: [c]\n    specs: [d]\n    version: 1\n",
        encoding="utf-8",
    )
    main, extra = read_targets(str(path))
    assert main.notes == (
        f"{path}:4: excludes is left out, because constructor has no such key; did you mean exclude?",
        f"{path}:5: packages is left out, because constructor has no such key; did you mean menu_packages?",
    )
    assert extra.notes == (
        f"{path}:9: extra_envs: e: spec is left out, because constructor has no such key; did you mean specs?",
        f"{path}:11: extra_envs: e: version is left out, because constructor has no such key",
    )


@pytest.mark.parametrize("name", ["base", "root", "default"])
def test_extra_environment_with_the_name_of_the_base_environment(name: str, tmp_path: Path) -> None:
    path = tmp_path / "construct.yaml"
    path.write_text(f"specs: [a]\nextra_envs:\n  {name}: {{specs: [b]}}\n", encoding="utf-8")
    with pytest.raises(InputError, match=rf"yaml:3: extra_envs: {name}: this is the name of the base environment"):
        read_targets(str(path))


def test_keys_that_are_there_twice_are_told(tmp_path: Path) -> None:
    path = tmp_path / "construct.yaml"
    path.write_text("specs: [a]\nspecs: [b]  # [win]\nspecs: [c]\n", encoding="utf-8")
    assert read_target(str(path), platforms=["linux-64"]).notes == (
        f"{path}:3: specs appears twice, which constructor refuses; here all are read",
    )


def test_extra_environment_that_is_not_a_mapping(tmp_path: Path) -> None:
    path = tmp_path / "construct.yaml"
    path.write_text("specs: [a]\nextra_envs:\n  tools: [b]\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"construct\.yaml:3: extra_envs: tools: expected a mapping"):
        read_targets(str(path))


def test_undefined_name_in_a_spec_is_named(tmp_path: Path) -> None:
    path = tmp_path / "construct.yaml"
    path.write_text("specs:\n  - a {{ undefinedthing }}\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"construct.yaml:2: undefinedthing is not defined"):
        read_targets(str(path), platforms=["linux-64"])


def test_missing_environment_file_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "construct.yaml"
    path.write_text("name: x\nenvironment_file: gone.yml\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"construct.yaml:2: environment_file: there is no file .*gone.yml"):
        read_targets(str(path), platforms=["linux-64"])

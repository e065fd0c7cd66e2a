"""Remedies and explanations of situations that people asked about in public trackers, each as a small channel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from dirac_forge.channel.solver import Channel
from dirac_forge.check.cells import Cell, cells_of
from dirac_forge.check.matrix import check
from dirac_forge.check.remedies import PinKind, RelaxPin, Remedy
from dirac_forge.check.targets import make_target
from dirac_forge.report.proof_words import cell_words
from dirac_forge.report.remedy_words import remedy_phrases, unblock_text
from support.channel import pkg, write_channel


def asked(
    root: Path, channels: Mapping[str, Mapping[str, list[dict[str, Any]]]], *specs: str, platform: str = "linux-64"
) -> Cell:
    """The one cell of some specs, from channels in their order."""
    folders = [str(write_channel(root / name, subdirs)) for name, subdirs in channels.items()]
    target = make_target(specs[0], specs, platforms=[platform], pythons=[])
    with ThreadPoolExecutor(1) as executor:
        (cell,) = check(Channel.open(folders), cells_of(target), executor=executor)
    return cell


def told(cell: Cell, root: Path) -> Sequence[str]:
    """The reason and the remedy, without the folder of the channels."""
    assert cell.unblock is not None
    return [text.replace(f"{root}/", "") for text in (cell_words(cell.reason), unblock_text(cell.unblock))]


def test_version_that_a_later_channel_has_is_taken_from_there(tmp_path: Path) -> None:
    """prefix-dev/pixi#615: a package of the channel that comes first hides a newer one."""
    channels = {
        "nvidia": {"linux-64": [pkg("nvcc 11.6")]},
        "forge": {"linux-64": [pkg("nvcc 12.0", "lib >=1"), pkg("lib 1.0"), pkg("jaxlib 0.4", "nvcc >=12")]},
    }
    assert told(asked(tmp_path, channels, "jaxlib"), tmp_path) == [
        (
            "jaxlib → nvcc: no build in nvidia matches nvcc >=12; forge has 12.0, but nvidia comes first and channel "
            "priority is strict"
        ),
        "take nvcc 12.0 from forge instead of from nvidia",
    ]


def test_pin_with_an_upper_end_is_the_one_to_relax(tmp_path: Path) -> None:
    """openmm/openmm#2385: of two pins the old package's is stale, not the lower bound of the new one."""
    records = [
        pkg("openmm 7.4", "numpy >=1.16"),
        pkg("msmbuilder 3.8", "numpy 1.12.*"),
        pkg("numpy 1.12.1"),
        pkg("numpy 1.16.4"),
    ]
    for specs in (("openmm", "msmbuilder"), ("msmbuilder", "openmm")):
        cell = asked(tmp_path / specs[0], {"c": {"linux-64": records}}, *specs)
        assert told(cell, tmp_path)[1] == "relax the pin of msmbuilder 3.8 on numpy (numpy 1.12.*), if it works without"


def test_version_that_is_to_be_built_does_not_inherit_the_pins_of_an_older_one(tmp_path: Path) -> None:
    """conda/conda#16361: packages of one project that pin each other by version."""
    records = [
        pkg("dask 26", "core >=26,<27", "distributed ==26"),
        pkg("core 26"),
        pkg("core 25"),
        pkg("distributed 25", "core >=25,<26"),
    ]
    channels = {"c": {"linux-64": records}}
    assert told(asked(tmp_path, channels, "dask"), tmp_path) == [
        "dask → distributed: no build matches distributed ==26: the newest version is 25",
        "build distributed 26 for linux-64, if it is released",
    ]


def test_older_version_that_the_channel_never_had_is_built_if_there_is_one(tmp_path: Path) -> None:
    channels = {"c": {"linux-64": [pkg("lib 2.23.5")], "osx-64": [pkg("lib 1.0"), pkg("lib 2.23.5")]}}
    expected = {"0.0.7": "build lib 0.0.7 for linux-64, if it is released", "1.0": "build lib 1.0 for linux-64"}
    for version, remedy in expected.items():
        cell = asked(tmp_path / version, channels, f"lib {version}")
        assert told(cell, tmp_path)[1] == remedy


def test_build_that_is_for_another_platform_is_told_as_such(tmp_path: Path) -> None:
    """PolarBean/DeepSlice#48: an exported environment of another platform."""
    channels = {
        "c": {
            "linux-64": [pkg("aiohttp 3.8.1", build="py37h7f_0")],
            "osx-arm64": [pkg("aiohttp 3.8.1", build="py37ha_0"), pkg("aiohttp 3.9.0", build="py37ha_0")],
        }
    }
    cell = asked(tmp_path, channels, "aiohttp=3.8.1=py37h7f_0", platform="osx-arm64")
    assert cell_words(cell.reason) == (
        "aiohttp: no build matches aiohttp=3.8.1=py37h7f_0; builds of this version: py37ha_0; the requested one is "
        "for linux-64"
    )
    assert cell_words(asked(tmp_path / "b", channels, "aiohttp=3.8.1=nope_0", platform="osx-arm64").reason) == (
        "aiohttp: no build matches aiohttp=3.8.1=nope_0; builds of this version: py37ha_0"
    )


def test_a_build_for_another_python_helps_no_cell_that_has_one(tmp_path: Path) -> None:
    """Each cell gets its own remedy, though a build for Python 3.13 that needs nothing would solve the others too."""
    pythons = [pkg(f"python {minor}.0", build=f"{minor.replace('.', '')}_0") for minor in ("3.12", "3.13")]
    records = [
        pkg("app 1.0", "ext", "lib <2"),
        pkg("ext 1.0", "python >=3.12,<3.13.0a0", "lib >=2", build="py312_0"),
        pkg("lib 1.0"),
        pkg("lib 2.0"),
    ]
    folder = write_channel(tmp_path, {"linux-64": [*pythons, *records]})
    target = make_target("app", ["app"], platforms=["linux-64"], pythons=["3.13", "3.12"])
    with ThreadPoolExecutor(1) as executor:
        cells = check(Channel.open([str(folder)]), cells_of(target), executor=executor)
    assert {cell.python: unblock_text(cell.unblock) for cell in cells if cell.unblock is not None} == {
        "3.12": "relax the pin of app 1.0 on lib (lib <2), if it works without",
        "3.13": "build ext for Python 3.13; relax the pin of app 1.0 on lib (lib <2), if it works without",
    }


@pytest.mark.parametrize("record", [pkg("odd 1.0", "lib >=>1"), {**pkg("odd 1.0"), "depends": 3}])
def test_builds_that_cannot_be_read_make_the_answer_unknown(tmp_path: Path, record: dict[str, Any]) -> None:
    cell = asked(tmp_path, {"c": {"linux-64": [pkg("app 1.0", "odd"), record]}}, "app")
    assert cell.status == "unknown"
    assert cell_words(cell.reason) == (
        "app → odd: all its builds are left out, because their records in the channel are malformed (see the warnings)"
    )


@pytest.mark.parametrize("odd", [pkg("lib 2.0", "base >=>1"), {**pkg("lib 2.0"), "depends": 3}])
@pytest.mark.parametrize("spec", ["app", "lib >=2"])
def test_a_build_that_could_do_but_cannot_be_read_makes_the_answer_unknown(
    tmp_path: Path, odd: dict[str, Any], spec: str
) -> None:
    cell = asked(tmp_path, {"c": {"linux-64": [pkg("app 1.0", "lib >=2"), pkg("lib 1.0"), odd]}}, spec)
    assert cell.status == "unknown"
    assert cell_words(cell.reason) == (
        f"{'app → ' if spec == 'app' else ''}lib: builds that may match lib >=2 are left out, because their records in "
        "the channel are malformed (see the warnings)"
    )


def test_a_build_for_another_platform_does_not_hide_one_that_cannot_be_read(tmp_path: Path) -> None:
    records = {"linux-64": [pkg("app 1.0", "lib"), pkg("lib 1.0", "base >=>1")], "osx-64": [pkg("lib 1.0")]}
    assert asked(tmp_path, {"c": records}, "app").status == "unknown"


def test_a_build_that_cannot_be_read_and_would_not_match_leaves_the_answer_no(tmp_path: Path) -> None:
    records = [pkg("app 1.0", "lib >=3"), pkg("lib 1.0"), pkg("lib 2.0", "base >=>1")]
    assert asked(tmp_path, {"c": {"linux-64": records}}, "app").status == "not-installable"


def test_a_build_is_for_the_python_that_the_other_packages_leave(tmp_path: Path) -> None:
    pythons = [pkg(f"python {minor}.0", build=f"{minor.replace('.', '')}_0") for minor in ("3.12", "3.13", "3.14")]
    fast = [pkg("fast 1.0", "python >=3.12,<3.13.0a0", build="py312_0")]
    records = [*pythons, pkg("app 1.0", "fast", "python 3.13.*"), *fast]
    cell = asked(tmp_path, {"c": {"linux-64": records}}, "app")
    assert told(cell, tmp_path) == [
        "app → fast: built only for Python ≤3.12, and app needs python 3.13.*",
        "build fast for Python 3.13",
    ]
    assert cell.unblock is not None
    record = cell.unblock.remedies[0].record
    assert record is not None
    assert record.depends == ("python 3.13.*",)


def test_a_compiler_of_another_platform_is_not_to_be_built(tmp_path: Path) -> None:
    linux = [pkg("app 1.0", "tool", "ld_impl_linux-64 >=2"), pkg("tool 1.0", "gcc_linux-64"), pkg("gcc_linux-64 1.0")]
    records = {"linux-64": [*linux, pkg("ld_impl_linux-64 2.4")], "linux-aarch64": [pkg("gcc_linux-aarch64 1.0")]}
    cell = asked(tmp_path, {"c": records}, "app", platform="linux-aarch64")
    assert told(cell, tmp_path)[1] == "build app and tool for linux-aarch64"
    assert cell.unblock is not None
    assert [one.record.depends for one in cell.unblock.remedies if one.record is not None] == [
        ("tool",),
        ("gcc_linux-aarch64",),
    ]
    noarch = [pkg("pure 1.0", "ld_impl_linux-64", noarch="generic")]
    cell = asked(tmp_path / "b", {"c": records | {"noarch": noarch}}, "pure", platform="linux-aarch64")
    assert cell_words(cell.reason) == (
        "pure → ld_impl_linux-64: no build for linux-aarch64 (there is one for linux-64)"
    )
    assert cell.unblock is None


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("python", "change the bound of a and b 1.0 on Python (lib >=2), if they run with that Python"),
        ("abi", "rebuild a and b 1.0 for linux-64 with another lib than >=2"),
        ("exact", "build versions of a and b for another lib, if there are some (1.0 needs lib >=2 exactly)"),
        ("bound", "relax the pin of a and b 1.0 on lib (lib >=2), if they work without"),
    ],
)
def test_remedy_for_several_packages_is_one_phrase(kind: PinKind, words: str) -> None:
    action = RelaxPin(version="1.0", on="lib", spec="lib >=2", kind=kind, platform="linux-64" if kind == "abi" else "")
    assert list(remedy_phrases([Remedy(package=name, action=action) for name in ("a", "b")])) == [words]

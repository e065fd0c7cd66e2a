"""Gaps of snapshots: what they lack is unknown, what their own records exclude is not."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dirac_forge.channel.gap import Gap
from dirac_forge.channel.solver import Channel
from dirac_forge.check.cells import Cell, cells_of
from dirac_forge.check.matrix import check
from dirac_forge.check.proof import Proof
from dirac_forge.check.prover import Prover
from dirac_forge.check.subjects import Subject
from dirac_forge.check.targets import make_target
from dirac_forge.feedstock.workspace import FeedstockFolder
from dirac_forge.report.proof_words import cell_words, proof_words
from dirac_forge.report.remedy_words import unblock_text
from support.channel import pkg, pythons, write_channel


@pytest.fixture
def channel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Channel:
    records: list[dict[str, Any]] = [
        pkg("app 1.0", "low >=2", "lost"),
        pkg("other 1.0"),
        pkg("other 0.5"),
        pkg("clash 1.0", "left", "right", "lost"),
        pkg("left 1.0", "other >=1"),
        pkg("right 1.0", "other <1"),
        pkg("close 1.0", "above", "below"),
        pkg("above 1.0", "other >=0.6"),
        pkg("below 1.0", "other <1"),
        pkg("low 1.0"),
        pkg("top 1.0", "mid"),
        pkg("mid 1.0"),
        pkg("galaxy-util 1.0"),
        *pythons("3.10", "3.11"),
        *(pkg("fast 2.0", f"python_abi {minor}.*", build=f"py_{minor}") for minor in ("3.10", "3.11")),
        pkg("fast 1.0", "python_abi 3.11.*"),
        pkg("late 1.0", "python_abi 3.11.*"),
    ]
    pure = [pkg("pure 1.0", "python >=3.11", noarch="python"), pkg("pure 0.9", "python", noarch="python")]
    folder = write_channel(tmp_path / "part", {"linux-64": records, "noarch": pure})
    (folder / "snapshot.json").write_text('{"as_of": "2026-08-21"}', encoding="utf-8")
    monkeypatch.setattr("dirac_forge.channel.repodata.embedded_folder", lambda _: folder)
    return Channel.open(["embedded"], embedded_dir=tmp_path)


def answer(channel: Channel, *specs: str, platform: str = "linux-64") -> Cell:
    with ThreadPoolExecutor(1) as executor:
        (cell,) = check(channel, cells_of(make_target("it", specs, platforms=[platform])), executor=executor)
    return cell


@pytest.mark.parametrize(
    ("specs", "reason"),
    [
        (["lost"], "the embedded snapshot (2026-08-21) has no lost; conda-forge may have it"),
        (["lowe"], "the embedded snapshot (2026-08-21) has no lowe; conda-forge may have it; did you mean low?"),
        (["gfal2-util"], "the embedded snapshot (2026-08-21) has no gfal2-util; conda-forge may have it"),
        (["low >=2"], "the embedded snapshot (2026-08-21) has no low >=2 (its newest is 1.0); conda-forge may have it"),
        (["low <1"], "the embedded snapshot (2026-08-21) has no low <1 (its newest is 1.0); conda-forge may have it"),
        (
            ["low >1", "low <3"],
            "the embedded snapshot (2026-08-21) has no low >1 and low <3 (its newest is 1.0); conda-forge may have it",
        ),
        (
            ["fast 1.*", "python 3.10.*"],
            "the embedded snapshot (2026-08-21) has no fast 1.* built for Python 3.10; conda-forge may have it",
        ),
        (
            ["low 1.0 *_9"],
            "the embedded snapshot (2026-08-21) has no low 1.0 *_9 (its newest is 1.0); conda-forge may have it",
        ),
        (
            ["app"],
            (
                "app: the embedded snapshot (2026-08-21) has no lost or low >=2 (its newest is 1.0); conda-forge may "
                "have them"
            ),
        ),
    ],
)
def test_what_the_embedded_snapshot_lacks_is_unknown(channel: Channel, specs: list[str], reason: str) -> None:
    cell = answer(channel, *specs)
    assert (cell.status, cell_words(cell.reason), cell.unblock) == ("unknown", reason, None)


def test_a_conflict_among_records_that_are_there_stays_a_no(channel: Channel) -> None:
    cell = answer(channel, "clash")
    assert cell.status == "not-installable"
    assert [cause.package for cause in cell.causes] == ["other"]
    assert "embedded" not in cell_words(cell.reason)


def test_pins_that_a_version_between_could_meet_are_unknown(channel: Channel) -> None:
    cell = answer(channel, "close")
    reason = (
        "close → below: the embedded snapshot (2026-08-21) has no other for both pins "
        "(below needs other <1, and close → above needs other >=0.6); conda-forge may have it"
    )
    assert (cell.status, cell_words(cell.reason)) == ("unknown", reason)


@pytest.mark.parametrize(
    ("specs", "reason"),
    [
        (["low >=2,<1"], "low: no version can meet low >=2,<1: its bounds exclude each other"),
        (["low >=2", "low <1"], "low: no version can meet low >=2 and low <1: these exclude each other"),
        (["low >=2,<1", "lost"], "low: no version can meet low >=2,<1: its bounds exclude each other"),
        (["late", "python 3.10.*"], "late: built only for Python ≥3.11"),
        (["pure 1.*", "python 3.10.*"], "pure: pure 1.* is made only for Python ≥3.11"),
    ],
)
def test_what_no_channel_can_have_is_a_no(channel: Channel, specs: list[str], reason: str) -> None:
    cell = answer(channel, *specs)
    assert (cell.status, cell_words(cell.reason)) == ("not-installable", reason)


def test_a_version_of_an_earlier_day_is_a_definite_no_and_a_name_is_not(channel: Channel) -> None:
    then = channel.as_of(datetime(2026, 8, 1, tzinfo=UTC))
    assert answer(then, "low >=2").status == "not-installable"
    assert answer(then, "lost").status == "unknown"


def test_a_whole_channel_knows_what_it_has(tmp_path: Path) -> None:
    whole = Channel.open([str(write_channel(tmp_path, {"linux-64": [pkg("low 1.0")]}))])
    assert [answer(whole, spec).status for spec in ("lost", "low >=2")] == ["not-installable"] * 2


def test_a_platform_that_the_embedded_snapshot_does_not_cover_is_unknown(channel: Channel) -> None:
    cell = answer(channel, "low", platform="win-64")
    reason = "the embedded snapshot (2026-08-21) has no packages for win-64; conda-forge may have some"
    assert (cell.status, cell_words(cell.reason)) == ("unknown", reason)


@pytest.fixture
def part(tmp_path: Path) -> Channel:
    """A snapshot in a folder, which knows what its targets need and the channel does not have."""
    folder = write_channel(
        tmp_path / "mine",
        {
            "noarch": [pkg("app 1.0", "never", noarch="generic"), pkg("pure 1.0", "low", noarch="generic")],
            "linux-64": [pkg("low 1.0"), pkg("clash 1.0", "low >=2", "lost")],
            "osx-64": [pkg("other 1.0")],
        },
    )
    about = {
        "as_of": "2026-08-21",
        "channels": ["https://conda.anaconda.org/conda-forge/"],
        "targets": ["app"],
        "platforms": ["linux-64", "osx-64"],
        "absent": {"linux-64": ["never"]},
    }
    (folder / "snapshot.json").write_text(json.dumps(about), encoding="utf-8")
    return Channel.open([str(folder)])


@pytest.mark.parametrize(
    ("spec", "platform", "reason"),
    [
        ("lost", "linux-64", "no lost; conda-forge may have it"),
        ("lowe", "linux-64", "no lowe; conda-forge may have it; did you mean low?"),
        ("app", "osx-64", "no never; conda-forge may have it"),
        ("pure", "osx-64", "no low for osx-64; conda-forge may have it"),
        ("pure", "win-64", "no packages for win-64; conda-forge may have some"),
    ],
)
def test_what_a_snapshot_in_a_folder_lacks_is_unknown(part: Channel, spec: str, platform: str, reason: str) -> None:
    cell = answer(part, spec, platform=platform)
    (source,) = part.sources
    way = {"app": "app: ", "pure": "pure: "}.get(spec, "") if platform == "osx-64" else ""
    expected = f"{way}the snapshot {source.label} (2026-08-21) has {reason}"
    assert (cell.status, cell_words(cell.reason), cell.unblock) == ("unknown", expected, None)


def test_channels_of_snapshots_are_called_by_name_or_folder() -> None:
    assert Gap(day=None, channel="https://conda.anaconda.org/conda-forge/").whole == "conda-forge"
    assert Gap(day=None, channel="file:///srv/channel/").whole == "/srv/channel"
    assert Gap(day=None, folder="mine").label == "the snapshot mine"


def test_what_the_targets_of_a_snapshot_need_is_known(part: Channel) -> None:
    """The channel had no such package on that day, or not in this version."""
    cell = answer(part, "app")
    assert (cell.status, cell_words(cell.reason)) == (
        "not-installable",
        "app → never: no channel has a package of this name",
    )
    cell = answer(part, "low >=2")
    assert (cell.status, cell_words(cell.reason)) == (
        "not-installable",
        "low: no build matches low >=2: the newest version is 1.0",
    )


def test_a_remedy_does_not_name_what_only_a_snapshot_lacks(part: Channel) -> None:
    cell = answer(part, "clash")
    assert (cell.status, [cause.package for cause in cell.causes]) == ("not-installable", ["low"])
    assert cell.unblock is not None
    assert unblock_text(cell.unblock) == "build low 2 for linux-64, if it is released"


def proved(channel: Channel, folder: Path, *run: str) -> Proof:
    """The proof of `mid 2.0`, which `top` installs."""
    (folder / "mid/recipe").mkdir(parents=True)
    lines = "".join(f"    - {line}\n" for line in run)
    (folder / "mid/recipe/recipe.yaml").write_text(
        "package: {name: mid, version: 2.0}\nbuild: {number: 0, noarch: generic}\nrequirements:\n  run:\n" + lines,
        encoding="utf-8",
    )
    platforms = ("linux-64",)
    recipe = FeedstockFolder("mid", folder / "mid").read()
    subject = Subject("mid", recipe, channel=channel, pinning=None, platforms=platforms)
    target = cells_of(make_target("top", ["top"], platforms=platforms))
    with ThreadPoolExecutor(1) as executor:
        before = check(channel, target, executor=executor, remedies=False)
    prover = Prover(channel, lambda: before, platforms=platforms, pinning=None, partial=True)
    return prover.proof([subject])


def test_a_bump_that_needs_what_only_the_embedded_snapshot_lacks_is_unknown(channel: Channel, tmp_path: Path) -> None:
    found = proved(channel, tmp_path, "low >=2")
    assert found.outcome == "unknown"
    assert proof_words(found.reason) == (
        "top on linux-64: whether mid 2.0 can be installed with top is unknown: "
        "it needs low >=2; the embedded snapshot (2026-08-21) has only 1.0; conda-forge may have it"
    )


def test_a_bump_that_excludes_what_the_embedded_snapshot_has_is_worse(channel: Channel, tmp_path: Path) -> None:
    assert proved(channel, tmp_path, "left", "right").outcome == "worse"

"""The next release of a distribution: what it would get, and since when and why it does not solve."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dirac_forge.channel.records import Record
from dirac_forge.channel.solver import Channel
from dirac_forge.check.since import Turn
from dirac_forge.distribution.locks import Lock, LockedPackage
from dirac_forge.distribution.outlook import DistributionOutlook, outlook_of
from dirac_forge.distribution.solving import Distribution
from dirac_forge.progress import Silent
from dirac_forge.report.outlook import outlook_json, outlook_lines
from support.channel import pkg, write_channel

START = 1_577_836_800_000  # 2020-01-01
DAY = 86_400_000
SINCE = datetime(2020, 1, 5, tzinfo=UTC)


def at(day: int) -> int:
    return START + day * DAY


LINUX = [
    pkg("grid 9.0", "lib >=1", timestamp=at(1)),
    pkg("grid 9.1", "lib >=1", timestamp=at(10)),
    pkg("lib 1.0", timestamp=at(1)),
    pkg("lib 1.1", timestamp=at(12)),
]
MAC = [
    pkg("grid 9.0", "lib >=1", timestamp=at(1)),
    pkg("lib 1.0", timestamp=at(1)),
    pkg("helper 1.0", timestamp=at(1)),
]


def outlook(
    folder: Path,
    mac: list[dict[str, Any]],
    *,
    released: Lock | None = None,
    specs: tuple[str, ...] = ("grid",),
    ends: str = "",
) -> DistributionOutlook:
    write_channel(folder, {"linux-64": LINUX, "osx-arm64": mac})
    if ends:
        (folder / "snapshot.json").write_text(json.dumps({"as_of": ends}), encoding="utf-8")
    channel = Channel.open([str(folder)])
    distribution = Distribution(name="OS", environments={"default": {"linux-64": ("grid",), "osx-arm64": specs}})
    with ThreadPoolExecutor(1) as executor:
        return outlook_of(lambda _: channel, distribution, released, since=SINCE, executor=executor, observer=Silent())


def test_changes_since_a_day_where_there_is_no_lock(tmp_path: Path) -> None:
    found = outlook(tmp_path, MAC)
    assert outlook_lines(found) == (
        "the next OS would get grid 9.0 → 9.1, and 1 change of dependencies, compared with 2020-01-05",
    )
    assert outlook_json(found)["changes"][0] == {
        "name": "grid",
        "kind": "up",
        "from": "9.0",
        "to": "9.1",
        "asked": True,
    }


def test_platform_that_does_not_solve_is_told_with_the_upload_that_did_it(tmp_path: Path) -> None:
    mac = [
        *MAC,
        pkg("app 1", "helper", timestamp=at(1)),
        pkg("helper 2.0", "gone", timestamp=at(20)),
    ]
    found = outlook(tmp_path, mac, specs=("app", "helper >=1", "helper !=1.0"))
    assert found.failed[0].turn is not None
    assert found.failed[0].turn.moment is None  # it did not solve on that day either
    assert outlook_lines(found)[1].startswith("OS can't be solved on osx-arm64, as on 2020-01-05: ")


def test_line_of_a_platform_has_day_upload_and_reason(tmp_path: Path) -> None:
    failed = outlook(tmp_path, MAC, specs=("grid >=9.1",)).failed[0]
    upload = Record(name="lib", version="2.0", build="h1_0", subdir="osx-arm64")
    turn = Turn(
        cell=failed.cell,
        since=SINCE,
        first=failed.cell,
        changes=2,
        earlier=replace(failed.cell, status="installable", reason=None),
        moment=datetime(2020, 1, 9, 12, 30, tzinfo=UTC),
        uploads=(upload,),
    )
    found = DistributionOutlook(name="OS", since=SINCE, failed=(replace(failed, turn=turn),))
    (line,) = outlook_lines(found)
    start = "OS can't be solved on osx-arm64 since 2020-01-09 12:30 UTC, when lib 2.0 (osx-arm64, h1_0) was uploaded: "
    assert line.startswith(f"{start}grid")
    assert outlook_json(found)["failed"] == [
        {
            "environment": "default",
            "platform": "osx-arm64",
            "status": "not-installable",
            "reason": line.removeprefix(start),
            "since": "2020-01-09T12:30:00+00:00",
            "uploads": ["lib 2.0 h1_0"],
        }
    ]


def test_channel_of_higher_priority_that_hides_a_package_is_told(tmp_path: Path) -> None:
    mac = [
        pkg("grid 9.0", "lib >=1", timestamp=at(1)),
        pkg("lib 1.0", timestamp=at(1)),
        pkg("tool 1", "lib", timestamp=at(1)),
    ]
    write_channel(tmp_path / "first", {"osx-arm64": [pkg("lib 0.5", timestamp=at(9))]})
    write_channel(tmp_path / "second", {"linux-64": LINUX, "osx-arm64": mac})
    channel = Channel.open([str(tmp_path / "first"), str(tmp_path / "second")])
    distribution = Distribution(name="OS", environments={"default": {"osx-arm64": ("grid",)}})
    with ThreadPoolExecutor(1) as executor:
        found = outlook_of(lambda _: channel, distribution, None, since=SINCE, executor=executor, observer=Silent())
    (line,) = outlook_lines(found)
    start = "OS can't be solved on osx-arm64 since 2020-01-10 00:00 UTC, when lib 0.5 (osx-arm64, 0) was uploaded: "
    assert line.startswith(f"{start}grid → lib")
    failed = outlook_json(found)["failed"][0]
    assert (failed["platform"], failed["since"]) == ("osx-arm64", "2020-01-10T00:00:00+00:00")


def test_lock_of_the_last_release_is_what_it_is_compared_with(tmp_path: Path) -> None:
    packages = (
        LockedPackage(name="grid", version="9.1", build="0"),
        LockedPackage(name="lib", version="1.1", build="0"),
    )
    released = Lock(name="pixi.lock", environments={"default": {"linux-64": packages}})
    assert outlook_lines(outlook(tmp_path, MAC, released=released)) == ("the next OS would be the same as pixi.lock",)


def test_problem_is_said_alone() -> None:
    found = DistributionOutlook(name="OS", since=SINCE, problem="construct.yaml: there is no such file")
    assert outlook_lines(found) == ("OS: unknown: construct.yaml: there is no such file",)


@pytest.mark.parametrize("count", [1, 9])
def test_many_changes_are_shortened(tmp_path: Path, count: int) -> None:
    packages = tuple(LockedPackage(name=f"p{at}", version="1", build="0") for at in range(count))
    released = Lock(name="pixi.lock", environments={"default": {"linux-64": packages}})
    (line,) = outlook_lines(outlook(tmp_path, MAC, released=released))
    assert line.startswith("the next OS would get grid 9.1 (new), and ")
    assert line.endswith(f"{count + 1} changes of dependencies, compared with pixi.lock")


def test_what_a_snapshot_does_not_reach_is_unknown(tmp_path: Path) -> None:
    """It ends before the day that is compared with, so that nothing can have changed in it since."""
    found = outlook(tmp_path / "old", MAC, specs=("helper >=2",), ends="2020-01-03")
    unknown, failed = outlook_lines(found)
    end = f"the snapshot {tmp_path / 'old'} ends on 2020-01-03"
    assert unknown == f"what changed for OS since 2020-01-05 is unknown; {end}, later uploads are not known"
    assert failed.startswith("OS can't be solved on osx-arm64: helper")
    document = outlook_json(found)
    assert (document["unknown"], document["ends"], document["changes"]) == (end, "2020-01-03", [])
    grid = LockedPackage(name="grid", version="9.0", build="0", asked=True)
    lock = Lock(name="pixi.lock", environments={"default": {"linux-64": (grid,)}})
    (line,) = outlook_lines(outlook(tmp_path / "lock", MAC, released=lock, ends="2020-01-03"))
    assert line.startswith(
        "the next OS would get grid 9.0 → 9.1, and 1 change of dependencies, compared with pixi.lock; "
    )
    assert line.endswith("ends on 2020-01-03, later uploads are not known")
    recent = outlook(tmp_path / "new", MAC, ends="2020-02-01")
    assert outlook_lines(recent)[0].endswith("ends on 2020-02-01, later uploads are not known")
    assert outlook_json(recent)["unknown"] is None

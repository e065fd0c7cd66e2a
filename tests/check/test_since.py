from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dirac_forge.channel.solver import Channel
from dirac_forge.check.cells import Cell, cells_of
from dirac_forge.check.matrix import solve_cell
from dirac_forge.check.since import Turn, turn_of
from dirac_forge.check.targets import make_target
from dirac_forge.report.since import turn_json, turns
from support.channel import pkg, write_channel


def day(number: int) -> datetime:
    return datetime(2026, 11, number, 12, tzinfo=UTC)


def uploaded(text: str, number: int, *depends: str, **more: Any) -> dict[str, Any]:
    return pkg(text, *depends, timestamp=int(day(number).timestamp() * 1000), **more)


def turn(folder: Path, since: datetime, *specs: str) -> Turn:
    channel = Channel.open([str(folder)])
    (question,) = cells_of(make_target("t", specs, platforms=["linux-64"], pythons=[]))
    found = turn_of(channel, solve_cell(channel, question), since)
    assert found is not None
    return found


@pytest.fixture
def channel(tmp_path: Path) -> Path:
    records = [
        uploaded("app 1.0", 1, "lib"),
        uploaded("app 2.0", 5, "lib >=2"),
        uploaded("lib 1.0", 2),
        uploaded("lib 2.0", 10),
        uploaded("noise 1.0", 11),
        uploaded("lib 2.1", 12),
    ]
    return write_channel(tmp_path / "c", {"linux-64": records})


def state(cell: Cell) -> tuple[str, str]:
    return cell.status, cell.version


def test_upload_that_brought_a_newer_version_of_the_target(channel: Path) -> None:
    found = turn(channel, day(3), "app")
    assert (found.moment, [str(one) for one in found.uploads]) == (day(10), ["lib 2.0 0"])
    assert (state(found.earlier), state(found.cell)) == (("installable", "1.0"), ("installable", "2.0"))

    assert (state(found.first), found.changes) == (("installable", "1.0"), 1)


def test_other_changes_since_that_day_are_told(tmp_path: Path) -> None:
    records = [uploaded(f"app {number}.0", number) for number in range(1, 10)]
    records += [uploaded("other 1.0", 1), uploaded("other 2.0", 8)]
    folder = write_channel(tmp_path, {"linux-64": records})
    found = turn(folder, day(3), "app")
    assert (found.moment, state(found.first), state(found.earlier)) == (
        day(9),
        ("installable", "3.0"),
        ("installable", "8.0"),
    )
    assert found.changes == 3
    (paragraph,) = turns([found])
    assert paragraph.head == "linux-64: ✓ 9.0 since 2026-11-09 12:00 UTC"
    assert paragraph.lines == (
        "by the upload of app 9.0 (linux-64, 0)",
        "before: ✓ 8.0",
        "on 2026-11-03 12:00 UTC: ✓ 3.0; it changed at least 3 times since",
    )
    document = turn_json(found)
    assert document["before"] == {"status": "installable", "version": "8.0"}
    assert document["on_that_day"] == {"status": "installable", "version": "3.0"}
    assert document["changes_at_least"] == 3
    # Of a target that names several packages, those are told that were others.
    (paragraph,) = turns([turn(folder, day(7), "app", "other")])
    assert paragraph.lines == (
        "by the upload of app 9.0 (linux-64, 0)",
        "before: app 8.0",
        "on 2026-11-07 12:00 UTC: app 7.0 and other 1.0; it changed at least 2 times since",
    )


def test_a_newer_patch_release_of_the_python_that_is_asked_about_changes_nothing(tmp_path: Path) -> None:
    records = [
        uploaded("python 3.12.1", 1),
        uploaded("app 1.0", 1, "python"),
        uploaded("app 2.0", 5, "python"),
        uploaded("python 3.12.2", 8),
    ]
    channel = Channel.open([str(write_channel(tmp_path, {"linux-64": records}))])
    target = make_target("t", ["app"], platforms=["linux-64"], pythons=["3.12"])
    (question,) = cells_of(target)
    found = turn_of(channel, solve_cell(channel, question), day(3))
    assert found is not None
    assert (found.moment, [str(one) for one in found.uploads]) == (day(5), ["app 2.0 0"])
    (paragraph,) = turns([found])
    assert paragraph.lines == ("by the upload of app 2.0 (linux-64, 0)", "before: ✓ 1.0")
    # A target that names Python itself is about that, too.
    (question,) = cells_of(make_target("t", ["app", "python 3.12.*"], platforms=["linux-64"]))
    found = turn_of(channel, solve_cell(channel, question), day(3))
    assert found is not None
    assert (found.moment, [str(one) for one in found.uploads]) == (day(8), ["python 3.12.2 0"])


def test_target_that_is_as_it_was(channel: Path) -> None:
    found = turn(channel, day(11), "app")
    assert (found.moment, found.uploads, state(found.earlier)) == (None, (), ("installable", "2.0"))
    assert found.newest is None


def test_day_after_the_newest_upload_of_a_folder(channel: Path) -> None:
    found = turn(channel, day(13), "app")
    assert (found.moment, found.newest) == (None, day(12))
    (paragraph,) = turns([found])
    assert (paragraph.head, paragraph.lines) == (
        "linux-64: ✓ 2.0, as on 2026-11-13 12:00 UTC",
        ("the newest upload of a package that it needs is from 2026-11-12; the channel has no later ones",),
    )
    assert turn_json(found)["newest_upload"] == "2026-11-12T12:00:00+00:00"


def test_upload_that_made_a_target_installable(channel: Path) -> None:
    found = turn(channel, day(3), "app >=2")
    assert (found.moment, state(found.earlier)) == (day(10), ("not-installable", ""))


def test_upload_to_a_channel_of_higher_priority_that_hid_a_package(tmp_path: Path, channel: Path) -> None:
    first = write_channel(tmp_path / "first", {"linux-64": [uploaded("own 1.0", 1), uploaded("lib 0.1", 20)]})
    opened = Channel.open([str(first), str(channel)])
    (question,) = cells_of(make_target("t", ["app >=2"], platforms=["linux-64"], pythons=[]))
    cell = solve_cell(opened, question)
    assert cell.status == "not-installable"
    found = turn_of(opened, cell, day(15))
    assert found is not None
    assert (found.moment, state(found.earlier)) == (day(20), ("installable", "2.0"))
    assert [str(record) for record in found.uploads] == ["lib 0.1 0"]


def test_several_builds_of_one_upload_are_told_together(tmp_path: Path) -> None:
    builds = [uploaded("lib 2.0", 10, build=f"py31{minor}_0") for minor in range(5)]
    records = [uploaded("app 1.0", 1, "lib >=2"), uploaded("lib 1.0", 2), *builds, uploaded("aux 1.0", 10)]
    folder = write_channel(tmp_path / "c", {"linux-64": [*records, uploaded("app 0.1", 1, "aux")]})
    (paragraph,) = turns([turn(folder, day(3), "app >=1")])
    assert paragraph.lines[0] == "by the upload of aux 1.0 (linux-64, 0) and lib 2.0 (linux-64, 5 builds)"

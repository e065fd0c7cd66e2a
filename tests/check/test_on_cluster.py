from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from dirac_forge.channel.opening import ChannelAddress
from dirac_forge.channel.solver import Channel
from dirac_forge.check import on_cluster
from dirac_forge.check.cells import Cell, cells_of
from dirac_forge.check.matrix import check
from dirac_forge.check.on_cluster import answer_groups, check_on_cluster
from dirac_forge.check.targets import make_target
from dirac_forge.cli import main
from dirac_forge.cluster import Cluster, Lost, connected
from dirac_forge.progress import Silent
from dirac_forge.report.proof_words import cell_words
from support.channel import pkg, pythons, write_channel
from support.clusters import workers


class Inline(Cluster):
    """Workers that are this process."""

    def __init__(self, *, lost: str = "") -> None:
        super().__init__(None)
        self.lost = lost
        self.platforms: list[str] = []

    def results(self, function, tasks):  # type: ignore[no-untyped-def]
        self.platforms += [each.cells[0].platform for each in tasks]
        return [Lost("gone") if each.cells[0].target == self.lost else function([each])[0] for each in tasks]


@pytest.fixture
def channel(tmp_path: Path) -> Path:
    records = {
        "noarch": [
            pkg("app 2.0", "python >=3.12", noarch="python"),
            pkg("app 1.0", "python", noarch="python"),
            pkg("bad 1.0", "ghost", noarch="generic"),
        ],
        "linux-64": [*pythons("3.11", "3.12"), pkg("lib 1.0", "__glibc >=99"), pkg("broken 1", "lib ==")],
        "osx-64": pythons("3.11"),
    }
    return write_channel(tmp_path / "channel", records)


def address(folder: Path, cache: Path) -> ChannelAddress:
    return ChannelAddress(channels=(str(folder),), machines=(), cache=str(cache), offline=True)


def cells() -> tuple[Cell, ...]:
    pythons, platforms = ("3.11", "3.12"), ("linux-64", "osx-64")
    targets = [make_target(name, [name], platforms=platforms, pythons=pythons) for name in ("app", "bad", "lib")]
    return tuple(cell for target in targets for cell in cells_of(target))


def here(folder: Path) -> tuple[Cell, ...]:
    with ThreadPoolExecutor(2) as executor:
        return check(Channel.open([str(folder)]), cells(), executor=executor)


def test_answers_are_those_of_this_process(channel: Path, tmp_path: Path) -> None:
    found = check_on_cluster(Inline(), address(channel, tmp_path), cells(), observer=Silent())
    assert found == here(channel)


def test_cells_of_a_platform_are_neighbours(channel: Path, tmp_path: Path) -> None:
    cluster = Inline()
    check_on_cluster(cluster, address(channel, tmp_path), cells(), observer=Silent())
    assert cluster.platforms == ["linux-64"] * 3 + ["osx-64"] * 3


def test_cells_that_are_lost_are_unknown(channel: Path, tmp_path: Path) -> None:
    found = check_on_cluster(Inline(lost="app"), address(channel, tmp_path), cells(), observer=Silent())
    mine = [cell for cell in found if cell.target == "app"]
    assert {(cell.status, cell_words(cell.reason)) for cell in mine} == {("unknown", "gone")}
    assert [cell for cell in found if cell not in mine] == [one for one in here(channel) if one.target != "app"]


def test_what_a_worker_warns_of_is_told_once(channel: Path, tmp_path: Path) -> None:
    asked = [replace(cell, target="broken", specs=("broken",)) for cell in cells()[:1]]
    observer = Silent()
    check_on_cluster(Inline(), address(channel, tmp_path), asked, observer=observer)
    (warning,) = observer.warnings
    assert "broken-1-0.conda is left out: the spec 'lib ==' can't be parsed" in warning


def test_channel_that_changed_is_read_again_in_the_next_run(channel: Path, tmp_path: Path) -> None:
    where = address(channel, tmp_path)
    before = check_on_cluster(Inline(), where, cells()[:1], observer=Silent())
    path = channel / "noarch" / "repodata.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    del data["packages.conda"]["app-1.0-0.conda"]
    path.unlink()
    path.write_text(json.dumps(data), encoding="utf-8")
    after = check_on_cluster(Inline(), where, cells()[:1], observer=Silent())
    assert [one.status for one in (*before, *after)] == ["installable", "not-installable"]


@pytest.fixture(scope="module")
def cluster_address() -> Iterator[str]:
    pytest.importorskip("distributed")
    with workers(2) as found:
        yield found


def test_two_workers_answer_as_one_process_does(channel: Path, tmp_path: Path, cluster_address: str) -> None:
    with connected(cluster_address) as cluster:
        found = check_on_cluster(cluster, address(channel, tmp_path), cells(), observer=Silent())
    assert found == here(channel)


def test_check_with_a_cluster(
    channel: Path,
    tmp_path: Path,
    cluster_address: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIRAC_FORGE_CACHE", str(tmp_path / "cache"))
    arguments = ["check", "app", "bad", "--channel", str(channel), "--platform", "linux-64", "--python", "3.12"]
    documents = []
    for more in ([], ["--cluster", cluster_address]):
        assert main([*arguments, "--json", *more]) == 1
        documents.append(capsys.readouterr().out)
    assert documents[0] == documents[1]


def test_groups_are_answered_in_their_order(channel: Path, tmp_path: Path) -> None:
    groups = [
        on_cluster.CellGroup(run="r", channels=address(channel, tmp_path), cells=(cell,), remedies=False)
        for cell in cells()[:4]
    ]
    assert [one.cells[0].python for one in answer_groups(groups)] == ["3.11", "3.12", "3.11", "3.12"]

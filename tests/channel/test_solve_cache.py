"""Answers of the solver that are remembered."""

from __future__ import annotations

from pathlib import Path

import pytest

from dirac_forge.channel.answering import Answering
from dirac_forge.channel.records import Record
from dirac_forge.channel.solver import Channel, NoSolution, Solution
from dirac_forge.progress import Silent
from dirac_forge.store import Store
from support.channel import pkg, write_channel


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_channel(tmp_path / "channel", {"linux-64": [pkg("app 1.0", "lib"), pkg("lib 1.0")]})


def opened(folder: Path, store: Path) -> Channel:
    return Channel.open([str(folder)], store=Store(store))


class Hears(Silent):
    """Notes warnings."""

    def __init__(self, heard: list[str]) -> None:
        self._heard = heard

    def warned(self, text: str) -> None:
        self._heard.append(text)


@pytest.fixture
def heard() -> list[str]:
    return []


def blobs(store: Path) -> list[Path]:
    return sorted(path for path in (store / "solved").rglob("*") if path.is_file())


def test_an_answer_is_the_same_the_second_time_and_nobody_solves(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "store"
    first = opened(folder, store)
    yes, no = first.solve(["app"], platform="linux-64"), first.solve(["app >=2"], platform="linux-64")
    assert isinstance(yes, Solution)
    assert isinstance(no, NoSolution)
    assert len(blobs(store)) == 2
    second = opened(folder, store)
    monkeypatch.setattr(Answering, "_solve", lambda *_: pytest.fail("it was solved again"))
    assert second.solve(["app"], platform="linux-64") == yes
    assert second.solve(["app >=2"], platform="linux-64") == no


def test_whatever_decides_is_part_of_the_question(folder: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    assert isinstance(opened(folder, store).solve(["app"], platform="linux-64"), Solution)
    newer = Record(name="app", version="2.0", build="0", subdir="linux-64", depends=("lib",))
    view = opened(folder, store).overlaid([newer])
    found = view.solve(["app"], platform="linux-64", required=[newer])
    assert isinstance(found, Solution)
    assert [str(one) for one in found.packages] == ["app 2.0 0", "lib 1.0 0"]
    machine = Channel.open([str(folder)], store=Store(store), machines={"linux-64": {"__glibc": "2.40"}})
    assert isinstance(machine.solve(["app", "__glibc >=2.39"], platform="linux-64"), Solution)
    assert isinstance(opened(folder, store).solve(["app", "__glibc >=2.39"], platform="linux-64"), NoSolution)
    write_channel(folder, {"linux-64": [pkg("app 3.0"), pkg("lib 1.0")]})
    found = opened(folder, store).solve(["app"], platform="linux-64")
    assert isinstance(found, Solution)
    assert [str(one) for one in found.packages] == ["app 3.0 0"]


def test_a_broken_blob_is_solved_anew(folder: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    found = opened(folder, store).solve(["app"], platform="linux-64")
    (blob,) = blobs(store)
    blob.write_bytes(b"not compressed")
    assert opened(folder, store).solve(["app"], platform="linux-64") == found


def test_a_malformed_record_is_told_in_every_run(tmp_path: Path, heard: list[str]) -> None:
    bad = pkg("lib 2.0") | {"build_number": "two"}
    folder = write_channel(tmp_path / "channel", {"linux-64": [pkg("app 1.0", "lib"), pkg("lib 1.0"), bad]})
    told = f"{folder}/linux-64/repodata.json: lib-2.0-0.conda is left out: build_number: expected an integer, not 'two'"
    for _ in range(2):
        channel = Channel.open([str(folder)], store=Store(tmp_path / "store"), observer=Hears(heard))
        assert isinstance(channel.solve(["app"], platform="linux-64"), Solution)
        assert heard == [told]
        heard.clear()


def test_an_answer_of_an_old_run_is_not_used_where_a_record_is_malformed_that_it_did_not_meet(
    tmp_path: Path, heard: list[str]
) -> None:
    bad = pkg("app 2.0") | {"depends": "lib"}
    folder = write_channel(tmp_path / "channel", {"linux-64": [pkg("app 1.0"), bad, pkg("lib 1.0")]})
    for spec in ("lib", "lib", "app", "lib"):
        channel = Channel.open([str(folder)], store=Store(tmp_path / "store"), observer=Hears(heard))
        assert isinstance(channel.solve([spec], platform="linux-64"), Solution)
    assert {text.partition(" is left out")[0].rpartition(" ")[2] for text in heard} == {"app-2.0-0.conda"}


def test_a_file_that_changes_during_a_run_is_no_answer_for_later(folder: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    channel = opened(folder, store)
    assert channel.index("linux-64").group("app").records
    write_channel(tmp_path / "new", {"linux-64": [pkg("app 3.0"), pkg("lib 1.0")]})
    (tmp_path / "new/linux-64/repodata.json").replace(folder / "linux-64/repodata.json")
    found = channel.solve(["app"], platform="linux-64")
    assert isinstance(found, Solution)
    assert [str(one) for one in found.packages] == ["app 1.0 0", "lib 1.0 0"]
    found = opened(folder, store).solve(["app"], platform="linux-64")
    assert isinstance(found, Solution)
    assert [str(one) for one in found.packages] == ["app 3.0 0"]


def test_records_to_prefer_are_told_apart_by_their_content(folder: Path, tmp_path: Path) -> None:
    """Repodata patches change the requirements of a file; a lock of an earlier day has the earlier ones."""
    channel = opened(folder, tmp_path / "store")
    app = channel.index("linux-64").newest("app")
    assert app is not None
    (raw,) = channel.raw("linux-64", [app])
    channel.preferring([raw]).solve(["app"], platform="linux-64")
    raw.depends = ["lib >=1"]
    channel.preferring([raw]).solve(["app"], platform="linux-64")
    assert len(blobs(tmp_path / "store")) == 2

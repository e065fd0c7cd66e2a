"""Answers of the solver that are remembered."""

from __future__ import annotations

from pathlib import Path

import pytest

from dirac_forge.channel.records import Record
from dirac_forge.channel.solver import Channel, NoSolution, Solution
from dirac_forge.store import Store
from support.channel import pkg, write_channel


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_channel(tmp_path / "channel", {"linux-64": [pkg("app 1.0", "lib"), pkg("lib 1.0")]})


def opened(folder: Path, store: Path) -> Channel:
    return Channel.open([str(folder)], store=Store(store))


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
    monkeypatch.setattr(second, "_solve", lambda *_: pytest.fail("it was solved again"))
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

"""Environments with packages exchanged: what is said to hold does, for the solver too."""

from __future__ import annotations

from pathlib import Path

import pytest

from dirac_forge.channel.records import Record
from dirac_forge.channel.solver import Channel, Solution
from dirac_forge.check.cells import Cell
from dirac_forge.check.exchange import at_its_newest, exchanged
from dirac_forge.check.matrix import solve_cell
from support.channel import pkg, pythons, write_channel

RECORDS = [
    *pythons("3.12"),
    pkg("app 1.0", "lib >=1,<3", "python"),
    pkg("lib 1.0", "__glibc >=2.17", "base"),
    pkg("base 1.0", constrains=["odd <2"]),
    pkg("base 2.0", constrains=["odd <2"]),
    pkg("extra 1.0", "base"),
    pkg("extra 2.0", "base >=2"),
]


@pytest.fixture
def channel(tmp_path: Path) -> Channel:
    records = [one for one in RECORDS if one["name"] != "base" or one["version"] == "1.0"]
    return Channel.open([str(write_channel(tmp_path, {"linux-64": records}))])


@pytest.fixture
def cell(channel: Channel) -> Cell:
    found = solve_cell(channel, Cell(target="app", platform="linux-64", python="", specs=("app",), wanted=True))
    assert found.status == "installable"
    return found


def record(text: str, *depends: str, constrains: tuple[str, ...] = ()) -> Record:
    name, version = text.split()
    return Record(name=name, version=version, build="new_0", subdir="linux-64", depends=depends, constrains=constrains)


@pytest.mark.parametrize(
    "fresh",
    [
        record("lib 2.0", "base"),
        record("lib 2.0", "base", "extra"),
        record("lib 2.0", "base", "python 3.12.*", "__glibc >=2.28"),
        record("base 1.5"),
    ],
)
def test_what_holds_can_be_installed(channel: Channel, cell: Cell, fresh: Record) -> None:
    view = channel.overlaid([fresh])
    found = exchanged(view, cell, [fresh])
    assert found is not None
    assert fresh in found
    assert {one.name for one in cell.packages} <= {one.name for one in found}
    answer = view.solve(cell.specs, platform="linux-64", required=[fresh])
    assert isinstance(answer, Solution)
    assert [str(one) for one in answer.packages] == [str(one) for one in found]


@pytest.mark.parametrize(
    "fresh",
    [
        record("lib 3.0", "base"),  # app does not take it
        record("lib 2.0", "nowhere"),
        record("lib 2.0", "base >=2"),  # there is no such base
        record("lib 2.0", "__glibc >=99"),
        record("lib 2.0", "__cuda"),
        record("lib 2.0", "python >=3.13"),
        record("lib 2.0", "base", constrains=("app >=2",)),
        record("lib 2.0", "odd >=2", "base"),
        record("lib 2.0", "elsewhere::base"),
        record("lib 2.0", "base", constrains=("odd >=<2",)),
    ],
)
def test_what_does_not_hold_is_left_to_the_solver(channel: Channel, cell: Cell, fresh: Record) -> None:
    odd = record("odd 2.0")
    view = channel.overlaid([fresh, odd])
    assert exchanged(view, cell, [fresh], [odd]) is None
    assert not isinstance(view.solve(cell.specs, platform="linux-64", required=[fresh]), Solution)


def test_what_a_fresh_package_needs_is_raised_too(channel: Channel, cell: Cell) -> None:
    fresh, base = record("lib 2.0", "base >=2", "extra >=2"), record("base 2.0")
    view = channel.overlaid([fresh, base])
    found = exchanged(view, cell, [fresh], [base])
    assert found is not None
    assert {"lib 2.0 new_0", "base 2.0 new_0", "extra 2.0 0"} <= set(map(str, found))


def test_nothing_newer_of_the_target(channel: Channel, cell: Cell) -> None:
    assert at_its_newest(channel, cell, cell.packages)
    assert not at_its_newest(channel.overlaid([record("app 2.0")]), cell, cell.packages)
    assert not at_its_newest(channel, cell, ())

"""The table of the real snapshot, where it is at hand: what solves, what does not, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import pytest

from dirac_forge.channel.solver import Channel
from dirac_forge.check.cells import Cell, cells_of
from dirac_forge.check.matrix import check
from dirac_forge.check.targets import make_target
from dirac_forge.report.proof_words import cell_words
from dirac_forge.report.remedy_words import unblock_text

SNAPSHOT = Path(__file__).parents[2] / "../shared/conda-forge/channel"
PLATFORMS = ("linux-64", "linux-aarch64", "osx-64", "osx-arm64")
PYTHONS = ("3.10", "3.12", "3.14")

pytestmark = pytest.mark.skipif(not SNAPSHOT.is_dir(), reason="the snapshot of conda-forge is not here")


@pytest.fixture(scope="module")
def channel() -> Channel:
    return Channel.open([str(SNAPSHOT)])


@pytest.fixture(scope="module")
def executor() -> Iterator[Executor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


def test_dirac_grid_by_platform_and_python(channel: Channel, executor: Executor) -> None:
    target = make_target("dirac-grid", ["dirac-grid"])
    cells = check(channel, cells_of(target, platforms=PLATFORMS, pythons=PYTHONS), executor=executor)
    expected = {
        (platform, python): "8.0.77" if python == "3.10" else "9.1.9" for platform in PLATFORMS for python in PYTHONS
    }
    expected["linux-aarch64", "3.14"] = ""
    assert {(cell.platform, cell.python): cell.version for cell in cells} == expected
    assert all(219 <= len(cell.packages) <= 306 for cell in cells if cell.version)
    (no,) = [cell for cell in cells if cell.status != "installable"]
    assert cell_words(no.reason) == (
        "dirac-grid → cwltool → galaxy-util → ct3: no build for linux-aarch64"
        " (there is one for linux-64, osx-64, osx-arm64 and win-64);"
        " or, older: dirac-grid → cwltool → galaxy-util → cheetah3: built only for Python 3.10 to 3.13"
    )
    assert no.unblock is not None
    assert unblock_text(no.unblock) == "build ct3 for linux-aarch64"
    assert no.unexpected


def test_windows_names_every_cause(channel: Channel, executor: Executor) -> None:
    target = make_target("dirac-grid", ["dirac-grid"], platforms=PLATFORMS)
    cells = check(channel, cells_of(target, platforms=["win-64"], pythons=PYTHONS), executor=executor, remedies=False)
    assert [cell.status for cell in cells] == ["not-installable"] * len(PYTHONS)
    assert not any(cell.unexpected for cell in cells)
    for cell in cells:
        missing = {cause.package for cause in cell.causes if cause.kind == "no-build"}
        # dirac-grid 8, the last for Python 3.10, does not need xattr.
        assert missing == {"cwltool", "m2crypto", "python-gfal2", "voms"} | (
            set() if cell.python == "3.10" else {"xattr"}
        )


def joint(
    channel: Channel, executor: Executor, spec: str, platforms: Sequence[str], *pythons: str
) -> dict[tuple[str, str], Cell]:
    target = make_target("joint", ["dirac-grid", spec])
    asked = cells_of(target, platforms=platforms, pythons=pythons)
    return {(cell.platform, cell.python): cell for cell in check(channel, asked, executor=executor, remedies=False)}


def fails(cells: dict[tuple[str, str], Cell]) -> set[tuple[str, str]]:
    return {where for where, cell in cells.items() if cell.status == "not-installable"}


def test_libffi_37_fails_on_osx_64_only(channel: Channel, executor: Executor) -> None:
    cells = joint(channel, executor, "libffi 3.7.*", PLATFORMS, "3.12")
    assert fails(cells) == {("osx-64", "3.12")}
    assert "libglib needs libffi" in cell_words(cells["osx-64", "3.12"].reason)


def test_icu_75_fails_but_for_one(channel: Channel, executor: Executor) -> None:
    cells = joint(channel, executor, "icu 75.*", ("linux-64", "osx-arm64"), "3.12", "3.13")
    assert fails(cells) == cells.keys() - {("osx-arm64", "3.13")}
    assert "libboost needs icu >=78.1,<79.0a0, but icu 75.* is requested" in cell_words(
        cells["linux-64", "3.12"].reason
    )


def test_krb5_121_fails_everywhere(channel: Channel, executor: Executor) -> None:
    cells = joint(channel, executor, "krb5 1.21.*", PLATFORMS, "3.12")
    assert fails(cells) == cells.keys()
    words = cell_words(cells["linux-64", "3.12"].reason)
    assert "dcap needs krb5 >=1.22.2,<1.23.0a0" in words
    assert words.endswith(", but krb5 1.21.* is requested")


def test_numpy_1_and_an_older_dirac_grid_solve(channel: Channel, executor: Executor) -> None:
    assert not fails(joint(channel, executor, "dirac-grid 9.0.*", PLATFORMS[:1], "3.12"))
    cells = joint(channel, executor, "numpy 1.*", ("linux-64", "osx-arm64"), "3.12", "3.13")
    # NumPy 1 was never built for Python 3.13.
    assert fails(cells) == {("linux-64", "3.13"), ("osx-arm64", "3.13")}
    told = "numpy: numpy 1.* is built only for Python "
    assert all(cell_words(cells[where].reason).startswith(told) for where in fails(cells))

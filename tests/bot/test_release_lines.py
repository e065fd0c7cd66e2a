"""Reading what feedstocks have now, where their host is out of order."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from dirac_forge.bot.release_lines import ReleaseLine, look
from dirac_forge.errors import UnknownError
from dirac_forge.progress import Silent
from dirac_forge.pullrequest.clones import Clones, Tip
from dirac_forge.pullrequest.forge import BranchHead
from dirac_forge.settings import Settings

LINES = [ReleaseLine(name=name) for name in "abcdefgh"]


class Failing(Clones):
    """Clones of a host that fails for these feedstocks; what it has are empty repositories."""

    def __init__(self, folder: Path, bad: str) -> None:
        super().__init__(folder)
        self.bad = bad
        self.asked: list[str] = []

    def refresh(
        self, full_name: str, url: str, branch: str, *, default: str = "", known: BranchHead | None = None
    ) -> Tip:
        name = full_name.rpartition("/")[2].removesuffix("-feedstock")
        self.asked.append(name)
        if name in self.bad:
            raise UnknownError(f"{name} timed out")
        return Tip(folder=Path(name), full_name=full_name, url=url, branch=branch or "main", commit="0" * 40)

    def read(self, tip: Tip, *, under: Sequence[str] = ()) -> dict[str, str]:
        return {}


def looked(tmp_path: Path, clones: Failing, *, trouble: str | None = None) -> list[tuple[str, str, str]]:
    settings = replace(
        Settings(workspace=tmp_path, cache=tmp_path), feedstock_url="https://example.org/o/{name}-feedstock"
    )
    with ThreadPoolExecutor(1) as executor:
        found = look(
            LINES,
            settings=settings,
            clones=clones,
            executor=executor,
            observer=Silent(),
            problem=lambda _: trouble,
        )
    return [(one.line.name, one.state, one.text) for one in found]


def test_a_dead_host_is_not_asked_at_all(tmp_path: Path) -> None:
    clones = Failing(tmp_path, "")
    why = "example.org can't be reached: no route"
    assert looked(tmp_path, clones, trouble="no route") == [(line.name, "unknown", why) for line in LINES]
    assert clones.asked == []


def test_one_that_fails_does_not_stop_the_others(tmp_path: Path) -> None:
    clones = Failing(tmp_path, "abcdf")
    found = looked(tmp_path, clones)
    assert [name for name, state, _ in found if state == "unknown"] == ["a", "b", "c", "d", "f"]
    assert clones.asked == list("abcdefgh")


def test_many_in_a_row_are_the_host(tmp_path: Path) -> None:
    clones = Failing(tmp_path, "abcdefgh")
    found = looked(tmp_path, clones)
    assert found[4] == ("e", "unknown", "e timed out")
    assert found[5] == ("f", "unknown", "not asked, because the 5 before it failed: a timed out")
    assert clones.asked == list("abcde")

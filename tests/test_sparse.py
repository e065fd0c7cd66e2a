"""A file of which only some parts are known."""

from __future__ import annotations

import io

import pytest

from dirac_forge.sparse import SparseFile

WHOLE = bytes(range(100))


class Parts(SparseFile):
    """Fetches ten bytes at a time, and keeps a list of where."""

    def __init__(self) -> None:
        super().__init__(80, WHOLE[80:], total=len(WHOLE))
        self.fetched: list[int] = []

    def _fetch(self, end: int) -> None:
        self.fetched.append(self._position)
        self._parts.append((self._position, WHOLE[self._position : self._position + 10]))


def test_known_parts_are_not_fetched() -> None:
    file = Parts()
    assert file.seek(-20, io.SEEK_END) == 80
    assert file.read(50) == WHOLE[80:]
    assert (file.tell(), file.fetched) == (100, [])


def test_a_read_over_several_parts_is_put_together() -> None:
    file = Parts()
    file.seek(65)
    assert file.read(20) == WHOLE[65:85]
    assert file.fetched == [65, 75]
    file.seek(-5, io.SEEK_CUR)
    assert file.read(10) == WHOLE[80:90]
    assert file.fetched == [65, 75]


def test_a_position_before_the_start_is_refused() -> None:
    with pytest.raises(OSError, match=r"^it points before its own start$"):
        Parts().seek(-101, io.SEEK_END)

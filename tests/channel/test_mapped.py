"""Memory of mapped files, given back."""

from __future__ import annotations

import ctypes
import mmap
import os
import re
import sys
import time
from pathlib import Path

import pytest

from dirac_forge.channel import mapped
from dirac_forge.channel.mapped import release_pages

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells what is in memory")


def in_memory(path: Path) -> int:
    """Return the kB of a file that are in this process's memory."""
    text = Path("/proc/self/smaps").read_text(encoding="utf-8")
    return sum(map(int, re.findall(rf"{re.escape(str(path))}\n(?:.*\n)*?Rss: +(\d+) kB", text)))


@pytest.mark.parametrize("name", ["repodata.json", "with a space.json"])
def test_what_was_read_is_given_back_and_reads_the_same(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(bytes(range(256)) * 4096)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        before = sum(mapped[at] for at in range(0, len(mapped), 4096))
        assert in_memory(path) >= 1000
        os.fsync(file.fileno())  # what is not on disk yet stays
        for _ in range(20):  # the advice is one that a busy system may pass over
            release_pages(path)
            if not in_memory(path):
                break
            time.sleep(0.05)
        assert in_memory(path) == 0
        assert sum(mapped[at] for at in range(0, len(mapped), 4096)) == before
        assert mapped[1000] == 1000 % 256


def test_what_may_be_written_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "written"
    path.write_bytes(bytes(1 << 20))
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY) as mapped:
        mapped[0] = 7
        release_pages(path)
        assert mapped[0] == 7


def test_memory_that_is_something_else_by_now_keeps_its_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with mmap.mmap(-1, 1 << 16, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as other:
        other[:] = b"x" * len(other)
        place = ctypes.addressof(ctypes.c_char.from_buffer(other))
        monkeypatch.setattr(mapped, "_read_only", lambda _: iter([(place, len(other))]))
        release_pages(tmp_path)
        assert other[:] == b"x" * len(other)


def test_file_that_is_not_mapped_or_not_there(tmp_path: Path) -> None:
    release_pages(tmp_path)
    release_pages(tmp_path / "nothing")

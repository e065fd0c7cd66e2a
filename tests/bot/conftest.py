"""A bot with a local GitHub, made for each test."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.bots import Bots, bots


@pytest.fixture
def bot(tmp_path: Path) -> Iterator[Bots]:
    if sys.platform == "win32" or shutil.which("git") is None:
        pytest.skip("the local GitHub needs git and a POSIX system")
    with bots(tmp_path) as made:
        yield made

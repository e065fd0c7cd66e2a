"""A bot with a local GitHub, made for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.bots import Bots, bots


@pytest.fixture
def bot(tmp_path: Path) -> Iterator[Bots]:
    with bots(tmp_path) as made:
        yield made

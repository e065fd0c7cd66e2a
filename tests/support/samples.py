"""Samples of what is too much for every run: the same one each time, and the whole with DIRAC_FORGE_TESTS=whole."""

from __future__ import annotations

import os
import random
from collections.abc import Iterable
from pathlib import Path

__all__ = ["WHOLE", "sampled"]

WHOLE = os.environ.get("DIRAC_FORGE_TESTS") == "whole"


def sampled(paths: Iterable[Path], size: int) -> list[Path]:
    """Return so many of the paths, chosen by a fixed seed."""
    found = sorted(paths)
    return found if WHOLE or len(found) <= size else random.Random(20260101).sample(found, size)

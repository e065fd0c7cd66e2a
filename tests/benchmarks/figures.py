"""Figures of benchmarks: printed for people, and kept as JSON for `all.py` where it asks for that."""

from __future__ import annotations

import json
import os
from pathlib import Path

__all__ = ["FILE", "figure"]

FILE = "BENCHMARK_FIGURES"
"""The variable with the file that gets a line of JSON for each figure; the program refuses others of its own prefix."""


def figure(name: str, value: float, most: float, *, unit: str = "times") -> None:
    """Print one figure with its limit, and note it."""
    print(f"{name}: {value:.2f} {unit} (at most {most:g})")
    path = os.environ.get(FILE)
    if path:
        with Path(path).open("a", encoding="utf-8") as stream:
            stream.write(json.dumps({"name": name, "value": round(value, 3), "limit": most, "unit": unit}) + "\n")

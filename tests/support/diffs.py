"""What differs between two texts, for tests."""

from __future__ import annotations

import difflib


def changed_lines(before: str, after: str) -> list[str]:
    """The lines that differ, as `+ line` and `- line`."""
    return [
        f"{line[0]} {line[1:].strip()}"
        for line in difflib.unified_diff(before.split("\n"), after.split("\n"), n=0, lineterm="")
        if line[0] in "+-" and not line.startswith(("+++", "---"))
    ]

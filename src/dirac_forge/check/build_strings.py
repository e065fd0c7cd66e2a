"""Build strings of packages that are built on paper, with the hash that only a build knows."""

from __future__ import annotations

import re

_USABLE = re.compile(r"[A-Za-z0-9_.+]{1,64}")
_GAP = re.compile(r"__|(?<![A-Za-z])h_(?=\d|$)")
"""Where a build string of a recipe lacks the hash, or hash and number: `h{{ PKG_HASH }}_0` is `h_0`."""


def is_whole(written: str) -> bool:
    """Return whether a recipe writes the build string without anything that only a build knows."""
    return _USABLE.fullmatch(written) is not None and _GAP.search(written) is None


def build_string(written: str, tag: str, digest: str, number: int) -> str:
    """Return the build string that a recipe writes, "" for none, with a digest in its gap; else `TAG DIGEST_NUMBER`."""
    gap = _GAP.search(written)
    end = f"{digest}_{number}"
    if gap is None or _USABLE.fullmatch(written) is None:
        return f"{tag}{end}"
    before, rest = written[: gap.start()], written[gap.end() :]
    if gap[0] == "__":
        return f"{before}{end}_{rest}"
    return f"{before}h{digest}_{rest}" if rest else f"{before}h{end}"

"""Versions that were passed over, in as few sentences as they need."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from dirac_forge.upstream.choice import Rejected

__all__ = ["rejections"]


def rejections(rejected: Sequence[Rejected]) -> tuple[str, ...]:
    """A sentence for each version, `2.0rc1: a pre-release`; neighbours with the same reason share one."""
    said = []
    for reason, group in groupby(rejected, key=lambda item: item.reason):
        versions = [str(item.version) for item in group]
        if len(versions) <= 2:
            said.append(f"{' and '.join(versions)}: {reason}")
        else:
            said.append(f"{versions[0]} to {versions[-1]} ({len(versions)} versions): {reason}")
    return tuple(said)

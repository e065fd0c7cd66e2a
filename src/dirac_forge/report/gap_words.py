"""What snapshots of a part of a channel lack, in words."""

from __future__ import annotations

from collections.abc import Sequence

from dirac_forge.channel.gap import Gap


def gap_words(gap: Gap, lacks: str, thing: str = "it") -> str:
    """Return that a snapshot has `lacks` (`no lib`), and that its channel may have it, or another `thing` (`one`, "
    "`them`).
    """
    return f"{gap.label} has {lacks}; {gap.whole} may have {thing}"


def it_or_them(things: Sequence[object]) -> str:
    """Return the pronoun of `things`."""
    return "it" if len(things) == 1 else "them"

"""What snapshots of a part of a channel lack, in words."""

from __future__ import annotations

from dirac_forge.channel.gap import Gap


def gap_words(gap: Gap, lacks: str, may: str = "") -> str:
    """Return that a snapshot has `lacks` (`no lib`), and that its channel may (`may`: what it may)."""
    return f"{gap.label} has {lacks}; {gap.whole} may{f' {may}' if may else ''}"

"""How old a release has to be before it is proposed: `cooldown` of the bot's settings."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import field
from datetime import datetime, timedelta

from dirac_forge.bump.objections import TooYoung
from dirac_forge.values import dataclass

ReleaseKey = tuple[str, str, str]
"""Feedstock, branch and version."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cooldown:
    """How old releases have to be, and what is known of those without a date."""

    span: timedelta
    now: datetime
    seen: Mapping[ReleaseKey, datetime] = field(default_factory=dict)
    """When they were seen first."""
    exempt: Collection[ReleaseKey] = ()
    """Those that are proposed already, or that people ask for: their age does not matter."""

    def objection(self, key: ReleaseKey, released: datetime | None) -> TooYoung | None:
        """Return why a release waits; None if it is old enough. Without a date, it counts from when it was seen."""
        since = released or self.seen.get(key, self.now)
        if not self.span or key in self.exempt or self.now >= since + self.span:
            return None
        return TooYoung(since=since, released=released is not None, cooldown=self.span)

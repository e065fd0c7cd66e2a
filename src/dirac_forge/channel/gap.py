"""The value: what a snapshot of a part of a channel lacks."""

from __future__ import annotations

from datetime import date

from dirac_forge.errors import redact
from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Gap:
    """A snapshot of a part of a channel lacks something: the channel may have it."""

    day: date | None
    """The day of the snapshot, if it says one."""
    folder: str = ""
    """Where it is, or "" for the embedded one."""
    channel: str = ""
    """The URL of the channel that it is a part of, or "" if it does not say one."""

    @property
    def label(self) -> str:
        """What messages call the snapshot: with its day."""
        day = f" ({self.day})" if self.day is not None else ""
        return f"the {f'snapshot {self.folder}' if self.folder else 'embedded snapshot'}{day}"

    @property
    def whole(self) -> str:
        """What messages call the channel that it is a part of; without credentials."""
        channel = redact(self.channel).removeprefix("https://conda.anaconda.org/").removeprefix("file://").rstrip("/")
        return channel or "the channel that it is a part of"

"""Days that options name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from dirac_forge.errors import InputError

_AHEAD = timedelta(hours=14)
"""The largest offset of local time from UTC: it is tomorrow somewhere already."""


def require_past(moment: datetime, said: str) -> None:
    """Raise InputError if a moment is in the future, wherever the user is; `said` is the option and its value."""
    if moment > datetime.now(UTC) + _AHEAD:
        raise InputError(f"{said} is in the future: what will be uploaded by then is not known")

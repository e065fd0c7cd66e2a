"""The bot's own reasons in words, for summaries, comments and `bot why`."""

from __future__ import annotations

from dirac_forge.bot.proposed import Unneeded
from dirac_forge.report.foreign import escaped

__all__ = ["closing_words", "unneeded_words"]


def unneeded_words(unneeded: Unneeded) -> str:
    """Return why an open request is not needed any more, as a clause."""
    version = unneeded.version
    match unneeded.why:
        case "built":
            return "the channel has it rebuilt already"
        case "reached":
            return f"the feedstock is at {version} already"
        case "excluded":
            return f"conda-forge.yml excludes {version}"
        case "withdrawn" if unneeded.objection:
            return f"{version} can't be taken any more: {unneeded.objection}"
        case "withdrawn":
            return f"upstream does not offer {version} any more"


def closing_words(unneeded: Unneeded, *, marked: bool = False) -> str:
    """Return the comment with which a request that is not needed any more is closed, or stays open and is `marked`."""
    # Upstream's own words may mention people.
    reason = escaped(unneeded_words(unneeded))
    if marked:
        return f"{reason[:1].upper()}{reason[1:]}. This request stays open, and is not merged automatically."
    if unneeded.why == "withdrawn":
        return f"{reason[:1].upper()}{reason[1:]}. If it comes back, a new request is opened."
    return f"Closed because {reason}."

"""Why specs can't be installed together, in words, for those that only want to say it."""

from __future__ import annotations

from dirac_forge.channel.solver import Channel
from dirac_forge.check.cells import Cell
from dirac_forge.check.matrix import explain_cell

__all__ = ["why_not"]


def why_not(channel: Channel, specs: tuple[str, ...], platform: str, text: str) -> str:
    """Return why specs can't be installed together; `text` is what the solver says."""
    cell = Cell(
        target="", platform=platform, python="", specs=specs, wanted=True, status="not-installable", reason=text
    )
    return explain_cell(channel, cell, remedies=False, older=False).reason

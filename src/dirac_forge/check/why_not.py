"""Why specs can't be installed together, in words, for those that only want to say it."""

from __future__ import annotations

from dirac_forge.channel.solver import Channel
from dirac_forge.check.cells import Cell
from dirac_forge.check.matrix import explain_cell

__all__ = ["why_not"]


def why_not(channel: Channel, specs: tuple[str, ...], platform: str, text: str = "") -> str:  # noqa: ARG001
    """Return why specs can't be installed together; the solver's own `text` is not shown to users."""
    cell = Cell(target="", platform=platform, python="", specs=specs, wanted=True, status="not-installable")
    return explain_cell(channel, cell, remedies=False, older=False).reason

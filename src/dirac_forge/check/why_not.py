"""Why specs can't be installed together, for those that only report it."""

from __future__ import annotations

from dirac_forge.channel.solver import Channel
from dirac_forge.check.answer_reasons import CellReason
from dirac_forge.check.cells import Cell
from dirac_forge.check.matrix import explain_cell


def why_not(channel: Channel, specs: tuple[str, ...], platform: str) -> tuple[CellReason | None, bool]:
    """Return why specs can't be installed together, and whether it is only unknown that they can."""
    cell = Cell(target="", platform=platform, python="", specs=specs, wanted=True, status="not-installable")
    found = explain_cell(channel, cell, remedies=False, older=False)
    return found.reason, found.status == "unknown"

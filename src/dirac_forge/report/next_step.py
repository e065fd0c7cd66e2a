"""The last line of a command's answer: what to do next."""

from __future__ import annotations

from dirac_forge.report.document import Code, Paragraph, Section

__all__ = ["next_step"]


def next_step(command: str, does: str) -> Section:
    """Return the line `Next: COMMAND DOES.`, for the end of an answer."""
    return Section(title="", blocks=(Paragraph(("Next: ", Code(command), f" {does}.")),))

"""What a delivery adds to a body: what became of lint and rerender."""

from __future__ import annotations

from collections.abc import Sequence

from dirac_forge.pullrequest.smithy import Rerendered
from dirac_forge.report.foreign import code, escaped

RERENDER = "@conda-forge-admin, please rerender"
"""What conda-forge's service listens to, in a comment: https://conda-forge.org/docs/maintainer/infrastructure/"""
_MOST = 20


def notes(*, rerendered: Rerendered | None, lints: Sequence[str], unlinted: str) -> str:
    """Return the lines for the end of a body, after a blank one, or "" if there is nothing to say."""
    lines = []
    if rerendered is not None and rerendered.state == "done":
        lines.append(f"{escaped(rerendered.text)}.")
    elif rerendered is not None:
        why = f" ({code(rerendered.text)})" if rerendered.text else ""
        lines.append(f"conda-forge's service will rerender it{why}.")
    if lints:
        lines += ["conda-smithy's linter says:", "", *(f"- {code(lint)}" for lint in lints[:_MOST]), ""]
    if unlinted:
        lines.append(f"It was not linted: {code(unlinted)}.")
    return "\n" + "\n".join(lines) + "\n" if lines else ""

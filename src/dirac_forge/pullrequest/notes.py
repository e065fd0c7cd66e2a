"""What a delivery adds to a body: what became of lint and rerender, and how the request can be merged."""

from __future__ import annotations

from collections.abc import Sequence

from dirac_forge.pullrequest.smithy import Rerendered
from dirac_forge.report.foreign import code

__all__ = ["RERENDER", "notes"]

RERENDER = "@conda-forge-admin, please rerender"
"""What conda-forge's service listens to, in a comment: https://conda-forge.org/docs/maintainer/infrastructure/"""
_MOST = 20


def notes(body: str, *, rerendered: Rerendered | None, lints: Sequence[str], unlinted: str, automerge: bool) -> str:
    """Lines for the end of `body`, with a blank one before; "" where there is nothing to say."""
    lines = []
    if rerendered is not None and rerendered.state == "done":
        lines.append(f"{rerendered.text}.")
    elif rerendered is not None:
        why = f" ({code(rerendered.text)})" if rerendered.text else ""
        lines.append(f"conda-forge's service is asked to rerender it{why}.")
    if lints:
        lines += ["conda-smithy's linter says:", "", *(f"- {code(lint)}" for lint in lints[:_MOST]), ""]
    if unlinted:
        lines.append(f"It was not linted: {code(unlinted)}.")
    if automerge:
        lines.append("It gets the label `automerge`: it is merged once all checks are green.")
    elif "automerge" not in body:
        lines.append("A maintainer can put the label `automerge` on it: it is merged then once all checks are green.")
    return "\n" + "\n".join(lines) + "\n" if lines else ""

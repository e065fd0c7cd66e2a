"""The targets as they are, for runs that propose nothing and so prove nothing."""

from __future__ import annotations

from concurrent.futures import Executor

from dirac_forge.check.cells import Cell
from dirac_forge.errors import UnknownError
from dirac_forge.proposals.context import ProposalContext
from dirac_forge.proposals.proofs import Proofs


def target_state(context: ProposalContext, executor: Executor) -> tuple[Cell, ...]:
    """Return each cell of the targets as the channel has it; () if no channel can be read, with a warning."""
    proofs = Proofs(context, (), executor)
    try:
        proofs.open()
        cells = proofs.prover.before
    except UnknownError:
        return ()
    return cells

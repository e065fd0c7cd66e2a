"""What repodata patches change, and what that does to targets."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from dirac_forge.report.document import Block, Items, Paragraph, Section
from dirac_forge.report.numbers import counted
from dirac_forge.report.proof_words import cell_words

if TYPE_CHECKING:
    from dirac_forge.proposals.patches import PatchProof


def patch_sections(proof: PatchProof) -> tuple[Section, ...]:
    """Return what the patches change, and what that does to the targets."""
    names = Counter((record.name, record.version) for record in proof.changed)
    lines = tuple(f"{name} {version}: {counted(count, 'build')}" for (name, version), count in names.items())
    blocks: list[Block] = [Items(lines)] if lines else []
    if proof.after:
        installable = sum(cell.status == "installable" for cell in proof.after)
        before = sum(cell.status == "installable" for cell in proof.before)
        blocks.append(
            Paragraph(
                f"Targets: installable with the patches in {installable} of {counted(len(proof.after), 'cell')}, "
                f"without them in {before}."
            )
        )
    worse = tuple(
        f"{cell.target} on {cell.platform} with Python {cell.python}: {cell_words(cell.reason)}" for cell in proof.worse
    )
    return Section.of("Repodata patches", [*blocks, Items(worse) if worse else None])

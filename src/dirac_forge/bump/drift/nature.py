"""Compiled code that came or went between two releases, against a recipe's `noarch`."""

from __future__ import annotations

from dirac_forge.bump.drift.carried import CompiledNow
from dirac_forge.bump.drift.draft import DriftDraft
from dirac_forge.bump.drift.lines import OutputLines
from dirac_forge.recipe.making.compiled import Nature

__all__ = ["nature_drift"]


def nature_drift(draft: DriftDraft, output: OutputLines, before: Nature, after: Nature) -> None:
    """Block a `noarch: python` recipe whose upstream compiles now, and tell where one could become noarch.

    Compilers, skips and the pins of a compiled package are no edit of a line; a person makes the recipe anew.
    """
    name = output.output.name
    if output.output.noarch == "python" and before.noarch and not after.noarch:
        draft.blockers.append(CompiledNow(output=name, evidence=after.reason, languages=tuple(after.languages)))
    elif output.output.noarch is None and not before.noarch and after.noarch:
        draft.note("warning", f"{name} may become `noarch: python`: {after.reason}")

"""Compiled code that came or went between two releases, against a recipe's `noarch`."""

from __future__ import annotations

from dirac_forge.bump.drift.carried import CompiledNow
from dirac_forge.bump.drift.draft import DriftDraft
from dirac_forge.bump.drift.lines import OutputLines
from dirac_forge.recipe.making.compiled import Nature, always_compiles
from dirac_forge.upstream.files.facts import ReleaseFacts


def nature_drift(
    draft: DriftDraft, output: OutputLines, old: ReleaseFacts, new: ReleaseFacts, natures: tuple[Nature, Nature]
) -> None:
    """Block a `noarch: python` recipe whose upstream compiles now, and tell where one could become noarch.

    A recipe may be noarch although upstream compiled before: its build did without. Where the new build can't, the
    recipe is blocked all the same. Compilers, skips and the pins of a compiled package are no edit of a line; a person
    makes the recipe anew.
    """
    name = output.output.name
    before, after = natures
    if after.noarch:
        if output.output.noarch is None and not before.noarch:
            draft.note("warning", "may-become-noarch", name, reason=after.reason.text)
        return
    if output.output.noarch != "python":
        return
    gained = sorted(set(after.languages) - set(before.languages))
    compiles = always_compiles(new) and not always_compiles(old)
    if before.noarch or compiles or "rust" in gained:
        draft.blockers.append(CompiledNow(output=name, evidence=after.reason, languages=tuple(after.languages)))
    elif gained:
        draft.note("todo", "sources-new", name, languages=gained)

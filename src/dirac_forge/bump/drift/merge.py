"""Drift: what upstream changed between two releases, merged into the recipe as a careful maintainer would.

A three-way merge: upstream at the old version, upstream at the new one, and the recipe. Only upstream's difference is
acted upon; what the recipe says differently on purpose stays, and where it lags behind already is only reported.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from dirac_forge.bump.drift.about import about_drift
from dirac_forge.bump.drift.conventions import conventions
from dirac_forge.bump.drift.draft import Carried, Draft
from dirac_forge.bump.drift.entry_points import entry_points_drift
from dirac_forge.bump.drift.host import host_drift
from dirac_forge.bump.drift.lines import OutputLines, extent, outputs_of
from dirac_forge.bump.drift.modules import modules_drift
from dirac_forge.bump.drift.nature import nature_drift
from dirac_forge.bump.drift.needs import providers_for
from dirac_forge.bump.drift.new_output import joining, new_output, newcomers
from dirac_forge.bump.drift.projects import by_project, project_of
from dirac_forge.bump.drift.python import python_drift, recipe_scope
from dirac_forge.bump.drift.run import run_drift
from dirac_forge.bump.drift.verification import faults
from dirac_forge.recipe.editing.edit import Setting
from dirac_forge.recipe.making.compiled import Nature, nature
from dirac_forge.recipe.model import Note
from dirac_forge.recipe.reading.recipe_text import parse_recipe
from dirac_forge.recipe.scope import Scope
from dirac_forge.upstream.facts import CoreMetadata, Facts

__all__ = ["Carried", "Drift", "drift", "newcomers"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Drift:
    """What is carried over, and the recipe's text with it."""

    text: str
    added: tuple[Carried, ...] = ()
    removed: tuple[Carried, ...] = ()
    changed: tuple[Carried, ...] = ()
    beyond: tuple[Carried, ...] = ()
    """What is no requirement: the licence and its files, imports of tests."""
    blockers: tuple[str, ...] = ()
    """Why the recipe can't move without a person."""
    notes: tuple[Note, ...] = ()
    """Conflicts, and what is only reported."""
    faults: tuple[str, ...] = ()
    """Why the changes are not in the text: it did not read back as it should."""

    @property
    def changes(self) -> tuple[Carried, ...]:
        """All of them."""
        return (*self.added, *self.removed, *self.changed, *self.beyond)


def drift(
    recipe_text: str,
    path: str,
    old: Sequence[Facts],
    new: Sequence[Facts],
    *,
    names: Callable[[str], str],
    scope: Scope,
    metadata: Callable[[str, SpecifierSet], CoreMetadata | None] = lambda _project, _specifiers: None,
    settings: Sequence[Setting] = (),
) -> Drift:
    """The recipe with what changed upstream from `old` to `new` (facts of each of its projects) carried over.

    `names` gives a project's package; `scope` the Pythons and platforms that the channel builds for. The text may have
    the old version or the new one. Facts in `new` of a project that is not in `old` and that one of the others requires
    make a new output (see `newcomers`); `metadata` then tells what extras of its requirements add. A project that is
    not in both is left alone otherwise. The result is read back for all platforms, and for `settings` (the builds that
    there are): where it does not say exactly what it should, the text stays as it was and `faults` tells why. Raises
    RecipeError for a recipe that can't be read.
    """
    # Line numbers stay; the readers need not know of carriage returns.
    recipe = parse_recipe(recipe_text.replace("\r\n", "\n"), path=path)
    before, after = by_project(old), by_project(new)
    both = {name: facts for name, facts in before.items() if name in after}
    outputs = outputs_of(recipe, python_min=scope.python_min)
    providers = providers_for(names)
    first = next(iter(both), None)
    draft = Draft(
        recipe_text,
        recipe.format,
        old_version=both[first].metadata.version if first else "",
        new_version=after[first].metadata.version if first else "",
    )
    natures: dict[str, tuple[Nature, Nature]] = {}
    family = joining(outputs, both, after, names)
    alone = len({project_of(output, both, names) for output in outputs if not _satellite(output, outputs)}) == 1
    starts = sorted(output.output.line for output in outputs)
    for output in outputs:
        project = project_of(output, both, names)
        if project is None:
            continue
        was, now = both[project], after[project]
        scopes = recipe_scope(output, scope, was.metadata.requires_python)
        later = recipe_scope(output, scope, now.metadata.requires_python, draft)
        satellite = _satellite(output, outputs)
        run_drift(
            draft,
            output,
            was,
            now,
            scopes=(scopes, later),
            built=scope,
            providers=providers,
            satellite=satellite,
            family=family,
        )
        if not satellite:
            if project not in natures:
                natures[project] = nature(was), nature(now)
            host_drift(draft, output, was, now, natures=natures[project], scope=later, providers=providers)
            conventions(draft, output, now)
            until = next((line for line in starts if line > output.output.line), len(draft.edits.lines) + 1)
            if len(outputs) == 1:
                until = len(draft.edits.lines) + 1
            entry_points_drift(draft, output, was, now, until=until)
            nature_drift(draft, output, *natures[project])
        regions = _regions(outputs, output, recipe_text, alone=alone)
        about_drift(draft, output, was, now, regions, tell=not satellite)
        modules_drift(draft, output, was, now, regions, tell=not satellite)
        python_drift(draft, output, was, now, scope)
    for project in family.new:
        new_output(
            draft,
            outputs,
            family,
            project,
            both=both,
            after=after,
            names=names,
            scope=scope,
            providers=replace(providers, metadata=metadata),
        )
    found = Drift(
        text=draft.edits.text,
        added=tuple(draft.added),
        removed=tuple(draft.removed),
        changed=tuple(draft.changed),
        beyond=tuple(draft.beyond),
        blockers=tuple(draft.blockers),
        notes=tuple(draft.notes),
    )
    if not found.changes:
        return found
    text = found.text.replace("\r\n", "\n")
    wrong = faults(recipe, text, found.changes, python_min=scope.python_min, settings=settings)
    return replace(found, text=recipe_text, faults=wrong) if wrong else found


def _satellite(output: OutputLines, outputs: Sequence[OutputLines]) -> bool:
    """Whether an output is built around another one of the same sources, by an exact or bounded pin."""
    others = {
        canonicalize_name(other.output.name)
        for other in outputs
        if other is not output and other.sources == output.sources
    }
    return any(line.kind == "pin_subpackage" and line.key in others for line in output.of("run"))


def _regions(outputs: Sequence[OutputLines], output: OutputLines, text: str, *, alone: bool) -> list[tuple[int, int]]:
    """The lines (from 1, the last one included) that speak of an output.

    With `alone` all outputs are of one project, and what stands outside of them is told by the first that is none of
    the satellites; of several projects nobody knows whose the common part is.
    """
    lines = text.split("\n")
    if len(outputs) == 1:
        return [(1, len(lines))]
    spans = {id(one): span for one in outputs if (span := extent(one.output, lines)) is not None}
    own = spans.get(id(output))
    regions = [own] if own is not None else []
    first = next((one for one in outputs if not _satellite(one, outputs)), None)
    if alone and first is output and spans:
        begin, end = min(first for first, _ in spans.values()), max(last for _, last in spans.values())
        regions += [(1, begin - 1), (end + 1, len(lines))]
    return regions

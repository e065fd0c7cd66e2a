"""Drift: what upstream changed between two releases, merged into the recipe as a careful maintainer would.

A three-way merge: upstream at the old version, upstream at the new one, and the recipe. Only upstream's difference is
acted upon; what the recipe says differently on purpose stays, and where it lags behind already is only reported.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from dirac_forge.bump.drift.differences import differences
from dirac_forge.bump.drift.draft import Carried, Draft
from dirac_forge.bump.drift.entry_points import entry_points_drift
from dirac_forge.bump.drift.host import host_drift
from dirac_forge.bump.drift.lines import OutputLines, outputs_of
from dirac_forge.bump.drift.needs import providers_for
from dirac_forge.bump.drift.new_output import joining, new_output, newcomers
from dirac_forge.bump.drift.projects import by_project, project_of
from dirac_forge.bump.drift.python import python_drift, recipe_scope
from dirac_forge.bump.drift.run import run_drift
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
    notes: tuple[Note, ...] = ()
    """Conflicts, and what is only reported."""

    @property
    def changes(self) -> tuple[Carried, ...]:
        """All of them."""
        return (*self.added, *self.removed, *self.changed)


def drift(
    recipe_text: str,
    path: str,
    old: Sequence[Facts],
    new: Sequence[Facts],
    *,
    names: Callable[[str], str],
    scope: Scope,
    metadata: Callable[[str, SpecifierSet], CoreMetadata | None] = lambda _project, _specifiers: None,
) -> Drift:
    """The recipe with what changed upstream from `old` to `new` (facts of each of its projects) carried over.

    `names` gives a project's package; `scope` the Pythons and platforms that the channel builds for. The text may have
    the old version or the new one. Facts in `new` of a project that is not in `old` and that one of the others requires
    make a new output (see `newcomers`); `metadata` then tells what extras of its requirements add. A project that is
    not in both is left alone otherwise. Raises RecipeError for a recipe that can't be read.
    """
    recipe = parse_recipe(recipe_text, path=path)
    before, after = by_project(old), by_project(new)
    both = {name: facts for name, facts in before.items() if name in after}
    outputs = outputs_of(recipe, python_min=scope.python_min)
    providers = providers_for(names)
    result = recipe_text
    first = next(iter(both), None)
    draft = Draft(
        recipe_text,
        recipe.format,
        old_version=both[first].metadata.version if first else "",
        new_version=after[first].metadata.version if first else "",
    )
    family = joining(outputs, both, after, names)
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
            for note in differences(output.output.name, was, now, noarch=output.output.noarch is not None):
                draft.note(note.level, note.text)
            host_drift(draft, output, was, now, scope=later, providers=providers)
            until = next((line for line in starts if line > output.output.line), len(draft.edits.lines) + 1)
            if len(outputs) == 1:
                until = len(draft.edits.lines) + 1
            entry_points_drift(draft, output, was, now, until=until)
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
    result = draft.edits.text
    return Drift(
        text=result,
        added=tuple(draft.added),
        removed=tuple(draft.removed),
        changed=tuple(draft.changed),
        notes=tuple(draft.notes),
    )


def _satellite(output: OutputLines, outputs: Sequence[OutputLines]) -> bool:
    """Whether an output is built around another one of the same sources, by an exact or bounded pin."""
    others = {
        canonicalize_name(other.output.name)
        for other in outputs
        if other is not output and other.sources == output.sources
    }
    return any(line.kind == "pin_subpackage" and line.key in others for line in output.of("run"))

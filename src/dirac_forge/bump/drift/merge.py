"""Drift: what upstream changed between two releases, merged into the recipe as a careful maintainer would.

A three-way merge: upstream at the old version, upstream at the new one, and the recipe. Only upstream's difference is
acted upon; what the recipe says differently on purpose stays, and where it lags behind already is only reported.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from dirac_forge.bump.drift.about import about_drift
from dirac_forge.bump.drift.carried import Carried, CompiledNow, LicenceComparison, TooLowPython, UnmetRequirement
from dirac_forge.bump.drift.clauses import clauses_of
from dirac_forge.bump.drift.conventions import conventions
from dirac_forge.bump.drift.draft import DriftDraft
from dirac_forge.bump.drift.drift_notes import DriftNote
from dirac_forge.bump.drift.entry_points import entry_points_drift
from dirac_forge.bump.drift.extras import extras_drift
from dirac_forge.bump.drift.host import host_drift
from dirac_forge.bump.drift.lines import OutputLines, RequirementLine, extent, outputs_of, values_of
from dirac_forge.bump.drift.modules import modules_drift
from dirac_forge.bump.drift.nature import nature_drift
from dirac_forge.bump.drift.needs import providers_for
from dirac_forge.bump.drift.new_output import JoiningFamily, joining, new_output, newcomers
from dirac_forge.bump.drift.projects import by_project, project_of
from dirac_forge.bump.drift.python import python_drift, recipe_scope
from dirac_forge.bump.drift.raising import raise_unmet
from dirac_forge.bump.drift.run import run_drift
from dirac_forge.bump.drift.systems import systems_drift
from dirac_forge.bump.drift.unknowns import tell_unread
from dirac_forge.bump.drift.unmet import Compared, unmet_of
from dirac_forge.bump.drift.verification import EditFault, faults
from dirac_forge.recipe.editing.edit import Setting
from dirac_forge.recipe.making.compiled import Nature, nature
from dirac_forge.recipe.making.expansion import Providers
from dirac_forge.recipe.reading.parsing import parse_recipe
from dirac_forge.recipe.reading.recipe_text import RecipeError, RecipeText
from dirac_forge.recipe.scope import Scope
from dirac_forge.upstream.files.facts import CoreMetadata, ReleaseFacts
from dirac_forge.values import dataclass

__all__ = ["Drift", "drift", "newcomers"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Drift:
    """What is carried over, and the recipe's text with it."""

    text: str
    added: tuple[Carried, ...] = ()
    removed: tuple[Carried, ...] = ()
    changed: tuple[Carried, ...] = ()
    beyond: tuple[Carried, ...] = ()
    """What is not a requirement: the licence and its files, imports of tests."""
    licences: tuple[LicenceComparison, ...] = ()
    """Of each output whose licence and upstream's are both known."""
    other_licences: tuple[int, ...] = ()
    """Lines of the recipe with licences that were not compared with upstream's."""
    blockers: tuple[CompiledNow, ...] = ()
    """Why the recipe can't move without a person."""
    pythons: tuple[TooLowPython, ...] = ()
    """Why the build fails without the changes."""
    unmet: tuple[UnmetRequirement, ...] = ()
    """What the new version requires and the text, with all of this, does not imply."""
    notes: tuple[DriftNote, ...] = ()
    """Conflicts, and what is only reported."""
    faults: tuple[EditFault, ...] = ()
    """Why the changes are not in the text: it did not read back as it should."""

    @property
    def changes(self) -> tuple[Carried, ...]:
        """All of them."""
        return (*self.added, *self.removed, *self.changed, *self.beyond)


def _versions(before: Mapping[str, ReleaseFacts], after: Mapping[str, ReleaseFacts]) -> tuple[str, str]:
    """Return the old and the new version of the first project, "" where there is none."""
    for name, facts in before.items():
        return str(facts.metadata.version), str(after[name].metadata.version)
    return "", ""


def drift(
    recipe_text: str,
    path: str,
    old: Sequence[ReleaseFacts],
    new: Sequence[ReleaseFacts],
    *,
    names: Callable[[str], str],
    scope: Scope,
    metadata: Callable[[str, SpecifierSet], CoreMetadata | None] = lambda _project, _specifiers: None,
    exists: Callable[[str], bool] = lambda _project: True,
    settings: Sequence[Setting] = (),
    catch_up: bool = False,
) -> Drift:
    """Return the recipe with what changed upstream from `old` to `new` (facts of each of its projects) carried over.

    `names` gives a project's package; `scope` the Pythons and platforms that the channel builds for. The text may have
    the old version or the new one. Facts in `new` of a project that is not in `old` and that one of the others requires
    make a new output (see `newcomers`); `metadata` returns what extras of its requirements add, and `exists` whether
    the index has a project. A project that is
    not in both is left alone otherwise. The result is read back for all platforms, and for `settings` (the builds that
    there are): where it does not have exactly what it should, the text stays as it was and `faults` has the reasons.
    Raises RecipeError for a recipe that can't be read.
    """
    # Line numbers stay; the readers need not know of carriage returns.
    recipe = parse_recipe(recipe_text.replace("\r\n", "\n"), path=path)
    before, after = by_project(old), by_project(new)
    both = {name: facts for name, facts in before.items() if name in after}
    outputs = outputs_of(recipe, python_min=scope.python_min, pythons=scope.pythons)
    providers = providers_for(names)
    old_version, new_version = _versions(both, after)
    draft = DriftDraft(recipe_text, recipe.format, old_version=old_version, new_version=new_version)
    family = joining(outputs, both, after, names)
    projects = [project_of(output, both, names) for output in outputs]
    merging = _Merging(draft, outputs, projects, scope, providers, family, exists, catch_up=catch_up)
    tell_unread(draft, (facts[name] for name in both for facts in (before, after)))
    for output, project in zip(outputs, projects, strict=True):
        if project is not None:
            merging.output(output, project, both[project], after[project])
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
    raise_unmet(draft, outputs, merging.unmet(recipe, projects, both, after))
    for output in outputs:
        systems_drift(draft, output)
    unmet = merging.unmet(recipe, projects, both, after)
    found = Drift(
        text=draft.edits.text,
        added=tuple(draft.added),
        removed=tuple(draft.removed),
        changed=tuple(draft.changed),
        beyond=tuple(draft.beyond),
        licences=tuple(draft.licences),
        other_licences=_other_licences(draft),
        blockers=tuple(draft.blockers),
        pythons=tuple(draft.pythons),
        unmet=unmet,
        notes=tuple(draft.notes),
    )
    if not found.changes:
        return found
    text = found.text.replace("\r\n", "\n")
    wrong = faults(recipe, text, found.changes, python_min=scope.python_min, settings=settings)
    return replace(found, text=recipe_text, faults=wrong) if wrong else found


def _other_licences(draft: DriftDraft) -> tuple[int, ...]:
    lines = draft.edits.lines
    return tuple(n for n in values_of(lines, (1, len(lines)), ("about", "license")) if n not in draft.compared)


class _Merging:
    """The outputs of one recipe, one after the other."""

    def __init__(
        self,
        draft: DriftDraft,
        outputs: Sequence[OutputLines],
        projects: Sequence[str | None],
        scope: Scope,
        providers: Providers,
        family: JoiningFamily,
        exists: Callable[[str], bool],
        *,
        catch_up: bool,
    ) -> None:
        self.exists = exists
        self.catch_up = catch_up
        self.draft = draft
        self.outputs = outputs
        self.scope = scope
        self.providers = providers
        self.family = family
        named = list(zip(outputs, projects, strict=True))
        self.satellites = {id(output) for output, project in named if _satellite(output, project, named)}
        own = [project for output, project in named if id(output) not in self.satellites]
        self.alone = len(set(own)) == 1
        self.natures: dict[str, tuple[Nature, Nature]] = {}
        # Looked for before and after edits that mostly change nothing.
        self._unmet: dict[tuple[str, tuple[Scope, ...]], tuple[UnmetRequirement, ...]] = {}

    def output(self, output: OutputLines, project: str, was: ReleaseFacts, now: ReleaseFacts) -> None:
        """Carry over to one output what changed in its project."""
        draft, satellite = self.draft, id(output) in self.satellites
        before, after = (
            recipe_scope(output, self.scope, facts.metadata.requires_python, draft) for facts in (was, now)
        )
        run_drift(
            draft,
            output,
            was,
            now,
            scopes=(before, after),
            built=self.scope,
            providers=self.providers,
            satellite=satellite,
            family=self.family,
            exists=self.exists,
            catch_up=self.catch_up,
        )
        extras_drift(draft, output, was.metadata, now.metadata, scope=after, providers=self.providers)
        if not satellite:
            if project not in self.natures:
                self.natures[project] = nature(was), nature(now)
            natures = self.natures[project]
            host_drift(draft, output, was, now, natures=natures, scope=after, providers=self.providers)
            conventions(draft, output, now)
            entry_points_drift(draft, output, was, now, until=self._until(output))
            nature_drift(draft, output, was, now, natures)
        regions = self._regions(output)
        about_drift(draft, output, was, now, regions, tell=not satellite)
        modules_drift(draft, output, was, now, regions, tell=not satellite)
        python_drift(draft, output, was, now, self.scope, catch_up=self.catch_up)

    def unmet(
        self,
        recipe: RecipeText,
        projects: Sequence[str | None],
        was: Mapping[str, ReleaseFacts],
        now: Mapping[str, ReleaseFacts],
    ) -> tuple[UnmetRequirement, ...]:
        """Return what the edited recipe does not imply and no note reports; a note says if it can't be read."""
        compared = [
            Compared(
                output=output.output.name,
                old=was[project],
                new=now[project],
                scope=recipe_scope(output, self.scope, now[project].metadata.requires_python, self.draft),
            )
            for output, project in zip(self.outputs, projects, strict=True)
            # What a satellite requires comes with the output that it is built around, which is looked at itself.
            if project is not None and output.output.is_package and id(output) not in self.satellites
        ]
        text = self.draft.edits.text.replace("\r\n", "\n")
        asked = text, tuple(one.scope for one in compared)
        if asked not in self._unmet:
            self._unmet[asked] = self._unmet_in(recipe, text, compared)
        found, told = self._unmet[asked], self.draft.told
        return tuple(one for one in found if (one.output, one.part, canonicalize_name(one.package)) not in told)

    def _unmet_in(self, recipe: RecipeText, text: str, compared: Sequence[Compared]) -> tuple[UnmetRequirement, ...]:
        try:
            edited = parse_recipe(text, path=recipe.path) if text != recipe.text else recipe
            return unmet_of(edited, compared, self.providers, python_min=self.scope.python_min)
        except RecipeError as error:
            self.draft.note("warning", "unmet-unknown", problem=error.message)
            return ()

    def _until(self, output: OutputLines) -> int:
        """Return the line before which an output ends."""
        end = len(self.draft.edits.lines) + 1
        starts = sorted(other.output.line for other in self.outputs) if len(self.outputs) > 1 else []
        return next((line for line in starts if line > output.output.line), end)

    def _regions(self, output: OutputLines) -> list[tuple[int, int]]:
        """Return the lines (from 1, the last one included) that speak of an output.

        Where all outputs are of one project, what is outside of them is reported by the first that is none of the
        satellites; of several projects nobody knows whose the common part is.
        """
        lines = self.draft.edits.lines
        if len(self.outputs) == 1:
            return [(1, len(lines))]
        spans = [span for one in self.outputs if (span := extent(one.output, lines)) is not None]
        own = extent(output.output, lines)
        regions = [own] if own is not None else []
        if spans and self._tells_common_part(output):
            regions += [(1, min(spans)[0] - 1), (max(last for _, last in spans) + 1, len(lines))]
        return regions

    def _tells_common_part(self, output: OutputLines) -> bool:
        first = next((one for one in self.outputs if id(one) not in self.satellites), None)
        return self.alone and first is output


def _satellite(output: OutputLines, project: str | None, outputs: Sequence[tuple[OutputLines, str | None]]) -> bool:
    """Whether an output is built around another one of the same sources, by a pin or at the version of both."""
    others = {
        str(canonicalize_name(other.output.name)): of
        for other, of in outputs
        if other is not output and other.sources == output.sources
    }
    return any(
        line.key in others and (line.kind == "pin_subpackage" or (others[line.key] == project and _exact(line)))
        for line in output.of("run")
    )


def _exact(line: RequirementLine) -> bool:
    return any(clause.operator == "==" for clause in clauses_of(line.spec) or ())

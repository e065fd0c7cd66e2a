"""Edits of feedstocks that mend findings of an audit: requirements as upstream declares them, a raised build number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from packaging.utils import canonicalize_name

from dirac_forge.audit.findings import Finding
from dirac_forge.bump.drift.carried import CarriedReason
from dirac_forge.bump.drift.draft import DriftDraft
from dirac_forge.bump.drift.drift_notes import DriftNote
from dirac_forge.bump.drift.lines import OutputLines, outputs_of
from dirac_forge.bump.drift.verification import EditFault, faults
from dirac_forge.channel.records import Record
from dirac_forge.errors import ForgeError
from dirac_forge.feedstock.change import Change, Edit, Skip, SkipReason
from dirac_forge.feedstock.workspace import FeedstockFolder
from dirac_forge.recipe.editing.build_number import raised_build_number
from dirac_forge.recipe.making.specs import conda_spec
from dirac_forge.recipe.reading.parsing import parse_recipe
from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class CorrectionSkip(SkipReason):
    """Why a recipe is not corrected."""

    why: Literal["no-output", "other-version", "already", "by-hand", "not-proved"]
    """`no-output`: the recipe makes no such package; `other-version`: it builds another one; `already`: it says so
    already, and has to be rebuilt; `by-hand`: a line cannot be edited safely; `not-proved`: the edited recipe does not
    say exactly what it should."""
    package: str = ""
    wanted: str = ""
    """The version that the finding is about."""
    has: str = ""
    """The version that the recipe builds."""
    notes: tuple[DriftNote, ...] = ()
    """What the editor leaves to a person."""
    faults: tuple[EditFault, ...] = ()
    """What the proof found wrong."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedstockCorrection:
    """The findings about the packages of one feedstock, and what comes of them."""

    folder: FeedstockFolder
    findings: tuple[Finding, ...]
    result: Change | Skip


def feedstocks_of(folders: Iterable[FeedstockFolder], *, python_min: str) -> dict[str, FeedstockFolder]:
    """Return the packages that feedstocks make, to the feedstock; recipes that cannot be read are left out."""
    found: dict[str, FeedstockFolder] = {}
    for folder in folders:
        if folder.branch is not None:
            continue
        try:
            outputs = outputs_of(folder.read().text, python_min=python_min)
        except ForgeError:
            continue
        for output in outputs:
            found.setdefault(output.output.name, folder)
    return found


def correction(folder: FeedstockFolder, findings: Sequence[Finding], *, python_min: str) -> Change | Skip:
    """Return the change that makes a recipe require what upstream declares, for findings about its packages.

    The result is read back on every platform: it differs in exactly these requirements and in the build number.

    Raises:
        RecipeError: the recipe can't be read.
    """
    recipe = folder.read().text
    _, text = folder.exact_recipe()
    outputs = {output.output.name: output for output in outputs_of(recipe, python_min=python_min)}
    draft = DriftDraft(text, recipe.format, old_version="", new_version="")
    for finding in findings:
        output = outputs.get(finding.record.name)
        if output is None or output.output.version != finding.record.version:
            return _skip(folder, _other(output, finding.record))
        _correct(draft, output, finding)
    return _proved(folder, text, draft, findings, python_min)


def _other(output: OutputLines | None, record: Record) -> CorrectionSkip:
    """Return why the recipe is not the one that a build was made from."""
    if output is None:
        return CorrectionSkip(why="no-output", package=record.name, wanted=record.version)
    return CorrectionSkip(why="other-version", package=record.name, wanted=record.version, has=output.output.version)


def _correct(draft: DriftDraft, output: OutputLines, finding: Finding) -> None:
    """Mend one finding: a new line in run, or another spec for an existing line."""
    if finding.requirement is None:
        return
    name, spec = output.output.name, conda_spec(finding.requirement.specifier)
    lines = [line for line in output.of("run") if line.key == canonicalize_name(finding.dependency)]
    evidence = f"{finding.upstream} in {finding.where}"
    if finding.kind == "missing" and not lines:
        required = CarriedReason(kind="required")
        draft.add(output, "run", finding.dependency, spec, evidence=evidence, reason=required)
    for line in lines:
        if finding.kind != "missing" and not line.template and line.spec != spec:
            draft.respecify(name, line, spec, evidence, CarriedReason(kind="declared"))


def _proved(
    folder: FeedstockFolder, before: str, draft: DriftDraft, findings: Sequence[Finding], python_min: str
) -> Change | Skip:
    changes = (*draft.added, *draft.changed)
    if draft.notes:
        return _skip(folder, CorrectionSkip(why="by-hand", notes=tuple(draft.notes)))
    if not changes:
        return _skip(folder, CorrectionSkip(why="already"))
    path, text = folder.recipe_path, draft.edits.text
    wrong = faults(parse_recipe(before, path=path), text, changes, python_min=python_min)
    if wrong:
        return _skip(folder, CorrectionSkip(why="not-proved", faults=wrong))
    edit = Edit(path=f"recipe/{path.name}", before=before, after=raised_build_number(text, path=path, by=1))
    versions = sorted({finding.record.version for finding in findings})
    return Change(
        feedstock=folder.name,
        kind="fix",
        key=f"requirements of {', '.join(versions)}",
        title=f"Requirements as upstream declares them for {', '.join(versions)}",
        reasons=changes,
        edits=(edit,),
    )


def _skip(folder: FeedstockFolder, reason: CorrectionSkip) -> Skip:
    return Skip(feedstock=folder.name, reason=reason, kind="no")

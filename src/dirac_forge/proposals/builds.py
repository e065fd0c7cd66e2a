"""Proposals built before anybody is asked to merge them: this runs code from upstream, isolated."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from dirac_forge.build.evidence import BuildEvidence, evidence_of
from dirac_forge.build.session import BuildRequest, run_builds
from dirac_forge.bump.blockers import FailedBuild
from dirac_forge.bump.bump_notes import NotBuilt
from dirac_forge.bump.proposal import Bump
from dirac_forge.check.why_not import why_not
from dirac_forge.feedstock.workspace import FeedstockFolder, Workspace
from dirac_forge.files import write_files
from dirac_forge.proposals.context import ProposalContext


def built_bumps(
    context: ProposalContext, workspace: Workspace, bumps: Sequence[tuple[FeedstockFolder, Bump]]
) -> tuple[Bump, ...]:
    """Return the bumps, each with how its build went; one that fails is blocked, or unknown if nobody can tell.

    All that are proposed are built in one run, so that each has those that it waits for. A blocked one is not built.
    Raises UnknownError if a channel can't be read, InputError if the channel of builds can't be written.
    """
    root = context.settings.workspace / "build" / "proposed"
    shutil.rmtree(root, ignore_errors=True)
    folders: dict[str, FeedstockFolder] = {}
    results: dict[str, Bump] = {}
    for folder, bump in bumps:
        name = _name(folder)
        results[name] = bump
        if bump.status == "proposed":
            copy = _copy(folder, bump, root / name)
            if isinstance(copy, NotBuilt):
                results[name] = replace(bump, notes=(*bump.notes, copy))
            else:
                folders[name] = copy
    if folders:
        request = BuildRequest(folders=tuple(folders.values()))
        report = run_builds(context, workspace, request, explain=why_not)
        for name in folders:
            results[name] = _with_evidence(results[name], evidence_of(report, name))
    return tuple(results[_name(folder)] for folder, _ in bumps)


def _with_evidence(bump: Bump, evidence: BuildEvidence) -> Bump:
    if evidence.passed:
        return replace(bump, build=evidence)
    blocked_by = (*bump.blocked_by, FailedBuild(evidence=evidence))
    status: Literal["unknown", "blocked"] = "unknown" if evidence.unknown else "blocked"
    return replace(bump, build=evidence, status=status, blocked_by=blocked_by)


def _name(folder: FeedstockFolder) -> str:
    """Return the feedstock's name, with its release line where it is one."""
    return f"{folder.name}@{folder.branch}" if folder.branch else folder.name


def _copy(folder: FeedstockFolder, bump: Bump, place: Path) -> FeedstockFolder | NotBuilt:
    """Return a copy of the feedstock with the bump's edits; why not, where not all of its files are at hand."""
    if folder.given is not None:  # a repository's text, without the files next to it
        recipe = folder.texts[next(iter(folder.given))]
        missing = next((word for word in ("patches", "build.sh") if word in recipe), "")
        if missing:
            return NotBuilt(missing=missing)
        write_files(place, dict(folder.given))
    elif folder.path.is_file():
        shutil.copytree(folder.path.parent, place, symlinks=True)
    else:
        shutil.copytree(folder.path, place, symlinks=True)
    write_files(place, {edit.path: edit.after for edit in bump.change.edits})
    return FeedstockFolder(_name(folder), place)

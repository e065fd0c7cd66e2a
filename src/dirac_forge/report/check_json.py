"""Checks as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from dirac_forge.channel.snapshot_file import SnapshotEnd
from dirac_forge.check.causes import Cause
from dirac_forge.check.cells import Cell, Status
from dirac_forge.check.exports import Built
from dirac_forge.check.proof import Proof, Verdict
from dirac_forge.check.remedies import Unblock
from dirac_forge.check.since import Turn
from dirac_forge.errors import redact
from dirac_forge.report.asked_versions import asked_versions
from dirac_forge.report.cause_words import obstacle_text, reason_text
from dirac_forge.report.proof_body import environment_json
from dirac_forge.report.proof_words import cell_words, proof_words, verdict_words, warning_words
from dirac_forge.report.remedy_words import remedy_text, unblock_text
from dirac_forge.report.since import turn_json, unknown_since, unread_json
from dirac_forge.report.verdicts import refusal_words


def document(
    cells: Sequence[Cell],
    proposal: Proof | None = None,
    changes: Sequence[Turn] = (),
    *,
    unread: Sequence[Cell] = (),
    ends: SnapshotEnd | None = None,
) -> dict[str, Any]:
    """Return the JSON document of `check`.

    With a proposal, `results` are those that its recipes would lead to, and `with` says what they change; `changes` are
    shown with the cells that they belong to, of which `unread` have unknown ones; `ends` is the end of a snapshot,
    where a later day was asked for.
    """
    unknown = {"since": {"status": "unknown", "reason": unknown_since(ends)}} if ends is not None else {}
    if proposal is None:
        since = {id(turn.cell): {"since": turn_json(turn)} for turn in changes}
        since |= {id(cell): {"since": unread_json()} for cell in unread}
        return {"results": [_cell(cell) | since.get(id(cell), {}) for cell in cells], **unknown}
    return {
        **unknown,
        "results": list(map(_as_if, proposal.verdicts)),
        "with": _proposal_json(proposal),
    }


def _proposal_json(proposal: Proof) -> dict[str, Any]:
    """Return what the recipes change."""
    return {
        "outcome": proposal.outcome,
        "reason": proof_words(proposal.reason) or refusal_words(proposal) or None,
        "packages": list(map(_built_json, proposal.built)),
        "results": list(map(verdict_json, proposal.verdicts)),
        "environments": list(map(environment_json, proposal.environments)),
        "warnings": list(map(warning_words, proposal.warnings)),
        "unblock": list(map(unblock_text, proposal.unblock)),
        "helping": list(proposal.helping.keys) if proposal.helping is not None else [],
    }


def _built_json(built: Built) -> dict[str, Any]:
    record = built.record
    return {
        "feedstock": built.feedstock,
        "name": record.name,
        "version": record.version,
        "build": record.build,
        "subdir": record.subdir,
        "depends": list(record.depends),
        "constrains": list(record.constrains),
        "unknown_run_exports": list(built.unknown),
        "assumed_without_run_exports": list(built.assumed),
    }


def _as_if(verdict: Verdict) -> dict[str, Any]:
    """Return the cell as it would be with the recipes: a no where something that they make can't be installed."""
    if not verdict.failing:
        return _cell(verdict.after)
    refused = replace(verdict.after, status=_status(verdict), version="", packages=())
    return _cell(refused) | {"reason": verdict_words(verdict.reason)}


def _status(verdict: Verdict) -> Status:
    """Return the status with the recipes: what they make and can't be installed decides."""
    if not verdict.failing:
        return verdict.after.status
    return "unknown" if verdict.outcome == "unknown" else "not-installable"


def _cell(cell: Cell) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "target": cell.target,
        "platform": cell.platform,
        "python": cell.python or None,
        "specs": list(cell.specs),
        "status": cell.status,
        "wanted": cell.wanted,
        "version": cell.version or None,
        "versions": asked_versions(cell),
        "packages": len(cell.packages),
        "reason": cell_words(cell.reason) or None,
    }
    if cell.channels:
        entry["channels"] = list(map(redact, cell.channels))
    if cell.held_back is not None:
        held = cell.held_back
        entry["held_back"] = {"package": held.package, "version": held.version, "reason": reason_text(held.causes)}
    if cell.causes:
        entry["causes"] = list(map(_cause, cell.causes))
    if cell.status == "not-installable":
        entry.setdefault("causes", [])
        entry["unblock"] = _unblock_json(cell.unblock) if cell.unblock is not None else None
        entry["installs_today"] = cell.older or None
    return entry


def _unblock_json(unblock: Unblock) -> dict[str, Any]:
    remedies = [{"package": remedy.package, "text": remedy_text(remedy)} for remedy in unblock.remedies]
    return {"remedies": remedies, "smallest": unblock.smallest}


def _cause(cause: Cause) -> dict[str, Any]:
    return {
        "kind": cause.kind,
        "package": cause.package,
        "text": obstacle_text(cause.obstacle, cause.case),
        "chain": list(cause.chain),
        "older_build": cause.instead,
        "other_chain": list(cause.other),
        "also": list(cause.also),
    }


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """Return one cell, without and with the recipes."""
    changes = verdict.difference
    return {
        "target": verdict.before.target,
        "platform": verdict.before.platform,
        "python": verdict.before.python or None,
        "outcome": verdict.outcome,
        "status_before": verdict.before.status,
        "before": verdict.before.version or None,
        "after": verdict.after.version or None,
        "status": _status(verdict),
        "reason": verdict_words(verdict.reason) or None,
        "not_built": [one.output for one in verdict.unbuilt],
        "failing": [
            {"name": record.name, "version": record.version, "build": record.build} for record in verdict.failing
        ],
        "environment": {
            "added": [{"name": name, "version": version} for name, version in changes.added],
            "removed": [{"name": name, "version": version} for name, version in changes.removed],
            "changed": [{"name": name, "from": old, "to": new} for name, old, new in changes.changed],
            "rebuilt": [{"name": name, "from": old, "to": new} for name, old, new in changes.rebuilt],
        },
    }

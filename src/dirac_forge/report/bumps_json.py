"""Bumps as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from dirac_forge.bump.new_recipes import NewRecipe
from dirac_forge.bump.patches import PatchResult, UntriedPatch
from dirac_forge.bump.proposal import Bump
from dirac_forge.feedstock.change import Skip
from dirac_forge.report.bump_reasons import patch_result, recipe_reason, skip_text, worded
from dirac_forge.report.proof_body import UNPROVEN, environment_json, unblock_lines
from dirac_forge.report.proof_words import proof_words, warning_words
from dirac_forge.report.wording import reason_code

if TYPE_CHECKING:
    from datetime import datetime

    from dirac_forge.build.evidence import BuildEvidence
    from dirac_forge.bump.drift.carried import Carried
    from dirac_forge.bump.drift.merge import Drift
    from dirac_forge.check.proof import Proof


def bumps_json(results: Sequence[Bump | Skip]) -> dict[str, Any]:
    """Return the document of `bump --json`."""
    return {"bumps": [_json(result) for result in results]}


def _json(result: Bump | Skip) -> dict[str, Any]:
    return _skip_json(result) if isinstance(result, Skip) else _bump_json(result)


def _skip_json(skip: Skip) -> dict[str, Any]:
    return {
        "feedstock": skip.feedstock,
        "branch": skip.branch,
        "from": skip.current or None,
        "to": None,
        "status": _skip_status(skip),
        "reason": skip_text(skip),
        "waits_for": [],
        "edits": [],
        "dependencies": _dependencies(None),
        "checks": [],
        "kind": skip.kind,
        "hint": skip.hint or None,
        "notes": [],
    }


def _bump_json(bump: Bump) -> dict[str, Any]:
    change = bump.change
    blocked_by = list(map(worded, bump.blocked_by))
    return {
        "feedstock": change.feedstock,
        "branch": change.branch,
        "from": bump.old,
        "to": bump.new,
        "status": bump.status,
        "reason": "; ".join(dict.fromkeys((*blocked_by, *map(worded, change.reasons)))),
        "waits_for": list(bump.waits_for),
        "edits": [{"path": edit.path, "diff": edit.diff} for edit in change.edits],
        "dependencies": _dependencies(bump.drift),
        **_proof(bump.proof),
        "build": _built(bump.build),
        **_beyond(bump.drift),
        "blocked_by": blocked_by,
        "released": {"from": _when(bump.old_released), "to": _when(bump.released)},
        "hashes": [{"url": digest.url, "origin": digest.origin, **digest.hashes} for digest in bump.edited.digests],
        "rejected": [{"version": str(one.version), "reason": worded(one.reason)} for one in bump.rejected],
        "links": [{"title": link.title, "url": link.url} for link in bump.links],
        "patches": list(bump.patches),
        "tried": [{"patch": one.name, **_trial(one)} for one in bump.tried],
        "satisfies": list(map(worded, bump.satisfies)),
        "recipes": [_recipe(new) for new in bump.recipes],
        "notes": _all_notes(bump),
        "title": change.title,
        "body": change.body,
    }


def _built(evidence: BuildEvidence | None) -> dict[str, Any] | None:
    if evidence is None:
        return None
    from dirac_forge.report.build import evidence_json  # noqa: PLC0415  # only if something was built

    return evidence_json(evidence)


def _all_notes(bump: Bump) -> list[str]:
    """Return the notes of a bump and of its drift, each once, and that it is not proved if it is not."""
    of_drift = bump.drift.notes if bump.drift is not None else ()
    patches = (f"{one.name} {said}" for one in bump.tried if (said := patch_result(one)))
    unmet = bump.drift.unmet if bump.drift is not None else ()
    notes = dict.fromkeys([*map(worded, bump.notes), *patches, *map(worded, of_drift), *map(worded, unmet)])
    return [*notes, *([] if bump.proof is not None else [UNPROVEN])]


def _trial(result: PatchResult) -> dict[str, Any]:
    if isinstance(result, UntriedPatch):
        code = reason_code(result.reason)
        return {"state": "unknown", "fuzz": 0, "reason": worded(result.reason), "reason_code": code}
    return {"state": result.state, "fuzz": result.fuzz, "reason": result.reason}


def _recipe(new: NewRecipe) -> dict[str, Any]:
    return {
        "feedstock": new.change.feedstock,
        "version": new.change.key,
        "title": new.change.title,
        "reason": recipe_reason(new),
        "body": new.change.body,
        "files": {edit.path: edit.after for edit in new.change.edits},
    }


def _when(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _carried(line: Carried) -> dict[str, Any]:
    return {**asdict(line), "reason": worded(line.reason), "reason_code": line.reason.kind}


def _dependencies(drift: Drift | None) -> dict[str, list[dict[str, Any]]]:
    lines = {"added": drift.added, "removed": drift.removed, "changed": drift.changed} if drift is not None else {}
    return {kind: list(map(_carried, lines.get(kind, ()))) for kind in ("added", "removed", "changed")}


def _beyond(drift: Drift | None) -> dict[str, Any]:
    """Return what differs from upstream and is not edited."""
    return {
        "beyond": list(map(_carried, drift.beyond)) if drift is not None else [],
        "unmet": list(map(asdict, drift.unmet)) if drift is not None else [],
        "licences": list(map(asdict, drift.licences)) if drift is not None else [],
    }


def _proof(proof: Proof | None) -> dict[str, Any]:
    if proof is None:
        return {"checks": [], "environments": [], "proof": None}
    from dirac_forge.report.check_json import verdict_json  # noqa: PLC0415  # the solver's library is large

    return {
        "checks": [verdict_json(verdict) for verdict in proof.verdicts],
        "environments": list(map(environment_json, proof.environments)),
        "proof": {
            "outcome": proof.outcome,
            "reason": proof_words(proof.reason),
            "beside": list(proof.beside),
            "warnings": list(map(warning_words, proof.warnings)),
            "unblock": unblock_lines(proof),
        },
    }


def _skip_status(skip: Skip) -> str:
    return "unknown" if skip.kind == "unknown" else "skipped"

"""Bumps as JSON and as text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from dirac_forge.bump.proposal import Bump
from dirac_forge.feedstock.change import Change, Skip

if TYPE_CHECKING:
    from rich.console import RenderableType

    from dirac_forge.bump.drift import Drift
    from dirac_forge.bump.proof import Proof

__all__ = ["bumps_json", "bumps_text", "checks_of"]

UNPROVEN = "not proven: no solver was asked what this does to the targets"


def bumps_json(results: Sequence[Bump | Skip], *, proven: bool) -> dict[str, Any]:
    """The document of `bump --json`."""
    return {"bumps": [_json(result, proven=proven) for result in results]}


def _json(result: Bump | Skip, *, proven: bool) -> dict[str, Any]:
    common: dict[str, Any] = {"waits_for": [], "edits": [], "checks": []}
    common["dependencies"] = {"added": [], "removed": [], "changed": []}
    match result:
        case Skip():
            return {
                "feedstock": result.feedstock,
                "branch": result.branch,
                "from": result.current or None,
                "to": None,
                "status": "skipped",
                "reason": result.reason,
                "kind": result.kind,
                **common,
                "notes": [],
            }
        case Bump():
            change = result.change
            return {
                "feedstock": change.feedstock,
                "branch": change.branch,
                "from": result.old,
                "to": result.new,
                "status": result.status,
                "reason": "; ".join((*result.blocked_by, *change.reasons)),
                **common,
                "dependencies": _dependencies(result.drift),
                "waits_for": list(result.waits_for),
                "blocked_by": list(result.blocked_by),
                "satisfies": list(result.satisfies),
                "recipes": [_recipe(one) for one in result.recipes],
                "checks": checks_of(result.proof) if result.proof is not None else [],
                "proof": _proof(result.proof) if result.proof is not None else None,
                "edits": [{"path": edit.path, "diff": edit.diff} for edit in change.edits],
                "hashes": [
                    {"url": digest.url, "origin": digest.origin, **digest.hashes} for digest in result.edited.digests
                ],
                "rejected": [{"version": str(item.version), "reason": item.reason} for item in result.rejected],
                "notes": [*result.notes, *([] if proven else [UNPROVEN])],
            }


def _recipe(change: Change) -> dict[str, Any]:
    return {
        "feedstock": change.feedstock,
        "version": change.key,
        "title": change.title,
        "reason": "; ".join(change.reasons),
        "body": change.body,
        "files": {edit.path: edit.after for edit in change.edits},
    }


def _proof(proof: Proof) -> dict[str, Any]:
    return {
        "outcome": proof.outcome,
        "reason": proof.reason,
        "beside": list(proof.beside),
        "warnings": list(proof.warnings),
    }


def checks_of(proof: Proof) -> list[dict[str, Any]]:
    """One entry for each target, platform and Python, then one for each environment of the feedstock's own."""
    cells: list[dict[str, Any]] = [
        {
            "kind": "target",
            "target": one.before.target,
            "platform": one.before.platform,
            "python": one.before.python,
            "before": {"status": one.before.status, "version": one.before.version},
            "after": {"status": one.after.status, "version": one.after.version},
            "outcome": one.outcome,
            "reason": one.reason,
            "difference": one.difference.text,
        }
        for one in proof.verdicts
    ]
    return cells + [{"kind": "environment", **asdict(one)} for one in proof.environments]


def _dependencies(drift: Drift | None) -> dict[str, list[dict[str, Any]]]:
    lines = {"added": drift.added, "removed": drift.removed, "changed": drift.changed} if drift is not None else {}
    return {kind: [asdict(line) for line in lines.get(kind, ())] for kind in ("added", "removed", "changed")}


def bumps_text(results: Sequence[Bump | Skip], *, written: bool, proven: bool) -> RenderableType:
    """Each bump with its reasons and its diff, each skip with its reason."""
    from rich.text import Text  # noqa: PLC0415  # 0.05 s that --json does without

    lines = []
    for result in results:
        match result:
            case Skip():
                lines.append(f"{result.feedstock} {result.current}".rstrip() + f": skipped: {result.reason}")
                lines += [f"  {result.hint}"] if result.hint else []
            case Bump():
                state = f"{result.status}, written" if written and result.status == "proposed" else result.status
                lines.append(f"{result.change.feedstock} {result.old} → {result.new}: {state}")
                lines += [f"  waits for {', '.join(result.waits_for)}"] if result.waits_for else []
                lines += [f"  blocked: {reason}" for reason in result.blocked_by]
                lines += [f"  {reason}" for reason in result.change.reasons]
                lines += [f"  {sentence}" for sentence in result.satisfies]
                lines += _proved(result.proof) if result.proof is not None else []
                lines += [f"  a new recipe: {one.title}: {'; '.join(one.reasons)}" for one in result.recipes]
                lines += [f"  note: {note}" for note in (*result.notes, *([] if proven else [UNPROVEN]))]
                lines += [line.rstrip("\r\n") for edit in result.change.edits for line in edit.diff.splitlines()]
    return Text("\n".join(lines or ["There are no feedstocks."]), no_wrap=True, overflow="ignore")


def _proved(proof: Proof) -> list[str]:
    beside = f" after {', '.join(proof.beside)}" if proof.beside else ""
    lines = [f"  targets{beside}: {proof.outcome}" + (f": {proof.reason}" if proof.reason else "")]
    lines += [
        f"  {one.part} of {one.output} on {one.platform} {one.variant}".rstrip() + f": {one.status}: {one.reason}"
        for one in proof.environments
        if one.status != "installable"
    ]
    return lines + [f"  warning: {text}" for text in proof.warnings]

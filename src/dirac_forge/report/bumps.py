"""Bumps as JSON and as text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from dirac_forge.bump.proposal import Bump
from dirac_forge.feedstock.change import Skip

if TYPE_CHECKING:
    from rich.console import RenderableType

    from dirac_forge.bump.drift import Drift

__all__ = ["bumps_json", "bumps_text"]

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
                "reason": "; ".join(change.reasons),
                **common,
                "dependencies": _dependencies(result.drift),
                "waits_for": list(result.waits_for),
                "edits": [{"path": edit.path, "diff": edit.diff} for edit in change.edits],
                "hashes": [
                    {"url": digest.url, "origin": digest.origin, **digest.hashes} for digest in result.edited.digests
                ],
                "rejected": [{"version": str(item.version), "reason": item.reason} for item in result.rejected],
                "notes": [*result.notes, *([] if proven else [UNPROVEN])],
            }


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
                lines += [f"  {reason}" for reason in result.change.reasons]
                lines += [f"  note: {note}" for note in (*result.notes, *([] if proven else [UNPROVEN]))]
                lines += [line.rstrip("\r\n") for edit in result.change.edits for line in edit.diff.splitlines()]
    return Text("\n".join(lines or ["There are no feedstocks."]), no_wrap=True, overflow="ignore")

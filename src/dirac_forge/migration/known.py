"""What conda-forge's bot knows of a migration: its status page, `migration_json/<name>.json` of cf-graph-countyfair."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from dirac_forge.errors import InputError
from dirac_forge.files import read_text, unreadable
from dirac_forge.migration.status import PageLabel
from dirac_forge.untrusted import parse_json

_STATES: tuple[Literal["done", "in-pr", "not-solvable", "bot-error"], ...] = (
    "done",
    "in-pr",
    "not-solvable",
    "bot-error",
)


def labels_of_page(path: Path) -> dict[str, PageLabel]:
    """Return the labels of a status page, by feedstock. Raises InputError if the file is not a status page."""
    try:
        page = parse_json(read_text(path))
    except (OSError, ValueError) as exc:
        raise InputError(f"{path}: can't be read: {unreadable(exc)}") from exc
    if not isinstance(page, dict) or not isinstance(page.get("_feedstock_status", {}), dict):
        raise InputError(f"{path}: not a status page of a migration", hint="Expected `done`, `in-pr` and so on.")
    details: dict[str, Any] = page.get("_feedstock_status", {})
    labels: dict[str, PageLabel] = {}
    for state in _STATES:
        names = page.get(state, [])
        for name in names if isinstance(names, list) else []:
            own = details.get(str(name))
            key = "pr_url" if state in {"done", "in-pr"} else "pre_pr_migrator_status"
            detail = own.get(key) if isinstance(own, dict) else None
            labels[str(name)] = PageLabel(state=state, detail=str(detail or ""))
    return labels

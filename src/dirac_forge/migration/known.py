"""What conda-forge's bot knows of a migration: its status page, `migration_json/<name>.json` of cf-graph-countyfair."""

from __future__ import annotations

from pathlib import Path

from dirac_forge.errors import InputError
from dirac_forge.migration.status import Known
from dirac_forge.untrusted import parse_json

__all__ = ["known_from_page"]


def known_from_page(path: Path) -> Known:
    """The pull requests, errors and solver failures in a status page. Raises InputError where it is none."""
    try:
        page = parse_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:
        raise InputError(f"{path}: it can't be read: {exc}") from exc
    if not isinstance(page, dict) or not isinstance(page.get("_feedstock_status", {}), dict):
        raise InputError(f"{path}: it is no status page of a migration", hint="Expected `done`, `in-pr` and so on.")
    details = page.get("_feedstock_status", {})

    def names(state: str) -> list[str]:
        value = page.get(state, [])
        return [str(name) for name in value] if isinstance(value, list) else []

    def text(name: str, key: str, otherwise: str) -> str:
        one = details.get(name)
        return str(one.get(key) or otherwise) if isinstance(one, dict) else otherwise

    return Known(
        done=names("done"),
        in_pr={name: text(name, "pr_url", "a pull request is open") for name in names("in-pr")},
        not_solvable={
            name: text(name, "pre_pr_migrator_status", "not solvable, says the status page")
            for name in names("not-solvable")
        },
        errors={
            name: text(name, "pre_pr_migrator_status", "an error, says the status page") for name in names("bot-error")
        },
    )

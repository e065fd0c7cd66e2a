"""The canaries of each group of changes, from the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from dirac_forge.bot.budget import Canaries, group_of
from dirac_forge.pullrequest.records import LedgerEntry

RECENT = timedelta(days=14)
"""Bumps never end: only those that were built lately tell that the next ones will be."""


def canaries_of(entries: Iterable[LedgerEntry], *, now: datetime) -> dict[str, Canaries]:
    """Return how many requests of each group (a migration, or bumps) were merged and built, and which are under way."""
    passed: dict[str, int] = {}
    under_way: dict[str, list[str]] = {}
    for entry in entries:
        group = group_of(entry.identity)
        if entry.state == "done" and _counts(entry, now):
            passed[group] = passed.get(group, 0) + 1
        elif entry.state in {"pushed", "open", "merged"}:
            under_way.setdefault(group, []).append(entry.url or str(entry.identity))
    return {
        group: Canaries(passed=passed.get(group, 0), under_way=tuple(under_way.get(group, ())))
        for group in {*passed, *under_way}
    }


def _counts(entry: LedgerEntry, now: datetime) -> bool:
    if entry.identity.kind != "bump":
        return True
    return entry.updated is not None and now - entry.updated <= RECENT

"""The first page: all targets, what changed since yesterday, proposals, migrations, distributions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dirac_forge.report.site.history import changes_between, yesterday
from dirac_forge.report.site.pages.bars import Bar, bar_of
from dirac_forge.report.site.pages.matrix import TargetMatrix, matrix_of
from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Since:
    """What is different from yesterday."""

    time: str
    """Of the run that this one is compared with, or "" if this is the first."""
    changes: tuple[Mapping[str, Any], ...] = ()

    @property
    def by_cell(self) -> dict[str, str]:
        """What happened to each cell, by its name in the history."""
        return {
            "|".join((each["target"], each["platform"], each["python"] or "")): each["kind"]
            for each in self.changes
            if "target" in each
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposed:
    """A change that is open, waits, or could be made."""

    feedstock: str
    what: str
    state: str
    url: str
    """Of its request, or "" if there is none."""
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class MigrationRow:
    """A migration in a list."""

    name: str
    title: str
    state: str
    source: str
    pins: tuple[str, ...]
    bar: Bar


@dataclass(frozen=True, kw_only=True, slots=True)
class DistributionPart:
    """What the next release of a distribution would get."""

    name: str
    unavailable: str
    platforms: tuple[tuple[str, Mapping[str, Any]], ...]
    """Environment and platform, and its difference."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HomePage:
    """What the page says."""

    targets: tuple[TargetMatrix, ...]
    since: Since
    open: tuple[Proposed, ...]
    waiting: tuple[Proposed, ...]
    running: tuple[MigrationRow, ...]
    others: int
    """Migrations that do not run."""
    distributions: tuple[DistributionPart, ...]


def home_page(documents: Mapping[str, Mapping[str, Any]], targets: Sequence[Mapping[str, Any]]) -> HomePage:
    """Return the first page of these data files; `targets` are those of the targets."""
    since = since_yesterday(documents["history.json"])
    proposed = _proposed(documents)
    rows = migration_rows(documents["migrations.json"])
    running = tuple(row for row in rows if row.state in {"running", "paused"})
    return HomePage(
        targets=tuple(matrix_of(each["target"], each["results"], since.by_cell) for each in targets),
        since=since,
        open=tuple(each for each in proposed if each.state in _OPEN),
        waiting=tuple(each for each in proposed if each.state not in _OPEN),
        running=running,
        others=len(rows) - len(running),
        distributions=tuple(_distribution(each) for each in documents["distributions.json"]["distributions"]),
    )


_OPEN = frozenset({"open", "pushed", "theirs", "prepared", "proposed"})


def since_yesterday(history: Mapping[str, Any]) -> Since:
    """Return what is different from the run of a day ago."""
    before = yesterday(history)
    if before is None:
        return Since(time="")
    return Since(time=before["time"], changes=tuple(changes_between(before, history["runs"][-1])))


def _proposed(documents: Mapping[str, Mapping[str, Any]]) -> list[Proposed]:
    """Return the changes of the ledger, then the bumps that it does not have."""
    requests = documents["site.json"]["requests"]
    known = {(each["feedstock"], each["branch"], each["kind"], each["key"]) for each in requests}
    bumps = [
        Proposed(
            feedstock=each["feedstock"],
            what=f"{each['from']} → {each['to']}" + ("" if each["branch"] == "main" else f" on {each['branch']}"),
            state=each["status"],
            url="",
            reason=each["reason"],
        )
        for each in documents["bumps.json"]["bumps"]
        if each["to"] and (each["feedstock"], each["branch"], "bump", each["to"]) not in known
    ]
    return [
        *(
            Proposed(
                feedstock=each["feedstock"],
                what=f"{each['kind']} {each['key']}",
                state=each["state"],
                url=each["url"] or "",
                reason=each["error"] or each["people"] or "",
            )
            for each in requests
        ),
        *bumps,
    ]


_STATES = ("running", "paused", "planned", "unknown", "done", "no-members")


def migration_rows(document: Mapping[str, Any]) -> tuple[MigrationRow, ...]:
    """Return all migrations, the running ones first."""
    rows = [
        MigrationRow(
            name=each["migration"],
            title=each["title"],
            state=each["state"],
            source=each["from"],
            pins=tuple(each["pins"]),
            bar=bar_of(each["migration"], each["states"]),
        )
        for each in document["migrations"]
    ]
    return tuple(sorted(rows, key=lambda row: (_STATES.index(row.state), row.name)))


def _distribution(document: Mapping[str, Any]) -> DistributionPart:
    environments = document.get("environments", {})
    several = len(environments) > 1
    return DistributionPart(
        name=document["name"],
        unavailable=document.get("unavailable", ""),
        platforms=tuple(
            (f"{environment}, {platform}" if several else platform, difference)
            for environment, platforms in environments.items()
            for platform, difference in platforms.items()
        ),
    )

"""The data files of the site, from the functions that print the JSON of the commands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from dirac_forge.channel.records import Record, name_of
from dirac_forge.check.cells import Cell
from dirac_forge.errors import redact
from dirac_forge.migration.plan import Plan
from dirac_forge.migration.status import OpenRebuild, PageLabel, Status
from dirac_forge.report.audit import audit_json
from dirac_forge.report.bumps_json import bumps_json
from dirac_forge.report.check_json import document as check_json
from dirac_forge.report.difference import difference_json
from dirac_forge.report.migration import list_json, plan_json
from dirac_forge.report.migration_effect import effect_json
from dirac_forge.report.migration_status import status_json
from dirac_forge.report.site.feedstock_documents import feedstock_documents
from dirac_forge.report.site.history import history_of_site
from dirac_forge.report.site.inputs import LockedDistribution, MigrationFacts, SiteInputs, Unavailable
from dirac_forge.report.site.links import slug
from dirac_forge.report.site.upstream import UpstreamAnswer, upstream_answers, upstream_row

Document = dict[str, Any]


def documents_of(inputs: SiteInputs) -> dict[str, Document]:
    """Return the data files, by path below `data/`."""
    migrations = [migration_document(each) for each in _known(inputs.migrations)]
    targets = _targets(inputs)
    feedstocks = feedstock_documents(inputs, targets, migrations)
    documents: dict[str, Document] = {
        "check.json": _section(inputs.cells, "results", check_json),
        "bumps.json": _section(inputs.bumps, "bumps", bumps_json),
        "audit.json": _section(
            inputs.audited, "findings", lambda audited: audit_json(audited, inputs.findings, (), inputs.gaps)
        ),
        "migrations.json": _migrations(inputs, migrations),
        "distributions.json": {"distributions": [_distribution(each) for each in inputs.distributions]},
        **{f"targets/{slug(name)}.json": document for name, document in targets.items()},
        **{f"migrations/{slug(each['migration'])}.json": each for each in migrations},
        **{f"feedstocks/{slug(name)}.json": document for name, document in feedstocks.items()},
    }
    documents["history.json"] = history_of_site(documents, migrations, now=inputs.now, past=inputs.past)
    documents["site.json"] = _index(inputs, targets, migrations, feedstocks)
    return documents


def _known(part: Sequence[Any] | Unavailable) -> Sequence[Any]:
    return () if isinstance(part, Unavailable) else part


def _section(part: Any, key: str, document: Any) -> Document:
    """Return the document of a command, or an empty one that says why there is none."""
    return {key: [], "unavailable": part.reason} if isinstance(part, Unavailable) else document(part)


def _index(
    inputs: SiteInputs,
    targets: Mapping[str, Document],
    migrations: Sequence[Document],
    feedstocks: Mapping[str, Document],
) -> Document:
    parts = {
        "check": inputs.cells,
        "bump": inputs.bumps,
        "audit": inputs.audited,
        "migrate": inputs.migrations,
        "bot": inputs.ledger,
    }
    return {
        "made": inputs.now.astimezone(UTC).isoformat(timespec="seconds"),
        "program": inputs.program,
        "workspace": inputs.workspace,
        "channels": [_channel(each) for each in inputs.channels],
        "as_of": inputs.as_of,
        "targets": [{"target": name, "data": f"targets/{slug(name)}.json"} for name in targets],
        "migrations": [
            {"migration": each["migration"], "data": f"migrations/{slug(each['migration'])}.json"}
            for each in migrations
        ],
        "feedstocks": [{"feedstock": name, "data": f"feedstocks/{slug(name)}.json"} for name in feedstocks],
        "unavailable": {name: part.reason for name, part in parts.items() if isinstance(part, Unavailable)},
        "last_run": None if isinstance(inputs.ledger, Unavailable) else inputs.ledger.last_run,
        "requests": _requests(inputs),
    }


_HERE = ("wanted", "prepared", "theirs", "pushed", "open", "failed", "waiting")
"""States of changes that are not over."""


def _requests(inputs: SiteInputs) -> list[Document]:
    """Return the changes of the ledger that are not over, by feedstock."""
    if isinstance(inputs.ledger, Unavailable):
        return []
    return [
        {"feedstock": name, **change}
        for name, history in inputs.ledger.histories.items()
        for change in history["changes"]
        if change["state"] in _HERE
    ]


def _channel(channel: str) -> str:
    """Return a channel without credentials, and of a folder its name: the rest is of the machine that made the site."""
    return redact(channel) if "://" in channel else channel.rstrip("/").rpartition("/")[2]


def _targets(inputs: SiteInputs) -> dict[str, Document]:
    cells: dict[str, list[Cell]] = {}
    for cell in _known(inputs.cells):
        cells.setdefault(cell.target, []).append(cell)
    answers = {} if isinstance(inputs.bumps, Unavailable) else upstream_answers(inputs.bumps)
    return {name: _target(inputs, name, mine, answers) for name, mine in cells.items()}


def _target(inputs: SiteInputs, name: str, cells: Sequence[Cell], answers: Mapping[str, UpstreamAnswer]) -> Document:
    results = check_json(cells)["results"]
    packages = _closure(cells)
    return {
        "target": name,
        "specs": sorted({spec for cell in cells for spec in cell.specs if name_of(spec) != "python"}),
        "results": [{**one, **_age(cell, inputs.now)} for one, cell in zip(results, cells, strict=True)],
        "packages": packages,
        "upstream": [upstream_row(each, _makers(inputs, each["name"]), answers, now=inputs.now) for each in packages],
        "audit": _audit(inputs, name, cells),
    }


def _audit(inputs: SiteInputs, target: str, cells: Sequence[Cell]) -> Document:
    """Return the audit of what one target installs."""
    if isinstance(inputs.audited, Unavailable):
        return {"findings": [], "unavailable": inputs.audited.reason}
    installed = {(record.subdir, record.file) for cell in cells for record in cell.packages}
    audited = [each for each in inputs.audited if (each.record.subdir, each.record.file) in installed]
    return audit_json(audited, [each for each in inputs.findings if target in each.targets], (), inputs.gaps)


def _makers(inputs: SiteInputs, package: str) -> tuple[str, ...]:
    if inputs.graph is None:
        return ()
    # Release lines make the same packages; the default branch is the one that moves.
    return tuple(name for name in inputs.graph.makers_of(package) if "@" not in name)


def _age(cell: Cell, now: datetime) -> Document:
    """Return when the installed version of a target was uploaded, and how many days ago."""
    first = next((record for record in cell.packages if record.name == name_of(cell.specs[0])), None)
    uploaded = _uploaded(first)
    days = (now - uploaded).days if uploaded is not None else None
    return {"uploaded": uploaded.isoformat(timespec="seconds") if uploaded is not None else None, "days": days}


def _uploaded(record: Record | None) -> datetime | None:
    if record is None or record.timestamp is None:
        return None
    return datetime.fromtimestamp(record.timestamp / 1000, UTC)


def _closure(cells: Sequence[Cell]) -> list[Document]:
    """Return what the cells install, each package once: by name."""
    records: dict[str, dict[tuple[str, str], tuple[Record, dict[str, None]]]] = {}
    for cell in cells:
        for record in cell.packages:
            own = records.setdefault(record.name, {})
            own.setdefault((record.version, record.file), (record, {}))[1][cell.platform] = None
    return [_package(name, list(records[name].values()), records) for name in sorted(records)]


def _package(name: str, builds: Sequence[tuple[Record, Mapping[str, None]]], known: Iterable[str]) -> Document:
    newest = max((record for record, _ in builds), key=lambda record: record.timestamp or 0)
    uploaded = _uploaded(newest)
    there = set(known)
    needs = {name_of(spec) for record, _ in builds for spec in record.depends}
    return {
        "name": name,
        "version": newest.version,
        "versions": sorted({record.version for record, _ in builds}),
        "platforms": sorted({platform for _, platforms in builds for platform in platforms}),
        "noarch": newest.noarch is not None,
        "uploaded": uploaded.isoformat(timespec="seconds") if uploaded is not None else None,
        "depends": sorted(needs & there),
    }


def migration_document(facts: MigrationFacts) -> Document:
    """Return plan and status of one migration, as the commands print them, and its state as a whole."""
    migration = facts.migration
    (listed,) = list_json({migration.name: migration})["migrations"]
    return {
        **{key: listed[key] for key in ("migration", "title", "paused", "longterm", "pins")},
        "from": "pinning" if facts.pinning else "workspace",
        "state": _state(facts),
        "plan": _part(facts.plan, lambda plan: plan_json(plan, facts.pinned)),
        "status": _part(facts.status, lambda status: _status(facts.plan, status)),
        "targets": [effect_json(each) for each in facts.effects],
        "requests": {} if isinstance(facts.status, Unavailable) else dict(_rebuild_requests(facts.status)),
        "notes": list(facts.notes),
    }


def _rebuild_requests(status: Status) -> Iterator[tuple[str, str]]:
    """Yield members with the URLs of their requests: of ours, or as the status page knows them."""
    for each in status.feedstocks:
        for reason in each.reasons:
            match reason:
                case OpenRebuild(url=url) | PageLabel(state="in-pr", detail=url):
                    yield each.feedstock, url
                case _:
                    continue


def _status(plan: Plan | Unavailable, status: Status) -> Document:
    assert isinstance(plan, Plan)  # noqa: S101 — a status is one of a plan
    return status_json(plan, status)


def _part(part: Any, document: Any) -> Document:
    return {"unavailable": part.reason} if isinstance(part, Unavailable) else document(part)


def _state(facts: MigrationFacts) -> str:
    """Return whether a migration is running, paused, done or planned; unknown if its status is."""
    if facts.migration.settings.paused:
        return "paused"
    if isinstance(facts.status, Unavailable):
        return "unknown"
    states = {each.state for each in facts.status.feedstocks}
    if states <= {"done"}:
        return "done" if states and not facts.status.absent else "no-members" if not states else "running"
    return "running" if states & {"done", "in-pr", "error"} else "planned"


def _migrations(inputs: SiteInputs, migrations: Sequence[Document]) -> Document:
    listed = list_json({each.migration.name: each.migration for each in _known(inputs.migrations)})["migrations"]
    rows = []
    for row, document in zip(listed, migrations, strict=True):
        states = [each["state"] for each in document["status"].get("feedstocks", ())]
        counts = {state: states.count(state) for state in dict.fromkeys(states)}
        rows.append(
            {
                # Where the file lies on the machine that made the site is nobody's business.
                **{key: value for key, value in row.items() if key != "path"},
                **{key: document[key] for key in ("from", "state")},
                "members": len(states),
                "states": counts,
                "data": f"migrations/{slug(row['migration'])}.json",
            }
        )
    reason = inputs.migrations.reason if isinstance(inputs.migrations, Unavailable) else None
    return {"migrations": rows, **({"unavailable": reason} if reason else {})}


def _distribution(found: LockedDistribution) -> Document:
    return {"name": found.name, **_part(found.difference, lambda each: difference_json(each, found.security))}

"""The JSON Schema of the site's data files. More keys may be there than it names; those that it names stay."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import models_json_schema

CellStatus = Literal["installable", "not-installable", "unknown"]
MemberState = Literal["done", "in-pr", "awaiting-pr", "awaiting-parents", "not-solvable", "error", "unknown"]
MigrationState = Literal["running", "paused", "done", "planned", "no-members", "unknown"]


class _File(BaseModel):
    model_config = ConfigDict(extra="allow")


class SiteIndexTarget(_File):
    """A target and its data file."""

    target: str
    data: str


class SiteIndexMigration(_File):
    """A migration and its data file."""

    migration: str
    data: str


class SiteIndexFeedstock(_File):
    """A feedstock and its data file."""

    feedstock: str
    data: str


class RequestEntry(_File):
    """A change of the bot's ledger that is not over."""

    feedstock: str
    branch: str
    kind: str
    key: str
    state: str
    url: str | None
    """A URL, or a place in the outbox."""


class SiteIndexFile(_File):
    """What there is: `site.json`."""

    made: str
    """When the site was made (ISO 8601)."""
    program: str
    workspace: str
    channels: list[str]
    as_of: str | None
    """The day of the embedded snapshot, where it answered for conda-forge."""
    targets: list[SiteIndexTarget]
    migrations: list[SiteIndexMigration]
    feedstocks: list[SiteIndexFeedstock]
    unavailable: dict[str, str]
    """Command to why its part is missing: unknown is not a no."""
    last_run: dict[str, Any] | None
    requests: list[RequestEntry]


class CheckResult(_File):
    """A target on one platform with one Python, as `dirac-forge check --json` prints it."""

    target: str
    platform: str
    python: str | None
    specs: list[str]
    status: CellStatus
    wanted: bool
    version: str | None
    packages: int
    reason: str | None


class CheckFile(_File):
    """`dirac-forge check --json`: `check.json`."""

    results: list[CheckResult]
    unavailable: str | None = None


class DatedResult(CheckResult):
    """The same with the age of what is installed."""

    uploaded: str | None
    days: int | None


class InstalledPackage(_File):
    """A package that a target installs somewhere."""

    name: str
    version: str
    """That of the newest build among the platforms and Pythons."""
    versions: list[str]
    platforms: list[str]
    noarch: bool
    uploaded: str | None
    depends: list[str]
    """Of the packages of this list."""


class UpstreamRow(_File):
    """An installed package against upstream."""

    package: str
    version: str
    feedstock: str | None
    newest: str | None
    released: str | None
    days: int | None
    """Since the newest version was released, where the installed one is older."""
    status: Literal["current", "outdated", "unknown"]
    reason: str | None


class AuditFile(_File):
    """`dirac-forge audit --json`: `audit.json`."""

    findings: list[dict[str, Any]]
    unavailable: str | None = None


class TargetFile(_File):
    """A target: `targets/NAME.json`."""

    target: str
    specs: list[str]
    results: list[DatedResult]
    packages: list[InstalledPackage]
    upstream: list[UpstreamRow]
    audit: AuditFile


class BumpsFile(_File):
    """`dirac-forge bump --json`: `bumps.json`."""

    bumps: list[dict[str, Any]]
    unavailable: str | None = None


class MigrationRowEntry(_File):
    """A migration in the list, with its counts by state."""

    migration: str
    title: str
    paused: bool
    longterm: bool
    pins: list[str]
    origin: Literal["workspace", "pinning"] = Field(alias="from")
    state: MigrationState
    members: int
    states: dict[MemberState, int]
    data: str


class MigrationsFile(_File):
    """All migrations: `migrations.json`."""

    migrations: list[MigrationRowEntry]
    unavailable: str | None = None


class MigrationFile(_File):
    """A migration: `migrations/NAME.json`. `plan` and `status` are what `dirac-forge migrate` prints with --json."""

    migration: str
    title: str
    paused: bool
    pins: list[str]
    origin: Literal["workspace", "pinning"] = Field(alias="from")
    state: MigrationState
    plan: dict[str, Any]
    status: dict[str, Any]
    targets: list[dict[str, Any]]
    """What it does to each target, as `migrate plan --target` prints it."""
    requests: dict[str, str]
    """Member to the URL of its request."""
    notes: list[str]


class FeedstockFile(_File):
    """A feedstock: `feedstocks/NAME.json`. `why` is what `dirac-forge bot why --json` prints."""

    feedstock: str
    facts: dict[str, Any] | None
    lines: list[dict[str, Any]]
    bumps: list[dict[str, Any]]
    why: dict[str, Any] | None
    migrations: list[dict[str, Any]]
    dependents: list[dict[str, Any]]
    targets: list[str]


class DistributionsFile(_File):
    """What the next releases would get, as `dirac-forge diff --json` prints it: `distributions.json`."""

    distributions: list[dict[str, Any]]


class HistoryRun(_File):
    """What a run found."""

    time: str
    cells: dict[str, list[str | None]]
    """`TARGET|PLATFORM|PYTHON` to status and version."""
    migrations: dict[str, list[int]]
    """Migration to members done and members."""


class HistoryFile(_File):
    """Earlier runs: `history.json`."""

    version: Literal[1]
    runs: list[HistoryRun]
    changes: list[dict[str, Any]]
    states: dict[str, dict[str, list[str]]]
    """Migration, then member, to its state and since when the site has seen it so."""


_FILES: dict[str, type[BaseModel]] = {
    r"^site\.json$": SiteIndexFile,
    r"^check\.json$": CheckFile,
    r"^audit\.json$": AuditFile,
    r"^bumps\.json$": BumpsFile,
    r"^migrations\.json$": MigrationsFile,
    r"^distributions\.json$": DistributionsFile,
    r"^history\.json$": HistoryFile,
    r"^targets/.+\.json$": TargetFile,
    r"^migrations/.+\.json$": MigrationFile,
    r"^feedstocks/.+\.json$": FeedstockFile,
}


def site_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of an object with each data file under its path below `data/`.

    The schema of one file alone is in `$defs`.
    """
    references, definitions = models_json_schema([(model, "validation") for model in _FILES.values()])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://diracgrid.github.io/dirac-forge/schemas/site.json",
        "title": "dirac-forge status site",
        "type": "object",
        "patternProperties": {path: references[model, "validation"] for path, model in _FILES.items()},
        "additionalProperties": False,
        **definitions,
    }

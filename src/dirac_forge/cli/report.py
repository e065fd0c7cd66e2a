"""`dirac-forge report`: everything that the commands find out, as a static site."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dirac_forge import __version__
from dirac_forge.audit.findings import at_least
from dirac_forge.bot.history import history_json, history_of
from dirac_forge.cli.context import Context
from dirac_forge.cli.report_checks import checked, installed_audit, proposed
from dirac_forge.cli.report_migrations import followed
from dirac_forge.distribution.origins import own_lock
from dirac_forge.errors import ForgeError, InputError
from dirac_forge.feedstock.workspace import Workspace, read_workspace
from dirac_forge.pullrequest.ledger import Ledger
from dirac_forge.pullrequest.ledger_file import ledger_path, open_ledger
from dirac_forge.report.document import Items, Line, Section, words
from dirac_forge.report.next_steps import Step, near
from dirac_forge.report.site.inputs import FeedstockLine, LedgerFacts, LockedDistribution, SiteInputs, Unavailable
from dirac_forge.report.site.site import site_of
from dirac_forge.report.site.writing import read_past, write_site
from dirac_forge.report.terminal import Shown
from dirac_forge.values import dataclass

_FILES = ("construct.yaml", "environment.yml", "pixi.toml")


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportRequest:
    """The options of the command."""

    output: Path
    migrations: tuple[str, ...] = ()
    distributions: tuple[Path, ...] = ()
    bumps: bool = True
    audit: bool = True
    status_page: Path | None = None
    ledger: Path | None = None
    history: Path | None = None
    url: str = ""


def report(context: Context, request: ReportRequest) -> int:
    """Find everything out, write the site, answer with where it is, and return the exit code."""
    now = datetime.now(UTC)
    past = read_past(request.history or request.output / "data" / "history.json")
    inputs = _inputs(context, request, now, past)
    context.observer.started("writing the site")
    site = site_of(inputs, url=request.url)
    write_site(request.output, site.files)
    context.observer.finished("writing the site")
    facts: tuple[Line, ...] = (
        f"{site.pages} pages, {sum(map(len, site.files.values())) / 1e6:.1f} MB",
        f"targets: {words(site.targets) or 'none'}",
        f"migrations: {words(site.migrations) or 'none'}",
        f"feedstocks: {len(site.feedstocks)}",
        *(f"unknown: {name}: {reason}" for name, reason in site.unavailable.items()),
    )
    context.answer(
        Shown([Section(title=f"Wrote {request.output}", blocks=(Items(facts),))]),
        {
            "path": str(request.output),
            "pages": site.pages,
            "targets": list(site.targets),
            "migrations": list(site.migrations),
            "feedstocks": len(site.feedstocks),
            "unavailable": dict(site.unavailable),
        },
        (Step(near(request.output / "index.html"), "is the first page; open it in a browser"),),
    )
    return 3 if _is_unknown(inputs) else 0


def _is_unknown(inputs: SiteInputs) -> bool:
    """Whether it is not known of a target whether it can be installed."""
    cells = inputs.cells
    return isinstance(cells, Unavailable) or any(cell.status == "unknown" for cell in cells)


def _inputs(context: Context, request: ReportRequest, now: datetime, past: dict[str, Any] | None) -> SiteInputs:
    settings = context.settings
    workspace = read_workspace(settings.workspace)
    with ThreadPoolExecutor((os.cpu_count() or 2) + 1) as executor:
        cells = checked(context, executor)
        bumps = proposed(context, workspace, executor) if request.bumps else Unavailable("left out by --no-bumps")
        audited = installed_audit(context, executor) if request.audit else Unavailable("left out by --no-audit")
    migrations, graph = followed(context, request.migrations, request.status_page)
    return SiteInputs(
        now=now,
        program=f"dirac-forge {__version__}",
        workspace=settings.workspace.name,
        channels=settings.channels,
        as_of=context.observer.as_of.isoformat() if context.observer.as_of else None,
        cells=cells,
        bumps=bumps,
        audited=audited if isinstance(audited, Unavailable) else audited.audited,
        findings=() if isinstance(audited, Unavailable) else at_least(audited.findings, "medium"),
        gaps=() if isinstance(audited, Unavailable) else audited.gaps,
        migrations=migrations,
        graph=graph,
        lines=_lines(context, workspace),
        ledger=_ledger(context, request.ledger),
        distributions=tuple(_distributions(context, request.distributions)),
        past=past,
    )


def _lines(context: Context, workspace: Workspace) -> dict[str, tuple[FeedstockLine, ...]]:
    """Return the release lines of each feedstock: those of the settings, and those of the workspace."""
    here = {(folder.name, folder.branch or "main") for folder in workspace.by_label.values()}
    found: dict[str, dict[str, str]] = {name: {"main": ""} for name in workspace.feedstocks}
    for name, settings in context.settings.feedstocks.items():
        if name in found:
            found[name] |= {branch: str(versions) for branch, versions in settings.branches.items()}
    for name, branch in sorted(here):
        found.setdefault(name, {}).setdefault(branch, "")
    return {
        name: tuple(
            FeedstockLine(branch=branch, versions=versions, here=(name, branch) in here)
            for branch, versions in branches.items()
        )
        for name, branches in found.items()
    }


def _ledger(context: Context, path: Path | None) -> LedgerFacts | Unavailable:
    """Return the history of each feedstock that the ledger has, as `bot why` gives it."""
    place = path or ledger_path(context.settings)
    if not place.is_file():
        return Unavailable(
            f"there is no ledger at {_near(place, context.settings.workspace)}: the bot has not run here"
        )
    try:
        with open_ledger(context, path) as ledger:
            histories = _histories(ledger, context.settings.bot.paused)
    except ForgeError as error:
        return Unavailable(error.message)
    last = next((each["last_run"] for each in histories.values()), None)
    return LedgerFacts(histories=histories, last_run=last)


def _histories(ledger: Ledger, paused: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return what `bot why --json` prints for each feedstock that the ledger has."""
    lines, entries, runs = ledger.lines(), ledger.entries(), ledger.runs(last=1)
    return {
        name: history_json(
            history_of(
                name,
                now=ledger.now(),
                lines=[line for line in lines if line.feedstock == name],
                entries=[entry for entry in entries if entry.identity.feedstock == name],
                events=ledger.events(feedstock=name),
                runs=runs,
                paused=paused,
            )
        )
        for name in sorted({*(line.feedstock for line in lines), *(entry.identity.feedstock for entry in entries)})
    }


def _near(path: Path, root: Path) -> str:
    """Return a path without the machine's folders, where it is below the workspace."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


def _distributions(context: Context, asked: Sequence[Path]) -> list[LockedDistribution]:
    root = context.settings.workspace
    paths = asked or [root / name for name in _FILES if (root / name).is_file() and own_lock(root / name) is not None]
    return [_next_release(context, path) for path in paths]


def _next_release(context: Context, path: Path) -> LockedDistribution:
    """Return how a lock of today differs from the one next to the file."""
    from dirac_forge.cli.diff import compared  # noqa: PLC0415  # only if there is a distribution

    if not path.is_file():
        raise InputError(f"--distribution {path}: there is no such file")
    name, lock = _near(path, context.settings.workspace), own_lock(path)
    if lock is None:
        hint = f"`dirac-forge lock {path.name}` writes one"
        return LockedDistribution(name=name, difference=Unavailable(f"there is no lock next to it: {hint}"))
    try:
        difference, security, _ = compared(context, str(lock), "today", file=str(path))
    except ForgeError as error:
        return LockedDistribution(name=name, difference=Unavailable(error.message))
    return LockedDistribution(name=name, difference=difference, security=security)

"""`dirac-forge migrate`: plan ABI migrations, see where they stand, rebuild what can go."""

from __future__ import annotations

import json
import os
import time
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self

import typer
from platformdirs import user_cache_path
from rich.console import Console, RenderableType
from rich.text import Text

from dirac_forge.channel.solver import Channel
from dirac_forge.cli.migrating import Migrating, processes
from dirac_forge.errors import InputError
from dirac_forge.feedstock.change import Change, Skip
from dirac_forge.feedstock.pinning import read_pinning
from dirac_forge.feedstock.workspace import read_workspace
from dirac_forge.migration.exports import pinned_members
from dirac_forge.migration.known import known_from_page
from dirac_forge.migration.new import new_migration
from dirac_forge.migration.plan import Plan
from dirac_forge.migration.rebuild import rebuild
from dirac_forge.migration.status import Known, Status, status_of
from dirac_forge.progress import Silent
from dirac_forge.report import addition as additions
from dirac_forge.report import migration as report
from dirac_forge.report.dot import dot
from dirac_forge.report.mermaid import mermaid
from dirac_forge.report.picture import picture_of
from dirac_forge.report.svg import svg
from dirac_forge.store import Store

__all__ = ["app"]

app = typer.Typer(help="Plan ABI migrations, see where they stand, rebuild what can go.", no_args_is_help=True)

MigrationName = Annotated[str, typer.Argument(metavar="MIGRATION", help="A name in migrations/, or a path to a YAML.")]
WorkspaceFolder = Annotated[Path, typer.Option("--workspace", help="The folder with feedstocks/ and migrations/.")]
PinningFolder = Annotated[Path | None, typer.Option("--pinning", help="A folder of conda-forge-pinning.")]
Channels = Annotated[list[str] | None, typer.Option("--channel", help="A channel: name, URL or folder.")]
Platforms = Annotated[list[str] | None, typer.Option("--platform", help="Only these platforms.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
TargetSpec = Annotated[str | None, typer.Option("--target", help="What must stay installable: a spec.")]
StatusPage = Annotated[
    Path | None, typer.Option("--status-page", help="conda-forge's status of the migration (JSON): its pull requests.")
]
_PLATFORMS = ("linux-64", "linux-aarch64", "osx-64", "osx-arm64")


class Format(StrEnum):
    """How a plan is drawn."""

    dot = "dot"
    mermaid = "mermaid"
    svg = "svg"


class _Session:
    """One run: what the options name, opened when it is needed; closed at the end."""

    def __init__(self, workspace: Path, pinning: Path | None, channels: list[str] | None, *, as_json: bool) -> None:
        if not workspace.is_dir():
            raise InputError(f"there is no folder {workspace}", hint="Name another one with --workspace.")
        self.observer = Silent()
        self.as_json = as_json
        self._stack = ExitStack()
        cache = Path(os.environ.get("DIRAC_FORGE_CACHE") or user_cache_path("dirac-forge"))
        self.migrating = Migrating(
            workspace=read_workspace(workspace),
            pinning=read_pinning(pinning) if pinning is not None else None,
            store=Store(cache / "store"),
            observer=self.observer,
            channel=Channel.open(channels, observer=self.observer) if channels else None,
            executor=self._stack.enter_context(processes()),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()
        for warning in self.observer.warnings:
            typer.echo(f"warning: {warning}", err=True)

    def show(self, document: dict[str, Any], text: RenderableType) -> None:
        """The result on stdout, in the form asked for."""
        if self.as_json:
            typer.echo(json.dumps(document, indent=2))
        else:
            Console().print(text)


@app.command("plan")
def plan_command(
    migration: Annotated[
        str | None, typer.Argument(metavar="[MIGRATION]", help="A name in migrations/, or a path.")
    ] = None,
    workspace: WorkspaceFolder = Path(),
    pinning: PinningFolder = None,
    channel: Channels = None,
    platform: Platforms = None,
    target: TargetSpec = None,
    add_platform: Annotated[str | None, typer.Option("--add-platform", help="Plan a new platform instead.")] = None,
    as_dot: Annotated[bool, typer.Option("--dot", help="A picture for Graphviz.")] = False,
    as_mermaid: Annotated[bool, typer.Option("--mermaid", help="A picture for Markdown.")] = False,
    as_svg: Annotated[bool, typer.Option("--svg", help="A picture as one SVG file.")] = False,
    status_page: StatusPage = None,
    as_json: AsJson = False,
) -> None:
    """Members, edges, waves and cycles of a migration; what it does to a target; or a plan for a new platform."""
    formats = [name for name, on in (("dot", as_dot), ("mermaid", as_mermaid), ("svg", as_svg)) if on]
    if len(formats) + as_json > 1:
        raise InputError("--dot, --mermaid, --svg and --json exclude each other")
    drawn = Format(formats[0]) if formats else None
    with _Session(workspace, pinning, channel, as_json=as_json) as session:
        migrating = session.migrating
        if add_platform is not None:
            specs = [target or "dirac-grid"]
            addition = migrating.addition(add_platform, specs[0], specs)
            session.show(additions.addition_json(addition), additions.addition_text(addition))
            return
        if migration is None:
            raise InputError("which migration?", hint="Give its name or file, or --add-platform P --target SPEC.")
        plan = migrating.plan(migrating.migration(migration))
        if drawn is not None:
            status = _status(migrating, plan, status_page) if channel or status_page else None
            typer.echo(_drawn(plan, status, drawn), nl=False)
            return
        pinned = pinned_members(plan, migrating.exports(plan))
        document, text = report.plan_json(plan, pinned), [report.plan_text(plan, pinned)]
        if target is not None:
            effect = migrating.effect(plan, target, [target], tuple(platform or _PLATFORMS))
            document["targets"] = [additions.effect_json(effect)]
            text.append(additions.effect_text(effect))
        session.show(document, report.joined(text))


def _drawn(plan: Plan, status: Status | None, drawn: Format) -> str:
    picture = picture_of(plan, status)
    match drawn:
        case Format.dot:
            return dot(picture)
        case Format.mermaid:
            return mermaid(picture)
        case Format.svg:
            return svg(picture)


def _status(migrating: Migrating, plan: Plan, page: Path | None) -> Status:
    known = known_from_page(page) if page is not None else Known()
    return status_of(plan, migrating.evidence(plan), known)


@app.command("status")
def status_command(
    migration: MigrationName,
    workspace: WorkspaceFolder = Path(),
    pinning: PinningFolder = None,
    channel: Channels = None,
    status_page: StatusPage = None,
    as_json: AsJson = False,
) -> None:
    """What is done, what can go, what waits for what: from the channel, or from the recipes without one."""
    with _Session(workspace, pinning, channel, as_json=as_json) as session:
        plan = session.migrating.plan(session.migrating.migration(migration))
        status = _status(session.migrating, plan, status_page)
        session.show(report.status_json(plan, status), report.status_text(plan, status))
    if status.unknown:
        raise typer.Exit(3)


@app.command("next")
def next_command(
    migration: MigrationName,
    workspace: WorkspaceFolder = Path(),
    pinning: PinningFolder = None,
    channel: Channels = None,
    status_page: StatusPage = None,
    as_json: AsJson = False,
) -> None:
    """What can go now, most-blocking first."""
    with _Session(workspace, pinning, channel, as_json=as_json) as session:
        plan = session.migrating.plan(session.migrating.migration(migration))
        status = _status(session.migrating, plan, status_page)
        session.show(report.next_json(plan, status), report.next_text(status))
    if status.unknown:
        raise typer.Exit(3)


@app.command("why")
def why_command(
    migration: MigrationName,
    feedstock: Annotated[str, typer.Argument(metavar="FEEDSTOCK")],
    workspace: WorkspaceFolder = Path(),
    pinning: PinningFolder = None,
    as_json: AsJson = False,
) -> None:
    """Why a feedstock is in a migration or not, what it waits for and through which path, what waits for it."""
    with _Session(workspace, pinning, None, as_json=as_json) as session:
        name = session.migrating.workspace.find(feedstock).name
        plan = session.migrating.plan(session.migrating.migration(migration))
        pinned = pinned_members(plan, session.migrating.exports(plan))
        session.show(report.why_json(plan, name, pinned), report.why_text(plan, name, pinned))


@app.command("new")
def new_command(
    library: Annotated[str, typer.Argument(metavar="LIBRARY", help="A package, or a key of the pinning.")],
    version: Annotated[str, typer.Argument(metavar="VERSION")],
    workspace: WorkspaceFolder = Path(),
    pinning: PinningFolder = None,
    as_json: AsJson = False,
) -> None:
    """Write a migration from the pinning into `migrations/`."""
    if pinning is None:
        raise InputError("a migration is written from the pinning", hint="Give the folder of it with --pinning.")
    made = new_migration(library, version, read_pinning(pinning), timestamp=int(time.time()))
    path = workspace / "migrations" / f"{made.name}.yaml"
    if path.exists():
        raise InputError(f"{path} is there already", hint="Remove it first, if it is not wanted.")
    path.parent.mkdir(parents=True, exist_ok=True)
    _written(path, made.text)
    if as_json:
        typer.echo(json.dumps({"migration": made.name, "path": str(path), "notes": list(made.notes)}, indent=2))
        return
    typer.echo(path)
    for note in made.notes:
        typer.echo(f"note: {note}", err=True)


@app.command("run")
def run_command(
    migration: MigrationName,
    feedstocks: Annotated[list[str] | None, typer.Argument(metavar="[FEEDSTOCK]...")] = None,
    workspace: WorkspaceFolder = Path(),
    pinning: PinningFolder = None,
    channel: Channels = None,
    status_page: StatusPage = None,
    write: Annotated[bool, typer.Option("--write", help="Write the changes into the workspace.")] = False,
    as_json: AsJson = False,
) -> None:
    """The rebuild changes of these feedstocks, or of all that can go now."""
    with _Session(workspace, pinning, channel, as_json=as_json) as session:
        migrating = session.migrating
        plan = migrating.plan(migrating.migration(migration))
        names = feedstocks or [one.feedstock for one in _status(migrating, plan, status_page).next]
        results = [rebuild(migrating.workspace.find(name), plan) for name in names]
        if write:
            for result in results:
                if isinstance(result, Change):
                    folder = migrating.workspace.find(result.feedstock).path
                    for edit in result.edits:
                        _written(folder / edit.path, edit.after or "")
        session.show({"migration": plan.migration.name, "changes": [_change(one) for one in results]}, _diffs(results))


def _change(result: Change | Skip) -> dict[str, Any]:
    match result:
        case Skip():
            return {"feedstock": result.feedstock, "status": "skipped", "reason": result.reason, "edits": []}
        case Change():
            edits = [{"path": edit.path, "diff": edit.diff} for edit in result.edits]
            return {"feedstock": result.feedstock, "status": "proposed", "title": result.title, "edits": edits}


def _diffs(results: list[Change | Skip]) -> RenderableType:
    parts = []
    for result in results:
        match result:
            case Skip():
                parts.append(f"{result.feedstock}: skipped: {result.reason}\n")
            case Change():
                parts.append(f"{result.feedstock}: {result.title}\n" + "".join(edit.diff for edit in result.edits))
    return Text("\n".join(parts) or "Nothing can go now.")


def _written(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)

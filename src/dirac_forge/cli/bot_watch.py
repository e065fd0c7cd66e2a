"""Turns of the bot that find nothing new, and end after a few requests."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from dirac_forge.bot.connections import Connections
from dirac_forge.bot.dashboard import DashboardRequests
from dirac_forge.bot.release_lines import ReleaseLine
from dirac_forge.bot.run import Result
from dirac_forge.bot.watch import TurnState, forge_state, is_idle, read_state, rests, with_pages, write_state
from dirac_forge.cli.context import Context
from dirac_forge.errors import UnknownError
from dirac_forge.pullrequest.ledger_file import ledger_path, open_ledger
from dirac_forge.report.terminal import sentences


def _turn_file(context: Context, ledger: Path | None) -> Path:
    return (ledger or ledger_path(context.settings)).parent / "turn.json"


def seen_file(context: Context, ledger: Path | None) -> Path:
    """Return the file in which the step with the token leaves what GitHub has now."""
    return (ledger or ledger_path(context.settings)).parent / "seen.json"


def see(
    connections: Connections, context: Context, lines: Sequence[ReleaseLine], asked: DashboardRequests
) -> TurnState | None:
    """Return what GitHub has now, with few requests, or None if it can't be asked so."""
    if connections.forge is None or not connections.many:
        return None
    ticked = asked != DashboardRequests()
    try:
        return forge_state(connections.forge, lines, context.settings, asked=ticked, now=connections.ledger.now())
    except UnknownError as error:
        context.observer.warned(f"GitHub's GraphQL API is not available: {error.message}")
        return None


def idle_since(context: Context, ledger: Path | None, seen: TurnState | None) -> TurnState | None:
    """Return the turn since which nothing has changed, or None if something did, or that is not known."""
    before = read_state(_turn_file(context, ledger))
    if seen is None or before is None:
        return None
    with ThreadPoolExecutor(context.settings.connections) as executor:
        now = with_pages(seen, context.http, before.accepted, executor)
    return before if is_idle(before, now) else None


def is_quiet(context: Context, ledger: Path | None, seen: TurnState | None) -> bool:
    """Return whether GitHub has nothing new since a turn that left nothing to do; upstream is not asked."""
    before = read_state(_turn_file(context, ledger))
    return seen is not None and before is not None and is_idle(before, replace(seen, pages=before.pages))


def keep_turn(context: Context, ledger: Path | None, seen: TurnState | None, result: Result, code: int) -> None:
    """Write down what a turn rested upon, where it left nothing to do."""
    kept = seen if code == 0 and rests(result) else None
    if kept is not None:
        with ThreadPoolExecutor(context.settings.connections) as executor:
            # From the cache: what the decisions were made from, not what there is by now.
            kept = with_pages(kept, context.http, context.http.pages_read, executor, revalidate=False)
    write_state(_turn_file(context, ledger), kept)


def answer_idle(context: Context, ledger: Path | None, since: TurnState, lines: Sequence[ReleaseLine]) -> int:
    """Answer that nothing is new, and note the run; the exit code."""
    with open_ledger(context, ledger) as opened:
        run = opened.end_run(opened.start_run(), "nothing new")
    many = f"{len(lines)} release line{'s' if len(lines) != 1 else ''}"
    said = f"Nothing changed since {since.made:%Y-%m-%d %H:%M} UTC on {many}, their requests, and upstream."
    document = {"run": run.id, "idle": True, "requests": [], "held": [], "feedstocks": [], "decisions": []}
    context.answer(sentences([said]), document)
    return 0

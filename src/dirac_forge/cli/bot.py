"""`dirac-forge bot`: one run over all feedstocks, why nothing happened to one, and taking back."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from dirac_forge.bot.connections import Connections, open_connections
from dirac_forge.bot.history import History, history_json, history_lines, history_of
from dirac_forge.bot.outcomes import exit_code
from dirac_forge.cli.console import Terminal
from dirac_forge.cli.context import Context
from dirac_forge.cli.github import SentChanges, github_of, has_credentials, outbox_of
from dirac_forge.cli.log_lines import log_lines
from dirac_forge.errors import ForgeError, InputError, UnknownError, redact
from dirac_forge.feedstock.repositories import safe_name
from dirac_forge.feedstock.workspace import read_workspace
from dirac_forge.pullrequest.feedstock_files import full_name_of
from dirac_forge.pullrequest.lease import Lease
from dirac_forge.pullrequest.ledger_file import open_ledger
from dirac_forge.pullrequest.outcome import Outcome
from dirac_forge.pullrequest.records import LedgerEntry
from dirac_forge.report.numbers import counted
from dirac_forge.report.terminal import sentences
from dirac_forge.untrusted import dump_json, one_line

if TYPE_CHECKING:
    from dirac_forge.cli.bot_request import RunRequest
    from dirac_forge.pullrequest.github import GitHub

_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def run(context: Context, asked: RunRequest, *, every: str, log: Path | None, json_log: bool) -> int:
    """Run once, or again and again, and return the exit code. Raises InputError."""
    from dirac_forge.cli.bot_run import run_once  # noqa: PLC0415  # `bot why` does without the solver

    span = _seconds(every) if every else 0.0
    if span and context.options.json:
        raise InputError(
            "--json prints one document, but --every runs forever", hint="Use --log FILE to get JSON lines."
        )
    with log_lines(log, on_stderr=json_log) as write:
        if not span and not json_log:
            return run_once(context, asked, write)
        observer = _JsonLines(write) if json_log and write is not None else context.observer
        if not span:
            with Context.of(context.options, context.environ, observer) as one:
                return run_once(one, asked, write)
        return _again_and_again(context, observer, span, lambda one: run_once(one, asked, write))


def _again_and_again(context: Context, observer: Terminal, span: float, run: Callable[[Context], int]) -> int:
    """Run until something ends the program; the next run tries what one could not do.

    Raises InputError if the first one is wrong use: nobody would wait for the second.
    """
    first = True
    while True:
        try:
            # Everything again: settings may have changed, and a host that was dead may be there again.
            with Context.of(context.options, context.environ, observer) as one:
                code = run(one)
            said = {0: "done", 1: "something failed", 3: "something is unknown", 70: "it crashed"}.get(
                code, f"exit {code}"
            )
        except ForgeError as error:
            if first and isinstance(error, InputError):
                raise
            said = error.message
        except Exception as error:  # noqa: BLE001  # one turn that crashes must not end a service
            said = f"unexpected {type(error).__name__}: {redact(str(error))}; please report it"
        first = False
        observer.warned(f"{time.strftime('%Y-%m-%d %H:%M:%S')}: {said}; the next run is in {span / 60:g} min")
        _sleep(span)


_sleep = time.sleep
_LONGEST_SPAN = 366 * 24 * 3600.0


def _seconds(text: str) -> float:
    parts = _SPAN.findall(text)
    if not parts or _SPAN.sub("", text).strip():
        raise InputError(f"--every {one_line(text, longest=60)}: expected a time such as 30m, 6h or 1d")
    span = sum(float(number[:20]) * _UNITS[unit] for number, unit in parts)
    if not 60 <= span <= _LONGEST_SPAN:
        raise InputError(f"--every {one_line(text, longest=60)}: must be at least 1 minute and at most 1 year")
    return span


def why(context: Context, feedstock: str, *, ledger: Path | None) -> int:
    """Answer with the history of a feedstock, and return the exit code."""
    name, _, branch = feedstock.removesuffix("-feedstock").rstrip("/").rpartition("/")[2].partition("@")
    found = _history(context, name, branch, ledger)
    if not found.entries and has_credentials(context):
        # A ledger that was lost, or is elsewhere: GitHub has our requests.
        try:
            _learn(context, [name], ledger, over=True)
        except ForgeError as error:
            context.observer.warned(f"our requests on {name} could not be fetched: {error.message}")
        found = _history(context, name, branch, ledger)
    context.answer(sentences(history_lines(found, all_events=context.options.verbose)), history_json(found))
    return 0 if found.known else 3 if found.lost else 1


def _history(context: Context, name: str, branch: str, ledger: Path | None) -> History:
    with open_ledger(context, ledger) as opened:
        return history_of(
            name,
            now=opened.now(),
            lines=[line for line in opened.lines(feedstock=name) if not branch or line.branch == branch],
            entries=opened.entries(feedstock=name, branch=branch),
            events=opened.events(feedstock=name),
            runs=opened.runs(last=1),
            paused=context.settings.bot.paused,
            lost=opened.lost,
        )


@contextmanager
def _connected(
    context: Context, github: GitHub | None, outbox: Path | None, ledger: Path | None
) -> Iterator[Connections]:
    """Open what requests are changed with; without `github` that is the outbox."""
    folder = outbox_of(context, outbox)
    with (
        ThreadPoolExecutor(context.settings.connections) as executor,
        open_connections(context, executor=executor, github=github, outbox=folder, ledger=ledger) as connections,
    ):
        yield connections


def _learn(context: Context, feedstocks: Sequence[str], ledger: Path | None, *, over: bool = False) -> None:
    """Note our open requests that the ledger does not know; with `over` also those of `feedstocks` that are closed."""
    from dirac_forge.bot.relearning import relearn_requests  # noqa: PLC0415  # mostly the ledger knows

    with (
        _connected(context, github_of(context, wanted=True), None, ledger) as connections,
        Lease(connections.ledger),
    ):
        run = connections.ledger.start_run()
        repositories = [full_name_of(context.settings, name)[0] for name in feedstocks]
        learnt = relearn_requests(connections, repositories=repositories, run=run.id, over=over)
        connections.ledger.end_run(run, f"{len(learnt)} learnt")


def retract(
    context: Context, what: Sequence[str], *, yes: bool, reason: str, outbox: Path | None, ledger: Path | None
) -> int:
    """Close open requests and take prepared changes out of the outbox, answer with them, and return the exit code."""
    from dirac_forge.bot import retract as retraction  # noqa: PLC0415

    entries = _chosen(context, what, ledger)
    if not yes and entries:
        _confirmed(context, entries)
    places = groupby(sorted(entries, key=_is_prepared), key=_is_prepared)  # GitHub first, then the outbox
    outcomes: list[Outcome] = []
    for prepared, some in places:
        with _connected(context, github_of(context, wanted=not prepared), outbox, ledger) as connections:
            outcomes += retraction.retract(connections, list(some), reason=reason)
    lines = [f"{outcome.identity}: {outcome.state}: {outcome.text}" for outcome in outcomes]
    document = {"retracted": SentChanges(outcomes=tuple(outcomes)).document}
    context.answer(sentences(lines or ["No request of it is open, and no change of it is in the outbox."]), document)
    return exit_code(outcome.state for outcome in outcomes)


def _is_prepared(entry: LedgerEntry) -> bool:
    return not entry.on_forge


def _chosen(context: Context, what: Sequence[str], ledger: Path | None) -> tuple[LedgerEntry, ...]:
    """Return the open requests that are meant; with a token, GitHub is asked for what the ledger does not know."""
    from dirac_forge.bot import retract as retraction  # noqa: PLC0415

    if has_credentials(context):
        with open_ledger(context, ledger) as opened:
            known = retraction.all_known(opened, what)
        workspace = read_workspace(context.settings.workspace)
        _learn(context, [] if known else [*workspace.feedstocks, *_named(what)], ledger)
    with open_ledger(context, ledger) as opened:
        return retraction.chosen(opened, list(what))


def _named(what: Iterable[str]) -> list[str]:
    """Return the names that may be those of feedstocks, without their branch."""
    names = []
    for name in what:
        with suppress(InputError):  # the id of a run is none
            names.append(safe_name(name.partition("@")[0].removesuffix("-feedstock")))
    return names


def sweep(
    context: Context, url: str, *, branches: Sequence[str], pr: bool, outbox: Path | None, ledger: Path | None
) -> int:
    """Carry a fix to other release lines, answer with the requests, and return the exit code."""
    from dirac_forge.bot import backport  # noqa: PLC0415

    settings = context.settings
    github = github_of(context, wanted=pr, otherwise="Without --pr the changes go to the outbox.")
    with _connected(context, github, outbox, ledger) as connections:
        fix = backport.read_fix(url, settings, connections)
        known = [
            line.branch
            for line in read_workspace(settings.workspace).lines
            if line.name == fix.feedstock and line.branch
        ]
        results = backport.sweep(
            fix,
            backport.sweep_lines(fix, settings, known, branches),
            settings=settings,
            connections=connections,
            outbox=outbox_of(context, outbox),
        )
    document = {
        "request": fix.url,
        "base": fix.base,
        "branches": [
            {
                "branch": one.branch,
                "state": one.state,
                "url": one.url or None,
                "reason": one.text,
                "reason_code": one.code,
            }
            for one in results
        ],
    }
    said = [f"{fix.feedstock} {one.branch}: {one.state}: {one.url or one.text}" for one in results]
    context.answer(sentences(said), document)
    states = {one.state for one in results}
    return UnknownError.exit_code if "unknown" in states else int(bool(states & {"failed", "issue"}))


def _confirmed(context: Context, entries: Sequence[LedgerEntry]) -> None:
    """Ask a person; raises InputError without a terminal or a yes."""
    prepared = sum(map(_is_prepared, entries))
    effects = {
        "closed": counted(len(entries) - prepared, "request") if prepared < len(entries) else "",
        "taken out of the outbox": counted(prepared, "prepared change") if prepared else "",
    }
    what = " and ".join(f"{many} would be {effect}" for effect, many in effects.items() if many)
    context.observer.stop()
    for entry in entries:
        typer.echo(f"{entry.identity}: {entry.url}", err=True)
    if not sys.stdin.isatty():
        raise InputError(f"{what}, and there is no terminal to confirm it", hint="Give --yes.")
    if not typer.confirm(f"{what}. Go on?", err=True):
        raise InputError("nothing was retracted")


class _JsonLines(Terminal):
    """Says nothing but warnings, as lines of the log."""

    def __init__(self, write: Callable[[str], None]) -> None:
        super().__init__(quiet=True)
        self._write = write
        self._warned: set[str] = set()

    def warned(self, message: str) -> None:
        """Log a warning as a line; the same message once."""
        if message not in self._warned:
            self._warned.add(message)
            self._write(redact(dump_json({"step": "warning", "text": message})))

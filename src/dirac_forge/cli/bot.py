"""`dirac-forge bot`: one run over all feedstocks, why nothing happened to one, and taking back."""

from __future__ import annotations

import contextlib
import json
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from pathlib import Path
from typing import IO, Annotated

import typer

from dirac_forge.bot.connections import open_connections, open_ledger
from dirac_forge.bot.history import history_json, history_lines, history_of
from dirac_forge.bot.outcomes import exit_code
from dirac_forge.cli.console import Terminal
from dirac_forge.cli.context import Context
from dirac_forge.cli.github import LedgerFile, OutboxFolder, PullRequests, SentChanges, github_of, outbox_of
from dirac_forge.cli.running import with_shared_options
from dirac_forge.errors import ForgeError, InputError, UnknownError, redact
from dirac_forge.feedstock.workspace import read_workspace
from dirac_forge.pullrequest.outcome import Outcome
from dirac_forge.report.migration import sentences

__all__ = ["bot"]

bot = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None, add_completion=False)
"""The group of subcommands."""

_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class LogFormat(StrEnum):
    """Of what a run says on stderr."""

    text = "text"
    json = "json"


Feedstocks = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[FEEDSTOCK]...", help="Names, or release lines NAME@BRANCH.", show_default="the whole workspace"
    ),
]


def _run(
    context: Context,
    feedstocks: Feedstocks = None,
    pr: PullRequests = False,
    every: Annotated[
        str, typer.Option(metavar="TIME", help="Stay, and run again after this time: 30m, 6h, 1d.", show_default="once")
    ] = "",
    canary: Annotated[
        int, typer.Option(metavar="N", min=0, help="Of a big wave N first, the rest when these are merged and built.")
    ] = 0,
    recipes: Annotated[
        bool, typer.Option("--recipes", help="Send recipes that bumps need to staged-recipes too.")
    ] = False,
    outbox: OutboxFolder = None,
    ledger: LedgerFile = None,
    summary: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the summary there too, as Markdown.")
    ] = None,
    log: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Add a line of JSON for each step to this file.")
    ] = None,
    log_format: Annotated[LogFormat, typer.Option(help="On stderr: progress in words, or lines of JSON.")] = (
        LogFormat.text
    ),
) -> int:
    """Look at every feedstock, decide, prove, and send what is within the budget: to GitHub, or into the outbox.

    What is there already is brought up to date, not opened again; a second run does nothing. One feedstock that fails
    stops none of the others. Exits with 1 where something failed for good, with 3 where something could not be found
    out (and the next run will ask again).
    """
    from dirac_forge.cli.bot_run import RunRequest, run_once  # noqa: PLC0415  # `bot why` does without the solver

    span = _seconds(every) if every else 0.0
    if span and context.options.json:
        raise InputError("--json prints one document, and --every never ends", hint="Use --log FILE for a program.")
    asked = RunRequest(
        feedstocks=tuple(feedstocks or ()),
        pr=pr,
        canary=canary,
        recipes=recipes,
        outbox=outbox,
        ledger=ledger,
        summary=summary,
    )
    with _lines(log, log_format) as write:
        if not span and log_format is LogFormat.text:
            return run_once(context, asked, write)
        observer = _JsonLines(write) if log_format is LogFormat.json and write is not None else context.observer
        if not span:
            with Context.of(context.options, context.environ, observer) as one:
                return run_once(one, asked, write)
        return _again_and_again(context, observer, span, lambda one: run_once(one, asked, write))


def _again_and_again(context: Context, observer: Terminal, span: float, run: Callable[[Context], int]) -> int:
    """Runs until something ends the program; what one run could not do the next one tries.

    Raises InputError where the first one is wrong use: nobody would wait for the second.
    """
    first = True
    while True:
        try:
            # Everything anew: settings may have changed, and a host that was dead may be there again.
            with Context.of(context.options, context.environ, observer) as one:
                code = run(one)
            said = {0: "done", 1: "something failed", 3: "something could not be found out"}.get(code, f"exit {code}")
        except ForgeError as error:
            if first and isinstance(error, InputError):
                raise
            said = error.message
        first = False
        observer.warned(f"{time.strftime('%Y-%m-%d %H:%M:%S')}: {said}; the next run is in {span / 60:g} min")
        _sleep(span)


_sleep = time.sleep


def _seconds(text: str) -> float:
    parts = _SPAN.findall(text)
    if not parts or _SPAN.sub("", text).strip():
        raise InputError(f"--every {text}: expected a time such as 30m, 6h or 1d")
    span = sum(float(number) * _UNITS[unit] for number, unit in parts)
    if span < 60:
        raise InputError(f"--every {text}: expected a minute at least")
    return span


@contextlib.contextmanager
def _lines(path: Path | None, log_format: LogFormat) -> Iterator[Callable[[str], None] | None]:
    """Where the lines of the log go: a file, else stderr where JSON is asked for; None: nowhere."""
    if path is None:
        yield _on_stderr if log_format is LogFormat.json else None
        return
    lock = threading.Lock()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a", encoding="utf-8")
    except OSError as error:
        raise InputError(f"--log: {path} can't be written: {error.strerror or error}") from error

    def write(line: str) -> None:
        with lock:
            _put(file, line)

    with file:
        yield write


def _on_stderr(line: str) -> None:
    _put(sys.stderr, line)


def _put(file: IO[str], line: str) -> None:
    file.write(f"{line}\n")
    file.flush()


def _why(
    context: Context, feedstock: Annotated[str, typer.Argument(metavar="FEEDSTOCK")], ledger: LedgerFile = None
) -> int:
    """What happened to a feedstock: last looked, found, decided, tried, failed, next try; from the ledger, offline."""
    name, _, branch = feedstock.removesuffix("-feedstock").rstrip("/").rpartition("/")[2].partition("@")
    with open_ledger(context, ledger) as opened:
        found = history_of(
            name,
            now=opened.now(),
            lines=[line for line in opened.lines(feedstock=name) if not branch or line.branch == branch],
            entries=opened.entries(feedstock=name, branch=branch),
            events=opened.events(feedstock=name),
            runs=opened.runs(last=1),
            paused=context.settings.bot.paused,
        )
    context.answer(sentences(history_lines(found, all_events=context.options.verbose)), history_json(found))
    return 0 if found.known else 1


def _retract(
    context: Context,
    what: Annotated[
        list[str], typer.Argument(metavar="BATCH|MIGRATION|FEEDSTOCK...", help="A run's id, or whose requests.")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="For the comment: why.")] = "",
    outbox: OutboxFolder = None,
    ledger: LedgerFile = None,
) -> int:
    """Close open requests with a comment, and do not open them again until what they would do changes."""
    from dirac_forge.bot.retract import chosen, retract  # noqa: PLC0415

    with open_ledger(context, ledger) as opened:
        entries = chosen(opened, what)
    if not yes and entries:
        _confirmed(context, [f"{entry.identity}: {entry.url}" for entry in entries])
    outcomes: list[Outcome] = []
    for on_forge in (True, False):
        some = [entry for entry in entries if entry.on_forge == on_forge]
        if some:
            github = github_of(context, wanted=on_forge)
            with (
                ThreadPoolExecutor(context.settings.connections) as executor,
                open_connections(
                    context, executor=executor, github=github, outbox=outbox_of(context, outbox), ledger=ledger
                ) as connections,
            ):
                outcomes += retract(connections, some, reason=reason)
    lines = [f"{outcome.identity}: {outcome.state}: {outcome.text}" for outcome in outcomes]
    document = {"retracted": SentChanges(outcomes=tuple(outcomes)).document}
    context.answer(sentences(lines or ["No request of it is open."]), document)
    return exit_code(outcome.state for outcome in outcomes)


def _sweep(
    context: Context,
    url: Annotated[str, typer.Argument(metavar="PR_URL", help="A merged pull request on a feedstock.")],
    branch: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="To this release line. Repeatable.", show_default="all the others"),
    ] = None,
    pr: PullRequests = False,
    outbox: OutboxFolder = None,
    ledger: LedgerFile = None,
) -> int:
    """Carry a merged fix to the feedstock's other release lines: one request a branch.

    Version, hashes and build number stay each branch's own, and the build number is raised. Where the fix does not fit
    there is an issue with instructions instead, and the exit code is 1.
    """
    from dirac_forge.bot.backport import read_fix, sweep, sweep_lines  # noqa: PLC0415

    settings = context.settings
    folder = outbox_of(context, outbox)
    github = github_of(context, wanted=pr)
    with (
        ThreadPoolExecutor(settings.connections) as executor,
        open_connections(context, executor=executor, github=github, outbox=folder, ledger=ledger) as connections,
    ):
        fix = read_fix(url, settings, connections)
        known = [
            line.branch
            for line in read_workspace(settings.workspace).lines
            if line.name == fix.feedstock and line.branch
        ]
        results = sweep(
            fix,
            sweep_lines(fix, settings, known, branch or ()),
            settings=settings,
            connections=connections,
            outbox=folder,
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
            }
            for one in results
        ],
    }
    said = [f"{fix.feedstock} {one.branch}: {one.state}: {one.url or one.text}" for one in results]
    context.answer(sentences(said), document)
    states = {one.state for one in results}
    return UnknownError.exit_code if "unknown" in states else int(bool(states & {"failed", "issue"}))


def _confirmed(context: Context, lines: list[str]) -> None:
    context.observer.stop()
    for line in lines:
        typer.echo(line, err=True)
    if not sys.stdin.isatty():
        raise InputError(f"{len(lines)} requests would be closed, and nobody can be asked", hint="Say --yes.")
    if not typer.confirm(f"Close {len(lines)}?", err=True):
        raise InputError("nothing was closed")


class _JsonLines(Terminal):
    """Says nothing but warnings, as lines of the log."""

    def __init__(self, write: Callable[[str], None]) -> None:
        super().__init__(quiet=True)
        self._write = write
        self._warned: set[str] = set()

    def warned(self, message: str) -> None:
        """A line with it; the same message once."""
        if message not in self._warned:
            self._warned.add(message)
            self._write(redact(json.dumps({"step": "warning", "text": message}, ensure_ascii=False)))


for _command, _name, _short in (
    (_run, "run", "One run over all feedstocks, into GitHub or the outbox."),
    (_why, "why", "What happened to a feedstock, and why nothing did."),
    (_sweep, "sweep", "Carry a merged fix to the other release lines."),
    (_retract, "retract", "Close the open requests of a batch, migration or feedstock."),
):
    bot.command(_name, short_help=_short)(with_shared_options(_command))

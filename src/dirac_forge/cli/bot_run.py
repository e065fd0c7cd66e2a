"""One run of the bot: in one process, or as a step that prepares without a token and a step that sends with one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from pathlib import Path

from dirac_forge.bot.batch import BatchDecider, batch_lines, read_batch, write_batch
from dirac_forge.bot.batch_checks import checked_batch
from dirac_forge.bot.connections import Connections, are_many, open_connections
from dirac_forge.bot.dashboard_place import keep_dashboard, read_dashboard
from dirac_forge.bot.decisions import RunDecisions, migrations_in
from dirac_forge.bot.observing import observe_requests
from dirac_forge.bot.outcomes import exit_code
from dirac_forge.bot.release_lines import ReleaseLine, all_lines, look, wanted_lines
from dirac_forge.bot.run import BotRun, Result
from dirac_forge.bot.unknown_names import unknown_names
from dirac_forge.bot.watch import TurnState, read_state, write_state
from dirac_forge.cli.bot_answer import answer_run
from dirac_forge.cli.bot_child import in_child
from dirac_forge.cli.bot_local import Unreached, may_build, reached, with_reachable_feedstocks
from dirac_forge.cli.bot_request import RunRequest
from dirac_forge.cli.bot_watch import answer_idle, idle_since, is_quiet, keep_turn, see, seen_file
from dirac_forge.cli.context import Context
from dirac_forge.cli.discovery import no_feedstocks
from dirac_forge.cli.github import (
    github_of,
    needs_token,
    outbox_of,
    rendering_of,
    token_in_environment,
)
from dirac_forge.cli.log_lines import log_lines
from dirac_forge.cli.outlooks import outlooks
from dirac_forge.distribution.outlook import DistributionOutlook
from dirac_forge.errors import UnknownError
from dirac_forge.feedstock.workspace import read_workspace
from dirac_forge.proposals.migrations import processes
from dirac_forge.pullrequest.lease import BusyError
from dirac_forge.pullrequest.ledger import utc_now
from dirac_forge.pullrequest.ledger_file import open_ledger
from dirac_forge.pullrequest.outbox import Outbox
from dirac_forge.pullrequest.smithy import NoSmithy
from dirac_forge.report.bot_words import worded
from dirac_forge.report.numbers import counted

Write = Callable[[str], None] | None
"""Takes the lines of the log."""


def run_once(context: Context, request: RunRequest, write: Write) -> int:
    """Run once and return the exit code.

    Without --pr all goes into the outbox. With a token in the environment, which any program of this user could read,
    the run is one process, and no recipe is executed. Else nothing secret is in this process: child processes with the
    token observe what became of open requests before, and send after this one prepared.
    """
    if not request.pr:
        result, found = _live_run(context, request, write, github=False, sealed=False)
        where = _prepared_where(result, outbox_of(context, request.outbox))
        answer_run(context, request, result, where, found)
        return exit_code(result.states)
    needs_token(context)  # says now that there is none, not after an hour
    lines = wanted_lines(read_workspace(context.settings.workspace), context.settings, request.feedstocks)
    here = token_in_environment(context)
    if here:
        seen = _seen_here(context, request, lines)
    else:
        with suppress(OSError):  # if it can't be removed, the ledger can't be written either
            seen_file(context, request.ledger).unlink(missing_ok=True)
        watch = are_many(len(lines))
        code = (
            in_child(run_step, context, "observe", replace(request, watch=True))
            if watch or _has_open(context, request)
            else 0
        )
        if code not in {0, UnknownError.exit_code}:
            return code
        seen = read_state(seen_file(context, request.ledger)) if code == 0 else None
    since = idle_since(context, request.ledger, seen)
    if since is not None:
        return answer_idle(context, request.ledger, since, lines)
    result, found = _live_run(context, request, write, github=here, sealed=not here, seen=seen)
    if here:
        answer_run(context, request, result, "", found)
        code = exit_code(result.states)
    else:
        code = in_child(run_step, context, "send", request)
    keep_turn(context, request.ledger, seen, result, code)
    return code


def _prepared_where(result: Result, outbox: Path) -> str:
    """Return where what was prepared is, or "" if nothing was."""
    if all(outcome.state != "prepared" for outcome in result.outcomes):
        return ""
    return (
        f"nothing was sent, and open requests on GitHub were not read; the changes are in {outbox}, and "
        "`dirac-forge bot outbox show NAME` prints one"
    )


def _seen_here(context: Context, request: RunRequest, lines: Sequence[ReleaseLine]) -> TurnState | None:
    """Return what GitHub has now, asked in this process, or None if the lines are few."""
    if not are_many(len(lines)):
        return None
    with (
        ThreadPoolExecutor(context.settings.connections) as executor,
        _with_token(context, request, executor, None, len(lines)) as opened,
    ):
        return see(opened, context, lines, read_dashboard(opened, context.settings.bot.dashboard))


def _has_open(context: Context, request: RunRequest) -> bool:
    """Whether there is something to observe."""
    with open_ledger(context, request.ledger) as ledger:
        return ledger.rebuilt or any(entry.on_forge for entry in ledger.entries(states=("pushed", "open")))


def run_step(context: Context, step: str, request: RunRequest) -> int:
    """Run one step (`prepare`, `send`, `observe`), and return its exit code."""
    steps = {"prepare": prepare_once, "send": send_once, "observe": observe_once}
    with log_lines(request.log, on_stderr=False) as write:
        return steps[step](context, request, write)


def prepare_once(context: Context, request: RunRequest, write: Write) -> int:
    """Decide and prepare into the outbox, without a token, and seal the batch for `send_once`; the exit code."""
    result = _prepare(context, request, write)
    answer_run(context, request, result, _sealed_where(result, outbox_of(context, request.outbox)))
    return exit_code(result.states)


def _sealed_where(result: Result, outbox: Path) -> str:
    """Return where the sealed batch is, and what sending it would do."""
    prepared = sum(outcome.state == "prepared" for outcome in result.outcomes)
    if not prepared:
        return f"no change was prepared: `dirac-forge bot send` would open no request; the decisions are in {outbox}"
    return f"the batch with {counted(prepared, 'change')} is sealed in {outbox}; `dirac-forge bot send` sends it"


def send_once(context: Context, request: RunRequest, write: Write) -> int:
    """Send a sealed batch with a token; the exit code. No recipe is read, rendered or executed."""
    outbox = outbox_of(context, request.outbox)
    settings = context.settings
    lines = all_lines(read_workspace(settings.workspace), settings)
    batch = checked_batch(read_batch(outbox, now=utc_now()), lines)
    decider = BatchDecider(batch=batch, folder=outbox)
    github = github_of(context, wanted=True)
    with (
        ThreadPoolExecutor(context.settings.connections) as executor,
        open_connections(
            context,
            executor=executor,
            github=github,
            outbox=outbox,
            ledger=request.ledger,
            write=write,
            smithy=NoSmithy(reason=batch.unrendered or "it was changed after it was prepared"),
            prepared=decider.prepared,
        ) as connections,
    ):
        asked = read_dashboard(connections, context.settings.bot.dashboard)
        result = _run(
            BotRun(
                connections=connections,
                settings=context.settings.bot,
                look=lambda: batch_lines(batch),
                decider=decider,
                canary=request.canary,
                recipes=request.recipes,
                asked=asked,
            )
        )
        _clear_sent(connections, outbox)
        found = outlooks(context)
        keep_dashboard(connections, context.settings.bot.dashboard, outbox, result, found, done=asked)
    answer_run(context, request, result, "", found)
    return exit_code(result.states)


def observe_once(context: Context, request: RunRequest, write: Write) -> int:
    """Bring the ledger up to date with what became of open requests, with a token; the exit code."""
    settings = context.settings
    lines = wanted_lines(read_workspace(settings.workspace), settings, request.feedstocks) if request.watch else []
    with (
        ThreadPoolExecutor(settings.connections) as executor,
        _with_token(context, request, executor, write, len(lines)) as opened,
    ):
        if request.watch:
            seen = see(opened, context, lines, read_dashboard(opened, settings.bot.dashboard))
            write_state(seen_file(context, request.ledger), seen)
            if is_quiet(context, request.ledger, seen):
                return 0
        outcomes = observe_requests(opened)
    return exit_code(outcome.state for outcome in outcomes)


def _with_token(
    context: Context, request: RunRequest, executor: Executor, write: Write, lines: int
) -> AbstractContextManager[Connections]:
    return open_connections(
        context,
        executor=executor,
        github=github_of(context, wanted=True),
        outbox=outbox_of(context, request.outbox),
        ledger=request.ledger,
        write=write,
        lines=lines,
    )


def _prepare(context: Context, request: RunRequest, write: Write) -> Result:
    return _live_run(context, request, write, github=False, sealed=True)[0]


def _live_run(
    context: Context,
    request: RunRequest,
    write: Write,
    *,
    github: bool,
    sealed: bool,
    seen: TurnState | None = None,
) -> tuple[Result, tuple[DistributionOutlook, ...]]:
    """Look, decide and prove; send to GitHub, or prepare in the outbox. `seen` is what GitHub has, if it is known."""
    outbox = outbox_of(context, request.outbox)
    workspace = read_workspace(context.settings.workspace)
    unreached: Unreached = reached
    if not github and not sealed:
        context, unreached = with_reachable_feedstocks(context, workspace)
    settings = context.settings
    lines = wanted_lines(workspace, settings, request.feedstocks)
    if not lines:
        raise no_feedstocks(settings.workspace)
    known = all_lines(workspace, settings)
    for unknown in unknown_names(settings.bot, lines=known, migrations=migrations_in(workspace.root)):
        context.observer.warned(worded(unknown))
    with (
        ThreadPoolExecutor(settings.connections) as executor,
        ThreadPoolExecutor(settings.connections) as sources,
        open_connections(
            context,
            executor=executor,
            github=github_of(context, wanted=github),
            outbox=outbox,
            ledger=request.ledger,
            write=write,
            smithy=rendering_of(context),
            lines=len(lines),
        ) as connections,
    ):
        asked = read_dashboard(connections, settings.bot.dashboard)
        decider = RunDecisions(
            context=context,
            workspace=workspace,
            executor=sources,
            executors=processes,
            build=settings.bot.build and may_build(context),
            chosen=bool(request.feedstocks),
        )
        result = _run(
            BotRun(
                connections=connections,
                settings=settings.bot,
                look=lambda: look(
                    lines,
                    settings=settings,
                    clones=connections.clones,
                    executor=executor,
                    observer=context.observer,
                    problem=context.http.problem,
                    unreached=unreached,
                    head=lambda line: seen.head(settings, line) if seen is not None else None,
                ),
                decider=decider,
                canary=request.canary,
                recipes=request.recipes,
                asked=asked,
                sealed=sealed,
            )
        )
        found = () if sealed else outlooks(context)
        if sealed:
            _seal(connections, decider, result)
        else:
            keep_dashboard(connections, settings.bot.dashboard, outbox, result, found, done=asked)
    return result, found


def _run(running: BotRun) -> Result:
    try:
        return running.run()
    except BusyError as error:
        # Not wrong use: a schedule may well be quicker than a run.
        raise UnknownError(error.message, hint=error.hint) from error


def _seal(connections: Connections, decider: RunDecisions, result: Result) -> None:
    assert isinstance(connections.destination, Outbox)  # noqa: S101  # what is sealed was prepared
    entries = connections.ledger.entries()
    write_batch(
        connections.destination,
        made=connections.ledger.now(),
        looked=result.looked,
        decisions=result.decisions,
        arrived=[
            each.identity for each in entries if each.state in {"merged", "done"} and decider.arrived(each.identity)
        ],
        over={
            each.identity: reason
            for each in entries
            if each.state in {"pushed", "open"} and (reason := decider.current(each.identity))
        },
        unrendered=connections.smithy.reason if isinstance(connections.smithy, NoSmithy) else "",
    )


def _clear_sent(connections: Connections, outbox: Path) -> None:
    """Take out of the outbox what has become a request."""
    prepared = Outbox(folder=outbox, clones=connections.clones, repository=lambda name: (name, name))
    for change in prepared.prepared():
        known = None if change.header is None else connections.ledger.entry(change.header.identity)
        if known is not None and known.on_forge:
            prepared.forget(change)
    if outbox.is_dir():
        prepared.summarize()

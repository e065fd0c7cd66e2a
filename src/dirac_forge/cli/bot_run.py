"""One run of `dirac-forge bot run`: what it works with, and where its summary goes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from dirac_forge.bot.connections import open_connections
from dirac_forge.bot.decisions import RunDecisions
from dirac_forge.bot.outcomes import exit_code
from dirac_forge.bot.release_lines import look, wanted_lines
from dirac_forge.bot.run import BotRun, Result
from dirac_forge.bot.summary import result_json, result_notes, result_rows
from dirac_forge.cli.context import Context
from dirac_forge.cli.github import github_of, outbox_of
from dirac_forge.errors import InputError, UnknownError
from dirac_forge.feedstock.workspace import read_workspace
from dirac_forge.proposals.migrations import processes
from dirac_forge.pullrequest.lease import BusyError
from dirac_forge.report.runs import run_markdown, run_text

__all__ = ["RunRequest", "run_once"]


@dataclass(frozen=True, kw_only=True, slots=True)
class RunRequest:
    """What a person asked a run to do."""

    feedstocks: tuple[str, ...] = ()
    pr: bool = False
    canary: int = 0
    recipes: bool = False
    outbox: Path | None = None
    ledger: Path | None = None
    summary: Path | None = None


def run_once(context: Context, asked: RunRequest, write: Callable[[str], None] | None) -> int:
    """One run; its exit code. `write` takes the lines of the log."""
    settings = context.settings
    github = github_of(context, wanted=asked.pr)
    outbox = outbox_of(context, asked.outbox)
    workspace = read_workspace(settings.workspace)
    lines = wanted_lines(workspace, settings, asked.feedstocks)
    if not lines:
        raise InputError(
            f"there are no feedstocks in {settings.workspace / 'feedstocks'}",
            hint="`dirac-forge sync NAME...` (or `--closure TARGET`) fetches them.",
        )
    with (
        ThreadPoolExecutor(settings.connections) as executor,
        ThreadPoolExecutor(settings.connections) as sources,
        open_connections(
            context, executor=executor, github=github, outbox=outbox, ledger=asked.ledger, write=write
        ) as connections,
    ):
        running = BotRun(
            connections=connections,
            settings=settings.bot,
            look=lambda: look(
                lines,
                settings=settings,
                clones=connections.clones,
                executor=executor,
                observer=context.observer,
                problem=context.http.problem,
            ),
            decider=RunDecisions(world=context, workspace=workspace, executor=sources, executors=processes),
            canary=asked.canary,
            recipes=asked.recipes,
        )
        try:
            result = running.run()
        except BusyError as error:
            # Not wrong use: a schedule may well be quicker than a run.
            raise UnknownError(error.message, hint=error.hint) from error
    where = "requests are on GitHub" if github is not None else f"all is in {outbox}; nothing was sent anywhere"
    _tell(context, asked, result, where)
    return exit_code(result.states)


def _tell(context: Context, asked: RunRequest, result: Result, where: str) -> None:
    rows, notes = result_rows(result), result_notes(result, where=where)
    places = [asked.summary] if asked.summary is not None else []
    told = context.environ.get("GITHUB_STEP_SUMMARY", "").strip()
    # https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#adding-a-job-summary
    text = run_markdown(rows, title="dirac-forge bot", notes=notes) if places or told else ""
    for path in places:
        _written(path, text, how="w", what="--summary")
    if told:
        _written(Path(told), text, how="a", what="GITHUB_STEP_SUMMARY")
    context.answer(run_text(rows, title="dirac-forge bot", notes=notes), result_json(result))


def _written(path: Path, text: str, *, how: str, what: str) -> None:
    try:
        with path.open(how, encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise InputError(f"{what}: {path} can't be written: {error.strerror or error}") from error

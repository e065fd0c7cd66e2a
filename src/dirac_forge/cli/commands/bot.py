"""Usage of `dirac-forge bot`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from dirac_forge.cli.context import Context
from dirac_forge.cli.options import LedgerFile, OutboxFolder, PullRequests
from dirac_forge.cli.running import CommandGroup
from dirac_forge.cli.usage import examples

__all__ = ["LogFormat", "bot"]

bot = CommandGroup()


class LogFormat(StrEnum):
    """Formats of progress on stderr."""

    text = "text"
    json = "json"


Feedstocks = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="FEEDSTOCK", help="Names, or release lines NAME@BRANCH.", show_default="the whole workspace"
    ),
]
Canary = Annotated[
    int,
    typer.Option(
        "--canary", metavar="N", min=0, help="Send N changes of a big wave first, the rest when these are merged."
    ),
]
Recipes = Annotated[bool, typer.Option("--recipes", help="Send recipes that bumps need to staged-recipes too.")]
SummaryFile = Annotated[
    Path | None, typer.Option("--summary", metavar="FILE", help="Write the summary as Markdown to FILE.")
]
LogFile = Annotated[
    Path | None, typer.Option("--log", metavar="FILE", help="Append a line of JSON for each step to FILE.")
]


@bot.command("run", "Run once over all feedstocks, into GitHub or the outbox.")
@examples("dirac-forge bot run", "dirac-forge bot run --pr --every 6h")
def run(
    context: Context,
    feedstocks: Feedstocks = None,
    pr: PullRequests = False,
    every: Annotated[
        str, typer.Option(metavar="TIME", help="Run again after this time: 30m, 6h, 1d.", show_default="once")
    ] = "",
    canary: Canary = 0,
    recipes: Recipes = False,
    outbox: OutboxFolder = None,
    ledger: LedgerFile = None,
    summary: SummaryFile = None,
    log: LogFile = None,
    log_format: Annotated[
        LogFormat, typer.Option(metavar="text|json", help="Show progress on stderr in words or as lines of JSON.")
    ] = LogFormat.text,
) -> int:
    """Look at every feedstock, decide, prove, and send what is within the budget, to GitHub or into the outbox.

    Open requests are updated, not opened again; a second run does nothing. A feedstock that fails does not stop the
    others. The exit code is 1 where something failed for good, and 3 where something could not be found out (the next
    run asks again).
    """
    from dirac_forge.cli.bot import run as run_bot
    from dirac_forge.cli.bot_request import RunRequest

    asked = RunRequest(
        feedstocks=tuple(feedstocks or ()),
        pr=pr,
        canary=canary,
        recipes=recipes,
        outbox=outbox,
        ledger=ledger,
        summary=summary,
        log=log,
    )
    return run_bot(context, asked, every=every, log=log, json_log=log_format is LogFormat.json)


class InitPlace(StrEnum):
    """Places that run the bot on a schedule."""

    actions = "actions"
    systemd = "systemd"


@bot.command("init", "Write what runs the bot on a schedule.")
@examples("dirac-forge bot init actions", "dirac-forge bot init systemd")
def init(
    context: Context,
    where: Annotated[
        InitPlace, typer.Argument(metavar="actions|systemd", help="GitHub Actions, or a server with systemd.")
    ],
    dashboard: Annotated[
        str, typer.Option(metavar="OWNER/NAME", help="Keep the dashboard, an issue, in this repository.")
    ] = "",
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that differ.")] = False,
) -> int:
    """Write a workflow or systemd units, and settings, into the workspace, and say which secrets to make.

    A file that is there and differs is left alone without --force, and the exit code is 1.
    """
    from dirac_forge.cli.bot_init import init as run_init

    return run_init(context, where.value, dashboard=dashboard, force=force)


@bot.command("prepare", "Decide and rerender without a token, for `bot send`.")
@examples("dirac-forge bot prepare")
def prepare(
    context: Context,
    feedstocks: Feedstocks = None,
    canary: Canary = 0,
    recipes: Recipes = False,
    outbox: OutboxFolder = None,
    ledger: LedgerFile = None,
    summary: SummaryFile = None,
    log: LogFile = None,
) -> int:
    """Look, decide, prove and rerender without a token, and seal the result in the outbox for `bot send`.

    This step may execute recipes (conda-smithy does), so it is run where there is no token: in a job, unit or process
    of its own.
    """
    from dirac_forge.cli.bot_request import RunRequest
    from dirac_forge.cli.bot_run import run_step

    request = RunRequest(
        feedstocks=tuple(feedstocks or ()),
        canary=canary,
        recipes=recipes,
        outbox=outbox,
        ledger=ledger,
        summary=summary,
        log=log,
    )
    return run_step(context, "prepare", request)


@bot.command("send", "Send what `bot prepare` sealed, with a token.")
@examples("dirac-forge bot send")
def send(
    context: Context,
    canary: Canary = 0,
    recipes: Recipes = False,
    outbox: OutboxFolder = None,
    ledger: LedgerFile = None,
    summary: SummaryFile = None,
    log: LogFile = None,
) -> int:
    """Push what `bot prepare` sealed, and open the pull requests: with a token, and without executing anything."""
    from dirac_forge.cli.bot_request import RunRequest
    from dirac_forge.cli.bot_run import run_step

    request = RunRequest(
        pr=True, canary=canary, recipes=recipes, outbox=outbox, ledger=ledger, summary=summary, log=log
    )
    return run_step(context, "send", request)


@bot.command("observe", "Read what became of open requests.")
@examples("dirac-forge bot observe")
def observe(context: Context, ledger: LedgerFile = None, log: LogFile = None) -> int:
    """Read from GitHub what became of open requests, into the ledger, for the next `bot prepare`."""
    from dirac_forge.cli.bot_request import RunRequest
    from dirac_forge.cli.bot_run import run_step

    return run_step(context, "observe", RunRequest(ledger=ledger, log=log))


class OutboxAction(StrEnum):
    """Actions on the outbox."""

    list = "list"
    show = "show"
    apply = "apply"


@bot.command("outbox", "List and show what is prepared, or make it a branch of a clone.")
@examples("dirac-forge bot outbox", "dirac-forge bot outbox apply m2crypto --clone ~/m2crypto-feedstock")
def outbox(
    context: Context,
    action: Annotated[
        OutboxAction, typer.Argument(metavar="list|show|apply", help="List all, show one, or make one a branch.")
    ] = OutboxAction.list,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A feedstock, or the folder of a change: demo/bump/main/1.1.")
    ] = "",
    clone: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="A clone of the feedstock, for apply.", show_default="the current folder"),
    ] = None,
    folder: OutboxFolder = None,
) -> int:
    """Look at changes that are prepared and not sent, or continue with one in a local clone."""
    from dirac_forge.cli.bot_outbox import outbox as run_outbox

    return run_outbox(context, action.value, name, clone=clone, folder=folder)


@bot.command("why", "Show what happened to a feedstock, and why nothing did.")
@examples("dirac-forge bot why dirac-grid")
def why(
    context: Context,
    feedstock: Annotated[str, typer.Argument(metavar="FEEDSTOCK", help="A name, or a release line NAME@BRANCH.")],
    ledger: LedgerFile = None,
) -> int:
    """Show what the bot found, decided and tried for a feedstock, and when it tries again.

    The ledger has the answer; where it knows of no request and there is a token, GitHub is asked.
    """
    from dirac_forge.cli.bot import why as run_why

    return run_why(context, feedstock, ledger=ledger)


@bot.command("sweep", "Carry a merged fix to the other release lines.")
@examples("dirac-forge bot sweep https://github.com/conda-forge/dirac-grid-feedstock/pull/80")
def sweep(
    context: Context,
    url: Annotated[str, typer.Argument(metavar="PR_URL", help="A merged pull request on a feedstock.")],
    branch: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="Carry the fix to this release line. Repeatable.", show_default="all the others"
        ),
    ] = None,
    pr: PullRequests = False,
    outbox: OutboxFolder = None,
    ledger: LedgerFile = None,
) -> int:
    """Carry a merged fix to the feedstock's other release lines, as one request per branch.

    Each branch keeps its version and hashes, and its build number is raised. Where the fix does not apply an issue
    with instructions is opened instead, and the exit code is 1.
    """
    from dirac_forge.cli.bot import sweep as run_sweep

    return run_sweep(context, url, branches=branch or (), pr=pr, outbox=outbox, ledger=ledger)


@bot.command("retract", "Close the open requests of a batch, migration or feedstock.")
@examples("dirac-forge bot retract openssl4")
def retract(
    context: Context,
    what: Annotated[
        list[str],
        typer.Argument(metavar="BATCH|MIGRATION|FEEDSTOCK", help="The id of a run, a migration, or a feedstock."),
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Give this reason in the comment.")] = "",
    outbox: OutboxFolder = None,
    ledger: LedgerFile = None,
) -> int:
    """Close open requests with a comment, and do not open them again until their changes differ."""
    from dirac_forge.cli.bot import retract as run_retract

    return run_retract(context, what, yes=yes, reason=reason, outbox=outbox, ledger=ledger)

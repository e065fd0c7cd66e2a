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
        "--canary", metavar="N", min=0, help="Send N changes of a large wave first, and the rest when they are merged."
    ),
]
Recipes = Annotated[
    bool, typer.Option("--recipes", help="Also send missing recipes that bumps need to staged-recipes.")
]
SummaryFile = Annotated[
    Path | None, typer.Option("--summary", metavar="FILE", help="Write the summary as Markdown to FILE.")
]
LogFile = Annotated[Path | None, typer.Option("--log", metavar="FILE", help="Append one JSON line per step to FILE.")]


@bot.command("run", "Run once over all feedstocks.")
@examples("dirac-forge bot run", "dirac-forge bot run --pr --every 6h")
def run(
    context: Context,
    feedstocks: Feedstocks = None,
    pr: PullRequests = False,
    every: Annotated[
        str, typer.Option(metavar="TIME", help="Repeat at this interval, such as 30m, 6h or 1d.", show_default="once")
    ] = "",
    canary: Canary = 0,
    recipes: Recipes = False,
    outbox: OutboxFolder = None,
    ledger: LedgerFile = None,
    summary: SummaryFile = None,
    log: LogFile = None,
    log_format: Annotated[
        LogFormat, typer.Option(metavar="text|json", help="The format of progress on stderr.", show_default="text")
    ] = LogFormat.text,
) -> int:
    """Find changes for every feedstock, check them, and send as many as the budget allows to GitHub or the outbox.

    Open pull requests are updated, not opened again; a second run does nothing. If a feedstock fails, the others go on.
    The exit code is 1 if something failed permanently, and 3 if something is unknown (the next run retries).
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


@bot.command("init", "Set up scheduled runs of the bot.")
@examples("dirac-forge bot init actions", "dirac-forge bot init systemd")
def init(
    context: Context,
    where: Annotated[
        InitPlace, typer.Argument(metavar="actions|systemd", help="GitHub Actions, or a server with systemd.")
    ],
    dashboard: Annotated[
        str, typer.Option(metavar="OWNER/NAME", help="Keep a dashboard issue in this repository.")
    ] = "",
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that differ.")] = False,
) -> int:
    """Write a workflow or systemd units, and settings, to the workspace, and list the secrets to create.

    Existing files that differ are not overwritten without --force, and the exit code is 1.
    """
    from dirac_forge.cli.bot_init import init as run_init

    return run_init(context, where.value, dashboard=dashboard, force=force)


@bot.command("prepare", "Prepare changes without a token, for `bot send`.")
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
    """Find, check and rerender changes without a token, and seal the result in the outbox for `bot send`.

    This step may execute recipes (conda-smithy does), so run it in a separate job, unit or process that has no token.
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


@bot.command("send", "Open pull requests for the changes that `bot prepare` sealed.")
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
    """Push the changes that `bot prepare` sealed, and open pull requests. Needs a token; executes no recipes."""
    from dirac_forge.cli.bot_request import RunRequest
    from dirac_forge.cli.bot_run import run_step

    request = RunRequest(
        pr=True, canary=canary, recipes=recipes, outbox=outbox, ledger=ledger, summary=summary, log=log
    )
    return run_step(context, "send", request)


@bot.command("observe", "Read the state of open pull requests.")
@examples("dirac-forge bot observe")
def observe(context: Context, ledger: LedgerFile = None, log: LogFile = None) -> int:
    """Read the state of open pull requests from GitHub into the ledger, for the next `bot prepare`."""
    from dirac_forge.cli.bot_request import RunRequest
    from dirac_forge.cli.bot_run import run_step

    return run_step(context, "observe", RunRequest(ledger=ledger, log=log))


class OutboxAction(StrEnum):
    """Actions on the outbox."""

    list = "list"
    show = "show"
    apply = "apply"


@bot.command("outbox", "List, show or apply prepared changes.")
@examples("dirac-forge bot outbox", "dirac-forge bot outbox apply m2crypto --clone ~/m2crypto-feedstock")
def outbox(
    context: Context,
    action: Annotated[
        OutboxAction, typer.Argument(metavar="list|show|apply", help="List all, show one, or apply one as a branch.")
    ] = OutboxAction.list,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A feedstock, or the folder of a change, such as demo/bump/main/1.1.")
    ] = "",
    clone: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="The clone of the feedstock to apply the change to.", show_default="the current folder"
        ),
    ] = None,
    folder: OutboxFolder = None,
) -> int:
    """List or show changes that are prepared but not sent, or apply one to a local clone."""
    from dirac_forge.cli.bot_outbox import outbox as run_outbox

    return run_outbox(context, action.value, name, clone=clone, folder=folder)


@bot.command("why", "Explain what the bot did for a feedstock, and why.")
@examples("dirac-forge bot why dirac-grid")
def why(
    context: Context,
    feedstock: Annotated[str, typer.Argument(metavar="FEEDSTOCK", help="A name, or a release line NAME@BRANCH.")],
    ledger: LedgerFile = None,
) -> int:
    """Show what the bot found, decided and tried for a feedstock, and when it will try again.

    The answer comes from the ledger. If the ledger has no pull request and there is a token, GitHub is asked as well.
    """
    from dirac_forge.cli.bot import why as run_why

    return run_why(context, feedstock, ledger=ledger)


@bot.command("sweep", "Backport a merged fix to the other release lines.")
@examples("dirac-forge bot sweep https://github.com/conda-forge/gfal2-feedstock/pull/80")
def sweep(
    context: Context,
    url: Annotated[str, typer.Argument(metavar="PR_URL", help="A merged pull request on a feedstock.")],
    branch: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Backport to this release line. Repeatable.", show_default="all others"),
    ] = None,
    pr: PullRequests = False,
    outbox: OutboxFolder = None,
    ledger: LedgerFile = None,
) -> int:
    """Backport a merged fix to the feedstock's other release lines, as one pull request per branch.

    Each branch keeps its version and hashes and gets a new build number. If the fix does not apply, an issue with
    instructions is opened instead, and the exit code is 1.
    """
    from dirac_forge.cli.bot import sweep as run_sweep

    return run_sweep(context, url, branches=branch or (), pr=pr, outbox=outbox, ledger=ledger)


@bot.command(
    "retract", "Close the open pull requests of a run, migration or feedstock, or take them out of the outbox."
)
@examples("dirac-forge bot retract openssl4")
def retract(
    context: Context,
    what: Annotated[
        list[str],
        typer.Argument(metavar="BATCH|MIGRATION|FEEDSTOCK", help="The ID of a run, a migration, or a feedstock."),
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Give this reason in the comment.")] = "",
    outbox: OutboxFolder = None,
    ledger: LedgerFile = None,
) -> int:
    """Close open pull requests with a comment, and take prepared changes out of the outbox.

    Neither is proposed again unless somebody asks for it.
    """
    from dirac_forge.cli.bot import retract as run_retract

    return run_retract(context, what, yes=yes, reason=reason, outbox=outbox, ledger=ledger)

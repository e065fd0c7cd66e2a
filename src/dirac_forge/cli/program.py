"""The commands, and the program made of them. The usage of a command is imported when the command is named."""

from __future__ import annotations

import importlib
from typing import Annotated, Any

import typer

from dirac_forge import __version__
from dirac_forge.cli.running import PLAIN, with_shared_options
from dirac_forge.cli.usage import UsageCommand, UsageGroup

COMMANDS = {
    "recipe": ("dirac_forge.cli.commands.recipe:recipe", "Write recipes for projects and their missing dependencies."),
    "check": ("dirac_forge.cli.commands.check:check", "Check whether targets are installable, and explain why not."),
    "bump": ("dirac_forge.cli.commands.bump:bump", "Update feedstocks to new upstream releases."),
    "build": ("dirac_forge.cli.commands.build:build", "Build, install and test recipes. Runs upstream code."),
    "audit": ("dirac_forge.cli.commands.audit:audit", "Compare the dependencies of builds with upstream metadata."),
    "lock": ("dirac_forge.cli.commands.lock:lock", "Lock a distribution to exact packages."),
    "diff": ("dirac_forge.cli.commands.diff:diff", "Show what changed between two states of a distribution."),
    "installer": ("dirac_forge.cli.commands.installer:installer", "Build and test the installer of a distribution."),
    "sync": ("dirac_forge.cli.commands.sync:sync", "Copy feedstocks into the workspace."),
    "migrate": ("dirac_forge.cli.commands.migrate:migrate", "Plan and track ABI migrations, and make the rebuilds."),
    "bot": ("dirac_forge.cli.commands.bot:bot", "Maintain all feedstocks on a schedule."),
    "report": ("dirac_forge.cli.commands.report:report", "Write a static status site."),
    "snapshot": (
        "dirac_forge.cli.commands.snapshot:snapshot",
        "Save the packages that targets need as a channel folder.",
    ),
    "cache": ("dirac_forge.cli.commands.cache:cache", "Show, prune or clear the cache."),
    "completion": ("dirac_forge.cli.commands.completion:completion", "Print a shell completion script."),
    "validate": ("dirac_forge.cli.commands.validate:validate", "Check recipes, settings and migrations for mistakes."),
    "doctor": ("dirac_forge.cli.commands.doctor:doctor", "Check the installation, credentials and network access."),
    "schema": (
        "dirac_forge.cli.commands.schema:schema",
        "Print the JSON Schemas of settings, migrations and site data.",
    ),
}
"""Name to the command (a function that takes a `Context` first, or a `Group`) and its summary."""


class _Program(UsageGroup):
    """Knows names and summaries of all commands, and imports only the one that is used."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.commands = {name: UsageCommand(name=name, help=summary) for name, (_, summary) in COMMANDS.items()}

    def parse_args(self, ctx: Any, args: list[str]) -> Any:
        if args[:1] == ["help"]:
            args = [*args[1:], "--help"]
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] in COMMANDS:
            self.commands[args[0]] = _imported(args[0])
        return super().resolve_command(ctx, args)


def usage_of(name: str) -> Any:
    """Import the usage of a command: a function that takes a `Context` first, or a `Group`."""
    module, _, attribute = COMMANDS[name][0].partition(":")
    return getattr(importlib.import_module(module), attribute)


def _imported(name: str) -> Any:
    usage, summary = usage_of(name), COMMANDS[name][1]
    if not isinstance(usage, typer.Typer):
        single = typer.Typer(**PLAIN, add_completion=False)
        single.command(name, cls=UsageCommand, short_help=summary)(with_shared_options(usage))
        usage = single
    command = typer.main.get_command(usage)
    command.name = name
    command.help = command.help or summary
    return command


def application() -> Any:
    """Return the whole program, to be called with `args` and `prog_name`; it ends with SystemExit."""
    program = typer.Typer(cls=_Program, add_completion=False, **PLAIN)
    program.callback()(_program)
    return typer.main.get_command(program)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"dirac-forge {__version__}")
        raise typer.Exit


def _program(
    version: Annotated[
        bool, typer.Option("-V", "--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Keep DIRAC installable from conda-forge: recipes, checks, migrations and version bumps.

    Run `dirac-forge help COMMAND` for the options of a command. Global options such as -q can also come before it.
    """

"""The commands, and the program made of them. A command's module is imported when the command is used."""

from __future__ import annotations

import importlib
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from dirac_forge import __version__
from dirac_forge.cli.running import with_shared_options

__all__ = ["COMMANDS", "application"]

COMMANDS = {
    "recipe": (
        "dirac_forge.cli.recipe:recipe",
        "Write recipes for projects, and show where what they need stands.",
    ),
    "check": ("dirac_forge.cli.check:check", "Say whether targets are installable everywhere, and if not, why."),
    "bump": ("dirac_forge.cli.bump:bump", "Move feedstocks to the versions that upstream released."),
    "audit": ("dirac_forge.cli.audit:audit", "Compare what the channel's builds declare with what upstream declares."),
    "sync": ("dirac_forge.cli.sync:sync", "Fill the workspace with copies of feedstocks."),
    "migrate": ("dirac_forge.cli.migrate:migrate", "Plan ABI migrations, see where they stand, rebuild what can go."),
    "bot": (
        "dirac_forge.cli.bot:bot",
        "Look after all feedstocks: one run, or on a schedule; into GitHub or a folder.",
    ),
    "doctor": ("dirac_forge.cli.doctor:doctor", "Say what is there, and what to do about what is not."),
}
"""Name to where the command is (a function that takes a `Context` first, or a `typer.Typer` with several) and its
summary."""

_EXIT_CODES = (
    "Exit codes: 0 done; 1 the answer is no; 2 wrong use or unreadable input; 3 the answer could not be found out."
)


class _Commands(TyperGroup):
    """Knows names and summaries of all commands, and imports only the one that is used."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.commands = {name: TyperCommand(name=name, help=summary) for name, (_, summary) in COMMANDS.items()}

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] in COMMANDS:
            self.commands[args[0]] = _imported(args[0])
        return super().resolve_command(ctx, args)


def _imported(name: str) -> Any:
    where, summary = COMMANDS[name]
    module, _, attribute = where.partition(":")
    found = getattr(importlib.import_module(module), attribute)
    if not isinstance(found, typer.Typer):
        single = typer.Typer(**_PLAIN, add_completion=False)
        single.command(name, short_help=summary, epilog=_EXIT_CODES)(with_shared_options(found))
        found = single
    command = typer.main.get_command(found)
    command.name = name
    return command


_PLAIN: dict[str, Any] = {
    "pretty_exceptions_enable": False,
    "rich_markup_mode": None,
    "context_settings": {"help_option_names": ["-h", "--help"]},
}


def application() -> Any:
    """The whole program, to be called with `args` and `prog_name`; leaves by SystemExit."""
    program = typer.Typer(cls=_Commands, no_args_is_help=True, epilog=_EXIT_CODES, **_PLAIN)
    program.callback()(_program)
    return typer.main.get_command(program)


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"dirac-forge {__version__}")
        raise typer.Exit


def _program(
    version: Annotated[
        bool, typer.Option("--version", help="Say the version and leave.", callback=_say_version, is_eager=True)
    ] = False,
) -> None:
    """Keep DIRAC installable from conda-forge: recipes, checks, migrations and version bumps."""

"""Help texts: one layout for every command, with examples and exit codes."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

from dirac_forge.cli.options import SHARED, after_command

F = TypeVar("F", bound=Callable[..., Any])
EXIT_CODES = (
    "0  success",
    "1  the answer is no",
    "2  usage error or unreadable input",
    "3  the answer is unknown",
    "70 internal error",
)
_UNBROKEN_HYPHEN = "\N{NON-BREAKING HYPHEN}"
"""Stands for a hyphen while lines are wrapped: names of options and files are not broken."""
_WRONG_USE = 2
_SHARED = frozenset(each.name for each in SHARED)


def examples(*lines: str) -> Callable[[F], F]:
    """Return a decorator that adds examples, which are complete command lines, to the help of a command."""

    def add(function: F) -> F:
        function.examples = lines  # type: ignore[attr-defined]
        return function

    return add


def checks_settings(function: F) -> F:
    """Mark a command that reports mistakes in the workspace's settings with others, and goes on without them."""
    function.checks_settings = True  # type: ignore[attr-defined]
    return function


class UsageCommand(TyperCommand):
    """A command whose help lists its own options, the global options, examples and exit codes."""

    def parse_args(self, ctx: Any, args: list[str]) -> Any:
        try:
            return super().parse_args(ctx, args)
        except typer.BadParameter as error:
            error.message = error.message.removeprefix("Value error, ")  # pydantic's
            raise

    def get_help(self, ctx: Any) -> str:
        return super().get_help(ctx).replace(_UNBROKEN_HYPHEN, "-")

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        arguments = [_name(each) for each in self.get_params(ctx) if each.param_type_name == "argument"]
        return [*arguments, "[OPTIONS]"]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        titles: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": [], "Global options": []}
        for param in self.get_params(ctx):
            is_global = param.name in _SHARED or param.name == "help"
            kind = "Arguments" if param.param_type_name == "argument" else "Options"
            titles["Global options" if is_global else kind].append(_entry(param))
        for title, rows in titles.items():
            _list(formatter, title, rows)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        _lines(formatter, "Examples", getattr(self.callback, "examples", ()))
        _lines(formatter, "Exit codes", EXIT_CODES)


class UsageGroup(TyperGroup):
    """A group of commands; global options may come before the name of the command.

    `--help` is not an option for typer, which would import pydantic to read it, even if a command follows.
    """

    usual: ClassVar[str] = ""
    """The command line that an argument without the name of a command is probably meant for."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "add_help_option": False})

    def parse_args(self, ctx: Any, args: list[str]) -> Any:
        if not args or set(args[:1]) & {"-h", "--help"}:
            typer.echo(ctx.get_help())
            ctx.exit(0 if args else _WRONG_USE)
        return super().parse_args(ctx, after_command(args))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        names = self.list_commands(ctx)
        if not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            ctx.fail(f"No such command {args[0]!r}. {self._meant(args[0], names)}")
        return super().resolve_command(ctx, args)

    def _meant(self, text: str, names: Sequence[str]) -> str:
        """Return the command that may be meant, or all there are."""
        near = difflib.get_close_matches(text, names)
        if near:
            return f"Did you mean {', '.join(map(repr, near))}?"
        instead = f" Did you mean `{self.usual} {text}`?" if self.usual else ""
        return f"The commands are {', '.join(names)}.{instead}"

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        return ["COMMAND", "[OPTIONS]"]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        self.format_commands(ctx, formatter)
        params = [each for each in self.get_params(ctx) if not getattr(each, "hidden", False)]
        _list(formatter, "Options", [*map(_entry, params), ("-h, --help", "Show this message.")])

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        named = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        _list(formatter, "Commands", [(name, each.get_short_help_str(200)) for name, each in named if each is not None])

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        _lines(formatter, "Exit codes", EXIT_CODES)


def _name(argument: Any) -> str:
    name = argument.metavar or argument.name.upper()
    return (name if argument.required else f"[{name}]") + ("..." if argument.nargs != 1 else "")


def _entry(param: Any) -> tuple[str, str]:
    text = inspect.cleandoc(param.help or "")
    if isinstance(param.show_default, str):
        text += f" [default: {param.show_default}]"
    text = text.replace("-", _UNBROKEN_HYPHEN)
    if param.param_type_name == "argument":
        return _name(param), text
    # click keeps the names of --help in a set.
    opts = sorted(param.opts, key=len) if param.name == "help" else param.opts
    names = ", ".join([*opts, *param.secondary_opts])
    return f"{names} {param.metavar}" if param.metavar and not param.is_flag else names, text


def _list(formatter: Any, title: str, rows: Sequence[tuple[str, str]]) -> None:
    if rows:
        with formatter.section(title):
            formatter.write_dl(rows)


def _lines(formatter: Any, title: str, lines: Sequence[str]) -> None:
    if lines:
        with formatter.section(title):
            for line in lines:
                formatter.write(f"{'':>{formatter.current_indent}}{line}\n")

"""From a function that takes a `Context` to a command: global options, exit codes, and errors in words."""

from __future__ import annotations

import errno
import inspect
import os
import tempfile
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import typer

from dirac_forge.cli.console import Terminal, log_requests, print_error
from dirac_forge.cli.context import Context
from dirac_forge.cli.exit_codes import BROKEN_PIPE, INTERNAL, INTERRUPTED
from dirac_forge.cli.options import SHARED, Options
from dirac_forge.cli.process import interruptible
from dirac_forge.cli.usage import UsageCommand, UsageGroup
from dirac_forge.errors import ForgeError, InputError, UnknownError, redact
from dirac_forge.untrusted import one_line, visible

F = TypeVar("F", bound=Callable[..., int])
PLAIN: dict[str, Any] = {
    "pretty_exceptions_enable": False,
    "rich_markup_mode": None,
    "context_settings": {"help_option_names": ["-h", "--help"], "max_content_width": 100},
}
_REPORT = "This is a bug in dirac-forge. Please report it at https://github.com/DIRACGrid/dirac-forge/issues"


class CommandGroup(typer.Typer):
    """Commands under one name, each with the global options."""

    def __init__(self, usage: type[UsageGroup] = UsageGroup) -> None:
        """Make a group without commands; `usage` words its help and its errors."""
        super().__init__(cls=usage, add_completion=False, **PLAIN)
        self.functions: dict[str, Callable[..., int]] = {}
        """The commands, by name."""

    def command(self, name: str, summary: str) -> Callable[[F], F]:  # type: ignore[override]
        """Return a decorator that adds a function as the command `name`; `summary` is its line in the group's help."""

        def add(function: F) -> F:
            self.functions[name] = function
            super(CommandGroup, self).command(name, cls=UsageCommand, short_help=summary)(with_shared_options(function))
            return function

        return add


def with_shared_options(function: Callable[..., int]) -> Callable[..., None]:
    """Return `function` for typer: with its own parameters, those of every command, and its result as exit code.

    `function` takes a `Context` first, and parameters annotated for typer.
    """
    _, *own = inspect.signature(function, eval_str=True).parameters.values()
    parameters = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in (*own, *SHARED)]

    def command(**values: Any) -> None:
        options = _options({each.name: values.pop(each.name) for each in SHARED})
        if options.quiet and options.verbose:
            raise typer.BadParameter("--quiet and --verbose contradict each other")
        raise typer.Exit(run_command(function, options, values))

    command.__doc__ = function.__doc__
    command.__name__ = function.__name__
    command.examples = getattr(function, "examples", ())  # type: ignore[attr-defined]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {each.name: each.annotation for each in parameters}
    return command


def _options(values: Mapping[str, Any]) -> Options:
    """Return the global options from the values that typer gives."""
    given = {name: value for name, value in values.items() if value is not None}
    options: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in given.items()
    }
    return Options(**options)


def run_command(function: Callable[..., int], options: Options, values: dict[str, Any]) -> int:
    """Run the command and return its exit code; the one place where errors become words."""
    try:
        with (
            interruptible(),
            Terminal(quiet=options.quiet, progress=not options.no_progress, color=options.color) as observer,
            Context.of(
                options, os.environ, observer, without_file=getattr(function, "checks_settings", False)
            ) as context,
        ):
            if options.verbosity > 1:
                log_requests()
            return function(context, **values)
    except ForgeError as error:
        print_error(error.message, hint=error.hint, color=options.color)
        return error.exit_code
    except KeyboardInterrupt:
        print_error("interrupted", color=options.color)
        return INTERRUPTED
    except BrokenPipeError:
        return BROKEN_PIPE
    except RecursionError as error:
        hint = f"An input file is nested too deeply. {_saved(error)}"
        print_error("the input can't be read: it is nested too deeply", hint=hint, color=options.color)
        return InputError.exit_code
    except MemoryError:
        print_error(
            "there is not enough memory",
            hint="Name fewer feedstocks, targets or platforms at a time.",
            color=options.color,
        )
        return UnknownError.exit_code
    except OSError as error:
        _print_system_error(error, options)
        return InputError.exit_code
    except Exception as error:  # noqa: BLE001  # whatever it is, a person reads it
        print_error(f"internal error: {_brief(error)}", hint=f"{_REPORT}. {_saved(error)}", color=options.color)
        return INTERNAL


def _print_system_error(error: OSError, options: Options) -> None:
    if error.errno == errno.ENOENT and not _is_somewhere():
        print_error("the current folder was deleted", hint="Change to another folder.", color=options.color)
        return
    place = f"{error.filename!s:.300}: " if error.filename else ""
    # What was typed can't be a file: there is nothing to look into.
    typed = error.errno == errno.ENAMETOOLONG
    hint = None if typed else f"Check permissions and free space of the folders in use. {_saved(error)}"
    print_error(one_line(f"{place}{error.strerror or error}"), hint=hint, color=options.color)


def _is_somewhere() -> bool:
    try:
        return bool(Path.cwd())
    except OSError:
        return False


def _brief(error: Exception) -> str:
    return one_line(f"{type(error).__name__}: {error}", longest=200)


def _saved(error: Exception) -> str:
    """Save the traceback of `error`, and return where it is."""
    trace = visible(redact("".join(traceback.format_exception(error, limit=-100))), but="\n")[-100_000:]
    try:
        handle, path = tempfile.mkstemp(prefix="dirac-forge-error-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
            file.write(trace)
    except OSError:
        return "Details could not be saved: temporary files can't be written."
    return f"Details: {path}"

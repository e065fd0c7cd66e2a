"""From a function that takes a `Context` to a command: shared options, exit codes, and errors in words."""

from __future__ import annotations

import inspect
import os
import traceback
from collections.abc import Callable
from typing import Any

import typer

from dirac_forge.cli import BROKEN_PIPE, INTERRUPTED
from dirac_forge.cli.console import Terminal, print_error
from dirac_forge.cli.context import Context
from dirac_forge.cli.options import SHARED, Options
from dirac_forge.errors import ForgeError, UnknownError, redact

__all__ = ["with_shared_options"]

_REPORT = "This is a mistake in dirac-forge. Please report it at https://github.com/DIRACGrid/dirac-forge/issues"


def with_shared_options(function: Callable[..., int]) -> Callable[..., None]:
    """The function as typer wants it: its own parameters, those of every command, and its result as exit code.

    `function` takes a `Context` first, and parameters annotated for typer.
    """
    _, *own = inspect.signature(function, eval_str=True).parameters.values()
    parameters = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in (*own, *SHARED)]

    def command(**values: Any) -> None:
        options = Options(**{each.name: values.pop(each.name) for each in SHARED})
        if options.quiet and options.verbose:
            raise typer.BadParameter("--quiet and --verbose contradict each other")
        raise typer.Exit(_run(function, options, values))

    command.__doc__ = function.__doc__
    command.__name__ = function.__name__
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {each.name: each.annotation for each in parameters}
    return command


def _run(function: Callable[..., int], options: Options, values: dict[str, Any]) -> int:
    """The exit code of the command; the one place where errors become words."""
    observer = Terminal(quiet=options.quiet)
    try:
        with observer, Context.of(options, os.environ, observer) as context:
            return function(context, **values)
    except ForgeError as error:
        print_error(error.message, hint=error.hint)
        return error.exit_code
    except KeyboardInterrupt:
        print_error("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        return BROKEN_PIPE
    except Exception as error:  # noqa: BLE001  # whatever it is, a person reads it
        if options.verbose:
            print_error(redact(traceback.format_exc().rstrip()))
            print_error(_REPORT)
        else:
            hint = f"{_REPORT} with what the same command says with -v."
            print_error(f"unexpected {type(error).__name__}: {error}", hint=hint)
        return UnknownError.exit_code

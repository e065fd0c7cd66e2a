"""Commands that end in every way that a command can end."""

from __future__ import annotations

from typing import Annotated

import typer

from dirac_forge.cli.context import Context
from dirac_forge.cli.running import CommandGroup
from dirac_forge.errors import ForgeError, InputError, UnknownError

ENDS: dict[str, BaseException] = {
    "input": InputError("there is no project 'x'", hint="Did you mean 'y'?"),
    "unknown": UnknownError("https://me:s3cret@host/x can't be reached"),
    "forge": ForgeError("the disk is full"),
    "interrupt": KeyboardInterrupt(),
    "pipe": BrokenPipeError(),
    "bug": ZeroDivisionError("https://me:s3cret@host/"),
}


def ends(
    context: Context,
    how: Annotated[str, typer.Argument(help="How it ends.")],
    code: Annotated[int, typer.Option(help="Exit code.")] = 0,
) -> int:
    """End in some way."""
    context.observer.warned("a warning")
    context.observer.warned("a warning")
    context.observer.started("work", 2)
    context.observer.advanced("work", done=2)
    context.observer.finished("work")
    if how in ENDS:
        raise ENDS[how]
    context.answer(f"[bold] {how}", {"how": how, "channels": context.settings.channels, "é": 1})
    return code


several = CommandGroup()
several.command("one", "End in some way.")(ends)
several.command("two", "End in some way.")(ends)

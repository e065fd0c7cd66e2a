"""Commands that run where a target is installed: those of its recipes' tests, and those that are asked for."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from dirac_forge.build.model import PackageResult
from dirac_forge.channel.records import name_of
from dirac_forge.errors import InputError
from dirac_forge.values import dataclass

_MOST_COMMANDS = 20
_OF_TARGET = re.compile(r"([a-z0-9][a-z0-9_.-]+):(?![\\/])\s*(\S.*)", re.DOTALL)


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetCommand:
    """A line for a shell, and where it runs."""

    text: str
    target: str = ""
    """Name of the target, or of a package of it; "" for every target."""

    def belongs_to(self, target: str, specs: Sequence[str]) -> bool:
        """Whether it runs where `specs` are installed for `target`."""
        return self.target in {"", target, *map(name_of, specs)}

    def __str__(self) -> str:
        return f"{self.target}:{self.text}" if self.target else self.text


def read_command(text: str) -> TargetCommand:
    """Return the command of `TARGET:COMMAND`, or of `COMMAND`, which runs for every target."""
    found = _OF_TARGET.fullmatch(text)
    return TargetCommand(target=found[1], text=found[2]) if found else TargetCommand(text=text)


def check_targets(commands: Sequence[TargetCommand], known: Collection[str]) -> None:
    """Refuse a command for what is not a target and no package of one. Raises InputError."""
    for command in commands:
        if command.target and command.target not in known:
            raise InputError(
                f"--run {str(command)!r}: there is no target {command.target}",
                hint=f"Targets here are {', '.join(sorted(known))}. Without TARGET, the command runs for each of them.",
            )


def commands_for(
    target: str, specs: Sequence[str], results: Sequence[PackageResult], asked: Sequence[TargetCommand]
) -> list[str]:
    """Return what the recipes of these packages run in their own tests, then what is asked for."""
    names = set(map(name_of, specs))
    own = dict.fromkeys(command for result in results if result.output in names for command in result.commands)
    return [*list(own)[:_MOST_COMMANDS], *(command.text for command in asked if command.belongs_to(target, specs))]


def never_run(asked: Sequence[TargetCommand], targets: Mapping[str, Sequence[str]]) -> list[TargetCommand]:
    """Return the commands whose target is not installed."""
    return [one for one in asked if not any(one.belongs_to(target, specs) for target, specs in targets.items())]

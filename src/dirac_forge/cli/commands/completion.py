"""Usage of `dirac-forge completion`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from dirac_forge.cli.context import Context
from dirac_forge.cli.shells import SHELLS
from dirac_forge.cli.usage import examples


class Shell(StrEnum):
    """Shells with completion."""

    bash = "bash"
    zsh = "zsh"
    fish = "fish"
    powershell = "powershell"


@examples("dirac-forge completion bash", "dirac-forge completion fish")
def completion(
    context: Context,  # noqa: ARG001  # every command takes it
    shell: Annotated[Shell, typer.Argument(metavar="bash|zsh|fish|powershell", help="The shell.")],
) -> int:
    """Print a script that completes commands, options, feedstocks, migrations, targets, platforms and channels.

    bash: add `eval "$(dirac-forge completion bash)"` to ~/.bashrc. zsh: the same in ~/.zshrc.
    fish: write it to ~/.config/fish/completions/dirac-forge.fish. PowerShell: add `dirac-forge completion powershell |
    Out-String | Invoke-Expression` to $PROFILE.
    """
    typer.echo(SHELLS[shell.value], nl=False)
    return 0

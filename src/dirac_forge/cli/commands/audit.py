"""Usage of `dirac-forge audit`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from dirac_forge.cli.context import Context
from dirac_forge.cli.usage import examples

__all__ = ["audit"]


class _Severity(StrEnum):
    high = "high"
    medium = "medium"
    low = "low"


@examples(
    "dirac-forge audit",
    "dirac-forge audit 'diracx-core >=0.0.1' --severity low",
    "dirac-forge audit --since 7d --patches patches",
)
def audit(
    context: Context,
    specs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SPEC",
            help="Targets of the workspace, environment files, a construct.yaml, or package specs.",
            show_default="the workspace's targets",
        ),
    ] = None,
    severity: Annotated[
        _Severity, typer.Option(metavar="high|medium|low", help="Show findings of this severity and worse ones.")
    ] = _Severity.medium,
    baseline: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Leave out what this TOML file accepts.")
    ] = None,
    since: Annotated[
        str, typer.Option(metavar="AGE", help="Audit everything uploaded in this time, such as 7d or 12h.")
    ] = "",
    patches: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write repodata patches for missing and too loose requirements, proved."),
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Correct the recipes of the workspace, and raise their build numbers.")
    ] = False,
) -> int:
    """Compare what the channel's builds declare with what upstream's metadata of the same version declares.

    A closure is audited for a target, an environment file or a spec: every Python package that the solver installs.
    Bounds are compared by the versions that the channel has. Exit code 1 means that there are findings.
    """
    from dirac_forge.cli.audit import audit as run

    return run(
        context, specs or (), severity=severity.value, baseline=baseline, since=since, patches=patches, write=write
    )

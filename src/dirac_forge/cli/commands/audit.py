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
    "dirac-forge audit pixi.lock --baseline accepted.toml",
    "dirac-forge audit --baseline accepted.toml --accept 'comes with the base environment'",
    "dirac-forge audit --since 7d --patches patches",
    "dirac-forge audit --write --pr",
)
def audit(
    context: Context,
    specs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SPEC",
            help="Targets of the workspace, environment files, a construct.yaml, locks, prefixes, or package specs.",
            show_default="the workspace's targets",
        ),
    ] = None,
    severity: Annotated[
        _Severity, typer.Option(metavar="high|medium|low", help="Show findings of this severity and worse ones.")
    ] = _Severity.medium,
    baseline: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Leave out what this TOML file accepts: [[accepted]] tables of findings."),
    ] = None,
    accept: Annotated[
        str,
        typer.Option(metavar="REASON", help="Add all findings that are shown to the file of --baseline, or make it."),
    ] = "",
    since: Annotated[
        str, typer.Option(metavar="AGE", help="Audit everything uploaded in this time, such as 7d or 12h.")
    ] = "",
    patches: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write repodata patches for missing and too loose requirements, proved."),
    ] = None,
    broken: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write a request to mark builds as broken that no patch mends."),
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Correct the recipes of the workspace, and raise their build numbers.")
    ] = False,
    pr: Annotated[
        bool,
        typer.Option("--pr", help="Propose corrections and patches as pull requests; without a token, in the outbox."),
    ] = False,
    cluster: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Ask upstream from the workers of the Dask cluster at ADDRESS.")
    ] = "",
) -> int:
    """Compare what the channel's builds declare with what upstream's metadata of the same version declares.

    A closure is audited for a target, an environment file or a spec: every package that the solver installs. Of a lock
    or a prefix the packages are those that it has. Bounds are compared by the versions that the channel has.

    The channel's records show builds marked as broken, missing licences and pins of another time; where the packages
    themselves are there, their files show what clobbers what, and which commands are lost. What is not known is said.
    Exit code 1 means that there are findings.
    """
    from dirac_forge.cli.audit import audit as run
    from dirac_forge.cli.audit_inputs import AuditRequest

    return run(
        context,
        AuditRequest(
            specs=tuple(specs or ()),
            severity=severity.value,
            baseline=baseline,
            accept=accept.strip(),
            since=since,
            patches=patches,
            broken=broken,
            write=write,
            pr=pr,
            cluster=cluster,
        ),
    )

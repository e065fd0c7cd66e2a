"""Usage of `dirac-forge audit`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from dirac_forge.cli.context import Context
from dirac_forge.cli.usage import examples


class _Severity(StrEnum):
    high = "high"
    medium = "medium"
    low = "low"


def _reason(text: str | None) -> str:
    """Return the reason of --accept; "" if it was not given. Raises InputError for an empty one."""
    from dirac_forge.errors import InputError

    if text is not None and not text.strip():
        raise InputError("--accept needs a reason", hint="Give --accept 'why these findings are accepted'.")
    return (text or "").strip()


@examples(
    "dirac-forge audit",
    "dirac-forge audit 'diracx-core >=0.0.1' --severity low",
    "dirac-forge audit pixi.lock --baseline accepted.toml",
    "dirac-forge audit --baseline accepted.toml --accept 'part of the base'",
    "dirac-forge audit --since 7d --patches patches",
    "dirac-forge audit --write --pr",
)
def audit(
    context: Context,
    specs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SPEC",
            help="Targets, package specs, environment files, a construct.yaml, locks or prefixes.",
            show_default="the workspace's targets",
        ),
    ] = None,
    severity: Annotated[
        _Severity,
        typer.Option(metavar="high|medium|low", help="Show findings of at least this severity.", show_default="medium"),
    ] = _Severity.medium,
    baseline: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Ignore the findings in this TOML file ([[accepted]] tables)."),
    ] = None,
    accept: Annotated[
        str | None,
        typer.Option(metavar="REASON", help="Add the findings shown to the --baseline file, with this reason."),
    ] = None,
    since: Annotated[
        str, typer.Option(metavar="AGE", help="Audit everything uploaded within AGE, such as 7d or 12h.")
    ] = "",
    patches: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write tested repodata patches for missing and too loose requirements."),
    ] = None,
    broken: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write a request to mark builds as broken that no patch can fix."),
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Fix the recipes in the workspace, and increase their build numbers.")
    ] = False,
    pr: Annotated[
        bool,
        typer.Option(
            "--pr", help="Open pull requests with fixes and patches; without a token, write them to the outbox."
        ),
    ] = False,
    cluster: Annotated[
        str,
        typer.Option(metavar="ADDRESS", help="Fetch upstream metadata on the workers of the Dask cluster at ADDRESS."),
    ] = "",
) -> int:
    """Compare the dependencies of the channel's builds with upstream's metadata for the same version.

    For a target, an environment file or a spec, every package that the solver installs is audited; for a lock or a
    prefix, every package in it. Version bounds are compared by which versions in the channel they allow.

    Builds marked as broken, missing licences and outdated pins are reported too. If the package files are available,
    clobbered files and missing commands are reported. The exit code is 1 if there are findings.
    """
    from dirac_forge.cli.audit import audit as run
    from dirac_forge.cli.audit_inputs import AuditRequest

    return run(
        context,
        AuditRequest(
            specs=tuple(specs or ()),
            severity=severity.value,
            baseline=baseline,
            accept=_reason(accept),
            since=since,
            patches=patches,
            broken=broken,
            write=write,
            pr=pr,
            cluster=cluster,
        ),
    )

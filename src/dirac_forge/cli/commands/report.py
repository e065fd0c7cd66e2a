"""Usage of `dirac-forge report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dirac_forge.cli.context import Context
from dirac_forge.cli.options import LedgerFile
from dirac_forge.cli.usage import examples


@examples(
    "dirac-forge report --output site",
    "dirac-forge report --output site --migration openssl4 --no-audit",
    "dirac-forge report --distribution construct.yaml --url https://example.org/",
)
def report(
    context: Context,
    output: Annotated[
        Path,
        typer.Option(
            "--output", metavar="DIR", help="Write the site to DIR, replacing the old one.", show_default="site"
        ),
    ] = (Path("site")),
    migration: Annotated[
        list[str] | None,
        typer.Option(
            "--migration",
            metavar="NAME",
            help="Show this migration. Repeatable.",
            show_default="all of migrations/ and the pinning",
        ),
    ] = None,
    distribution: Annotated[
        list[Path] | None,
        typer.Option(
            "--distribution",
            metavar="FILE",
            help="Show what would change in the next release of this distribution. Repeatable.",
            show_default="those in the workspace that have a lock",
        ),
    ] = None,
    bumps: Annotated[
        bool, typer.Option("--bumps/--no-bumps", help="Look for newer releases, and check them with the solver.")
    ] = True,
    audit: Annotated[bool, typer.Option("--audit/--no-audit", help="Audit the packages that targets install.")] = True,
    status_page: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Read pull requests and errors from conda-forge's status page (JSON)."),
    ] = None,
    history: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Compare with this history.", show_default="data/history.json in DIR"),
    ] = None,
    url: Annotated[str, typer.Option(metavar="URL", help="The public URL of the site, for links in the feed.")] = "",
    ledger: LedgerFile = None,
) -> int:
    """Write a static site with the status of targets, migrations, feedstocks, proposals and distributions.

    The site opens from disk and can be hosted anywhere. Its data files have a JSON Schema. The folder is replaced at
    once; an interrupted run leaves the old site.
    """
    from dirac_forge.cli.report import ReportRequest
    from dirac_forge.cli.report import report as run

    return run(
        context,
        ReportRequest(
            output=output,
            migrations=tuple(migration or ()),
            distributions=tuple(distribution or ()),
            bumps=bumps,
            audit=audit,
            status_page=status_page,
            history=history,
            url=url,
            ledger=ledger,
        ),
    )

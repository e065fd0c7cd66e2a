"""Usage of `dirac-forge diff`."""

from __future__ import annotations

from typing import Annotated

import typer

from dirac_forge.cli.context import Context
from dirac_forge.cli.usage import examples

__all__ = ["diff"]


@examples(
    "dirac-forge diff pixi.lock today --file construct.yaml",
    "dirac-forge diff 2.62..HEAD --markdown",
    "dirac-forge diff old/pkg-list.base.txt new/pkg-list.base.txt",
    "dirac-forge diff old.lock /opt/dirac",
)
def diff(
    context: Context,
    old: Annotated[
        str,
        typer.Argument(
            metavar="OLD",
            help="A lock, a list of packages, an installed prefix, a git revision (or OLD..NEW), `today`.",
        ),
    ],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The same for the newer state.", show_default="today")] = "",
    file: Annotated[
        str,
        typer.Option(
            metavar="FILE",
            help="The file of the distribution. [default for git revisions and `today`: construct.yaml]",
            show_default=False,
        ),
    ] = "",
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown, as for release notes.")] = False,
    security: Annotated[
        bool, typer.Option("--security/--no-security", help="Ask the index which versions have known vulnerabilities.")
    ] = True,
) -> int:
    """Show what changes between two states of a distribution, per platform, as release notes do.

    A git revision means FILE as it was committed, solved with what the channels had at that commit's date. `today`
    means FILE as it is, solved now. What is asked for by name comes first, then its dependencies.
    """
    from dirac_forge.cli.diff import diff as run

    return run(context, old, new, file=file, markdown=markdown, security=security)

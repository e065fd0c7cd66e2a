"""Usage of `dirac-forge diff`."""

from __future__ import annotations

from typing import Annotated

import typer

from dirac_forge.cli.context import Context
from dirac_forge.cli.usage import examples


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
            help="A lock, a package list, an installed prefix, a git revision (or OLD..NEW), or `today`.",
        ),
    ],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The newer state.", show_default="today")] = "",
    file: Annotated[
        str,
        typer.Option(
            metavar="FILE",
            help="The distribution. [default for git revisions and `today`: that of the lock, else the only one here]",
            show_default=False,
        ),
    ] = "",
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown for release notes.")] = False,
    security: Annotated[
        bool, typer.Option("--security/--no-security", help="Show known vulnerabilities, from the package index.")
    ] = True,
) -> int:
    """Show what changed between two states of a distribution, per platform.

    A git revision means FILE at that commit, solved with the channels as they were on the commit's date. `today` means
    the current FILE, solved now. Packages that FILE names come first, then their dependencies.
    """
    from dirac_forge.cli.diff import diff as run

    return run(context, old, new, file=file, markdown=markdown, security=security)

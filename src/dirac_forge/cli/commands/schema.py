"""Usage of `dirac-forge schema`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from dirac_forge.cli.context import Context
from dirac_forge.cli.usage import examples


class Kind(StrEnum):
    """Files that have a schema."""

    settings = "settings"
    migration = "migration"
    site = "site"


@examples("dirac-forge schema settings", "dirac-forge schema migration", "dirac-forge schema site")
def schema(
    context: Context,
    kind: Annotated[
        Kind | None,
        typer.Argument(
            metavar="settings|migration|site", help="Print only this schema.", show_default="all, in one document"
        ),
    ] = None,
) -> int:
    """Print the JSON Schemas of `[tool.dirac-forge]` in pyproject.toml, migration files, and the data of the site."""
    from dirac_forge.cli.schema import schema as run

    return run(context, kind.value if kind is not None else None)

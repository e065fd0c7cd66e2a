"""`dirac-forge schema`: JSON Schemas of the files that people write, and of the data files of the status site."""

from __future__ import annotations

import json
from typing import Any

from rich.text import Text

from dirac_forge.cli.context import Context
from dirac_forge.migration.schema import MigrationTable
from dirac_forge.report.site.schema import site_schema
from dirac_forge.settings.schema import schema_of, settings_schema


def _migration_schema() -> dict[str, Any]:
    return schema_of(MigrationTable, name="migration", title="conda-forge migration")


SCHEMAS = {"settings": settings_schema, "migration": _migration_schema, "site": site_schema}
"""What a schema is of, and the function that makes it."""


def schema(context: Context, kind: str | None) -> int:
    """Answer with one schema, or with all by their kind; the exit code is 0."""
    document = SCHEMAS[kind]() if kind is not None else {name: make() for name, make in SCHEMAS.items()}
    # A line of JSON that a terminal breaks is not JSON any more.
    text = Text(json.dumps(document, indent=2), no_wrap=True, overflow="ignore")
    context.answer(text, document)
    return 0

"""`dirac-forge schema`: JSON Schemas of the files that people write."""

from __future__ import annotations

import json

from dirac_forge.cli.context import Context
from dirac_forge.settings.schema import settings_schema

__all__ = ["SCHEMAS", "schema"]

SCHEMAS = {"settings": settings_schema}
"""What a schema is of, and the function that makes it."""


def schema(context: Context, kind: str | None) -> int:
    """Answer with one schema, or with all by their kind; the exit code is 0."""
    document = SCHEMAS[kind]() if kind is not None else {name: make() for name, make in SCHEMAS.items()}
    context.answer(json.dumps(document, indent=2), document)
    return 0

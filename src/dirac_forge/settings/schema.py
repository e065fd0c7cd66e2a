"""JSON Schemas of what people write, from the models that validate it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pydantic import BaseModel

from dirac_forge.settings.model import BotSettings, Settings
from dirac_forge.settings.table import ForgeTable

_BASE = "https://diracgrid.github.io/dirac-forge/schemas"


def settings_schema() -> dict[str, Any]:
    """Return the JSON Schema of the table `[tool.dirac-forge]`."""
    schema = schema_of(ForgeTable, name="settings", title="dirac-forge settings")
    _put_defaults(schema, Settings)
    _put_defaults(schema["$defs"]["BotTable"], BotSettings)
    for table in ("TargetTable", "FeedstockTable"):
        _put_defaults(schema["$defs"][table], None)
    return schema


def schema_of(model: type[BaseModel], *, name: str, title: str) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a file, published as `schemas/NAME.json`."""
    schema: dict[str, Any] = _with_strict_names(model.model_json_schema())
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{_BASE}/{name}.json",
        **schema,
        "title": title,
    }


def _with_strict_names(node: Any) -> Any:
    """Replace `patternProperties`, which says nothing of other names, by `propertyNames`, which refuses them."""
    if isinstance(node, list):
        return [_with_strict_names(each) for each in node]
    if not isinstance(node, dict):
        return node
    node = {key: _with_strict_names(value) for key, value in node.items()}
    if "patternProperties" in node:
        ((pattern, value),) = node.pop("patternProperties").items()
        node |= {"propertyNames": {"pattern": pattern}, "additionalProperties": value}
    return node


def _in_json(default: object) -> object:
    if isinstance(default, tuple):
        return list(default)
    return f"{default.days}d" if isinstance(default, timedelta) else default


def _put_defaults(schema: dict[str, Any], values: type[Any] | None) -> None:
    """Replace the defaults of the table, which only mark what was not written, by those of the settings."""
    fields = {each.name.replace("_", "-"): each for each in dataclasses.fields(values)} if values is not None else {}
    for key, entry in schema["properties"].items():
        entry.pop("default", None)
        entry.pop("title", None)
        default = _in_json(fields[key].default) if key in fields else dataclasses.MISSING
        if default not in (dataclasses.MISSING, None) and not isinstance(default, Mapping):
            entry["default"] = default
        alternatives = entry.get("anyOf")
        if alternatives:  # TOML has no null
            (entry["type"],) = {each["type"] for each in alternatives} - {"null"}
            del entry["anyOf"]

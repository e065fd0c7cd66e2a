"""From files, environment and flags to `Settings`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from platformdirs import user_cache_path

from dirac_forge.errors import InputError
from dirac_forge.settings.document import Document
from dirac_forge.settings.model import (
    DIRAC_FEEDSTOCKS,
    BotSettings,
    FeedstockSettings,
    Settings,
    TargetSettings,
)
from dirac_forge.settings.table import ForgeTable
from dirac_forge.settings.validation import InvalidError, KeyPath, StrictTable, dotted, nearest, validated
from dirac_forge.untrusted import parse_number, parse_whole_number

ENVIRONMENT_PREFIX = "DIRAC_FORGE_"

_WORKSPACE = "DIRAC_FORGE_WORKSPACE"
"""Says where the settings are, so the command line reads it before them."""
_TABLE = ("tool", "dirac-forge")
_COUNTS = frozenset({"cache-limit", "connections"})
_LISTS = frozenset({"channels", "platforms", "pythons", "maintainers", "internal-hosts"})
_SWITCHES = frozenset({"offline", "unisolated-builds"})
_TABLES = frozenset({"targets", "feedstocks", "names", "virtual-packages", "bot"})
_FLAGS = {"channels": "--channel", "platforms": "--platform", "pythons": "--python"}
_BOOLEANS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}

Values = dict[str, Any]
"""Validated values by the names of fields of Settings."""


def load(workspace: Path, *, environ: Mapping[str, str], flags: Mapping[str, object], file: bool = True) -> Settings:
    """Return the settings for `workspace`: flags, then DIRAC_FORGE_*, then its pyproject.toml, then the defaults.

    `flags` has names of fields of Settings (`index_url`) as keys; None means that the flag was not given. Paths in the
    file are relative to the workspace, all others to the current folder. Without `file` it is not read.
    Raises InputError that lists every problem with its place.
    """
    workspace = workspace.expanduser().absolute()
    if not workspace.is_dir():
        raise InputError(f"there is no folder {workspace}", hint="Name another one with --workspace.")
    given = {name: value for name, value in flags.items() if value is not None}
    values: Values = {"cache": user_cache_path("dirac-forge", appauthor=False)}
    lines: list[str] = []
    sources: list[Callable[[], Values]] = [
        lambda: _from_file(workspace) if file else {},
        lambda: _from_environment(environ),
        lambda: _from_flags(given),
    ]
    for read in sources:
        try:
            values |= read()
        except InvalidError as error:
            lines += [line for _, line in error.problems]
    if lines:
        raise InputError(lines)
    return _settings(workspace, frozenset(given), values)


def _settings(workspace: Path, flags: frozenset[str], values: Values) -> Settings:
    targets, feedstocks, bot = (values.pop(key, None) for key in ("targets", "feedstocks", "bot"))
    settings = Settings(workspace=workspace, flags=flags, **values)
    if targets is not None:
        defaults = {"platforms": settings.platforms, "pythons": settings.pythons}
        settings = replace(
            settings,
            targets={
                name: TargetSettings(name=name, **{**defaults, "specs": (name,), **_written(target)})
                for name, target in targets.items()
            },
        )
    if feedstocks is not None:
        own = [FeedstockSettings(name=name, **_written(each)) for name, each in feedstocks.items()]
        settings = replace(settings, feedstocks={each.name: each for each in (*_built_in_beside(own), *own)})
    if bot is not None:
        settings = replace(settings, bot=BotSettings(**_written(bot)))
    return settings


def _built_in_beside(own: list[FeedstockSettings]) -> list[FeedstockSettings]:
    """Return the built-in feedstocks that the workspace does not replace, by name or by one of their projects."""
    names = {each.name for each in own}
    projects = {canonicalize_name(project) for each in own for project in each.projects}
    return [
        each
        for each in DIRAC_FEEDSTOCKS
        if each.name not in names and not projects & set(map(canonicalize_name, each.projects))
    ]


def _written(table: StrictTable) -> Values:
    """Return the keys that were written, without defaults."""
    return {name: getattr(table, name) for name in table.model_fields_set}


def _from_file(workspace: Path) -> Values:
    path = workspace / "pyproject.toml"
    if not path.exists():
        return {}
    document = Document.read(path)
    value: object = document.data
    for key in _TABLE:
        if not isinstance(value, Mapping) or key not in value:
            return {}
        value = value[key]

    table = validated(
        ForgeTable,
        value,
        name=lambda below: dotted(below) or ".".join(_TABLE),
        file=path,
        line=lambda below: document.line((*_TABLE, *below)),
        context=workspace,
    )
    values = _written(table)
    values["names"] = {canonicalize_name(project): package for project, package in table.names.items()}
    return values


def _from_environment(environ: Mapping[str, str]) -> Values:
    variables = _variables()
    written = {variable: text for variable, text in sorted(environ.items()) if _is_setting(variable) and text.strip()}
    unknown = [_unknown_variable(each, variables) for each in written if each not in variables]
    values = {key: _parsed(key, written[variable]) for variable, key in variables.items() if variable in written}
    try:
        table = validated(ForgeTable, values, name=lambda path: _variable(str(path[0])))
    except InvalidError as error:
        raise InvalidError([*unknown, *error.problems]) from None
    if unknown:
        raise InvalidError(unknown)
    return _written(table)


def _variables() -> dict[str, str]:
    """Return the variables that settings can be given by, and their keys."""
    keys = (field.alias or name for name, field in ForgeTable.model_fields.items())
    return {_variable(key): key for key in keys if key not in _TABLES}


def _unknown_variable(variable: str, variables: Iterable[str]) -> tuple[KeyPath, str]:
    return (variable,), f"unknown variable {variable}; {nearest(variable, [*variables, _WORKSPACE])}"


def _is_setting(variable: str) -> bool:
    return variable.startswith(ENVIRONMENT_PREFIX) and variable != _WORKSPACE


def _variable(key: str) -> str:
    return f"{ENVIRONMENT_PREFIX}{key.upper().replace('-', '_')}"


def _parsed(key: str, text: str) -> object:
    """Return the value that TOML would give; text that can't be one stays as it is, and is refused as such."""
    if key in _LISTS:
        return [item.strip() for item in text.split(",") if item.strip()]
    if key in _SWITCHES:
        return _BOOLEANS.get(text.strip().lower(), text)
    number = parse_number(text) if key == "timeout" else parse_whole_number(text.strip()) if key in _COUNTS else None
    return text if number is None else number


def _from_flags(flags: Mapping[str, object]) -> Values:
    def name(path: KeyPath) -> str:
        return _FLAGS.get(str(path[0]), f"--{path[0]}")

    return _written(
        validated(ForgeTable, {field.replace("_", "-"): value for field, value in flags.items()}, name=name)
    )

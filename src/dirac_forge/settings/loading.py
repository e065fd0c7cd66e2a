"""From files, environment and flags to `Settings`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from platformdirs import user_cache_path

from dirac_forge.errors import InputError
from dirac_forge.settings.document import Document, KeyPath
from dirac_forge.settings.model import (
    DIRAC_FEEDSTOCKS,
    BotSettings,
    FeedstockSettings,
    Settings,
    TargetSettings,
)
from dirac_forge.settings.reading import (
    Node,
    Problems,
    Reader,
    boolean,
    channel,
    collected,
    count,
    feedstock_url,
    folder,
    index_url,
    mapping,
    matching,
    nearest,
    seconds,
    sequence,
    specifiers,
    table,
    words,
)

__all__ = ["ENVIRONMENT_PREFIX", "load"]

ENVIRONMENT_PREFIX = "DIRAC_FORGE_"

_WORKSPACE = "DIRAC_FORGE_WORKSPACE"
"""Says where the settings are, so it is read before them: by the command line."""
_TABLE = ("tool", "dirac-forge")

_platform = matching(r"[a-z]+-[a-z0-9_]+", "a platform such as 'linux-64'")
_python = matching(r"[1-9]\d*\.\d+", "a Python version such as '3.12'")
_package = matching(r"[a-z0-9_][a-z0-9_.-]*", "the name of a conda package (lower case)")
_project = matching(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", "the name of a project")
_feedstock = matching(r"[a-z0-9_][a-z0-9_.-]*", "the name of a feedstock (lower case)")
_person = matching(r"@?[A-Za-z0-9][A-Za-z0-9-]*(/[A-Za-z0-9_.-]+)?", "a GitHub user or team")
_platforms = sequence(_platform, "platforms")
_pythons = sequence(_python, "Python versions, in quotes")

_specifiers = mapping(words, specifiers)
_virtual_package = matching(r"__[a-z0-9_]+", "the name of a virtual package, such as '__glibc'")
_virtual_version = matching(
    r"([0-9A-Za-z_.]+( [0-9A-Za-z_.]+)?)?",
    "a version such as '2.28' (or '1 x86_64_v3', with a build; '' takes the package away)",
)

_LISTS: Mapping[str, Reader[Any]] = {
    "channels": sequence(channel, "channels"),
    "platforms": _platforms,
    "pythons": _pythons,
    "maintainers": sequence(_person, "GitHub users or teams", empty=True),
}
_SCALARS: Mapping[str, Reader[Any]] = {
    "python-min": _python,
    "index-url": index_url,
    "feedstock-url": feedstock_url,
    "pinning": folder,
    "cache": folder,
    "connections": count(1, 64),
    "timeout": seconds,
    "offline": boolean,
}
_target: Mapping[str, Reader[Any]] = {
    "specs": sequence(words, "conda specs"),
    "platforms": _platforms,
    "pythons": _pythons,
}
_feedstock_keys: Mapping[str, Reader[Any]] = {
    "projects": sequence(_project, "projects", empty=True),
    "branches": _specifiers,
}
_bot: Mapping[str, Reader[Any]] = {
    "open-per-feedstock": count(0, 1000),
    "per-run": count(0, 10_000),
    "paused": sequence(words, "names", empty=True),
    "ledger": folder,
}
_TABLES: Mapping[str, Reader[Any]] = {
    "targets": mapping(words, table(_target)),
    "feedstocks": mapping(_feedstock, table(_feedstock_keys)),
    "names": mapping(_project, _package),
    "virtual-packages": mapping(_platform, mapping(_virtual_package, _virtual_version)),
    "bot": table(_bot),
}
_FLAGS = {"channels": "--channel", "platforms": "--platform", "pythons": "--python"}
_WORDS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


def load(workspace: Path, *, environ: Mapping[str, str], flags: Mapping[str, object]) -> Settings:
    """The settings that hold for `workspace`: flags, then DIRAC_FORGE_*, then its pyproject.toml, then the defaults.

    `flags` has names of fields of Settings (`index_url`) as keys; None means that the flag was not given. Paths in the
    file are relative to the workspace, all others to the current folder. Raises InputError that lists every problem
    with its place.
    """
    workspace = workspace.expanduser().absolute()
    if not workspace.is_dir():
        raise InputError(f"there is no folder {workspace}", hint="Name another one with --workspace.")
    given = {name: value for name, value in flags.items() if value is not None}
    sources: list[Callable[[], dict[str, Any]]] = [
        lambda: _from_file(workspace),
        lambda: _from_environment(environ),
        lambda: _from_flags(given),
    ]
    try:
        values = [{"cache": user_cache_path("dirac-forge", appauthor=False)}, *collected(lambda read: read(), sources)]
    except Problems as problems:
        raise InputError("\n".join(problems.lines)) from None
    return _settings(workspace, frozenset(given), {key: value for each in values for key, value in each.items()})


def _settings(workspace: Path, flags: frozenset[str], values: dict[str, Any]) -> Settings:
    targets, feedstocks, bot = (values.pop(key, None) for key in ("targets", "feedstocks", "bot"))
    settings = Settings(workspace=workspace, flags=flags, **values)
    if targets is not None:
        defaults = {"platforms": settings.platforms, "pythons": settings.pythons}
        settings = replace(
            settings,
            targets={
                name: TargetSettings(name=name, **{**defaults, "specs": (name,), **keys})
                for name, keys in targets.items()
            },
        )
    if feedstocks is not None:
        own = [FeedstockSettings(name=name, **keys) for name, keys in feedstocks.items()]
        settings = replace(settings, feedstocks={each.name: each for each in (*_built_in_beside(own), *own)})
    if bot is not None:
        settings = replace(settings, bot=BotSettings(**bot))
    return settings


def _built_in_beside(own: list[FeedstockSettings]) -> list[FeedstockSettings]:
    """The built-in feedstocks that no feedstock of the workspace replaces: by its name, or by a project of it."""
    names = {each.name for each in own}
    projects = {canonicalize_name(project) for each in own for project in each.projects}
    return [
        each
        for each in DIRAC_FEEDSTOCKS
        if each.name not in names and not projects & set(map(canonicalize_name, each.projects))
    ]


def _from_file(workspace: Path) -> dict[str, Any]:
    path = workspace / "pyproject.toml"
    if not path.exists():
        return {}
    document = Document.read(path)
    value: object = document.data
    for key in _TABLE:
        if not isinstance(value, Mapping) or key not in value:
            return {}
        value = value[key]

    def place(below: KeyPath) -> str:
        return f"{path}:{document.line((*_TABLE, *below))}"

    node = Node(value=value, name="", place=place, base=workspace)
    if not isinstance(value, Mapping):
        raise replace(node, name="tool.dirac-forge").unexpected("a table")
    values = table({**_LISTS, **_SCALARS, **_TABLES})(node)
    _each_project_once(node, values.get("feedstocks", {}))
    values["names"] = {canonicalize_name(project): package for project, package in values.get("names", {}).items()}
    return values


def _each_project_once(node: Node, feedstocks: Mapping[str, Mapping[str, Any]]) -> None:
    owner: dict[str, str] = {}
    for name, keys in feedstocks.items():
        for project in keys.get("projects", ()):
            first = owner.setdefault(canonicalize_name(project), name)
            if first != name:
                raise (
                    node.at("feedstocks", None)
                    .at(name, None)
                    .at("projects", None)
                    .problem(f"{project} belongs to {first} already; a project has one feedstock")
                )


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    readers = {**_LISTS, **_SCALARS}
    keys = {key.upper().replace("-", "_"): key for key in readers}

    def read(variable: str) -> tuple[str, Any]:
        text = environ[variable]
        name = variable.removeprefix(ENVIRONMENT_PREFIX)
        if name not in keys:
            near = nearest(name, [*keys, "WORKSPACE"], prefix=ENVIRONMENT_PREFIX)
            raise Problems(f"unknown variable {variable}; {near}")
        key = keys[name]
        node = Node(value=_parsed(key, text), name=variable, place=_nowhere, base=Path())
        return key.replace("-", "_"), readers[key](node)

    given = (name for name in sorted(environ) if name.startswith(ENVIRONMENT_PREFIX) and name != _WORKSPACE)
    return dict(collected(read, [name for name in given if environ[name].strip()]))


def _parsed(key: str, text: str) -> object:
    """A value as TOML would give it; text that can't be one is left as it is, for the reader to complain about."""
    if key in _LISTS:
        return [item.strip() for item in text.split(",") if item.strip()]
    if key == "offline":
        return _WORDS.get(text.strip().lower(), text)
    if key in ("connections", "timeout"):
        try:
            return int(text) if key == "connections" else float(text)
        except ValueError:
            return text
    return text


def _from_flags(flags: Mapping[str, object]) -> dict[str, Any]:
    readers = {**_LISTS, **_SCALARS}

    def read(flag: tuple[str, object]) -> tuple[str, Any]:
        field, value = flag
        key = field.replace("_", "-")
        name = _FLAGS.get(field, f"--{key}")
        value = str(value) if isinstance(value, Path) else value
        return field, readers[key](Node(value=value, name=name, place=_nowhere, base=Path()))

    return dict(collected(read, flags.items()))


def _nowhere(_: KeyPath) -> str:
    return ""

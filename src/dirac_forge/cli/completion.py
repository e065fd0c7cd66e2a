"""Completion of command lines: what may follow the words so far. Imports no engine, no pydantic and no click parser."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from typer.models import OptionInfo

from dirac_forge.cli.discovery import find_workspace
from dirac_forge.cli.options import SHARED
from dirac_forge.cli.program import COMMANDS, usage_of
from dirac_forge.files import read_text
from dirac_forge.untrusted import parse_toml

_PLATFORMS = ("linux-64", "linux-aarch64", "linux-ppc64le", "osx-64", "osx-arm64", "win-64", "win-arm64")
_PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
_CHANNELS = ("conda-forge", "embedded")
_TARGETS = ("dirac-grid",)


@dataclass(frozen=True, slots=True)
class _Usage:
    """Options and arguments of a command: option to the metavar of its value ("" for a flag), metavars of arguments."""

    options: dict[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    subcommands: dict[str, Callable[..., Any]] = field(default_factory=dict)


def complete(words: Sequence[str]) -> None:
    """Print what may follow, one candidate a line."""
    for candidate in candidates(words or [""]):
        print(candidate)  # noqa: T201


def candidates(words: Sequence[str]) -> list[str]:
    """Return what may stand for the last word, which is unfinished, after the others."""
    *before, last = words
    usage, rest = _root(), before
    while usage.subcommands and rest:
        names = [word for word in rest if not word.startswith("-")]
        name = next((word for word in names if word in usage.subcommands), None)
        if name is None:
            break
        rest = rest[rest.index(name) + 1 :]
        usage = _usage_of(usage.subcommands[name])
    return sorted({each for each in _following(usage, rest, last) if each.startswith(last)})


def _following(usage: _Usage, before: Sequence[str], last: str) -> Iterable[str]:
    if before and usage.options.get(before[-1]):
        return _values(usage.options[before[-1]])
    if last.startswith("-"):
        return usage.options
    found = list(usage.subcommands)
    for metavar in usage.arguments:
        found += _values(metavar)
    return found


def _root() -> _Usage:
    def loader(name: str) -> Callable[[], Any]:
        return lambda: usage_of(name)

    return _Usage(
        options={**dict(_options(SHARED)), "--help": "", "--version": ""},
        subcommands={name: loader(name) for name in COMMANDS} | {"help": _root},
    )


def _usage_of(load: Callable[[], Any]) -> _Usage:
    found = load()
    if isinstance(found, _Usage):
        return found
    shared = dict(_options(SHARED))
    commands = getattr(found, "functions", None)
    if commands is not None:
        subcommands = {name: (lambda function=function: function) for name, function in commands.items()}
        return _Usage(options={**shared, "--help": ""}, subcommands=subcommands)
    parameters = list(inspect.signature(found, eval_str=True).parameters.values())[1:]
    return _Usage(
        options={**dict(_options(parameters)), **shared, "--help": ""}, arguments=tuple(_arguments(parameters))
    )


def _options(parameters: Iterable[inspect.Parameter]) -> Iterator[tuple[str, str]]:
    for parameter, info in _declared(parameters):
        if isinstance(info, OptionInfo):
            for name in _names(parameter, info):
                yield name, info.metavar or ""


def _names(parameter: inspect.Parameter, info: OptionInfo) -> list[str]:
    # typer takes the first name as `default`, as long as it has not seen that the option is annotated.
    names = [name for name in (info.default, *(info.param_decls or ())) if isinstance(name, str)]
    names = names or [f"--{parameter.name.replace('_', '-')}"]
    return [part for each in names for part in each.split("/")]


def _arguments(parameters: Iterable[inspect.Parameter]) -> Iterator[str]:
    for _, info in _declared(parameters):
        if not isinstance(info, OptionInfo):
            yield info.metavar or ""


def _declared(parameters: Iterable[inspect.Parameter]) -> Iterator[tuple[inspect.Parameter, Any]]:
    for parameter in parameters:
        for info in getattr(parameter.annotation, "__metadata__", ()):
            yield parameter, info


def _values(metavar: str) -> list[str]:
    """Return known values for a metavar: fixed ones, or names of the workspace."""
    fixed = {"P": _PLATFORMS, "X.Y": _PYTHONS, "NAME|URL|DIR": _CHANNELS}
    if metavar in fixed:
        return list(fixed[metavar])
    named = {"FEEDSTOCK": _feedstocks, "NAME[@BRANCH]": _feedstocks, "MIGRATION": _migrations}
    named |= dict.fromkeys(("TARGET", "SPEC", "NAME|SPEC"), _targets)
    if metavar in named:
        return named[metavar]()
    parts = metavar.split("|")
    return parts if len(parts) > 1 and all(part.islower() or part[1:].isdigit() for part in parts) else []


def _workspace() -> Path:
    return Path(os.environ.get("DIRAC_FORGE_WORKSPACE") or find_workspace(Path.cwd()) or ".")


def _feedstocks() -> list[str]:
    folder = _workspace() / "feedstocks"
    return [path.name for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []


def _migrations() -> list[str]:
    return [path.stem for path in (_workspace() / "migrations").glob("*.y*ml")]


def _targets() -> list[str]:
    try:
        document = parse_toml(read_text(_workspace() / "pyproject.toml"))
        return list(document["tool"]["dirac-forge"]["targets"])
    except (OSError, ValueError, LookupError, TypeError):
        return list(_TARGETS)

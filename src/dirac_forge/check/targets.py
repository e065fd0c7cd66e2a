"""Targets: what must stay installable, from specs, environment files and constructor's construct.yaml."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dirac_forge.channel.records import name_of
from dirac_forge.channel.solver import parse_spec
from dirac_forge.channel.virtual import PLATFORMS, known_platform
from dirac_forge.errors import InputError
from dirac_forge.recipe.reading.templates import render
from dirac_forge.recipe.reading.v0 import selected_text, selector_variables
from dirac_forge.recipe.reading.values import EvaluationError
from dirac_forge.recipe.reading.yamlnodes import (
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
    YamlError,
    compose,
    line_of,
    pairs,
)

__all__ = ["DEFAULT_PLATFORMS", "DEFAULT_PYTHONS", "Target", "make_target", "read_target"]

DEFAULT_PLATFORMS = ("linux-64", "linux-aarch64", "osx-64", "osx-arm64")
DEFAULT_PYTHONS = ("3.11", "3.12", "3.13", "3.14")
_FILES = (".yml", ".yaml", ".txt")
_MAX_FILE = 1_000_000
_GROUND = frozenset({"python", "pip", "conda", "mamba", "micromamba", "setuptools"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """Specs that must be installable together."""

    name: str
    specs: tuple[str, ...]
    by_platform: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Where the specs differ by platform: all of them; a platform that is missing here has `specs`."""
    platforms: tuple[str, ...] = DEFAULT_PLATFORMS
    """Where a no is unexpected."""
    pythons: tuple[str, ...] = DEFAULT_PYTHONS
    """For which `X.Y` a no is unexpected."""
    notes: tuple[str, ...] = ()
    """What of a file was left out."""

    def specs_for(self, platform: str) -> tuple[str, ...]:
        """What is asked for on a platform."""
        return self.by_platform.get(platform, self.specs)

    def all_specs(self) -> tuple[tuple[str, ...], ...]:
        """The lists of specs, of every platform."""
        return (self.specs, *self.by_platform.values())

    def wants(self, platform: str, python: str) -> bool:
        """Whether a no would be unexpected here."""
        return platform in self.platforms and (not python or not self.pythons or python in self.pythons)


def make_target(
    name: str,
    specs: Sequence[str],
    *,
    platforms: Sequence[str] = DEFAULT_PLATFORMS,
    pythons: Sequence[str] = DEFAULT_PYTHONS,
) -> Target:
    """A target from specs.

    Raises:
        InputError: no spec, one that can't be parsed, or an unknown platform.
    """
    if not specs:
        raise InputError(f"the target {name} has no specs", hint='Give it one: specs = ["dirac-grid"].')
    for spec in specs:
        parse_spec(spec)
    for platform in platforms:
        known_platform(platform)
    return Target(name=name, specs=tuple(specs), platforms=tuple(platforms), pythons=tuple(pythons))


def read_target(
    text: str,
    *,
    platforms: Sequence[str] = DEFAULT_PLATFORMS,
    pythons: Sequence[str] = DEFAULT_PYTHONS,
) -> Target:
    """The target that a user names on the command line: a file (environment, construct.yaml, list of specs) or a spec.

    Raises:
        InputError: the file can't be read, or the spec can't be parsed.
    """
    path = Path(text)
    if path.suffix.lower() not in _FILES or "=" in text or " " in text:
        return make_target(text, [text], platforms=platforms, pythons=pythons)
    content = _content(path)
    if path.suffix.lower() == ".txt":
        lines = ((at, line.partition("#")[0].strip()) for at, line in enumerate(content.splitlines(), 1))
        specs = [_checked(spec, path, at) for at, spec in lines if spec]
        return make_target(path.name, specs, platforms=platforms, pythons=pythons)
    root = _rendered(content, path, "")
    keys = {key for key, _, _ in pairs(root)}
    if "specs" in keys:
        return _construct(content, path, platforms, pythons)
    if "dependencies" in keys:
        return _environment(root, path, platforms, pythons)
    raise InputError(
        f"{path}: neither `dependencies` (an environment file) nor `specs` (a construct.yaml) is in it",
        hint="Give a package spec, an environment file, a construct.yaml, or a .txt with one spec a line.",
    )


def _content(path: Path) -> str:
    try:
        if path.stat().st_size > _MAX_FILE:
            raise InputError(f"{path}: larger than any list of packages")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        why = (isinstance(exc, OSError) and exc.strerror) or exc
        raise InputError(f"{path}: it can't be read: {why}", hint="Give a package spec or the path of a file.") from exc


def _rendered(content: str, path: Path, platform: str) -> Node | None:
    """The document for a platform ("": as it stands): selectors, then a harmless subset of Jinja, then YAML."""
    try:
        if platform:
            names = selector_variables(platform, platform, {})
            selected, perhaps = selected_text(content, names, path=path)
            if perhaps:
                line, selector = min(perhaps.items())
                raise InputError(f"{path}:{line + 1}: the selector [{selector}] hangs on a variable that is not known")
            content = render(selected, names).text if "{{" in selected or "{%" in selected else selected
        elif "{%" in content or "{{" in content:
            return _rendered(content, path, "linux-64")
        return compose(content)
    except YamlError as exc:
        raise InputError(f"{path}:{exc.line}: {exc.message}" if exc.line else f"{path}: {exc.message}") from exc
    except EvaluationError as exc:
        raise InputError(f"{path}:{exc.line}: {exc}" if exc.line else f"{path}: {exc}") from exc


def _construct(content: str, path: Path, platforms: Sequence[str], pythons: Sequence[str]) -> Target:
    """A construct.yaml of constructor: `specs` with selectors, one list for each platform."""
    by_platform = {}
    name = path.name
    for platform in dict.fromkeys((*platforms, *PLATFORMS)):
        root = _rendered(content, path, platform)
        specs: list[str] = []
        for key, _, value in pairs(root):
            if key == "name" and isinstance(value, ScalarNode):
                name = str(value.value)
            if key in ("specs", "virtual_specs"):
                specs += _strings(value, path, key)
        by_platform[platform] = _main_first(specs)
    here = by_platform[platforms[0]] if platforms else next(iter(by_platform.values()))
    return Target(name=name, specs=here, by_platform=by_platform, platforms=tuple(platforms), pythons=tuple(pythons))


def _environment(root: Node | None, path: Path, platforms: Sequence[str], pythons: Sequence[str]) -> Target:
    """An environment file of conda; what pip would add is no conda package and is left out."""
    specs: list[str] = []
    name = path.name
    notes: list[str] = []
    for key, _, value in pairs(root):
        if key == "name" and isinstance(value, ScalarNode) and value.value:
            name = str(value.value)
        if key == "dependencies":
            if not isinstance(value, SequenceNode):
                raise InputError(f"{path}:{line_of(value)}: dependencies: expected a list")
            for item in value.value:
                if isinstance(item, MappingNode):
                    notes.append(f"{path}:{line_of(item)}: what pip installs is left out")
                else:
                    specs += _strings(item, path, key)
    if not specs:
        raise InputError(f"{path}: dependencies: there is no conda package in it")
    ordered = _main_first(specs)
    return Target(name=name, specs=ordered, platforms=tuple(platforms), pythons=tuple(pythons), notes=tuple(notes))


def _main_first(specs: Iterable[str]) -> tuple[str, ...]:
    """What an environment is for stands before what it runs on, however its file is ordered."""
    return tuple(sorted(specs, key=lambda spec: name_of(spec) in _GROUND))


def _strings(value: Node, path: Path, key: str) -> list[str]:
    items = value.value if isinstance(value, SequenceNode) else [value]
    found = []
    for item in items:
        if not isinstance(item, ScalarNode):
            raise InputError(f"{path}:{line_of(item)}: {key}: expected package specs, one a line")
        if item.value:
            found.append(_checked(str(item.value), path, line_of(item)))
    return found


def _checked(spec: str, path: Path, line: int) -> str:
    try:
        parse_spec(spec)
    except InputError as exc:
        raise InputError(f"{path}:{line}: {exc.message}", hint=exc.hint) from exc
    return spec

"""Files of constructor (`construct.yaml`), with selectors and a harmless subset of Jinja."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from rattler import Version

from dirac_forge.channel.virtual import PLATFORMS, virtual_packages
from dirac_forge.check.files.content import Asking, content_of, main_first, named_channels, scalars, specs_in
from dirac_forge.check.files.environment import read_environment
from dirac_forge.check.targets import DEFAULT_ENVIRONMENT, Target
from dirac_forge.errors import InputError
from dirac_forge.recipe.reading.templates import render
from dirac_forge.recipe.reading.v0 import selected_text, selector_variables
from dirac_forge.recipe.reading.values import EvaluationError
from dirac_forge.recipe.reading.yamlnodes import MappingNode, Node, ScalarNode, YamlError, compose, line_of, pairs

__all__ = ["read_construct", "rendered"]


_FLOOR = re.compile(r"(?P<name>__\w+)\s*>=\s*(?P<version>[\w.]+)")
_MACHINES = {"__glibc": ("linux",), "__linux": ("linux",), "__osx": ("osx",), "__win": ("win",)}
"""Virtual packages to the systems that have them."""


@dataclass(slots=True)
class _Environment:
    """One environment of an installer on one platform."""

    specs: list[str] = field(default_factory=list)
    channels: tuple[str, ...] = ()
    exclude: tuple[str, ...] | None = None
    """None: not written, so that an extra environment has that of the installer."""
    machine: dict[str, str] = field(default_factory=dict)
    """The virtual packages that the installer asks for."""
    notes: list[str] = field(default_factory=list)
    """What is left out."""


def read_construct(content: str, path: Path, asked: Asking) -> tuple[Target, ...]:
    """Return the installer's own environment and each of its `extra_envs`.

    Raises:
        InputError: a key has another form, a selector or template can't be evaluated, or a spec can't be parsed.
    """
    name = path.name
    found: dict[str, dict[str, _Environment]] = {}
    for platform in dict.fromkeys((*asked.platforms, *PLATFORMS)):
        root = rendered(content, path, platform)
        written = next((value for key, _, value in pairs(root) if key == "name"), None)
        if isinstance(written, ScalarNode) and written.value:
            name = str(written.value)
        for environment, one in _environments(root, path, replace(asked, platforms=(platform,))).items():
            found.setdefault(environment, {})[platform] = one
    return tuple(_target(name, environment, by_platform, asked) for environment, by_platform in found.items())


def rendered(content: str, path: Path, platform: str) -> Node | None:
    """Return the document for a platform ("": as it is written): selectors, then Jinja, then YAML.

    Raises:
        InputError: with file and line.
    """
    try:
        if platform:
            content = _selected(content, path, platform)
        elif "{%" in content or "{{" in content:
            return rendered(content, path, PLATFORMS[0])
        return compose(content)
    except YamlError as exc:
        raise InputError(f"{path}:{exc.line}: {exc.message}" if exc.line else f"{path}: {exc.message}") from exc
    except EvaluationError as exc:
        raise InputError(f"{path}: {exc}") from exc


def _selected(content: str, path: Path, platform: str) -> str:
    names = selector_variables(platform, platform, {})
    selected, perhaps = selected_text(content, names, path=path)
    if perhaps:
        line, selector = min(perhaps.items())
        raise InputError(f"{path}:{line + 1}: the selector [{selector}] depends on a variable that is not known")
    return render(selected, names).text if "{{" in selected or "{%" in selected else selected


def _environments(root: Node | None, path: Path, asked: Asking) -> dict[str, _Environment]:
    main = _read(root, path, asked)
    found = {DEFAULT_ENVIRONMENT: main}
    for name, extra in _extra_environments(root, path):
        one = _read(extra, path, asked)
        one.notes += _nested(extra, path, name)
        one.channels = one.channels or main.channels
        one.machine = main.machine | one.machine
        one.exclude = main.exclude if one.exclude is None else one.exclude
        found[name] = one
    return found


def _extra_environments(root: Node | None, path: Path) -> Iterator[tuple[str, MappingNode]]:
    written = next((value for key, _, value in pairs(root) if key == "extra_envs"), None)
    if written is None or (isinstance(written, ScalarNode) and not written.value):
        return
    if not isinstance(written, MappingNode):
        raise InputError(f"{path}:{line_of(written)}: extra_envs: expected a mapping of names to environments")
    for name, _, extra in pairs(written):
        if not isinstance(extra, MappingNode):
            raise InputError(f"{path}:{line_of(extra)}: extra_envs: {name}: expected a mapping")
        yield str(name), extra


def _read(root: Node | None, path: Path, asked: Asking) -> _Environment:
    found = _Environment()
    for key, _, value in pairs(root):
        match key:
            case "specs":
                found.specs += specs_in(value, path, key)
            case "virtual_specs":
                _read_machine(found, value, path, asked.platforms[0])
            case "channels":
                named = (text for text, _ in scalars(value, path, key, "channels"))
                found.channels = named_channels(named, path.parent)
            case "exclude":
                found.exclude = tuple(text.lower() for text, _ in scalars(value, path, key, "names of packages"))
            case "environment" | "environment_file" if isinstance(value, ScalarNode) and value.value:
                _read_other(found, key, value, path, asked)
    return found


def _read_machine(found: _Environment, value: Node, path: Path, platform: str) -> None:
    """What the installer makes sure of on the machine before it installs anything: a floor that packages can rely on.

    https://conda.github.io/constructor/construct-yaml/#virtual_specs
    """
    family = platform.partition("-")[0]
    for spec, line in scalars(value, path, "virtual_specs", "virtual packages"):
        floor = _FLOOR.fullmatch(spec)
        if floor is None:
            found.notes.append(
                f"{path}:{line}: virtual_specs: {spec} is left to the installer: only NAME >=VERSION is read"
            )
        elif family in _MACHINES.get(floor["name"], ("linux", "osx", "win")):
            found.machine |= _raised(floor["name"], floor["version"], platform, f"{path}:{line}")


def _raised(name: str, version: str, platform: str, place: str) -> dict[str, str]:
    """Return a virtual package with this version, where conda-forge's floor is lower or has none."""
    try:
        virtual_packages(platform, {name: version})
    except InputError as exc:
        raise InputError(f"{place}: virtual_specs: {version!r} is not a version of {name}") from exc
    usual = [package.version for package in virtual_packages(platform) if package.name == name]
    return {name: version} if all(Version(one) < Version(version) for one in usual) else {}


def _read_other(found: _Environment, key: str, value: ScalarNode, path: Path, asked: Asking) -> None:
    """An environment that the file takes from elsewhere: a file is read, an installed one left out."""
    if key == "environment":
        found.notes.append(f"{path}:{line_of(value)}: environment: an installed environment is left out")
        return
    file = path.parent / str(value.value)
    content = content_of(file)
    own = read_environment(rendered(content, file, ""), file, asked, content=content)
    found.specs += own.specs_for(asked.platforms[0])
    found.notes += own.notes


def _nested(extra: MappingNode, path: Path, name: str) -> Iterator[str]:
    """Yield a note for environments inside an extra environment, which constructor does not know."""
    for key, _, value in pairs(extra):
        if key == "extra_envs":
            yield f"{path}:{line_of(value)}: extra_envs inside the extra environment {name} is left out"


def _target(name: str, environment: str, by_platform: Mapping[str, _Environment], asked: Asking) -> Target:
    # An environment that a selector takes away on a platform asks for nothing there.
    absent: dict[str, tuple[str, ...]] = dict.fromkeys(PLATFORMS, ())
    specs = absent | {platform: main_first(one.specs) for platform, one in by_platform.items()}
    here = [by_platform[platform].channels for platform in asked.platforms if platform in by_platform]
    differ = len(set(here)) > 1
    lists = [*(specs.get(platform, ()) for platform in asked.platforms), *specs.values()]
    return Target(
        name=name if environment == DEFAULT_ENVIRONMENT else f"{name}:{environment}",
        specs=next(filter(None, lists), ()),
        by_platform=specs,
        platforms=asked.platforms,
        pythons=asked.pythons,
        environment=environment,
        channels=_merged(here),
        exclude={platform: one.exclude for platform, one in by_platform.items() if one.exclude},
        machine={platform: one.machine for platform, one in by_platform.items() if one.machine},
        notes=(
            *_merged(tuple(one.notes) for one in by_platform.values()),
            *((f"{name}: the channels differ by platform: all of them are asked on each",) if differ else ()),
        ),
    )


def _merged(lists: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each for some in lists for each in some))

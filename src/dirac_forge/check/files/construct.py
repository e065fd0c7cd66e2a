"""Files of constructor (`construct.yaml`), with selectors and a harmless subset of Jinja."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from operator import attrgetter
from pathlib import Path
from typing import TypeVar

from rattler import Version

from dirac_forge.channel.virtual import PLATFORMS, virtual_packages
from dirac_forge.check.files.construct_keys import unknown_keys
from dirac_forge.check.files.content import (
    Asking,
    content_of,
    listed_specs,
    main_first,
    named_channels,
    scalars,
    specs_in,
)
from dirac_forge.check.files.environment import read_environment
from dirac_forge.check.targets import DEFAULT_ENVIRONMENT, Target
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
    scalar,
)

T = TypeVar("T")


_FLOOR = re.compile(r"(?P<name>__\w+)\s*>=\s*(?P<version>[\w.]+)")
_RESERVED = frozenset({"base", "root", DEFAULT_ENVIRONMENT})
"""Names of the base environment, for constructor and in a lock."""
_MACHINES = {"__glibc": ("linux",), "__linux": ("linux",), "__osx": ("osx",), "__win": ("win",)}
"""Virtual packages to the systems that have them."""


@dataclass(slots=True)
class _Environment:
    """One environment of an installer on one platform."""

    specs: list[str] = field(default_factory=list)
    channels: tuple[str, ...] = ()
    remapped: tuple[str, ...] | None = None
    """Channels that are asked after the others; None: not written, as for `exclude`."""
    exclude: tuple[str, ...] | None = None
    """None: not written, so that an extra environment has that of the installer."""
    machine: dict[str, str] = field(default_factory=dict)
    """The virtual packages that the installer asks for."""
    notes: list[str] = field(default_factory=list)
    """What is left out."""

    @property
    def sources(self) -> tuple[str, ...]:
        """All channels, in priority order."""
        return tuple(dict.fromkeys((*self.channels, *(self.remapped or ()))))


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
    """Return the document for a platform ("": as written): selectors, then Jinja, then YAML.

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
    main.notes += unknown_keys(root, path)
    found = {DEFAULT_ENVIRONMENT: main}
    for name, extra in _extra_environments(root, path):
        one = _read(extra, path, asked)
        one.notes += unknown_keys(extra, path, extra=name)
        one.channels = one.channels or main.channels
        one.remapped = main.remapped if one.remapped is None else one.remapped
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
    for name, at, extra in pairs(written):
        if name in _RESERVED:
            raise InputError(f"{path}:{line_of(at)}: extra_envs: {name}: this is the name of the base environment")
        if not isinstance(extra, MappingNode):
            raise InputError(f"{path}:{line_of(extra)}: extra_envs: {name}: expected a mapping")
        yield str(name), extra


def _read(root: Node | None, path: Path, asked: Asking) -> _Environment:
    found = _Environment()
    other: tuple[str, ScalarNode] | None = None
    for key, _, value in pairs(root):
        if key in {"environment", "environment_file"} and isinstance(value, ScalarNode) and value.value:
            other = (key, value)
        else:
            _read_key(found, str(key), value, path, asked)
    if other is not None:
        _read_other(found, *other, path, asked)
    return found


def _read_key(found: _Environment, key: str, value: Node, path: Path, asked: Asking) -> None:
    match key:
        case "specs":
            found.specs += _specs(value, path)
        case "virtual_specs":
            _read_machine(found, value, path, asked.platforms[0])
        case "channels":
            named = (text for text, _ in scalars(value, path, key, "channels"))
            found.channels = named_channels(named, path.parent)
        case "channels_remap":
            found.remapped = named_channels(_remapped(value, path), path.parent)
        case "exclude":
            found.exclude = tuple(text.lower() for text, _ in scalars(value, path, key, "names of packages"))


def _specs(value: Node, path: Path) -> list[str]:
    """Return the specs of a list, or of the file that a text names."""
    if isinstance(value, ScalarNode) and value.value:
        file = path.parent / str(value.value)
        if not file.is_file():
            raise InputError(
                f"{path}:{line_of(value)}: specs: there is no file {file}",
                hint="Write specs as a list, or as the path of a file with one spec a line.",
            )
        return listed_specs(content_of(file), file)
    return specs_in(value, path, "specs")


def _remapped(value: Node, path: Path) -> Iterator[str]:
    """Yield the channels that packages are taken from; what the installer calls them instead changes nothing here.

    https://conda.github.io/constructor/construct-yaml/#channels_remap
    """
    for each in value.value if isinstance(value, SequenceNode) else [value]:
        sources = [scalar(source) for key, _, source in pairs(each) if key == "src"]
        if not sources or not sources[0]:
            raise InputError(f"{path}:{line_of(each)}: channels_remap: expected a list of `src` and `dest`")
        yield sources[0]


def _read_machine(found: _Environment, value: Node, path: Path, platform: str) -> None:
    """Read what the installer requires of the machine: a minimum that packages can rely on.

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
    """Return a virtual package with this version, if conda-forge's floor is lower or has none."""
    try:
        virtual_packages(platform, {name: version})
    except InputError as exc:
        raise InputError(f"{place}: virtual_specs: {version!r} is not a version of {name}") from exc
    usual = [package.version for package in virtual_packages(platform) if package.name == name]
    return {name: version} if all(Version(one) < Version(version) for one in usual) else {}


def _read_other(found: _Environment, key: str, value: ScalarNode, path: Path, asked: Asking) -> None:
    """Read an environment that constructor takes instead of specs: a file is read, an installed one is not.

    https://conda.github.io/constructor/construct-yaml/#environment_file
    """
    place = f"{path}:{line_of(value)}"
    if key == "environment":
        instead = ", though constructor takes it in place of specs" if found.specs else ""
        found.notes.append(f"{place}: environment: an installed environment is left out{instead}")
        return
    if found.specs:
        found.notes.append(f"{place}: specs are left out, because constructor takes environment_file in their place")
    file = path.parent / str(value.value)
    if not file.is_file():
        raise InputError(f"{place}: environment_file: there is no file {file}")
    content = content_of(file)
    if file.suffix == ".txt":
        found.specs = listed_specs(content, file)
        return
    own = read_environment(rendered(content, file, ""), file, asked, content=content)
    found.specs = list(own.specs_for(asked.platforms[0]))
    found.channels = own.channels or found.channels
    found.notes += own.notes


def _target(name: str, environment: str, by_platform: Mapping[str, _Environment], asked: Asking) -> Target:
    # An environment that a selector takes away on a platform asks for nothing there.
    absent: dict[str, tuple[str, ...]] = dict.fromkeys(PLATFORMS, ())
    specs = absent | {platform: main_first(one.specs) for platform, one in by_platform.items()}
    here = [by_platform[platform] for platform in asked.platforms if platform in by_platform]
    differ = len({one.sources for one in here}) > 1
    lists = [*(specs.get(platform, ()) for platform in asked.platforms), *specs.values()]
    return Target(
        name=name if environment == DEFAULT_ENVIRONMENT else f"{name}:{environment}",
        specs=next(filter(None, lists), ()),
        by_platform=specs,
        platforms=asked.platforms,
        pythons=asked.pythons,
        environment=environment,
        channels=_merged(one.sources for one in here),
        installer=True,
        exclude=_each(by_platform, attrgetter("exclude")),
        machine=_each(by_platform, attrgetter("machine")),
        notes=(
            *_merged(tuple(one.notes) for one in here),
            *[f"{name}: the channels differ by platform: all of them are asked on each"][:differ],
        ),
    )


def _each(by_platform: Mapping[str, _Environment], what: Callable[[_Environment], T]) -> dict[str, T]:
    """Return something of each platform, if there is any."""
    return {platform: found for platform, one in by_platform.items() if (found := what(one))}


def _merged(lists: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each for some in lists for each in some))

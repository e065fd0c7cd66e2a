"""Manifests of pixi: `pixi.toml`, and `[tool.pixi]` of a pyproject.toml."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import product
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeVar

from rattler import Version
from rattler.exceptions import InvalidVersionError

from dirac_forge.channel.virtual import PLATFORMS, known_platform
from dirac_forge.check.files.content import Asking, checked_spec, main_first, named_channels
from dirac_forge.check.files.pixi_keys import FIELDS, SPEC_KEYS, UNREAD, cutoff, require_strict, unread
from dirac_forge.check.targets import DEFAULT_ENVIRONMENT, Target
from dirac_forge.errors import InputError
from dirac_forge.values import dataclass

_TABLES = ("dependencies", "host-dependencies", "build-dependencies")
_FAMILIES = {"linux": ("linux",), "osx": ("osx",), "win": ("win",), "unix": ("linux", "osx")}


@dataclass(frozen=True, slots=True)
class _Manifest:
    """A manifest and the place that messages name."""

    path: Path
    root: Mapping[str, Any]

    @property
    def workspace(self) -> Mapping[str, Any]:
        """The table `[workspace]`, `[project]` in older manifests."""
        return _table(self.root, "workspace", self.path) or _table(self.root, "project", self.path)

    def feature(self, name: str) -> Mapping[str, Any]:
        """Return the tables of a feature; those of the default feature are on top."""
        if name == DEFAULT_ENVIRONMENT:
            return {**self.root, "channels": self.workspace.get("channels", ())}
        features = _table(self.root, "feature", self.path)
        if name not in features:
            raise InputError(f"{self.path}: environments: there is no feature {name}")
        return _table(features, name, self.path, above="feature")


def read_pixi(root: Mapping[str, Any], path: Path, asked: Asking) -> tuple[Target, ...]:
    """Return a target for each environment of a manifest, on the platforms that it names.

    Raises:
        InputError: a key has another form, a feature or platform is not known, or a spec can't be parsed.
    """
    manifest = _Manifest(path, root)
    name = manifest.workspace.get("name")
    title = name if isinstance(name, str) and name else path.name
    environments: dict[str, tuple[str, ...]] = {DEFAULT_ENVIRONMENT: (DEFAULT_ENVIRONMENT,)}
    for environment, value in _table(root, "environments", path).items():
        environments[environment] = _features(value, path, environment)
    targets = [_target(manifest, title, name, features, asked) for name, features in environments.items()]
    found = [target for target in targets if any(target.all_specs())]
    if not found:
        raise InputError(f"{path}: it lists no conda package", hint="`[dependencies]` lists them.")
    notes = tuple(unread(root, manifest.workspace, path))
    found[0] = replace(found[0], notes=(*found[0].notes, *notes))
    groups = _solve_groups(_table(root, "environments", path), path)
    return tuple(_with_group(target, found, groups, path) for target in found)


def _solve_groups(environments: Mapping[str, Any], path: Path) -> dict[str, str]:
    """Return the solve group of each environment that has one."""
    found: dict[str, str] = {}
    for name, value in environments.items():
        group = value.get("solve-group", "") if isinstance(value, Mapping) else ""
        if not isinstance(group, str):
            raise InputError(f"{path}: environments.{name}.solve-group: expected a name")
        if group:
            found[name] = group
    return found


def _with_group(target: Target, all_: Sequence[Target], groups: Mapping[str, str], path: Path) -> Target:
    """Return a target that is solved with the others of its solve group, so that all have the same versions."""
    group = groups.get(target.environment)
    if group is None:
        return target
    others = [one for one in all_ if one is not target and groups.get(one.environment) == group]
    if not others:
        return target
    for one in others:
        if one.channels != target.channels:
            raise InputError(
                f"{path}: solve-group {group}: {target.environment} and {one.environment} have different channels",
                hint="The environments of a solve group are solved together, and need the same channels.",
            )
    return replace(
        target,
        solve_group=group,
        together=_where_any(target.platforms, partial(_asked_by, others)),
        machine=_where_any(target.platforms, partial(_machine_of, (target, *others))),
    )


T = TypeVar("T")


def _where_any(platforms: Iterable[str], of: Callable[[str], T]) -> dict[str, T]:
    """Return what holds on each platform, without those on which there is nothing."""
    return {platform: found for platform in platforms if (found := of(platform))}


def _machine_of(targets: Iterable[Target], platform: str) -> dict[str, str]:
    return _highest(one.machine.get(platform, {}) for one in targets)


def _asked_by(targets: Iterable[Target], platform: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(spec for one in targets for spec in one.specs_for(platform)))


def _highest(machines: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return the highest version of each virtual package, as pixi unites the requirements of features."""
    found: dict[str, str] = {}
    for machine in machines:
        for name, version in machine.items():
            if name not in found or Version(found[name]) < Version(version):
                found[name] = version
    return found


def _features(value: Any, path: Path, environment: str) -> tuple[str, ...]:
    """Return the features of an environment; the default feature comes last."""
    options = value if isinstance(value, Mapping) else {"features": value}
    names = options.get("features", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InputError(f"{path}: environments.{environment}: expected a list of features")
    bare = bool(options.get("no-default-feature"))
    return tuple(dict.fromkeys((*names, *(() if bare else (DEFAULT_ENVIRONMENT,)))))


def _target(manifest: _Manifest, title: str, environment: str, features: Sequence[str], asked: Asking) -> Target:
    tables = [manifest.feature(name) for name in features]
    platforms = _platforms(manifest, tables) or asked.platforms
    by_platform = {platform: main_first(_specs(manifest, tables, platform)) for platform in platforms}
    own = manifest.workspace.get("channels", ())
    channels = [channel for table in tables for channel in _channels(table.get("channels", own), manifest.path)]
    named = named_channels((channel for _, channel in sorted(channels, key=itemgetter(0))), manifest.path.parent)
    if len(named) > 1:
        require_strict(iter((manifest.workspace, *tables)), manifest.path)
    return Target(
        name=title if environment == DEFAULT_ENVIRONMENT else f"{title}:{environment}",
        specs=next(filter(None, by_platform.values()), ()),
        # An environment asks for nothing on a platform that the manifest does not name.
        by_platform=dict.fromkeys(PLATFORMS, ()) | by_platform,
        platforms=platforms,
        pythons=asked.pythons,
        environment=environment,
        channels=named,
        until=cutoff(manifest.workspace, manifest.path),
        machine=_where_any(platforms, lambda platform: _machine(tables, platform, manifest.path)),
        notes=tuple(_notes(tables, manifest.path)),
    )


def _platforms(manifest: _Manifest, tables: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the workspace's platforms, without those that a feature does not have."""
    lists = [manifest.workspace.get("platforms", []), *(table["platforms"] for table in tables if "platforms" in table)]
    for platforms in lists:
        _check_platforms(platforms, manifest.path)
    return tuple(platform for platform in lists[0] if all(platform in other for other in lists[1:]))


def _check_platforms(platforms: Any, path: Path) -> None:
    if not isinstance(platforms, list) or not all(isinstance(one, str) for one in platforms):
        raise InputError(f"{path}: platforms: expected a list of platforms")
    for platform in platforms:
        known_platform(platform)


def _specs(manifest: _Manifest, tables: Sequence[Mapping[str, Any]], platform: str) -> Iterator[str]:
    for table in tables:
        for part in (table, *_for_platform(table, platform, manifest.path)):
            for key in _TABLES:
                for name, value in _table(part, key, manifest.path).items():
                    spec = _spec(name, value)
                    if spec:
                        yield checked_spec(spec, f"{manifest.path}: {key}.{name}")


def _for_platform(table: Mapping[str, Any], platform: str, path: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the target tables that hold for a platform, the least specific first."""
    targets = _table(table, "target", path)
    family = platform.partition("-")[0]
    names = [name for name, families in _FAMILIES.items() if family in families]
    for name in (*sorted(names, key=lambda name: name != "unix"), platform):
        if name in targets:
            yield _table(targets, name, path, above="target")


def _spec(name: str, value: Any) -> str:
    """Return the spec of a dependency; "" for one that comes from a path, a URL or git."""
    if isinstance(value, str):
        return name if value.strip() == "*" else f"{name} {value}"
    if not isinstance(value, Mapping) or {"path", "url", "git"} & value.keys():
        return ""
    version, build, channel = (str(value.get(key, "")).strip() for key in ("version", "build", "channel"))
    if not build and version == "*":
        version = ""
    text = " ".join(filter(None, (name, version or ("*" if build else ""), build))) + _fields(value)
    return f"{channel}::{text}" if channel else text


def _fields(value: Mapping[str, Any]) -> str:
    """Return the other fields of a dependency as a spec has them: `[md5="…"]`."""
    given = [f'{field}="{value[key]}"' for key, field in FIELDS.items() if value.get(key) not in (None, "")]
    return f"[{','.join(given)}]" if given else ""


def _channels(value: Any, path: Path) -> Iterable[tuple[int, str]]:
    """Return the channels of a list, each with what to sort it by: those of higher priority come first."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise InputError(f"{path}: channels: expected a list of channels")
    found: list[tuple[int, str]] = []
    for one in value:
        if isinstance(one, str):
            found.append((0, one))
        elif isinstance(one, Mapping) and isinstance(one.get("channel"), str):
            priority = one.get("priority", 0)
            found.append((-priority if isinstance(priority, int) else 0, one["channel"]))
        else:
            raise InputError(f"{path}: channels: {one!r} is not a channel")
    return found


def _machine(tables: Sequence[Mapping[str, Any]], platform: str, path: Path) -> dict[str, str]:
    """Return the virtual packages that `[system-requirements]` of all features promise, of each the highest."""
    return _highest(_promised(_table(table, "system-requirements", path), platform, path) for table in tables)


def _promised(wanted: Mapping[str, Any], platform: str, path: Path) -> dict[str, str]:
    libc = wanted.get("libc", {})
    libc = libc.get("version", "") if isinstance(libc, Mapping) else libc
    found = {"__cuda": wanted.get("cuda", "")}
    found |= {"__linux": wanted.get("linux", ""), "__glibc": libc} if platform.startswith("linux") else {}
    found |= {"__osx": wanted.get("macos", "")} if platform.startswith("osx") else {}
    return {name: _version(str(version), name, path) for name, version in found.items() if version}


def _version(text: str, name: str, path: Path) -> str:
    try:
        Version(text)
    except InvalidVersionError as exc:
        raise InputError(f"{path}: system-requirements: {text[:40]!r} is not a version of {name}") from exc
    return text


def _parts(table: Mapping[str, Any], path: Path) -> Iterator[Mapping[str, Any]]:
    """Yield a feature's own table, and those of its targets."""
    yield table
    targets = _table(table, "target", path)
    yield from (_table(targets, name, path, above="target") for name in targets)


def _notes(tables: Sequence[Mapping[str, Any]], path: Path) -> Iterator[str]:
    if any(_table(table, "pypi-dependencies", path) for table in tables):
        yield f"{path}: pypi-dependencies are left out"
    parts = (part for table in tables for part in _parts(table, path))
    for part, key in product(parts, _TABLES):
        for name, value in _table(part, key, path).items():
            if not _spec(name, value):
                yield f"{path}: {key}.{name} is not from a channel and is left out"
            elif isinstance(value, Mapping):
                yield from (f"{path}: {key}.{name}.{field}{UNREAD}" for field in sorted(value.keys() - SPEC_KEYS))


def _table(table: Mapping[str, Any], key: str, path: Path, *, above: str = "") -> Mapping[str, Any]:
    found = table.get(key, {})
    if not isinstance(found, Mapping):
        raise InputError(f"{path}: {f'{above}.' if above else ''}{key}: expected a table")
    return found

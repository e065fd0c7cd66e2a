"""conda_build_config.yaml: the global pinning, a recipe's own configuration, and what is assumed without a pinning."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import field
from functools import lru_cache
from pathlib import Path

from dirac_forge.errors import InputError
from dirac_forge.files import read_text
from dirac_forge.recipe.reading.recipe_text import RecipeError
from dirac_forge.recipe.reading.selectors import selector_names
from dirac_forge.recipe.reading.v0 import selected_text, selector_variables
from dirac_forge.recipe.reading.values import Function
from dirac_forge.recipe.reading.yamlnodes import YamlError, compose, plain
from dirac_forge.untrusted import parse_whole_number
from dirac_forge.values import dataclass

_GIVEN = frozenset({"py", "np", "pl", "lua"})
"""Names that conda-build gives to selectors by its own defaults."""
_NO_VARIANTS = frozenset({"zip_keys", "pin_run_as_build", "extend_keys", "ignore_version", "ignore_build_only_deps"})


class ConfigurationError(InputError):
    """A conda_build_config.yaml that can't be read; the message has file and line."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Configuration:
    """The keys of one or several files, for one platform."""

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Key to its values, as text."""
    zip_keys: tuple[tuple[str, ...], ...] = ()
    """Groups of keys whose values belong together, one by one."""


def parse_configuration(
    text: str, *, path: Path | str, platform: str, build_platform: str, cuda: bool = False, os_version: str = ""
) -> Configuration:
    """Return the configuration in `text` for one platform; `cuda` as for a recipe that calls `compiler("cuda")`.

    An unknown name in a selector is False, as in conda-build. Raises ConfigurationError.
    """
    names = selector_variables(platform, build_platform, {})
    environment = {"BUILD_PLATFORM": build_platform, "CF_CUDA_ENABLED": str(cuda)}
    if os_version:
        environment["DEFAULT_LINUX_VERSION"] = os_version
    getter = Function(lambda name, default=None: environment.get(str(name), default))
    names["environ"] = {"get": getter}
    names["os"] = {"environ": names["environ"], "getenv": getter}
    try:
        selected, perhaps = selected_text(text, names, path=path)
        if perhaps:
            read = {name for selector in perhaps.values() for name in selector_names(selector)}
            unknown = read - names.keys() - _GIVEN
            selected, _ = selected_text(text, {**dict.fromkeys(unknown, False), **names}, path=path)
        values = plain(compose(selected))
    except RecipeError as exc:
        raise ConfigurationError(str(exc)) from exc
    except YamlError as exc:
        raise ConfigurationError(f"{path}:{exc.line}: {exc.message}") from exc
    if values is None:
        return Configuration()
    if not isinstance(values, dict):
        raise ConfigurationError(f"{path}:1: expected a mapping of keys to values")
    return configuration_of(values)


def unknown_selectors(
    text: str, *, path: Path | str, platforms: Iterable[str], keys: Collection[str] = ()
) -> tuple[str, ...]:
    """Return what to know of selectors with unknown names, which are False: each with file and line.

    `keys` are those of the pinning, which are no misspelt names. Raises ConfigurationError.
    """
    found: dict[int, str] = {}
    for platform in platforms:
        names = selector_variables(platform, platform, {})
        names |= {"environ": {}, "os": {"environ": {}}}
        try:
            _, perhaps = selected_text(text, names, path=path)
        except RecipeError as exc:
            raise ConfigurationError(str(exc)) from exc
        for index, selector in perhaps.items():
            unknown = sorted(selector_names(selector) - names.keys() - _GIVEN - set(keys))
            if unknown:
                found[index + 1] = f"[{selector}]: conda-build has no name {' or '.join(unknown)} and takes it as False"
    return tuple(f"{path}:{line}: {said}" for line, said in sorted(found.items()))


def configuration_of(values: Mapping[str, object]) -> Configuration:
    """Return the configuration in parsed YAML; keys without any value for the platform are left out."""
    read = {
        key: _texts(value)
        for key, value in values.items()
        if key not in _NO_VARIANTS and not key.startswith("__") and not isinstance(value, dict)
    }
    return Configuration(
        values={key: texts for key, texts in read.items() if texts},
        zip_keys=_groups(values.get("zip_keys")),
    )


def _texts(value: object) -> tuple[str, ...]:
    items = value if isinstance(value, list) else [value]
    return (
        tuple("" if item is None else str(item) for item in items if not isinstance(item, (dict, list)))
        if value
        else ()
    )


def _groups(value: object) -> tuple[tuple[str, ...], ...]:
    if not isinstance(value, list):
        return ()
    if value and all(isinstance(item, str) for item in value):
        return (tuple(value),)
    groups = (tuple(str(key) for key in group) for group in value if isinstance(group, list))
    return tuple(group for group in groups if group)


def combined(configurations: Iterable[Configuration]) -> Configuration:
    """Merge files: later ones win key by key, as in conda-build; later zip_keys replace those they overlap."""
    values: dict[str, tuple[str, ...]] = {}
    groups: list[tuple[str, ...]] = []
    for configuration in configurations:
        values |= configuration.values
        for group in configuration.zip_keys:
            groups = [other for other in groups if not set(other) & set(group)]
            groups.append(group)
    return Configuration(values=values, zip_keys=tuple(groups))


@dataclass(frozen=True, kw_only=True, slots=True)
class Pinning:
    """conda-forge-pinning: its configuration and the migrations under way."""

    path: str
    text: str
    """conda_build_config.yaml."""
    migrations: Mapping[str, str] = field(default_factory=dict)
    """Name (the file's stem) to text."""
    support: Mapping[str, str] = field(default_factory=dict)
    """Lists that migrations name in `allowlist_file`: file name to text."""

    def configuration(
        self, platform: str, build_platform: str, *, cuda: bool = False, os_version: str = ""
    ) -> Configuration:
        """Return the global configuration for one platform. Raises ConfigurationError."""
        return _configuration(self.text, self.path, platform, build_platform, cuda, os_version)


def unequal_zips(pinning: Pinning, platforms: Iterable[str]) -> tuple[str, ...]:
    """Return a warning for each group of `zip_keys` whose lists have different lengths on one of the platforms.

    conda-build refuses such a file. Raises ConfigurationError.
    """
    found: dict[str, None] = {}
    for platform in platforms:
        configuration = pinning.configuration(platform, platform)
        for group in configuration.zip_keys:
            sizes = {key: len(configuration.values[key]) for key in group if key in configuration.values}
            if len(set(sizes.values())) > 1:
                shown = ", ".join(f"{key} ({size})" for key, size in sizes.items())
                found[shown] = None
    return tuple(
        f"{pinning.path}: the lists of these zip_keys have different lengths: {shown}; conda-build refuses that, and "
        "here all of their values are combined"
        for shown in found
    )


@lru_cache(maxsize=64)
def _configuration(
    text: str, path: str, platform: str, build_platform: str, cuda: bool, os_version: str
) -> Configuration:
    return parse_configuration(
        text, path=path, platform=platform, build_platform=build_platform, cuda=cuda, os_version=os_version
    )


def read_pinning(folder: Path) -> Pinning:
    """Return the pinning in a folder: a checkout of conda-forge-pinning-feedstock, an unpacked package, or files.

    Raises ConfigurationError if there is no conda_build_config.yaml.
    """
    places = (folder / "recipe", folder / "share" / "conda-forge", folder)
    config = next(
        (path for place in (folder / "recipe", folder) if (path := place / "conda_build_config.yaml").is_file()), None
    )
    if config is None:
        raise ConfigurationError(
            f"{folder}: there is no conda_build_config.yaml",
            hint="Give the folder of conda-forge-pinning: a checkout of its feedstock, or the package unpacked.",
        )
    migrations: dict[str, str] = {}
    support: dict[str, str] = {}
    for place in places:
        for path in sorted((place / "migrations").glob("*.y*ml")):
            migrations.setdefault(path.stem, read_text(path))
        for path in sorted((place / "migration_support").glob("*")):
            if path.is_file():
                support.setdefault(path.name, read_text(path))
    return Pinning(path=str(config), text=read_text(config), migrations=migrations, support=support)


def assumed(platform: str, pythons: Sequence[str]) -> Configuration:
    """Return what is assumed without a pinning: the usual compilers, these Pythons, the first of them as the oldest."""
    system = platform.partition("-")[0]
    compilers = {
        "linux": ("gcc", "gxx", "gfortran"),
        "osx": ("clang", "clangxx", "gfortran"),
        "win": ("vs2022", "vs2022", "flang"),
    }.get(system, ("gcc", "gxx", "gfortran"))
    values: dict[str, tuple[str, ...]] = {
        f"{language}_compiler": (name,) for language, name in zip(("c", "cxx", "fortran"), compilers, strict=True)
    }
    values["python"] = tuple(_python_pin(version) for version in pythons)
    values["python_min"] = tuple(pythons[:1])
    values["python_impl"] = ("cpython",)
    values["is_freethreading"] = ("false",)
    values["vc"] = ("14",)
    return Configuration(values=values)


def _python_pin(version: str) -> str:
    minor = parse_whole_number(version.partition(".")[2] or "0") or 0
    return f"{version}.* *_cpython" if minor < 13 else f"{version}.* *_cp{version.replace('.', '')}"

"""conda-forge.yml: on which platforms a feedstock builds, and what its maintainers ask of bots."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, Field

from dirac_forge.errors import InputError
from dirac_forge.feedstock.botconfig import Bot
from dirac_forge.feedstock.yamltables import Listed, YamlSection, line_finder
from dirac_forge.recipe.reading.yamlnodes import YamlError, compose, plain, repeated_keys
from dirac_forge.settings.validation import InvalidError, KeyPath, dotted, validated
from dirac_forge.values import dataclass

__all__ = ["Bot", "BuildPlatform", "ForgeConfig", "ForgeConfigError", "parse_forge_config"]

_KNOWN = """
appveyor azure bot build_platform build_with_mambabuild channel_priority choco circle clone_depth compiler_stack
conda_build conda_build_tool conda_forge_output_validation conda_install_tool conda_solver config_version docker
drone exclusive_config_file github github_actions idle_timeout_minutes linter matrix max_py_ver max_r_ver
min_py_ver min_r_ver noarch_platforms os_version package private_upload provider recipe_dir remote_ci_setup secrets
shellcheck skip_render templates test test_on_native_only travis upload_on_branch woodpecker workflow_settings
"""
_KEYS = frozenset(_KNOWN.split())
"""Top-level keys of conda-smithy's schema."""
_KNOWN_PLATFORMS = """
linux linux_32 linux_64 linux_aarch64 linux_armv7l linux_ppc64le linux_riscv64 linux_s390x osx osx_64 osx_arm64
win win_32 win_64 win_arm64 emscripten_wasm32 wasi_wasm32 freebsd_64 zos_z
"""
_PLATFORMS = frozenset(_KNOWN_PLATFORMS.split())
"""What conda-smithy knows by these names, as `provider` and `build_platform` have them."""
_ALIASES = {"linux": "linux_64", "osx": "osx_64", "win": "win_64"}
_DEFAULT = ("linux_64", "osx_64", "win_64")


class ForgeConfigError(InputError):
    """A conda-forge.yml that can't be read; the message has file and line."""


@dataclass(frozen=True, slots=True)
class BuildPlatform:
    """A platform that a feedstock builds for, and the one that it builds on."""

    platform: str
    build_platform: str


@dataclass(frozen=True, slots=True)
class UnknownForgeKey:
    """A key that conda-smithy does not know, and the nearest one that it knows."""

    line: int
    key: str
    nearest: str = ""

    def message(self, path: Path | str) -> str:
        """Return what is wrong in the file at `path`."""
        near = f"; the nearest one is {self.nearest}" if self.nearest else ""
        return f"{path}:{self.line}: {self.key} is not a key of conda-forge.yml{near}"


@dataclass(frozen=True, kw_only=True, slots=True)
class ForgeConfig:
    """What a conda-forge.yml says; the defaults are conda-smithy's."""

    platforms: tuple[BuildPlatform, ...] = tuple(
        BuildPlatform(name.replace("_", "-"), name.replace("_", "-")) for name in _DEFAULT
    )
    noarch_platforms: tuple[str, ...] = ("linux-64",)
    bot: Bot = field(default_factory=Bot)
    os_version: Mapping[str, str] = field(default_factory=dict)
    unknown: tuple[UnknownForgeKey, ...] = ()

    def build_platform(self, platform: str) -> str:
        """Return the platform that builds for `platform` run on: itself where the file says nothing."""
        return next((one.build_platform for one in self.platforms if one.platform == platform), platform)


class _ForgeTable(YamlSection):
    """The keys of conda-forge.yml that are read here; the others are left to conda-smithy."""

    model_config = ConfigDict(extra="allow")

    provider: dict[str, Any] = Field(default_factory=dict)
    build_platform: dict[str, str] = Field(default_factory=dict)
    noarch_platforms: Listed = ()
    bot: Bot = Bot()
    os_version: dict[str, str] = Field(default_factory=dict)


def parse_forge_config(text: str, *, path: Path | str) -> ForgeConfig:
    """Return the settings in `text`.

    Raises ForgeConfigError for text that is not a YAML mapping, values of a wrong type, and unknown keys under `bot:`.
    Other unknown keys are problems of the result, because feedstocks keep keys that conda-smithy once had.
    """
    try:
        root = compose(text)
        values = plain(root)
    except YamlError as exc:
        raise ForgeConfigError(f"{path}:{exc.line}: {exc.message}") from exc
    if values is None or values == []:  # `[]` was conda-smithy's empty file once
        return ForgeConfig()
    if not isinstance(values, dict):
        raise ForgeConfigError(f"{path}:1: expected a mapping of settings")
    if repeated := [f"{path}:{at}: {dotted(where)} appears twice: remove one" for where, at in repeated_keys(root)]:
        raise ForgeConfigError(repeated)
    return _config(values, path, line_finder(root))


def _config(values: dict[Any, Any], path: Path | str, line: Callable[[KeyPath], int]) -> ForgeConfig:
    try:
        table = validated(_ForgeTable, values, file=path, line=line, context=line)
    except InvalidError as exc:
        raise ForgeConfigError([problem for _, problem in exc.problems]) from None
    return ForgeConfig(
        platforms=_platforms(table.provider, table.build_platform),
        noarch_platforms=tuple(_dashed(name) for name in table.noarch_platforms) or ("linux-64",),
        bot=table.bot,
        os_version=table.os_version,
        unknown=tuple(_unknown(values, table, line)),
    )


def _unknown(
    values: Mapping[Any, Any], table: _ForgeTable, line: Callable[[KeyPath], int]
) -> Iterator[UnknownForgeKey]:
    """Yield the keys at the top and the platforms that conda-smithy does not know."""
    for key in values:
        if key not in _KEYS:
            yield UnknownForgeKey(line((key,)), key, _near(key, _KEYS))
    for section, given in (("provider", table.provider), ("build_platform", table.build_platform)):
        for key in (each for each in given if each not in _PLATFORMS):
            near = _near(key, _PLATFORMS)
            yield UnknownForgeKey(line((section, key)), f"{section}.{key}", near and f"{section}.{near}")


def _near(key: str, known: Collection[str]) -> str:
    return next(iter(difflib.get_close_matches(key, sorted(known), n=1)), "")


def _dashed(name: str) -> str:
    return _ALIASES.get(name, name).replace("_", "-")


def _platforms(provider: Mapping[str, object], build: Mapping[str, str]) -> tuple[BuildPlatform, ...]:
    """Return those whose build platform has a provider; three have one unless it is taken away."""
    providers: dict[str, object] = dict.fromkeys(_DEFAULT, "default")
    providers |= {_ALIASES.get(key, key): value for key, value in provider.items()}
    on = {key for key, value in providers.items() if value not in (None, "false", [], "None", "none")}
    builds = {key: key for key in providers} | {_ALIASES.get(key, key): value for key, value in build.items()}
    return tuple(
        BuildPlatform(target.replace("_", "-"), _dashed(source))
        for target, source in sorted(builds.items())
        if _ALIASES.get(source, source) in on and "_" in target
    )

"""The variants that a feedstock builds, chosen as conda-smithy does when it rerenders."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import field
from functools import lru_cache
from pathlib import Path

from dirac_forge.feedstock.algebra import MigrationKeys, migrated
from dirac_forge.feedstock.condaforgeyml import ForgeConfig
from dirac_forge.feedstock.pinning import Configuration, Pinning, assumed, combined, parse_configuration
from dirac_forge.recipe.reading.recipe_text import RecipeText, RenderedRecipe
from dirac_forge.values import dataclass

ASSUMED_PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
"""Taken where neither pinning nor feedstock says for which Pythons there are builds."""
_CUDA = re.compile(r"^[^#\n]*compiler\((?:\"cuda\"|'cuda')\)", re.MULTILINE)
_MAX_VARIANTS = 256


@dataclass(frozen=True, kw_only=True, slots=True)
class Variant:
    """One configuration that a feedstock is built in."""

    platform: str
    build_platform: str
    values: Mapping[str, str] = field(default_factory=dict)
    """Key (`python`, `openssl`, `c_compiler_version`) to value."""
    name: str = ""
    """The file in `.ci_support/` without its ending, where it is from there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class VariantRecipe:
    """A recipe with the files next to it that choose its variants."""

    text: RecipeText
    forge: ForgeConfig = field(default_factory=ForgeConfig)
    configurations: Mapping[str, str] = field(default_factory=dict)
    """conda_build_config.yaml and variants.yaml in the recipe's folder: path to text."""
    ci_support: Mapping[str, str] = field(default_factory=dict)
    """`.ci_support/*.yaml`: stem to text."""
    migrations: Mapping[str, str] = field(default_factory=dict)
    """`.ci_support/migrations/*.yaml`: stem to text."""

    @property
    def cuda(self) -> bool:
        """Whether the recipe calls `compiler("cuda")`: conda-smithy turns the pinning's CUDA keys on for it."""
        return "cuda" in self.text.text and _CUDA.search(self.text.text) is not None


def variants(
    recipe: VariantRecipe,
    pinning: Pinning | None,
    migrations: Sequence[MigrationKeys] = (),
    *,
    platform: str,
    only: Collection[str] | None = None,
) -> list[Variant]:
    """Return the variants for one platform, skipped ones included; `rendered_variants` leaves those out.

    From `.ci_support/` where there are files for the platform, else the product of the keys that the recipe uses, out
    of pinning and the recipe's own configuration; `migrations` come on top of both. With `only`, keys outside of it
    do not multiply variants. Raises ConfigurationError if a file can't be read.
    """
    build_platform = recipe.forge.build_platform(platform)
    found: list[tuple[str, Configuration]] = []
    for stem, text in sorted(recipe.ci_support.items()):
        if _platform_of(stem) == platform:
            path = f".ci_support/{stem}.yaml"
            found.append((stem, _parsed(text, path, platform, build_platform, False, "")))
    if not found:
        found = [("", _configured(recipe, pinning, platform, build_platform))]
    result: dict[tuple[tuple[str, str], ...], Variant] = {}
    for stem, base in found:
        configuration = base
        for migration in migrations:
            configuration = migrated(configuration, migration)
        for values in _product(configuration, _used(recipe, configuration, only, whole=bool(stem))):
            values.setdefault("target_platform", platform)
            variant = Variant(platform=platform, build_platform=build_platform, values=values, name=stem)
            result.setdefault(tuple(sorted(values.items())), variant)
    return list(result.values())


def rendered_variants(
    recipe: VariantRecipe,
    pinning: Pinning | None,
    migrations: Sequence[MigrationKeys] = (),
    *,
    platform: str,
    only: Collection[str] | None = None,
    stubs: bool = False,
) -> Iterator[tuple[Variant, RenderedRecipe]]:
    """Yield each variant with what the recipe says for it; those that the recipe skips for sure are left out.

    With `only` the recipe sees these keys and no others; `stubs` as for `RecipeText.render`.

    Raises RecipeError and ConfigurationError.
    """
    for variant in variants(recipe, pinning, migrations, platform=platform, only=only):
        values = (
            variant.values if only is None else {key: value for key, value in variant.values.items() if key in only}
        )
        rendered = recipe.text.render(
            platform=platform, variant=values, build_platform=variant.build_platform, stubs=stubs
        )
        if rendered.skipped is not True:
            yield variant, rendered


@lru_cache(maxsize=4_096)
def _parsed(text: str, path: str, platform: str, build_platform: str, cuda: bool, os_version: str) -> Configuration:
    return parse_configuration(
        text, path=path, platform=platform, build_platform=build_platform, cuda=cuda, os_version=os_version
    )


def _configured(recipe: VariantRecipe, pinning: Pinning | None, platform: str, build_platform: str) -> Configuration:
    os_version = recipe.forge.os_version.get(platform.replace("-", "_"), "")
    cuda = recipe.cuda
    if pinning is None:
        base = assumed(platform, ASSUMED_PYTHONS)
    else:
        base = pinning.configuration(platform, build_platform, cuda=cuda, os_version=os_version)
    own = [
        _parsed(text, path, platform, build_platform, cuda, os_version)
        for path, text in sorted(
            recipe.configurations.items(), key=lambda item: (Path(item[0]).name == "variants.yaml", item)
        )
    ]
    configuration = combined([base, *own])
    for stem, text in sorted(recipe.migrations.items()):
        configuration = migrated(configuration, MigrationKeys.parse(text, name=stem, platform=platform))
    return configuration


def _platform_of(stem: str) -> str:
    system, _, rest = stem.partition("_")
    return f"{system}-{rest.partition('_')[0]}"


def _used(
    recipe: VariantRecipe, configuration: Configuration, only: Collection[str] | None, *, whole: bool
) -> set[str]:
    if only is not None:
        return set(only) & set(configuration.values)
    if whole:
        return set(configuration.values)
    names = recipe.text.names | {name.replace("-", "_") for name in recipe.text.pinned} | recipe.text.pinned
    return {key for key in configuration.values if key in names}


def _product(configuration: Configuration, used: set[str]) -> Iterator[dict[str, str]]:
    """Yield every combination of the used keys' values; zipped keys go together, unused keys have their first value."""
    fixed: dict[str, str] = {}
    axes: list[list[dict[str, str]]] = []
    for group in _groups(configuration, used):
        if used.isdisjoint(group) or all(len(texts) == 1 for texts in group.values()):
            fixed |= {key: texts[0] for key, texts in group.items()}
        else:
            axes.append(_zipped(group))
    for choice in _choices(axes):
        yield fixed | {key: text for part in choice for key, text in part.items()}


def _groups(configuration: Configuration, used: set[str]) -> list[dict[str, tuple[str, ...]]]:
    """Return the values of the keys: zipped keys together, each other key on its own."""
    values = configuration.values
    zipped = [{key: values[key] for key in group if key in values} for group in configuration.zip_keys]
    # Keys of a group whose values do not belong together place by place go on their own.
    groups = [group for group in zipped if used.isdisjoint(group) or len(set(map(len, group.values()))) == 1]
    grouped = {key for group in groups for key in group}
    return [*groups, *({key: _alone(values[key], used=key in used)} for key in sorted(values.keys() - grouped))]


def _alone(texts: tuple[str, ...], *, used: bool) -> tuple[str, ...]:
    """Return the values of a key, each once; of the hundreds that are not used the first one is enough."""
    return tuple(dict.fromkeys(texts)) if used else texts[:1]


def _zipped(columns: Mapping[str, Sequence[str]]) -> list[dict[str, str]]:
    """Return the rows of a group of keys whose values belong together, place by place."""
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _choices(axes: list[list[dict[str, str]]]) -> Iterator[tuple[dict[str, str], ...]]:
    size = 1
    for axis in axes:
        size *= len(axis)
    if size <= _MAX_VARIANTS:
        yield from itertools.product(*axes)
        return
    # More than any feedstock builds: each value at least once, the others at their first.
    first = tuple(axis[0] for axis in axes)
    yield first
    for index, axis in enumerate(axes):
        for value in axis[1:]:
            yield (*first[:index], value, *first[index + 1 :])

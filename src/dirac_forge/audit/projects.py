"""Which project on the index a package of the channel is made from."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache, lru_cache

from packaging.utils import canonicalize_name

from dirac_forge.channel import grayskull, tables

_PARTS = ("-base", "-core", "-minimal", "-nogui")
"""Endings of conda-forge's outputs that hold the module, beside one that also requires what most people want."""


def projects_for(package: str, *, overrides: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Return the projects that `package` may be made from, normalised, the most trusted first.

    `overrides` is project to package, the workspace's. Empty where the package is known to be something other than the
    project of its name.
    """
    own = _overridden(package, overrides)
    return tuple(dict.fromkeys((*own, *_known(package)))) if own else _known(package)


def _overridden(package: str, overrides: Mapping[str, str] | None) -> list[str]:
    return [canonicalize_name(project) for project, name in (overrides or {}).items() if name == package]


@lru_cache(maxsize=50_000)
def _known(package: str) -> tuple[str, ...]:
    """Return the projects that tables and spelling tell."""
    listed = _reverse().get(package, ())
    spelled = [] if package in tables.namesakes() else [canonicalize_name(package)]
    stems = [canonicalize_name(package.removesuffix(part)) for part in _PARTS if package.endswith(part)]
    return tuple(dict.fromkeys((*listed, *spelled, *stems)))


def is_part(package: str) -> bool:
    """Whether the package's name says that another output has the rest of the project."""
    return package.endswith(_PARTS)


def provides(
    package: str, project: str, *, extras: Collection[str] = (), overrides: Mapping[str, str] | None = None
) -> bool:
    """Whether a requirement on `project` with these extras is met by a dependency on `package`."""
    wanted = canonicalize_name(project)
    return wanted in _overridden(package, overrides) or _provides(package, wanted, frozenset(extras))


@lru_cache(maxsize=200_000)
def _provides(package: str, wanted: str, extras: frozenset[str]) -> bool:
    if wanted in _known(package):
        return True
    name = canonicalize_name(package)
    affixed = {f"python-{wanted}", f"{wanted}-python", f"py-{wanted}", f"{wanted}-py"}
    return (
        name in affixed
        or name in {f"{each}{part}" for each in {wanted, *affixed} for part in _PARTS}
        or name in {f"{wanted}{link}{canonicalize_name(extra)}" for extra in extras for link in ("-", "-with-")}
    )


@cache
def _reverse() -> Mapping[str, tuple[str, ...]]:
    """Return the projects of each package; hand-written entries come before grayskull's."""
    found: dict[str, list[str]] = {}
    for project, entry in tables.curated().items():
        for package in (*entry.packages[:1], *entry.outputs):
            found.setdefault(package, []).append(project)
    for project, row in grayskull.table().items():
        if row.package and project not in tables.curated():
            found.setdefault(row.package, []).append(project)
    for project, extras in tables.extras().items():
        for package in extras.values():
            found.setdefault(package, []).append(project)
    return {package: tuple(projects) for package, projects in found.items()}

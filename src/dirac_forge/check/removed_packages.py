"""Packages that a file takes out of the solution (`exclude` of a construct.yaml) and that others in it need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from dirac_forge.channel.records import name_of
from dirac_forge.check.cells import Cell
from dirac_forge.check.targets import Target
from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class MissingDependency:
    """A package that the file takes out, and the packages that need it on some platforms."""

    environment: str
    platforms: tuple[str, ...]
    name: str
    needed_by: tuple[str, ...]


def needing(depends: Mapping[str, Sequence[str]], name: str) -> tuple[str, ...]:
    """Return the packages that require another one; `depends` are the requirements of each."""
    return tuple(sorted(each for each, specs in depends.items() if name in set(map(name_of, specs))))


def missing_in(targets: Iterable[Target], cells: Iterable[Cell]) -> tuple[MissingDependency, ...]:
    """Return the packages that files exclude and that what is left of a solution depends on."""
    by_name = {target.name: target for target in targets if target.exclude}
    found: dict[tuple[str, str, tuple[str, ...]], dict[str, None]] = {}
    for cell in cells:
        if cell.target not in by_name:
            continue
        target = by_name[cell.target]
        out = target.exclude.get(cell.platform, ())
        left = {one.name: one.depends for one in cell.packages if one.name not in out}
        for name in out:
            if who := needing(left, name):
                found.setdefault((target.environment, name, who), {})[cell.platform] = None
    return tuple(
        MissingDependency(environment=environment, platforms=tuple(platforms), name=name, needed_by=who)
        for (environment, name, who), platforms in found.items()
    )

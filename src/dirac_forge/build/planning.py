"""What is built, in which order: recipes become units (an output in a variant), units depend on each other."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import networkx as nx

from dirac_forge.build.model import Unit
from dirac_forge.channel.records import name_of
from dirac_forge.channel.solver import Channel
from dirac_forge.feedstock.facts import FeedstockFacts
from dirac_forge.feedstock.pinning import Pinning
from dirac_forge.feedstock.variants import Variant, VariantRecipe, variants
from dirac_forge.values import dataclass

_MINORS = range(6, 30)
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+!-]{0,127}", re.ASCII)
_SHOWN = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class RecipeToBuild:
    """A recipe with the variants that it is built in here."""

    feedstock: str
    recipe: Path
    """The v1 recipe's file."""
    home: Path
    """The feedstock's folder."""
    digest: str
    """SHA-256 of the recipe's folder and the variants."""
    variants: tuple[Mapping[str, str], ...]
    without: tuple[str, ...] = ()
    """Variants that are left out, and why."""
    original: Path | None = None
    """The meta.yaml that the recipe was made of."""


def pythons_in(channel: Channel, platform: str, *, at_least: str) -> tuple[str, ...]:
    """Return the `X.Y` that the channel has for a platform, lowest first. Raises UnknownError."""
    index = channel.index(platform)
    lowest = int(at_least.partition(".")[2] or 0)
    return tuple(f"3.{minor}" for minor in _MINORS if minor >= lowest and index.match(f"python 3.{minor}.*")[1])


def variants_here(
    recipe: VariantRecipe,
    pinning: Pinning | None,
    channel: Channel,
    *,
    platform: str,
    pythons: Sequence[str],
    available: Sequence[str],
    chosen: Mapping[str, str],
) -> tuple[tuple[Variant, ...], tuple[str, ...]]:
    """Return the variants that can be built with what the channel has, and the Pythons that others would need.

    `pythons` are those to build with; `chosen` fixes keys. `python_min` is raised to the lowest Python that is
    `available` in the channel, whatever is built and tested with: it is part of the package.
    """
    index = channel.index(platform)
    found: dict[tuple[tuple[str, str], ...], Variant] = {}
    without: dict[str, None] = {}
    matters = "python" in recipe.text.pinned or "python" in recipe.text.names
    for variant in variants(recipe, pinning, platform=platform):
        values = {**variant.values, **chosen}
        python = values.get("python", "")
        if not matters:
            values.pop("python", None)
        elif python and not (index.match(f"python {_spec(python)}")[1] and _minor(python) in pythons):
            without.setdefault(_minor(python))
            continue
        if available:
            values["python_min"] = _lowest(values.get("python_min", ""), available)
        known = Variant(platform=platform, build_platform=platform, values=values)
        found.setdefault(tuple(sorted(values.items())), known)
    return tuple(found.values()), tuple(sorted(without, key=_order))


def _lowest(wanted: str, pythons: Sequence[str]) -> str:
    """Return the lowest Python to build with: the one that is wanted, else the next higher one that there is."""
    return next((one for one in pythons if _order(one) >= _order(wanted or "3.0")), pythons[0])


def _spec(python: str) -> str:
    return python if any(mark in python for mark in "*<>=! ") else f"{python}.*"


def _minor(python: str) -> str:
    return ".".join(python.split(" ", maxsplit=1)[0].split(".")[:2])


def _order(python: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdigit() else 0 for part in python.split("."))


def units_of(recipe: RecipeToBuild, outputs: Iterable[Mapping[str, Any]], platform: str) -> tuple[Unit, ...]:
    """Return the units of a recipe, as the engine rendered it."""
    described = list(outputs)
    versions = {str(one["name"]): str(one["version"]) for one in described}
    found = []
    for one in described:
        needs = one["requirements"]
        found.append(
            Unit(
                feedstock=recipe.feedstock,
                recipe=recipe.recipe,
                home=recipe.home,
                digest=recipe.digest,
                output=str(one["name"]),
                version=str(one["version"]),
                build=str(one["build"]),
                subdir="noarch" if one["noarch"] else platform,
                noarch=one["noarch"],
                variant=one["variant"],
                variants=recipe.variants,
                build_specs=_specs(needs["build"], versions),
                host_specs=_specs(needs["host"], versions),
                licence_files=tuple(map(str, one["licence_files"])),
                run_names=tuple(filter(None, (name_of(spec) for spec in _specs(needs["run"], versions)))),
            )
        )
    return tuple(found)


def unusable_name(units: Iterable[Unit]) -> str | None:
    """Return why a unit's package can't have the name that its recipe asks for; files and logs are named after it."""
    for unit in units:
        parts = {"name": unit.output, "version": unit.version, "build string": unit.build}
        for what, text in parts.items():
            if not _NAME.fullmatch(text):
                return f"the {what} {text[:_SHOWN]!r} can't be part of a package's file name"
    return None


def _specs(needs: Iterable[Any], versions: Mapping[str, str]) -> tuple[str, ...]:
    """Return requirements as specs; a pin of a sibling is its version."""
    found = []
    for need in needs:
        if isinstance(need, str):
            found.append(need)
            continue
        pin = need.get("pin_subpackage") or need.get("pin_compatible") or {}
        name = str(pin.get("name", ""))
        if name:
            found.append(f"{name} =={versions[name]}" if "pin_subpackage" in need and name in versions else name)
    return tuple(found)


def groups_of(
    units: Sequence[Unit], through: Callable[[str], Iterable[str]]
) -> tuple[nx.DiGraph[int], dict[int, tuple[Unit, ...]]]:
    """Return the order: a graph of group numbers (an edge leads to what comes later), and the units of each group.

    Units that need each other at run time are one group: they are built one after the other and tested together.
    `through` gives what a package of the channels depends on: one between two units orders them too.
    """
    graph: nx.DiGraph[tuple[str, str]] = nx.DiGraph()
    by_name: dict[str, list[Unit]] = {}
    for unit in units:
        graph.add_node(unit.key)
        by_name.setdefault(unit.output, []).append(unit)
    reached: dict[str, frozenset[str]] = {}
    for unit in units:
        needs = {*map(name_of, (*unit.build_specs, *unit.host_specs)), *unit.run_names}
        names = frozenset[str]().union(*(_reached(need, by_name, through, reached) for need in needs))
        others = {other.key for name in names for other in by_name[name]} - {unit.key}
        graph.add_edges_from((other, unit.key) for other in others)
    condensed = nx.condensation(graph)
    by_key = {unit.key: unit for unit in units}
    members = {number: sorted(data["members"]) for number, data in condensed.nodes(data=True)}
    return condensed, {number: _inside([by_key[key] for key in keys]) for number, keys in members.items()}


def _reached(
    name: str,
    units: Collection[str],
    through: Callable[[str], Iterable[str]],
    known: dict[str, frozenset[str]],
) -> frozenset[str]:
    """Return the names of units that a package leads to: itself, or those behind packages of the channels."""
    if name in units:
        return frozenset((name,))
    if name not in known:
        seen, waiting, found = {name}, [name], set()
        while waiting:
            for other in through(waiting.pop()):
                if other in units:
                    found.add(other)
                elif other not in seen:
                    seen.add(other)
                    waiting.append(other)
        known[name] = frozenset(found)
    return known[name]


def _inside(units: Sequence[Unit]) -> tuple[Unit, ...]:
    """Return the units of a group in the order in which they can be built: by what they need to be built."""
    names = {unit.output: unit for unit in units}
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(names)
    for unit in units:
        for name in map(name_of, (*unit.build_specs, *unit.host_specs)):
            if name in names and name != unit.output:
                graph.add_edge(name, unit.output)
    if not nx.is_directed_acyclic_graph(graph):
        return tuple(units)
    order = {name: at for at, name in enumerate(nx.lexicographical_topological_sort(graph))}
    return tuple(sorted(units, key=lambda unit: (order[unit.output], unit.key)))


def with_missing(
    asked: Collection[str],
    facts: Mapping[str, FeedstockFacts],
    lacks: Callable[[str, str], bool],
) -> dict[str, tuple[str, ...]]:
    """Return the feedstocks asked for and those of the workspace whose packages the channels lack, with who needs them.

    `lacks` returns whether the channels lack a package, by name and spec.
    """
    provider = {output: name for name, fact in sorted(facts.items()) for output in fact.outputs}
    found: dict[str, tuple[str, ...]] = dict.fromkeys(asked, ())
    waiting = list(asked)
    while waiting:
        name = waiting.pop()
        fact = facts.get(name)
        for need in fact.needs if fact is not None else ():
            other = provider.get(need.name)
            if other is None or other == name:
                continue
            if other in found:
                continue
            if lacks(need.name, need.text):
                found[other] = (name,)
                waiting.append(other)
    return found

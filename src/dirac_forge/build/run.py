"""A whole run: recipes rendered, built in order, tested, published; targets installed from the result."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dirac_forge.build.building import ENGINE, Builder
from dirac_forge.build.children import Child, ChildAnswer
from dirac_forge.build.environments import Environments
from dirac_forge.build.failures import Failure, NotBuildable
from dirac_forge.build.local_channel import LocalChannel
from dirac_forge.build.model import FINE, BuildOptions, PackageResult, TestRun, Unit, lost, not_rendered
from dirac_forge.build.planning import RecipeToBuild, groups_of, units_of, unusable_name
from dirac_forge.build.rendering import Outputs, rendered
from dirac_forge.build.schedule import run_groups
from dirac_forge.build.slots import Slots
from dirac_forge.build.sources import BuildSources
from dirac_forge.files import replace_file
from dirac_forge.progress import Observer
from dirac_forge.store import Store
from dirac_forge.untrusted import parse_json


def build_recipes(
    recipes: Sequence[RecipeToBuild],
    options: BuildOptions,
    *,
    environments: Environments,
    local: LocalChannel,
    sources: BuildSources,
    signature: str | None,
    store: Store,
    observer: Observer,
    slots: Slots,
    run: Callable[[Child], ChildAnswer],
) -> tuple[PackageResult, ...]:
    """Build what has changed, in order; the results of all outputs.

    `signature` stands for the channels below the local one, None if they have none: what was built against the
    same channels from the same recipe is unchanged without another look.
    """
    memory = _Memory(options, local, signature)
    known = {recipe.feedstock: memory.results(recipe) for recipe in recipes}
    outputs: dict[str, Outputs | Failure] = {}
    changed = [recipe for recipe in recipes if known[recipe.feedstock] is None]
    while changed:  # what was built with something that is built now is looked at again, and what was built with that
        outputs |= rendered(changed, options, store, slots, run)
        names = {str(one["name"]) for found in outputs.values() if isinstance(found, tuple) for one in found}
        changed = [one for one in recipes if one.feedstock not in outputs and names & memory.names(one)]
    kept = [result for name, results in known.items() if name not in outputs for result in results or ()]
    todo = [recipe for recipe in recipes if recipe.feedstock in outputs]
    if not todo:
        return tuple(kept)
    made = {(one.platform, one.file.name): one.feedstock for one in kept if one.file is not None}
    units, refused = _units(todo, outputs, options, made)
    graph, groups = groups_of(units, environments.depends)
    builder = Builder(options, environments, local, sources, slots, run)
    with ThreadPoolExecutor(options.jobs) as executor:
        results = run_groups(graph, groups, builder.group, executor=executor, observer=observer)
    for recipe in todo:
        mine = [unit for unit in units if unit.feedstock == recipe.feedstock]
        memory.keep(recipe, mine, results)
    return (*kept, *refused, *results)


def _units(
    recipes: Sequence[RecipeToBuild],
    outputs: Mapping[str, Outputs | Failure],
    options: BuildOptions,
    made: Mapping[tuple[str, str], str],
) -> tuple[list[Unit], list[PackageResult]]:
    """Return the units of all recipes, and those that are not built: the engine can't render them, or their package
    would take the place of another recipe's. `made` is what is there already, with its feedstock.
    """
    by_recipe: dict[str, tuple[Unit, ...]] = {}
    failures: dict[str, Failure] = {}
    makers: dict[tuple[str, str], dict[str, None]] = {key: {feedstock: None} for key, feedstock in made.items()}
    for recipe in recipes:
        found = outputs[recipe.feedstock]
        if not isinstance(found, tuple):
            failures[recipe.feedstock] = found
            continue
        by_recipe[recipe.feedstock] = units = units_of(recipe, found, options.platform)
        if (unnamed := unusable_name(units)) is not None:
            failures[recipe.feedstock] = NotBuildable(phase="render", reason=unnamed)
        for unit in units:
            makers.setdefault(unit.key, {})[recipe.feedstock] = None
    for (_, file), feedstocks in makers.items():
        for feedstock in feedstocks if len(feedstocks) > 1 else ():
            others = ", ".join(each for each in feedstocks if each != feedstock)
            reason = f"it makes the same package as {others}, {file}: build them one at a time, with another --output"
            failures.setdefault(feedstock, NotBuildable(phase="render", reason=reason))
    refused = [
        not_rendered(name, options.platform, lost(failures[name]), failures[name])
        for name in (one.feedstock for one in recipes)
        if name in failures
    ]
    return [unit for name, units in by_recipe.items() if name not in failures for unit in units], refused


class _Memory:
    """Of each recipe that was built whole: from what, and what came out."""

    def __init__(self, options: BuildOptions, local: LocalChannel, signature: str | None) -> None:
        self._options = options
        self._local = local
        self._signature = signature
        self._names: dict[str, set[str]] = {}

    def results(self, recipe: RecipeToBuild) -> list[PackageResult] | None:
        """Return what the last run made of the recipe, where nothing that it was made from has changed; else None."""
        if self._signature is None or self._options.force or self._options.test_only:
            return None
        try:
            known = parse_json(self._path(recipe).read_bytes())
            if known["key"] != self._key(recipe) or not self._stands(known):
                return None
            self._names[recipe.feedstock] = set(map(str, known["names"]))
            return [self._result(recipe, entry) for entry in known["packages"]]
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def names(self, recipe: RecipeToBuild) -> set[str]:
        """Return the names of the packages that a remembered recipe was built and tested with."""
        return self._names.get(recipe.feedstock, set())

    def _stands(self, known: Mapping[str, Any]) -> bool:
        """Whether the local channel still has what was made, and what it was made with."""
        hashes = self._local.hashes()
        names = set(known["names"])
        now = {place: digest for place, digest in hashes.items() if _name_of(place) in names}
        made: Mapping[str, str] = known["made"]
        return now == known["local"] and made.items() <= hashes.items()

    def keep(self, recipe: RecipeToBuild, units: Sequence[Unit], results: Sequence[PackageResult]) -> None:
        """Remember a recipe whose outputs are all in the channel."""
        by_key = {(one.platform, f"{one.output}-{one.version}-{one.build}.conda"): one for one in results}
        mine = [by_key[unit.key] for unit in units]
        if self._signature is None or not _whole(mine):
            self._path(recipe).unlink(missing_ok=True)
            return
        hashes = self._local.hashes()
        names = self._names_used(units)
        values = {
            "key": self._key(recipe),
            "names": sorted(names),
            "local": {place: digest for place, digest in hashes.items() if _name_of(place) in names},
            "made": {f"{unit.subdir}/{unit.file}": hashes[f"{unit.subdir}/{unit.file}"] for unit in units},
            "packages": [_entry(one) for one in mine],
        }
        path = self._path(recipe)
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, json.dumps(values).encode())

    def _names_used(self, units: Sequence[Unit]) -> set[str]:
        """Return the names of the packages that these were built and tested with."""
        manifests = [self._local.manifest(unit.subdir, unit.file) or {} for unit in units]
        names = {_name_of(place) for one in manifests for place in one.get("inputs", {})}
        return names | {name for one in manifests for name in one.get("test_names", ())}

    def _result(self, recipe: RecipeToBuild, entry: Mapping[str, Any]) -> PackageResult:
        tests = tuple(TestRun(**run) for run in entry["tests"])
        file = f"{entry['output']}-{entry['version']}-{entry['build']}.conda"
        return PackageResult(
            feedstock=recipe.feedstock,
            output=entry["output"],
            version=entry["version"],
            build=entry["build"],
            platform=entry["platform"],
            status="unchanged",
            tests=tests,
            commands=tuple(entry["commands"]),
            file=self._local.path(entry["platform"], file),
        )

    def _key(self, recipe: RecipeToBuild) -> str:
        parts = [ENGINE, recipe.digest, self._options.platform, list(self._options.pythons), self._signature]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def _path(self, recipe: RecipeToBuild) -> Path:
        return self._options.folder / "state" / f"{recipe.feedstock}.json"


def _entry(result: PackageResult) -> dict[str, Any]:
    """Return what is remembered of a package; `_Memory._result` reads it."""
    return {
        "output": result.output,
        "version": result.version,
        "build": result.build,
        "platform": result.platform,
        "tests": [asdict(run) for run in result.tests],
        "commands": list(result.commands),
    }


def _whole(results: Sequence[PackageResult]) -> bool:
    """Whether all of a recipe's outputs are in the channel."""
    return bool(results) and all(one.status in FINE for one in results)


def _name_of(place: str) -> str:
    """Return the package's name of `subdir/NAME-VERSION-BUILD.conda`."""
    return place.rpartition("/")[2].rsplit("-", 2)[0]

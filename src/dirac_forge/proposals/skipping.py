"""Where the recipes of a migration's members skip what it adds, asked once for each text."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path

from dirac_forge.errors import ForgeError
from dirac_forge.feedstock.facts import READER
from dirac_forge.feedstock.pinning import Pinning
from dirac_forge.feedstock.read_recipe import recipe_of
from dirac_forge.feedstock.workspace import FeedstockFolder
from dirac_forge.migration.members import Membership
from dirac_forge.migration.schema import Migration
from dirac_forge.migration.unreached import SkippedVariants, skipped_variants
from dirac_forge.store import Store
from dirac_forge.untrusted import parse_json
from dirac_forge.values import dataclass

_KIND = "skips"
_FEW = 20
"""So few recipes are rendered faster than a second process starts."""


def skipped_in(
    recipes: Mapping[str, FeedstockFolder],
    migration: Migration,
    membership: Membership,
    *,
    pinning: Pinning | None,
    store: Store,
    executor: Executor | None,
) -> dict[str, dict[str, SkippedVariants]]:
    """Return the platforms where members skip what a migration adds; `recipes` are those that skip anything."""
    pinned = "" if pinning is None else pinning.text
    found: dict[str, dict[str, SkippedVariants]] = {}
    work: list[tuple[str, str, _SkipTask]] = []
    for name, folder in recipes.items():
        platforms = membership.members[name].platforms
        key = _digest(READER, folder.digest, migration.text, pinned, *platforms)
        blob = store.get(_KIND, key)
        if blob is not None:
            found[name] = _stored(blob)
            continue
        task = _SkipTask(folder.texts, str(folder.path), migration, membership.packages, platforms, pinning)
        work.append((name, key, task))
    for (name, key, _), skips in zip(work, _run([task for _, _, task in work], executor), strict=True):
        found[name] = skips
        store.put(_KIND, key, json.dumps({each: skips[each].line for each in skips}).encode())
    return found


@dataclass(frozen=True, slots=True)
class _SkipTask:
    texts: Mapping[str, str]
    root: str
    migration: Migration
    packages: frozenset[str]
    platforms: tuple[str, ...]
    pinning: Pinning | None


def _run(tasks: Sequence[_SkipTask], executor: Executor | None) -> Iterable[dict[str, SkippedVariants]]:
    """Yield the answers to these tasks; a few are not worth other processes."""
    return map(_skips, tasks) if executor is None or len(tasks) < _FEW else executor.map(_skips, tasks)


def _skips(task: _SkipTask) -> dict[str, SkippedVariants]:
    """Return where a recipe skips what a migration adds; a recipe that can't be rendered skips nothing for sure."""
    try:
        recipe = recipe_of(task.texts, root=Path(task.root))
        return skipped_variants(
            recipe, task.migration, packages=task.packages, platforms=task.platforms, pinning=task.pinning
        )
    except ForgeError:
        return {}


def _stored(blob: bytes) -> dict[str, SkippedVariants]:
    return {platform: SkippedVariants(line=line) for platform, line in parse_json(blob).items()}


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()

"""Recipes as the engine renders them, in a child; kept by their content, so that a second run starts no child."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dirac_forge.build.building import ENGINE
from dirac_forge.build.children import Child, ChildAnswer
from dirac_forge.build.failures import Failure, NotBuildable
from dirac_forge.build.model import BuildOptions
from dirac_forge.build.planning import RecipeToBuild
from dirac_forge.build.recipe_files import copy_recipe
from dirac_forge.build.slots import Slot, Slots
from dirac_forge.store import Store
from dirac_forge.untrusted import parse_json

_KIND = "built-recipes-2"

Outputs = tuple[Mapping[str, Any], ...]


def rendered(
    recipes: Sequence[RecipeToBuild],
    options: BuildOptions,
    store: Store,
    slots: Slots,
    run: Callable[[Child], ChildAnswer],
) -> dict[str, Outputs | Failure]:
    """Return the outputs of each recipe by feedstock, or why there are none."""
    found: dict[str, Outputs | Failure] = {}
    missing: list[RecipeToBuild] = []
    for recipe in recipes:
        blob = store.get(_KIND, _key(recipe, options))
        try:
            found[recipe.feedstock] = tuple(parse_json(blob)) if blob is not None else _missing(missing, recipe)
        except ValueError:
            missing.append(recipe)
    if missing:
        found |= _asked(missing, options, store, slots, run)
    return found


def _missing(missing: list[RecipeToBuild], recipe: RecipeToBuild) -> Outputs:
    missing.append(recipe)
    return ()


def _key(recipe: RecipeToBuild, options: BuildOptions) -> str:
    return hashlib.sha256(f"{ENGINE}\n{options.platform}\n{recipe.digest}".encode()).hexdigest()


def _asked(
    recipes: Sequence[RecipeToBuild],
    options: BuildOptions,
    store: Store,
    slots: Slots,
    run: Callable[[Child], ChildAnswer],
) -> dict[str, Outputs | Failure]:
    with slots.taken("render") as slot:
        answer = run(_child(recipes, options, slot))
    if answer.failure is not None:
        return dict.fromkeys((recipe.feedstock for recipe in recipes), answer.failure)
    found: dict[str, Outputs | Failure] = {}
    for recipe, told in zip(recipes, answer.values["recipes"], strict=True):
        if "error" in told:
            found[recipe.feedstock] = NotBuildable(phase="render", reason=str(told["error"]))
            continue
        found[recipe.feedstock] = tuple(told["outputs"])
        store.put(_KIND, _key(recipe, options), json.dumps(told["outputs"]).encode())
    return found


def _child(recipes: Sequence[RecipeToBuild], options: BuildOptions, slot: Slot) -> Child:
    return Child(
        job={
            "mode": "render",
            "phase": "render",
            "platform": options.platform,
            "recipes": [
                {
                    "path": str(copy_recipe(recipe.recipe, slot.given / str(number) / "recipe")),
                    "variants": [dict(one) for one in recipe.variants],
                }
                for number, recipe in enumerate(recipes)
            ],
        },
        slot=slot,
        log=options.folder / "logs" / "render.log",
        isolation=options.isolation,
        container=options.container,
        limits=options.limits,
    )

"""Recipes for packages that bumps need and no channel has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from functools import cached_property
from typing import TYPE_CHECKING

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from dirac_forge.bot.world import World
from dirac_forge.bump.order import Lack
from dirac_forge.errors import ForgeError
from dirac_forge.feedstock.change import Change, Edit
from dirac_forge.feedstock.generated import files_of
from dirac_forge.recipe.making.families import Order
from dirac_forge.report.bodies import with_recipe_body

if TYPE_CHECKING:
    from dirac_forge.recipe.making.maker import Maker
    from dirac_forge.recipe.model import Recipe

__all__ = ["Lacking"]


class Lacking:
    """One run: what is asked of upstream for one recipe is not asked again for another."""

    def __init__(self, world: World, executor: Executor) -> None:
        """`executor` runs the questions to upstream."""
        self._world = world
        self._executor = executor

    def recipes(self, lacks: Iterable[Lack], wanted_by: str) -> tuple[tuple[Change, ...], tuple[str, ...]]:
        """A recipe for each, and for what these lack themselves, in the order of building; and what went wrong."""
        found: dict[str, Change] = {}
        problems: list[str] = []
        for lack in lacks:
            order = Order(feedstock="", projects={lack.need.project or lack.need.package: _specifiers(lack.need.spec)})
            try:
                made = self._maker.make([order], "missing")
                for recipe in made.recipes:
                    change = with_recipe_body(
                        _change(recipe, lack, wanted_by), recipe, made.needed, needed_for=[wanted_by]
                    )
                    found.setdefault(recipe.feedstock, change)
            except ForgeError as error:
                problems.append(f"no recipe for {lack.need.package}: {error.message}")
                continue
            problems += made.problems
        return tuple(found.values()), tuple(dict.fromkeys(problems))

    @cached_property
    def _maker(self) -> Maker:
        from dirac_forge.bot.making import maker_of  # noqa: PLC0415  # most runs lack nothing

        return maker_of(self._world, self._executor)


def _change(recipe: Recipe, lack: Lack, wanted_by: str) -> Change:
    own = lack.need.package in {output.name for output in recipe.outputs}
    why = f"{wanted_by} needs {lack.need}" if own else f"{lack.need.package}, which {wanted_by} needs, needs it"
    reasons: Sequence[str] = (f"{why}, and the channel has no such package",)
    return Change(
        feedstock=recipe.feedstock,
        kind="recipe",
        key=recipe.version,
        title=f"{recipe.feedstock} {recipe.version}: a new recipe",
        reasons=tuple(reasons),
        edits=tuple(Edit(path=path, before=None, after=text) for path, text in files_of(recipe, "v1").items()),
    )


def _specifiers(spec: str) -> SpecifierSet:
    """Conda's version spec for an index; one that has no such form asks for any version."""
    try:
        return SpecifierSet(spec)
    except InvalidSpecifier:
        return SpecifierSet()

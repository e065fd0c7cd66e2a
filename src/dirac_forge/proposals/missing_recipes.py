"""Recipes for packages that bumps need and no channel has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from functools import cached_property
from typing import TYPE_CHECKING

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from dirac_forge.bump.merge_order import Lack
from dirac_forge.errors import ForgeError
from dirac_forge.feedstock.change import Change, Edit
from dirac_forge.feedstock.generated import files_of
from dirac_forge.proposals.context import ProposalContext
from dirac_forge.recipe.making.families import Order
from dirac_forge.report.bodies import with_recipe_body

if TYPE_CHECKING:
    from dirac_forge.recipe.making.maker import MadeRecipes, Maker, Needed
    from dirac_forge.recipe.model import Recipe

__all__ = ["MissingRecipes"]


class MissingRecipes:
    """One run: what is asked of upstream for one recipe is not asked again for another."""

    def __init__(self, world: ProposalContext, executor: Executor) -> None:
        """`executor` runs the questions to upstream."""
        self._world = world
        self._executor = executor

    def recipes(self, lacks: Iterable[Lack], wanted_by: str) -> tuple[tuple[Change, ...], tuple[str, ...]]:
        """A recipe for each, and for what these lack themselves, in the order of building; and what went wrong."""
        asked = {lack: _order(lack) for lack in lacks}
        try:
            made = [self._maker.make(list(asked.values()), "missing")]
            problems: list[str] = []
        except ForgeError:
            made, problems = self._one_by_one(asked)
        wanted = {lack.need.package: lack for lack in asked}
        found: dict[str, Change] = {}
        for one in made:
            problems += one.problems
            for recipe in one.recipes:
                change = _change(recipe, wanted, one.needed, wanted_by)
                found.setdefault(recipe.feedstock, with_recipe_body(change, recipe, one.needed, needed_for=[wanted_by]))
        return tuple(found.values()), tuple(dict.fromkeys(problems))

    def _one_by_one(self, asked: Mapping[Lack, Order]) -> tuple[list[MadeRecipes], list[str]]:
        """As many as can be had, and what is wrong with the others."""
        made, problems = [], []
        for lack, order in asked.items():
            try:
                made.append(self._maker.make([order], "missing"))
            except ForgeError as error:
                problems.append(f"no recipe for {lack.need.package}: {error.message}")
        return made, problems

    @cached_property
    def _maker(self) -> Maker:
        from dirac_forge.proposals.recipes import maker_of  # noqa: PLC0415  # most runs lack nothing

        return maker_of(self._world, self._executor)


def _order(lack: Lack) -> Order:
    return Order(feedstock="", projects={lack.need.project or lack.need.package: _specifiers(lack.need.spec)})


def _change(recipe: Recipe, wanted: Mapping[str, Lack], needed: Iterable[Needed], wanted_by: str) -> Change:
    outputs = {output.name for output in recipe.outputs}
    own = [str(lack.need) for package, lack in wanted.items() if package in outputs]
    above = dict.fromkeys(name for row in needed if row.mapped.package in outputs for name in row.required_by)
    why = f"{wanted_by} needs {', '.join(own)}" if own else f"{wanted_by} needs {', '.join(above)}, and that needs it"
    reasons = (f"{why}; the channel has no such package",)
    return Change(
        feedstock=recipe.feedstock,
        kind="recipe",
        key=recipe.version,
        title=f"{recipe.feedstock} {recipe.version}: a new recipe",
        reasons=reasons,
        edits=tuple(Edit(path=path, before=None, after=text) for path, text in files_of(recipe, "v1").items()),
    )


def _specifiers(spec: str) -> SpecifierSet:
    """Conda's version spec for an index; one that has no such form asks for any version."""
    try:
        return SpecifierSet(spec)
    except InvalidSpecifier:
        return SpecifierSet()

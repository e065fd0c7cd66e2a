"""Recipes for packages that bumps need and no channel has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from functools import cached_property
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet

from dirac_forge.bump.new_needs import Lack
from dirac_forge.bump.new_recipes import NewRecipe
from dirac_forge.errors import ForgeError
from dirac_forge.feedstock.change import Change, Edit
from dirac_forge.feedstock.generated import files_of
from dirac_forge.proposals.channel_part import ChannelPart
from dirac_forge.proposals.context import ProposalContext
from dirac_forge.recipe.making.families import Order
from dirac_forge.recipe.making.problems import MakingProblem, NotMade

if TYPE_CHECKING:
    from dirac_forge.recipe.making.judging import Needed
    from dirac_forge.recipe.making.maker import MadeRecipes, Maker
    from dirac_forge.recipe.model import Recipe


class MissingRecipes:
    """One run: what is asked of upstream for one recipe is not asked again for another."""

    def __init__(self, context: ProposalContext, executor: Executor, part: ChannelPart) -> None:
        """Run the questions to upstream in `executor`; no recipe is made for what `part` says conda-forge may have."""
        self._context = context
        self._executor = executor
        self._part = part

    def recipes(self, lacks: Iterable[Lack], wanted_by: str) -> tuple[tuple[NewRecipe, ...], tuple[MakingProblem, ...]]:
        """Return recipes for these and for what they lack themselves, in the order of building; and what went wrong."""
        asked = {lack: _order(lack) for lack in lacks}
        try:
            made = [self._made(list(asked.values()))]
            problems: list[MakingProblem] = []
        except ForgeError:
            made, problems = self._one_by_one(asked)
        wanted = {lack.need.package: lack for lack in asked}
        recipes: dict[str, NewRecipe] = {}
        for batch in made:
            problems += batch.problems
            for recipe in batch.recipes:
                new = _new_recipe(recipe, wanted, batch.needed, wanted_by)
                recipes.setdefault(recipe.feedstock, new)
        return tuple(recipes.values()), tuple(dict.fromkeys(problems))

    def _one_by_one(self, asked: Mapping[Lack, Order]) -> tuple[list[MadeRecipes], list[MakingProblem]]:
        """Return as many as can be had, and what is wrong with the others."""
        made: list[MadeRecipes] = []
        problems: list[MakingProblem] = []
        for lack, order in asked.items():
            try:
                made.append(self._made([order]))
            except ForgeError as error:
                problems.append(NotMade(projects=(lack.need.package,), problem=error.message))
        return made, problems

    def _made(self, orders: Sequence[Order]) -> MadeRecipes:
        from dirac_forge.proposals.recipes import checked  # noqa: PLC0415  # most runs lack nothing

        return checked(self._context, self._maker.make(orders, "missing"), "v1")

    @cached_property
    def _maker(self) -> Maker:
        from dirac_forge.proposals.recipes import maker_of  # noqa: PLC0415  # most runs lack nothing

        return maker_of(self._context, self._executor, part=self._part)


def _order(lack: Lack) -> Order:
    return Order(feedstock="", projects={lack.need.project or lack.need.package: _specifiers(lack.need.spec)})


def _new_recipe(recipe: Recipe, wanted: Mapping[str, Lack], needed: Sequence[Needed], wanted_by: str) -> NewRecipe:
    outputs = {output.name for output in recipe.outputs}
    change = Change(
        feedstock=recipe.feedstock,
        kind="recipe",
        key=recipe.version,
        title=f"{recipe.feedstock} {recipe.version}: a new recipe",
        edits=tuple(Edit(path=path, before=None, after=text) for path, text in files_of(recipe, "v1").items()),
    )
    return NewRecipe(
        change=change,
        recipe=recipe,
        needed=tuple(needed),
        wanted_by=wanted_by,
        lacks=tuple(lack for package, lack in wanted.items() if package in outputs),
    )


def _specifiers(spec: str) -> SpecifierSet:
    """Return conda's version spec for an index; one that has no such form asks for any version."""
    try:
        return SpecifierSet(spec)
    except ValueError:
        return SpecifierSet()

"""Values: recipes for packages that a bump needs and no channel has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dirac_forge.bump.new_needs import Lack
from dirac_forge.feedstock.change import Change
from dirac_forge.values import dataclass

if TYPE_CHECKING:
    from dirac_forge.recipe.making.judging import Needed
    from dirac_forge.recipe.model import Recipe


@dataclass(frozen=True, kw_only=True, slots=True)
class NewRecipe:
    """A recipe for staged-recipes that a bump needs."""

    change: Change
    """Its files; `report` adds reasons and a body."""
    recipe: Recipe
    needed: tuple[Needed, ...] = ()
    """The dependencies of everything that was made together."""
    wanted_by: str
    """Feedstock and version of the bump."""
    lacks: tuple[Lack, ...] = ()
    """What of the bump's requirements the recipe satisfies; () if only other new recipes need it."""

    @property
    def required_by(self) -> tuple[str, ...]:
        """The packages that need it, where the bump itself does not."""
        outputs = {output.name for output in self.recipe.outputs}
        names = (name for row in self.needed if row.mapped.package in outputs for name in row.required_by)
        return tuple(dict.fromkeys(names))

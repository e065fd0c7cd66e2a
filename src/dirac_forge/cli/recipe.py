"""`dirac-forge recipe`: recipes for projects on the index, and where what they need stands."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from dirac_forge.cli.context import Context
from dirac_forge.cli.recipe_request import RecipeRequest
from dirac_forge.proposals.early import early_releases

_BY_HAND = (
    "Without --pr the recipe is written; to propose it by hand, fork conda-forge/staged-recipes, copy the recipe's "
    "folder to recipes/ there, and open a pull request."
)


def recipe(context: Context, request: RecipeRequest) -> int:
    """Write recipes, answer with them and their dependencies, and return the exit code."""
    if request.pr:
        from dirac_forge.cli.github import needs_token  # noqa: PLC0415  # only for pull requests

        needs_token(context, otherwise=_BY_HAND)
    with ThreadPoolExecutor(context.settings.threads) as executor:
        lookup = early_releases(context, request.projects, executor)
        from dirac_forge.cli.recipe_run import answered, made_recipes  # noqa: PLC0415  # the answers are on their way

        made, orders = made_recipes(context, request, lookup, executor)
    return answered(context, request, made, orders, by_hand=_BY_HAND)

"""The projects that facts name, and the packages that recipes require."""

from __future__ import annotations

from collections.abc import Iterable

from dirac_forge.recipe.making.hosts import build_requirements
from dirac_forge.recipe.model import Recipe
from dirac_forge.upstream.files.facts import ReleaseFacts
from dirac_forge.upstream.files.requirements import RequirementList


def named(facts: Iterable[ReleaseFacts]) -> set[str]:
    """Return the projects that the facts name: themselves, and what they require to be built and to run."""
    projects = set()
    for one in facts:
        projects.add(one.metadata.name)
        builds = build_requirements(one.sdist) if one.sdist else RequirementList()
        projects.update(requirement.name for requirement in one.metadata.requires_dist + builds)
    return projects


def required(recipe: Recipe) -> set[str]:
    """Return the packages that any output requires to run on every system, Python and virtual packages aside."""
    names = {line.name for output in recipe.outputs for line in output.run if line.when is None}
    return {name for name in names if name != "python" and not name.startswith("__")}

"""Values: what is missing in the recipes that were made."""

from __future__ import annotations

from typing import Literal

from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class NotMade:
    """There is no recipe for projects that were to have one."""

    projects: tuple[str, ...]
    problem: str
    """The message of the error."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NoProjectOf:
    """A package that a recipe requires is made of no project, so that no recipe can be made for it."""

    package: str
    feedstock: str
    """Of the recipe that requires it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MadeWithout:
    """A recipe of several projects lacks one of them."""

    feedstock: str
    project: str
    problem: str
    """The message of the error."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TreeCut:
    """The dependencies were not followed to the end, because there are more than anything honest has."""

    most: int
    of: Literal["projects", "requirements"]


@dataclass(frozen=True, kw_only=True, slots=True)
class TreeUnsettled:
    """Requirements exclude the versions of these projects that were taken in the last round of choosing."""

    projects: tuple[str, ...]
    rounds: int


MakingProblem = NotMade | NoProjectOf | MadeWithout | TreeCut | TreeUnsettled

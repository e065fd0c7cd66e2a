"""Which members that could go now can't be built: their host environments with the new pins, asked of a solver."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Literal

from dirac_forge.check.building import host_spec
from dirac_forge.errors import UnknownError
from dirac_forge.feedstock.pinning import Pinning
from dirac_forge.feedstock.variants import Variant, VariantRecipe, rendered_variants
from dirac_forge.migration.plan import Plan
from dirac_forge.recipe.reading.recipe_text import ReadOutput, RenderedRecipe

__all__ = ["HostEnvironment", "Solvability", "Solve", "SolverAnswer", "environments", "solvability_of"]

_MOST_OF_ONE = 12
"""Environments of one feedstock that are solved: the first Pythons of each platform tell most of it."""
_MOST = 600
"""Environments that are solved in one run; a solve takes about a tenth of a second."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SolverAnswer:
    """What a solver says of an environment."""

    status: Literal["solvable", "not-solvable", "unknown"]
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class HostEnvironment:
    """What has to be installed together to build an output."""

    feedstock: str
    output: str
    section: str
    """host, or build where there is no host."""
    platform: str
    """Where the output is for."""
    on: str
    """The platform whose packages are installed: that of the build machine for build."""
    specs: tuple[str, ...]


Solve = Callable[[HostEnvironment], SolverAnswer]


@dataclass(frozen=True, kw_only=True, slots=True)
class Solvability:
    """What the solver found."""

    not_solvable: Mapping[str, str] = field(default_factory=dict)
    """Feedstock to the reason, with output and platform."""
    unknown: Mapping[str, str] = field(default_factory=dict)
    """Feedstock to why it could not be found out; nothing says that it can't be built."""
    left: tuple[str, ...] = ()
    """Feedstocks that were not asked about, since there were too many environments."""


def environments(
    plan: Plan, name: str, recipe: VariantRecipe, *, platforms: Sequence[str], pinning: Pinning | None
) -> tuple[HostEnvironment, ...]:
    """The environments of a member that have a migrated package in them, each once, platforms in turn.

    Compilers and what the recipe makes itself are left out. Raises RecipeError and ConfigurationError.
    """
    found: dict[str, list[HostEnvironment]] = {}
    for platform in platforms:
        keys = plan.migration.pins(platform, recipe.forge.build_platform(platform))
        rendered = rendered_variants(recipe, pinning, [keys], platform=platform)
        own = dict.fromkeys(one for variant, text in rendered for one in _of_variant(plan, name, variant, text))
        found[platform] = list(own)
    longest = max(map(len, found.values()), default=0)
    turns = (found[platform][turn] for turn in range(longest) for platform in found if turn < len(found[platform]))
    return tuple(turns)[:_MOST_OF_ONE]


def _of_variant(plan: Plan, name: str, variant: Variant, rendered: RenderedRecipe) -> Iterator[HostEnvironment]:
    made = {output.name for output in rendered.outputs}
    for output in rendered.packages:
        if output.skip is True:
            continue
        section: Literal["host", "build"] = "host" if output.of("host") else "build"
        if any(need.name in plan.membership.packages for need in output.of(section)):
            yield HostEnvironment(
                feedstock=name,
                output=output.name,
                section=section,
                platform=variant.platform,
                on=variant.platform if section == "host" else variant.build_platform,
                specs=_specs(output, section, made, rendered),
            )


def _specs(
    output: ReadOutput, section: Literal["host", "build"], made: set[str], rendered: RenderedRecipe
) -> tuple[str, ...]:
    specs = {
        f"{need.name} {host_spec(need, rendered.format)}".strip()
        for need in output.of(section)
        if need.kind == "package" and need.name and need.name not in made and need.condition is None
    }
    return tuple(sorted(specs))


def solvability_of(asked: Mapping[str, Sequence[HostEnvironment]], solve: Solve, *, executor: Executor) -> Solvability:
    """Which of these feedstocks have an environment that does not solve.

    Args:
        asked: feedstock to its environments, the most important feedstock first; what goes beyond the limit is left.
        solve: asks the solver; may be called from several threads.
        executor: runs the solves, each distinct environment once.
    """
    questions: dict[tuple[str, tuple[str, ...]], HostEnvironment] = {}
    chosen: list[str] = []
    for name, own in asked.items():
        if chosen and len(questions) + len(own) > _MOST:
            break
        chosen.append(name)
        for environment in own:
            questions.setdefault((environment.on, environment.specs), environment)
    answers = dict(zip(questions, executor.map(lambda one: _asked(solve, one), questions.values()), strict=True))
    failed: dict[str, str] = {}
    unknown: dict[str, str] = {}
    for name in chosen:
        for environment in asked[name]:
            answer = answers[environment.on, environment.specs]
            what = f"{environment.section} of {environment.output} on {environment.platform}"
            if answer.status == "not-solvable":
                failed.setdefault(name, f"{what} has no solution: {answer.reason}")
            elif answer.status == "unknown":
                unknown.setdefault(name, f"{what}: {answer.reason}")
    return Solvability(
        not_solvable=failed,
        unknown={name: reason for name, reason in unknown.items() if name not in failed},
        left=tuple(name for name in asked if name not in chosen),
    )


def _asked(solve: Solve, environment: HostEnvironment) -> SolverAnswer:
    try:
        return solve(environment)
    except UnknownError as exc:
        return SolverAnswer(status="unknown", reason=exc.message)

"""Which of the members that are ready can't be built: their host environments with the new pins, asked of a solver."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import field
from typing import Literal

from dirac_forge.check.answer_reasons import EnvironmentReason, Unanswered
from dirac_forge.check.expected_records import host_spec
from dirac_forge.errors import UnknownError
from dirac_forge.feedstock.pinning import Pinning
from dirac_forge.feedstock.variants import Variant, VariantRecipe, rendered_variants
from dirac_forge.migration.plan import Plan
from dirac_forge.migration.unreached import is_migrated
from dirac_forge.recipe.reading.recipe_text import ReadOutput, RenderedRecipe
from dirac_forge.values import dataclass

_MOST = 1_200
"""Environments that are solved in one run; a solve takes about a tenth of a second."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SolverAnswer:
    """What a solver says of an environment."""

    status: Literal["solvable", "not-solvable", "unknown"]
    reason: EnvironmentReason | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class HostEnvironment:
    """What has to be installed together to build an output."""

    feedstock: str
    output: str
    section: str
    """host, or build if there is not a host."""
    platform: str
    """Where the output is for."""
    on: str
    """The platform whose packages are installed: that of the build machine for build."""
    specs: tuple[str, ...]


Solve = Callable[[HostEnvironment], SolverAnswer]


@dataclass(frozen=True, kw_only=True, slots=True)
class NotSolvable:
    """An environment of a member that has no solution."""

    environment: HostEnvironment
    reason: EnvironmentReason | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Unsure:
    """An environment of a member of which a solver could not tell whether it has a solution."""

    environment: HostEnvironment
    reason: EnvironmentReason | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Solvability:
    """What the solver found."""

    not_solvable: Mapping[str, NotSolvable] = field(default_factory=dict)
    unknown: Mapping[str, Unsure] = field(default_factory=dict)
    """By feedstock; nothing says that it can't be built."""
    solvable: frozenset[str] = frozenset()
    """Feedstocks with a solution for every environment."""
    left: tuple[str, ...] = ()
    """Feedstocks that were not asked about, since there were too many environments."""


def environments(
    plan: Plan, name: str, recipe: VariantRecipe, *, platforms: Sequence[str], pinning: Pinning | None
) -> tuple[HostEnvironment, ...]:
    """Return the environments of a member's migrated variants, each once, platforms in turn.

    Those without a migrated package are left out, and so are compilers and what the recipe makes itself. Raises
    RecipeError and ConfigurationError.
    """
    found: dict[str, list[HostEnvironment]] = {}
    for platform in platforms:
        keys = plan.migration.pins(platform, recipe.forge.build_platform(platform))
        migrated = (
            (variant, rendered)
            for variant, rendered in rendered_variants(recipe, pinning, [keys], platform=platform)
            if is_migrated(variant, keys)
        )
        own = dict.fromkeys(one for variant, text in migrated for one in _of_variant(plan, name, variant, text))
        found[platform] = list(own)
    longest = max(map(len, found.values()), default=0)
    turns = (found[platform][turn] for turn in range(longest) for platform in found if turn < len(found[platform]))
    return tuple(turns)


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
    """Return which of these feedstocks have an environment that does not solve.

    Args:
        asked: feedstock to its environments, the most important feedstock first; what goes beyond the limit is left.
        solve: asks the solver; may be called from several threads.
        executor: runs the solves, each distinct environment once.
    """
    chosen, questions = _chosen(asked)
    solved = executor.map(lambda environment: _asked(solve, environment), questions.values())
    answers = dict(zip(questions, solved, strict=True))
    own = [environment for name in chosen for environment in asked[name]]

    def first(status: str) -> dict[str, HostEnvironment]:
        return _first(each for each in own if answers[each.on, each.specs].status == status)

    failed, unknown = first("not-solvable"), first("unknown")

    def reason(environment: HostEnvironment) -> EnvironmentReason | None:
        return answers[environment.on, environment.specs].reason

    return Solvability(
        not_solvable={name: NotSolvable(environment=each, reason=reason(each)) for name, each in failed.items()},
        unknown={
            name: Unsure(environment=each, reason=reason(each)) for name, each in unknown.items() if name not in failed
        },
        solvable=frozenset(name for name in chosen if asked[name]).difference(failed, unknown),
        left=tuple(name for name in asked if name not in chosen),
    )


def _first(environments: Iterable[HostEnvironment]) -> dict[str, HostEnvironment]:
    """Return the first environment of each feedstock."""
    found: dict[str, HostEnvironment] = {}
    for environment in environments:
        found.setdefault(environment.feedstock, environment)
    return found


_Question = tuple[str, tuple[str, ...]]


def _chosen(
    asked: Mapping[str, Sequence[HostEnvironment]],
) -> tuple[list[str], dict[_Question, HostEnvironment]]:
    """Return the feedstocks that are asked about, and their environments, each once."""
    questions: dict[_Question, HostEnvironment] = {}
    chosen: list[str] = []
    for name, own in asked.items():
        if chosen and len(questions) + len(own) > _MOST:
            break
        chosen.append(name)
        for environment in own:
            questions.setdefault((environment.on, environment.specs), environment)
    return chosen, questions


def _asked(solve: Solve, environment: HostEnvironment) -> SolverAnswer:
    try:
        return solve(environment)
    except UnknownError as exc:
        return SolverAnswer(status="unknown", reason=Unanswered(message=exc.message))

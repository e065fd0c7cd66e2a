"""Where a migration stands, from evidence: what the channel has, or what the recipes say, never from labels."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from dirac_forge.errors import UnknownError
from dirac_forge.feedstock.pinning import Pinning
from dirac_forge.feedstock.variants import Variant, VariantRecipe, rendered_variants
from dirac_forge.migration.exports import PinExports
from dirac_forge.migration.plan import Plan
from dirac_forge.recipe.reading.recipe_text import ReadOutput

__all__ = [
    "STATES",
    "Build",
    "Builds",
    "Evidence",
    "FeedstockStatus",
    "Known",
    "State",
    "Status",
    "carries",
    "channel_evidence",
    "recipe_evidence",
    "status_of",
]

State = Literal["done", "in-pr", "awaiting-pr", "awaiting-parents", "not-solvable", "error"]
STATES: tuple[State, ...] = ("done", "in-pr", "awaiting-pr", "awaiting-parents", "not-solvable", "error")


class Build(Protocol):
    """One build of a package in a channel."""

    @property
    def version(self) -> str:
        """As the channel spells it."""
        ...

    @property
    def build(self) -> str:
        """The build string."""
        ...

    @property
    def build_number(self) -> int:
        """The build number."""
        ...

    @property
    def depends(self) -> tuple[str, ...]:
        """Requirements, as specs."""
        ...


Builds = Callable[[str, str], Sequence[Build]]
"""Platform and package to the builds there, noarch included; raises UnknownError where the channel can't be read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """Whether a feedstock is done, platform by platform."""

    done: Mapping[str, bool | None]
    """Platform to done; None where that could not be found out."""
    text: str
    """What was found, in words."""

    @property
    def all_done(self) -> bool:
        """Done on every platform."""
        return bool(self.done) and all(value is True for value in self.done.values())

    @property
    def unknown(self) -> bool:
        """Something could not be found out, and nothing says that it is not done."""
        values = self.done.values()
        return None in values and False not in values


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What others know of feedstocks: the ledger of pull requests, a bot's status page, a solver."""

    done: Collection[str] = ()
    in_pr: Mapping[str, str] = field(default_factory=dict)
    """Feedstock to the pull request's URL."""
    not_solvable: Mapping[str, str] = field(default_factory=dict)
    """Feedstock to the reason."""
    errors: Mapping[str, str] = field(default_factory=dict)
    """Feedstock to what went wrong."""
    waits: Mapping[str, str] = field(default_factory=dict)
    """Migrations of `wait_for_migrators` that are not complete, to how far they are."""
    unsure: Mapping[str, str] = field(default_factory=dict)
    """Feedstock to why a solver could not tell whether it can be built."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedstockStatus:
    """Where one member stands."""

    feedstock: str
    state: State
    evidence: str
    waits_for: tuple[str, ...] = ()
    """Parents that are not done."""
    waits_for_migrations: tuple[str, ...] = ()
    """Other migrations that have to be complete first."""
    blocks: int = 0
    """Members that wait for it, directly or not, and are not done."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """Where the migration stands."""

    feedstocks: tuple[FeedstockStatus, ...]
    """By name."""
    platforms: Mapping[str, tuple[int, int]]
    """Platform to the numbers of members done there and of members there."""
    blockers: tuple[FeedstockStatus, ...]
    """Those not done that others wait for, most-blocking first."""
    unknown: tuple[str, ...] = ()
    """Members about which the evidence could not be had."""

    def of(self, state: State) -> tuple[FeedstockStatus, ...]:
        """The members in a state, by name."""
        return tuple(one for one in self.feedstocks if one.state == state)

    @property
    def next(self) -> tuple[FeedstockStatus, ...]:
        """What can go now, most-blocking first."""
        return tuple(sorted(self.of("awaiting-pr"), key=lambda one: (-one.blocks, one.feedstock)))


def status_of(plan: Plan, evidence: Mapping[str, Evidence], known: Known | None = None) -> Status:
    """The states of all members, from evidence about each and what others know.

    Done, in-pr and error are facts. Of the others those wait for parents of which one that is waited for is not done,
    or for a migration of `wait_for_migrators` that is not complete; the rest is not solvable, or can go now.
    """
    known = known or Known()
    done = {name for name in plan.network.names if name in known.done or _done(evidence.get(name))}
    blocked = _blocked(plan, done)
    feedstocks = tuple(
        _state(plan, name, done, evidence.get(name), known, blocked[name]) for name in plan.network.names
    )
    return Status(
        feedstocks=feedstocks,
        platforms=_by_platform(plan, done, evidence),
        blockers=tuple(
            sorted(
                (one for one in feedstocks if one.blocks and one.state != "done"),
                key=lambda one: (-one.blocks, one.feedstock),
            )
        ),
        unknown=tuple(name for name in plan.network.names if name not in done and _unknown(evidence.get(name))),
    )


def _done(evidence: Evidence | None) -> bool:
    return evidence is not None and evidence.all_done


def _unknown(evidence: Evidence | None) -> bool:
    return evidence is not None and evidence.unknown


def _state(
    plan: Plan, name: str, done: set[str], evidence: Evidence | None, known: Known, blocks: int
) -> FeedstockStatus:
    waits = tuple(parent for parent in plan.waited_for(name) if parent not in done)
    text = evidence.text if evidence is not None else ""
    state: State
    if name in done:
        state, text = "done", text if _done(evidence) else "known to be done"
        waits = ()
    elif name in known.in_pr:
        state, text = "in-pr", known.in_pr[name]
    elif name in known.errors:
        state, text = "error", known.errors[name]
    elif waits or known.waits:
        state = "awaiting-parents"
        reasons = [f"waits for the migration {migration}: {how_far}" for migration, how_far in known.waits.items()]
        text = "; ".join([*reasons, text] if text else reasons)
    elif name in known.not_solvable:
        state, text = "not-solvable", known.not_solvable[name]
    else:
        state = "awaiting-pr"
        if name in known.unsure:
            text = f"{text}; whether it can be built is unknown: {known.unsure[name]}".removeprefix("; ")
    migrations = tuple(known.waits) if state == "awaiting-parents" else ()
    return FeedstockStatus(
        feedstock=name, state=state, evidence=text, waits_for=waits, waits_for_migrations=migrations, blocks=blocks
    )


def _blocked(plan: Plan, done: set[str]) -> dict[str, int]:
    """For each member the number of those not done that wait for it; one set operation an edge, last wave first."""
    number = {name: place for place, name in enumerate(plan.network.names)}
    behind = dict.fromkeys(plan.network.names, 0)
    for wave in reversed(plan.waves):
        for name in wave:
            own = behind[name] | (0 if name in done else 1 << number[name])
            for parent in plan.waited_for(name):
                behind[parent] |= own
    return {name: (bits & ~(1 << number[name])).bit_count() for name, bits in behind.items()}


def _by_platform(plan: Plan, done: set[str], evidence: Mapping[str, Evidence]) -> dict[str, tuple[int, int]]:
    counts: dict[str, list[int]] = {}
    for member in plan.members:
        found = evidence.get(member.feedstock)
        for platform in member.platforms:
            count = counts.setdefault(platform, [0, 0])
            count[1] += 1
            finished = member.feedstock in done or (found is not None and found.done.get(platform) is True)
            count[0] += finished
    return {platform: (counts[platform][0], counts[platform][1]) for platform in sorted(counts)}


_BOUND = re.compile(r"^(>=|==|=|~=)?\s*(\d[^,|*<>=!\s]*?)(\.?\*)?$")


def carries(spec: str, pin: str) -> bool:
    """Whether a version spec of `depends` is what a build with the pin gets: its lower bound, or its version, has it.

    `>=1.22.2,<1.23.0a0` carries 1.22, and so does `1.22.*`; `>=1.21.3,<2` does not.
    """
    wanted = pin.partition(" ")[0].removesuffix(".*").removesuffix("*")
    version = spec.partition(" ")[0]
    for part in version.split(","):
        match = _BOUND.match(part)
        if match is not None and (match[2] == wanted or match[2].startswith(f"{wanted}.")):
            return True
    return False


def recipe_evidence(plan: Plan, name: str, *, newest: int | None = None) -> Evidence:
    """Without a channel: done is a recipe that has the migration applied and a newer build number than `newest`.

    `newest` is the highest build number that there was for its version before, None where nothing tells.
    """
    facts = plan.graph.facts[name]
    platforms = plan.membership.members[name].platforms
    applied = plan.migration.name in facts.applied
    number = facts.build_number
    newer = newest is None or (number is not None and number > newest)
    place = f".ci_support/migrations/{plan.migration.name}.yaml"
    if not applied:
        text = f"the recipe has no {place}"
    elif not newer:
        text = f"the recipe has {place}, but its build number is still {number}"
    else:
        text = f"the recipe has {place}, build number {number}"
    return Evidence(done=dict.fromkeys(platforms, applied and newer), text=text)


def channel_evidence(
    plan: Plan, name: str, recipe: VariantRecipe, *, builds: Builds, exports: PinExports, pinning: Pinning | None
) -> Evidence:
    """What the channel has: done is a build with the new pin, on each platform, for each variant with the migration.

    Raises RecipeError and ConfigurationError where the recipe or a configuration can't be read.
    """
    member = plan.membership.members[name]
    done: dict[str, bool | None] = {}
    words: dict[str, list[str]] = {}
    for platform in member.platforms:
        try:
            missing, found = _on_platform(plan, recipe, platform, builds=builds, exports=exports, pinning=pinning)
        except UnknownError as exc:
            done[platform] = None
            words.setdefault(f"unknown: {exc.message}", []).append(platform)
            continue
        done[platform] = not missing
        words.setdefault(missing[0] if missing else f"there is {found}", []).append(platform)
    texts = (f"{text} ({', '.join(platforms)})" for text, platforms in words.items())
    return Evidence(done=done, text="; ".join(texts) or "it is built nowhere")


def _on_platform(
    plan: Plan, recipe: VariantRecipe, platform: str, *, builds: Builds, exports: PinExports, pinning: Pinning | None
) -> tuple[list[str], str]:
    """What is missing there, and what there is."""
    migration = plan.migration
    missing: list[str] = []
    found = ""
    keys = migration.pins(platform, recipe.forge.build_platform(platform))
    for variant, rendered in rendered_variants(recipe, pinning, [keys], platform=platform):
        for output in rendered.packages:
            if output.skip is True:
                continue
            wanted = _wanted(output, variant, plan, exports)
            if not wanted or (
                migration.settings.operation == "key_add" and not _is_new(variant, keys.configuration.values)
            ):
                continue
            match = _matching(builds(platform, output.name), variant, wanted)
            if match is None:
                pins = ", ".join(f"{package} {pin}" for package, pin in wanted.items())
                missing.append(f"{output.name} has no build with {pins}{_variant_text(output, variant)}")
            else:
                found = f"{output.name} {match.version}"
    if not found and not missing:
        if migration.name in recipe.migrations:
            return [], "the migration in the recipe; no pin in depends can tell"
        return ["no pin in depends can tell, and the recipe does not have the migration"], ""
    return missing, found


def _wanted(output: ReadOutput, variant: Variant, plan: Plan, exports: PinExports) -> dict[str, str]:
    """What a build of an output with the migration has in depends: exported package to pin."""
    wanted: dict[str, str] = {}
    for need in output.of("host") or output.of("build"):
        if need.name not in plan.membership.packages or need.condition is not None:
            continue
        pin = variant.values.get(need.name.replace("-", "_"), variant.values.get(need.name))
        if not pin:
            continue
        for package in exports.to(output, need):
            wanted[package] = pin
    return wanted


def _is_new(variant: Variant, added: Mapping[str, Sequence[str]]) -> bool:
    return all(variant.values.get(key) in values for key, values in added.items() if key in variant.values)


def _matching(found: Sequence[Build], variant: Variant, wanted: Mapping[str, str]) -> Build | None:
    for build in found:
        specs = dict(_split(depend) for depend in build.depends)
        if all(package in specs and carries(specs[package], pin) for package, pin in wanted.items()) and _same_python(
            specs, variant
        ):
            return build
    return None


def _same_python(specs: Mapping[str, str], variant: Variant) -> bool:
    """Whether a build is of the variant's Python, where both say one."""
    python = variant.values.get("python", "")
    if not python or "python_abi" not in specs:
        return True
    return carries(specs["python_abi"], python)


def _split(depend: str) -> tuple[str, str]:
    name, _, rest = depend.partition(" ")
    return name, rest.strip()


def _variant_text(output: ReadOutput, variant: Variant) -> str:
    if all(need.name != "python" for need in output.of("host")):
        return ""
    python = variant.values.get("python", "").split(" ")[0].removesuffix(".*")
    return f" for Python {python}" if python else ""

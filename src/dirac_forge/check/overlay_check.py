"""What if these recipes were merged: records laid over the channel, each one required, and the targets solved again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Literal

from rattler import Version

from dirac_forge.channel.records import Record, name_of
from dirac_forge.channel.solver import Channel
from dirac_forge.check.building import Built, ChannelExports, build
from dirac_forge.check.difference import Difference, difference
from dirac_forge.check.matrix import Cell, explain_cell, solve_cell
from dirac_forge.check.migrations import shown_migrations
from dirac_forge.errors import UnknownError
from dirac_forge.feedstock.algebra import MigrationKeys
from dirac_forge.feedstock.pinning import Pinning
from dirac_forge.feedstock.variants import VariantRecipe
from dirac_forge.progress import Observer, Silent
from dirac_forge.recipe.reading.recipe_text import ReadRunExport

__all__ = ["Outcome", "Proposal", "Verdict", "build_all", "compare", "judge", "migrations_of", "propose", "rounds_of"]

Outcome = Literal["better", "same", "worse", "unknown"]
_MOST_PASSES = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """One cell, without and with the proposal."""

    before: Cell
    after: Cell
    """With every package of the proposal that belongs here required; without, where that fails."""
    outcome: Outcome
    reason: str = ""
    failing: tuple[Record, ...] = ()
    """The proposal's packages that can't be installed with the target."""
    difference: Difference


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """What the merge of some recipes would do."""

    built: tuple[Built, ...]
    verdicts: tuple[Verdict, ...]

    @property
    def outcome(self) -> Outcome:
        """The worst of all; better only where nothing is worse."""
        found = {verdict.outcome for verdict in self.verdicts}
        order: tuple[Outcome, ...] = ("worse", "unknown", "better", "same")
        return next((outcome for outcome in order if outcome in found), "same")

    @property
    def unknown_exports(self) -> tuple[str, ...]:
        """Packages whose run_exports nothing tells: requirements that hang on them are not in the records."""
        return tuple(sorted({name for one in self.built for name in one.unknown}))


def propose(
    channel: Channel,
    recipes: Mapping[str, VariantRecipe],
    before: Sequence[Cell],
    *,
    executor: Executor,
    pinning: Pinning | None = None,
    at_hand: Callable[[str], tuple[ReadRunExport, ...] | None] = lambda _: None,
    observer: Observer | None = None,
) -> Proposal:
    """Build the recipes on paper and solve the cells again.

    Args:
        channel: as it is.
        recipes: by name of their feedstocks; they see each other.
        before: the cells, answered without the recipes.
        executor: runs the solves.
        pinning: conda-forge-pinning.
        at_hand: the run_exports that a recipe at hand writes for a package.
        observer: who is watching.

    Raises:
        RecipeError: a recipe does not render; with file and line.
        UnknownError: the channel can't be read.
    """
    platforms = tuple(dict.fromkeys(cell.platform for cell in before))
    built = build_all(channel, recipes, platforms=platforms, pinning=pinning, at_hand=at_hand)
    view = channel.overlaid([one.record for one in built])
    watcher = observer or Silent()
    watcher.started("solving with the recipes", len(before))

    def decide(cell: Cell) -> Verdict:
        found = judge(view, cell, built)
        watcher.advanced("solving with the recipes", detail=f"{cell.target} {cell.platform} {cell.python}")
        return found

    verdicts = tuple(executor.map(decide, before))
    watcher.finished("solving with the recipes")
    return Proposal(built=built, verdicts=verdicts)


def build_all(
    channel: Channel,
    recipes: Mapping[str, VariantRecipe],
    *,
    platforms: Sequence[str],
    pinning: Pinning | None,
    at_hand: Callable[[str], tuple[ReadRunExport, ...] | None] = lambda _: None,
    known: ChannelExports | None = None,
) -> tuple[Built, ...]:
    """What the recipes would make; again, as long as what one makes changes what another is built with.

    `known` is what is exported by packages of `channel` as it is: host environments that were solved for other recipes.
    """
    made: dict[str, list[Built]] = {}
    stale = list(recipes)
    for _ in range(_MOST_PASSES):
        before = {feedstock: [one.record for one in made.get(feedstock, ())] for feedstock in stale}
        earlier = [one for some in made.values() for one in some]
        view = channel.overlaid([one.record for one in earlier]) if earlier else channel
        exports = ChannelExports(view, at_hand) if earlier or known is None else known
        exports.add(earlier)
        for feedstock in stale:
            made[feedstock] = _made(view, feedstock, recipes[feedstock], platforms, channel, exports, pinning)
        changed = {
            one.record.name: feedstock
            for feedstock in stale
            if [one.record for one in made[feedstock]] != before[feedstock]
            for one in made[feedstock]
        }
        stale = [
            feedstock
            for feedstock, recipe in recipes.items()
            if any(changed.get(name, feedstock) != feedstock for name in _built_with(recipe, platforms))
        ]
        if not stale:
            break
    unique = {(one.record.subdir, one.record.file): one for some in reversed(made.values()) for one in reversed(some)}
    return tuple(reversed(unique.values()))


def _made(
    view: Channel,
    feedstock: str,
    recipe: VariantRecipe,
    platforms: Sequence[str],
    channel: Channel,
    exports: ChannelExports,
    pinning: Pinning | None,
) -> list[Built]:
    found: list[Built] = []
    for platform in dict.fromkeys((*platforms, *recipe.forge.noarch_platforms)):
        made = build(
            recipe,
            feedstock=feedstock,
            channel=view,
            exports=exports,
            platforms=[platform],
            pinning=pinning,
            migrations=migrations_of(channel, recipe, platform, pinning),
        )
        found += [one for one in made if one.platform == platform]
    return found


def _built_with(recipe: VariantRecipe, platforms: Sequence[str]) -> set[str]:
    """Packages that an output has in build or host."""
    return {
        need.name
        for platform in platforms
        for output in recipe.text.render(platform=platform).packages
        for need in (*output.of("build"), *output.of("host"))
    }


def compare(before: Cell, after: Cell) -> tuple[Outcome, str]:
    """Better, same or worse, by status and by the versions of what the target names."""
    if "unknown" in (before.status, after.status):
        return "unknown", after.reason or before.reason
    if before.status != after.status:
        if after.status == "installable":
            return "better", f"{after.target} {after.version} can be installed"
        return "worse", after.reason
    raised = []
    for name in dict.fromkeys(map(name_of, before.specs)):
        old, new = _version(before, name), _version(after, name)
        if name == "python" or not old or not new:
            continue
        if Version(new) < Version(old):
            return "worse", f"only {name} {new} can be installed, {old} before"
        if Version(new) > Version(old):
            raised.append(f"{name} {old} → {new}")
    if raised:
        return "better", ", ".join(raised)
    return "same", ""


def _version(cell: Cell, name: str) -> str:
    return next((record.version for record in cell.packages if record.name == name), "")


def migrations_of(
    channel: Channel, recipe: VariantRecipe, platform: str, pinning: Pinning | None
) -> tuple[MigrationKeys, ...]:
    """The open migrations that a feedstock has been through, which come on top of the pinning."""
    if pinning is None or recipe.ci_support:
        return ()
    names = {output.name for output in recipe.text.render(platform=platform).packages}
    return shown_migrations(pinning, channel.index(platform), sorted(names))


def judge(view: Channel, before: Cell, built: Sequence[Built]) -> Verdict:
    """One cell: all packages of the proposal at once, which proves each; where that fails, one by one."""
    blank = replace(before, status="unknown", version="", packages=(), reason="", causes=(), unblock=None, older="")
    rounds = rounds_of(view, before, built)
    after = solve_cell(view, blank, required=rounds[0] if rounds else ())
    rest = (
        [solve_cell(view, blank, required=some).status for some in rounds[1:]] if after.status == "installable" else []
    )
    if after.status == "unknown" or "unknown" in rest:
        return Verdict(before=before, after=after, outcome="unknown", reason=after.reason, difference=Difference())
    if after.status == "installable" and all(status == "installable" for status in rest):
        outcome, reason = compare(before, after)
        return Verdict(
            before=before,
            after=after,
            outcome=outcome,
            reason=reason,
            difference=difference(before.packages, after.packages),
        )
    return _fallen(view, before, blank, rounds)


def _fallen(view: Channel, before: Cell, blank: Cell, rounds: Sequence[Sequence[Record]]) -> Verdict:
    """Not everything of the proposal can be installed with the target: what, why, and whether it could before."""
    records = list(dict.fromkeys(record for some in rounds for record in some))
    if len(records) == 1:
        failing = records
    else:
        failing = [one for one in records if solve_cell(view, blank, required=[one]).status != "installable"]
    after = solve_cell(view, blank)
    changes = difference(before.packages, after.packages)
    if before.status != "installable":
        alone = [record for record in failing if not _alone(view, blank, record)]
        if not failing:
            outcome, reason = compare(before, after)
            return Verdict(before=before, after=after, outcome=outcome, reason=reason, difference=changes)
        published = [record for record in alone if _published_alone(view, blank, record)]
        outcome_: Outcome = "worse" if published else "same"
        why = _why(view, blank, published[0], alone=True) if published else before.reason
        return Verdict(
            before=before, after=after, outcome=outcome_, reason=why, failing=tuple(failing), difference=changes
        )
    if not failing:
        # Each can be had with the target, all of them together can't.
        names = ", ".join(f"{record.name} {record.version}" for record in records)
        reason = f"{before.target} can't be installed with {names} all at once"
        return Verdict(
            before=before, after=after, outcome="worse", reason=reason, failing=tuple(records), difference=changes
        )
    alone_fails = not _alone(view, blank, failing[0])
    reason = _why(view, blank, failing[0], alone=alone_fails)
    return Verdict(
        before=before, after=after, outcome="worse", reason=reason, failing=tuple(failing), difference=changes
    )


def rounds_of(view: Channel, cell: Cell, built: Sequence[Built]) -> list[list[Record]]:
    """The packages of the proposal that belong into a cell, in as few sets as variants of one name allow."""
    by_name: dict[str, list[Record]] = {}
    for one in built:
        record = one.record
        if (
            record.subdir in ("noarch", cell.platform)
            and _for_python(view, cell, record)
            and _for_machine(view, cell, record)
        ):
            by_name.setdefault(record.name, []).append(record)
    deepest = max((len(records) for records in by_name.values()), default=0)
    return [[records[min(at, len(records) - 1)] for records in by_name.values()] for at in range(deepest)]


def _for_python(view: Channel, cell: Cell, record: Record) -> bool:
    """Whether the package is made for the cell's Python at all: a variant for another one belongs elsewhere."""
    if not cell.python:
        return True
    index = view.index(cell.platform)
    pythons = index.match(f"python {cell.python}.*")[1]
    abi = f"python_abi {cell.python}."
    for spec in record.depends:
        name = name_of(spec)
        if name == "python" and not index.match(spec)[1] & pythons:
            return False
        if name == "python_abi" and not spec.startswith(abi):
            return False
    return True


def _for_machine(view: Channel, cell: Cell, record: Record) -> bool:
    """A noarch package for `__unix` or `__win` belongs on these only."""
    index = view.index(cell.platform)
    return all(
        index.match(spec)[1] for spec in record.depends if name_of(spec) in ("__unix", "__win", "__linux", "__osx")
    )


def _alone(view: Channel, cell: Cell, record: Record) -> bool:
    python = [spec for spec in cell.specs if name_of(spec) == "python"]
    lone = replace(cell, specs=(record.name, *python))
    return solve_cell(view, lone, required=[record]).status == "installable"


def _published_alone(view: Channel, cell: Cell, record: Record) -> bool:
    """Whether what the channel has now of a package can be installed by itself."""
    older = [known for known in view.index(cell.platform).group(record.name).records if known.channel]
    if not older:
        return False
    python = [spec for spec in cell.specs if name_of(spec) == "python"]
    lone = replace(cell, specs=(f"{record.name} ={older[0].version}", *python))
    return solve_cell(view, lone).status == "installable"


def _why(view: Channel, cell: Cell, record: Record, *, alone: bool) -> str:
    """Why a package of the proposal can't be installed: by itself, or with the target."""
    exact = f"{record.name} =={record.version} {record.build}"
    python = tuple(spec for spec in cell.specs if name_of(spec) == "python")
    rest = () if alone else tuple(spec for spec in cell.specs if spec not in python)
    asked = replace(cell, specs=(exact, *rest, *python), status="not-installable", reason="")
    try:
        explained = explain_cell(view, asked, remedies=False, older=False)
    except UnknownError as exc:
        return exc.message
    head = f"{record.name} {record.version} can't be installed" + ("" if alone else f" with {cell.target}")
    return f"{head}: {explained.reason}"

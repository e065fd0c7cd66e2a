"""`dirac-forge check`: is each target installable, per platform and Python, now and with some recipes merged?"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import repeat
from pathlib import Path

from dirac_forge.channel.opening import open_channel
from dirac_forge.channel.records import name_of
from dirac_forge.channel.snapshot_file import SnapshotEnd
from dirac_forge.channel.solver import Channel
from dirac_forge.channel.virtual import known_platform, this_platform
from dirac_forge.check.asked_targets import asked_targets
from dirac_forge.check.causes import ForeignChannel, MachineMismatch, PythonLine, UnknownName
from dirac_forge.check.cells import Cell
from dirac_forge.check.configured import asked_cells
from dirac_forge.check.exports import exports_at_hand
from dirac_forge.check.grouped import ChannelCells, grouped_cells
from dirac_forge.check.helping import helping_proposals
from dirac_forge.check.matrix import check as check_cells
from dirac_forge.check.new_packages import expected_for, new_targets, with_pythons
from dirac_forge.check.obstacles import python_lines
from dirac_forge.check.on_cluster import check_on_cluster
from dirac_forge.check.proof import Proof, cannot_be_built, merged, refusal_of
from dirac_forge.check.proof_reasons import NothingMade
from dirac_forge.check.prover import Prover
from dirac_forge.check.recipes_at_hand import RecipesAtHand
from dirac_forge.check.removed_packages import missing_in
from dirac_forge.check.since import Turn, turn_of
from dirac_forge.check.subjects import Subject
from dirac_forge.check.targets import Target
from dirac_forge.cli.context import Context
from dirac_forge.cli.moments import require_past
from dirac_forge.cluster import Cluster, connected
from dirac_forge.errors import InputError, UnknownError
from dirac_forge.feedstock.channel_pinning import pinning_or_warning
from dirac_forge.feedstock.pinning import Pinning
from dirac_forge.feedstock.workspace import FeedstockFolder, read_workspace
from dirac_forge.recipe.reading.recipe_text import find_recipe
from dirac_forge.report.check import terminal
from dirac_forge.report.check_json import document
from dirac_forge.report.document import listed
from dirac_forge.report.next_steps import Step, check_steps
from dirac_forge.report.removed_packages import missing_words
from dirac_forge.untrusted import time_from

_NO, _UNKNOWN = 1, 3
_AGE = re.compile(r"(\d{1,5})([hdw])")
_HOURS = {"h": 1, "d": 24, "w": 7 * 24}
_THREADS = 8


def check(
    context: Context,
    specs: Sequence[str],
    *,
    with_: Sequence[str],
    since: str = "",
    remedies: bool,
    cluster: str = "",
) -> int:
    """Check targets, answer with the matrix and what recipes change in it, and return the exit code.

    Raises InputError.
    """
    settings = context.settings
    for platform in settings.platforms:
        known_platform(platform)
    asked, recipes = _sorted(specs, with_)
    folders = _folders(context, recipes)
    start = _moment(since) if since else None
    targets = asked_targets(settings, asked, context.observer)
    groups, new = _questions(context, targets, asked, folders)
    ends = _ends(groups, start)
    found: list[Cell] = []
    proofs: list[Proof] = []
    changes: list[Turn] = []
    unread: list[Cell] = []
    with (
        ThreadPoolExecutor(min(_THREADS, (os.cpu_count() or 2) + 1)) as executor,
        _workers(cluster) as workers,
    ):
        for group in groups:
            mine = _answers(context, group, workers, executor, remedies=remedies)
            if folders:
                mine, proof = _proof(context, group, mine, folders, executor, new=new)
                proofs.append(proof)
            found += mine
            if start is not None and ends is None:
                turned = list(executor.map(turn_of, repeat(group.channel), mine, repeat(start)))
                changes += filter(None, turned)
                unread += (cell for cell, turn in zip(mine, turned, strict=True) if turn is None)
    for missing in missing_in(targets, found):
        context.observer.warned(missing_words(missing))
    whole = merged(proofs) if proofs else None
    shown = terminal(found, whole, changes, unread=unread, verbose=context.options.verbose, ends=ends)
    code = exit_code(found, whole) or (_UNKNOWN if ends is not None or unread else 0)
    steps = _steps(context, asked, recipes, found, whole, several=len(folders) > 1, explained=bool(since))
    context.answer(shown, document(found, whole, changes, unread=unread, ends=ends), steps)
    return code


def _questions(
    context: Context, targets: Sequence[Target], asked: Sequence[str], folders: Mapping[str, FeedstockFolder]
) -> tuple[Sequence[ChannelCells], frozenset[str]]:
    """Return the cells by channel, and which of the targets are new packages. Raises InputError if there are none."""
    opened = open_channel(context) if folders else None
    new = _new_targets(context, opened, folders, targets) if opened is not None else []
    named = {name_of(spec) for target in targets for specs in target.all_specs() for spec in specs}
    more = [] if asked else [target for target in new if target.name not in named]
    groups = grouped_cells(context, [*targets, *more], opened=opened)
    if not groups:
        hint = "Name another --platform." if targets else "Name a target, or give [tool.dirac-forge.targets]."
        raise InputError("there is nothing to check", hint=hint)
    _require_pythons(context, groups)
    # A new package that is asked for by its name is the same question as one that is checked because it is made.
    bare = {name for name in asked if name not in context.settings.targets}
    return groups, frozenset(target.name for target in new if target in more or target.name in bare)


def _steps(
    context: Context,
    asked: Sequence[str],
    recipes: Sequence[str],
    cells: Sequence[Cell],
    proof: Proof | None,
    *,
    several: bool,
    explained: bool,
) -> tuple[Step, ...]:
    """Return what to do next; when something became a no means nothing for what never was there."""
    known = [cell for cell in cells if cell.unexpected and not _never_was(cell)]
    return check_steps(
        asked,
        recipes,
        several=several,
        good=exit_code(cells, proof) == 0 and (context.settings.workspace / "feedstocks").is_dir(),
        worse=proof is not None and proof.outcome == "worse",
        history=bool(known) and context.observer.as_of is None and not explained,
        buildable=_buildable(context) if _is_of_use(proof) else None,
    )


def _is_of_use(proof: Proof | None) -> bool:
    """Whether something can be installed with the recipes, and what was asked of them can be built."""
    if proof is None or cannot_be_built(proof) or any(one.unbuilt for one in proof.verdicts if one.before.wanted):
        return False
    return any(verdict.after.status == "installable" for verdict in proof.verdicts)


def _buildable(context: Context) -> tuple[str, ...] | None:
    """Return the options of `build` here: of several --platform this machine's alone, None if it is not among them."""
    settings = context.settings
    here = this_platform()
    if "platforms" not in settings.flags:
        return ()
    return ("--platform", here) if here in settings.platforms else None


def _never_was(cell: Cell) -> bool:
    """Whether no channel has something that is requested, it is of a channel that is not asked, or of the machine."""
    never = (UnknownName, ForeignChannel, MachineMismatch)
    return any(isinstance(cause.obstacle, never) and len(cause.chain) == 1 for cause in cell.causes)


def _require_pythons(context: Context, groups: Sequence[ChannelCells]) -> None:
    """Raise InputError for a `--python` that the channels never had, on any of the platforms."""
    settings = context.settings
    if "pythons" not in settings.flags:
        return
    try:
        known = _known_pythons(groups)
    except UnknownError:
        return
    # A version of which there are free-threaded builds only is met by these.
    names = {*map(str, known), *(str(line).removesuffix("t") for line in known)}
    strange = [python for python in settings.pythons if python not in names]
    if known and strange:
        raise _no_such_pythons(strange, known, context.observer.as_of)


def _known_pythons(groups: Sequence[ChannelCells]) -> list[PythonLine]:
    places = {(group.channel, cell.platform) for group in groups for cell in group.cells}
    return sorted({line for channel, platform in places for line in python_lines(channel.index(platform))})


def _no_such_pythons(strange: Sequence[str], known: Sequence[PythonLine], day: date | None) -> InputError:
    where = f"of the embedded snapshot of {day}" if day is not None else "of this channel"
    numbers = sorted({(line.major, line.minor) for line in known})
    texts = [f"{major}.{minor}" for major, minor in numbers]
    (first, since), (last, until) = numbers[0], numbers[-1]
    whole = len(numbers) > 1 and first == last and until - since == len(numbers) - 1
    has = f"{texts[0]} to {texts[-1]}" if whole else f"it has only {listed(texts)}"
    few = "is not a Python" if len(strange) == 1 else "are not Pythons"
    return InputError(f"--python: {listed(strange)} {few} {where} ({has})")


def _ends(groups: Sequence[ChannelCells], start: datetime | None) -> SnapshotEnd | None:
    """Return the snapshot that ends before the day from which `--since` asks, if one does."""
    ends = [end for group in groups if (end := group.channel.end) is not None]
    return next((end for end in ends if start is not None and start.date() > end.day), None)


def _answers(
    context: Context, group: ChannelCells, workers: Cluster | None, executor: Executor, *, remedies: bool
) -> tuple[Cell, ...]:
    """Return the matrix, from the workers of a cluster where there is one."""
    if workers is not None:
        return check_on_cluster(workers, group.address, group.cells, observer=context.observer, remedies=remedies)
    return check_cells(group.channel, group.cells, executor=executor, observer=context.observer, remedies=remedies)


@contextlib.contextmanager
def _workers(address: str) -> Iterator[Cluster | None]:
    """Connect to a cluster whose workers have the same dirac-forge; None without an address."""
    if not address:
        yield None
        return
    with connected(address) as cluster:
        cluster.require_same_version()
        yield cluster


def _folders(context: Context, recipes: Sequence[str]) -> dict[str, FeedstockFolder]:
    """Find the feedstocks of `--with`, before anything is solved."""
    if not recipes:
        return {}
    workspace = read_workspace(context.settings.workspace)
    found: dict[str, FeedstockFolder] = {}
    for folder in workspace.find_all(recipes):
        for said in folder.warnings:
            context.observer.warned(said)
        other = found.setdefault(folder.name, folder)
        if other.path.resolve() != folder.path.resolve():
            raise InputError(
                f"--with: {other.path} and {folder.path} are both called {folder.name}", hint="Check one at a time."
            )
    return found


def _warn_of_shared(context: Context, subjects: Sequence[Subject]) -> None:
    """Say which packages several recipes make: all of them are judged, as if each were uploaded."""
    makers: dict[str, list[str]] = {}
    for subject in subjects:
        for package in subject.provides:
            makers.setdefault(package, []).append(subject.key)
    for package, keys in makers.items():
        if len(keys) > 1:
            both = "both" if len(keys) == 2 else "all"
            context.observer.warned(f"{listed(keys)} {both} make {package}; each of these builds has to be installable")


def _new_targets(
    context: Context, channel: Channel, folders: Mapping[str, FeedstockFolder], known: Sequence[Target]
) -> list[Target]:
    """Return the packages that no channel has yet as targets, for the platforms and Pythons of the known ones."""
    cells = [cell for target in known for cell in asked_cells(context.settings, target)]
    platforms = tuple(dict.fromkeys(cell.platform for cell in cells)) or context.settings.platforms
    pythons = tuple(dict.fromkeys(cell.python for cell in cells if cell.python)) or context.settings.pythons
    subjects = _subjects(channel, folders, pinning_or_warning(context, channel), platforms)
    return new_targets(channel, subjects, platforms=platforms, pythons=pythons)


def _subjects(
    channel: Channel, folders: Mapping[str, FeedstockFolder], pinning: Pinning | None, platforms: Sequence[str]
) -> list[Subject]:
    return [
        Subject(name, folder.read(), channel=channel, pinning=pinning, platforms=platforms)
        for name, folder in folders.items()
    ]


def _proof(
    context: Context,
    group: ChannelCells,
    answers: tuple[Cell, ...],
    folders: Mapping[str, FeedstockFolder],
    executor: Executor,
    *,
    new: Collection[str],
) -> tuple[tuple[Cell, ...], Proof]:
    """Return the cells, with the Pythons that the recipes bring in, and what the merge of these recipes would do.

    `new` are the targets that are packages of these recipes.
    """
    channel = group.channel
    workspace = read_workspace(context.settings.workspace)
    pinning = pinning_or_warning(context, channel)
    platforms = tuple(dict.fromkeys(cell.platform for cell in answers))
    subjects = _subjects(channel, folders, pinning, platforms)
    _warn_of_shared(context, subjects)
    asked = context.settings.pythons if "pythons" in context.settings.flags else ()
    before = answers
    prover = Prover(
        channel,
        lambda: before,
        platforms=platforms,
        pinning=pinning,
        pythons=asked,
        at_hand=exports_at_hand([*folders.values(), *workspace], pinning),
        observer=context.observer,
    )
    laid = prover.laid(subjects)
    before = with_pythons(laid.view, channel, answers, group.cells)
    before = before if asked else expected_for(laid.view, before, [one.record for one in laid.built], new)
    proof = prover.proof(subjects, executor=executor)
    others = RecipesAtHand(prover, [folder for folder in workspace if folder.name not in folders])
    helping = helping_proposals(prover, subjects, (), proof, others, executor=executor)
    nothing = [subject for subject in subjects if next(subject.outputs("new"), None) is None]
    warnings = (NothingMade(feedstock=subject.key, platforms=platforms) for subject in nothing)
    return before, replace(proof, helping=helping, warnings=(*warnings, *proof.warnings))


def _moment(text: str) -> datetime:
    """Return the moment that `--since` names: a date, a time, or an age such as `7d`."""
    age = _AGE.fullmatch(text)
    if age is not None:
        return datetime.now(UTC) - timedelta(hours=int(age[1]) * _HOURS[age[2]])
    try:
        moment = time_from(text)
    except ValueError as exc:
        hint = "Write 2026-11-03, 2026-11-03T12:00, or an age: 12h, 7d, 2w."
        raise InputError(f"--since {text}: not a date", hint=hint) from exc
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    require_past(moment, f"--since {text}")
    return moment


def exit_code(cells: Sequence[Cell], proof: Proof | None = None) -> int:
    """Return 1 for a no where the target wants a yes, or if the recipes make something worse; 3 if unknown.

    Recipes that make no package, or a new one that can't be installed, are a no too.
    """
    if proof is not None:
        no = refusal_of(proof) is not None
        left = [verdict.after.status for verdict in proof.verdicts if verdict.before.wanted]
        # A tool that only tests need is a side question.
        own = [one.status for one in proof.environments if one.part != "test"]
        states = [*left, *(verdict.outcome for verdict in proof.verdicts), *own]
    else:
        no = any(cell.unexpected for cell in cells)
        states = [cell.status for cell in cells]
    return _NO if no else _UNKNOWN if "unknown" in states else 0


def _sorted(specs: Iterable[str], recipes: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the specs and the recipes: in `--with a b`, `b` may be the path of a feedstock."""
    found: list[str] = list(recipes)
    asked = []
    for spec in specs:
        path = Path(spec)
        is_recipe = path.name in ("recipe.yaml", "meta.yaml") or (path.is_dir() and find_recipe(path) is not None)
        if found and ("/" in spec or os.sep in spec) and is_recipe:
            found.append(spec)
        else:
            asked.append(spec)
    return asked, found

"""Changes that a person asks for by a command, sent on the same path as the bot's."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from functools import partial
from pathlib import Path

from dirac_forge.bot.batch import find_tree, write_batch
from dirac_forge.bot.connections import Connections, open_connections
from dirac_forge.bot.log import RunLog
from dirac_forge.bot.outcomes import outcome_of
from dirac_forge.bot.release_lines import folder_of, full_name_of
from dirac_forge.bot.send import send
from dirac_forge.bump.proposal import Bump
from dirac_forge.bump.skip_reasons import StillBlocked
from dirac_forge.errors import ForgeError, InputError
from dirac_forge.feedstock.change import Change, Edit, Skip
from dirac_forge.feedstock.generated import RECIPE_FILES
from dirac_forge.feedstock.repositories import Repository
from dirac_forge.feedstock.workspace import FeedstockFolder, Workspace
from dirac_forge.files import read_bytes
from dirac_forge.migration.plan import Plan
from dirac_forge.migration.rebuild import rebuild
from dirac_forge.proposals.bumps import BumpOptions, decide
from dirac_forge.proposals.context import ProposalContext
from dirac_forge.proposals.outcome_reasons import FeedstockExists
from dirac_forge.pullrequest.clones import Clones, Tip
from dirac_forge.pullrequest.decision import WantedRequest
from dirac_forge.pullrequest.delivery import Outcome, Remake
from dirac_forge.pullrequest.lease import Lease
from dirac_forge.pullrequest.making import PreparedTree
from dirac_forge.pullrequest.outbox import Outbox
from dirac_forge.pullrequest.records import Identity
from dirac_forge.pullrequest.smithy import NoSmithy, Smithy
from dirac_forge.recipe.making.judging import Needed
from dirac_forge.recipe.model import Recipe
from dirac_forge.report.bodies import with_bodies, with_rebuild_body, with_recipe_body
from dirac_forge.settings import Settings

__all__ = [
    "RequestedChange",
    "propose",
    "remake_from_folder",
    "requested_bumps",
    "requested_rebuilds",
    "requested_recipe",
    "rerendered",
]

RequestedChange = tuple[Change, Remake]
"""A change, and how it is decided again where the feedstock is not what it was made from."""


def requested_bumps(
    world: ProposalContext,
    workspace: Workspace,
    results: Iterable[tuple[FeedstockFolder, Bump | Skip]],
    options: BumpOptions,
    *,
    executor: Executor,
) -> list[RequestedChange]:
    """Return the proposed ones of these bumps; each starts from what its feedstock's repository has now.

    `executor` runs what deciding again asks of upstream and the solver.
    """
    pairs = list(results)
    bodies = with_bodies([result for _, result in pairs])

    def again(folder: FeedstockFolder) -> Change | Skip:
        (one,) = decide(world, workspace, [folder], options, executor=executor)
        (result,) = with_bodies([one.result])
        if isinstance(result, Bump) and result.status != "proposed":
            reason = StillBlocked(by=result.blocked_by)
            return Skip(feedstock=folder.name, branch=folder.branch or "main", reason=reason)
        return result.change if isinstance(result, Bump) else result

    return [
        (result.change, remake_from_folder(world.settings, folder, again))
        for (folder, _), result in zip(pairs, bodies, strict=True)
        if isinstance(result, Bump) and result.status == "proposed"
    ]


def requested_rebuilds(settings: Settings, plan: Plan, folders: Iterable[FeedstockFolder]) -> list[RequestedChange]:
    """Return the rebuilds of these members; those that need none are left out."""

    def again(folder: FeedstockFolder) -> Change | Skip:
        result = rebuild(folder, plan)
        return result if isinstance(result, Skip) else with_rebuild_body(result, plan)

    asked: list[RequestedChange] = []
    for folder in folders:
        result = again(folder)
        if isinstance(result, Change):
            asked.append((result, remake_from_folder(settings, folder, again)))
    return asked


def requested_recipe(recipe: Recipe, needed: Sequence[Needed], folder: Path) -> RequestedChange:
    """A new recipe as it lies in `folder` (a person may have finished it there). Raises InputError where it is gone."""
    texts: dict[str, str] = {}
    for path in sorted({*RECIPE_FILES.values(), "conda-forge.yml"}):
        try:
            texts[path] = read_bytes(folder / path).decode("utf-8")
        except FileNotFoundError:
            continue
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{folder / path} can't be read: {error}") from error
    change = Change(
        feedstock=recipe.feedstock,
        kind="recipe",
        key=recipe.version,
        title=f"{recipe.feedstock} {recipe.version}: a new recipe",
        edits=tuple(Edit(path=path, before=None, after=text) for path, text in texts.items()),
    )
    done = with_recipe_body(change, recipe, needed)
    return done, lambda _: done


def remake_from_folder(
    settings: Settings, folder: FeedstockFolder, again: Callable[[FeedstockFolder], Change | Skip]
) -> Remake:
    """Return what decides a change again from the files that the feedstock's repository has."""
    full_name, _ = full_name_of(settings, folder.name)

    def remake(files: Mapping[str, str]) -> Change | Skip:
        return again(folder_of(folder.name, full_name, folder.branch or "main", files))

    return remake


def propose(
    connections: Connections, settings: Settings, asked: Sequence[RequestedChange], *, force: bool
) -> list[Outcome]:
    """Send these. `force`: a person named them, so also before their next try is due and where they were closed.

    Raises BusyError where a bot is at work, and what the ledger raises.
    """
    with Lease(connections.ledger) as lease:
        run = connections.ledger.start_run()
        log = RunLog(connections.ledger, run.id, connections.write)

        def one(item: RequestedChange) -> Outcome:
            change, remake = item
            if change.kind == "recipe" and (there := _feedstock(settings, change.feedstock)):
                reason = FeedstockExists(feedstock=change.feedstock, repository=there)
                return Outcome(identity=Identity.of(change), state="skipped", reason=reason)
            outcome = send(connections, change, remake, log=log, lease=lease, force=force)
            connections.observer.advanced(_TASK, detail=change.feedstock)
            return outcome

        connections.observer.started(_TASK, len(asked))
        outcomes = list(connections.executor.map(one, asked))
        connections.observer.finished(_TASK)
        connections.ledger.end_run(run, outcome_of(outcome.state for outcome in outcomes))
    return outcomes


def rerendered(
    context: ProposalContext, requested: Sequence[RequestedChange], *, smithy: Smithy | NoSmithy, executor: Executor
) -> Callable[[Clones, WantedRequest, Tip], PreparedTree | None] | None:
    """Rerender these in a temporary outbox, without a token and without a word in the ledger.

    Returns what finds the trees; None where nothing may be rendered here.
    """
    if not isinstance(smithy, Smithy):
        return None
    with tempfile.TemporaryDirectory(prefix="dirac-forge-") as name:
        folder = Path(name)
        with open_connections(
            context,
            executor=executor,
            github=None,
            outbox=folder / "outbox",
            ledger=folder / "ledger.sqlite",
            smithy=smithy,
        ) as connections:
            propose(connections, context.settings, requested, force=True)
            assert isinstance(connections.destination, Outbox)  # noqa: S101  # there is no forge
            now = connections.ledger.now()
            batch = write_batch(connections.destination, made=now, looked=(), decisions=(), arrived=(), over={})
        packs = {
            tree.pack: (folder / "outbox" / "packs" / f"{tree.pack}.pack").read_bytes()
            for tree in batch.trees
            if tree.pack
        }
    return partial(find_tree, batch.trees, packs.__getitem__)


_TASK = "changes"


def _feedstock(settings: Settings, name: str) -> str:
    """Return the repository of a feedstock, where there is one for sure; "" else."""
    full_name, url = full_name_of(settings, name)
    try:
        Repository(url).commit("")
    except ForgeError:
        return ""
    return full_name

"""Changes that a person asks for by a command, and how each is decided again where the feedstock moved on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path

from dirac_forge.bump.proposal import Bump, still_blocked
from dirac_forge.errors import InputError
from dirac_forge.feedstock.change import Change, Edit, Skip
from dirac_forge.feedstock.generated import RECIPE_FILES
from dirac_forge.feedstock.workspace import FeedstockFolder, Workspace
from dirac_forge.files import read_bytes, unreadable
from dirac_forge.migration.plan import Plan
from dirac_forge.migration.rebuild import rebuild
from dirac_forge.proposals.bumps import BumpOptions, decide
from dirac_forge.proposals.context import ProposalContext
from dirac_forge.pullrequest.delivery import Remake
from dirac_forge.pullrequest.feedstock_files import folder_of, full_name_of
from dirac_forge.recipe.making.judging import Needed
from dirac_forge.recipe.model import Recipe
from dirac_forge.report.bodies import with_bodies, with_rebuild_body, with_recipe_body
from dirac_forge.settings import Settings

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
            return still_blocked(result)
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
    """Return the new recipe in `folder`, which a person may have finished. Raises InputError if it is gone."""
    texts: dict[str, str] = {}
    for path in sorted({*RECIPE_FILES.values(), "conda-forge.yml"}):
        try:
            texts[path] = read_bytes(folder / path).decode("utf-8")
        except FileNotFoundError:
            continue
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{folder / path} can't be read: {unreadable(error)}") from error
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

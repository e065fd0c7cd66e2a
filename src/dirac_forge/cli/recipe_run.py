"""One run of `dirac-forge recipe`: recipes made, written, built or sent, and the exit code."""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING

from dirac_forge.cli.context import Context
from dirac_forge.cli.github import SentChanges, send
from dirac_forge.cli.recipe_request import RecipeRequest
from dirac_forge.errors import ForgeError, InputError, UnknownError
from dirac_forge.feedstock.generated import WriteOutcome, put
from dirac_forge.feedstock.workspace import FeedstockFolder, feedstocks_in, read_workspace
from dirac_forge.git import git
from dirac_forge.proposals.recipe_inputs import read_inputs
from dirac_forge.proposals.recipes import checked, maker_of
from dirac_forge.recipe.making.maker import MadeRecipes
from dirac_forge.recipe.model import Recipe
from dirac_forge.recipe.writing.wording import is_maintainer
from dirac_forge.report.next_steps import recipe_steps
from dirac_forge.report.recipes import as_json, as_text, refusals
from dirac_forge.report.terminal import joined, sentences
from dirac_forge.settings.loading import ENVIRONMENT_PREFIX
from dirac_forge.settings.model import Settings
from dirac_forge.upstream.lookup import Lookup

if TYPE_CHECKING:
    from dirac_forge.build.model import BuildReport


def made_recipes(
    context: Context, request: RecipeRequest, lookup: Lookup, executor: Executor
) -> tuple[MadeRecipes, int]:
    """Return the recipes that are asked for, the last of them, whose number is returned too, by name."""
    index = lookup if request.published else None
    inputs = read_inputs(request.projects, request.feedstock, context.http, index=index)
    maintainers = _maintainers(request.maintainers, context.settings)
    maker = maker_of(context, executor, lookup=lookup, given=inputs.given, maintainers=maintainers)
    return checked(context, maker.make(inputs.orders, request.deps), request.format), len(inputs.orders)


def answered(context: Context, request: RecipeRequest, made: MadeRecipes, asked: int, *, by_hand: str) -> int:
    """Write the recipes, answer with them and their dependencies, and return the exit code.

    The last `asked` recipes are those that were asked for; `by_hand` says how one is proposed without a token.
    """
    folder = request.output or context.settings.workspace / "feedstocks"
    outcomes = [put(folder, one, request.format, force=request.force) for one in made.recipes]
    report = _built(context, outcomes) if request.build else None
    failed = report is not None and not report.passed
    # What fails is not proposed.
    sent = _sent(context, made, outcomes, by_hand) if request.pr and not failed else SentChanges()
    shown = [as_text(made, outcomes, verbose=context.options.verbose, table=request.table)]
    document = as_json(made, outcomes) | ({"requests": sent.document} if request.pr else {})
    if report is not None:
        from dirac_forge.report.build import build_json, build_text  # noqa: PLC0415  # only with --build

        shown.append(build_text(report, verbose=context.options.verbose))
        document["build"] = build_json(report)
    if not request.maintainers and (origin := _foreign_maintainers(context, folder)) is not None:
        shown.append(sentences([f"recipe-maintainers are those of {origin}; --maintainer NAME gives others."]))
        document["maintainers_from"] = str(origin)
    refused = refusals(made.recipes) if request.pr else []
    shown += [sentences([*sent.lines, *refused])] if sent.lines or refused else []
    folders = [outcome.folder for outcome in outcomes]
    steps = recipe_steps(folders, _packages(made.recipes[-asked:]), together=_together(folders))
    context.answer(joined(shown), document, steps)
    return max(_exit_code(outcomes, report), sent.exit_code, int(bool(refused)))


def _together(folders: Sequence[Path]) -> Path | None:
    """Return the folder that has these feedstocks and no other, if there is one."""
    parents = {folder.parent for folder in folders}
    parent = parents.pop() if len(parents) == 1 else None
    return parent if parent is not None and feedstocks_in(parent) == sorted(folders) else None


def _exit_code(outcomes: Sequence[WriteOutcome], report: BuildReport | None) -> int:
    """Return 1 for a recipe that was not written, or could not be built; 3 if it is unknown whether it can be."""
    no = any(outcome.state == "differs" for outcome in outcomes)
    if report is None or report.passed:
        return int(no)
    return UnknownError.exit_code if report.unknown and not no else 1


def _packages(recipes: Sequence[Recipe]) -> list[str]:
    """Return the package of each recipe that has its name, else the first one."""
    names = ([output.name for output in each.outputs] for each in recipes)
    return [
        each.feedstock if each.feedstock in outputs else outputs[0]
        for each, outputs in zip(recipes, names, strict=True)
        if outputs
    ]


def _sent(context: Context, made: MadeRecipes, outcomes: Sequence[WriteOutcome], by_hand: str) -> SentChanges:
    from dirac_forge.pullrequest.requested import requested_recipe  # noqa: PLC0415  # only with --pr

    pairs = zip(made.recipes, outcomes, strict=True)
    asked = [requested_recipe(one, made.needed, outcome.folder) for one, outcome in pairs if not one.in_channel]
    return send(context, asked, force=True, otherwise=by_hand)


def _maintainers(asked: Sequence[str], settings: Settings) -> tuple[str, ...]:
    """Return those that are requested, else the workspace's, else the user, if git knows their account.

    Raises InputError for what can't be one.
    """
    for name in asked or settings.maintainers:
        if not is_maintainer(name):
            where = "--maintainer" if asked else "`maintainers` in the settings"
            raise InputError(
                f"{where}: {name!r} is not a GitHub user or team", hint="Expected octocat, or conda-forge/team."
            )
    return tuple(asked) or settings.maintainers or _own_account()


def _foreign_maintainers(context: Context, folder: Path) -> Path | None:
    """Return the file that maintainers come from, if recipes are written elsewhere than its workspace keeps them.

    It may then be somebody else's workspace, such as a clone of this project.
    """
    settings = context.settings
    if not settings.maintainers or context.environ.get(f"{ENVIRONMENT_PREFIX}MAINTAINERS", "").strip():
        return None
    own = folder.resolve().is_relative_to((settings.workspace / "feedstocks").resolve())
    return None if own else settings.workspace / "pyproject.toml"


def _own_account() -> tuple[str, ...]:
    """Return the user's account on GitHub, if git's configuration has it."""
    try:
        said = git("config", "--get-regexp", r"^(github\.user|user\.email)$", about="git's configuration").decode()
    except ForgeError:
        return ()
    values = dict(line.split(" ", 1) for line in said.splitlines() if " " in line)
    private = re.fullmatch(r"(?:\d+\+)?([\w-]+)@users\.noreply\.github\.com", values.get("user.email", ""))
    name = values.get("github.user") or (private[1] if private else "")
    return (name,) if re.fullmatch(r"[A-Za-z0-9-]+", name) else ()


def _built(context: Context, outcomes: Sequence[WriteOutcome]) -> BuildReport:
    """Build the recipes that are written, each with those that it depends on."""
    from dirac_forge.build.session import BuildRequest, run_builds  # noqa: PLC0415  # only with --build
    from dirac_forge.check.why_not import why_not  # noqa: PLC0415

    written = [outcome.folder for outcome in outcomes if outcome.state != "differs"]
    folders = tuple(FeedstockFolder(folder.name, folder) for folder in written)
    workspace = read_workspace(context.settings.workspace)
    return run_builds(context, workspace, BuildRequest(folders=folders, with_missing=True), explain=why_not)

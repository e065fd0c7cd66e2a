"""`dirac-forge bump`: which feedstocks move to which version, with the edits, or why they do not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dirac_forge.bump.new_needs import Lack
from dirac_forge.bump.proposal import Bump
from dirac_forge.cli.context import Context
from dirac_forge.cli.discovery import require_workspace
from dirac_forge.cli.github import SentChanges, needs_token, send, unsafe_build_of
from dirac_forge.errors import InputError
from dirac_forge.feedstock.change import Skip
from dirac_forge.feedstock.workspace import FeedstockFolder, Workspace, read_workspace
from dirac_forge.files import read_text, write_files
from dirac_forge.proposals.bumps import BumpOptions, Decided, decide
from dirac_forge.report.bodies import with_bodies
from dirac_forge.report.bumps import bumps_json, bumps_text
from dirac_forge.report.next_steps import Step, bump_steps
from dirac_forge.report.target_state import targets_json, targets_lines
from dirac_forge.untrusted import one_line, parse_json
from dirac_forge.upstream.digests import read_known

if TYPE_CHECKING:
    from rich.console import RenderableType

    from dirac_forge.check.cells import Cell

__all__ = ["bump"]

_NO, _UNREADABLE, _UNKNOWN = 1, 2, 3
_VERSION = re.compile(r"(?=.*[0-9])[0-9A-Za-z][0-9A-Za-z._+!-]{0,99}")


def bump(
    context: Context,
    feedstocks: Sequence[str],
    *,
    to: str,
    write: bool,
    pr: bool,
    check: bool,
    build: bool,
    known_sha256: Path | None,
    dependencies: Literal["update", "report", "off"] | None,
    catch_up: bool = False,
) -> int:
    """Decide bumps, write or send them where asked for, answer with them, and return the exit code.

    Raises InputError for a build that could read the token for the pull requests.
    """
    if pr:
        needs_token(context)
    if build and pr:
        _refuse_token(context)
    if dependencies is None and to and known_sha256:
        dependencies = "off"
    if not feedstocks:
        require_workspace(context.settings.workspace, named=context.named_workspace)
    workspace = read_workspace(context.settings.workspace)
    folders = _chosen(workspace, feedstocks, to)
    options = BumpOptions(
        to=to,
        dependencies=dependencies,
        check=check,
        build=build,
        known=_known(known_sha256),
        catch_up=catch_up,
        changelog=pr,
    )
    with ThreadPoolExecutor(context.settings.connections) as executor:
        decided = decide(context, workspace, folders, options, executor=executor)
        sent = _sent(context, workspace, decided, options, executor, force=bool(feedstocks)) if pr else None
        targets = _targets(context, decided, executor) if check and feedstocks else ()
    if write:
        _write_all(context, workspace, decided)
    results = [one.result for one in decided]
    if context.options.json:
        requests = {"requests": sent.document} if sent is not None else {}
        standing = {"targets": targets_json(targets)} if targets else {}
        context.answer("", {**bumps_json(with_bodies(results)), **requests, **standing})
    else:
        verbose = context.options.verbose
        shown = bumps_text(results, written=write, verbose=verbose, diffs=len(feedstocks) == 1, requested=pr)
        lines = [*targets_lines(targets), *(sent.lines if sent is not None else ())]
        steps = _steps(workspace, results, feedstocks, written=write or pr, verbose=verbose)
        context.answer(_with_lines(shown, lines), None, steps)
    return max(_exit_code(results, asked=bool(to or feedstocks)), sent.exit_code if sent is not None else 0)


def _refuse_token(context: Context) -> None:
    """Raise InputError where upstream's code could read the token for the pull requests."""
    unsafe = unsafe_build_of(context)
    if unsafe:
        raise InputError(
            f"--build runs code from upstream, which could read {unsafe}: nothing was done",
            hint="Give the token in a file of your home folder (GITHUB_TOKEN_FILE) or by `gh auth login`, where builds "
            "are isolated (`dirac-forge doctor` says so), or leave --build out.",
        )


def _sent(
    context: Context,
    workspace: Workspace,
    decided: Iterable[Decided],
    options: BumpOptions,
    executor: Executor,
    *,
    force: bool,
) -> SentChanges:
    from dirac_forge.bot.requested import requested_bumps  # noqa: PLC0415  # 0.4 s that others do without

    pairs = [(one.folder, one.result) for one in decided]
    # Made again for a newer feedstock, a change is not built: the token is in this process then.
    again = replace(options, build=False)
    asked = requested_bumps(context, workspace, pairs, again, executor=executor)
    return send(context, asked, force=force)


def _targets(context: Context, decided: Iterable[Decided], executor: Executor) -> tuple[Cell, ...]:
    """Return the targets as they are, where no proof tells what becomes of them."""
    results = [one.result for one in decided]
    if any(isinstance(one, Bump) or one.kind != "nothing" for one in results):
        return ()
    from dirac_forge.proposals.target_state import target_state  # noqa: PLC0415  # the solver's library is large

    return target_state(context, executor)


def _steps(
    workspace: Workspace, results: Sequence[Bump | Skip], asked: Sequence[str], *, written: bool, verbose: bool
) -> tuple[Step, ...]:
    bumps = [result for result in results if isinstance(result, Bump)]
    proposed = [bump.change.feedstock for bump in bumps if bump.status == "proposed"]
    unknown = not asked and any(isinstance(one, Skip) and one.kind == "unknown" for one in results)
    open_ = unknown or len(bumps) > len(proposed)
    first, absent = _to_bump_first(workspace, bumps) if asked else ((), ())
    return bump_steps(proposed, asked=asked, open_=open_, written=written, first=first, absent=absent, verbose=verbose)


def _to_bump_first(workspace: Workspace, bumps: Sequence[Bump]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the feedstocks that make newer versions of what blocks the bumps, and packages that none here makes."""
    looked = {bump.change.feedstock for bump in bumps}
    lacks = [lack for bump in bumps for lack in bump.blocked_by if isinstance(lack, Lack) and not lack.offered]
    makers = {lack.need.package: workspace.making(lack.need.package) for lack in lacks}
    outdated = {lack.need.package for lack in lacks if lack.availability.status == "outdated"}
    first = dict.fromkeys(folder.name for folder in makers.values() if folder is not None)
    absent = (package for package, folder in makers.items() if folder is None and package in outdated)
    return tuple(name for name in first if name not in looked), tuple(absent)


def _chosen(workspace: Workspace, feedstocks: Sequence[str], to: str) -> list[FeedstockFolder]:
    """Return the feedstocks that are named, all where none is; with `to` it has to be one.

    Raises InputError.
    """
    folders = [workspace.find(name) for name in feedstocks] or [*workspace, *workspace.lines]
    if to and _VERSION.fullmatch(to) is None:
        raise InputError(f"--to {one_line(to, longest=60)}: expected a version such as 1.2.3")
    if to and len(folders) != 1:
        raise InputError("--to is for one feedstock", hint="Name it.")
    return folders


def _with_lines(shown: RenderableType, lines: Sequence[str]) -> RenderableType:
    if not lines:
        return shown
    from dirac_forge.report.terminal import joined, sentences  # noqa: PLC0415  # only where something was sent

    return joined([shown, sentences(lines)])


def _exit_code(results: Sequence[Bump | Skip], *, asked: bool) -> int:
    kinds = {result.kind for result in results if isinstance(result, Skip)}
    if "unknown" in kinds:
        return _UNKNOWN
    if asked and "unreadable" in kinds:
        return _UNREADABLE
    stopped = any(isinstance(result, Bump) and _stopped(result) for result in results)
    return _NO if stopped or (asked and "no" in kinds) else 0


def _stopped(bump: Bump) -> bool:
    """Whether a bump is blocked, or would make a target worse."""
    return bump.status == "blocked" or (bump.proof is not None and bump.proof.outcome == "worse")


def _known(path: Path | None) -> dict[str, dict[str, str]]:
    if path is None:
        return {}
    try:
        return read_known(parse_json(read_text(path)))
    except (OSError, ValueError) as error:
        raise InputError(f"--known-sha256: {path} can't be read: {error}") from error
    except InputError as error:
        raise InputError(f"--known-sha256: {path}: {error.message}") from error


def _write_all(context: Context, workspace: Workspace, decided: Iterable[Decided]) -> None:
    """Write the edits of the proposals, and the new recipes that the bumps need."""
    bumps = [(one.folder, one.result) for one in decided if isinstance(one.result, Bump)]
    for folder, result in bumps:
        if result.status == "proposed":
            _write(folder, result, context.settings.workspace)
    _write_recipes(context, workspace, [result for _, result in bumps])


def _write(folder: FeedstockFolder, result: Bump, workspace: Path) -> None:
    root = folder.path.parent if folder.path.is_file() else folder.path
    write_files(root, {edit.path: edit.after for edit in result.change.edits}, within=_holder(root, workspace))


def _holder(folder: Path, workspace: Path) -> Path:
    """Return the folder that writes have to stay in: the workspace for its own feedstocks."""
    own = folder.absolute().is_relative_to(workspace.absolute())
    return workspace if own else folder.absolute().parent


def _write_recipes(context: Context, workspace: Workspace, bumps: Iterable[Bump]) -> None:
    """New recipes that bumps need, as feedstocks of the workspace; one that is there stays as it is."""
    for recipe in {new.change.feedstock: new.change for bump in bumps for new in bump.recipes}.values():
        folder = workspace.root / "feedstocks" / recipe.feedstock
        if folder.exists():
            context.observer.warned(f"{folder} is there already: the recipe for {recipe.key} was not written")
        else:
            write_files(folder, {edit.path: edit.after for edit in recipe.edits})

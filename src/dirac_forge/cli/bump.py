"""`dirac-forge bump`: which feedstocks move to which version, with the edits, or why they do not."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from packaging.specifiers import SpecifierSet

from dirac_forge.bump.proposal import Bump, bump_of
from dirac_forge.bump.releases import Newest, Nothing, newest, projects_of
from dirac_forge.bump.versions import MissingError, edited
from dirac_forge.cli.context import Context
from dirac_forge.cli.files import write_file
from dirac_forge.errors import ForgeError, InputError, UnknownError
from dirac_forge.feedstock.change import Skip
from dirac_forge.feedstock.variants import variants
from dirac_forge.feedstock.workspace import FeedstockFolder, read_workspace, recipe_of
from dirac_forge.recipe.editing.edit import Setting, version_of
from dirac_forge.recipe.editing.spellings import same_version
from dirac_forge.recipe.platforms import PLATFORMS
from dirac_forge.report.bumps import bumps_json, bumps_text
from dirac_forge.upstream.digests import Ask, Digests, chunks, read_known
from dirac_forge.upstream.once import Once

if TYPE_CHECKING:
    from dirac_forge.cli.drifting import Drifting
    from dirac_forge.upstream.choice import Rejected
    from dirac_forge.upstream.index import Index
    from dirac_forge.upstream.lookup import Lookup
    from dirac_forge.upstream.release import Project

__all__ = ["bump"]

_MORE_PLATFORMS = ("linux-riscv64", "win-arm64")
_NO, _UNREADABLE, _UNKNOWN = 1, 2, 3


class Dependencies(StrEnum):
    """What happens to requirements that upstream changed."""

    update = "update"
    report = "report"
    off = "off"


def bump(
    context: Context,
    feedstocks: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FEEDSTOCK]...", help="Names, folders or recipe files.", show_default="the whole workspace"
        ),
    ] = None,
    to: Annotated[str, typer.Option("--to", metavar="VERSION", help="This version, whatever else there is.")] = "",
    write: Annotated[bool, typer.Option("--write", help="Write the proposals into the workspace.")] = False,
    check: Annotated[bool, typer.Option("--check/--no-check", help="Prove each proposal with the solver.")] = True,
    known_sha256: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="JSON, URL to hash: files that need not be looked up or downloaded."),
    ] = None,
    dependencies: Annotated[
        Dependencies | None,
        typer.Option(
            help="Requirements that upstream changed: carried over, said, or left alone.",
            show_default="update; off with --to and --known-sha256",
        ),
    ] = None,
) -> int:
    """Say what should move to which version and show the edits; --write applies them.

    Only the lines with the version, the hashes of sources and the build number change, and those with requirements and
    commands that upstream changed between the two versions. Where a feedstock can't move the reason is said, and where
    anything about an edit is not sure nothing is written.
    """
    if dependencies is None:
        dependencies = Dependencies.off if to and known_sha256 else Dependencies.update
    workspace = read_workspace(context.settings.workspace)
    folders = [workspace.find(name) for name in feedstocks or ()] or [*workspace, *workspace.lines]
    if to and len(folders) != 1:
        raise InputError("--to is for one feedstock", hint="Name it.")
    if check:
        context.observer.warned("the proof is not there yet: what a bump does to the targets was not looked at")
    with ThreadPoolExecutor(context.settings.connections) as sources, ThreadPoolExecutor(4) as several:
        drifting = _drifting(context, sources, dependencies, channel=check)
        bumping = _Bumping(context, _known(known_sha256), sources, drifting)
        results = list(several.map(lambda folder: bumping.result(folder, to), folders))
    if write:
        for folder, (result, _) in zip(folders, results, strict=True):
            if isinstance(result, Bump) and result.status == "proposed":
                _write(folder, result)
    if context.options.json:
        context.answer("", bumps_json(results, proven=False))
    else:
        context.answer(bumps_text(results, written=write, proven=False), None)
    return _exit_code((result for result, _ in results), asked=bool(to or feedstocks))


def _drifting(context: Context, executor: Executor, dependencies: Dependencies, *, channel: bool) -> Drifting | None:
    if dependencies is Dependencies.off:
        return None
    from dirac_forge.cli.drifting import Drifting  # noqa: PLC0415  # where nothing is compared it would cost 0.1 s

    return Drifting(context, executor, write=dependencies is Dependencies.update, channel=channel)


def _exit_code(results: Iterable[Bump | Skip], *, asked: bool) -> int:
    kinds = {result.kind for result in results if isinstance(result, Skip)}
    if "unknown" in kinds:
        return _UNKNOWN
    if asked and "unreadable" in kinds:
        return _UNREADABLE
    return _NO if asked and "no" in kinds else 0


class _Bumping:
    """One run: what is asked of upstream is asked once."""

    def __init__(
        self,
        context: Context,
        known: dict[str, dict[str, str]],
        executor: ThreadPoolExecutor,
        drifting: Drifting | None,
    ) -> None:
        self.context = context
        self.drifting = drifting
        self.executor = executor
        self.digests = Digests(known, Ask(project=self.project, download=self.download))

    def result(self, folder: FeedstockFolder, to: str) -> tuple[Bump | Skip, str]:
        """What is proposed for a feedstock, and the version that it has, "" where that is not known."""
        branch = folder.branch or "main"
        current = ""
        try:
            path, text = _exact(folder)
            settings = _settings(folder)
            shown = str(folder.recipe_path)
            current = version_of(text, path=shown, settings=settings)
            rejected: Sequence[Rejected] = ()
            chosen = ""
            if not to:
                found = self._newest(folder, text, current, settings)
                if isinstance(found, Skip):
                    return found, current
                to, rejected, chosen = found.version, found.rejected, f"{found.version} is the newest that fits"
            if same_version(current, to):
                reason = f"it is at {current} already"
                return Skip(feedstock=folder.name, branch=branch, reason=reason), current
            done = edited(
                text,
                path=shown,
                to=to,
                files=self.digests,
                executor=self.executor,
                settings=settings,
                texts=lambda version: self._texts(
                    projects_of(text, path=shown, version=current, settings=settings), version
                ),
            )
            made = bump_of(folder.name, branch, path, done, rejected=rejected, chosen=chosen)
            if self.drifting is None:
                return made, current
            projects = projects_of(text, path=shown, version=current, settings=settings)
            return self.drifting.of(made, projects, shown), current
        except ForgeError as error:
            kind: Literal["unknown", "no", "unreadable"] = "unreadable"
            if isinstance(error, (UnknownError, MissingError)):
                kind = "unknown" if isinstance(error, UnknownError) else "no"
            return (
                Skip(
                    feedstock=folder.name,
                    branch=branch,
                    reason=error.message,
                    kind=kind,
                    hint=error.hint or "",
                ),
                current,
            )

    def _newest(self, folder: FeedstockFolder, text: str, current: str, settings: Sequence[Setting]) -> Newest | Skip:
        name, branch = folder.name, folder.branch or "main"
        projects = projects_of(text, path=str(folder.recipe_path), version=current, settings=settings)
        if not projects:
            reason = "its sources are not on PyPI, and finding releases of other hosts is not supported yet"
            return Skip(feedstock=name, branch=branch, reason=reason, hint="Give the version with --to.")
        known = self.context.settings.feedstocks.get(name)
        line = known.branches.get(branch, SpecifierSet()) if known is not None else SpecifierSet()
        list(self.executor.map(self._prefetched, projects))
        found = newest(current, projects, page=self.project, allowed=line, pythons=self.context.settings.pythons)
        match found:
            case Nothing():
                return Skip(feedstock=name, branch=branch, reason=found.reason)
            case Newest():
                return found

    def _texts(self, projects: Iterable[str], version: str) -> dict[str, str]:
        """The text files in the sdists of these projects; nothing of those that can't be had."""
        found: dict[str, str] = {}
        for project in projects:
            with suppress(ForgeError):
                facts = self._lookup.facts(project, SpecifierSet(f"=={version}"))
                texts = facts.sdist.texts if facts.sdist is not None else {}
                found |= {f"{project}/{path}": text for path, text in texts.items()}
        return found

    @cached_property
    def _lookup(self) -> Lookup:
        from dirac_forge.upstream.lookup import Lookup  # noqa: PLC0415  # only where a host does not answer

        context = self.context
        return Lookup(context.http, self._index, context.store, pythons=context.settings.pythons)

    def _prefetched(self, project: str) -> None:
        with suppress(ForgeError):
            self.project(project)

    def project(self, name: str) -> Project:
        """A project's releases, asked for once."""
        return self._projects(name)

    @cached_property
    def _projects(self) -> Once[str, Project]:
        return Once(self._index.project)

    @cached_property
    def _index(self) -> Index:
        from dirac_forge.upstream.index import Index  # noqa: PLC0415  # where all is given no index is asked

        return Index(self.context.http, url=self.context.settings.index_url)

    def download(self, url: str, limit: int) -> Iterator[bytes]:
        """The bytes of a file."""
        with self.context.http.download(url, limit=limit) as file:
            yield from chunks(file)


def _known(path: Path | None) -> dict[str, dict[str, str]]:
    if path is None:
        return {}
    try:
        return read_known(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise InputError(f"--known-sha256: {path} can't be read: {error}") from error
    except InputError as error:
        raise InputError(f"--known-sha256: {path}: {error.message}") from error


def _exact(folder: FeedstockFolder) -> tuple[str, str]:
    """The recipe's path in the feedstock and its text, carriage returns and all. Raises RecipeError."""
    path = folder.recipe_path
    text = next(iter(folder.texts.values()))  # which says what is wrong with a file that can't be read
    exact = path.read_bytes().decode("utf-8")
    return folder.shown(path), exact if "\r" in exact else text


def _settings(folder: FeedstockFolder) -> list[Setting]:
    """The builds among which a recipe's sources may differ, as its own configuration says."""
    recipe = recipe_of(folder.texts, root=folder.path)
    names = recipe.text.names
    return [
        (platform, {key: value for key, value in variant.values.items() if key in names})
        for platform in (*PLATFORMS, *_MORE_PLATFORMS)
        for variant in variants(recipe, None, platform=platform, only=names)
    ]


def _write(folder: FeedstockFolder, result: Bump) -> None:
    root = folder.path.parent if folder.path.is_file() else folder.path
    for edit in result.change.edits:
        if edit.after is not None:
            write_file(root / edit.path, edit.after)

"""The release lines that a run reads, and their current files in the repositories."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from typing import Any, Literal

from dirac_forge.errors import ForgeError, InputError, UnknownError
from dirac_forge.feedstock.sources import read_sources
from dirac_forge.feedstock.workspace import FeedstockFolder, Workspace
from dirac_forge.git import MissingRefError
from dirac_forge.progress import Observer
from dirac_forge.pullrequest.clones import Clones, Tip
from dirac_forge.pullrequest.feedstock_files import folder_of, full_name_of, recipe_in
from dirac_forge.pullrequest.forge import BranchHead
from dirac_forge.settings import Settings
from dirac_forge.untrusted import split_url
from dirac_forge.values import dataclass

_GIVEN_UP = 5
"""So many repositories in a row, and their host is asked no more in this run."""
_TASK = "feedstocks"
_UNDER = ("recipe/", "conda-forge.yml", ".ci_support/")


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseLine:
    """A release line to look at."""

    name: str
    branch: str = ""
    """"" for the default branch."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CurrentLine:
    """The files of a release line now, or why they are not known."""

    line: ReleaseLine
    state: Literal["read", "missing", "unknown", "failed"]
    text: str = ""
    """Why it could not be read."""
    folder: FeedstockFolder | None = None
    """Its files, exact and in memory."""
    tip: Tip | None = None

    @property
    def branch(self) -> str:
        """The branch as changes name it: `main` is the default one, whatever it is called there."""
        return self.line.branch or "main"


def wanted_lines(workspace: Workspace, settings: Settings, names: Sequence[str] = ()) -> list[ReleaseLine]:
    """Return the lines of the workspace's feedstocks and of the settings, only those of `names` if any are given.

    Raises InputError for a name that is in neither.
    """
    known = dict.fromkeys([*_workspace_lines(workspace), *_settings_lines(workspace, settings, names)])
    if not names:
        return sorted(known, key=lambda line: (line.name, line.branch))
    chosen: list[ReleaseLine] = []
    for name in dict.fromkeys(names):
        feedstock, _, branch = name.removesuffix("-feedstock").partition("@")
        matching = [line for line in known if line.name == feedstock and (not branch or line.branch == branch)]
        if not matching:
            workspace.find(name)  # raises with the names that exist
            raise InputError(f"{name} is not a feedstock of the workspace", hint="Use the name of its folder.")
        chosen += matching
    return chosen


def all_lines(workspace: Workspace, settings: Settings) -> list[ReleaseLine]:
    """Return every line that a run may be asked to change: of the workspace, and of all feedstocks of the settings."""
    known = [*_workspace_lines(workspace), *_settings_lines(workspace, settings, tuple(settings.feedstocks))]
    return list(dict.fromkeys(known))


def _workspace_lines(workspace: Workspace) -> Iterator[ReleaseLine]:
    for folder in workspace:
        yield ReleaseLine(name=folder.name)
    sources = read_sources(workspace.root / "feedstocks") if workspace.lines else {}
    for folder in workspace.lines:
        source = sources.get(folder.path.name)
        yield ReleaseLine(name=folder.name, branch=source.branch if source is not None else folder.branch or "")


def _settings_lines(workspace: Workspace, settings: Settings, names: Sequence[str]) -> Iterator[ReleaseLine]:
    for feedstock in settings.feedstocks.values():
        if feedstock.name in workspace.feedstocks or feedstock.name in names:
            yield ReleaseLine(name=feedstock.name)
            for branch in feedstock.branches:
                if branch not in {"main", "master"}:
                    yield ReleaseLine(name=feedstock.name, branch=branch)


def look(
    lines: Sequence[ReleaseLine],
    *,
    settings: Settings,
    clones: Clones,
    executor: Executor,
    observer: Observer,
    problem: Callable[[str], str | None] = lambda _: None,
    unreached: Callable[[ReleaseLine], str | None] = lambda _: None,
    head: Callable[[ReleaseLine], BranchHead | None] = lambda _: None,
) -> tuple[CurrentLine, ...]:
    """Return what each line has now, in order; `problem` returns why the host of a URL can't be asked, else None;
    `unreached` does so for a release line by itself.

    `head` gives the newest commit of a line where it is known already.

    Nobody goes on asking a host of which so many repositories in a row could not be had that it must be the host.
    """
    url = settings.feedstock_url
    trouble = problem(url) if url.startswith(("http://", "https://")) else None
    if trouble is not None:
        trouble = f"{split_url(url).hostname} can't be reached: {trouble}"
    failed: list[str] = []

    def one(line: ReleaseLine) -> CurrentLine:
        known = head(line)
        found = _one(line, settings, clones, trouble or unreached(line), failed if "://" in url else [], known)
        observer.advanced(_TASK, detail=line.name)
        return found

    observer.started(_TASK, len(lines))
    try:
        return tuple(executor.map(one, lines))
    finally:
        observer.finished(_TASK)


def _one(
    line: ReleaseLine,
    settings: Settings,
    clones: Clones,
    trouble: str | None,
    failed: list[str],
    known: BranchHead | None,
) -> CurrentLine:
    """Return the line as it is now; `failed` are the messages of those that failed since the last one that did not."""
    if trouble is None and len(failed) >= _GIVEN_UP:
        trouble = f"not asked, because the {_GIVEN_UP} before it failed: {failed[0]}"
    if trouble is not None:
        return CurrentLine(line=line, state="unknown", text=trouble)
    try:
        full_name, url = full_name_of(settings, line.name)
        about: dict[str, Any] = {} if known is None else {"known": known}
        tip = clones.refresh(full_name, url, line.branch or "main", **about)
        failed.clear()
        return _read(line, full_name, tip, clones)
    except MissingRefError as error:
        return CurrentLine(line=line, state="missing", text=f"{error.message}{_named_by(line, settings)}")
    except UnknownError as error:
        failed.append(error.message)
        return CurrentLine(line=line, state="unknown", text=error.message)
    except ForgeError as error:
        return CurrentLine(line=line, state="failed", text=error.message)


def _named_by(line: ReleaseLine, settings: Settings) -> str:
    """Return where a branch that is not there is named, if the settings name it."""
    feedstock = settings.feedstocks.get(line.name)
    if feedstock is None or line.branch not in feedstock.branches:
        return ""
    return f" (the settings name it: feedstocks.{line.name}.branches, or what is built in)"


def _read(line: ReleaseLine, full_name: str, tip: Tip, clones: Clones) -> CurrentLine:
    """Return the files of a line that was fetched."""
    files = clones.read(tip, under=_UNDER)
    if recipe_in(files) is None:
        return CurrentLine(
            line=line,
            state="failed",
            text=f"{full_name}: it has no recipe that is a UTF-8 file",
            tip=tip,
        )
    # The default branch is `main`, whatever it is called there: renamed, it is still the same line.
    folder = folder_of(line.name, tip.full_name, line.branch or "main", files)
    return CurrentLine(line=line, state="read", folder=folder, tip=tip)

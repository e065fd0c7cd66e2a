"""Fill a workspace from the feedstocks' repositories: in parallel, resumable, and careful with local changes."""

from __future__ import annotations

import secrets
import shutil
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Literal

from dirac_forge.errors import ForgeError, UnknownError
from dirac_forge.feedstock.repositories import MissingRefError, Repository, safe_name
from dirac_forge.feedstock.sources import FeedstockSource, digest_of, files_of, journal, read_sources, write_sources
from dirac_forge.progress import Observer, Silent
from dirac_forge.values import dataclass

State = Literal["new", "updated", "unchanged", "kept", "missing", "unknown", "error", "archived"]


@dataclass(frozen=True, kw_only=True, slots=True)
class SyncedLine:
    """What is wanted: a feedstock, or one of its release lines."""

    name: str
    branch: str = ""
    """"" for the repository's default branch."""

    @property
    def folder(self) -> str:
        """`name`, or `name@branch` (a slash in a branch becomes a dash)."""
        return f"{self.name}@{self.branch.replace('/', '-')}" if self.branch else self.name


@dataclass(frozen=True, kw_only=True, slots=True)
class Synced:
    """What became of one."""

    line: SyncedLine
    state: State
    """`kept` has local changes and was left alone; `unknown` could not be reached."""
    text: str = ""
    commit: str = ""


def sync(
    folder: Path,
    lines: Sequence[SyncedLine],
    *,
    repository: Callable[[str], str],
    executor: Executor,
    force: bool = False,
    observer: Observer | None = None,
) -> tuple[Synced, ...]:
    """Bring copies of feedstocks up to date; the results are in the order of `lines`.

    `repository` gives the URL or path of a feedstock's repository. A folder that differs from what was copied, or that
    was never copied, stays as it is unless `force`. A killed run leaves each folder either old or new, and the next
    one goes on from there. Once a host can't be reached the rest is not tried. Raises InputError if sources.toml
    can't be read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _clean(folder)
    run = _Run(folder, read_sources(folder), repository, force, observer or Silent())
    run.observer.started("sync", len(lines))
    try:
        results = tuple(executor.map(run.one, lines))
    finally:
        write_sources(folder, run.sources)
        run.observer.finished("sync")
    return results


def _clean(folder: Path) -> None:
    """Clean up after a killed run: remove half-made copies, and put back an old copy that was moved away."""
    for path in folder.glob(".new-*"):
        _remove(path)
    for path in folder.glob(".old-*"):
        place = folder / path.name.removeprefix(".old-")
        if place.exists() or path.is_symlink():
            _remove(path)
        else:
            path.rename(place)


def _remove(path: Path) -> None:
    """Remove a folder with everything in it; of a link only itself."""
    if path.is_symlink():
        path.unlink()
    else:
        shutil.rmtree(path, ignore_errors=True)


class _Run:
    def __init__(
        self,
        folder: Path,
        sources: dict[str, FeedstockSource],
        repository: Callable[[str], str],
        force: bool,
        observer: Observer,
    ) -> None:
        self.folder = folder
        self.sources = sources
        self.observer = observer
        self._repository = repository
        self._force = force
        self._lock = threading.Lock()
        self._dead: UnknownError | None = None

    def one(self, line: SyncedLine) -> Synced:
        """Bring one folder up to date; never raises for what is wrong with it alone."""
        try:
            if self._dead is not None:
                return Synced(line=line, state="unknown", text=self._dead.message)
            result = self._one(line)
        except MissingRefError as exc:
            result = Synced(line=line, state="missing", text=exc.message)
        except UnknownError as exc:
            self._dead = exc
            result = Synced(line=line, state="unknown", text=exc.message)
        except (ForgeError, OSError) as exc:
            result = Synced(line=line, state="error", text=str(exc))
        self.observer.advanced("sync", detail=line.folder)
        return result

    def _one(self, line: SyncedLine) -> Synced:
        safe_name(line.name)
        place = self.folder / line.folder
        known = self.sources.get(line.folder)
        clean = known is not None and place.exists() and digest_of(files_of(place)) == known.files
        if place.exists() and not clean and not self._force:
            return _kept(line, place, known)
        repository = Repository(self._repository(line.name))
        if clean and known is not None and repository.commit(line.branch) == known.commit:
            return Synced(line=line, state="unchanged", commit=known.commit)
        state: State = "updated" if place.exists() else "new"
        return self._fetched(line, repository, place, state)

    def _fetched(self, line: SyncedLine, repository: Repository, place: Path, state: State) -> Synced:
        tree = repository.tree(line.branch)
        if not _has_recipe(tree.files):
            return Synced(
                line=line,
                state="error",
                text=f"{repository.url}: it has no recipe that is a UTF-8 file",
            )
        source = FeedstockSource(
            repository=repository.url, branch=line.branch, commit=tree.commit, files=digest_of(tree.files)
        )
        self._put(place, tree.files, source)
        return Synced(line=line, state=state, commit=tree.commit)

    def _put(self, place: Path, files: dict[str, bytes], source: FeedstockSource) -> None:
        new = self.folder / f".new-{secrets.token_hex(6)}"
        new.mkdir()
        for path, content in files.items():
            target = new / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        old = self.folder / f".old-{place.name}"
        with self._lock:
            journal(self.folder, place.name, source)
            if place.is_symlink():
                place.unlink()
            elif place.exists():
                place.rename(old)
            new.rename(place)
            self.sources[place.name] = source
        _remove(old)


def _has_recipe(files: Iterable[str]) -> bool:
    return any(path.startswith("recipe/") for path in files)


def _kept(line: SyncedLine, place: Path, known: FeedstockSource | None) -> Synced:
    what = "has local changes" if known else "was not copied from a repository"
    return Synced(line=line, state="kept", text=f"{place} {what}", commit=known.commit if known else "")

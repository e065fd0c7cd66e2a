"""The context of a command: settings, the HTTP session, the cache, progress, and its answer."""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from dirac_forge.cli.console import Terminal, print_json, print_result
from dirac_forge.cli.discovery import find_workspace
from dirac_forge.cli.options import Options
from dirac_forge.errors import InputError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from dirac_forge.http import Http, Trust
    from dirac_forge.report.next_steps import Step
    from dirac_forge.settings import Settings
    from dirac_forge.store import Store
    from dirac_forge.upstream.sources.github import GitHubAccess


@dataclass
class Context:
    """The context of one run of one command, closed by `with`; `http` is made at its first use."""

    options: Options
    environ: Mapping[str, str]
    settings: Settings
    observer: Terminal
    cache_folder: Path
    """As the settings name it; `settings.cache` is a temporary folder where it can't be used."""
    settings_problems: tuple[str, ...] = ()
    """What is wrong in the workspace's pyproject.toml, for a command that goes on without it."""
    _cache_problem: str = ""
    """Why the folder can't be used."""
    _leaving: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    @classmethod
    def of(
        cls, options: Options, environ: Mapping[str, str], observer: Terminal, *, without_file: bool = False
    ) -> Self:
        """Return the context for these options. Raises InputError for wrong settings.

        With `without_file` mistakes in the workspace's file are kept, and its settings are not.
        """
        from dirac_forge.cache import usable  # noqa: PLC0415  # --help does without
        from dirac_forge.settings import load  # noqa: PLC0415  # --help does without pydantic

        named = _named_workspace(options, environ)
        workspace = Path(named) if named else find_workspace(Path.cwd()) or Path.cwd()
        problems: tuple[str, ...] = ()
        try:
            settings = load(workspace, environ=environ, flags=options.flags)
        except InputError as error:
            if not without_file:
                raise
            settings = load(workspace, environ=environ, flags=options.flags, file=False)
            problems = tuple(error.message.splitlines())
        cache, why = usable(settings.cache)
        return cls(
            options=options,
            environ=environ,
            settings=replace(settings, cache=cache),
            observer=observer,
            cache_folder=settings.cache,
            settings_problems=problems,
            _cache_problem=why,
        )

    @property
    def named_workspace(self) -> bool:
        """Whether the user named the workspace; else it was looked for from the current folder upwards."""
        return bool(_named_workspace(self.options, self.environ))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leaving.close()
        if kind is None and "http" in self.__dict__:  # only what asked the web made the cache grow
            from dirac_forge.cache import prune_daily  # noqa: PLC0415

            prune_daily(self.settings.cache, self.settings.cache_limit * 1_000_000)

    @functools.cached_property
    def http(self) -> Http:
        """The HTTP session of this run."""
        from dirac_forge.settings.connecting import http_of  # noqa: PLC0415  # not every command asks the web

        self._check_cache()
        return self._leaving.enter_context(http_of(self.settings, github_url=self.github.url, observer=self.observer))

    @property
    def trust(self) -> Trust:
        """The hosts that the settings name."""
        from dirac_forge.settings.connecting import trust_of  # noqa: PLC0415

        return trust_of(self.settings, github_url=self.github.url)

    @functools.cached_property
    def github(self) -> GitHubAccess:
        """Access to releases on GitHub: GitHub Actions sets both variables, and `gh` prefers GH_TOKEN too."""
        from dirac_forge.upstream.sources.github import GitHubAccess  # noqa: PLC0415  # not every command looks for releases

        environ = self.environ
        return GitHubAccess(
            url=environ.get("GITHUB_API_URL") or GitHubAccess().url,
            token=environ.get("GH_TOKEN") or environ.get("GITHUB_TOKEN") or "",
        )

    @functools.cached_property
    def store(self) -> Store:
        """The store of what was read from files, by their hash."""
        from dirac_forge.store import Store  # noqa: PLC0415

        self._check_cache()
        return Store(self.settings.cache)

    def _check_cache(self) -> None:
        """Warn if the cache can't be written: each run downloads and reads everything again."""
        if self._cache_problem:
            self.observer.warned(
                f"{self.cache_folder}: the cache folder can't be used ({self._cache_problem}), so every run downloads "
                "everything again; name another one with DIRAC_FORGE_CACHE"
            )

    def answer(self, text: RenderableType, document: object, steps: Sequence[Step] = ()) -> None:
        """Print the result on stdout: `document` with --json, else `text` and, but for -q, what to do next.

        Commands of ours get the channels, the workspace and so on that this one was given.
        If the embedded snapshot was used instead of conda-forge, both have its date; so do those of other snapshots.
        """
        self.observer.stop()
        if self.options.json:
            print_json({**document, **self._days()} if isinstance(document, dict) else document)
        else:
            print_result(text, color=self.options.color)
            if steps and not self.options.quiet:
                self._print_steps(steps)
            self._print_days()

    def _print_days(self) -> None:
        from rich.text import Text  # noqa: PLC0415  # --json does without

        from dirac_forge.report.terminal import Hanging  # noqa: PLC0415

        day = self.observer.as_of
        lines = [f"As of {day}: the embedded snapshot was used instead of conda-forge."] if day else []
        for folder, known in self.observer.snapshots.items():
            place = os.path.relpath(folder) if Path(folder).is_relative_to(Path.cwd()) else folder
            lines.append(f"As of {known}: the snapshot {place}.")
        for line in lines:
            print_result(Hanging("* ", Text(line)), color=self.options.color)

    def _days(self) -> dict[str, object]:
        """Return the days of the snapshots that answered, for the JSON document."""
        day, snapshots = self.observer.as_of, self.observer.snapshots
        days: dict[str, object] = {"as_of": day.isoformat()} if day else {}
        if snapshots:
            days["snapshots"] = {folder: known.isoformat() for folder, known in snapshots.items()}
        return days

    def _print_steps(self, steps: Sequence[Step]) -> None:
        from dirac_forge.report.next_steps import repeated, steps_section  # noqa: PLC0415  # --json does without
        from dirac_forge.report.terminal import Shown  # noqa: PLC0415

        print_result(Shown(steps_section(repeated(steps, self.options.again))), color=self.options.color)


def _named_workspace(options: Options, environ: Mapping[str, str]) -> Path | str | None:
    from dirac_forge.settings import ENVIRONMENT_PREFIX  # noqa: PLC0415  # --help does without pydantic

    return options.workspace or environ.get(f"{ENVIRONMENT_PREFIX}WORKSPACE")

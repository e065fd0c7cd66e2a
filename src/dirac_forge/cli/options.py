"""The options that every command takes."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["SHARED", "Options"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """The shared options as they were given."""

    workspace: Path | None = None
    channel: list[str] | None = None
    platform: list[str] | None = None
    python: list[str] | None = None
    pinning: Path | None = None
    index_url: str | None = None
    offline: bool = False
    json: bool = False
    quiet: bool = False
    verbose: bool = False

    @property
    def flags(self) -> dict[str, object]:
        """What goes before the settings, by their field; None where it was not given."""
        return {
            "channels": self.channel or None,
            "platforms": self.platform or None,
            "pythons": self.python or None,
            "pinning": self.pinning,
            "index_url": self.index_url,
            "offline": self.offline or None,
        }


def _shared(
    *,
    workspace: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder with feedstocks/ and migrations/.", show_default="the current folder"),
    ] = None,
    channel: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME|URL|DIR",
            help="Channel on conda.anaconda.org, at a URL, or in a folder. Repeatable, the first has priority.",
        ),
    ] = None,
    platform: Annotated[
        list[str] | None, typer.Option(metavar="P", help="Platform such as linux-64. Repeatable.")
    ] = None,
    python: Annotated[
        list[str] | None, typer.Option(metavar="X.Y", help="Python that the channel builds for. Repeatable.")
    ] = None,
    pinning: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder with conda_build_config.yaml.", show_default="the channel's"),
    ] = None,
    index_url: Annotated[
        str | None, typer.Option(metavar="URL", help="Simple API of the package index.", show_default="pypi.org")
    ] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Ask nobody: use what is in the cache.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout, and nothing else.")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No progress and no warnings.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Say more; tracebacks of mistakes in here.")] = False,
) -> None:
    """Only its signature is used."""


SHARED: tuple[inspect.Parameter, ...] = tuple(inspect.signature(_shared, eval_str=True).parameters.values())

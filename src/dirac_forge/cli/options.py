"""The options of every command, and those that several commands share."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from dirac_forge.values import dataclass

PullRequests = Annotated[bool, typer.Option("--pr", help="Open pull requests on GitHub. Needs a token.")]
OutboxFolder = Annotated[
    Path | None,
    typer.Option("--outbox", metavar="DIR", help="The outbox, used without --pr.", show_default="outbox/"),
]
LedgerFile = Annotated[
    Path | None,
    typer.Option("--ledger", metavar="FILE", help="The bot's records.", show_default=".dirac-forge/ledger.sqlite"),
]


class Color(StrEnum):
    """When output is coloured."""

    auto = "auto"
    always = "always"
    never = "never"


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """The options of every command, as they were given."""

    workspace: Path | None = None
    channel: tuple[str, ...] = ()
    platform: tuple[str, ...] = ()
    python: tuple[str, ...] = ()
    pinning: Path | None = None
    index_url: str | None = None
    offline: bool = False
    json: bool = False
    quiet: bool = False
    verbosity: int = 0
    color: Color = Color.auto
    no_progress: bool = False

    @property
    def flags(self) -> dict[str, object]:
        """Values that override the settings, by their field, or None if an option was not given."""
        return {
            "channels": self.channel or None,
            "platforms": self.platform or None,
            "pythons": self.python or None,
            "pinning": self.pinning,
            "index_url": self.index_url,
            "offline": self.offline or None,
        }

    @property
    def again(self) -> tuple[str, ...]:
        """The arguments that a next command about the same needs again: workspace, channels, platforms and so on."""
        given: tuple[tuple[str, Iterable[object]], ...] = (
            ("--workspace", filter(None, [self.workspace])),
            ("--channel", self.channel),
            ("--platform", self.platform),
            ("--python", self.python),
            ("--pinning", filter(None, [self.pinning])),
            ("--index-url", filter(None, [self.index_url])),
        )
        named = tuple(part for option, values in given for value in values for part in (option, str(value)))
        return (*named, "--offline") if self.offline else named

    @property
    def verbose(self) -> bool:
        """Whether results are shown with all their details."""
        return self.verbosity > 0


def _shared(
    *,
    workspace: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Use this workspace (the folder with feedstocks/ and migrations/).",
            show_default="found from the current folder upwards",
        ),
    ] = None,
    channel: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME|URL|DIR",
            help="Use this channel. Repeatable; the first has the highest priority.",
        ),
    ] = None,
    platform: Annotated[
        list[str] | None, typer.Option(metavar="P", help="Use this platform, such as linux-64. Repeatable.")
    ] = None,
    python: Annotated[
        list[str] | None, typer.Option(metavar="X.Y", help="Use this Python version. Repeatable.")
    ] = None,
    pinning: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Read conda_build_config.yaml in DIR.", show_default="the channel's conda-forge-pinning"
        ),
    ] = None,
    index_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="Use this package index (Simple API).", show_default="https://pypi.org/simple/"
        ),
    ] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Use only cached data.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Show no progress, warnings or next steps.")] = False,
    verbosity: Annotated[
        int, typer.Option("-v", "--verbose", count=True, help="Show more details; -vv: also HTTP requests.")
    ] = 0,
    color: Annotated[
        Color, typer.Option("--color", metavar="auto|always|never", help="Colour the output.", show_default="auto")
    ] = Color.auto,
    no_progress: Annotated[bool, typer.Option("--no-progress", help="Show no progress.")] = False,
) -> None:
    """Declare the options that commands share: only the signature is used."""


SHARED: tuple[inspect.Parameter, ...] = tuple(inspect.signature(_shared, eval_str=True).parameters.values())

_VALUED = frozenset({"--workspace", "--channel", "--platform", "--python", "--pinning", "--index-url", "--color"})
_FLAG = re.compile(r"-[qv]+|--(offline|json|quiet|verbose|no-progress)")


def after_command(arguments: Sequence[str]) -> list[str]:
    """Return the arguments with global options that precede the name of a command moved behind it."""
    at = 0
    while at < len(arguments) and arguments[at].startswith("-"):
        name, equals, _ = arguments[at].partition("=")
        if name in _VALUED:
            at += 1 if equals else 2
        elif _FLAG.fullmatch(name):
            at += 1
        else:
            return list(arguments)
    return [*arguments[at : at + 1], *arguments[:at], *arguments[at + 1 :]]

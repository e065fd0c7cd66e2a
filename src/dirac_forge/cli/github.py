"""GitHub, and the places of ledger and outbox, as the environment and the options say."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dirac_forge.cli.context import Context
from dirac_forge.errors import InputError

if TYPE_CHECKING:
    from dirac_forge.pullrequest.github.client import GitHub

__all__ = ["LedgerFile", "OutboxFolder", "PullRequests", "github_of", "outbox_of"]

PullRequests = Annotated[
    bool, typer.Option("--pr", help="Open pull requests on GitHub (needs a token); else all goes into the outbox.")
]
OutboxFolder = Annotated[
    Path | None,
    typer.Option("--outbox", metavar="DIR", help="Where all goes without --pr.", show_default="outbox/"),
]
LedgerFile = Annotated[
    Path | None,
    typer.Option("--ledger", metavar="FILE", help="What the bot remembers.", show_default=".dirac-forge/ledger.sqlite"),
]


def github_of(context: Context, *, wanted: bool) -> GitHub | None:
    """GitHub where it is wanted. Raises InputError where nothing lets us in, UnknownError offline."""
    if not wanted:
        return None
    from dirac_forge.pullrequest.github.client import API_URL, GitHub  # noqa: PLC0415  # the outbox does without
    from dirac_forge.pullrequest.tokens import SOURCES, from_environment  # noqa: PLC0415

    credentials = from_environment(context.environ)
    if credentials is None:
        raise InputError(
            "--pr needs a token, and there is none",
            hint=f"Set {SOURCES}; without --pr all goes into the outbox, for you to look at.",
        )
    return GitHub(
        context.http,
        credentials,
        api_url=_given(context.environ, "GITHUB_API_URL") or API_URL,
        observer=context.observer,
    )


def outbox_of(context: Context, folder: Path | None) -> Path:
    """Where changes go without a token: `outbox/` of the workspace, unless another folder is named."""
    return folder.expanduser().absolute() if folder is not None else context.settings.workspace / "outbox"


def _given(environ: Mapping[str, str], name: str) -> str:
    return environ.get(name, "").strip()

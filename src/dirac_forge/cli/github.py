"""GitHub, and the places of ledger and outbox, as the environment and the options say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dirac_forge.bot.outcomes import exit_code
from dirac_forge.cli.context import Context
from dirac_forge.errors import InputError

if TYPE_CHECKING:
    from dirac_forge.bot.requested import Asked
    from dirac_forge.pullrequest.github.client import GitHub
    from dirac_forge.pullrequest.outcome import Outcome

__all__ = ["SentChanges", "github_of", "outbox_of", "send"]


def github_of(context: Context, *, wanted: bool) -> GitHub | None:
    """Return GitHub where it is wanted, None for the outbox.

    Raises InputError where there is no token, or one that can't be valid.
    """
    if not wanted:
        return None
    from dirac_forge.pullrequest.github.client import API_URL, GitHub  # noqa: PLC0415  # the outbox does without
    from dirac_forge.pullrequest.tokens import SOURCES, from_environment  # noqa: PLC0415

    credentials = from_environment(context.environ)
    if credentials is None:
        raise InputError(
            "there is no token for GitHub, and pull requests need one",
            hint=f"Set {SOURCES}; without --pr all goes into the outbox. docs/bot.md says which scopes it needs.",
        )
    return GitHub(
        context.http,
        credentials,
        api_url=_given(context.environ, "GITHUB_API_URL") or API_URL,
        observer=context.observer,
    )


def send(context: Context, asked: Sequence[Asked], *, force: bool) -> SentChanges:
    """Send what a command made, to GitHub or into the workspace's outbox."""
    from dirac_forge.bot.connections import open_connections  # noqa: PLC0415
    from dirac_forge.bot.requested import propose  # noqa: PLC0415

    github = github_of(context, wanted=True)
    outbox = outbox_of(context, None)
    with (
        ThreadPoolExecutor(context.settings.connections) as executor,
        open_connections(context, executor=executor, github=github, outbox=outbox) as connections,
    ):
        return SentChanges(outcomes=tuple(propose(connections, context.settings, asked, force=force)))


@dataclass(frozen=True, kw_only=True, slots=True)
class SentChanges:
    """What became of changes that a command sent."""

    outcomes: tuple[Outcome, ...] = ()

    @property
    def lines(self) -> list[str]:
        """A line for each."""
        return [
            f"{one.identity.feedstock}: {one.text}" + (f": {one.url}" if one.url and one.url not in one.text else "")
            for one in self.outcomes
        ]

    @property
    def document(self) -> list[dict[str, Any]]:
        """The value of `requests` in --json."""
        return [
            {**asdict(one.identity), "state": one.state, "url": one.url or None, "reason": one.text}
            for one in self.outcomes
        ]

    @property
    def exit_code(self) -> int:
        """As that of `bot run`."""
        return exit_code(one.state for one in self.outcomes)


def outbox_of(context: Context, folder: Path | None) -> Path:
    """Where changes go without a token: `outbox/` of the workspace, unless another folder is named."""
    return folder.expanduser().absolute() if folder is not None else context.settings.workspace / "outbox"


def _given(environ: Mapping[str, str], name: str) -> str:
    return environ.get(name, "").strip()

"""GitHub, and the places of ledger and outbox, as the environment and the options say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dirac_forge.cli.context import Context
from dirac_forge.errors import InputError
from dirac_forge.untrusted import split_url
from dirac_forge.values import dataclass

if TYPE_CHECKING:
    from dirac_forge.pullrequest.github.client import GitHub
    from dirac_forge.pullrequest.outcome import Outcome
    from dirac_forge.pullrequest.requested import RequestedChange
    from dirac_forge.pullrequest.smithy import NoSmithy, Smithy

TO_THE_OUTBOX = "Without --pr, `dirac-forge bot run` writes branches, patches and bodies to outbox/."
"""What can be done without a token."""


def token_in_environment(context: Context) -> bool:
    """Whether the environment has credentials: every program that this user starts can read them."""
    from dirac_forge.pullrequest.tokens import secrets_in  # noqa: PLC0415

    return bool(secrets_in(context.environ))


def github_of(context: Context, *, wanted: bool, read: bool = True, otherwise: str = "") -> GitHub | None:
    """Return GitHub where it is wanted, None for the outbox.

    `read`: take the token now, which is right only after the last program that executes a recipe. Else it is only
    made sure that there may be one. `otherwise` says what can be done without one. Raises InputError if there is
    no token, or one that can't be valid.
    """
    if not wanted:
        return None
    from dirac_forge.pullrequest.github.api import site_of  # noqa: PLC0415  # the outbox does without
    from dirac_forge.pullrequest.github.client import API_URL, GitHub  # noqa: PLC0415
    from dirac_forge.pullrequest.tokens import SOURCES, find_credentials, forbid_dumps, has_source  # noqa: PLC0415

    api_url = _given(context.environ, "GITHUB_API_URL") or API_URL
    host = split_url(site_of(api_url)).netloc
    if has_source(context.environ):
        if not read:
            return None
        forbid_dumps()
        credentials = find_credentials(context.environ, host=host)
        if credentials is not None:
            return GitHub(
                context.http,
                credentials,
                api_url=api_url,
                observer=context.observer,
                fork_owner=context.settings.bot.fork_owner,
            )
    raise InputError(
        "pull requests need a token for GitHub, and there is none",
        hint=f"{otherwise} The token is taken from {SOURCES}. docs/bot.md lists the permissions it needs.".lstrip(),
    )


def has_credentials(context: Context) -> bool:
    """Whether there are credentials for GitHub and it may be asked."""
    if context.settings.offline:
        return False
    try:
        return github_of(context, wanted=True) is not None
    except InputError:
        return False


def rendering_of(context: Context) -> Smithy | NoSmithy:
    """Return conda-smithy where it may run here, else why not, with a warning where that may surprise."""
    from dirac_forge.pullrequest.jail import find_jail  # noqa: PLC0415  # not every command renders
    from dirac_forge.pullrequest.local_rendering import local_smithy, reach_of, secret_places  # noqa: PLC0415
    from dirac_forge.pullrequest.smithy import NoSmithy, find_smithy  # noqa: PLC0415

    smithy = find_smithy()
    if smithy is None:
        return local_smithy(None, reach_of({}, home=Path.home()), None)
    reach = reach_of(context.environ, home=Path.home())
    settings = context.settings
    hidden = (*secret_places(context.environ), settings.workspace)
    jail = None if reach.environments else find_jail(hidden)
    found = local_smithy(smithy, reach, jail)
    if isinstance(found, NoSmithy) and found.said:
        context.observer.warned(f"conda-smithy: {found.reason}; conda-forge's service will rerender")
    return found


def unsafe_build_of(context: Context) -> str:
    """Return what upstream code could read of tokens in a build here, in words, or "" if there is nothing."""
    from dirac_forge.build.isolation import detect, hidden  # noqa: PLC0415  # not every command builds
    from dirac_forge.pullrequest.local_rendering import reach_of, unsafe_build  # noqa: PLC0415

    isolated = detect() != "none"
    reach = reach_of(context.environ, home=Path.home())
    return unsafe_build(context.environ, reach, isolated=isolated, hidden=hidden() if isolated else ())


def needs_token(context: Context, *, otherwise: str = TO_THE_OUTBOX) -> None:
    """Raise InputError, before anything is done, where there can be no token; `otherwise` as for `github_of`."""
    github_of(context, wanted=True, read=False, otherwise=otherwise)


def send(
    context: Context, requested: Sequence[RequestedChange], *, force: bool, otherwise: str = TO_THE_OUTBOX
) -> SentChanges:
    """Send what a command made to GitHub; `otherwise` as for `github_of`.

    Where the token is not in the environment, changes are rerendered first, while nothing secret is in this process.
    Raises InputError if there is no token.
    """
    from dirac_forge.bot.connections import open_connections  # noqa: PLC0415
    from dirac_forge.bot.propose import propose, rerendered  # noqa: PLC0415

    needs_token(context, otherwise=otherwise)
    with ThreadPoolExecutor(context.settings.connections) as executor:
        prepared = None
        if not token_in_environment(context):
            prepared = rerendered(context, requested, smithy=rendering_of(context), executor=executor)
        with open_connections(
            context,
            executor=executor,
            github=github_of(context, wanted=True, otherwise=otherwise),
            outbox=outbox_of(context, None),
            smithy=rendering_of(context) if prepared is None else None,
            prepared=prepared,
        ) as connections:
            return SentChanges(outcomes=tuple(propose(connections, context.settings, requested, force=force)))


def send_or_prepare(context: Context, requested: Sequence[RequestedChange], *, force: bool) -> SentChanges:
    """Send what a command made to GitHub; without a token prepare it in the outbox, and say so."""
    from dirac_forge.bot.connections import open_connections  # noqa: PLC0415
    from dirac_forge.bot.propose import propose  # noqa: PLC0415
    from dirac_forge.pullrequest.tokens import has_source  # noqa: PLC0415

    if not requested:
        return SentChanges()
    if has_source(context.environ):
        return send(context, requested, force=force)
    outbox = outbox_of(context, None)
    context.observer.warned(f"there is no token for GitHub: changes are written to {outbox}")
    with (
        ThreadPoolExecutor(context.settings.connections) as executor,
        open_connections(
            context, executor=executor, github=None, outbox=outbox, smithy=rendering_of(context)
        ) as connections,
    ):
        return SentChanges(outcomes=tuple(propose(connections, context.settings, requested, force=force)))


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
            {
                **asdict(one.identity),
                "state": one.state,
                "url": one.url or None,
                "reason": one.text,
                "reason_code": one.code,
            }
            for one in self.outcomes
        ]

    @property
    def exit_code(self) -> int:
        """As that of `bot run`."""
        if not self.outcomes:
            return 0
        from dirac_forge.bot.outcomes import exit_code  # noqa: PLC0415  # with all words of the bot: 0.1 s

        return exit_code(one.state for one in self.outcomes)


def outbox_of(context: Context, folder: Path | None) -> Path:
    """Return where changes go without a token: `outbox/` of the workspace, unless another folder is named."""
    return folder.expanduser().absolute() if folder is not None else context.settings.workspace / "outbox"


def _given(environ: Mapping[str, str], name: str) -> str:
    return environ.get(name, "").strip()

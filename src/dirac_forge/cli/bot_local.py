"""What a run may do on this machine: build what it proposes, and take feedstocks as they are in the workspace."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace

from dirac_forge.bot.release_lines import ReleaseLine
from dirac_forge.cli.context import Context
from dirac_forge.cli.github import unsafe_build_of
from dirac_forge.feedstock.workspace import Workspace
from dirac_forge.pullrequest.workspace_copies import write_copies
from dirac_forge.report.numbers import counted
from dirac_forge.untrusted import split_url

Unreached = Callable[[ReleaseLine], str | None]
"""A release line to why it can't be read, None if nothing is in the way."""


def with_reachable_feedstocks(context: Context, workspace: Workspace) -> tuple[Context, Unreached]:
    """Return the context, in which feedstocks are those of the workspace where their repositories can't be reached.

    Also why a release line that the workspace does not have can't be read: its repository may well have it.
    """
    settings = context.settings
    url = settings.feedstock_url
    if settings.offline or not url.startswith(("http://", "https://")):
        return context, reached
    problem = context.http.problem(url)
    if problem is None:
        return context, reached
    place = settings.cache / "workspace" / "conda-forge"
    written = frozenset(write_copies([*workspace, *workspace.lines], place))
    names = {name for name, _ in written}
    host, folder = split_url(url).hostname, settings.workspace / "feedstocks"
    context.observer.warned(
        f"{host} can't be reached ({problem}): the bot reads {counted(len(names), 'feedstock')} from {folder}, "
        "including local changes"
    )

    def unreached(line: ReleaseLine) -> str | None:
        if (line.name, line.branch or "main") in written:
            return None
        return f"{host} can't be reached: {problem}; {folder} has no readable recipe of this release line"

    reachable = copy.copy(context)
    reachable.settings = replace(settings, feedstock_url=f"{place}/{{name}}-feedstock")
    return reachable, unreached


def reached(_line: ReleaseLine) -> None:
    """Return None: nothing is in the way of a release line."""


def may_build(context: Context) -> bool:
    """Whether upstream code may be built here: only if it is isolated, and can reach no token."""
    from dirac_forge.build.isolation import detect  # noqa: PLC0415  # not every run builds

    why = ""
    if unsafe := unsafe_build_of(context):
        why = f"upstream code could read {unsafe}"
    elif detect() == "none" and not context.settings.unisolated_builds:
        why = "this machine can't isolate builds"
    if why:
        context.observer.warned(f"nothing is built, because {why}")
    return not why

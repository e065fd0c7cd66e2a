"""What a run may do on this machine: build what it proposes, and take feedstocks as they are in the workspace."""

from __future__ import annotations

import copy
from dataclasses import replace

from dirac_forge.cli.context import Context
from dirac_forge.cli.github import unsafe_build_of
from dirac_forge.feedstock.workspace import Workspace
from dirac_forge.pullrequest.workspace_copies import write_copies
from dirac_forge.report.numbers import counted
from dirac_forge.untrusted import split_url


def with_reachable_feedstocks(context: Context, workspace: Workspace) -> Context:
    """Return the context, in which feedstocks are those of the workspace where their repositories can't be reached."""
    settings = context.settings
    url = settings.feedstock_url
    if settings.offline or not url.startswith(("http://", "https://")):
        return context
    problem = context.http.problem(url)
    if problem is None:
        return context
    place = settings.cache / "workspace" / "conda-forge"
    names = write_copies([*workspace, *workspace.lines], place)
    context.observer.warned(
        f"{split_url(url).hostname} can't be reached ({problem}): the bot reads {counted(len(names), 'feedstock')} as "
        f"found in {settings.workspace / 'feedstocks'}, with local changes"
    )
    reachable = copy.copy(context)
    reachable.settings = replace(settings, feedstock_url=f"{place}/{{name}}-feedstock")
    return reachable


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

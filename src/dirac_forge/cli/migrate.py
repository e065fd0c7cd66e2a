"""`dirac-forge migrate`: plan ABI migrations, track them, rebuild what is ready."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import typer

from dirac_forge.channel.opening import open_readable_channel
from dirac_forge.check.configured import specs_of
from dirac_forge.cli.context import Context
from dirac_forge.cli.discovery import no_feedstocks
from dirac_forge.cli.github import SentChanges, needs_token, send
from dirac_forge.cli.migrate_steps import (
    again_arguments,
    plan_steps,
    platform_steps,
    rebuild_steps,
    status_steps,
    sync_steps,
    write_steps,
)
from dirac_forge.errors import InputError
from dirac_forge.feedstock.change import Change, Skip
from dirac_forge.feedstock.channel_pinning import pinning_of
from dirac_forge.feedstock.workspace import FeedstockFolder, read_workspace
from dirac_forge.files import write_file, write_files
from dirac_forge.migration.effects import TargetEffect
from dirac_forge.migration.evidence import Evidence
from dirac_forge.migration.exports import pinned_members
from dirac_forge.migration.new import new_migration
from dirac_forge.migration.plan import Plan
from dirac_forge.migration.rebuild import rebuild
from dirac_forge.migration.schema import parse_migration, read_migration
from dirac_forge.migration.solvability import Unsure
from dirac_forge.migration.status import FeedstockStatus, Status
from dirac_forge.proposals.migration_effects import effect_of
from dirac_forge.proposals.migration_status import status_now
from dirac_forge.proposals.migrations import MIGRATION_ENDINGS, MigrationContext, is_at_hand, processes
from dirac_forge.proposals.new_platforms import enabling
from dirac_forge.pullrequest.open_rebuilds import open_rebuilds
from dirac_forge.pullrequest.requested import requested_rebuilds
from dirac_forge.report import addition as additions
from dirac_forge.report import migration as report
from dirac_forge.report import migration_status as states
from dirac_forge.report.bodies import with_rebuild_body
from dirac_forge.report.dot import dot
from dirac_forge.report.mermaid import mermaid
from dirac_forge.report.migration_effect import effect_json, effect_text
from dirac_forge.report.migration_why import why_json, why_text
from dirac_forge.report.next_steps import Step, step
from dirac_forge.report.picture import Picture, picture_of
from dirac_forge.report.svg import svg
from dirac_forge.report.terminal import joined, sentences

_DRAW: dict[str, Callable[[Picture], str]] = {"dot": dot, "mermaid": mermaid, "svg": svg}


@contextmanager
def migration_context(context: Context, *, channel: bool, name: str = "") -> Iterator[MigrationContext]:
    """Yield the workspace; with `channel` also the settings' channels, else only those of the command line.

    The pinning of the settings' channels is read too, if the migration `name` is neither a file nor in `migrations/`.
    """
    settings = context.settings
    wanted = channel or "channels" in settings.flags
    pinned = bool(name) and settings.pinning is None and not is_at_hand(settings.workspace, name)
    opened = open_readable_channel(context) if wanted or pinned else None
    workspace = read_workspace(settings.workspace)
    if not workspace.feedstocks:
        error = no_feedstocks(settings.workspace)
        context.observer.warned(f"{error.message}: {error.hint}")
    with processes() as executor:
        yield MigrationContext(
            workspace=workspace,
            pinning=pinning_of(context, opened),
            store=context.store,
            observer=context.observer,
            channel=opened if wanted else None,
            executor=executor,
            branches={name: tuple(each.branches) for name, each in settings.feedstocks.items()},
        )


def _asked(context: Context) -> tuple[str, ...]:
    """Return the platforms named on the command line."""
    return context.settings.platforms if "platforms" in context.settings.flags else ()


def _plan_code(plan: Plan, effect: TargetEffect | None) -> int:
    """Return 3 without a complete plan, or if the effect on the target is not known on every platform."""
    return 3 if not plan.complete or (effect is not None and effect.unknown) else 0


def _exit_code(context: Context, plan: Plan, status: Status) -> int:
    """Return 3 if the plan, members on a requested platform, or whether they can be built is not fully known.

    A platform that the channel does not have, and that nobody asked for, leaves a side question open.
    """
    absent = not status.not_in_channel.keys().isdisjoint(_asked(context))
    unsure = any(isinstance(reason, Unsure) for each in status.of("awaiting-pr") for reason in each.reasons)
    return 3 if not plan.complete or status.unknown or absent or unsure else 0


def current_status(context: Context, migrating: MigrationContext, plan: Plan, page: Path | None) -> Status:
    """Return the status, with the requests of ours that are open."""
    requests = open_rebuilds(context, plan.migration.name)
    return status_now(migrating, plan, page, platforms=_asked(context), requests=requests)


def plan(
    context: Context,
    migration: str | None,
    *,
    target: str | None,
    add_platform: str | None,
    as_dot: bool,
    as_mermaid: bool,
    as_svg: bool,
    status_page: Path | None,
) -> int:
    """Answer with the plan of a migration or of a new platform, and return the exit code. Raises InputError."""
    formats = [name for name, on in (("dot", as_dot), ("mermaid", as_mermaid), ("svg", as_svg)) if on]
    if len(formats) + context.options.json > 1:
        raise InputError("--dot, --mermaid, --svg and --json exclude each other")
    if add_platform is not None:
        return _add_platform(context, add_platform, target)
    if migration is None:
        raise InputError("no migration was given", hint="Give its name or file, or --add-platform P --target SPEC.")
    with migration_context(context, channel=target is not None, name=migration) as migrating:
        plan = migrating.plan(migrating.migration(migration))
        if formats:
            status = (
                current_status(context, migrating, plan, status_page)
                if migrating.channel is not None or status_page
                else None
            )
            context.observer.stop()
            typer.echo(_DRAW[formats[0]](picture_of(plan, status)), nl=False)
            return _plan_code(plan, None)
        pinned = pinned_members(plan, migrating.exports(plan))
        document, parts = report.plan_json(plan, pinned), [report.plan_text(plan, pinned)]
        effect: TargetEffect | None = None
        if target is not None:
            specs, platforms = specs_of(context.settings, target)
            effect = effect_of(migrating, plan, target, specs, platforms)
            document["targets"] = [effect_json(effect)]
            parts.append(effect_text(effect))
        context.answer(joined(parts), document, plan_steps(plan, again_arguments(migration, status_page), effect))
    return _plan_code(plan, effect)


def _add_platform(context: Context, platform: str, target: str | None) -> int:
    if target is None:
        raise InputError("--add-platform needs a target", hint="Name one with --target SPEC.")
    with migration_context(context, channel=True) as migrating:
        specs, _ = specs_of(context.settings, target)
        addition = enabling(migrating, platform, target, specs)
        steps = sync_steps(target) if addition.unknown else ()
        context.answer(additions.addition_text(addition), additions.addition_json(addition), steps)
    return 3 if addition.open else 0


def show_status(
    context: Context, migration: str, *, status_page: Path | None, as_svg: bool, html: Path | None = None
) -> int:
    """Answer with the state of each member, write its page where asked for, and return the exit code.

    Raises InputError.
    """
    if as_svg and context.options.json:
        raise InputError("--svg and --json exclude each other")
    with migration_context(context, channel=True) as migrating:
        plan = migrating.plan(migrating.migration(migration))
        status = current_status(context, migrating, plan, status_page)
        if html is not None:
            from dirac_forge.cli.migration_page import write_page  # noqa: PLC0415  # the templates are for it alone

            write_page(html, context, migrating, plan, status)
        if as_svg:
            context.observer.stop()
            typer.echo(svg(picture_of(plan, status)), nl=False)
        else:
            platforms = context.settings.platforms
            text = states.status_text(plan, status, verbose=context.options.verbose, platforms=platforms)
            again = again_arguments(migration, status_page)
            rebuilds = () if status.paused else rebuild_steps(context, plan, again, status)
            steps = (*rebuilds, *platform_steps(again, status, platforms))
            document = states.status_json(plan, status)
            if html is not None:
                text, document = joined([text, f"Wrote {html}."]), {**document, "html": str(html)}
            context.answer(text, document, steps)
    return _exit_code(context, plan, status)


def show_list(context: Context) -> int:
    """Answer with the migrations of the workspace and of the pinning, and return the exit code."""
    with migration_context(context, channel=context.settings.pinning is None) as migrating:
        found = migrating.migrations()
        faults = {name: fault for name, each in found.items() if (fault := migrating.fault(each))}
        unread = migrating.unread_migrations
        running = [name for name, each in found.items() if not each.settings.paused and name not in faults][:1]
        steps = step("shows its members and their order", "migrate", "plan", *running) if running else ()
        context.answer(report.list_text(found, faults), report.list_json(found, faults, unread), steps)
    return 3 if unread else 0


def show_next(context: Context, migration: str, *, status_page: Path | None, paused: bool) -> int:
    """Answer with the members that are ready, and return the exit code; `paused`: also if the migration is paused."""
    with migration_context(context, channel=True) as migrating:
        plan = migrating.plan(migrating.migration(migration))
        status = current_status(context, migrating, plan, status_page)
        held = status.paused and not paused
        again = again_arguments(migration, status_page, paused=paused)
        steps = () if held else rebuild_steps(context, plan, again, status)
        context.answer(states.next_text(plan, status, paused=held), states.next_json(plan, status, paused=held), steps)
    return _exit_code(context, plan, status)


def why(context: Context, migration: str, feedstock: str) -> int:
    """Answer with why a feedstock is a member or not, and return the exit code."""
    with migration_context(context, channel=True, name=migration) as migrating:
        plan = migrating.plan(migrating.migration(migration))
        name = feedstock if feedstock in plan.graph.facts else migrating.workspace.find(feedstock).label
        pinned = pinned_members(plan, migrating.exports(plan))
        near = (
            (name, *(edge.parent for edge in plan.edges_of(name)), *plan.children[name]) if name in plan.wave_of else ()
        )
        done = {each: _is_done(evidence) for each, evidence in migrating.evidence_of(plan, near).items()}
        member = _state_of(context, migrating, plan, name)
        text, document = why_text(plan, name, pinned, done, member), why_json(plan, name, pinned, done, member)
        context.answer(text, document, status_steps(again_arguments(migration)))
    return 3 if name in plan.graph.unreadable else 0


def _state_of(context: Context, migrating: MigrationContext, plan: Plan, name: str) -> FeedstockStatus | None:
    """Return the state of a member as `migrate status` has it; None without a channel, or if it is no member."""
    if migrating.channel is None or name not in plan.wave_of:
        return None
    status = current_status(context, migrating, plan, None)
    return next((each for each in status.feedstocks if each.feedstock == name), None)


def new(context: Context, library: str, version: str) -> int:
    """Write a migration, answer with its path, and return the exit code. Raises InputError."""
    pinning = pinning_of(context, open_readable_channel(context) if context.settings.pinning is None else None)
    if pinning is None:
        hint = "Name its folder with --pinning, or a channel that has the package conda-forge-pinning."
        raise InputError("there is no pinning to write a migration from", hint=hint)
    made = new_migration(library, version, pinning, timestamp=int(time.time()))
    path = context.settings.workspace / "migrations" / f"{made.name}.yaml"
    if path.exists():
        raise InputError(f"{path} already exists", hint="Remove it first to write a new one.")
    write_file(path, made.text)
    notes = [*made.notes, *_same_pins(context, path, parse_migration(made.text, path=path).keys)]
    document = {"migration": made.name, "path": str(path), "notes": notes}
    steps = step("shows its members and their order", "migrate", "plan", made.name)
    context.answer(sentences([str(path), *(f"note: {note}" for note in notes)]), document, steps)
    return 0


def _same_pins(context: Context, path: Path, keys: Collection[str]) -> Iterator[str]:
    """Yield the other migrations next to a new one that move one of its pins."""
    for other in sorted(each for ending in MIGRATION_ENDINGS for each in path.parent.glob(f"*{ending}")):
        try:
            shared = [key for key in read_migration(other).keys if key in keys]
        except InputError as exc:
            context.observer.warned(exc.message)
            continue
        if shared and other != path:
            yield f"{other} moves {', '.join(shared)} too: keep one of them"


def _rebuilt(folder: FeedstockFolder, plan: Plan, *, write_within: Path | None) -> Change | Skip:
    """Return the rebuild of a member with its body; it is written if the workspace to write within is given."""
    result = rebuild(folder, plan)
    if not isinstance(result, Change):
        return result
    if write_within is not None:
        write_files(folder.path, {edit.path: edit.after for edit in result.edits}, within=write_within)
    return with_rebuild_body(result, plan)


def run_rebuilds(
    context: Context,
    migration: str,
    feedstocks: Sequence[str],
    *,
    write: bool,
    pr: bool,
    status_page: Path | None,
    paused: bool,
) -> int:
    """Make rebuild changes, write or send them if asked for, answer with them, and return the exit code."""
    if pr:
        needs_token(context)
    again = again_arguments(migration, status_page, paused=paused)
    with migration_context(context, channel=not feedstocks, name=migration) as migrating:
        plan = migrating.plan(migrating.migration(migration))
        if plan.migration.settings.paused and not paused:
            return _answer_paused(context, plan)
        status = None if feedstocks else current_status(context, migrating, plan, status_page)
        names = feedstocks if status is None else _ready(context, plan, status)
        if status is not None and not names:
            return _nothing_to_rebuild(context, plan, again, status, pr=pr)
        folders = [migrating.workspace.find(name) for name in names]
        if status is None:
            _warn_of_order(context, migrating, plan, folders)
        code = _make_rebuilds(
            context, migrating, plan, folders, (*again, *feedstocks), write=write, pr=pr, force=bool(feedstocks)
        )
    # Which members are ready was a part of the question, unless they were named.
    return code if code or status is None else _exit_code(context, plan, status)


def _warn_of_order(
    context: Context, migrating: MigrationContext, plan: Plan, folders: Sequence[FeedstockFolder]
) -> None:
    """Warn of members that are asked for by name and come after others that are not known to be done.

    The channels are read only where the command line names one; else a recipe tells that its member is not done.
    """
    waited_for = {f.label: plan.waited_for(f.label) for f in folders if f.label in plan.wave_of}
    evidence = migrating.evidence_of(plan, {parent for parents in waited_for.values() for parent in parents})
    read = migrating.channel is not None
    seen = "the channel has no build with it" if read else "not in the recipe here"
    status = f"`dirac-forge migrate status {plan.migration.name}` shows what is done"
    for name, parents in waited_for.items():
        missing = [parent for parent in parents if _is_missing(evidence[parent])]
        # A recipe that has the migration may not be built yet.
        unsure = [parent for parent in parents if parent not in missing and (evidence[parent].unknown or not read)]
        for some, why, then in ((missing, f" ({seen})", ""), (unsure, "", f"; {status}")):
            if some:
                after = f"{name} comes after {', '.join(some)} in {plan.migration.name}{why}"
                context.observer.warned(f"{after}: build it when they are done{then}")


def _is_done(evidence: Evidence) -> bool | None:
    """Return whether a member is done; None if that is unknown."""
    return None if evidence.unknown else evidence.all_done


def _is_missing(evidence: Evidence) -> bool:
    return not evidence.all_done and not evidence.unknown


def _make_rebuilds(
    context: Context,
    migrating: MigrationContext,
    plan: Plan,
    folders: Sequence[FeedstockFolder],
    again: Sequence[str],
    *,
    write: bool,
    pr: bool,
    force: bool,
) -> int:
    root = migrating.workspace.root if write else None
    results = [_rebuilt(folder, plan, write_within=root) for folder in folders]
    sent = send(context, requested_rebuilds(context.settings, plan, folders), force=force) if pr else None
    steps = () if write or pr else write_steps(again, results)
    return _answer_rebuilds(context, plan, results, sent, steps)


def _answer_paused(context: Context, plan: Plan) -> int:
    said = f"{plan.migration.name} is paused: nothing is rebuilt. Use --paused to rebuild anyway."
    context.answer(sentences([said]), {**report.changes_json(plan, ()), "paused": True})
    return 0


def _ready(context: Context, plan: Plan, status: Status) -> list[str]:
    """Return the members that are ready; warn if they are more than `pr_limit`."""
    names = [each.feedstock for each in status.next]
    limit = plan.migration.settings.pr_limit
    if limit is not None and len(names) > limit:
        context.observer.warned(
            f"{plan.migration.name} has pr_limit {limit}, which is for conda-forge's bot: all {len(names)} rebuilds "
            f"that are ready are made; `dirac-forge migrate run {plan.migration.name} FEEDSTOCK...` makes some"
        )
    return names


def _answer_rebuilds(
    context: Context, plan: Plan, results: Sequence[Change | Skip], sent: SentChanges | None, steps: Sequence[Step]
) -> int:
    text = report.changes_text(plan, results, verbose=context.options.verbose)
    document = report.changes_json(plan, results)
    if sent is None:
        context.answer(text, document, steps)
        return 0
    shown = joined([text, sentences(sent.lines)]) if sent.lines else text
    context.answer(shown, {**document, "requests": sent.document}, steps)
    return sent.exit_code


def _nothing_to_rebuild(context: Context, plan: Plan, again: Sequence[str], status: Status, *, pr: bool) -> int:
    """Answer with what is in the way of all rebuilds, and return the exit code."""
    document = report.changes_json(plan, ())
    steps = rebuild_steps(context, plan, again, status)
    context.answer(states.next_text(plan, status), {**document, "requests": []} if pr else document, steps)
    return _exit_code(context, plan, status)

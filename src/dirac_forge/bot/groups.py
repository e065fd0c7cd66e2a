"""Feedstocks whose bumps move together: opened in one run or not at all, linked, and merged in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from dirac_forge.bot.budget import Held
from dirac_forge.bot.proposed import ProposedChange, RunDecision
from dirac_forge.proposals.hold_reasons import GroupStuck
from dirac_forge.proposals.review_reasons import MergedAfter
from dirac_forge.pullrequest.records import Identity, LedgerEntry
from dirac_forge.report.foreign import escaped, link
from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupedChanges:
    """The changes of a run, those of groups with their place in the order."""

    wanted: tuple[ProposedChange, ...]
    held: tuple[Held, ...]
    """New changes that wait for another of their group."""


def group_name(identity: Identity, groups: Iterable[Sequence[str]]) -> str:
    """Return the group that a change moves with: its feedstocks and the branch; "" for none."""
    if identity.kind != "bump":
        return ""
    names = next((group for group in groups if identity.feedstock in group), ())
    return f"{', '.join(names)} ({identity.branch})" if names else ""


def grouped(
    wanted: Sequence[ProposedChange],
    decisions: Sequence[RunDecision],
    groups: Iterable[Sequence[str]],
    entries: Mapping[Identity, LedgerEntry],
    *,
    bars: Callable[[Identity], Literal["archived", "closed"] | None] = lambda _: None,
) -> GroupedChanges:
    """Return the changes with the merge order of their group in the body, and those that wait for another of it.

    `entries` is what the ledger knows of open requests; these are never held. `bars` tells why a change
    can't be opened, whatever was decided.
    """
    changed = {each.identity: each for each in wanted}
    held: list[Held] = []
    for names, branch in _groups_in(wanted, groups):
        members = [each for each in wanted if _belongs(each, names, branch)]
        new = [each.identity for each in members if each.identity not in entries]
        reason = _stuck(decisions, names, branch) or _barred(new, bars)
        held += _all_held(new, reason)
        changed |= {each.identity: each for each in _linked(members, names, entries)}
    for each in held:
        changed.pop(each.identity, None)
    return GroupedChanges(wanted=tuple(changed.values()), held=tuple(held))


def _all_held(identities: Iterable[Identity], reason: GroupStuck | None) -> list[Held]:
    return [] if reason is None else [Held(identity=identity, reason=reason) for identity in identities]


def _groups_in(
    wanted: Sequence[ProposedChange], groups: Iterable[Sequence[str]]
) -> Iterator[tuple[Sequence[str], str]]:
    """Yield each group and release line of which something is wanted."""
    for names in groups:
        lines = dict.fromkeys(each.identity.branch for each in wanted if each.identity.feedstock in names)
        yield from ((names, branch) for branch in lines)


def _stuck(decisions: Sequence[RunDecision], names: Sequence[str], branch: str) -> GroupStuck | None:
    """Return which feedstock of a group keeps the others back; None if all can move."""
    about = {each.feedstock: each for each in decisions if (each.kind, each.branch) == ("bump", branch)}
    for name in names:
        decision = about.get(name)
        if decision is not None and decision.state in {"waiting", "blocked", "unknown", "failed"}:
            return GroupStuck(feedstock=name, reasons=tuple(decision.reasons))
    # Other release lines are not on every feedstock.
    absent = [name for name in names if name not in about] if branch == "main" else []
    return GroupStuck(feedstock=absent[0], why="absent") if absent else None


def _barred(
    new: Iterable[Identity], bars: Callable[[Identity], Literal["archived", "closed"] | None]
) -> GroupStuck | None:
    """Return which feedstock of a group is not opened, whatever was decided; None if each can be."""
    for identity in new:
        why = bars(identity)
        if why is not None:
            return GroupStuck(feedstock=identity.feedstock, why=why)
    return None


def _linked(
    members: Sequence[ProposedChange], names: Sequence[str], entries: Mapping[Identity, LedgerEntry]
) -> list[ProposedChange]:
    """Return the changes of a group with the merge order in their bodies; one alone has none."""
    if len(members) < 2:
        return list(members)
    order = _in_order(members, names)
    note = _note(order, entries)
    return [_with_note(each, note, order) for each in order]


def _belongs(each: ProposedChange, names: Sequence[str], branch: str) -> bool:
    identity = each.identity
    return identity.kind == "bump" and identity.branch == branch and identity.feedstock in names


def _in_order(members: Sequence[ProposedChange], names: Sequence[str]) -> list[ProposedChange]:
    """Return the members, each after those that it waits for, else as the settings list them."""
    left = sorted(members, key=lambda each: names.index(each.identity.feedstock))
    order: list[ProposedChange] = []
    while left:
        waiting = {each.identity.feedstock for each in left}
        ready = next((each for each in left if not waiting & (set(each.after) - {each.identity.feedstock})), left[0])
        order.append(ready)
        left.remove(ready)
    return order


def _note(order: Sequence[ProposedChange], entries: Mapping[Identity, LedgerEntry]) -> str:
    lines = []
    for number, each in enumerate(order, 1):
        known = entries.get(each.identity)
        title = each.change.title
        shown = link(title, known.url) if known is not None and known.on_forge else escaped(title)
        lines.append(f"> {number}. {shown}")
    return "\n".join(["> [!IMPORTANT]", "> These move together. Merge them in this order:", *lines, "", ""])


def _with_note(each: ProposedChange, note: str, order: Sequence[ProposedChange]) -> ProposedChange:
    before = order[: order.index(each)]
    first = before[-1].change.title if before else ""
    return replace(
        each,
        change=replace(each.change, body=note + each.change.body),
        review=each.review or (MergedAfter(title=first) if first else None),
    )

"""Requirements that upstream changed, carried over to an output's run list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from packaging.utils import canonicalize_name

from dirac_forge.bump.drift.clauses import clauses_of, implied, same
from dirac_forge.bump.drift.draft import DriftDraft
from dirac_forge.bump.drift.lines import OutputLines, RequirementLine
from dirac_forge.bump.drift.needs import UpstreamNeed, extras_named, mentioned, needs_of, only_extra
from dirac_forge.bump.drift.new_output import JoiningFamily
from dirac_forge.recipe.making.expansion import Providers
from dirac_forge.recipe.reading.recipe_text import Section
from dirac_forge.recipe.scope import Scope
from dirac_forge.upstream.files.facts import ReleaseFacts

__all__ = ["NEVER", "followed", "run_drift"]

NEVER = frozenset({"python", "wheel"})
"""`python` has rules of its own; conda-forge's pip brings what `wheel` was listed for."""


def run_drift(
    draft: DriftDraft,
    output: OutputLines,
    old: ReleaseFacts,
    new: ReleaseFacts,
    *,
    scopes: tuple[Scope, Scope],
    built: Scope,
    providers: Providers,
    satellite: bool,
    family: JoiningFamily,
) -> None:
    """Carry over what changed in Requires-Dist.

    `scopes` are what the recipe serves before and after, `built` what the channel builds for: a floor of the recipe may
    be lower. A `satellite` (an output around another of the same project) has no part in the plain requirements, only
    in the extras that it holds.
    """
    noarch = output.output.noarch is not None
    before, after = old.metadata, new.metadata
    needs = [
        (
            "upstream",
            needs_of(before.requires_dist, scopes[0], providers, noarch=noarch),
            needs_of(after.requires_dist, scopes[1], providers, noarch=noarch),
        )
    ]
    needs += [
        (
            f"upstream's extra {extra}",
            only_extra(before, extra, scopes[0], providers, noarch=noarch),
            only_extra(after, extra, scopes[1], providers, noarch=noarch),
        )
        for extra in extras_named(before)
    ]
    # What something else asks for from now on is no sign that the recipe holds an extra.
    fresh = {key for _, was, now in needs for key in now.keys() - was.keys()}
    touched: set[str] = set()
    for index, (what, was, now) in enumerate(needs):
        if satellite if index == 0 else not _holds(output, [need for key, need in was.items() if key not in fresh]):
            continue
        _diff(draft, output, was, now, new, what=what, built=built, family=family)
        touched |= _touched(was, now)
    if draft.edited(output, "run"):
        _drop_duplicates(draft, output, "run", touched)


def _touched(old: Mapping[str, UpstreamNeed], new: Mapping[str, UpstreamNeed]) -> set[str]:
    """Names of what upstream changed, in every spelling that a recipe may have."""
    changed = [need for key, need in new.items() if key not in old or old[key].lines != need.lines]
    return {key for need in changed for key in need.keys}


def _holds(output: OutputLines, needs: Sequence[UpstreamNeed]) -> bool:
    keys = {line.key for line in output.of("run")}
    return bool(needs) and all(need.keys & keys for need in needs)


def _mine(output: OutputLines, need: UpstreamNeed, sections: Sequence[Section] = ("run",)) -> list[RequirementLine]:
    return [line for section in sections for line in output.of(section) if line.key in need.keys]


def _diff(
    draft: DriftDraft,
    output: OutputLines,
    old: Mapping[str, UpstreamNeed],
    new: Mapping[str, UpstreamNeed],
    facts: ReleaseFacts,
    *,
    what: str,
    built: Scope,
    family: JoiningFamily,
) -> None:
    sections: tuple[Section, ...] = ("run", "host") if _mirrored(output, old) else ("run",)
    for key, need in new.items():
        if key in NEVER:
            continue
        was = old.get(key) or next((other for other in old.values() if other.keys & need.keys), None)
        if was is None and need.pythons.isdisjoint(built.pythons):
            draft.note(
                "info",
                f"{output.output.name}: {need.package} is new for Pythons that the channel no longer builds for, "
                f"and is not added ({need.evidence})",
            )
        elif was is None:
            for section in sections:
                _added(draft, output, need, section, what, family.pin if family.sibling(need) else "")
        elif was.lines != need.lines:
            for line in _mine(output, need, sections):
                followed(draft, output.output.name, line, was, need)
    present = mentioned(facts.metadata)
    for key, need in old.items():
        if key in new or key in NEVER or any(need.keys & other.keys for other in new.values()):
            continue
        for line in _mine(output, need, sections):
            projects = {canonicalize_name(project) for project in need.projects}
            if projects & present:
                draft.note(
                    "info",
                    f"{output.output.name}: {line.name} stays; {what} asks for it only elsewhere now "
                    f"(was {need.evidence})",
                )
            else:
                draft.remove(
                    output.output.name,
                    line,
                    need.evidence,
                    f"{what} no longer asks for it",
                    project=need.projects[0] if need.projects else "",
                )


def _mirrored(output: OutputLines, needs: Mapping[str, UpstreamNeed]) -> bool:
    """Whether host lists everything that upstream requires at run time, too (two packages at least)."""
    host = {line.key for line in output.of("host")}
    run = [need for need in needs.values() if _mine(output, need)]
    return len(run) > 1 and all(need.keys & host for need in run)


def _added(draft: DriftDraft, output: OutputLines, need: UpstreamNeed, section: Section, what: str, pin: str) -> None:
    name = output.output.name
    if any(line.key in need.keys for line in output.of(section)):
        return
    if any(line.key in need.keys and line.kind == "pin_subpackage" for line in output.lines):
        return
    noarch = output.output.noarch is not None
    optional = need.marked or "extra" in what
    for when, spec in need.lines.values():
        if noarch and when is not None:
            draft.note(
                "todo",
                f"{name}: {need.package} {spec} is new, on some systems only; a noarch package can't say so "
                f"({need.evidence})",
            )
            continue
        draft.add(
            output,
            section,
            need.package,
            pin if pin and when is None else spec,
            evidence=need.evidence,
            reason=f"{what} asks for it now",
            when=when,
            project=need.projects[0] if need.projects else "",
            optional=optional,
        )


def followed(
    draft: DriftDraft, output: str, line: RequirementLine, was: UpstreamNeed, now: UpstreamNeed, *, lift: bool = True
) -> None:
    """One line where upstream's spec changed: against the spec under the condition that the line stands for.

    Without `lift` a lower bound of the maintainers' own stays below upstream's.
    """
    pairs = [(spec, now.lines[key][1]) for key, (_, spec) in was.lines.items() if key in now.lines]
    mine = clauses_of(line.spec)
    fitting = [pair for pair in pairs if mine is not None and same(mine, clauses_of(pair[0]) or ())]
    if not fitting and "" in was.lines and now.everywhere is None and len(now.lines) == 1:
        fitting = [(was.lines[""][1], next(iter(now.lines.values()))[1])]
    if not fitting:
        fitting = pairs[:1]
    for old, new in fitting[:1]:
        draft.follow(output, line, old, new, now.evidence, project=now.projects[0] if now.projects else "", lift=lift)


def _drop_duplicates(draft: DriftDraft, output: OutputLines, section: Section, touched: set[str]) -> None:
    """Lines that another line for the same package makes needless, in a list that is edited anyway.

    One that asks for exactly as much goes only where upstream changed the package (`touched`).
    """
    by_key: dict[str, list[RequirementLine]] = {}
    for line in output.of(section):
        if line.kind == "package" and not line.conditional and not draft.gone(line):
            by_key.setdefault(line.key, []).append(line)
    for lines in by_key.values():
        kept = list(lines)
        for line in reversed(lines):
            others = [other for other in kept if other is not line and other.number != line.number]
            weak = clauses_of(draft.spec(line))
            strong = [clauses for other in others if (clauses := clauses_of(draft.spec(other))) is not None]
            if weak is not None and any(
                implied(weak, clauses) and (line.key in touched or not same(weak, clauses)) for clauses in strong
            ):
                kept.remove(line)
                draft.remove(output.output.name, line, "", "another line for the same package asks for as much")

"""Bounds of what only upstream's extras ask for, where a recipe lists it in run or as a constraint."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.utils import canonicalize_name

from dirac_forge.bump.drift.clauses import clauses_of, implied
from dirac_forge.bump.drift.draft import DriftDraft
from dirac_forge.bump.drift.lines import OutputLines, RequirementLine
from dirac_forge.bump.drift.needs import UpstreamNeed, extras_named, needs_of, only_extra
from dirac_forge.recipe.making.expansion import Providers
from dirac_forge.recipe.scope import Scope
from dirac_forge.upstream.files.facts import CoreMetadata

Needs = dict[str, UpstreamNeed]


def extras_drift(
    draft: DriftDraft,
    output: OutputLines,
    before: CoreMetadata,
    after: CoreMetadata,
    *,
    scope: Scope,
    providers: Providers,
) -> None:
    """Tell which lines that only extras ask for no longer have upstream's bounds; to be called after what run requires.

    They are not edited, since maintainers leave such lines alone: chardet of requests, cffi of zstandard.
    """
    named = _named_by_extras(after, providers)
    lines = [line for line in _listed(output) if line.key in named and not draft.gone(line)]
    if not lines:
        return
    noarch, every_python = output.output.noarch is not None, output.output.version_independent
    old, new = (
        needs_of(one.requires_dist, scope, providers, noarch=noarch, every_python=every_python)
        for one in (before, after)
    )
    base = {key for need in (*old.values(), *new.values()) for key in need.keys}

    def added(extra: str, metadata: CoreMetadata, plain: Needs) -> Needs:
        return only_extra(metadata, extra, scope, providers, noarch=noarch, every_python=every_python, base=plain)

    extras = [(extra, added(extra, before, old), added(extra, after, new)) for extra in extras_named(after)]
    for line in lines:
        if line.key not in base and not _settled(draft, output.output.name, line):
            _tell(draft, output.output.name, line, extras)


def _named_by_extras(metadata: CoreMetadata, providers: Providers) -> set[str]:
    """Return the projects that some extra asks for, and their packages, normalised."""
    asked = (one for one in metadata.requires_dist if one.for_extra)
    return {canonicalize_name(name) for one in asked for name in (one.name, providers.package(one.name))}


def _listed(output: OutputLines) -> list[RequirementLine]:
    return [line for part in ("run", "run_constrained") for line in output.of(part) if line.kind == "package"]


def _settled(draft: DriftDraft, output: str, line: RequirementLine) -> bool:
    return (output, line.section, line.key) in draft.told or draft.decided(line)


def _tell(draft: DriftDraft, output: str, line: RequirementLine, extras: list[tuple[str, Needs, Needs]]) -> None:
    moves = list(_moves(line, extras))
    if not moves or any(_says(line, spec) for _, now in moves for _, spec in now.lines.values()):
        return
    draft.note(
        "warning",
        "extra-changed",
        output,
        tells=(line.section, line.name),
        requirement=f"{line.name} {line.spec}".strip(),
        section=line.section,
        extras=dict.fromkeys(extra for extra, _ in moves),
        evidence=dict.fromkeys(now.evidence for _, now in moves),
    )


def _moves(line: RequirementLine, extras: list[tuple[str, Needs, Needs]]) -> Iterator[tuple[str, UpstreamNeed]]:
    """Yield the extras whose requirement of a line's package changed, with what it is now."""
    for extra, old, new in extras:
        was, now = _need(old, line), _need(new, line)
        if was is not None and now is not None and was.lines != now.lines:
            yield extra, now


def _need(needs: Needs, line: RequirementLine) -> UpstreamNeed | None:
    known = needs.get(canonicalize_name(line.name))
    return known or next((need for need in needs.values() if line.key in need.keys), None)


def _says(line: RequirementLine, spec: str) -> bool:
    """Whether a line and upstream's spec admit the same versions."""
    mine, theirs = clauses_of(line.spec), clauses_of(spec)
    return mine is not None and theirs is not None and implied(mine, theirs) and implied(theirs, mine)

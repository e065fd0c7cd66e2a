"""Bumps as text for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from dirac_forge.bump.blockers import Blocker, WorseTargets
from dirac_forge.bump.bump_notes import BumpNote, OlderThanChannel
from dirac_forge.bump.drift.carried import TooLowPython
from dirac_forge.bump.proposal import Bump
from dirac_forge.bump.skip_reasons import Current
from dirac_forge.check.answer_reasons import NotTaken, ProposalRefused
from dirac_forge.check.proof_reasons import WorstTarget
from dirac_forge.feedstock.change import Skip
from dirac_forge.report.bodies import dependents_of, next_steps
from dirac_forge.report.bump_body import attention_sections, bump_sections, review_count
from dirac_forge.report.bump_reasons import moved_text, skip_text, worded
from dirac_forge.report.document import Items, Line, Section, few, words
from dirac_forge.report.foreign import plain
from dirac_forge.report.proof_words import proof_words

if TYPE_CHECKING:
    from rich.console import RenderableType

    from dirac_forge.check.proof import Proof

_MOST_NAMES = 40
_MOST_REASONS = 10
_SHORT = 100
"""Characters of a reason in the overview; all of it follows below."""
_MOST_LEFT = 3
_STATUSES = ("proposed", "waiting", "blocked", "unknown")
_KINDS = {
    "nothing": "Nothing to do",
    "no": "Not possible",
    "unreadable": "Can't be read or edited",
    "unknown": "Unknown",
}
_COUNTED = {
    "nothing": "kept as is",
    "no": "not possible",
    "unreadable": "that can't be read or edited",
    "unknown": "unknown",
}
"""Kind to what the summary counts."""


def bumps_text(
    results: Sequence[Bump | Skip],
    *,
    written: bool,
    verbose: bool = False,
    diffs: bool = False,
    requested: bool = False,
) -> RenderableType:
    """Return an overview in the run's order, what needs a person, then what is skipped, grouped by reason.

    `verbose` shows of each proposal what its pull request would; `diffs` shows the edits; `requested`: pull requests
    were asked for.
    """
    from rich.console import Group  # noqa: PLC0415  # 0.05 s that --json does without
    from rich.text import Text  # noqa: PLC0415

    from dirac_forge.report.terminal import Shown  # noqa: PLC0415

    bumps = [result for result in results if isinstance(result, Bump)]
    skips = [result for result in results if isinstance(result, Skip)]
    common = () if verbose else _common_notes(bumps)
    parts: list[RenderableType] = _overview(bumps, common, written=written)
    for bump in bumps:
        sections = _whole(bump, results, requested=requested) if verbose else _brief(bump, results, common)
        parts += _below_overview(bump, sections, edits=diffs or verbose)
    for section in (*_for_several(common), *_skipped(skips, verbose=verbose)):
        parts += [Shown([section]), Text()]
    summary = _in_all(bumps, skips, written=written)
    return Group(*parts, Text(summary)) if summary else Group(*parts[:-1])


def _for_several(notes: Collection[BumpNote]) -> tuple[Section, ...]:
    """Return the notes that several feedstocks share; one line for all recipes that are older than the channel's."""
    older = [note for note in notes if isinstance(note, OlderThanChannel)]
    said = [*map(worded, (note for note in notes if note not in older)), *([_older(older)] if older else [])]
    return Section.of("For several feedstocks", [Items(tuple(said))] if said else [])


def _older(notes: Sequence[OlderThanChannel]) -> str:
    """Return which recipes are older than what the channel has, and how to fetch the newest."""
    listed = words([f"{note.package} {note.newest} (here {note.version})" for note in notes], _MOST_NAMES)
    names = " ".join(dict.fromkeys(note.feedstock for note in notes))
    return f"the channel is ahead of the recipes here: {listed}; `dirac-forge sync {names}` fetches the newest"


def _below_overview(bump: Bump, sections: tuple[Section, ...], *, edits: bool) -> list[RenderableType]:
    """Return the sections of a bump, with its edits where asked for, and an empty line below."""
    if not sections and not edits:
        return []
    from rich.text import Text  # noqa: PLC0415

    from dirac_forge.report.terminal import Shown, diff  # noqa: PLC0415

    parts: list[RenderableType] = [Shown(sections)] if sections else []
    parts += [diff(edit.diff) for edit in bump.change.edits if edits]
    return [*parts, Text()]


def _overview(bumps: Sequence[Bump], common: Collection[BumpNote], *, written: bool) -> list[RenderableType]:
    if not bumps:
        return []
    from rich.text import Text  # noqa: PLC0415

    from dirac_forge.report.overview import Overview, OverviewRow  # noqa: PLC0415

    rows = [
        OverviewRow(
            name=_named(bump),
            version=moved_text(bump),
            released=_released(bump),
            status="written" if written and bump.status == "proposed" else bump.status,
            why=_why(bump) + _reviewed(bump, common),
        )
        for bump in bumps
    ]
    return [Overview(rows), Text()]


def _whole(bump: Bump, results: Sequence[Bump | Skip], *, requested: bool) -> tuple[Section, ...]:
    """Return all there is to say of a bump; how to handle its pull request only if one was asked for."""
    sections = bump_sections(bump, waiting=dependents_of(bump, results))
    head, *rest = (*sections, next_steps(bump.change)) if requested else sections
    return (head, *(section.below() for section in rest))


def _brief(bump: Bump, results: Sequence[Bump | Skip], common: Collection[BumpNote]) -> tuple[Section, ...]:
    """Return what a person has to decide or look at, or () if there is nothing."""
    sections = attention_sections(bump, waiting=dependents_of(bump, results), but=common)
    title = f"{_named(bump)} {moved_text(bump)}"
    return (Section(title=title, blocks=()), *(section.below() for section in sections)) if sections else ()


def _common_notes(bumps: Sequence[Bump]) -> tuple[BumpNote, ...]:
    """Return the notes that several bumps have, such as a host that could not be reached."""
    counts = Counter(note for bump in bumps for note in dict.fromkeys(bump.notes))
    older = {note for note in counts if isinstance(note, OlderThanChannel)}
    return tuple(note for note, count in counts.items() if count > 1 or (note in older and len(older) > 1))


def _named(result: Bump | Skip) -> str:
    name, branch = (
        (result.feedstock, result.branch)
        if isinstance(result, Skip)
        else (result.change.feedstock, result.change.branch)
    )
    return name if branch == "main" else f"{name}@{branch}"


def _released(bump: Bump) -> tuple[str, str]:
    old, new = bump.old_released, bump.released
    return ("" if old is None else f"{old:%Y-%m-%d}", "" if new is None else f"{new:%Y-%m-%d}")


def _why(bump: Bump) -> str:
    """Return one line: what it makes worse, else what it waits for, else what is wrong with it, else what it does."""
    worse = [one for one in bump.blocked_by if isinstance(one, WorseTargets)]
    if bump.waits_for and not worse:
        return f"waits for {words(bump.waits_for)}"
    if bump.blocked_by:
        return _blocked((*worse, *bump.blocked_by)[0])
    return "not proven" if bump.proof is None else _proven(bump.proof)


def _proven(proof: Proof) -> str:
    """Return in one line what a bump does to the targets."""
    cells = len(proof.verdicts)
    if cells and all(verdict.outcome == "same" for verdict in proof.verdicts):
        return f"targets: {f'all {cells} cells' if cells > 1 else 'the cell is'} as before{_left(proof)}{_open(proof)}"
    reason = plain(proof_words(proof.reason), longest=_SHORT)
    return f"targets {proof.outcome}{f': {reason}' if reason else ''}{_open(proof)}"


def _open(proof: Proof) -> str:
    """Return that it is not known of all environments whether they can be solved, if so."""
    unknown = any(one.status == "unknown" for one in proof.environments)
    return "; whether it can be built and installed is unknown" if unknown and proof.outcome != "unknown" else ""


def _blocked(blocker: Blocker) -> str:
    """Return in one line what blocks a bump; all of it follows below."""
    match blocker:
        case WorseTargets(reason=WorstTarget(target=target, reason=ProposalRefused())):
            return f"{target} can't take it (see Checks)"
        case TooLowPython(wants=wants):
            return f"the build would fail: it needs Python {wants}"
        case _:
            return plain(worded(blocker), longest=_SHORT)


def _reviewed(bump: Bump, common: Collection[BumpNote]) -> str:
    """Return how much of a proposal a person has to look at, except what several have in common."""
    count = review_count(bump, but=common) if bump.status == "proposed" else 0
    return f"; {count} to review" if count else ""


def _left(proof: Proof) -> str:
    """Return at which versions of the proposal's packages targets stay, or "" if they take the new ones."""
    left = dict.fromkeys(f"{one.package} {one.installed}" for one in proof.warnings if isinstance(one, NotTaken))
    return f"; they stay at {words([*left], _MOST_LEFT)}" if left else ""


def _skipped(skips: Sequence[Skip], *, verbose: bool) -> list[Section]:
    """Return those that are current in one line, the others by what is wrong, each reason once."""
    current = {skip: skip.reason for skip in skips if isinstance(skip.reason, Current)}
    lines: dict[str, list[Line]] = {kind: [] for kind in _KINDS}
    lines["nothing"] += _current_lines(current, verbose=verbose)
    for kind, line in _reason_lines(_alike(skip for skip in skips if skip not in current), verbose=verbose):
        lines[kind].append(line)
    return [Section(title=title, blocks=(Items(tuple(lines[kind])),)) for kind, title in _KINDS.items() if lines[kind]]


def _reason_lines(alike: Mapping[tuple[str, str, str], Sequence[Skip]], *, verbose: bool) -> Iterator[tuple[str, str]]:
    """Yield the kind and the line of each reason, then the hints that several reasons share."""
    hints = Counter((kind, hint) for kind, _, hint in alike if hint)
    for (kind, reason, hint), some in alike.items():
        own = f" ({hint})" if hints[kind, hint] == 1 else ""
        yield kind, f"{_names(some, verbose=verbose)}: {reason}{own}"
    yield from (shared for shared, count in hints.items() if count > 1)


def _alike(skips: Iterable[Skip]) -> dict[tuple[str, str, str], list[Skip]]:
    """Return the skips by kind, reason and hint."""
    found: dict[tuple[str, str, str], list[Skip]] = {}
    for skip in skips:
        found.setdefault((skip.kind, skip_text(skip), skip.hint), []).append(skip)
    return found


def _current_lines(current: Mapping[Skip, Current], *, verbose: bool) -> list[Line]:
    """Return a line that counts the feedstocks that are up to date, and those whose there is more to tell."""
    if not current:
        return []
    count = f"{len(current)} {'is' if len(current) == 1 else 'are'} up to date"
    more = [f"{_named(skip)}: {worded(reason)}" for skip, reason in current.items() if reason.remarkable]
    return [f"{count}: {_names(list(current), verbose=verbose)}", *(more if verbose else few(more, _MOST_REASONS))]


def _names(skips: Sequence[Skip], *, verbose: bool) -> str:
    names = [f"{_named(skip)} {skip.current}".rstrip() for skip in skips]
    return words(names, len(names) if verbose else _MOST_NAMES)


def _in_all(bumps: Sequence[Bump], skips: Sequence[Skip], *, written: bool) -> str:
    """Return the counts, "" if the sections above say the only one."""
    if not bumps and not skips:
        return "The workspace has no feedstocks."
    statuses: Counter[str] = Counter(bump.status for bump in bumps)
    skipped = Counter(map(_skip_words, skips))
    if not bumps and (len(skips) == 1 or list(skipped) == ["up to date"]):
        return ""
    counts: Counter[str] = Counter()
    for status in (each for each in _STATUSES if statuses[each]):
        counts["written" if written and status == "proposed" else status] = statuses[status]
    counts.update(skipped)
    text = ", ".join(f"{count} {what}" for what, count in counts.items())
    if not statuses["proposed"] or written:
        return f"{text}."
    does = "writes what is proposed" if len(statuses) > 1 else "does that"
    return f"{text}; nothing was written: --write {does}."


def _skip_words(skip: Skip) -> str:
    """Return what a feedstock is counted as."""
    return "up to date" if isinstance(skip.reason, Current) else _COUNTED[skip.kind]

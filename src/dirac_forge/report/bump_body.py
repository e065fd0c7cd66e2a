"""The description of a bump for its reviewer, on a terminal and as the body of its pull request."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from dirac_forge.bump.blockers import NeverUsable, WorseTargets
from dirac_forge.bump.bump_notes import BumpNote, IgnoredKey, NotCarried, SecondLeft
from dirac_forge.bump.drift.carried import TooLowPython
from dirac_forge.bump.new_needs import Lack
from dirac_forge.bump.objections import PlaceObjects
from dirac_forge.bump.patches import UntriedPatch, UntriedReason
from dirac_forge.bump.proposal import Bump
from dirac_forge.report.bump_checklist import checklist, written
from dirac_forge.report.bump_note_words import lagging
from dirac_forge.report.bump_reasons import chosen, moved_text, passed_over, patch_result, recipe_reason, worded
from dirac_forge.report.document import (
    Block,
    Bold,
    Code,
    Folded,
    Inline,
    Items,
    Line,
    Link,
    Paragraph,
    Section,
    Table,
    few,
    words,
)
from dirac_forge.report.proof_body import proof_blocks, review_lines

if TYPE_CHECKING:
    from dirac_forge.bump.drift.carried import Carried, LagStart, UnmetRequirement
    from dirac_forge.bump.part_reasons import PartReason

_MOST_REJECTED = 5
_MOST_FILES = 2
_MOST_NOTES = 6
_ORIGINS = {
    "given": "given on the command line",
    "index": "the index",
    "downloaded": "the file itself, downloaded",
    "archive": "the same file in the release's sdist",
}
_PARTS = {"entry_points": "entry points", "python": "Python"}


def bump_sections(bump: Bump, *, waiting: Sequence[str] = ()) -> tuple[Section, ...]:
    """Return the sections about a bump, most important first; `waiting` are feedstocks that wait for it."""
    return (
        _head(bump),
        *Section.of("Order", _order(bump, waiting)),
        *Section.of("Checks", (*_build(bump), *proof_blocks(bump.proof, waits=bool(bump.waits_for)))),
        *Section.of(_requirements_title(bump), _requirements(bump) if bump.moves else ()),
        *Section.of("Catching up with upstream", _lag(bump)),
        *Section.of("Needs review", _looked_at(bump)),
        *Section.of("Only reported", _reported(bump)),
        *Section.of("Sources", _sources(bump)),
        *Section.of("New recipes", _recipes(bump)),
        *Section.of("Release notes", _changelog(bump), detail=True),
        *Section.of("Read more", _links(bump)),
        *Section.of("Before merging", checklist(bump), detail=True),
    )


def _build(bump: Bump) -> Iterator[Block]:
    if bump.build is not None:
        from dirac_forge.report.build_failures import built_line  # noqa: PLC0415  # only if something was built

        yield Items((built_line(bump.build),))


def attention_sections(
    bump: Bump, *, waiting: Sequence[str] = (), but: Collection[BumpNote] = ()
) -> tuple[Section, ...]:
    """Return what a person has to decide or look at; `but` are notes that appear elsewhere."""
    proof = bump.proof
    bad = proof is not None and proof.outcome in ("worse", "unknown")
    notes = _review_lines(bump, but=but)
    return (
        *Section.of("Newer versions that were skipped", _unusable(bump)),
        *Section.of("Order", _order(bump, waiting) if bump.status != "proposed" else ()),
        *Section.of("Checks", proof_blocks(proof, waits=bool(bump.waits_for)) if bad else ()),
        *Section.of("Catching up with upstream", _lag(bump)),
        *Section.of("Needs review", [Items(few(notes, _MOST_NOTES))] if notes else []),
        *Section.of("New recipes", _recipes(bump)),
    )


def _unusable(bump: Bump) -> Iterator[Block]:
    """Yield the final releases that the recipe can't take, such as those without an sdist."""
    rejected = [one for one in bump.rejected if isinstance(one.reason, PlaceObjects)]
    if rejected:
        yield Items(few(passed_over(rejected), _MOST_REJECTED))


def _head(bump: Bump) -> Section:
    title = f"{bump.change.feedstock} {moved_text(bump)}"
    said = [f"{chosen(bump)}."]
    if bump.released is not None:
        before = "" if bump.old_released is None else f", {bump.old} on {bump.old_released:%Y-%m-%d}"
        said.insert(0, f"Released on {bump.released:%Y-%m-%d}{before}.")
    if bump.change.branch != "main":
        said.append(f"For the branch {bump.change.branch}.")
    blocks: list[Block] = [Paragraph(" ".join(said))]
    if bump.rejected:
        lines = few(passed_over(bump.rejected), _MOST_REJECTED)
        blocks += [Paragraph("Newer versions that were skipped:"), Items(lines)]
    return Section(title=title, blocks=tuple(blocks))


def _order(bump: Bump, waiting: Sequence[str]) -> Iterator[Block]:
    lines: list[Line] = []
    if bump.waits_for:
        lines.append(_awaited(bump))
    stopped = Bold("Unknown" if bump.status == "unknown" else "Blocked")
    lines += [reason if bump.waits_for else (stopped, f": {reason}") for reason in _blockers(bump)]
    if waiting:
        lines.append(f"Waiting for it: {words(waiting)}.")
    lines += map(worded, bump.satisfies)
    if lines:
        yield Items(tuple(lines))


def _awaited(bump: Bump) -> Line:
    """Return what has to come first: of what blocks it, the requirement itself."""
    if bump.status == "blocked":
        lacked = {one.need.package: str(one.need) for one in bump.blocked_by if isinstance(one, Lack)}
        return (Bold(f"It is blocked until the channel has {words([lacked.get(n, n) for n in bump.waits_for])}"), ".")
    them = "it" if len(bump.waits_for) == 1 else "them"
    return (Bold(f"It waits for {words(bump.waits_for)}"), f"; it can be merged once the channel has {them}.")


def _blockers(bump: Bump) -> tuple[str, ...]:
    """Return why it is blocked, except for the solver's reason, which is with the checks."""
    own = bump.drift.blockers if bump.drift is not None else ()
    return tuple(worded(one) for one in dict.fromkeys((*bump.blocked_by, *own)) if not isinstance(one, WorseTargets))


# -- what changes


def _requirements_title(bump: Bump) -> str:
    return "Requirements" if bump.drift is None or written(bump) else "Requirements that were not updated"


def _requirements(bump: Bump) -> Iterator[Block]:
    drift = bump.drift
    if drift is None:
        yield Paragraph("Upstream's requirements were not compared with those of the previous release.")
        return
    outputs: dict[str, list[Carried]] = {}
    changes = [line for line in drift.changes if line.since is None]
    for line in changes:
        if not _blocks(bump, line):
            outputs.setdefault(line.output, []).append(line)
    if not outputs:
        yield Paragraph("Only the floor of Python changed: see Order." if changes else _unchanged(bump))
    alone = [*outputs] == [bump.change.feedstock]
    for output, lines in outputs.items():
        yield Table(
            head=("in", "before", "after", "upstream", "why"),
            rows=tuple(map(_carried, lines)),
            caption="" if alone else output,
            told=tuple(map(_told, lines)),
        )


def _blocks(bump: Bump, change: Carried) -> bool:
    """Whether a change is what blocks the bump, which Order says: a floor of Python that was not raised."""
    return change.part == "python" and any(
        isinstance(one, TooLowPython) and one.output == change.output for one in bump.blocked_by
    )


def _lag(bump: Bump) -> Iterator[Block]:
    """Yield what upstream required before this release already, line by line, with since when."""
    changes = bump.drift.changes if bump.drift is not None else ()
    lines = [line for line in changes if line.since is not None or not bump.moves]
    if lines:
        yield Table(
            head=("output", "in", "before", "after", "upstream", "since"),
            rows=tuple((line.output, *_carried(line)[:4], _since(line.since)) for line in lines),
            told=tuple(dict.fromkeys(_told_as(line, _since_when(line)) for line in lines)),
        )


def _since_when(line: Carried) -> str:
    return (
        f"upstream asks for exactly this since {_since(line.since)}" if line.since is not None else worded(line.reason)
    )


def _since(start: LagStart | None) -> str:
    if start is None:
        return ""
    return f"{start.version} ({start.date})" if start.date else start.version


def _unchanged(bump: Bump) -> str:
    others = [note.project for note in bump.notes if isinstance(note, SecondLeft) and not note.requirement]
    if not others:
        listed = "; what it requires and the recipe does not is listed below" if _unmet(bump) else ""
        return f"No change of upstream's requirements affects the recipe{listed}."
    left = "stays, and was not compared" if len(others) == 1 else "stay, and were not compared"
    return f"The requirements of the project that moves did not change; {words(others)} {left}."


def _carried(line: Carried) -> tuple[Line, ...]:
    return (
        _PARTS.get(line.part, line.part),
        Code(line.before) if line.before else "",
        Code(line.after) if line.after else "",
        Code(line.evidence) if line.evidence else "",
        f"{worded(line.reason)}{_where_asked(line)}",
    )


def _where_asked(line: Carried) -> str:
    """Return what limits a requirement: an extra makes it optional, a marker only says where it holds."""
    if not line.optional:
        return ""
    return " (optional upstream)" if line.reason.extra else " (in some environments only)"


def _told(line: Carried) -> Line:
    """Return `run: m2crypto >=0.36 → m2crypto >=0.50 (upstream's bound moved: M2Crypto>=0.50)`."""
    return _told_as(line, str(_carried(line)[4]))


def _told_as(line: Carried, why: str) -> tuple[Inline, ...]:
    part, before, after, evidence, _ = _carried(line)
    if before and after:
        what: tuple[Inline, ...] = (Code(line.before), " → ", Code(line.after))
    else:
        what = (Code(line.after), " added") if after else (Code(line.before), " removed")
    behind = (f" ({why}: ", Code(line.evidence), ")") if evidence else (f" ({why})",)
    return (f"{part}: ", *what, *behind)


def review_count(bump: Bump, *, but: Collection[BumpNote] = ()) -> int:
    """Return how many things a person has to look at before a bump is merged; `but` are notes that appear elsewhere."""
    return len(_review_lines(bump, but=but))


def _looked_at(bump: Bump) -> Iterator[Block]:
    """Yield what a person has to look at; what is under Requirements that were not updated is only counted."""
    shown = bump.moves and bump.drift is not None and not written(bump)
    listed = [note for note in bump.notes if shown and isinstance(note, NotCarried) and note.change.since is None]
    count = sum(not _blocks(bump, note.change) for note in listed)
    lines = _review_lines(bump, but=listed)
    if count:
        them = "is 1 requirement that was" if count == 1 else f"are {count} requirements that were"
        lines = (f"above {them} not updated", *lines)
    if lines:
        yield Items(lines)


def _review_lines(bump: Bump, *, but: Collection[BumpNote] = ()) -> tuple[Line, ...]:
    """Return what a person has to look at, without the notes in `but`."""
    notes = sorted(bump.notes, key=lambda note: not isinstance(note, NotCarried))
    told = [note for note in notes if note not in but and not _is_elsewhere(bump, note)]
    unclear = _unclear_needs(told)
    lines: list[Line] = [worded(note) for note in told if not any(note in some for some in unclear.values())]
    lines += [_unclear_line(why, needs) for why, needs in unclear.items()]
    blocked = any(isinstance(one, NeverUsable) for one in bump.blocked_by)
    lines += [
        *(() if blocked else review_lines(bump.proof)),
        *_patches(bump),
        *_drift_lines(bump),
        *_other_licences(bump, declared=True),
    ]
    return tuple(dict.fromkeys(lines))


def _is_elsewhere(bump: Bump, note: BumpNote) -> bool:
    """Whether a note is under Only reported or Order."""
    return isinstance(note, IgnoredKey) or (isinstance(note, NotCarried) and _blocks(bump, note.change))


def _drift_lines(bump: Bump) -> Iterator[Line]:
    """Yield what has to be done by hand, then warnings, then what upstream asks for and the recipe does not."""
    notes = bump.drift.notes if bump.drift is not None else ()
    yield from ((Bold("to do"), f": {worded(note)}") for note in notes if note.level == "todo")
    yield from (worded(note) for note in notes if note.level == "warning")
    yield from (worded(one) for one in _unmet(bump) if one.to_review)


def _unmet(bump: Bump) -> tuple[UnmetRequirement, ...]:
    """Return what upstream requires and the recipe does not."""
    return bump.drift.unmet if bump.drift is not None else ()


def _unclear_needs(notes: Sequence[BumpNote]) -> dict[PartReason, list[Lack]]:
    """Return requirements of which it is unknown for one reason whether they exist, if there are several."""
    found: dict[PartReason, list[Lack]] = {}
    for note in notes:
        if isinstance(note, Lack) and note.need.partial is not None and _is_unclear(note):
            found.setdefault(note.need.partial, []).append(note)
    return {why: some for why, some in found.items() if len(some) > 1}


def _is_unclear(lack: Lack) -> bool:
    """Whether it is unknown if a package exists at all, since the channel is only a part of another."""
    return lack.availability.status == "unknown" and lack.need.partial is not None and not lack.need.known


def _unclear_line(why: PartReason, lacks: Sequence[Lack]) -> str:
    named = [f"{lack.need} ({lack.need.section} of {lack.need.output})" for lack in lacks]
    return f"whether these exist is unknown, because {worded(why)}: {words(named)}"


def _patches(bump: Bump) -> Iterator[Line]:
    """Yield a line for each patch that a person has to look at, and one for all that were not tried for one reason."""
    untried: dict[UntriedReason, list[str]] = {}
    for one in bump.tried:
        if isinstance(one, UntriedPatch):
            untried.setdefault(one.reason, []).append(one.name)
        elif said := patch_result(one):
            yield (Code(one.name), f" {said}")
    named = {one.name for one in bump.tried}
    for reason, names in untried.items():
        yield (*_codes(names), f" {'was' if len(names) == 1 else 'were'} not tried: {worded(reason)}")
    if unseen := [patch for patch in bump.patches if patch not in named]:
        yield ("The recipe has patches, which were not tried on the new source: ", *_codes(unseen))


def _codes(names: Sequence[str]) -> list[str | Code]:
    return [part for name in names for part in (", ", Code(name))][1:]


def _other_licences(bump: Bump, *, declared: bool) -> list[str]:
    """Return a line for each licence that is not upstream's and that no note mentions."""
    licences = bump.drift.licences if bump.drift is not None else ()
    others = [one for one in licences if not (one.agrees or one.told) and one.declared == declared]
    if declared:
        return [f"{one.output}: the recipe's licence is {one.recipe}, upstream's is {one.upstream}" for one in others]
    return [
        f"{one.output}: the recipe says licence {one.recipe}; upstream's metadata and licence files say {one.upstream}"
        for one in others
    ]


def _unlisted_files(bump: Bump) -> list[str]:
    """Return a line for each output whose licence files upstream names and the recipe does not list."""
    licences = bump.drift.licences if bump.drift is not None else ()
    unlisted = ((one.output, ", ".join(one.unlisted)) for one in licences if one.unlisted)
    return [f"{name}: the recipe does not list {files}, which License-File names" for name, files in unlisted]


def _reported(bump: Bump) -> Iterator[Block]:
    """Yield where the recipe and upstream differ, and did before: nothing of it is edited."""
    lines = [worded(note) for note in bump.notes if isinstance(note, IgnoredKey)]
    lines += [*_informative(bump), *_unmet_lines(bump)]
    lines += [*_other_licences(bump, declared=False), *_unlisted_files(bump)]
    if lines:
        yield Items(tuple(dict.fromkeys(lines)))


def _informative(bump: Bump) -> list[str]:
    notes = bump.drift.notes if bump.drift is not None else ()
    return [worded(note) for note in notes if note.level == "info"]


def _unmet_lines(bump: Bump) -> list[str]:
    """Return what falls short of upstream's requirements: what is new one by one, what lagged before by output."""
    fresh = [worded(one) for one in _unmet(bump) if one.fresh and not one.to_review]
    lags: dict[str, list[UnmetRequirement]] = {}
    for one in _unmet(bump):
        if not one.fresh:
            lags.setdefault(one.output, []).append(one)
    return [*fresh, *(lagging(output, some) for output, some in lags.items())]


def _sources(bump: Bump) -> Iterator[Block]:
    rows: list[tuple[str, str, str]] = []
    for digest in bump.edited.digests:
        used = [name for name, value in digest.hashes.items() if value in bump.edited.after]
        rows.append((digest.url, ", ".join(sorted(used, reverse=True)), _ORIGINS[digest.origin]))
    if rows:
        yield Table(head=("file", "hash", "taken from"), rows=tuple(rows), told=_grouped(rows))


def _grouped(rows: Sequence[tuple[str, str, str]]) -> tuple[Line, ...]:
    """Return one sentence for many files whose hashes come from the same place."""
    alike: dict[tuple[str, str], list[str]] = {}
    for url, hashes, origin in rows:
        alike.setdefault((hashes, origin), []).append(url)
    found: list[Line] = []
    for (hashes, origin), urls in alike.items():
        shown = urls if len(urls) <= _MOST_FILES else [f"{len(urls)} files"]
        found += [f"{hashes} of {url} from {origin}" for url in shown]
    return tuple(found)


def _recipes(bump: Bump) -> Iterator[Block]:
    if bump.recipes:
        lines: tuple[Line, ...] = tuple((Bold(new.change.title), f": {recipe_reason(new)}") for new in bump.recipes)
        yield Paragraph("It needs packages that no channel has. Their recipes are proposed for staged-recipes:")
        yield Items(lines)


def _changelog(bump: Bump) -> Iterator[Block]:
    changelog = bump.changelog
    if changelog is not None:
        cut = ", shortened" if changelog.shortened else ""
        yield Folded(f"Upstream's notes on {bump.new} ({changelog.source}{cut})", changelog.lines)


def _links(bump: Bump) -> Iterator[Block]:
    if bump.links:
        yield Items(tuple(Link(link.title, link.url) for link in bump.links))

"""The licence and its files, carried over to a recipe's `about` where it has exactly what upstream had before."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from packaging.utils import canonicalize_name

from dirac_forge.bump.drift.carried import Carried, CarriedReason, LicenceComparison
from dirac_forge.bump.drift.draft import DriftDraft
from dirac_forge.bump.drift.edits import item_text
from dirac_forge.bump.drift.lines import Block, OutputLines, key_block, values_of
from dirac_forge.bump.drift.projects import has_wheel, sdist_folder
from dirac_forge.recipe.licences.decision import LicenceDecision, decide
from dirac_forge.recipe.licences.files import licence_files
from dirac_forge.recipe.licences.names import normalised
from dirac_forge.upstream.files.facts import ReleaseFacts
from dirac_forge.values import dataclass

Region = tuple[int, int]
_SCALAR = re.compile(
    r"(?P<lead>\s+(?:license|license_file):\s+(?P<quote>[\"']?))(?P<value>[^\"'#{}\[\]|>]+?)(?P<tail>(?P=quote)\s*(?:\s#.*)?)"
)
_ITEM = re.compile(r"(?P<lead>\s*-\s+(?P<quote>[\"']?))(?P<value>[^\"'#{}\[\]:]+?)(?P<tail>(?P=quote)\s*(?:\s#.*)?)")


def about_drift(
    draft: DriftDraft,
    output: OutputLines,
    old: ReleaseFacts,
    new: ReleaseFacts,
    regions: Sequence[Region],
    *,
    tell: bool = True,
) -> None:
    """Carry over another licence expression and files that were renamed, added or removed; the rest is reported.

    `regions` are the lines that are the output's own; without `tell` another output reports what upstream's licence is.
    """
    told = len(draft.notes)
    files = _ComparedFiles()
    _licence(draft, output, old, new, regions, tell=tell)
    folder = sdist_folder(output, canonicalize_name(new.release.project))
    if old.sdist is not None and new.sdist is not None and folder is not None:
        before = len(draft.beyond)
        files = _files(draft, output, _FileChange.of(old, new, folder), regions)
        if any(change.package == "license_file" for change in draft.beyond[before:]) and tell:
            _tell_other_licence(draft, output, new, regions)
    compared = _compared(draft, output, new, regions, told=len(draft.notes) > told)
    all_listed = files.all_listed and not has_wheel(output)
    draft.licences += (replace(one, unlisted=files.unlisted, all_listed=all_listed) for one in compared)


def _tell_other_licence(draft: DriftDraft, output: OutputLines, new: ReleaseFacts, regions: Sequence[Region]) -> None:
    """Tell where the recipe's licence is not upstream's, though its files were followed."""
    for one in _compared(draft, output, new, regions, told=True):
        if not one.agrees:
            draft.note("warning", "licence-differs", output.output.name, upstream=one.upstream, recipe=one.recipe)


def _compared(
    draft: DriftDraft, output: OutputLines, new: ReleaseFacts, regions: Sequence[Region], *, told: bool
) -> Iterator[LicenceComparison]:
    """Yield each licence of the edited text next to upstream's; nothing if one of them is not known."""
    numbers = [n for region in regions for n in values_of(draft.edits.lines, region, ("about", "license"))]
    # Upstream's is read from its texts, which takes a while.
    expression = _expression(new) if numbers else ""
    for number in numbers if expression else ():
        match = _SCALAR.fullmatch(draft.edits.current(number))
        own = normalised(match["value"]) if match is not None else None
        if match is not None and own is not None:
            draft.compared.add(number)
            yield LicenceComparison(
                output=output.output.name,
                recipe=match["value"],
                upstream=expression,
                declared=_declares(new, expression),
                agrees=own == expression,
                told=told,
            )


def _declares(facts: ReleaseFacts, expression: str) -> bool:
    """Return whether upstream itself says this expression."""
    return normalised(facts.metadata.license_expression or "") == expression


def _declared(facts: ReleaseFacts) -> tuple[object, ...]:
    """Return what the metadata says of the licence."""
    classifiers = {one for one in facts.metadata.classifiers if one.startswith("License ::")}
    return facts.metadata.license_expression, facts.metadata.license, classifiers


def _decided(facts: ReleaseFacts) -> LicenceDecision:
    return decide(facts.metadata, facts.sdist.texts if facts.sdist is not None else {})


def _expression(facts: ReleaseFacts) -> str:
    return _decided(facts).expression or ""


def _licence(
    draft: DriftDraft,
    output: OutputLines,
    old: ReleaseFacts,
    new: ReleaseFacts,
    regions: Sequence[Region],
    *,
    tell: bool,
) -> None:
    if _declared(old) == _declared(new):
        return
    was, now = _decided(old), _decided(new)
    before, after = was.expression, now.expression
    if after in ("", before) or _has_licence(draft, regions, after):
        if before and not after and tell:
            draft.note("warning", "licence-unknown", output.output.name, before=before)
        return
    if now.open and _kind(before) == _kind(after):
        return  # the new release leaves open whether that changed
    # Only an expression of upstream's own is sure; what classifiers and texts are read as is for a person to see.
    places = _licence_places(draft, regions, before) if _declares(new, after) else []
    for number, match in places:
        draft.edits.replace(number, f"{match['lead']}{after}{match['tail']}")
        draft.beyond.append(_carried(output, "license", match["value"], after, number, f"License-Expression: {after}"))
    if tell and not places:
        # What a release leaves open and is only assumed was not stated before.
        said = [before] if before and not was.open else ()
        draft.note("warning", "licence-changed", output.output.name, now=after, before=said)


def _kind(expression: str) -> str:
    """Return `GPL` of `GPL-2.0-only`."""
    return expression.partition("-")[0]


def _has_licence(draft: DriftDraft, regions: Sequence[Region], expression: str) -> bool:
    """Whether the recipe has this licence already, and no other one."""
    numbers = [n for region in regions for n in values_of(draft.edits.lines, region, ("about", "license"))]
    return bool(numbers) and len(_licence_places(draft, regions, expression)) == len(numbers)


def _licence_places(draft: DriftDraft, regions: Sequence[Region], expression: str) -> list[tuple[int, re.Match[str]]]:
    """Return the lines that say the licence `expression`."""
    numbers = [n for region in regions for n in values_of(draft.edits.lines, region, ("about", "license"))]
    matches = ((number, _SCALAR.fullmatch(draft.edits.current(number))) for number in numbers)
    return [(number, match) for number, match in matches if match and normalised(match["value"]) == expression]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Listed:
    """The files that a recipe lists: in one line, or in a block below it."""

    key_line: int
    block: Block | None
    files: tuple[tuple[int, re.Match[str]], ...]

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(match["value"] for _, match in self.files)


def _listed(draft: DriftDraft, number: int) -> _Listed | None:
    """Return the list of licence files; None if it is written in a way that is not edited."""
    if match := _SCALAR.fullmatch(draft.edits.current(number)):
        return _Listed(key_line=number, block=None, files=((number, match),))
    block = key_block(draft.edits.lines, number)
    if block is None:
        return None
    files = [(first, _ITEM.fullmatch(draft.edits.current(first))) for first, last in block.items if first == last]
    known = tuple((line, match) for line, match in files if match is not None)
    return _Listed(key_line=number, block=block, files=known) if len(known) == len(block.items) else None


@dataclass(frozen=True, kw_only=True, slots=True)
class _ComparedFiles:
    unlisted: tuple[str, ...] = ()
    """Those that the metadata names and the edited recipe does not list."""
    all_listed: bool = False


def _files(draft: DriftDraft, output: OutputLines, change: _FileChange, regions: Sequence[Region]) -> _ComparedFiles:
    """Follow upstream's licence files, and compare those that the recipe lists then."""
    paths: list[str] = []
    for region in regions:
        for number in values_of(draft.edits.lines, region, ("about", "license_file")):
            listed = _listed(draft, number)
            if listed is None:
                return _ComparedFiles()
            paths += [*listed.paths, *_follow_files(draft, output, listed, change)]
    if not paths:
        return _ComparedFiles()
    left_out = [path for path in change.now if not _covered(path, paths)]
    return _ComparedFiles(unlisted=tuple(path for path in left_out if path in change.declared), all_listed=not left_out)


def _covered(path: str, listed: Sequence[str]) -> bool:
    """Whether a list of licence files has a path: itself, its folder, or a pattern that matches it."""
    return any(fnmatchcase(path, one) or path.startswith(f"{one.rstrip('/')}/") for one in listed)


@dataclass(frozen=True, kw_only=True, slots=True)
class _FileChange:
    """The licence files that upstream names in both releases, and all files of the sdists."""

    was: tuple[str, ...]
    now: tuple[str, ...]
    there: frozenset[str]
    left: frozenset[str]
    declared: tuple[str, ...]
    """Those of `now` that the metadata names."""
    root: str = ""
    """Where the sdist is unpacked: "" or a path that ends with a slash. All paths begin with it."""

    @classmethod
    def of(cls, old: ReleaseFacts, new: ReleaseFacts, folder: str) -> _FileChange:
        root = f"{folder}/" if folder else ""
        was, now = (
            licence_files(facts.metadata.license_files, facts.sdist.texts, facts.sdist.members) if facts.sdist else ()
            for facts in (old, new)
        )
        declared = (path for path in now if path in new.metadata.license_files)
        return cls(
            was=_below(root, was),
            now=_below(root, now),
            there=frozenset(_below(root, _paths(old))),
            left=frozenset(_below(root, _paths(new))),
            declared=_below(root, declared),
            root=root,
        )

    @property
    def fresh(self) -> list[str]:
        """The licence files that the old sdist did not have, then those that only the new metadata names."""
        absent = [path for path in self.now if path not in self.there]
        return [*absent, *(path for path in self.declared if path in self.there and path not in self.was)]


def _follow_files(draft: DriftDraft, output: OutputLines, listed: _Listed, change: _FileChange) -> Sequence[str]:
    """Edit a list of licence files; return those that it has now and did not have."""
    gone = [path for path in listed.paths if path in change.there - change.left]
    exact = {path for path in listed.paths if path.startswith(change.root)} == set(change.was)
    fresh = [path for path in change.fresh if not _covered(path, listed.paths)]
    certain = exact or len(gone) == len(fresh) == 1
    if certain and (fresh or 0 < len(gone) < len(listed.paths)):
        _FileEdits(draft, output, listed, gone, fresh).write()
        return fresh
    if gone:
        draft.note("todo", "licence-files-gone", output.output.name, line=listed.key_line, files=gone, now=change.now)
    return ()


def _below(root: str, paths: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"{root}{path}" for path in paths)


def _paths(facts: ReleaseFacts) -> frozenset[str]:
    return frozenset((*facts.sdist.members, *facts.sdist.texts)) if facts.sdist is not None else frozenset()


class _FileEdits:
    """The lines of licence files that go, that come, and (one for one) that are renamed."""

    def __init__(
        self, draft: DriftDraft, output: OutputLines, listed: _Listed, gone: Sequence[str], fresh: Sequence[str]
    ) -> None:
        self.draft = draft
        self.output = output
        self.listed = listed
        self.gone = gone
        self.waiting = list(fresh)
        self.kept = [path for path in listed.paths if path not in gone]
        # A single line can only be rewritten where one file is left.
        self.renames = listed.block is not None or len(self.kept) + len(fresh) == 1

    def write(self) -> None:
        """Edit the lines of files that go, then add what is left."""
        for number, match in self.listed.files:
            if match["value"] in self.gone:
                self._replace(number, match)
        if self.waiting:
            self._add()

    def _replace(self, number: int, match: re.Match[str]) -> None:
        old, new, evidence = match["value"], "", "no longer in upstream's sdist"
        if self.waiting and self.renames:
            new = self.waiting.pop(0)
            evidence = f"License-File: {new}"
            self.draft.edits.replace(number, f"{match['lead']}{new}{match['tail']}")
        elif self.listed.block is not None:
            self.draft.edits.remove(number, number)
        else:
            return
        self.draft.beyond.append(_carried(self.output, "license_file", old, new, number, evidence))

    def _add(self) -> None:
        edits, number, block = self.draft.edits, self.listed.key_line, self.listed.block
        lines = [line.rstrip("\r") for line in edits.lines]
        if block is not None:
            texts = [item_text(block, path, lines, when=None, v1=self.draft.v1) for path in self.waiting]
            edits.insert(block.items[-1][1], [line for text in texts for line in text])
        else:
            # One line becomes a list below its key, the file that stays first.
            indent = " " * (len(lines[number - 1]) - len(lines[number - 1].lstrip()) + 2)
            edits.replace(number, f"{indent[2:]}license_file:")
            edits.insert(number, [f"{indent}- {path}" for path in (*self.kept, *self.waiting)])
        for path in self.waiting:
            self.draft.beyond.append(_carried(self.output, "license_file", "", path, 0, f"License-File: {path}"))


def _carried(output: OutputLines, what: str, before: str, after: str, line: int, evidence: str) -> Carried:
    return Carried(
        output=output.output.name,
        part="about",
        package=what,
        before=f"{what} {before}" if before else "",
        after=f"{what} {after}" if after else "",
        line=line,
        evidence=evidence,
        reason=CarriedReason(kind="licence-changed" if what == "license" else "licence-files-changed"),
    )

"""Moving a recipe's text to another version: only what must change, byte for byte, and the result read back.

An edit is made in two steps, for the hashes hang on the files that the new text names: `start` writes the version and
resets the build number, `finish` writes the hashes and proves the result with the readers of recipes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from dirac_forge.recipe.editing.build_number import reset_build_number
from dirac_forge.recipe.editing.spellings import same_version, valid_version
from dirac_forge.recipe.editing.text_places import (
    Replacement,
    TextPlace,
    assignments,
    closure,
    replaced,
    sources_end,
    versions,
)
from dirac_forge.recipe.editing.versions import left_over, with_new_version
from dirac_forge.recipe.platforms import PLATFORMS
from dirac_forge.recipe.reading.parsing import parse_recipe
from dirac_forge.recipe.reading.recipe_text import ReadOutput, ReadSource, RecipeError

__all__ = [
    "ALGORITHMS",
    "CommitKept",
    "EditDraft",
    "EditNote",
    "MovedSource",
    "OldVersionLeft",
    "Setting",
    "finish",
    "outputs_of",
    "respelled_source",
    "start",
    "version_of",
]

ALGORITHMS: Mapping[str, int] = {"sha256": 64, "sha1": 40, "md5": 32}
"""Algorithm to digits of a hash."""

Setting = tuple[str, Mapping[str, str]]
"""A platform, and a variant's values."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MovedSource:
    """A source whose file is another one at the new version."""

    urls: tuple[str, ...]
    """Where the new file is; several are mirrors."""
    before: tuple[str, ...]
    """Where the old one is."""
    line: int
    """Of the first URL, from 1."""
    entry: int
    """Line where the source begins."""
    hashes: Mapping[str, str]
    """Algorithm to the old file's digest as the recipe writes it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OldVersionLeft:
    """A line that still says the old version."""

    line: int
    version: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CommitKept:
    """A repository that is checked out where it was before."""

    line: int
    repository: str
    revision: str | None


EditNote = OldVersionLeft | CommitKept


@dataclass(frozen=True, kw_only=True, slots=True)
class EditDraft:
    """A recipe with the new version and the old hashes."""

    before: str
    text: str
    path: str
    old: str
    new: str
    settings: tuple[Setting, ...]
    moved: tuple[MovedSource, ...] = ()
    unmoved: tuple[MovedSource, ...] = ()
    """Sources whose file has nothing to do with the version."""
    notes: tuple[EditNote, ...] = ()


def version_of(text: str, *, path: Path | str, settings: Sequence[Setting] = ()) -> str:
    """The recipe's own version.

    Raises RecipeError where there is none, where it can't be known, or where there are two.
    """
    return _version(text, path, _outputs(text, path, settings or _everywhere()))


def start(text: str, *, path: Path | str, to: str, settings: Sequence[Setting] = ()) -> EditDraft:
    """`text` at version `to`, its hashes still the old ones; `settings` are the builds that there are.

    Raises RecipeError where the recipe has no version or two, or where what must change can't be told for sure.
    """
    if not valid_version(to):
        raise RecipeError(f"{to!r} can't be a version: letters, digits, `.`, `_`, `+` and `!` only", path=path)
    chosen = tuple(settings) or _everywhere()
    before = _outputs(text, path, chosen)
    old = _version(text, path, before)
    if to[0].isalpha() and not old[0].isalpha():
        raise RecipeError(f"{to} is no version like {old}: it begins with a letter", path=path)
    names = {output.name for outputs in before for output in outputs}
    v1 = Path(path).name == "recipe.yaml"
    try:
        changed = with_new_version(text, v1=v1, old=old, new=to, outputs=names)
    except ValueError as exc:
        raise RecipeError(f"the version can't be changed for sure ({exc}): edit it by hand", path=path) from exc
    changed = reset_build_number(changed, path=path)
    return _drafted(EditDraft(before=text, text=changed, path=str(path), old=old, new=to, settings=chosen), before)


def respelled_source(draft: EditDraft, text: str) -> EditDraft:
    """The draft with another text, in which a URL is written in another way. Raises RecipeError."""
    return _drafted(replace(draft, text=text), _outputs(draft.before, draft.path, draft.settings))


def finish(draft: EditDraft, hashes: Mapping[str, Mapping[str, str]]) -> str:
    """The draft's text with the hashes of its new files, read back.

    `hashes` maps each moved source's URL (one of its mirrors is enough) to algorithm and digest. Raises RecipeError
    where a hash is missing, where the text has no place for it, or where the result does not say what it should.
    """
    text = draft.text
    places: dict[tuple[int, int], str] = {}
    entries = sorted({source.entry for source in (*draft.moved, *draft.unmoved)})
    for source in draft.moved:
        known = next((hashes[url] for url in source.urls if url in hashes), None)
        for algorithm, old in source.hashes.items():
            if known is None or algorithm not in known:
                raise RecipeError(f"there is no {algorithm} for {source.urls[0]}", path=draft.path, line=source.line)
            new = known[algorithm]
            for start_, end in _hash_places(text, old, source, entries):
                if places.setdefault((start_, end), new) != new:
                    line = text.count("\n", 0, start_) + 1
                    raise RecipeError(
                        "two files with different hashes are checked by this one", path=draft.path, line=line
                    )
    replacements: list[Replacement] = [(begin, end, new) for (begin, end), new in places.items()]
    result = replaced(text, replacements)
    _prove(draft, result, hashes)
    return result


def _everywhere() -> tuple[Setting, ...]:
    return tuple((platform, {}) for platform in PLATFORMS)


def outputs_of(
    text: str, *, path: Path | str, settings: Sequence[Setting] = ()
) -> Sequence[tuple[Setting, tuple[ReadOutput, ...]]]:
    """What the recipe makes in each of the builds that there are (without `settings`: on each platform).

    Raises RecipeError.
    """
    chosen = tuple(settings) or _everywhere()
    return tuple(zip(chosen, _outputs(text, path, chosen), strict=True))


def _outputs(text: str, path: Path | str, settings: Sequence[Setting]) -> Sequence[tuple[ReadOutput, ...]]:
    return _rendered(text, str(path), tuple((platform, tuple(variant.items())) for platform, variant in settings))


@lru_cache(maxsize=16)  # its version, its sources and its projects are asked for one after another
def _rendered(
    text: str, path: str, settings: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
) -> tuple[tuple[ReadOutput, ...], ...]:
    # Line numbers stay; the readers need not know of carriage returns.
    recipe = parse_recipe(text.replace("\r\n", "\n"), path=path)
    return tuple(recipe.render(platform=platform, variant=dict(variant)).outputs for platform, variant in settings)


def _version(text: str, path: Path | str, read: Sequence[tuple[ReadOutput, ...]]) -> str:
    versions_read = dict.fromkeys(output.version for outputs in read for output in outputs)
    if len(versions_read) == 1:
        (version,) = versions_read
        if not any(sign.isdigit() for sign in version):
            raise RecipeError("it has no version that can be known", path=path)
        return version
    named = _version_places(text, v1=Path(path).name == "recipe.yaml")
    known = sorted(filter(None, versions_read))
    own = [version for version in known if any(same_version(place.literal or "", version) for place in named)]
    if len(own) != 1:
        raise RecipeError(
            f"which version is its own can't be told: there are {', '.join(known) or 'none'}",
            path=path,
            line=named[0].line if named else 0,
        )
    return own[0]


def _version_places(text: str, *, v1: bool) -> list[TextPlace]:
    """The first `version:`, which is the recipe's own (those of outputs come later), and what it is made from."""
    first = versions(text, v1=v1)[:1]
    assigned = assignments(text, v1=v1)
    reached = closure((name for place in first for name in place.names), assigned)
    return [place for place in assigned if place.name in reached] + first


def _drafted(draft: EditDraft, before: Sequence[tuple[ReadOutput, ...]]) -> EditDraft:
    after = _outputs(draft.text, draft.path, draft.settings)
    moved: dict[tuple[str, ...], MovedSource] = {}
    unmoved: dict[tuple[str, ...], MovedSource] = {}
    for old_outputs, new_outputs in zip(before, after, strict=True):
        _same_outputs(draft, old_outputs, new_outputs)
        for old, new in zip(old_outputs, new_outputs, strict=True):
            for was, now in _sources(draft, old, new):
                key = (str(now[0].entry), *(source.url or "" for source in now))
                source = _source(was, now)
                changed = source.urls != source.before
                if changed and any(one.unknown for one in now):
                    raise RecipeError(
                        f"the source {source.urls[0]} hangs on a variable that nobody gave",
                        path=draft.path,
                        line=source.line,
                    )
                (moved if changed else unmoved).setdefault(key, source)
    kept = _kept_commits(draft, before, after, files_move=bool(moved))
    if unmoved and not moved and any(source.hashes for source in unmoved.values()):
        first = next(iter(unmoved.values()))
        raise RecipeError(
            f"no source has the version in its URL ({first.urls[0]}): edit it by hand", path=draft.path, line=first.line
        )
    notes = [
        OldVersionLeft(line=line, version=draft.old, text=draft.text.split("\n")[line - 1].strip())
        for line in left_over(draft.text, draft.old)
    ]
    return replace(draft, moved=tuple(moved.values()), unmoved=tuple(unmoved.values()), notes=(*kept, *notes))


def _kept_commits(
    draft: EditDraft,
    before: Sequence[tuple[ReadOutput, ...]],
    after: Sequence[tuple[ReadOutput, ...]],
    *,
    files_move: bool,
) -> list[CommitKept]:
    """A note for each repository that is checked out where it was before.

    Raises RecipeError where that is all that there is: the new version would be built from the old text.
    """
    kept: dict[str, ReadSource] = {}
    moves = files_move
    for old_outputs, new_outputs in zip(before, after, strict=True):
        for old, new in zip(old_outputs, new_outputs, strict=True):
            for was, now in zip(old.sources, new.sources, strict=False):
                if now.git is None:
                    continue
                moves = moves or (was.git, was.rev) != (now.git, now.rev)
                if (was.git, was.rev) == (now.git, now.rev):
                    kept.setdefault(now.git, now)
    first = next(iter(kept.values()), None)
    if first is not None and not moves:
        raise RecipeError(
            f"{first.git} is checked out at {first.rev or 'its newest commit'}, whatever the version: edit it by hand",
            path=draft.path,
            line=first.line,
        )
    return [CommitKept(line=source.line, repository=url, revision=source.rev) for url, source in kept.items()]


def _same_outputs(draft: EditDraft, old: Sequence[ReadOutput], new: Sequence[ReadOutput]) -> None:
    if [output.name for output in old] != [output.name for output in new]:
        raise RecipeError(f"at {draft.new} it would have other outputs: edit it by hand", path=draft.path)
    for was, now in zip(old, new, strict=True):
        expected = draft.new if was.version == draft.old else None
        if expected is not None and now.version != expected:
            raise RecipeError(
                f"the version of {now.name} would be {now.version or 'nothing'}, not {expected}: edit it by hand",
                path=draft.path,
                line=now.line,
            )


def _sources(
    draft: EditDraft, old: ReadOutput, new: ReadOutput
) -> list[tuple[tuple[ReadSource, ...], tuple[ReadSource, ...]]]:
    """The sources of an output before and after, mirrors together; those without a URL (git's, paths) left out."""
    if len(old.sources) != len(new.sources):
        raise RecipeError(f"at {draft.new} it would have other sources: edit it by hand", path=draft.path)
    # A loop makes many sources in one line; mirrors are checked by the same hashes.
    groups: dict[tuple[object, ...], list[tuple[ReadSource, ReadSource]]] = {}
    for was, now in zip(old.sources, new.sources, strict=True):
        if now.url and "://" in now.url:
            groups.setdefault((now.entry, was.sha256, was.sha1, was.md5), []).append((was, now))
    return [(tuple(was for was, _ in group), tuple(now for _, now in group)) for group in groups.values()]


def _source(was: Sequence[ReadSource], now: Sequence[ReadSource]) -> MovedSource:
    first = now[0]
    hashes = {name: value for name in ALGORITHMS if (value := getattr(first, name))}
    return MovedSource(
        urls=tuple(source.url or "" for source in now),
        before=tuple(source.url or "" for source in was),
        line=first.line,
        entry=first.entry,
        hashes=hashes,
    )


def _hash_places(text: str, old: str, source: MovedSource, entries: Sequence[int]) -> list[tuple[int, int]]:
    """Where the text has the hash `old` of this source: in it, else (in a variable) anywhere but in comments."""
    lines = text.split("\n")
    last = min([entry - 1 for entry in entries if entry > source.entry], default=len(lines))
    last = min(last, sources_end(text, source.entry))
    near: list[tuple[int, int]] = []
    far: list[tuple[int, int]] = []
    offset = 0
    for number, line in enumerate(lines, start=1):
        begin = line.find(old)
        while begin >= 0 and not line.lstrip().startswith("#"):
            place = (offset + begin, offset + begin + len(old))
            (near if source.entry <= number <= last else far).append(place)
            begin = line.find(old, begin + len(old))
        offset += len(line) + 1
    return near or far


def _prove(draft: EditDraft, result: str, hashes: Mapping[str, Mapping[str, str]]) -> None:
    before = _outputs(draft.before, draft.path, draft.settings)
    after = _outputs(result, draft.path, draft.settings)
    for old_outputs, new_outputs in zip(before, after, strict=True):
        _same_outputs(draft, old_outputs, new_outputs)
        for old, new in zip(old_outputs, new_outputs, strict=True):
            for was, now in _sources(draft, old, new):
                _prove_source(draft, _source(was, was), _source(now, now), hashes)


def _prove_source(
    draft: EditDraft, was: MovedSource, now: MovedSource, hashes: Mapping[str, Mapping[str, str]]
) -> None:
    if was.urls == now.urls:
        wanted = dict(was.hashes)
    else:
        known = next((hashes[url] for url in now.urls if url in hashes), {})
        wanted = {name: known.get(name, "") for name in was.hashes}
    if dict(now.hashes) != wanted:
        raise RecipeError(
            f"the hash of {now.urls[0]} could not be put where it belongs: edit it by hand",
            path=draft.path,
            line=now.line,
        )

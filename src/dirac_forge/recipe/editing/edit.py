"""Moving a recipe's text to another version: only what must change, byte for byte, and the result read back.

An edit is made in two steps, because the hashes depend on the files that the new text names: `start` writes the
version and resets the build number, `finish` writes the hashes and proves the result with the readers of recipes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from dirac_forge.recipe.editing.build_number import number_values, reset_build_number
from dirac_forge.recipe.editing.checks import (
    check_built,
    check_numbers,
    check_other_hashes,
    check_unmoved,
    has_reset_numbers,
    number_notes,
    same_outputs,
    staying_lines,
)
from dirac_forge.recipe.editing.composed import composed_version, has_parts
from dirac_forge.recipe.editing.kept_hashes import kept_hashes
from dirac_forge.recipe.editing.moved_sources import EditedText, MovedSource, hash_places, paired
from dirac_forge.recipe.editing.notes import (
    EditNote,
    MirrorKept,
    kept_archives,
    kept_commits,
    old_hash_notes,
    old_series_notes,
    old_version_notes,
    without_hashes,
)
from dirac_forge.recipe.editing.spellings import conda_spelling, same_version, valid_version
from dirac_forge.recipe.editing.text_places import OverlapError, hash_values, replaced
from dirac_forge.recipe.editing.variant_keys import refuse_variant_key, variant_key
from dirac_forge.recipe.editing.versions import version_places, with_new_commits, with_new_version
from dirac_forge.recipe.platforms import PLATFORMS
from dirac_forge.recipe.reading.parsing import parse_recipe
from dirac_forge.recipe.reading.recipe_text import ReadOutput, ReadSource, RecipeError
from dirac_forge.recipe.reading.yamlnodes import YamlError
from dirac_forge.values import dataclass

Setting = tuple[str, Mapping[str, str]]
"""A platform, and a variant's values."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EditDraft:
    """A recipe with the new version and the old hashes."""

    before: str
    text: str
    path: str
    old: str
    new: str
    settings: tuple[Setting, ...]
    """The builds that there are."""
    unbuilt: tuple[Setting, ...] = ()
    """Platforms and variants that the recipe speaks of and the feedstock does not build."""
    moved: tuple[MovedSource, ...] = ()
    unmoved: tuple[MovedSource, ...] = ()
    """Sources whose file has nothing to do with the version."""
    notes: tuple[EditNote, ...] = ()
    """Except those that only the final text shows."""

    @property
    def v1(self) -> bool:
        """Whether it is a recipe.yaml."""
        return Path(self.path).name == "recipe.yaml"


def version_of(text: str, *, path: Path | str, settings: Sequence[Setting] = ()) -> str:
    """Return the recipe's own version.

    Raises RecipeError if there is none, where it can't be known, or where there are two.
    """
    chosen = tuple(settings) or _everywhere()
    return _version(text, path, _outputs(text, path, chosen), chosen)


def _names_at(rendered: Iterable[Iterable[ReadOutput]], version: str) -> set[str]:
    """Return the outputs of that version, all of them for ""."""
    return {output.name for outputs in rendered for output in outputs if version in ("", output.version)}


def start(
    text: str,
    *,
    path: Path | str,
    to: str,
    settings: Sequence[Setting] = (),
    unbuilt: Sequence[Setting] = (),
    commits: Mapping[str, str] = MappingProxyType({}),
    own: str = "",
) -> EditDraft:
    """Return `text` at version `to`, with the old hashes.

    `settings` are the builds that there are. Of `unbuilt` platforms and variants the hashes are renewed too, as far as
    they can be had. `commits` maps commits that the recipe names to those of the new version. `own` is the version
    that moves where it is another one than the recipe's: that of a second project in it.

    Raises RecipeError if the recipe has no version or two, or where it is not certain what must change.
    """
    chosen = tuple(settings) or _everywhere()
    before = _outputs(text, path, chosen)
    old = own or _version(text, path, before, chosen)
    to = conda_spelling(old, to)
    if not valid_version(to):
        raise RecipeError(f"{to!r} can't be a version: letters, digits, `.`, `_`, `+` and `!` only", path=path)
    if to[0].isalpha() and not old[0].isalpha():
        raise RecipeError(f"{to} is not a version like {old}: it begins with a letter", path=path)
    v1 = Path(path).name == "recipe.yaml"

    def versions(tried: str) -> list[str]:
        return _versions_at(before, _outputs(tried, path, chosen), old)

    changed = _at_version(text, path, (old, to), _names_at(before, own), versions)
    if set(versions(changed)) != {to}:
        places = version_places(text, v1=v1, every=True)
        refuse_variant_key("the version", variant_key(text, places, v1=v1, settings=chosen), str(path))
    kept = staying_lines(before, _outputs(changed, path, chosen), old)

    def accepted(tried: str) -> bool:
        return has_reset_numbers(before, _outputs(tried, path, chosen), kept)

    changed = reset_build_number(changed, path=path, kept=kept, accepted=accepted)
    if not accepted(changed):
        numbers = number_values(text, v1=v1)
        refuse_variant_key("the build number", variant_key(text, numbers, v1=v1, settings=chosen), str(path))
    changed = with_new_commits(changed, commits)
    draft = EditDraft(
        before=text, text=changed, path=str(path), old=old, new=to, settings=chosen, unbuilt=tuple(unbuilt)
    )
    return _drafted(draft)


def _at_version(
    text: str, path: Path | str, change: tuple[str, str], names: set[str], versions: Callable[[str], Sequence[str]]
) -> str:
    """Return the text with the new version, as far as it is written in it. Raises RecipeError."""
    v1 = Path(path).name == "recipe.yaml"
    old, new = change
    try:
        changed = with_new_version(text, v1=v1, old=old, new=new, outputs=names)
        if set(versions(changed)) != {new}:
            places = version_places(text, v1=v1, every=True)
            parts = composed_version(text, places, change, versions)
            composed = with_new_version(text, v1=v1, old=old, new=new, outputs=names, parts=parts)
            changed = composed if set(versions(composed)) == {new} else changed
    except YamlError as exc:
        raise _not_yaml(exc, path) from exc
    except OverlapError as exc:
        problem = "the version can't be changed reliably, because two edits are at one place: edit it by hand"
        raise RecipeError(problem, path=path, line=exc.line) from exc
    return changed


def _not_yaml(error: YamlError, path: Path | str) -> RecipeError:
    """Return the error for a recipe that is YAML only after its templates were rendered."""
    problem = f"without its templates this is not YAML ({error.message}): edit it by hand"
    return RecipeError(problem, path=path, line=error.line)


def _versions_at(
    before: Sequence[tuple[ReadOutput, ...]], after: Sequence[tuple[ReadOutput, ...]], old: str
) -> list[str]:
    """Return the versions after an edit of all that was at version `old`."""
    pairs = (pair for was, now in zip(before, after, strict=True) for pair in zip(was, now, strict=False))
    return [now.version for was, now in pairs if was.version == old]


def respelled_source(draft: EditDraft, text: str) -> EditDraft:
    """Return the draft with another text, in which a URL is written in another way. Raises RecipeError."""
    return _drafted(replace(draft, text=text))


def finish(draft: EditDraft, hashes: Mapping[str, Mapping[str, str]]) -> str:
    """Return the draft's text with the hashes of its new files, read back.

    `hashes` maps each moved source's URL (one of its mirrors is enough) to algorithm and digest. Raises RecipeError
    where a hash is missing, where the text has no place for it, or where the result does not say what it should: in
    every build each source with another URL has its new hash, and all others have what they had.
    """
    places: dict[tuple[int, int], str] = {}
    for begin, end, new, optional in _hash_edits(draft, hashes):
        # What is not built decides nothing: it comes last, and finds the place taken.
        if places.setdefault((begin, end), new) != new and not optional:
            line = draft.text.count("\n", 0, begin) + 1
            problem = "two files have this hash, and different ones at the new version: give each its own hash first"
            raise RecipeError(problem, path=draft.path, line=line)
    result = replaced(draft.text, [(begin, end, new) for (begin, end), new in places.items()])
    _prove(draft, result, hashes)
    return result


def _hash_edits(draft: EditDraft, hashes: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[int, int, str, bool]]:
    """Yield where the draft has an old hash, the new one, and whether no build takes it.

    Raises RecipeError if a hash is missing.
    """
    entries = sorted({source.entry for source in (*draft.moved, *draft.unmoved)})
    for source in draft.moved:
        known = next((hashes[url] for url in source.fresh if url in hashes), {})
        if source.optional and not known.keys() >= source.hashes.keys():
            continue
        for algorithm, old in source.hashes.items():
            if algorithm not in known:
                raise RecipeError(f"there is no {algorithm} for {source.urls[0]}", path=draft.path, line=source.line)
            found = hash_places(draft.text, old, source, entries, v1=draft.v1)
            if not found and not source.optional:
                _refuse_hash(draft, source, algorithm)
            for begin, end in found:
                yield begin, end, known[algorithm], source.optional


def _refuse_hash(draft: EditDraft, source: MovedSource, algorithm: str) -> None:
    """Raise RecipeError for a hash that is not in the recipe's text."""
    values = [place for place in hash_values(draft.text, v1=draft.v1) if place.name == algorithm]
    key = variant_key(draft.text, values, v1=draft.v1, settings=draft.settings)
    refuse_variant_key(f"the {algorithm} of {source.urls[0]}", key, draft.path)
    raise RecipeError(
        f"the {algorithm} of {source.urls[0]} is made of several parts: edit it by hand",
        path=draft.path,
        line=source.line,
    )


def notes_on(text: str, draft: EditDraft, hashes: Mapping[str, Mapping[str, str]]) -> tuple[EditNote, ...]:
    """Return what to look at in the final text of a draft."""
    edited = EditedText(before=draft.before, after=text, path=draft.path, v1=draft.v1)
    right = {digest for source in draft.unmoved for digest in source.hashes.values()}
    kept = kept_hashes(edited, built=draft.settings, unbuilt=draft.unbuilt, renewed=hashes, right=right)
    digests = {digest for source in draft.moved if source.fresh for digest in source.hashes.values()} - right
    digests -= {digest for one in hashes.values() for digest in one.values()}
    lines = {note.line for note in kept}
    left = (note for note in old_hash_notes(text, draft.old, digests) if note.line not in lines)
    series = old_series_notes(text, draft.old, draft.new, v1=draft.v1)
    return (*draft.notes, *old_version_notes(text, draft.old), *series, *left, *kept)


def _everywhere() -> tuple[Setting, ...]:
    return tuple((platform, {}) for platform in PLATFORMS)


def outputs_of(
    text: str, *, path: Path | str, settings: Sequence[Setting] = ()
) -> Sequence[tuple[Setting, tuple[ReadOutput, ...]]]:
    """Return what the recipe makes in each of the builds that there are (without `settings`: on each platform).

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


def _version(text: str, path: Path | str, read: Sequence[tuple[ReadOutput, ...]], settings: Sequence[Setting]) -> str:
    versions_read = dict.fromkeys(output.version for outputs in read for output in outputs)
    if len(versions_read) == 1:
        (version,) = versions_read
        if not any(sign.isdigit() for sign in version):
            raise RecipeError("its version can't be determined", path=path)
        return version
    return _own_version(text, path, sorted(filter(None, versions_read)), settings)


def _own_version(text: str, path: Path | str, known: Sequence[str], settings: Sequence[Setting]) -> str:
    """Return the one of the outputs' versions that the recipe's own `version:` is made from. Raises RecipeError."""
    v1 = Path(path).name == "recipe.yaml"
    try:
        named = version_places(text, v1=v1)
    except YamlError as exc:
        raise _not_yaml(exc, path) from exc
    own = [version for version in known if any(same_version(place.literal or "", version) for place in named)]
    own = own or [version for version in known if has_parts(named, version)]
    if len(own) != 1:
        refuse_variant_key("the version", variant_key(text, named, v1=v1, settings=settings), str(path))
        raise RecipeError(
            f"it is unclear which version is its own: there are {', '.join(known) or 'none'}",
            path=path,
            line=named[0].line if named else 0,
        )
    return own[0]


def _drafted(draft: EditDraft) -> EditDraft:
    before = _outputs(draft.before, draft.path, draft.settings)
    after = _outputs(draft.text, draft.path, draft.settings)
    edited = EditedText(before=draft.before, after=draft.text, path=draft.path, v1=draft.v1)
    sources = _sources_of(draft, edited, before, after)
    check_built(before, after, draft.new, draft.path)
    moved = [source for source in sources.values() if source.urls != source.before]
    unmoved = [source for source in sources.values() if source.urls == source.before]
    if not moved:
        check_unmoved(unmoved, draft.path)
    check_numbers(before, after, staying_lines(before, after, draft.old), draft.path)
    check_other_hashes(before, after, draft.path)
    kept = kept_commits(edited, before, after, files_move=bool(moved))
    others = (source for source in _unbuilt_sources(draft, edited) if source.key not in sources)
    mirrors = (MirrorKept(line=line, url=url) for source in moved for line, url in source.mirrors if source.hashes)
    notes: tuple[EditNote, ...] = (
        *kept,
        *kept_archives(unmoved),
        *dict.fromkeys(without_hashes(sources.values())),
        *dict.fromkeys(mirrors),
        *number_notes(before, after),
    )
    return replace(draft, moved=(*moved, *others), unmoved=tuple(unmoved), notes=notes)


def _sources_of(
    draft: EditDraft,
    edited: EditedText,
    before: Sequence[tuple[ReadOutput, ...]],
    after: Sequence[tuple[ReadOutput, ...]],
) -> dict[tuple[object, ...], MovedSource]:
    """Return the sources of all outputs that are built, by key.

    Raises RecipeError if the edit changes the outputs themselves.
    """
    sources: dict[tuple[object, ...], MovedSource] = {}
    for old_outputs, new_outputs in zip(before, after, strict=True):
        same_outputs(old_outputs, new_outputs, (draft.old, draft.new), draft.path)
        for old, new in zip(old_outputs, new_outputs, strict=True):
            for source in edited.moved(old, new) if new.skip is not True else ():
                sources.setdefault(source.key, source)
    return sources


def _unbuilt_sources(draft: EditDraft, edited: EditedText) -> Iterator[MovedSource]:
    """Yield the moved sources of what is not built, each once, as far as they can be read.

    These are other platforms and variants, and outputs that are skipped where others are built.
    """
    seen: set[tuple[object, ...]] = set()
    recipes = [parse_recipe(text.replace("\r\n", "\n"), path=draft.path) for text in (draft.before, draft.text)]
    settings = [*((setting, False) for setting in draft.unbuilt), *((setting, True) for setting in draft.settings)]
    for (platform, variant), built in settings:
        try:
            before, after = (recipe.render(platform=platform, variant=variant).outputs for recipe in recipes)
            pairs = (pair for pair in zip(before, after, strict=False) if not built or pair[1].skip is True)
            moved = _moved_sources(edited, pairs)
        except RecipeError:
            continue
        yield from (replace(source, optional=True) for key, source in moved.items() if key not in seen)
        seen |= moved.keys()


def _moved_sources(
    edited: EditedText, outputs: Iterable[tuple[ReadOutput, ReadOutput]]
) -> dict[tuple[object, ...], MovedSource]:
    """Return the sources with a hash whose URLs moved, by key. Raises RecipeError where they can't be read."""
    sources = (source for old, new in outputs for source in edited.moved(old, new))
    return {source.key: source for source in sources if source.urls != source.before and source.hashes}


def _prove(draft: EditDraft, result: str, hashes: Mapping[str, Mapping[str, str]]) -> None:
    before = _outputs(draft.before, draft.path, draft.settings)
    after = _outputs(result, draft.path, draft.settings)
    for old_outputs, new_outputs in zip(before, after, strict=True):
        same_outputs(old_outputs, new_outputs, (draft.old, draft.new), draft.path)
        for old, new in zip(old_outputs, new_outputs, strict=True):
            for was, now in paired(old, new, path=draft.path) if new.skip is not True else ():
                _prove_source(draft, was, now, hashes)


def _prove_source(
    draft: EditDraft, was: Sequence[ReadSource], now: Sequence[ReadSource], hashes: Mapping[str, Mapping[str, str]]
) -> None:
    """Check that a file at another URL has its new hash, and a file at the same one the hash that it had."""
    expected = was[0].digests
    fresh = [new.url or "" for old, new in zip(was, now, strict=True) if old.url != new.url]
    if fresh:
        known = next((hashes[url] for url in fresh if url in hashes), {})
        expected = {name: known.get(name, "") for name in expected}
    if now[0].digests != expected:
        what = "could not be put where it belongs" if fresh else "is also that of a file that moves"
        raise RecipeError(f"the hash of {now[0].url} {what}: edit it by hand", path=draft.path, line=now[0].line)

"""Checks of an edited recipe against the recipe before, as the readers render both in every build."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from dirac_forge.recipe.editing.build_number import unreset_number
from dirac_forge.recipe.editing.moved_sources import MovedSource
from dirac_forge.recipe.editing.notes import NumberFallen, NumberInString, NumberUnknown
from dirac_forge.recipe.reading.recipe_text import OtherHash, ReadOutput, ReadSource, RecipeError

Rendered = Sequence[Sequence[ReadOutput]]
"""The outputs of a recipe in each build."""


def staying_lines(before: Rendered, after: Rendered, old: str) -> set[int]:
    """Return the lines of the outputs that have versions of their own, which an edit of version `old` leaves."""
    pairs = [pair for was, now in zip(before, after, strict=True) for pair in zip(was, now, strict=False)]
    moving = {now.name for was, now in pairs if was.version != now.version}
    return {now.line for was, now in pairs if now.is_package and now.name not in moving and was.version != old}


def check_built(before: Rendered, after: Rendered, new: str, path: str) -> None:
    """Raise RecipeError if an edit to version `new` makes the recipe skip all that is built."""
    lost = _built(before) if not _built(after) else []
    if lost:
        line = max((output.skip_line for outputs in after for output in outputs), default=0) or lost[0].line
        raise RecipeError(f"at {new} everything would be skipped: edit it by hand", path=path, line=line)


def _built(rendered: Rendered) -> list[ReadOutput]:
    return [output for outputs in rendered for output in outputs if output.is_package and output.skip is not True]


def check_unmoved(sources: Sequence[MovedSource], path: str) -> None:
    """Raise RecipeError if none of the sources moved and one has a hash."""
    if any(source.hashes for source in sources):
        raise RecipeError(
            f"no source has the version in its URL ({sources[0].urls[0]}): edit it by hand",
            path=path,
            line=sources[0].line,
        )


def check_other_hashes(before: Rendered, after: Rendered, path: str) -> None:
    """Raise RecipeError if a source that moves has a hash of a kind that is not renewed."""
    for source, hashed in unrenewed(before, after):
        raise RecipeError(
            f"the {hashed.key} of {source.url or source.git} can't be renewed: edit it by hand, "
            "or replace it with sha256",
            path=path,
            line=hashed.line,
        )


def unrenewed(before: Rendered, after: Rendered) -> Iterator[tuple[ReadSource, OtherHash]]:
    """Yield the hashes that are not renewed of sources that move, of outputs that are built."""
    for was_outputs, now_outputs in zip(before, after, strict=True):
        for old, new in zip(was_outputs, now_outputs, strict=False):
            if new.skip is True:
                continue
            sources = zip((*old.sources, *old.common_sources), (*new.sources, *new.common_sources), strict=False)
            for was, now in sources:
                if (was.url, was.git, was.rev) != (now.url, now.git, now.rev):
                    yield from ((now, hashed) for hashed in now.unrenewed)


def same_outputs(was: Sequence[ReadOutput], now: Sequence[ReadOutput], moves: tuple[str, str], path: str) -> None:
    """Raise RecipeError unless the outputs are the same ones, moved from the first to the second version."""
    old, new = moves
    for before, after in zip(was, now, strict=False):
        if before.name != after.name:
            raise RecipeError(
                f"at {new} the output {before.name} would be called {after.name}: edit it by hand",
                path=path,
                line=after.line,
            )
    if len(was) != len(now):
        raise RecipeError(f"at {new} it would have other outputs: edit it by hand", path=path)
    for before, after in zip(was, now, strict=True):
        if before.version == old and after.version != new:
            raise RecipeError(
                f"the version of {after.name} would be {after.version or 'nothing'}, not {new}: edit it by hand",
                path=path,
                line=after.line,
            )


def check_numbers(before: Rendered, after: Rendered, staying: Collection[int], path: str) -> None:
    """Raise RecipeError if a build number was not reset, `staying` outputs aside."""
    outputs = [
        (old, new)
        for was, now in zip(before, after, strict=True)
        for old, new in zip(was, now, strict=False)
        if new.is_package and new.line not in staying and old.build_number is not None
    ]
    lost = next((new for _, new in outputs if new.build_number is None), None)
    numbers = ((old.build_number or 0, new.build_number or 0) for old, new in outputs)
    wrong = None if lost is not None else unreset_number(numbers)
    if lost is None and wrong is None:
        return
    shown = next((new for _, new in outputs if new.build_number == wrong), None)
    what = "" if wrong is None else f": it would be {wrong}"
    raise RecipeError(
        f"the build number can't be reset reliably{what}: edit it by hand",
        path=path,
        line=(lost or shown or outputs[0][1]).number_line,
    )


def has_reset_numbers(before: Rendered, after: Rendered, staying: Collection[int]) -> bool:
    """Return whether all build numbers are reset, `staying` outputs aside."""
    try:
        check_numbers(before, after, staying, "")
    except RecipeError:
        return False
    return True


NumberNote = NumberFallen | NumberInString | NumberUnknown


def number_notes(before: Rendered, after: Rendered) -> tuple[NumberNote, ...]:
    """Return notes on build numbers: which are not known, which fall though their outputs keep their version, and
    which are in a build string, too.
    """
    notes: dict[tuple[type, str], NumberNote] = {}
    for was_outputs, now_outputs in zip(before, after, strict=True):
        for was, now in zip(was_outputs, now_outputs, strict=True):
            if now.is_package and now.build_number is None:
                notes.setdefault((NumberUnknown, ""), NumberUnknown(line=now.number_line))
            elif now.is_package and was.build_number is not None:
                notes |= {(type(note), now.name): note for note in _fallen(was, now)}
    return tuple(notes.values())


def _fallen(was: ReadOutput, now: ReadOutput) -> Iterator[NumberFallen | NumberInString]:
    """Yield what is to be known of an output whose build number falls."""
    old, new = was.build_number or 0, now.build_number or 0
    if new >= old:
        return
    if was.version == now.version:
        yield NumberFallen(line=now.line, output=now.name, version=now.version, old=old, new=new)
    string = now.build_string or ""
    if string == was.build_string and re.search(rf"(?:^|[_-]){old}$", string):
        yield NumberInString(line=now.number_line or now.line, output=now.name, string=string, number=new)

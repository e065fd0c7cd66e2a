"""Files next to the recipe, such as build.sh, that still name the old version or the old file of a source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dirac_forge.bump.bump_notes import LeftBeside
from dirac_forge.recipe.editing.edit import Setting, outputs_of
from dirac_forge.recipe.editing.versions import left_over

_LONGEST = 200


def left_beside(files: Mapping[str, str], old: str, renamed: Sequence[str]) -> tuple[LeftBeside, ...]:
    """Return each line of `files` (path to text) that says version `old`, or one of the `renamed` files by name."""
    return tuple(note for path, text in files.items() for note in _in_text(path, text, old, renamed))


def _in_text(path: str, text: str, old: str, renamed: Sequence[str]) -> Iterator[LeftBeside]:
    lines = text.split("\n")
    saying = dict.fromkeys(left_over(text, old), old)
    for number, line in enumerate(lines, start=1):
        named = next((name for name in renamed if name in line), saying.get(number))
        if named is not None:
            yield LeftBeside(path=path, line=number, named=named, text=line.strip()[:_LONGEST])


def renamed_files(before: str, after: str, *, path: str, settings: Sequence[Setting]) -> tuple[str, ...]:
    """Return the file names of sources that the recipe has `before` and no longer `after`. Raises RecipeError."""
    was, now = (_file_names(text, path, settings) for text in (before, after))
    return tuple(name for name in was if name not in now)


def _file_names(text: str, path: str, settings: Sequence[Setting]) -> dict[str, None]:
    sources = (
        source
        for _, outputs in outputs_of(text, path=path, settings=settings)
        for one in outputs
        for source in one.sources
    )
    names = (source.url.rpartition("/")[2] for source in sources if source.url)
    return dict.fromkeys(name for name in names if "." in name)

"""`dirac-forge validate`: files that people write, read as the other commands read them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path

from dirac_forge.cli.context import Context
from dirac_forge.cli.recipe_problems import RecipeAtHand
from dirac_forge.errors import InputError
from dirac_forge.feedstock.condaforgeyml import parse_forge_config
from dirac_forge.feedstock.pinning import Pinning, read_pinning
from dirac_forge.files import read_text, unreadable
from dirac_forge.migration.schema import read_migration
from dirac_forge.recipe.reading.recipe_text import find_recipe, second_recipe
from dirac_forge.recipe.writing.wording import placeholders
from dirac_forge.report.document import Items, Section
from dirac_forge.report.numbers import counted
from dirac_forge.report.terminal import Shown
from dirac_forge.settings import load
from dirac_forge.values import dataclass

_UNREADABLE = 2
_NOTHING = "there is no recipe, and no migration in a folder migrations, in this folder or below it"
_RECIPES = ("recipe.yaml", "meta.yaml")
_LEFT = "is left to the pinning: neither the recipe nor a file next to it defines it"


def validate(context: Context, files: Sequence[Path]) -> int:
    """Read files, answer with their problems, and return the exit code."""
    folder = context.settings.pinning
    pinning = read_pinning(folder) if folder is not None else None
    paths = dict.fromkeys(each for path in files for each in _files(path))
    found = {path: replace(_validated(path, pinning), second=_not_built(path)) for path in paths}
    own = context.settings.workspace / "pyproject.toml"
    if context.settings_problems and own.resolve() not in {path.resolve() for path in found}:
        found[own] = _Validated(problems=context.settings_problems)
    document = {
        "files": [
            {
                "path": str(path),
                "problems": list(one.problems),
                "to_fill_in": list(one.to_fill_in),
                "undefined": [{"name": name, "line": line} for name, line in {**one.undefined, **one.unpinned}.items()],
                "second_recipe": None if one.second is None else str(one.second),
            }
            for path, one in found.items()
        ]
    }
    context.answer(Shown(_sections(found, pinned=pinning is not None)), document)
    if not all(one.readable for one in found.values()):
        return _UNREADABLE
    return int(any(one.problems for one in found.values()))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Validated:
    problems: tuple[str, ...] = ()
    to_fill_in: tuple[int, ...] = ()
    """Lines of a recipe that ask a person for something."""
    undefined: Mapping[str, int] = field(default_factory=dict)
    """Names that a recipe reads and nothing at hand defines, each with its line: keys of a pinning, if anything."""
    unpinned: Mapping[str, int] = field(default_factory=dict)
    """The same of keys that `compiler` and `stdlib` read, which a package's name takes the place of."""
    second: Path | None = None
    """The recipe in the same folder that is not built."""
    readable: bool = True


def _sections(found: Mapping[Path, _Validated], *, pinned: bool) -> list[Section]:
    """Return the files that are wrong, then how many are valid and what is left to fill in."""
    wrong = {path: one for path, one in found.items() if one.problems}
    sections = [
        Section(title=f"{path}: {'not valid' if one.readable else 'not read'}", blocks=(Items(one.problems),))
        for path, one in wrong.items()
    ]
    left = tuple(_left(found, pinned=pinned))
    valid = len(found) - len(wrong)
    if valid or left or not found:
        sections.append(Section(title=_summary(valid, len(wrong)), blocks=(Items(left),) if left else ()))
    return sections


def _summary(valid: int, wrong: int) -> str:
    if not valid and wrong:
        return f"{_are(wrong, 'file')} not valid"
    return f"{_are(valid, 'file')} valid" + (f", {wrong} {'is' if wrong == 1 else 'are'} not" if wrong else "")


def _are(count: int, noun: str) -> str:
    return f"{counted(count, noun)} {'is' if count == 1 else 'are'}"


def _left(found: Mapping[Path, _Validated], *, pinned: bool) -> Iterator[str]:
    """Yield what a person has to fill in, what no build reads, and the names that are left to the pinning."""
    yield from (f"to fill in: {path}:{line}" for path, one in found.items() for line in one.to_fill_in)
    for path, one in found.items():
        if one.second is not None:
            yield f"two recipes: {path} is built, {one.second} is not; conda_build_tool in conda-forge.yml decides"
    for path, one in found.items():
        if not one.problems:
            yield from (f"{path}:{line}: {said}" for line, said in _left_open(one, pinned=pinned))


def _left_open(one: _Validated, *, pinned: bool) -> Iterator[tuple[int, str]]:
    """Yield of a recipe what only a pinning can define; what no pinning defines where one was read."""
    if not pinned:
        yield from ((line, f"{name} {_LEFT}") for name, line in {**one.undefined, **one.unpinned}.items())
        return
    for key, line in one.unpinned.items():
        language, _, function = key.rpartition("_")
        yield line, f'{function}("{language}") is the package {language}_PLATFORM: the pinning has no {key}'


def _files(path: Path) -> list[Path]:
    """Return the files of a folder and of those below it; any other path, and a folder without such files, as it is."""
    return (list(_below(path, frozenset())) if path.is_dir() else []) or [path]


def _below(folder: Path, above: frozenset[Path]) -> Iterator[Path]:
    """Yield the files of a feedstock, a workspace, a folder of migrations, and of the folders below any of them.

    `above` are the folders that it was reached through: a link may lead back to one. A folder that can't be listed is
    yielded itself.
    """
    place = folder.resolve()
    if place in above:
        return
    try:
        inside = [each for each in sorted(folder.iterdir()) if not each.name.startswith(".")]
    except OSError:
        yield folder
        return
    parts = _parts(folder, inside)
    below = [found for part in parts if part.is_dir() for found in _below(part, above | {place})]
    if (folder / "feedstocks").is_dir() and below:
        yield from _if_there(folder / "pyproject.toml")
    recipe = find_recipe(folder)
    chosen = folder if recipe is None else recipe.parent
    if recipe is not None:
        yield recipe
        yield from filter(None, [second_recipe(recipe)])
    yield from (
        each for each in inside if each.name == "conda-forge.yml" or (each.name in _RECIPES and chosen != folder)
    )
    if folder.name == "migrations":
        known = {*_RECIPES, *_READERS}
        yield from (each for each in inside if each.suffix in {".yaml", ".yml"} and each.name not in known)
    # The recipes in the folder recipe/ of a feedstock are among the above.
    yield from (found for found in below if found.parent != chosen or found.name not in _RECIPES)


def _parts(folder: Path, inside: Sequence[Path]) -> Sequence[Path]:
    """Return the folders to look into: build/ and outbox/ of a workspace and build_artifacts/ have copies."""
    copies = {"build_artifacts"}
    if (folder / "feedstocks").is_dir():
        copies |= {"build", "outbox"}
    return [each for each in inside if each.name not in copies]


def _if_there(path: Path) -> list[Path]:
    return [path] if path.is_file() else []


def _not_built(path: Path) -> Path | None:
    """Return the recipe next to one that is built in its place, None if there is none."""
    second = second_recipe(path)
    return second if second is not None and find_recipe(path.parent) == path else None


def _validated(path: Path, pinning: Pinning | None) -> _Validated:
    try:
        if path.is_dir():
            next(path.iterdir(), None)  # raises OSError where it can't be listed
            return _Validated(problems=(_NOTHING,), readable=False)
        text = read_text(path)
    except FileNotFoundError:
        return _Validated(problems=("there is no such file",), readable=False)
    except OSError as error:
        return _Validated(problems=(f"can't be read: {error.strerror or error}",), readable=False)
    except UnicodeDecodeError as error:
        return _Validated(problems=(f"can't be read: {unreadable(error)}",), readable=False)
    to_fill_in = placeholders(text) if path.name in _RECIPES else ()
    undefined: Mapping[str, int] = {}
    unpinned: Mapping[str, int] = {}
    try:
        if path.name in _RECIPES:
            recipe = RecipeAtHand.read(path, text, pinning)
            undefined, unpinned = recipe.undefined(), recipe.unpinned()
            problems = recipe.problems(to_fill_in)
        else:
            problems = _READERS.get(path.name, _migration)(path)
    except InputError as error:
        problems = tuple(error.message.splitlines())
    return _Validated(problems=problems, to_fill_in=to_fill_in, undefined=undefined, unpinned=unpinned)


def _forge_config(path: Path) -> tuple[str, ...]:
    return tuple(key.message(path) for key in parse_forge_config(read_text(path), path=path).unknown)


def _settings(path: Path) -> tuple[str, ...]:
    load(path.parent, environ={}, flags={})
    return ()


def _migration(path: Path) -> tuple[str, ...]:
    read_migration(path)
    return ()


_READERS: dict[str, Callable[[Path], tuple[str, ...]]] = {
    "conda-forge.yml": _forge_config,
    "pyproject.toml": _settings,
}

"""`dirac-forge validate`: files that people write, read as the other commands read them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from pathlib import Path

from dirac_forge.cli.context import Context
from dirac_forge.cli.recipe_problems import RecipeAtHand
from dirac_forge.errors import InputError
from dirac_forge.feedstock.condaforgeyml import parse_forge_config
from dirac_forge.files import read_text, unreadable
from dirac_forge.migration.schema import read_migration
from dirac_forge.recipe.reading.recipe_text import find_recipe
from dirac_forge.recipe.writing.wording import placeholders
from dirac_forge.report.document import Items, Section
from dirac_forge.report.numbers import counted
from dirac_forge.report.terminal import Shown
from dirac_forge.settings import load
from dirac_forge.values import dataclass

_UNREADABLE = 2
_NOTHING = "there is no recipe, and no folder migrations, in this folder or below it"
_RECIPES = ("recipe.yaml", "meta.yaml")


def validate(context: Context, files: Sequence[Path]) -> int:
    """Read files, answer with their problems, and return the exit code."""
    found = {path: _validated(path) for path in dict.fromkeys(each for path in files for each in _files(path))}
    document = {
        "files": [
            {
                "path": str(path),
                "problems": list(one.problems),
                "to_fill_in": list(one.to_fill_in),
                "undefined": [{"name": name, "line": line} for name, line in one.undefined.items()],
            }
            for path, one in found.items()
        ]
    }
    context.answer(Shown(_sections(found)), document)
    if not all(one.readable for one in found.values()):
        return _UNREADABLE
    return int(any(one.problems for one in found.values()))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Validated:
    problems: tuple[str, ...] = ()
    to_fill_in: tuple[int, ...] = ()
    """Lines of a recipe that ask a person for something."""
    undefined: Mapping[str, int] = field(default_factory=dict)
    """Names that a recipe reads and nothing at hand defines, each with its line: keys of the pinning, if anything."""
    readable: bool = True


def _sections(found: Mapping[Path, _Validated]) -> list[Section]:
    """Return the files that are wrong, then how many are valid and what is left to fill in."""
    wrong = {path: one for path, one in found.items() if one.problems}
    sections = [
        Section(title=f"{path}: {'not valid' if one.readable else 'not read'}", blocks=(Items(one.problems),))
        for path, one in wrong.items()
    ]
    valid = len(found) - len(wrong)
    if valid or not found:
        left = tuple(_left(found))
        sections.append(Section(title=counted(valid, "file") + " valid", blocks=(Items(left),) if left else ()))
    return sections


def _left(found: Mapping[Path, _Validated]) -> Iterator[str]:
    """Yield what a person has to fill in, then the names that the pinning has to define."""
    yield from (f"to fill in: {path}:{line}" for path, one in found.items() for line in one.to_fill_in)
    for path, one in found.items():
        for name, line in one.undefined.items() if not one.problems else ():
            yield f"{path}:{line}: {name} is left to the pinning: neither the recipe nor a file next to it defines it"


def _files(path: Path) -> list[Path]:
    """Return the files of a folder and of those below it; any other path, and a folder without such files, as it is."""
    return (list(_below(path, frozenset())) if path.is_dir() else []) or [path]


def _below(folder: Path, above: frozenset[Path]) -> Iterator[Path]:
    """Yield the files of a feedstock, a workspace, a folder of migrations, or any folder that has such folders.

    `above` are the folders that it was reached through: a link may lead back to one.
    """
    place = folder.resolve()
    if place in above:
        return
    recipe = find_recipe(folder)
    if recipe is not None:
        yield from (recipe, *_if_there(folder / "conda-forge.yml"))
        return
    if folder.name == "migrations":
        yield from sorted(folder.glob("*.yaml"))
        return
    is_workspace = (folder / "feedstocks").is_dir()
    # The other folders of a workspace have what the program makes.
    parts = [folder / "feedstocks", folder / "migrations"] if is_workspace else _visible(folder)
    below = [found for part in parts if part.is_dir() for found in _below(part, above | {place})]
    if is_workspace and below:
        yield from _if_there(folder / "pyproject.toml")
    yield from below


def _visible(folder: Path) -> list[Path]:
    try:
        return [each for each in sorted(folder.iterdir()) if not each.name.startswith(".")]
    except OSError:
        return []


def _if_there(path: Path) -> list[Path]:
    return [path] if path.is_file() else []


def _validated(path: Path) -> _Validated:
    if path.is_dir():
        return _Validated(problems=(_NOTHING,), readable=False)
    try:
        text = read_text(path)
    except FileNotFoundError:
        return _Validated(problems=("there is no such file",), readable=False)
    except OSError as error:
        return _Validated(problems=(f"can't be read: {error.strerror or error}",), readable=False)
    except UnicodeDecodeError as error:
        return _Validated(problems=(f"can't be read: {unreadable(error)}",), readable=False)
    to_fill_in = placeholders(text) if path.name in _RECIPES else ()
    undefined: Mapping[str, int] = {}
    try:
        if path.name in _RECIPES:
            recipe = RecipeAtHand.read(path, text)
            undefined, problems = recipe.undefined(), recipe.problems(to_fill_in)
        else:
            problems = _READERS.get(path.name, _migration)(path)
    except InputError as error:
        problems = tuple(error.message.splitlines())
    return _Validated(problems=problems, to_fill_in=to_fill_in, undefined=undefined)


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

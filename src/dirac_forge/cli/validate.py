"""`dirac-forge validate`: files that people write, read as the other commands read them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from dirac_forge.cli.context import Context
from dirac_forge.errors import InputError
from dirac_forge.feedstock.condaforgeyml import parse_forge_config
from dirac_forge.feedstock.facts import facts_of
from dirac_forge.feedstock.workspace import FeedstockFolder
from dirac_forge.files import read_text
from dirac_forge.migration.schema import read_migration
from dirac_forge.report.document import Items, Section
from dirac_forge.report.terminal import Shown
from dirac_forge.settings import load

__all__ = ["validate"]


def validate(context: Context, files: Sequence[Path]) -> int:
    """Read files, answer with their problems, and return the exit code."""
    problems = {path: _problems(path) for path in dict.fromkeys(files)}
    wrong = {path: lines for path, lines in problems.items() if lines}
    sections = [Section(title=f"{path}: not valid", blocks=(Items(lines),)) for path, lines in wrong.items()]
    valid = len(problems) - len(wrong)
    if valid or not problems:
        sections.append(Section(title=f"{valid} file{'' if valid == 1 else 's'} valid", blocks=()))
    document = {"files": [{"path": str(path), "problems": list(lines)} for path, lines in problems.items()]}
    context.answer(Shown(sections), document)
    return int(bool(wrong))


def _problems(path: Path) -> tuple[str, ...]:
    try:
        return _READERS.get(path.name, _migration)(path)
    except InputError as error:
        return tuple(error.message.splitlines())


def _recipe(path: Path) -> tuple[str, ...]:
    facts_of(FeedstockFolder(path.parent.name, path).read(), None, path=str(path))
    return ()


def _forge_config(path: Path) -> tuple[str, ...]:
    return tuple(parse_forge_config(_text(path), path=path).problems)


def _settings(path: Path) -> tuple[str, ...]:
    _text(path)  # `load` takes a missing file for one without settings
    load(path.parent, environ={}, flags={})
    return ()


def _migration(path: Path) -> tuple[str, ...]:
    read_migration(path)
    return ()


def _text(path: Path) -> str:
    try:
        return read_text(path)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: can't be read: {error}") from error


_READERS: dict[str, Callable[[Path], tuple[str, ...]]] = {
    "recipe.yaml": _recipe,
    "meta.yaml": _recipe,
    "conda-forge.yml": _forge_config,
    "pyproject.toml": _settings,
}

"""What the readers of files share: text within limits, specs with their line, and the order of specs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from dirac_forge.channel.records import name_of
from dirac_forge.channel.solver import parse_spec
from dirac_forge.errors import InputError
from dirac_forge.files import read_text, unreadable
from dirac_forge.recipe.reading.yamlnodes import Node, ScalarNode, SequenceNode, line_of
from dirac_forge.values import dataclass

_MAX_FILE = 1_000_000
_GROUND = frozenset({"python", "pip", "conda", "mamba", "micromamba", "setuptools"})
_UNDEFINED = "\ue000unknown\ue001"
"""What a template's undefined names are rendered as."""
_DEFAULTS = ("https://repo.anaconda.com/pkgs/main", "https://repo.anaconda.com/pkgs/r")
"""https://docs.conda.io/projects/conda/en/stable/user-guide/configuration/settings.html#default-channels"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asking:
    """The platforms and Pythons that are asked about."""

    platforms: tuple[str, ...]
    pythons: tuple[str, ...]


def content_of(path: Path, *, most: int = _MAX_FILE) -> str:
    """Return the text of a file.

    Raises:
        InputError: it can't be read, or is larger than `most` bytes.
    """
    try:
        if path.stat().st_size > most:
            raise InputError(f"{path}: too large for a list of packages")
        return read_text(path)
    except (OSError, UnicodeDecodeError) as exc:
        raise InputError(
            f"{path}: can't be read: {unreadable(exc)}", hint="Give a package spec or the path of a file."
        ) from exc


def checked_spec(spec: str, place: str) -> str:
    """Return a spec that can be parsed. Raises InputError, which begins with `place`."""
    if _UNDEFINED in spec:
        names = spec.partition(_UNDEFINED)[2].partition("\ue000")[0]
        raise InputError(f"{place}: {names} is not defined", hint="Define it with {% set NAME = VALUE %}.")
    try:
        parse_spec(spec)
    except InputError as exc:
        raise InputError(f"{place}: {exc.message}", hint=exc.hint) from exc
    return spec


def scalars(value: Node, path: Path, key: str, expected: str) -> list[tuple[str, int]]:
    """Return the texts of a list (or of one scalar), each with its line. Raises InputError for anything else."""
    items = value.value if isinstance(value, SequenceNode) else [value]
    found = []
    for item in items:
        if not isinstance(item, ScalarNode):
            raise InputError(f"{path}:{line_of(item)}: {key}: expected {expected}, one a line")
        if item.value:
            found.append((str(item.value), line_of(item)))
    return found


def specs_in(value: Node, path: Path, key: str) -> list[str]:
    """Return the specs of a list. Raises InputError for one that can't be parsed."""
    found = scalars(value, path, key, "package specs")
    return [checked_spec(spec, f"{path}:{line}") for spec, line in found]


def listed_specs(content: str, path: Path, *, hint: str = "Give the specs that it was made from.") -> list[str]:
    """Return the specs of a file with one a line. Raises InputError for one that can't be parsed, or a list of URLs."""
    lines = [(at, line.partition("#")[0].strip()) for at, line in enumerate(content.splitlines(), 1)]
    if any(line == "@EXPLICIT" for _, line in lines):
        raise InputError(
            f"{path}: a list of package URLs (@EXPLICIT): there is nothing to solve",
            hint=hint,
        )
    return [checked_spec(spec, f"{path}:{at}") for at, spec in lines if spec]


def main_first(specs: Iterable[str]) -> tuple[str, ...]:
    """Return the specs with what an environment is for before what it runs on, however its file is ordered."""

    def depth(spec: str) -> tuple[bool, bool]:
        return name_of(spec).startswith("__"), name_of(spec) in _GROUND

    return tuple(sorted(dict.fromkeys(specs), key=depth))


def named_channels(channels: Iterable[str], folder: Path) -> tuple[str, ...]:
    """Return the channels that a file names: without `nodefaults`, `defaults` spelled out, folders from `folder`."""
    found: list[str] = []
    for channel in channels:
        found += _DEFAULTS if channel == "defaults" else [_placed(channel, folder)]
    return tuple(dict.fromkeys(channel for channel in found if channel != "nodefaults"))


def _placed(channel: str, folder: Path) -> str:
    is_path = channel.startswith((".", "~")) and "://" not in channel
    return str(folder / Path(channel).expanduser()) if is_path else channel

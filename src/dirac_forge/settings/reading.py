"""Readers: from one value, wherever it was written, to a checked one; what is wrong is said with its place."""

from __future__ import annotations

import datetime as dt
import difflib
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from dirac_forge.errors import redact

__all__ = [
    "Node",
    "Problems",
    "Reader",
    "boolean",
    "channel",
    "collected",
    "count",
    "feedstock_url",
    "folder",
    "index_url",
    "mapping",
    "matching",
    "nearest",
    "seconds",
    "sequence",
    "specifiers",
    "table",
    "words",
]

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """A value as it was written."""

    value: object
    name: str
    """How the user knows it: `targets.dirac-grid.specs[0]`, `DIRAC_FORGE_CHANNELS`, `--channel`."""
    place: Callable[[tuple[str | int, ...]], str]
    """From a path below the root to where it stands (`pyproject.toml:12`), "" where the name says it all."""
    path: tuple[str | int, ...] = ()
    base: Path
    """What relative paths in it are relative to."""

    def at(self, key: str | int, value: object) -> Node:
        """An item or entry of this one."""
        if not self.place(self.path):
            name = self.name
        elif isinstance(key, int):
            name = f"{self.name}[{key}]"
        else:
            name = f"{self.name}.{key}" if self.name else key
        return Node(value=value, name=name, place=self.place, path=(*self.path, key), base=self.base)

    def problem(self, said: str) -> Problems:
        """What is wrong with it."""
        where = self.place(self.path)
        return Problems(f"{where}: {self.name}: {said}" if where else f"{self.name}: {said}")

    def unexpected(self, expected: str) -> Problems:
        """It is of another type, or has another form, than `expected`."""
        return self.problem(f"expected {expected}, got {_described(self.value)}")


Reader = Callable[[Node], T]


class Problems(Exception):  # noqa: N818  # collected into one InputError, never seen outside
    """What is wrong, one line each."""

    def __init__(self, *lines: str) -> None:
        super().__init__(*lines)
        self.lines = lines


def collected(read: Callable[[U], T], items: Iterable[U]) -> list[T]:
    """What `read` makes of each item; raises the problems of all of them together."""
    results: list[T] = []
    lines: list[str] = []
    for item in items:
        try:
            results.append(read(item))
        except Problems as problems:
            lines += problems.lines
    if lines:
        raise Problems(*lines)
    return results


def nearest(word: str, known: Iterable[str], *, prefix: str = "") -> str:
    """A question whether the nearest known word is meant; all of them where none is near. `prefix` goes before each."""
    names = sorted(known)
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    return f"did you mean '{prefix}{near[0]}'?" if near else f"expected one of {', '.join(map(prefix.__add__, names))}"


def table(readers: Mapping[str, Reader[T]]) -> Reader[dict[str, T]]:
    """A table with these keys at most; in the result `-` is `_`, as in the names of fields."""

    def entry(named: tuple[str, Node]) -> tuple[str, T]:
        key, node = named
        if key not in readers:
            raise Problems(f"{node.place(node.path)}: unknown key {node.name!r}; {nearest(key, readers)}")
        return key.replace("-", "_"), readers[key](node)

    return lambda node: dict(collected(entry, _entries(node).items()))


def mapping(read_key: Reader[str], read_value: Reader[T]) -> Reader[dict[str, T]]:
    """A table with any keys that `read_key` takes."""

    def entry(named: tuple[str, Node]) -> tuple[str, T]:
        key, node = named
        return read_key(replace(node, value=key)), read_value(node)

    return lambda node: dict(collected(entry, _entries(node).items()))


def _entries(node: Node) -> dict[str, Node]:
    if not isinstance(node.value, Mapping):
        raise node.unexpected("a table")
    return {str(key): node.at(str(key), value) for key, value in node.value.items()}


def sequence(read_item: Reader[T], expected: str, *, empty: bool = False) -> Reader[tuple[T, ...]]:
    """A list without repetitions, which may be `empty` or not; `expected` says of what."""

    def read(node: Node) -> tuple[T, ...]:
        if not isinstance(node.value, (list, tuple)):
            raise node.unexpected(f"a list of {expected}")
        if not node.value and not empty:
            raise node.problem(f"expected a list of {expected}, got an empty one")
        return tuple(dict.fromkeys(collected(read_item, [node.at(*item) for item in enumerate(node.value)])))

    return read


def words(node: Node) -> str:
    """Text that is not empty."""
    if not isinstance(node.value, str):
        raise node.unexpected("a string")
    if not node.value.strip():
        raise node.problem("expected some text, got an empty string")
    return node.value.strip()


def matching(pattern: str, expected: str) -> Reader[str]:
    """Text of a form; `expected` says which."""
    form = re.compile(pattern)

    def read(node: Node) -> str:
        if not isinstance(node.value, str) or form.fullmatch(node.value) is None:
            number = isinstance(node.value, (int, float)) and not isinstance(node.value, bool)
            raise node.unexpected(f"{expected}, in quotes" if number else expected)
        return node.value

    return read


def boolean(node: Node) -> bool:
    """A boolean."""
    if not isinstance(node.value, bool):
        raise node.unexpected("true or false")
    return node.value


def count(least: int, most: int) -> Reader[int]:
    """A whole number from `least` to `most`."""

    def read(node: Node) -> int:
        if not isinstance(node.value, int) or isinstance(node.value, bool) or not least <= node.value <= most:
            raise node.unexpected(f"a whole number from {least} to {most}")
        return node.value

    return read


def seconds(node: Node) -> float:
    """A time-out."""
    value = node.value
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not (math.isfinite(value) and value > 0):
        raise node.unexpected("a number of seconds greater than 0")
    return float(value)


def specifiers(node: Node) -> SpecifierSet:
    """Versions as PEP 440 says."""
    text = words(node)
    try:
        return SpecifierSet(text)
    except InvalidSpecifier:
        raise node.unexpected("versions such as '>=8.0,<8.1' (PEP 440)") from None


def folder(node: Node) -> Path:
    """A path, made absolute."""
    return (node.base / Path(words(node)).expanduser()).absolute()


def _url(node: Node) -> str:
    """An http or https URL."""
    text = words(node)
    try:
        parts = urlsplit(text)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        raise node.unexpected("an http or https URL")
    if redact(text) != text:
        raise node.problem(f"credentials do not belong in settings ({redact(text)}); put them into ~/.netrc")
    return text


def index_url(node: Node) -> str:
    """The base of a Simple API, with a slash at the end."""
    return _url(node).rstrip("/") + "/"


def feedstock_url(node: Node) -> str:
    """A URL or path with `{name}` in it."""
    text = words(node)
    if "{name}" not in text or set("{}") & set(text.replace("{name}", "")):
        raise node.unexpected("a URL or path with {name} in it")
    if redact(text) != text:
        raise node.problem(f"credentials do not belong in settings ({redact(text)}); use git's credential helper")
    return text


_CHANNEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*(/[A-Za-z0-9_.-]+)*")


def channel(node: Node) -> str:
    """The name of a channel, its URL, or the absolute path of a folder that is one.

    A path starts with `.`, `/`, `~` or a drive, or is a folder that exists (`snapshots/today`); all else is a name
    (`conda-forge`, `conda-forge/label/rc`).
    """
    text = words(node)
    if "://" in text:
        if text.startswith("file://"):
            return text
        return _without_token(node, text)
    path = node.base / Path(text).expanduser()
    if path.is_dir():
        return str(path.absolute())
    if text.startswith((".", "/", "~", "\\")) or re.match(r"[A-Za-z]:", text):
        raise node.problem(f"there is no folder {path}")
    if _CHANNEL.fullmatch(text) is None:
        raise node.unexpected("the name, URL or folder of a channel")
    return text


def _without_token(node: Node, text: str) -> str:
    if redact(text) != text:
        raise node.problem(
            f"credentials do not belong in settings ({redact(text)}); use `rattler auth login` or ~/.netrc"
        )
    return _url(node).rstrip("/")


_KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "a boolean"),
    (int, "an integer"),
    (float, "a float"),
    ((list, tuple), "a list"),
    (Mapping, "a table"),
    ((dt.date, dt.time), "a date or time"),
)


def _described(value: object) -> str:
    if isinstance(value, str):
        return repr(redact(value))
    kind = next((words for kinds, words in _KINDS if isinstance(value, kinds)), type(value).__name__)
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value} ({kind})" if isinstance(value, (int, float)) else kind

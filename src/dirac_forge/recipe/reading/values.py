"""Values of recipe templates and what may be done with them: plain data only, within a budget, and `Unknown`.

Templates come from anywhere, so nothing here reaches an attribute of a Python object: a name after a dot is a key of
a mapping or one of the listed methods of text and lists. A value that can't be known (an undefined pin) is `Unknown`
and spreads through every operation, so that a condition on it is neither true nor false.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from dataclasses import field

from dirac_forge.untrusted import parse_whole_number
from dirac_forge.values import dataclass

MAX_TEXT = 200_000
MAX_ITEMS = 10_000
MAX_NUMBER = 10**30
WIDE_FIELD = re.compile(r"\d{3}|\*")
"""A width in a format that no recipe needs."""
_MAX_DEPTH = 100


class EvaluationError(Exception):
    """A template or selector asks for something impossible or forbidden; `line` counts from 1, 0 if unknown."""

    def __init__(self, message: str, *, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that can't be known here; `names` are the variables that it depends on."""

    names: tuple[str, ...]


@dataclasses.dataclass(slots=True)
class Namespace:
    """Jinja's `namespace()`: the one object whose attributes a template may set."""

    values: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Function:
    """A function that a template may call."""

    run: Callable[..., object]


@dataclasses.dataclass(slots=True)
class Budget:
    """How much work one template may still cause."""

    steps: int = 200_000

    def spend(self, steps: int = 1) -> None:
        """Take `steps` off; raises EvaluationError when nothing is left."""
        self.steps -= steps
        if self.steps < 0:
            raise EvaluationError("the template does not end within its limit of work")


def merged(*values: object) -> Unknown | None:
    """Return the Unknown that joins those among `values`, None if all are known."""
    names: list[str] = []
    found = False
    for value in values:
        if isinstance(value, Unknown):
            found = True
            names.extend(name for name in value.names if name not in names)
    return Unknown(tuple(names)) if found else None


def truth(value: object) -> bool | Unknown:
    """Whether a condition holds, as Python and Jinja see it."""
    if isinstance(value, Unknown):
        return value
    if isinstance(value, (Namespace, Function)):
        return True
    return bool(value)


def environment_value(name: object, default: object = None) -> object:
    """Return the template's own default for an environment variable, else Unknown."""
    return default if default is not None else Unknown((as_text(name),))


def as_text(value: object) -> str:
    """Return what `{{ value }}` puts into the text (an Unknown gives "")."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, (Unknown, Function, Namespace)):
        return ""
    weigh(value)
    return str(value)


def weigh(value: object) -> int:
    """Return the size of a value with everything in it; raises EvaluationError if it is larger than any text.

    Lists of lists share their items: a few of them stand for more than fits into memory.
    """
    weight = 0
    waiting = [(value, 0)]
    while waiting:
        part, depth = waiting.pop()
        weight += len(part) if isinstance(part, str) else 1
        if isinstance(part, Mapping):
            waiting += [(each, depth + 1) for each in (*part.keys(), *part.values())]
        elif isinstance(part, (list, tuple)):
            waiting += [(each, depth + 1) for each in part]
        if weight + len(waiting) > MAX_TEXT or depth > _MAX_DEPTH:
            raise EvaluationError("a template makes a value that is too large")
    return weight


def to_int(value: object) -> object:
    """Return what `int(value)` is for a number or its text; raises ValueError."""
    if not isinstance(value, str):
        return int(value)  # type: ignore[call-overload]
    text = value.strip().removeprefix("-")
    number = parse_whole_number(text.removeprefix("+"))
    if number is None:
        raise ValueError(f"{value[:40]!r} is not a whole number")
    return -number if value.strip().startswith("-") else number


def to_float(value: object) -> object:
    """Return what `float(value)` is; raises ValueError."""
    number = float(value)  # type: ignore[arg-type]
    if not abs(number) <= MAX_NUMBER:
        raise ValueError("a number is out of bounds")
    return number


def limited(value: object) -> object:
    """Return `value`; raises EvaluationError if text or list is longer than a recipe ever needs."""
    if isinstance(value, str) and len(value) > MAX_TEXT:
        raise EvaluationError("a template makes a text that is too long")
    if isinstance(value, (list, tuple, dict)) and len(value) > MAX_ITEMS:
        raise EvaluationError("a template makes a list that is too long")
    return value


def limited_text(value: str) -> str:
    """Return the same for text."""
    limited(value)
    return value


def item(value: object, key: object) -> object:
    """Return `value[key]`; a missing key is Unknown, as Jinja's undefined is. Raises EvaluationError."""
    if (unknown := merged(value, key)) is not None:
        return unknown
    if isinstance(value, Namespace) and isinstance(key, str):
        return value.values.get(key, Unknown((key,)))
    if isinstance(value, Mapping):
        try:
            return value[key] if key in value else Unknown((str(key),))
        except TypeError:
            raise EvaluationError(f"{key!r} is not a key") from None
    if isinstance(value, (str, list, tuple)) and isinstance(key, (int, slice)):
        try:
            return value[key]
        except (IndexError, ValueError):
            return Unknown((str(key),))
    return Unknown((str(key),))

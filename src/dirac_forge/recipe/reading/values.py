"""Values of recipe templates and what may be done with them: plain data only, within a budget, and `Unknown`.

Templates come from anywhere, so nothing here reaches an attribute of a Python object: a name after a dot is a key of
a mapping or one of the listed methods of text and lists. A value that can't be known (an undefined pin) is `Unknown`
and spreads through every operation, so that a condition on it is neither true nor false.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from string import Formatter

from dirac_forge.untrusted import parse_whole_number

__all__ = [
    "Budget",
    "EvaluationError",
    "Function",
    "Namespace",
    "Unknown",
    "arithmetic",
    "as_text",
    "attribute",
    "call",
    "compare",
    "environment_value",
    "item",
    "to_float",
    "to_int",
    "truth",
    "weigh",
]

_MAX_TEXT = 200_000
_MAX_ITEMS = 10_000
_MAX_DEPTH = 100
_MAX_NUMBER = 10**30
_MAX_WIDTH = 1_000
_WIDTH = re.compile(r"\d{3}|\*")


class EvaluationError(Exception):
    """A template or selector asks for something impossible or forbidden; `line` counts from 1, 0 where unknown."""

    def __init__(self, message: str, *, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that can't be known here; `names` are the variables that it depends on."""

    names: tuple[str, ...]


@dataclass(slots=True)
class Namespace:
    """Jinja's `namespace()`: the one object whose attributes a template may set."""

    values: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Function:
    """A function that a template may call."""

    run: Callable[..., object]


@dataclass(slots=True)
class Budget:
    """How much work one template may still cause."""

    steps: int = 200_000

    def spend(self, steps: int = 1) -> None:
        """Take `steps` off; raises EvaluationError when nothing is left."""
        self.steps -= steps
        if self.steps < 0:
            raise EvaluationError("the template does not end within its limit of work")


def merged(*values: object) -> Unknown | None:
    """The Unknown that joins those among `values`, None where all are known."""
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
    """What `{{ value }}` puts into the text (an Unknown gives "")."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, (Unknown, Function, Namespace)):
        return ""
    weigh(value)
    return str(value)


def weigh(value: object) -> int:
    """Return the size of a value with everything in it; raises EvaluationError where it is larger than any text.

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
        if weight + len(waiting) > _MAX_TEXT or depth > _MAX_DEPTH:
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
    if not abs(number) <= _MAX_NUMBER:
        raise ValueError("a number is out of bounds")
    return number


_COMPARISONS: dict[str, Callable[..., object]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "lteq": operator.le,
    "gt": operator.gt,
    "gteq": operator.ge,
}


def compare(name: str, left: object, right: object) -> bool | Unknown:
    """One comparison; `name` is eq, ne, lt, lteq, gt, gteq, in, notin, is or isnot."""
    if (unknown := merged(left, right)) is not None:
        return unknown
    if name in {"in", "notin"}:
        _weigh_containers(left, right)
        return _contains(left, right) is (name == "in")
    if name in {"is", "isnot"}:
        return (left is right) is (name == "is")
    _weigh_containers(left, right)
    left, right = _as_versions(left, right)
    try:
        return bool(_COMPARISONS[name](left, right))
    except TypeError:
        raise EvaluationError(f"{left!r} and {right!r} have no order") from None


def _weigh_containers(*values: object) -> None:
    for value in values:
        if isinstance(value, (list, tuple, Mapping)):
            weigh(value)


def _as_versions(left: object, right: object) -> tuple[object, object]:
    """Return text and a number as versions: `python < 3.11` compares the variant's `3.10.*` with a number."""
    if isinstance(left, str) is isinstance(right, str) or isinstance(left, bool) or isinstance(right, bool):
        return left, right
    numbers = [re.match(r"\d+(?:\.\d+)*", str(value)) for value in (left, right)]
    if None in numbers or not all(isinstance(value, (str, int, float)) for value in (left, right)):
        return left, right
    return tuple([parse_whole_number(part) for part in number[0].split(".")] for number in numbers if number)  # type: ignore[return-value]


def _contains(left: object, right: object) -> bool:
    if isinstance(right, str):
        return isinstance(left, str) and left in right
    if isinstance(right, (Mapping, Sequence)):
        return left in right
    raise EvaluationError(f"{right!r} contains nothing")


def arithmetic(name: str, left: object, right: object) -> object:
    """`left name right` for add, sub, mul, div, floordiv, mod, pow; sizes stay within limits."""
    if (unknown := merged(left, right)) is not None:
        return unknown
    match name, left, right:
        case "add", str(), str():
            return limited(left + right)
        case "add", list() | tuple(), list() | tuple():
            return limited([*left, *right])
        case "mul", str() | list() | tuple(), int():
            if len(left) * max(right, 0) > _MAX_ITEMS:
                raise EvaluationError("a template repeats a value too often")
            return left * right
        case "mul", int(), str() | list() | tuple():
            return arithmetic(name, right, left)
        case "mod", str(), _:
            return _formatted(left, right)
        case _, int() | float(), int() | float():
            return _number(name, left, right)
        case _:
            raise EvaluationError(f"no arithmetic between {left!r} and {right!r}")


def _number(name: str, left: float, right: float) -> object:
    if name == "pow" and (abs(right) > 64 or abs(left) > 1_000_000):
        raise EvaluationError("a power is too large")
    operations: dict[str, Callable[[float, float], float]] = {
        "add": operator.add,
        "sub": operator.sub,
        "mul": operator.mul,
        "div": operator.truediv,
        "floordiv": operator.floordiv,
        "mod": operator.mod,
        "pow": operator.pow,
    }
    try:
        result = operations[name](left, right)
    except (ZeroDivisionError, OverflowError) as exc:
        raise EvaluationError(str(exc)) from None
    if isinstance(result, complex) or abs(result) > _MAX_NUMBER:
        raise EvaluationError("a number is out of bounds")
    return result


def _formatted(pattern: str, arguments: object) -> str:
    if _WIDTH.search(pattern):
        raise EvaluationError("a format asks for too wide a field")
    try:
        return limited_text(pattern % (tuple(arguments) if isinstance(arguments, (list, tuple)) else (arguments,)))
    except (TypeError, ValueError) as exc:
        raise EvaluationError(str(exc)) from None


def limited(value: object) -> object:
    """`value`; raises EvaluationError where text or list is longer than a recipe ever needs."""
    if isinstance(value, str) and len(value) > _MAX_TEXT:
        raise EvaluationError("a template makes a text that is too long")
    if isinstance(value, (list, tuple, dict)) and len(value) > _MAX_ITEMS:
        raise EvaluationError("a template makes a list that is too long")
    return value


def limited_text(value: str) -> str:
    """The same for text."""
    limited(value)
    return value


def item(value: object, key: object) -> object:
    """`value[key]`; a missing key is Unknown, as Jinja's undefined is."""
    if (unknown := merged(value, key)) is not None:
        return unknown
    if isinstance(value, Namespace) and isinstance(key, str):
        return value.values.get(key, Unknown((key,)))
    if isinstance(value, Mapping):
        try:
            return value[key] if key in value else Unknown((str(key),))
        except TypeError:
            raise EvaluationError(f"{key!r} is no key") from None
    if isinstance(value, (str, list, tuple)) and isinstance(key, (int, slice)):
        try:
            return value[key]
        except (IndexError, ValueError):
            return Unknown((str(key),))
    return Unknown((str(key),))


def attribute(value: object, name: str) -> object:
    """`value.name`: a key of a mapping, or a method from the list below."""
    if isinstance(value, Unknown):
        return value
    if isinstance(value, Namespace):
        return value.values.get(name, Unknown((name,)))
    if isinstance(value, Mapping) and name in value:
        return value[name]
    methods: Mapping[str, Callable[..., object]] = {}
    if isinstance(value, str):
        methods = TEXT_METHODS
    elif isinstance(value, Mapping):
        methods = _MAPPING_METHODS
    elif isinstance(value, (list, tuple)):
        methods = _LIST_METHODS
    if name not in methods:
        if name.startswith("_"):
            raise EvaluationError(f"{name} is out of reach for a template")
        return Unknown((name,))
    method = methods[name]
    return Function(lambda *args, **kwargs: method(value, *args, **kwargs))


def call(function: object, args: Sequence[object], kwargs: Mapping[str, object]) -> object:
    """`function(*args, **kwargs)`; Unknown where the function is, or where a plain method gets an Unknown."""
    if isinstance(function, Unknown):
        return function
    if not isinstance(function, Function):
        raise EvaluationError(f"{function!r} can't be called")
    try:
        return limited(function.run(*args, **kwargs))
    except EvaluationError:
        raise
    except (TypeError, ValueError, KeyError, IndexError, AttributeError) as exc:
        raise EvaluationError(f"a call fails: {exc}") from None


def _known(method: Callable[..., object]) -> Callable[..., object]:
    def run(*args: object, **kwargs: object) -> object:
        unknown = merged(*args, *kwargs.values())
        return method(*args, **kwargs) if unknown is None else unknown

    return run


def replace(text: str, old: object, new: object, count: int = -1) -> str:
    """`text` with `old` replaced; the size is checked before the text is made."""
    old, new = as_text(old), as_text(new)
    if len(text) + text.count(old) * len(new) > _MAX_TEXT:
        raise EvaluationError("a template makes a text that is too long")
    return text.replace(old, new, count)


def join(separator: str, parts: Sequence[object]) -> str | Unknown:
    """The texts of `parts` with `separator` between them."""
    if (unknown := merged(*parts)) is not None:
        return unknown
    texts = [as_text(part) for part in parts]
    if sum(map(len, texts)) + len(separator) * len(texts) > _MAX_TEXT:
        raise EvaluationError("a template makes a text that is too long")
    return separator.join(texts)


def _padding(method: Callable[..., str]) -> Callable[..., object]:
    def run(text: str, width: object, *fill: object) -> str:
        if not isinstance(width, int) or width > _MAX_WIDTH:
            raise EvaluationError("a template asks for too wide a field")
        return method(text, width, *fill)

    return run


def _filled(pattern: str, *values: object, **named: object) -> str:
    """Return `pattern.format(…)`: plain fields only, because others reach attributes of Python objects."""
    fields = list(Formatter().parse(pattern))
    if any(re.search(r"[.\[]", name or "") or _WIDTH.search(spec or "") for _, name, spec, _ in fields):
        raise EvaluationError("a format asks for more than plain fields")
    if not all(isinstance(value, (str, int, float, bool)) for value in (*values, *named.values())):
        raise EvaluationError("a format takes text and numbers")
    return limited_text(pattern.format(*values, **named))


def _first_found(mapping: Mapping[object, object], key: object, default: object = None) -> object:
    return mapping.get(key, default)


def _append(items: object, value: object) -> object:
    if not isinstance(items, list):
        raise EvaluationError("append needs a list")
    limited(items)
    items.append(value)
    return None


_TEXT_METHODS = """
capitalize count endswith find index isalnum isalpha isdecimal isdigit lower lstrip partition removeprefix removesuffix
rfind rindex rpartition rsplit rstrip split splitlines startswith strip swapcase title upper
"""
TEXT_METHODS: dict[str, Callable[..., object]] = {name: _known(getattr(str, name)) for name in _TEXT_METHODS.split()}
TEXT_METHODS["replace"] = _known(replace)
TEXT_METHODS["join"] = _known(join)
TEXT_METHODS["format"] = _known(_filled)
for _name in ("center", "ljust", "rjust", "zfill"):
    TEXT_METHODS[_name] = _known(_padding(getattr(str, _name)))

_MAPPING_METHODS: dict[str, Callable[..., object]] = {
    "get": _known(_first_found),
    "items": lambda mapping: [list(pair) for pair in mapping.items()],
    "keys": list,
    "values": lambda mapping: list(mapping.values()),
}

_LIST_METHODS: dict[str, Callable[..., object]] = {
    "append": _append,
    "count": lambda items, value: items.count(value),
    "index": lambda items, value: items.index(value),
}

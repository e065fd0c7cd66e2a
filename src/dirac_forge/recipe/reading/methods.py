"""Attributes and calls in templates: keys of mappings, and the methods of text, lists and mappings that are allowed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from string import Formatter

from dirac_forge.recipe.reading.values import (
    MAX_TEXT,
    WIDE_FIELD,
    EvaluationError,
    Function,
    Namespace,
    Unknown,
    as_text,
    limited,
    limited_text,
    merged,
)

_MAX_WIDTH = 1_000


def attribute(value: object, name: str) -> object:
    """Return `value.name`: a key of a mapping, or a method from the list below. Raises EvaluationError."""
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
            raise EvaluationError(f"{name} can't be used in a template")
        return Unknown((name,))
    method = methods[name]
    return Function(lambda *args, **kwargs: method(value, *args, **kwargs))


def call(function: object, args: Sequence[object], kwargs: Mapping[str, object]) -> object:
    """Return `function(*args, **kwargs)`; Unknown if the function is, or where a plain method gets an Unknown.

    Raises EvaluationError.
    """
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
    """Return `text` with `old` replaced; the size is checked before the text is made. Raises EvaluationError."""
    old, new = as_text(old), as_text(new)
    if len(text) + text.count(old) * len(new) > MAX_TEXT:
        raise EvaluationError("a template makes a text that is too long")
    return text.replace(old, new, count)


def join(separator: str, parts: Sequence[object]) -> str | Unknown:
    """Return the texts of `parts` with `separator` between them. Raises EvaluationError."""
    if (unknown := merged(*parts)) is not None:
        return unknown
    texts = [as_text(part) for part in parts]
    if sum(map(len, texts)) + len(separator) * len(texts) > MAX_TEXT:
        raise EvaluationError("a template makes a text that is too long")
    return separator.join(texts)


def _padding(method: Callable[..., str]) -> Callable[..., object]:
    def run(text: str, width: object, *fill: object) -> str:
        if not isinstance(width, int) or width > _MAX_WIDTH:
            raise EvaluationError("a template asks for too wide a field")
        return method(text, width, *fill)

    return run


def _affixed(method: Callable[..., bool]) -> Callable[..., object]:
    def run(text: str, affix: object, *bounds: object) -> bool:
        return method(text, tuple(affix) if isinstance(affix, list) else affix, *bounds)

    return run


def _filled(pattern: str, *values: object, **named: object) -> str:
    """Return `pattern.format(…)`: plain fields only, because others reach attributes of Python objects."""
    fields = list(Formatter().parse(pattern))
    if any(re.search(r"[.\[]", name or "") or WIDE_FIELD.search(spec or "") for _, name, spec, _ in fields):
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
capitalize count find index isalnum isalpha isdecimal isdigit lower lstrip partition removeprefix removesuffix
rfind rindex rpartition rsplit rstrip split splitlines strip swapcase title upper
"""
TEXT_METHODS: dict[str, Callable[..., object]] = {name: _known(getattr(str, name)) for name in _TEXT_METHODS.split()}
TEXT_METHODS["replace"] = _known(replace)
TEXT_METHODS["join"] = _known(join)
TEXT_METHODS["format"] = _known(_filled)
for _name in ("startswith", "endswith"):
    TEXT_METHODS[_name] = _known(_affixed(getattr(str, _name)))
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

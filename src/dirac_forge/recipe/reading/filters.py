"""Filters and tests that recipe templates may use (conda-build's Jinja and rattler-build's minijinja)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dirac_forge.recipe.reading.methods import join, replace
from dirac_forge.recipe.reading.operators import arithmetic
from dirac_forge.recipe.reading.values import (
    EvaluationError,
    Unknown,
    as_text,
    item,
    limited,
    merged,
    to_float,
    to_int,
    truth,
)


def _known(function: Callable[..., object]) -> Callable[..., object]:
    def run(*args: object, **kwargs: object) -> object:
        return merged(*args, *kwargs.values()) or function(*args, **kwargs)

    return run


def _text(method: Callable[..., object]) -> Callable[..., object]:
    return _known(lambda value, *args: method(as_text(value), *args))


def _default(value: object, default: object = "", boolean: object = False) -> object:
    # A missing pin is undefined as far as a template can tell.
    if isinstance(value, Unknown):
        return default
    return default if boolean is True and truth(value) is False else value


def _split(value: object, separator: object = None, count: object = -1) -> object:
    return as_text(value).split(
        None if separator is None else as_text(separator), count if isinstance(count, int) else -1
    )


def _int(value: object, default: object = 0) -> object:
    try:
        return to_int(value)
    except (TypeError, ValueError):
        return default


def _float(value: object, default: object = 0.0) -> object:
    try:
        return to_float(value)
    except (TypeError, ValueError):
        return default


def _length(value: object) -> object:
    if isinstance(value, (str, list, tuple, Mapping)):
        return len(value)
    raise EvaluationError(f"{value!r} has no length")


def _items(value: object) -> list[object]:
    if isinstance(value, (str, list, tuple, Mapping)):
        return list(value)
    raise EvaluationError(f"{value!r} is not a list")


def _map(values: object, name: object = None, *args: object, attribute: object = None) -> object:
    if attribute is not None:
        return [item(value, attribute) for value in _items(values)]
    if not isinstance(name, str) or name not in FILTERS:
        raise EvaluationError(f"the filter {name} is not known")
    return [FILTERS[name](value, *args) for value in _items(values)]


def _chosen(keep: bool) -> Callable[..., object]:
    def run(values: object, name: object = None, *args: object) -> object:
        test = TESTS.get(name) if isinstance(name, str) else truth
        if test is None:
            raise EvaluationError(f"the test {name} is not known")
        return [value for value in _items(values) if (truth(test(value, *args)) is True) is keep]

    return run


def _unique(values: object) -> object:
    found: list[object] = []
    found.extend(value for value in _items(values) if value not in found)
    return found


def _sorted(values: object, reverse: object = False) -> object:
    return sorted(_items(values), key=lambda value: (str(type(value)), value), reverse=bool(reverse))


def _pairs(value: object) -> list[tuple[object, object]]:
    if isinstance(value, Mapping):
        return list(value.items())
    raise EvaluationError(f"{value!r} is not a mapping")


def _sorted_pairs(value: object, case_sensitive: object = False, by: object = "key", reverse: object = False) -> object:
    """Return what `dictsort` does: https://jinja.palletsprojects.com/en/stable/templates/#jinja-filters.dictsort."""
    index = 1 if by == "value" else 0

    def key(pair: tuple[object, object]) -> tuple[str, object]:
        part = pair[index]
        plain = part.lower() if isinstance(part, str) and not case_sensitive else part
        return str(type(part)), plain

    return sorted(_pairs(value), key=key, reverse=bool(reverse))


def _join(values: object, separator: object = "") -> object:
    return join(as_text(separator), _items(values))


def _edge(index: int) -> Callable[..., object]:
    def run(values: object) -> object:
        items = _items(values)
        return items[index] if items else Unknown(())

    return run


FILTERS: dict[str, Callable[..., object]] = {
    "lower": _text(str.lower),
    "upper": _text(str.upper),
    "title": _text(str.title),
    "capitalize": _text(str.capitalize),
    "trim": _text(str.strip),
    "replace": _known(lambda value, old, new="", *_: replace(as_text(value), old, new)),
    "format": _known(lambda pattern, *values: arithmetic("mod", as_text(pattern), values)),
    "split": _known(_split),
    "join": _known(_join),
    "first": _known(_edge(0)),
    "last": _known(_edge(-1)),
    "length": _known(_length),
    "count": _known(_length),
    "int": _known(_int),
    "float": _known(_float),
    "string": _known(as_text),
    "list": _known(_items),
    "bool": _known(truth),
    "abs": _known(abs),
    "round": _known(lambda value, digits=0, *_: round(value, digits)),
    "default": _default,
    "d": _default,
    "map": _known(_map),
    "select": _known(_chosen(True)),
    "reject": _known(_chosen(False)),
    "unique": _known(_unique),
    "sort": _known(_sorted),
    "dictsort": _known(_sorted_pairs),
    "items": _known(_pairs),
    "reverse": _known(lambda value: value[::-1] if isinstance(value, str) else _items(value)[::-1]),
    "max": _known(lambda value: max(_items(value))),  # type: ignore[type-var]
    "min": _known(lambda value: min(_items(value))),  # type: ignore[type-var]
    "sum": _known(lambda value: limited(sum(_items(value)))),  # type: ignore[arg-type]
    "safe": lambda value: value,
    "e": lambda value: value,
    "escape": lambda value: value,
    "version_to_buildstring": _known(lambda value: "".join(as_text(value).split(".")[:2])),
}
"""By name; the first argument is the value that is filtered."""

TESTS: dict[str, Callable[..., object]] = {
    "none": _known(lambda value: value is None),
    "string": _known(lambda value: isinstance(value, str)),
    "number": _known(lambda value: isinstance(value, (int, float))),
    "integer": _known(lambda value: isinstance(value, int)),
    "mapping": _known(lambda value: isinstance(value, Mapping)),
    "iterable": _known(lambda value: isinstance(value, (str, list, tuple, Mapping))),
    "sequence": _known(lambda value: isinstance(value, (str, list, tuple))),
    "true": _known(lambda value: value is True),
    "false": _known(lambda value: value is False),
    "boolean": _known(lambda value: isinstance(value, bool)),
    "odd": _known(lambda value: value % 2 == 1),
    "even": _known(lambda value: value % 2 == 0),
    "in": _known(lambda value, values: value in values),
    "eq": _known(lambda value, other: value == other),
    "equalto": _known(lambda value, other: value == other),
    "==": _known(lambda value, other: value == other),
    "ne": _known(lambda value, other: value != other),
    "startingwith": _known(lambda value, start: as_text(value).startswith(as_text(start))),
    "endingwith": _known(lambda value, end: as_text(value).endswith(as_text(end))),
    "containing": _known(lambda value, part: as_text(part) in as_text(value)),
}
"""By name, for `value is test` (minijinja's `startingwith` and `endingwith` among them)."""

"""What a child may answer: it runs upstream code, which could write an answer itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Fits = Callable[[Any], bool]


def _of(*kinds: type) -> Fits:
    return lambda value: isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool))


def _list(fits: Fits) -> Fits:
    return lambda value: isinstance(value, list) and all(map(fits, value))


def _mapping(**fields: Fits) -> Fits:
    return lambda value: (
        isinstance(value, dict) and all(key in value and fits(value[key]) for key, fits in fields.items())
    )


def _absent_or(fits: Fits, *keys: str) -> Fits:
    return lambda value: all(value.get(key) is None or fits(value[key]) for key in keys)


def _number(value: Any) -> bool:
    """Whether it is a number that JSON has, too: what is answered is written out again."""
    return _of(int, float)(value) and -_LARGEST < value < _LARGEST


_LARGEST = 1e15
_TEXT, _COUNT = _of(str), _of(int)
_TEXTS = _list(_TEXT)
_is_test = _mapping(kind=_TEXT, index=_COUNT)
_has_lists = _absent_or(_TEXTS, "pythons", "run", "build")
_is_output = _mapping(
    name=_TEXT,
    version=_TEXT,
    build=_TEXT,
    noarch=_of(str, type(None)),
    variant=_of(dict),
    requirements=_mapping(build=_of(list), host=_of(list), run=_of(list)),
    licence_files=_of(list),
)
_is_rendered = _mapping(outputs=_list(_is_output))
_is_refused = _mapping(error=_TEXT)


def _test(value: Any) -> bool:
    return _is_test(value) and _has_lists(value) and _script(value.get("script"))


def _script(value: Any) -> bool:
    """Whether it is text, lines, or a mapping with one of these (CEP 14)."""
    content = value.get("content") if isinstance(value, dict) else value
    return content is None or _TEXT(content) or _TEXTS(content)


_ANSWERS: Mapping[str, Fits] = {
    "render": _mapping(recipes=_list(lambda value: _is_refused(value) or _is_rendered(value))),
    "build": _mapping(package=_TEXT, tests=_list(_test)),
    "tests": _mapping(tests=_list(_test)),
    "test": _mapping(runs=_list(_mapping(passed=_of(bool), output=_TEXTS, seconds=_number))),
    "install": _mapping(
        packages=_COUNT,
        installed=_number,
        commands=_list(_mapping(command=_TEXT, code=_COUNT, output=_TEXT, seconds=_number)),
    ),
}
_ASKED = {"render": ("recipes", "recipes"), "test": ("runs", "runs"), "install": ("commands", "commands")}
"""What is answered one by one: the key of the job, and that of the answer."""


def is_answer(values: Any, job: Mapping[str, Any]) -> bool:
    """Return whether values are an answer to a job, with an answer to each of its parts; or an error."""
    if not _mapping(seconds=_number)(values):
        return False
    if "error" in values:
        return _TEXT(values["error"])
    mode = job["mode"]
    if not _ANSWERS[mode](values):
        return False
    asked, answered = _ASKED.get(mode, ("", ""))
    return not asked or len(values[answered]) == len(job[asked])

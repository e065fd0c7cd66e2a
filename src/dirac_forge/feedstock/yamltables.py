"""Tables of YAML files: what `settings.validation` needs to read text from YAML nodes, and the line of each key."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, model_validator

from dirac_forge.recipe.reading.yamlnodes import Node, lines_of
from dirac_forge.settings.validation import KeyPath, StrictTable, unexpected
from dirac_forge.untrusted import parse_number, parse_whole_number

FLAGS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
"""As YAML 1.1 has it."""


class YamlTable(StrictTable):
    """A mapping with these keys at most; its values are text, as it was written (`1.10` is not a number)."""

    model_config = ConfigDict(strict=False)


class YamlSection(YamlTable):
    """The same; null is as if there was no such key."""

    @model_validator(mode="before")
    @classmethod
    def _without_null(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {key: each for key, each in value.items() if each is not None or key not in cls.model_fields}


def _flag(value: object) -> object:
    known = FLAGS.get(value.lower()) if isinstance(value, str) else value
    if not isinstance(known, bool):
        raise unexpected("true or false")
    return known


def _whole(value: object) -> object:
    if not isinstance(value, str):
        return value
    number = parse_whole_number(value.removeprefix("-"))
    if number is None:
        raise unexpected("a whole number")
    return -number if value.startswith("-") else number


def _number(value: object) -> object:
    number = parse_number(value) if isinstance(value, str) else value
    if number is None:
        raise unexpected("a number")
    return number


Flag = Annotated[bool, BeforeValidator(_flag)]
Whole = Annotated[int, BeforeValidator(_whole)]
Number = Annotated[float, BeforeValidator(_number)]
Names = tuple[str, ...]
Listed = Annotated[Names, BeforeValidator(lambda value: [value] if isinstance(value, str) else value)]
"""A list of text, or a single one."""


def line_finder(root: Node | None) -> Callable[[KeyPath], int]:
    """Return the function that finds the line of a path, or of the nearest key around it."""
    lines = cache(lambda: dict(lines_of(root)))  # most files have no key whose line is asked for

    def line(path: KeyPath) -> int:
        around = (path[:length] for length in range(len(path), 0, -1))
        return next((lines()[each] for each in around if each in lines()), 1)

    return line

"""INI text as setuptools and entry points use it."""

from __future__ import annotations

import configparser
import re
from collections.abc import Mapping

_RUN = re.compile(r"[ \t\f\v]{40,}")
"""Long runs of blanks make configparser's patterns take quadratic time; forty are as good as a thousand."""


class IniError(ValueError):
    """The text is not an INI file."""


def read_ini(text: str, *, delimiters: tuple[str, ...] = ("=", ":")) -> Mapping[str, Mapping[str, str]]:
    """Return sections, their keys and values, as spelled; without interpolation and without a section of defaults.

    Raises IniError.
    """
    parser = configparser.RawConfigParser(
        strict=False, delimiters=delimiters, default_section="\0", allow_no_value=True
    )
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read_string(_RUN.sub(" " * 40, text))
    except (configparser.Error, AttributeError) as exc:
        # AttributeError: a value's continuation below a key without one.
        raise IniError(type(exc).__name__) from exc
    return {name: {key: value or "" for key, value in parser.items(name)} for name in parser.sections()}

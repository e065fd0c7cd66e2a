"""Text from outside (pages, archives, recipes, arguments) as values: Python's own parsers choke on some of it."""

from __future__ import annotations

import json
import math
import re
import tomllib
import unicodedata
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

_DIGITS = 18
"""More digits than any number of ours has; CPython refuses to read more than 4300."""
_LONG = 1_000
"""Characters of a version or of version specifiers."""


def parse_whole_number(text: object, *, most: int | None = None) -> int | None:
    """Return the whole number in decimal ASCII digits, at most `most`; None for anything else (`²`, 5000 digits)."""
    if not isinstance(text, str) or not text.isascii() or not text.isdigit() or len(text) > _DIGITS:
        return None
    number = int(text)
    return number if most is None or number <= most else None


def parse_time(text: object) -> datetime | None:
    """Parse a date as hosts write it (ISO 8601, in UTC where it names no zone); None for anything else."""
    try:
        date = datetime.fromisoformat(text.strip()) if isinstance(text, str) else None
    except (ValueError, OverflowError):
        return None
    return date.replace(tzinfo=UTC) if date is not None and date.tzinfo is None else date


def time_from(text: object) -> datetime:
    """Parse a date that has to be there; raises ValueError."""
    date = parse_time(text)
    if date is None:
        raise ValueError("expected a date")
    return date


def parse_http_date(text: str) -> float | None:
    """Parse a date of an HTTP header as seconds since 1970; None for anything else (the year 99999)."""
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def parse_number(text: str) -> float | None:
    """Return the finite number that a text of reasonable length has; None for anything else."""
    try:
        number = float(text) if len(text) <= 40 else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def parse_json(data: str | bytes) -> Any:
    """Parse JSON; raises json.JSONDecodeError also for what is nested too deeply or has numbers without end."""
    try:
        return json.loads(data)
    except json.JSONDecodeError:
        raise
    except (ValueError, RecursionError) as error:
        raise json.JSONDecodeError(str(error)[:80] or "not JSON", "", 0) from error


def dump_json(document: object, *, indent: int | None = None) -> str:
    """Return JSON in which everything that hides or turns text is escaped, and what a CI service would take for a
    command: the value is the same.
    """
    text = re.sub(r"[^ -~\n]", _escaped, json.dumps(document, indent=indent, ensure_ascii=False))
    return _CI_MARK.sub(r"#\\u0023", text)


def _escaped(match: re.Match[str]) -> str:
    mark = match[0]
    return mark if mark.isprintable() else json.dumps(mark)[1:-1]


def parse_toml(text: str) -> dict[str, Any]:
    """Parse TOML; raises tomllib.TOMLDecodeError also for what is nested too deeply or has numbers without end."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise
    except (ValueError, RecursionError) as error:
        raise tomllib.TOMLDecodeError(str(error)[:80] or "not TOML") from error


def split_url(text: str) -> SplitResult:
    """Split a URL; all parts of one without a sound host or port are empty (`http://[`, `http://host:99999`)."""
    try:
        parts = urlsplit(text)
        # Both are computed, and raise, when they are read.
        _ = parts.hostname, parts.port
    except ValueError:
        return SplitResult("", "", "", "", "")
    return parts


def join_url(base: str, target: str) -> str:
    """Return `target` as a page at `base` means it; `target` itself where it can't be read."""
    try:
        return urljoin(base, target)
    except ValueError:
        return target


def parse_version(text: str) -> Version | None:
    """Parse a version (PEP 440); None for anything else."""
    try:
        return Version(text) if len(text) <= _LONG else None
    except ValueError:
        return None


def parse_specifiers(text: str) -> SpecifierSet | None:
    """Parse version specifiers (PEP 440); None for anything else."""
    try:
        return SpecifierSet(text) if len(text) <= _LONG else None
    except ValueError:
        return None


def requirement_from(text: str) -> Requirement:
    """Parse a requirement (PEP 508) that has to be there; raises ValueError, also for one without end."""
    if len(text) > _LONG:
        raise ValueError(f"it has more than {_LONG} characters")
    return Requirement(text)


_CI_MARK = re.compile(r"##(?=\[|vso\[)", re.IGNORECASE)
"""Wherever it is in a line of a log, a command follows for GitHub Actions or Azure Pipelines."""
_CI_LINE = re.compile(r"^(?=[^\S\n]*::)", re.MULTILINE)
_BREAK = "\u200b"  # a space without width


def without_commands(text: str) -> str:
    """Return text in which a CI service that reads a log finds no commands: they set variables of later steps.

    See https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands, and
    https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands.
    """
    return _CI_LINE.sub(_BREAK, _CI_MARK.sub(f"#{_BREAK}#", text))


_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def visible(text: str, *, but: str = "") -> str:
    """Return `text` without control characters and without marks that change the direction of writing or hide text.

    `but`: those that are kept. Foreign text passes this function on its way to a terminal, a log, Markdown or HTML.
    """
    if text.isprintable():
        return text
    return "".join(mark for mark in text if mark in but or unicodedata.category(mark) not in _HIDDEN)


def one_line(text: str, *, longest: int = 2_000) -> str:
    """Return `visible` text on one line: white space and line ends become one space, the end is cut (`…`)."""
    line = visible(" ".join(text[: 4 * longest].split()))
    return f"{line[: longest - 1]}…" if len(line) > longest or len(text) > 4 * longest else line

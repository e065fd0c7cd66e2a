"""TOML with line numbers: `tomllib` reads the values, a scan of the same text finds the line of each.

`tomllib` gives no positions, and neither do libraries that keep the layout. The scan runs on text that `tomllib` has
accepted, so it only has to follow the grammar (https://toml.io/en/v1.0.0), not to check it.
"""

from __future__ import annotations

import bisect
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from dirac_forge.errors import InputError
from dirac_forge.files import read_text
from dirac_forge.settings.validation import KeyPath
from dirac_forge.untrusted import parse_toml
from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A parsed file and the line of every key and array item in it."""

    path: Path
    data: Mapping[str, object]
    lines: Mapping[KeyPath, int]

    @classmethod
    def read(cls, path: Path) -> Document:
        """Return the file at `path`. Raises InputError if it can't be read or is not TOML."""
        try:
            text = read_text(path)
        except UnicodeDecodeError as error:
            raise InputError(f"{path}: not UTF-8 (byte {error.start}), which TOML must be") from error
        except OSError as error:
            raise InputError(f"{path} can't be read: {error.strerror or error}") from error
        try:
            data = parse_toml(text)
        except tomllib.TOMLDecodeError as error:
            raise InputError(f"{path}: not valid TOML: {error}") from error
        return cls(path=path, data=data, lines=_Scan(text).lines)

    def line(self, path: KeyPath) -> int:
        """Return the line of `path`, or of the nearest key around it; counted from 1."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_STRING = re.compile(
    r"""
      \"\"\"(?:\\.|[^\\])*?"{3,5}  # up to two quotes of the text may precede the three that end it
    | \'\'\'.*?'{3,5}
    | "(?:\\.|[^"\\])*"
    | '[^']*'
    """,
    re.DOTALL | re.VERBOSE,
)
_BARE_VALUE = re.compile(r"[^,\]}#\n]*")
_KEY = re.compile(r"""(?:[A-Za-z0-9_-]+|"(?:\\.|[^"\\])*"|'[^']*'|[ \t]*\.[ \t]*)+""")


class _Scan:
    """A scan of TOML: `lines` has the line of every key and item."""

    def __init__(self, text: str) -> None:
        self.lines: dict[KeyPath, int] = {}
        self._text = text
        self._at = 0
        self._breaks = [match.start() for match in re.finditer("\n", text)]
        self._tables: dict[KeyPath, int] = {}
        """Arrays of tables, and how many tables each has so far."""
        self._document()

    def _document(self) -> None:
        prefix: KeyPath = ()
        self._skip(_BLANK)
        while self._at < len(self._text):
            if self._text[self._at] == "[":
                prefix = self._header()
            else:
                self._pair(prefix)
            self._skip(_BLANK)

    def _header(self) -> KeyPath:
        line = self._line()
        many = self._text.startswith("[[", self._at)
        self._at += 2 if many else 1
        self._skip(_BLANK)
        *outer, last = self._key()
        self._at = self._text.index("]", self._at) + (2 if many else 1)
        path: KeyPath = ()
        for part in outer:
            path = self._newest((*path, part))
            self.lines.setdefault(path, line)
        path = (*path, last)
        if many:
            self.lines.setdefault(path, line)
            self._tables[path] = self._tables.get(path, 0) + 1
        path = self._newest(path)
        self.lines[path] = line
        return path

    def _newest(self, path: KeyPath) -> KeyPath:
        return (*path, self._tables[path] - 1) if path in self._tables else path

    def _pair(self, prefix: KeyPath) -> None:
        line = self._line()
        path = prefix
        for part in self._key():
            path = (*path, part)
            self.lines.setdefault(path, line)
        self._at = self._text.index("=", self._at) + 1
        self._skip(_BLANK)
        self._value(path)

    def _key(self) -> list[str]:
        written = self._skip(_KEY)
        node: object = tomllib.loads(f"{written} = 0")  # which knows quotes and escapes
        parts = []
        while isinstance(node, dict):
            (part,) = node
            parts.append(part)
            node = node[part]
        return parts

    def _value(self, path: KeyPath) -> None:
        first = self._text[self._at]
        if first in "\"'":
            self._skip(_STRING)
        elif first in "[{":
            self._group(path, "]" if first == "[" else "}")
        else:
            self._skip(_BARE_VALUE)

    def _group(self, path: KeyPath, closing: str) -> None:
        self._at += 1
        index = 0
        self._skip(_BLANK)
        while self._text[self._at] != closing:
            if closing == "]":
                self.lines[*path, index] = self._line()
                self._value((*path, index))
                index += 1
            else:
                self._pair(path)
            self._skip(_BLANK)
            if self._text[self._at] == ",":
                self._at += 1
                self._skip(_BLANK)
        self._at += 1

    def _skip(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        if match is None:  # the text is valid TOML, so the scan is wrong
            raise AssertionError(f"no {pattern.pattern} at line {self._line()}")
        self._at = match.end()
        return match.group()

    def _line(self) -> int:
        return bisect.bisect_left(self._breaks, self._at) + 1

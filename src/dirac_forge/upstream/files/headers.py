"""What the headers of a project's sources say of a GNU licence: often they alone tell whether later versions go."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from dirac_forge.upstream.files.places import is_aside, of_others

HEADER: Final = 4096
"""Bytes of a file that are looked at."""
_SOURCE: Final = (
    ".py", ".pyx", ".pxd", ".c", ".cc", ".cpp", ".cxx", ".h", ".hh", ".hpp", ".f", ".f90", ".rs", ".js", ".java",
)  # fmt: skip
_SAYS: Final = re.compile(rb"(?i)general[\s#*/;!-]+public[\s#*/;!-]+licen[cs]e|SPDX-License-Identifier:[^\n]{0,60}GPL")
_BEFORE: Final = 200
_AFTER: Final = 600
_MOST: Final = 40
"""Headers are copied from file to file: few differ."""


class Headers:
    """Collects headers, each one once."""

    def __init__(self) -> None:
        self._found: dict[str, str] = {}

    @property
    def found(self) -> Mapping[str, str]:
        """The first file of each header, by path in the archive, and the words around the licence."""
        return {path: words for words, path in self._found.items()}

    def look(self, path: str, head: bytes) -> None:
        """Keep what `head`, the beginning of the file, says."""
        match = _SAYS.search(head)
        if match is not None and len(self._found) < _MOST:
            part = head[max(0, match.start() - _BEFORE) : match.end() + _AFTER].decode("utf-8", "replace")
            self._found.setdefault(" ".join(re.sub(r"[^\w.,;:()+/-]+", " ", part).split()), path)


def has_header(path: str) -> bool:
    """Return whether a file of the archive is a source of the project's own."""
    return path.lower().endswith(_SOURCE) and not is_aside(path) and not of_others(path)

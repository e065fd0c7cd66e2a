"""What the beginnings of a project's sources say: of a GNU licence, often alone on later versions; what C includes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from dirac_forge.upstream.files.places import is_aside, of_others

HEADER: Final = 16_384
"""Bytes of a file that are looked at: what C includes stands below the header."""
_LICENCE: Final = 4096
"""Bytes of a file in which its licence stands."""
_INCLUDE: Final = re.compile(rb"include[ \t]*<([\w./+-]{1,80})>")
"""Begins with a word, for which the engine jumps from one to the next; `_included` looks at what stands before it."""
_MOST_INCLUDES: Final = 2000
_SOURCE: Final = (
    ".py", ".pyx", ".pxd", ".c", ".cc", ".cpp", ".cxx", ".h", ".hh", ".hpp", ".f", ".f90", ".rs", ".js", ".java",
)  # fmt: skip
_SAYS: Final = re.compile(rb"(?i)general[\s#*/;!-]+public[\s#*/;!-]+licen[cs]e|SPDX-License-Identifier:[^\n]{0,60}GPL")
_BEFORE: Final = 200
_AFTER: Final = 600
_MOST: Final = 40
"""Headers are copied from file to file: few differ."""


class Headers:
    """Collects headers and what is included, each once."""

    def __init__(self) -> None:
        self._found: dict[str, str] = {}
        self._includes: dict[str, str] = {}

    @property
    def found(self) -> Mapping[str, str]:
        """The first file of each header, by path in the archive, and the words around the licence."""
        return {path: words for words, path in self._found.items()}

    @property
    def includes(self) -> Mapping[str, str]:
        """The headers of libraries that sources include (`zlib.h`), and the first file that does."""
        return dict(self._includes)

    def look(self, path: str, head: bytes) -> None:
        """Keep what `head`, the beginning of the file, says."""
        for name in _included(head):
            if len(self._includes) < _MOST_INCLUDES:
                self._includes.setdefault(name, path)
        beginning = head[:_LICENCE]
        match = _SAYS.search(beginning) if _may_say(beginning.lower()) else None
        if match is not None and len(self._found) < _MOST:
            part = head[max(0, match.start() - _BEFORE) : match.end() + _AFTER].decode("utf-8", "replace")
            self._found.setdefault(" ".join(re.sub(r"[^\w.,;:()+/-]+", " ", part).split()), path)


def _included(head: bytes) -> Iterator[str]:
    """Yield what stands between angle brackets in the lines `#include <…>`."""
    for match in _INCLUDE.finditer(head):
        line = head[head.rfind(b"\n", 0, match.start()) + 1 : match.start()]
        if line.strip(b" \t") == b"#":
            yield match[1].decode("ascii", "replace")


def _may_say(lowered: bytes) -> bool:
    """Whether it is worth it to search for a licence: that takes twenty times as long, and few files have one."""
    return b"general" in lowered or b"spdx-license-identifier:" in lowered


def has_header(path: str) -> bool:
    """Return whether a file of the archive is a source of the project's own."""
    return path.lower().endswith(_SOURCE) and not is_aside(path) and not of_others(path)

"""The libraries that a configure script looks for, from the script or from what autoconf makes it of."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dirac_forge.upstream.files.places import is_aside

SCRIPT_LIMIT = 2 * 1024 * 1024
"""Bytes of a script that is looked into: those of large projects have one."""
_FILES = ("configure", "configure.ac", "configure.in")
_DEEPEST = 5
_MOST = 100
_NAME = r"[A-Za-z][\w.+-]{0,60}"
_WORD = re.compile(_NAME)
_VERSION = re.compile(r"[<>=]+\s*[\w.+-]+")
_MACRO = r"^(?![ \t]*dnl\b|#).*?\b"
_LINKED = re.compile(
    rf"^[^#\n]*?checking for [^\"\n]{{1,200}} in -l({_NAME})[.]{{3}}|{_MACRO}AC_CHECK_LIB\(\s*\[?({_NAME})\]?\s*,",
    re.MULTILINE,
)
"""What the script says when it tries a library, and the macro that makes it do so."""
_TRIED = re.compile(
    r"^[ \t]*for ac_lib in (?:'' )?([\w.+ -]{1,200})$"
    rf"|{_MACRO}AC_SEARCH_LIBS\(\s*\[?[\w.]+\]?\s*,\s*\[?([\w.+\s-]{{1,200}}?)\]?\s*[,)]",
    re.MULTILINE,
)
"""Lists of libraries that are tried in turn, the standard library before them."""
_ASKED = re.compile(
    r"\$PKG_CONFIG --exists --print-errors \\?\"([^\"\\\n]{1,300})"
    rf"|{_MACRO}PKG_CHECK_(?:MODULES|EXISTS)\(\s*(?:\[?\w+\]?\s*,\s*)?\[?([\w.+<>=\s-]{{1,300}}?)\]?\s*[,)]",
    re.MULTILINE,
)
"""What pkg-config is asked for, with versions."""


def is_configure(path: str) -> bool:
    """Return whether a file is a configure script, or the source of one."""
    folder, _, name = path.rpartition("/")
    return name in _FILES and folder.count("/") < _DEEPEST and not is_aside(path)


def looked_for(text: str) -> tuple[str, ...]:
    """Return the libraries that a script, or its source, looks for: by the linker's or pkg-config's names, sorted."""
    return tuple(sorted(set(_names(text)))[:_MOST])


def _names(text: str) -> Iterator[str]:
    yield from (one or other for one, other in _LINKED.findall(text))
    listed = (one or other for pattern in (_TRIED, _ASKED) for one, other in pattern.findall(text))
    for words in listed:
        yield from filter(_WORD.fullmatch, _VERSION.sub(" ", words).split())

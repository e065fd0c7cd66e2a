"""Libraries that a build links without naming them: what one of its tools needs, and what setup.py only points to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from dirac_forge.recipe.making.hosts import build_tool_names
from dirac_forge.upstream.files.facts import SdistFacts

_QT: Final = {"pyqt6": "qt6-main", "pyqt5": "qt-main"}
_PLACES: Final = re.compile(
    r"\b(?:runtime_)?library_dirs\b(?=[\"'\]]*\s*(?:\+?=|:)(?!\s*(?:\[\s*\]|None\b|\()))"
    r"|\benviron\b[^\n]*?[\"']\w*_(?:DIR|HOME|PREFIX|ROOT)[\"']|[\"']\w*_(?:DIR|HOME|PREFIX|ROOT)[\"'][^\n]*?\benviron\b"
)
_COMMENT: Final = re.compile(r"^[ \t]*#.*$", re.MULTILINE)
_WORD: Final = re.compile(r"(?:runtime_)?library_dirs|\w*_(?:DIR|HOME|PREFIX|ROOT)(?=[\"'])")


def qt_of_builder(sdist: SdistFacts) -> str:
    """Return the package with the qmake that PyQt-builder runs, "" if it does not build, or the Qt is not known."""
    if "pyqt-builder" not in build_tool_names(sdist):
        return ""
    told = f"{sdist.filename} {sdist.texts.get('pyproject.toml', '')}".lower()
    return next((package for name, package in _QT.items() if name in told), "")


def library_places(texts: Mapping[str, str]) -> tuple[str, str]:
    """Return the Python of a build that says in which folders libraries are, and how; empty if none does."""
    for path, text in sorted(texts.items()):
        if found := _PLACES.search(_COMMENT.sub("", text)):
            word = _WORD.search(found[0])
            return path, word[0] if word else found[0]
    return "", ""

"""The parts of CMake's files that a build reads: what options that are off ask for is none of it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Final

from dirac_forge.recipe.making.build_files import added_folders

_OPTION: Final = re.compile(r"\boption\s*\(\s*(\w+)\s+(\"[^\"]*\"|[^\s()]+)\s*(\w*)\s*\)", re.IGNORECASE)
_ON: Final = re.compile(r"\bset\s*\(\s*(\w+)\s+\"?(?:ON|TRUE|YES|1)\b", re.IGNORECASE)
_COMMAND: Final = re.compile(
    r"^[ \t]*(if|elseif|else|endif)\s*\(((?:[^()]|\([^()]*\))*)\)", re.IGNORECASE | re.MULTILINE
)
_TRUE: Final = frozenset({"ON", "TRUE", "YES", "Y", "1"})
_COMMENT: Final = re.compile(r"#.*$", re.MULTILINE)
_TOLD: Final = ("setup.py", "pyproject.toml", "CMakePresets.json")
"""Files that turn options on: one that they name counts as on."""


def by_default(texts: Mapping[str, str]) -> dict[str, str]:
    """Return the texts of an sdist without what CMake reads only for options that are off, and nothing turns on.

    https://cmake.org/cmake/help/latest/command/option.html: an option without a value is off.
    """
    files = {path: text for path, text in texts.items() if path.endswith(("CMakeLists.txt", ".cmake"))}
    off = _off(files, " ".join(text for path, text in texts.items() if path in _TOLD or path.endswith(".py")))
    if not off:
        return dict(texts)
    kept = {path: _without(_COMMENT.sub("", text), off) for path, text in files.items()}
    unused = tuple(f"{folder}/" for path in files for folder in _no_longer_added(path, files[path], kept[path]))
    return {
        path: kept.get(path, text) for path, text in texts.items() if path not in files or not path.startswith(unused)
    }


def _off(files: Mapping[str, str], told: str) -> frozenset[str]:
    off: set[str] = set()
    on: set[str] = set()
    for text in files.values():
        code = _COMMENT.sub("", text)
        for name, _, value in _OPTION.findall(code):
            (on if value.upper() in _TRUE else off).add(name)
        on.update(_ON.findall(code))
    words = set(re.findall(r"\w+", told))  # `-DUSE_GPU=ON` is `DUSE_GPU`
    return frozenset(name for name in off - on if words.isdisjoint({name, f"D{name}"}))


def _without(text: str, off: frozenset[str]) -> str:
    """Return CMake's code without the blocks of conditions that need an option of `off`."""
    parts: list[str] = []
    skipped: list[bool] = []
    last = 0
    for match in _COMMAND.finditer(text):
        if not any(skipped):
            parts.append(text[last : match.start()])
        last = match.end()
        match match[1].lower():
            case "if":
                skipped.append(_needs(match[2], off))
            case "elseif" if skipped:
                skipped[-1] = _needs(match[2], off)
            case "else" if skipped:
                skipped[-1] = False
            case "endif" if skipped:
                skipped.pop()
    return "".join(parts) + ("" if any(skipped) else text[last:])


def _needs(condition: str, off: frozenset[str]) -> bool:
    words = re.findall(r"[^\s()]+", condition)
    upper = [word.upper() for word in words]
    if "OR" in upper:
        return False
    return any(
        word in off and (at == 0 or upper[at - 1] == "AND") and upper[at + 1 : at + 2] in ([], ["AND"])
        for at, word in enumerate(words)
    )


def _no_longer_added(path: str, before: str, after: str) -> Iterator[str]:
    left = set(added_folders(after))
    for folder in added_folders(before):
        if folder not in left:
            yield posixpath.normpath(posixpath.join(posixpath.dirname(path), folder))

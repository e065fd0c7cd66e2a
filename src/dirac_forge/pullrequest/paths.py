"""Paths within a feedstock, as they may come from outside."""

from __future__ import annotations

import re
import unicodedata

from dirac_forge.errors import InputError

_LONGEST = 400
_DEEPEST = 12
# What file systems take for `.git`: git's own protectNTFS and protectHFS are about the same names.
_GIT = re.compile(r"\.?git(~\d+)?[ .]*\Z|\.git(modules|attributes)\Z", re.IGNORECASE)


def safe_path(path: str) -> str:
    """Return `path` if it is a plain relative one; raises InputError if it could leave the tree, be git's own, or be
    taken for an option.
    """
    if len(path) > _LONGEST or not path:
        raise InputError(f"{path[:80]!r}: a path has 1 to {_LONGEST} characters")
    if any(mark == "\\" or unicodedata.category(mark)[0] == "C" for mark in path):
        raise InputError(f"{path!r}: a path can't have a backslash or a control character")
    parts = path.split("/")
    if len(parts) > _DEEPEST or not all(map(_is_within, parts)):
        raise InputError(f"{path!r} is not a path within a feedstock")
    if any(map(_is_gits, parts)):
        raise InputError(f"{path!r} is git's own")
    return path


def _is_within(part: str) -> bool:
    return part not in {"", ".", ".."} and not part.startswith("-")


def _is_gits(part: str) -> bool:
    return _GIT.match(part) is not None and part.lower() != "git"

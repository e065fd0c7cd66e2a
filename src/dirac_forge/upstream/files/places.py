"""Folders of a source archive that are not the project's own code, or not what it installs."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_OTHERS: Final = re.compile(
    r"(?:^|/)(?:_?vendor(?:ed|ing|s)?(?:[-_][^/]+)?|(?:third|3rd)[-_]?part(?:y|ies)|c?extern(?:al)?s?(?:[-_]?(?:libs?|src))?"
    r"|bundled|submodules|subprojects|deps|dependencies|node_modules|site-packages)/",
    re.IGNORECASE,
)
_ASIDE: Final = re.compile(
    r"(?:^|/)(?:(?:(?:manual|unit|integration|functional|regression)[-_ ])?tests?(?:[-_ ]?(?:cases|data|files|suite))?"
    r"|testing|docs?|documentation|demos?|samples?|examples?|tutorials?|bench(?:marks?)?|fuzz(?:ing)?|packagefiles)/",
    re.IGNORECASE,
)


def of_others(path: str) -> bool:
    """Return whether a file is in a folder with other projects, which a build may use or not."""
    return _holds_others(path.rpartition("/")[0])


def is_aside(path: str) -> bool:
    """Return whether a file is in a folder of tests, documentation or examples: no part of what is installed."""
    return _is_aside(path.rpartition("/")[0])


# Asked for each file of an archive, most of which are in the same few folders.
@lru_cache(maxsize=4096)
def _holds_others(folder: str) -> bool:
    return _OTHERS.search(f"{folder}/") is not None


@lru_cache(maxsize=4096)
def _is_aside(folder: str) -> bool:
    return _ASIDE.search(f"{folder}/") is not None

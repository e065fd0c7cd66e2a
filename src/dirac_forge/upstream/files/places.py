"""Folders of a source archive that are not the project's own code, or not what it installs."""

from __future__ import annotations

import re
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
    return _OTHERS.search(path) is not None


def is_aside(path: str) -> bool:
    """Return whether a file is in a folder of tests, documentation or examples: no part of what is installed."""
    return _ASIDE.search(path) is not None

"""Names of changelogs in source archives."""

from __future__ import annotations

import re

_NAME = re.compile(
    r"(?:docs?/)?(?:change(?:s|_?log)?|history|news|release[-_ ]?notes?|what'?s[-_ ]?new)"
    r"(?:\.(?:md|rst|txt|markdown))?",
    re.IGNORECASE,
)


def is_changelog(path: str) -> bool:
    """Return whether a path, relative to the top folder, is that of a changelog."""
    return _NAME.fullmatch(path) is not None

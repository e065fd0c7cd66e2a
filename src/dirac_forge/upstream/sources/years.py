"""Years in URLs: some servers have a folder for the files of each year (`/2025/sqlite-autoconf-3490000.tar.gz`)."""

from __future__ import annotations

import re

YEAR = re.compile(r"(?:19|20)\d\d")
YEAR_FOLDER = re.compile(rf"(?<=/){YEAR.pattern}(?=/)")
_MOST = 3


def later_years(year: str) -> tuple[str, ...]:
    """Return the years in which the next release may be."""
    return tuple(str(int(year) + more) for more in range(1, _MOST + 1))


def in_later_years(url: str) -> tuple[str, ...]:
    """Return `url` with later years, where one of its folders is named after a year; () if none is."""
    match = YEAR_FOLDER.search(url)
    if match is None:
        return ()
    return tuple(f"{url[: match.start()]}{year}{url[match.end() :]}" for year in later_years(match[0]))

"""Files of likely next versions, asked for one by one where no page lists what there is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from dirac_forge.errors import InputError
from dirac_forge.http import Http, NotFoundError, RefusedError
from dirac_forge.upstream.digests import check_start
from dirac_forge.upstream.sources.offers import Offer
from dirac_forge.upstream.sources.tags import read_version
from dirac_forge.upstream.sources.years import in_later_years

_MOST = 60
"""Files that are asked for in one run for one source."""
_FIRST = 512
"""Bytes of a file that tell what it is."""


def next_versions(version: str) -> tuple[str, ...]:
    """Return what may come after a version: one more in its last number, in each before it with zeros behind, the
    next letter.

    >>> next_versions("1.2.3")
    ('1.2.4', '1.3.0', '2.0.0')
    """
    match = re.fullmatch(r"(\d{1,18}(?:[._]\d{1,18})*)([a-z]?)", version)
    if match is None:
        return ()
    parts = re.split(r"([._])", match[1])
    versions = []
    if match[2] and match[2] != "z":
        versions.append(f"{match[1]}{chr(ord(match[2]) + 1)}")
    for index in range(len(parts) - 1, -1, -2):
        raised = [_like(parts[index], int(parts[index]) + 1), *parts[index + 1 :]]
        raised[2::2] = [_like(part, 0) for part in raised[2::2]]
        versions.append("".join([*parts[:index], *raised]) + ("a" if match[2] else ""))
    return tuple(dict.fromkeys(versions))


def _like(part: str, number: int) -> str:
    """Return a number with leading zeros where `part` has some: 03 after 02, but 0 after 18."""
    return str(number).zfill(len(part)) if part.startswith("0") and len(part) > 1 else str(number)


class Probes:
    """Asks a server for the first bytes of files, and remembers its answers."""

    def __init__(self, http: Http, urls: Callable[[str], Sequence[str]]) -> None:
        """Look at `urls`, where the files of a version would be."""
        self._http = http
        self._urls = urls
        self.asked = 0

    def missing(self, version: str) -> str:
        """Return what is wrong with the files of a version: "" if each is there and is what its name says.

        Raises UnknownError if nobody could tell.
        """
        urls = self._urls(version)
        if not urls:
            return f"the recipe does not say where the file of {version} would be"
        return next((said for url in urls if (said := self._missing_at(url))), "")

    def _missing_at(self, url: str) -> str:
        """Return what is wrong with a file: also its folder of a later year is looked into."""
        said = self._wrong(url)
        if said and any(not self._wrong(later) for later in in_later_years(url)):
            return ""
        return said

    def _wrong(self, url: str) -> str:
        self.asked += 1
        try:
            check_start(url, self._http.start(url, length=_FIRST).body)
        except (NotFoundError, InputError) as error:
            return error.message
        return ""

    def offers(self, current: str) -> tuple[tuple[Offer, ...], tuple[str, ...]]:
        """Return `current` where its files are there, the versions after it that are found by trying, and notes.

        Raises UnknownError if the server does not answer or refuses even the recipe's own file.
        """
        notes = []
        gone = self.missing(current)
        if gone:
            notes.append(f"the recipe's own file no longer exists: {gone}")
        own = read_version(current)
        there = (Offer(version=own),) if own is not None and not gone else ()
        offers: dict[str, Offer] = {}
        seen = {current}
        waiting = [current]
        while waiting and self.asked < _MOST:
            following = [version for version in next_versions(waiting.pop(0)) if version not in seen]
            seen.update(following)
            found = self._found(following)
            offers |= found
            waiting += found
        if offers and self._there(_absurd(current)):
            return there, (*notes, "the server returns a file for any version, so its answers prove nothing")
        return (*there, *offers.values()), tuple(notes)

    def _found(self, versions: Iterable[str]) -> dict[str, Offer]:
        """Return those of the versions whose files are there."""
        read = {version: read_version(version) for version in versions}
        return {text: Offer(version=own) for text, own in read.items() if own is not None and self._there(text)}

    def _there(self, version: str) -> bool:
        try:
            return self.missing(version) == ""
        except RefusedError:
            # Some (S3 among them) say 403 for what is not there; the recipe's own file was not refused.
            return False


def _absurd(version: str) -> str:
    """Return a version of the same form that nobody has released."""
    return re.sub(r"\d+", lambda match: f"9{match[0]}97", version, count=1)

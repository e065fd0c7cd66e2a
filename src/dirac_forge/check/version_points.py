"""Versions that specs leave possible, whatever a channel has: one that all allow, or the proof that there is none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rattler import Version, VersionSpec
from rattler.exceptions import InvalidVersionError

from dirac_forge.channel.index import parsed
from dirac_forge.check.causes import Demand

_NAMED = re.compile(r"[^,|()=<>!~\s*](?:[^,|()=<>~\s*]*)")
_LAST_NUMBER = re.compile(r"(.*?)(\d{1,18})\D*")


def version_within(specs: Sequence[str]) -> str | None:
    """Return a version that all specs of one package allow, near to what they name; None if none is found."""
    clauses = _clauses(specs)
    if clauses is None:
        return None
    allowed = [VersionSpec(clause) for clause in clauses]
    return next((text for text in _points(clauses) if _is_within(text, allowed)), None)


def exclude_each_other(specs: Sequence[str]) -> bool:
    """Whether no version can meet all specs of one package.

    Versions are ordered and what a spec allows ends at the versions that it names, so these and their neighbours tell.
    """
    return _clauses(specs) is not None and version_within(specs) is None


def met_by_both(first: Demand, second: Demand) -> tuple[str, ...]:
    """Return specs of two demands on one package that some version meets; () if none does, or a build is named.

    Of the second demand one spec will do.
    """
    named = [parsed(spec) for spec in (*first.specs, *second.specs)]
    if any(one is None or one.build is not None for one in named):
        return ()
    both = ((*first.specs, spec) for spec in second.specs)
    return next((specs for specs in both if version_within(specs) is not None), ())


def _clauses(specs: Sequence[str]) -> list[str] | None:
    """Return what specs say of the version; None if one of them is not understood."""
    found = [parsed(spec) for spec in specs]
    if any(one is None for one in found):
        return None
    return [str(one.version) for one in found if one is not None and one.version is not None]


def _is_within(text: str, allowed: Sequence[VersionSpec]) -> bool:
    try:
        version = Version(text)
    except InvalidVersionError:
        return False
    return all(one.matches(version) for one in allowed)


def _points(clauses: Sequence[str]) -> Iterator[str]:
    """Yield the versions that clauses name, those just above and below, and the lowest."""
    named = [text.rstrip("._") for clause in clauses for text in _NAMED.findall(clause)]
    yield from named
    for text in named:
        yield from _next(text)
    for text in named:
        last = _LAST_NUMBER.fullmatch(text)
        if last is not None and int(last[2]):
            yield f"{last[1]}{int(last[2]) - 1}"
    for text in named:
        yield from (f"{text}.1", f"{text}.0.0.0.0.0.1", f"{text}.dev0")
    yield from ("0", "0.dev0")


def _next(text: str) -> Iterator[str]:
    """Yield the version after one, if it can be read."""
    try:
        yield str(Version(text).bump_last())
    except InvalidVersionError:
        return

"""Bounds that hold for different Pythons or machines, as one range for all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from packaging.specifiers import Specifier, SpecifierSet
from packaging.version import Version

from dirac_forge.recipe.making.specs import merged


def joined(sets: Sequence[SpecifierSet]) -> tuple[SpecifierSet, bool]:
    """Return the range that serves all who ask, and whether a version can suit each of them.

    What is asked for is joined where a version can be all of it. Where the sets exclude each other, as alternatives for
    different Pythons do (`~=1.17; python_version<"3.14"` and `>=2; python_version>="3.14"`), it is the range that holds
    what each admits.
    """
    together = merged(sets)
    if satisfiable(together):
        return together, True
    return SpecifierSet(_union(sets)), all(specifiers == sets[0] for specifiers in sets)


def satisfiable(specifiers: SpecifierSet) -> bool:
    """Whether there can be a version that the clauses admit, as far as their bounds tell."""
    exact = [clause.version for clause in specifiers if clause.operator in {"==", "==="}]
    if pinned := [version for version in exact if not version.endswith(".*")]:
        return all(specifiers.contains(version, prereleases=True) for version in pinned)
    low, high = _lower(specifiers), _upper(specifiers)
    return low is None or high is None or _meet(low, high)


def _meet(low: _Bound, high: _Bound) -> bool:
    """Whether there can be a version between two bounds."""
    (first, from_itself), (last, to_itself) = low, high
    if first.is_prerelease and not (to_itself or last.is_prerelease):
        first = Version(first.base_version)  # `<2` admits no pre-release of 2 (PEP 440)
    return first < last or (first == last and from_itself and to_itself)


_Bound = tuple[Version, bool]
"""A version, and whether it is admitted itself."""


def _union(sets: Sequence[SpecifierSet]) -> list[Specifier]:
    """Return clauses that admit whatever any of the sets admits, as one range."""
    if all(specifiers == sets[0] for specifiers in sets):
        return list(sets[0])
    lows, highs = [_lower(specifiers) for specifiers in sets], [_upper(specifiers) for specifiers in sets]
    low = min(filter(None, lows), key=lambda bound: (bound[0], not bound[1])) if None not in lows else None
    high = max(filter(None, highs)) if None not in highs else None
    excluded = [{clause for clause in specifiers if clause.operator == "!="} for specifiers in sets]
    return [*_clause(">", low), *_clause("<", high), *set.intersection(*excluded)]


def _clause(operator: str, bound: _Bound | None) -> Iterator[Specifier]:
    if bound is not None:
        version, admitted = bound
        yield Specifier(f"{operator}{'=' if admitted else ''}{version}")


def _lower(specifiers: SpecifierSet) -> _Bound | None:
    """Return the strictest lower bound."""
    bounds = [(_version(c), c.operator != ">") for c in specifiers if c.operator in {">=", ">", "~=", "==", "==="}]
    return max(bounds, key=lambda bound: (bound[0], not bound[1]), default=None)


def _upper(specifiers: SpecifierSet) -> _Bound | None:
    """Return the strictest upper bound."""
    bounds = [bound for clause in specifiers if (bound := _end(clause)) is not None]
    return min(bounds, default=None)


def _end(clause: Specifier) -> _Bound | None:
    """Return where one clause ends: `~=2.0` before 3, `==1.5.*` before 1.6."""
    version = _version(clause)
    match clause.operator:
        case "<" | "<=":
            return version, clause.operator == "<="
        case "~=":
            return _after(version, version.release[:-1]), False
        case "==" if clause.version.endswith(".*"):
            return _after(version, version.release), False
        case "==" | "===":
            return version, True
        case _:
            return None


def _after(version: Version, prefix: tuple[int, ...]) -> Version:
    release = ".".join(map(str, (*prefix[:-1], prefix[-1] + 1)))
    return Version(f"{version.epoch}!{release}" if version.epoch else release)


def _version(clause: Specifier) -> Version:
    try:
        return Version(clause.version.removesuffix(".*"))
    except ValueError:
        return Version("0")

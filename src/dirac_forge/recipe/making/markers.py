"""Environment markers (PEP 508) decided over all variants that a channel builds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import product, takewhile

from packaging.markers import Marker, UndefinedEnvironmentName
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from dirac_forge.recipe.model import When
from dirac_forge.recipe.scope import PLATFORM_MARKERS, Scope
from dirac_forge.values import dataclass

_PYTHON_NAMES = {"python_version", "python_full_version", "implementation_version"}
_PLATFORM_NAMES = {"sys_platform", "platform_system", "os_name", "platform_machine"}
_ORDERED = re.compile(r"\bextra\s*[<>~]|[<>~]=?\s*extra\b")
PATCH = "99"
"""The micro version for `python_full_version`: a channel offers the newest of each line."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reach:
    """Where a marker holds: the Pythons and the platforms, within the scope that it was decided over."""

    pythons: tuple[str, ...]
    platforms: tuple[str, ...]
    every_python: bool
    every_platform: bool
    exact: bool = True
    """False if it holds for some pairs of these only (`win32` for one Python, all for another)."""
    cells: frozenset[tuple[str, str]] = frozenset()
    """The pairs of Python and platform where it holds."""
    earlier: bool = False
    """It holds on the Python before the oldest of the scope too, as `python_version < "3.11"` does."""
    later: bool = False
    """It holds on the Python after the newest of the scope too, as `python_version >= "3.14"` does: a channel that
    adds that Python builds the recipe for it as it stands."""

    @property
    def never(self) -> bool:
        """It holds nowhere."""
        return not self.pythons

    @property
    def always(self) -> bool:
        """It holds everywhere."""
        return self.exact and self.every_python and self.every_platform


def reach(marker: Marker | None, scope: Scope, extras: Iterable[str] = ()) -> Reach:
    """Return where `marker` holds, with any of `extras` asked for (none: the plain requirement)."""
    text = str(marker) if marker else ""
    # An extra that a marker does not name decides as none does, so that the answer serves for all of these.
    deciding = extras if _ORDERED.search(text) else (extra for extra in extras if extra in text)
    return _reach(text, scope, tuple(sorted(deciding)))


@lru_cache(maxsize=10_000)
def _reach(text: str, scope: Scope, extras: tuple[str, ...]) -> Reach:
    """Decide once for a text: releases repeat each other's markers, and only what a marker names is varied."""
    if not text or not scope.pythons:
        return _reaching(frozenset(product(scope.pythons, scope.platforms)), scope, earlier=True, later=True)
    marker = Marker(text)
    names = set(re.findall(r"\w+", text))
    by_python, by_platform = bool(names & _PYTHON_NAMES), bool(names & _PLATFORM_NAMES)
    pythons = scope.pythons if by_python else scope.pythons[:1]
    platforms = scope.platforms if by_platform else scope.platforms[:1]

    def holds(python: str, platform: str) -> bool:
        return any(_evaluate(marker, python, platform, extra) for extra in ("", *extras))

    cells: set[tuple[str, str]] = set()
    for python, platform in product(pythons, platforms):
        if holds(python, platform):
            alike = [python] if by_python else scope.pythons, [platform] if by_platform else scope.platforms
            cells.update(product(*alike))
    earlier, later = (
        any(holds(python, platform) for platform in platforms) if by_python else bool(cells)
        for python in _beyond(scope)
    )
    return _reaching(frozenset(cells), scope, earlier=earlier, later=later)


def _beyond(scope: Scope) -> tuple[str, str]:
    """Return the Pythons just before and just after those of the scope."""
    return _moved(scope.pythons[0], -1), scope.next_python


def _moved(python: str, minors: int) -> str:
    version = Version(python)
    return f"{version.major}.{version.minor + minors}"


def _reaching(cells: frozenset[tuple[str, str]], scope: Scope, *, earlier: bool, later: bool) -> Reach:
    own_pythons, own_platforms = {python for python, _ in cells}, {platform for _, platform in cells}
    pythons = tuple(python for python in scope.pythons if python in own_pythons)
    platforms = tuple(platform for platform in scope.platforms if platform in own_platforms)
    return Reach(
        pythons=pythons,
        platforms=platforms,
        every_python=pythons == scope.pythons,
        every_platform=platforms == scope.platforms,
        exact=len(cells) == len(pythons) * len(platforms),
        cells=cells,
        earlier=earlier,
        later=later,
    )


def asks_for_the_release_of_a_system(marker: Marker | None) -> bool:
    """Whether a marker depends on the version of the operating system, which a recipe can't tell."""
    return marker is not None and re.search(r"\bplatform_(?:release|version)\b", str(marker)) is not None


def _evaluate(marker: Marker, python: str, platform: str, extra: str) -> bool:
    environment = {
        "implementation_name": "cpython",
        "implementation_version": f"{python}.{PATCH}",
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_version": "",
        "python_full_version": f"{python}.{PATCH}",
        "python_version": python,
        "extra": extra,
        **PLATFORM_MARKERS[platform],
    }
    try:
        return marker.evaluate(environment)
    except (UndefinedEnvironmentName, TypeError, ValueError):
        # `platform_release >= "10"` against "": what cannot be compared does not hold.
        return False


def both(one: Reach, other: Reach | None, scope: Scope) -> Reach:
    """Return where both hold; `other` None holds everywhere."""
    if other is None:
        return one
    ends = {"earlier": one.earlier and other.earlier, "later": one.later and other.later}
    return _reaching(one.cells & other.cells, scope, **ends)


def platform_condition(platforms: Iterable[str], scope: Scope) -> When | None:
    """Return the shortest condition that holds on exactly these of the scope's platforms; None for all of them."""
    wanted = frozenset(platforms)
    if wanted == frozenset(scope.platforms):
        return None
    families = {
        word: frozenset(p for p in scope.platforms if word in {_system(p), _unix(p)})
        for word in ("unix", "win", "osx", "linux")
    }
    families |= {f"not {word}": frozenset(scope.platforms) - family for word, family in families.items()}
    for words, family in families.items():
        if family == wanted:
            return When(words, words)
    names = sorted(wanted)
    alike = " or ".join(f'target_platform == "{name}"' for name in names)
    return When(alike, alike)


def _system(platform: str) -> str:
    return platform.partition("-")[0]


def _unix(platform: str) -> str:
    return "win" if platform.startswith("win-") else "unix"


def python_condition(
    pythons: Iterable[str], scope: Scope, *, earlier: bool = False, later: bool = False
) -> When | None:
    """Return the condition that holds for exactly these of the scope's Pythons; None for all of them.

    `earlier` and `later` tell whether it is to hold beyond the ends of the scope, too (see `Reach`).
    """
    wanted = sorted(set(pythons), key=Version)
    everything = list(scope.pythons)
    if wanted == everything:
        return None
    from_oldest, to_newest = wanted[0] == everything[0], wanted[-1] == everything[-1]
    open_end = (from_oldest and earlier) or (to_newest and later)
    if not _without_gap(wanted, everything) or (len(wanted) == 1 and not open_end):
        return _connected(" or ", [_python_clause("==", python) for python in wanted])
    lower = [] if from_oldest else [_python_clause(">=", wanted[0])]
    upper = [] if to_newest and later else [_python_clause("<", _moved(wanted[-1], 1))]
    return _connected(" and ", [*lower, *upper])


def _without_gap(pythons: Sequence[str], everything: Sequence[str]) -> bool:
    first = everything.index(pythons[0])
    return list(everything[first : first + len(pythons)]) == list(pythons)


def refused_pythons(admitted: SpecifierSet, channel: Scope) -> When | None:
    """Return the condition for those of a channel's Pythons that a Requires-Python does not admit; None for none."""
    refused = [python for python in channel.pythons if not _admits(admitted, python)]
    if not refused:
        return None
    earlier, later = (not _admits(admitted, python) for python in _beyond(channel))
    if len(refused) == len(channel.pythons):
        return python_condition(refused, channel, earlier=earlier, later=later)
    taken = [python for python in channel.pythons if python not in refused]
    before = list(takewhile(lambda python: python != taken[0], channel.pythons))
    after = list(channel.pythons[channel.pythons.index(taken[-1]) + 1 :])
    between = [python for python in refused if python not in {*before, *after}]
    low = [_python_clause("<", taken[0])] if before and earlier else _each(before)
    high = [_python_clause(">=", after[0])] if after and later else _each(after)
    return _connected(" or ", [*low, *_each(between), *high])


def _each(pythons: Iterable[str]) -> list[When]:
    return [_python_clause("==", python) for python in pythons]


def _admits(specifiers: SpecifierSet, python: str) -> bool:
    return specifiers.contains(f"{python}.{PATCH}", prereleases=True)


def _connected(word: str, clauses: list[When]) -> When:
    return When(word.join(clause.v1 for clause in clauses), word.join(clause.v0 for clause in clauses))


def _python_clause(operator: str, python: str) -> When:
    number = python.replace(".", "")
    spec = f"{python}.*" if operator == "==" else f"{operator}{python}"
    return When(f'match(python, "{spec}")', f"py{operator}{number}")

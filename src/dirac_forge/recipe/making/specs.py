"""Version specifiers (PEP 440) as conda's version specs (CEP 29 and conda's own documentation)."""

from __future__ import annotations

from collections.abc import Iterable

from packaging.specifiers import Specifier, SpecifierSet
from packaging.version import Version

_ORDER = {"==": 0, "===": 0, "~=": 1, ">=": 1, ">": 1, "!=": 2, "<=": 3, "<": 3}


def conda_version(version: Version) -> str:
    """Return conda's spelling of an upstream version: PEP 440's normal form, which conda orders the same way."""
    return str(version)


def conda_spec(specifiers: Iterable[Specifier]) -> str:
    """Return the clauses as one conda spec: lower bounds, exclusions, upper bounds; versions in their normal form.

    Redundant clauses go: `>=1.2,>=1.5,<3,<4` comes out as `>=1.5,<3`, and `==1.5,>=1.2` as `==1.5`.
    """
    plain = [part for specifier in specifiers for part in _parts(specifier)]
    if (exact := _sufficient(plain)) is not None:
        return _clause(exact)
    clauses = {_clause(s): s for s in plain}
    kept = [text for text, s in clauses.items() if not _implied(s, clauses.values())]
    return ",".join(sorted(kept, key=lambda text: _sort_key(clauses[text])))


def merged(sets: Iterable[SpecifierSet]) -> SpecifierSet:
    """Return all clauses of all sets at once."""
    together = SpecifierSet()
    for specifiers in sets:
        together &= specifiers
    return together


def _sufficient(clauses: Iterable[Specifier]) -> Specifier | None:
    """Return the `==` beside which the others say nothing more, None where there is none."""
    every = SpecifierSet(clauses)
    exact = (each for each in every if each.operator == "==" and not each.version.endswith(".*"))
    return next((each for each in exact if every.contains(each.version, prereleases=True)), None)


def _parts(specifier: Specifier) -> tuple[Specifier, ...]:
    """Return `~=1.4` as its two bounds, any other clause as it is."""
    if specifier.operator != "~=":
        return (specifier,)
    return Specifier(f">={specifier.version}"), Specifier(f"<{_next_prefix(specifier.version)}")


def _clause(specifier: Specifier) -> str:
    operator, version = specifier.operator, specifier.version
    if version.endswith(".*"):
        prefix = _spelled(version[:-2])
        return f"{prefix}.*" if operator == "==" else f"{operator}{prefix}.*"
    spelled = _spelled(version)
    return f"{'==' if operator == '===' else operator}{spelled}"


def _spelled(version: str) -> str:
    try:
        return conda_version(Version(version))
    except ValueError:  # an arbitrary string after `===`
        return version.lower()


def _next_prefix(version: str) -> str:
    """Return the exclusive upper bound of `~=version`: `~=2.2` ends before 3, `~=1.4.5` before 1.5 (PEP 440)."""
    parsed = Version(version)
    release = parsed.release[:-1]
    bumped = ".".join(str(n) for n in (*release[:-1], release[-1] + 1))
    return f"{parsed.epoch}!{bumped}" if parsed.epoch else bumped


def _implied(specifier: Specifier, others: Iterable[Specifier]) -> bool:
    """Whether another clause of the same direction is at least as strict."""
    direction = {">=": "low", ">": "low", "<=": "high", "<": "high"}.get(specifier.operator)
    if direction is None:
        return False
    alike = {">=", ">"} if direction == "low" else {"<=", "<"}
    return any(
        other is not specifier and other.operator in alike and _as_strict(other, specifier, low=direction == "low")
        for other in others
    )


def _as_strict(other: Specifier, specifier: Specifier, *, low: bool) -> bool:
    """Whether a clause takes the place of another one of the same direction."""
    mine, theirs = Version(specifier.version), Version(other.version)
    if theirs != mine:
        return theirs > mine if low else theirs < mine
    if other.operator == specifier.operator:
        # `>=1.26` and `>=1.26.0` are one clause: the shorter text stays.
        return len(other.version) < len(specifier.version)
    return other.operator in {">", "<"}


def _sort_key(specifier: Specifier) -> tuple[int, str]:
    return _ORDER.get(specifier.operator, 4), specifier.version

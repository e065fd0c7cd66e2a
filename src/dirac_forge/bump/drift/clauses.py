"""Version specs of recipes clause by clause: compared with upstream's, and moved as upstream moved."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Literal

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from dirac_forge.values import dataclass

Side = Literal["equal", "low", "high", "not"]
_CLAUSE = re.compile(r"(?P<operator>===?|=|~=|>=|<=|!=|>|<)?(?P<space>\s*)(?P<version>[0-9][\w.!+*-]*)")
_SIDES: dict[str, Side] = {">=": "low", ">": "low", "<": "high", "<=": "high", "!=": "not"}
_PADDED = re.compile(r"\.0\d")
"""A calendar version with zeros, which PyPI has without: `2022.05.18`."""
_PRE_END = re.compile(r"(?<=\d)(?:a0|\.?dev0)$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Clause:
    """One clause of a spec; `version` is None if the text is not a version that PEP 440 knows."""

    text: str
    """As written."""
    operator: str
    """`==` of a prefix (`1.2.*`, `=1.2`) is `=`."""
    version: Version

    @property
    def side(self) -> Side:
        """What it bounds."""
        return _SIDES.get(self.operator, "equal")


def clauses_of(spec: str) -> tuple[Clause, ...] | None:
    """Return the clauses of a conda spec in order, () for any version; None if it is more than clauses of versions.

    `~=1.2` comes out as its two bounds; `<2.0a0` and `<2.0.dev0` mean `<2` (CEP 29 orders pre-releases below).
    """
    found: list[Clause] = []
    for part in filter(None, (part.strip() for part in spec.split(","))):
        match = _CLAUSE.fullmatch(part)
        if match is None:
            return None if part != "*" else ()
        clauses = _read(part, match["operator"] or "=", match["version"])
        if clauses is None:
            return None
        found += clauses
    return tuple(found)


def _read(text: str, operator: str, written: str) -> list[Clause] | None:
    version = written.removesuffix("*").removesuffix(".")
    if operator in {"<", "<="}:
        version = _PRE_END.sub("", version)
    try:
        parsed = Version(version)
    except ValueError:
        return None
    if operator == "~=":
        if len(parsed.release) < 2:
            return None
        release = parsed.release[:-1]
        upper = ".".join(str(number) for number in (*release[:-1], release[-1] + 1))
        return [
            Clause(text=f">={written}", operator=">=", version=parsed),
            Clause(text=f"<{upper}", operator="<", version=Version(upper)),
        ]
    if operator in {"==", "===", "="}:
        exact = operator != "=" and not written.endswith("*")
        return [Clause(text=text, operator="==" if exact else "=", version=parsed)]
    return [Clause(text=text, operator=operator, version=parsed)]


def same(one: Iterable[Clause], other: Iterable[Clause]) -> bool:
    """Whether both ask for the same, whatever the order and spelling of their clauses."""
    return _loose(one) == _loose(other)


def _loose(clauses: Iterable[Clause]) -> set[tuple[str, Version]]:
    # A recipe's `1.2.3.*` and `=1.2.3` stand for upstream's `==1.2.3`.
    return {("==" if c.operator == "=" else c.operator, c.version) for c in clauses}


def moved(
    mine: tuple[Clause, ...], old: tuple[Clause, ...], new: tuple[Clause, ...], *, lift: bool = True
) -> tuple[Clause, ...]:
    """Return the recipe's clauses after upstream went from `old` to `new`.

    Each side of the range that equals upstream's old one follows it; a bound of the maintainers' own stays, unless
    upstream's moved to where theirs admits nothing at all or, with `lift`, too much below.
    """
    if same(mine, old):
        return _followed(mine, old, new)
    kept = list(mine)
    for side in ("equal", "low", "high"):
        was, now, here = (_on(side, clauses) for clauses in (old, new, mine))
        if not same(was, now) and here:
            kept = _side_moved(kept, here, was, now, lift=lift and side == "low")
    return new if contradictory(kept, new) else tuple(kept)


def _side_moved(
    clauses: list[Clause], here: list[Clause], was: list[Clause], now: list[Clause], *, lift: bool
) -> list[Clause]:
    """Return the clauses with one side of the range moved."""
    if same(here, was):
        return _replaced(clauses, here[0], was, now[0]) if now else [c for c in clauses if c.side != here[0].side]
    if lift and now and now[0].version > here[0].version:
        return _replaced(clauses, here[0], (), now[0])
    return clauses


def _followed(mine: tuple[Clause, ...], old: tuple[Clause, ...], new: tuple[Clause, ...]) -> tuple[Clause, ...]:
    result: list[Clause] = []
    waiting = list(new)
    for clause in mine:
        successor = _successor(clause, waiting)
        if successor is not None:
            waiting.remove(successor)
            before = [c for c in old if same([c], [clause])]
            result.append(clause if same([successor], [clause]) else styled(successor, clause, before))
    lows = _on("low", waiting)
    return (*lows, *result, *(c for c in waiting if c not in lows))


def _successor(clause: Clause, among: list[Clause]) -> Clause | None:
    """Return the clause that asks for the same, else the one that bounds the same side."""
    alike = (c for c in among if c.side == clause.side and c.side != "not")
    return next((c for c in among if same([c], [clause])), next(alike, None))


def _replaced(clauses: list[Clause], one: Clause, was: Iterable[Clause], by: Clause) -> list[Clause]:
    return [styled(by, one, list(was)) if clause is one else clause for clause in clauses]


def styled(clause: Clause, mine: Clause, old: list[Clause]) -> Clause:
    """Return upstream's `clause` as the recipe would write it, which wrote `mine` for upstream's `old`."""
    match = _CLAUSE.fullmatch(mine.text)
    written = _CLAUSE.fullmatch(clause.text)
    if match is None or written is None:
        return clause
    version = _zeros(written["version"], len(mine.version.release), len(old[0].version.release) if old else 0)
    if _PADDED.search(match["version"]):
        head, *rest = version.split(".")
        version = ".".join((head, *(part.zfill(2) if part.isdigit() else part for part in rest)))
    version += _ending(clause, match["version"], version)
    both_equal = clause.side == mine.side == "equal"
    operator = (match["operator"] or "") if both_equal else written["operator"] or ""
    return Clause(text=f"{operator}{match['space']}{version}", operator=clause.operator, version=clause.version)


def _ending(clause: Clause, mine: str, version: str) -> str:
    """Return what the recipe writes behind versions: a star where it is equal, a pre-release where it is below."""
    if clause.side == "equal" and mine.endswith("*") and not version.endswith("*"):
        return ".*" if mine.endswith(".*") else "*"
    end = _PRE_END.search(mine) if clause.operator == "<" else None
    return end[0] if end is not None and not _PRE_END.search(version) else ""


def _zeros(version: str, mine: int, old: int) -> str:
    """Return `version` with or without trailing zeros, as the recipe writes upstream's versions."""
    numbers = version.split(".")
    if not old or mine == old or not all(number.isdigit() for number in numbers):
        return version
    while len(numbers) < mine and mine > old:
        numbers.append("0")
    while mine < old and len(numbers) > mine and numbers[-1] == "0":
        numbers.pop()
    return ".".join(numbers)


def _on(side: str, clauses: Iterable[Clause]) -> list[Clause]:
    return [clause for clause in clauses if clause.side == side]


def contradictory(one: Iterable[Clause], other: Iterable[Clause]) -> bool:
    """Whether no version satisfies both."""
    both = [*one, *other]
    exact = [c.version for c in both if c.operator == "=="]
    if exact:
        return not all(_admits(c, version) for version in exact for c in both)
    lows, highs = _on("low", both), _on("high", both)
    return any(
        low.version > high.version or (low.version == high.version and {low.operator, high.operator} != {">=", "<="})
        for low in lows
        for high in highs
    )


def _admits(clause: Clause, version: Version) -> bool:
    text = f"=={clause.version}.*" if clause.operator == "=" else f"{clause.operator}{clause.version}"
    return SpecifierSet(text).contains(version, prereleases=True)


def implied(weak: Iterable[Clause], strong: Iterable[Clause]) -> bool:
    """Whether whatever `strong` admits `weak` admits too."""
    theirs = list(strong)
    bounds = [bound for clause in theirs for bound in _bounds(clause)]
    return all(
        any(same([mine], [clause]) for mine in theirs)
        or all(any(_stricter(mine, bound) for mine in bounds) for bound in _bounds(clause))
        for clause in weak
    )


def _bounds(clause: Clause) -> Iterator[Clause]:
    """Yield both ends of a prefix (`1.2.*`), any other clause as it is."""
    if clause.operator != "=":
        yield clause
        return
    *head, last = clause.version.release
    upper = _of((*head, last + 1))
    yield Clause(text=f">={clause.version}", operator=">=", version=clause.version)
    yield Clause(text=f"<{upper}", operator="<", version=upper)


def _of(numbers: Iterable[int]) -> Version:
    return Version(".".join(map(str, numbers)))


def _stricter(strong: Clause, weak: Clause) -> bool:
    if same([strong], [weak]):
        return True
    if strong.operator == "==":
        return _admits(weak, strong.version)
    same_version = strong.version == weak.version
    match strong.side, weak.side:
        case "low", "low":
            return weak.operator == ">=" if same_version else strong.version > weak.version
        case "high", "high":
            return weak.operator == "<=" if same_version else strong.version < weak.version
        case side, "not":
            return side != "not" and _excludes(strong, weak)
        case _:
            return False


def _excludes(bound: Clause, excluded: Clause) -> bool:
    """Whether a bound admits nothing of what a `!=` excludes."""
    # `!=1.4.*` is all of 1.4: its first version and one that is as good as its last.
    last = [_of((*excluded.version.release, 99999))] if excluded.text.endswith("*") else []
    return not any(_admits(bound, version) for version in (excluded.version, *last))


def highs(spec: str) -> tuple[Clause, ...]:
    """Return the upper bounds of a spec, () also for one that can't be read."""
    return tuple(clause for clause in clauses_of(spec) or () if clause.side == "high")


def lower_bound(clauses: Iterable[Clause]) -> Version | None:
    """Return the version that nothing below is admitted, None if there is no such bound."""
    bounds = [c.version for c in clauses if c.side in {"low", "equal"}]
    return max(bounds, default=None)


def joined(clauses: Iterable[Clause], like: str) -> str:
    """Return the clauses as one spec, with blanks after its commas where `like` has them."""
    return (", " if re.search(r",\s", like) else ",").join(clause.text for clause in clauses)

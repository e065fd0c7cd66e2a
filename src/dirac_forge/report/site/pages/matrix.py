"""A target by platform and Python, and why it can't be installed if it can't."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dirac_forge.values import dataclass

Result = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class MatrixCell:
    """One platform and Python."""

    status: str
    """`installable`, `not-installable`, `expected-no`, `unknown`, or `not-asked`."""
    version: str = ""
    days: int | None = None
    """Since the version was uploaded."""
    change: str = ""
    """What is different from yesterday: `broke`, `better`, `version`, `unknown`, or ""."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetMatrix:
    """A target's cells: a row for each platform, a column for each Python."""

    target: str
    pythons: tuple[str, ...]
    """"" if the target says itself which Python it wants."""
    rows: tuple[tuple[str, tuple[MatrixCell, ...]], ...]
    installable: int
    """Of those that are wanted."""
    wanted: int
    unknown: int


_NOT_ASKED = MatrixCell(status="not-asked")


def matrix_of(target: str, results: Sequence[Result], changes: Mapping[str, str]) -> TargetMatrix:
    """Return the matrix of a target; `changes` are those since yesterday, by the cell's name in the history."""
    platforms = list(dict.fromkeys(each["platform"] for each in results))
    pythons = list(dict.fromkeys(each["python"] or "" for each in results))
    cells = {(each["platform"], each["python"] or ""): _cell(each, changes) for each in results}
    wanted = [each["status"] for each in results if each["wanted"]]
    return TargetMatrix(
        target=target,
        pythons=tuple(pythons),
        rows=tuple(
            (platform, tuple(cells.get((platform, python), _NOT_ASKED) for python in pythons)) for platform in platforms
        ),
        installable=wanted.count("installable"),
        wanted=len(wanted),
        unknown=wanted.count("unknown"),
    )


def _cell(result: Result, changes: Mapping[str, str]) -> MatrixCell:
    status = result["status"]
    if status == "not-installable" and not result["wanted"]:
        status = "expected-no"
    key = "|".join((result["target"], result["platform"], result["python"] or ""))
    return MatrixCell(
        status=status, version=result["version"] or "", days=result.get("days"), change=changes.get(key, "")
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class NoParagraph:
    """A no or an unknown with its reason, and all cells that it holds for."""

    anchor: str
    status: str
    wanted: bool
    where: str
    reason: str
    causes: tuple[Mapping[str, Any], ...]
    remedies: tuple[str, ...]
    smallest: bool
    """No single one of the remedies can be left out."""
    instead: str
    """A version that can be installed today."""


def paragraphs_of(results: Sequence[Result]) -> tuple[NoParagraph, ...]:
    """Return the reasons why cells are a no or unknown, each once."""
    groups: dict[tuple[object, ...], list[Result]] = {}
    for each in results:
        if each["status"] != "installable":
            groups.setdefault((each["status"], each["wanted"], each["reason"]), []).append(each)
    # What should be a yes goes first.
    ordered = sorted(groups.values(), key=lambda some: not some[0]["wanted"])
    return tuple(_paragraph(number, some) for number, some in enumerate(ordered, start=1))


def _paragraph(number: int, results: Sequence[Result]) -> NoParagraph:
    first = results[0]
    unblock = first.get("unblock") or {}
    return NoParagraph(
        anchor=f"no-{number}",
        status=first["status"],
        wanted=first["wanted"],
        where=_where(results),
        reason=first["reason"] or "",
        causes=tuple(first.get("causes", ())),
        remedies=tuple(each["text"] for each in unblock.get("remedies", ())),
        smallest=bool(unblock.get("smallest")),
        instead=first.get("installs_today") or "",
    )


def _where(results: Sequence[Result]) -> str:
    """Return `linux-64 (Python 3.11, 3.12); osx-64`."""
    pythons: dict[str, list[str]] = {}
    for each in results:
        pythons.setdefault(each["platform"], []).append(each["python"] or "")
    return "; ".join(
        f"{platform} (Python {', '.join(filter(None, found))})" if any(found) else platform
        for platform, found in pythons.items()
    )

"""The page of a feedstock: recipe, release lines, what was found, decided and tried, and the proposal's diff."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dirac_forge.values import dataclass

_MOST_LINES = 1_500
"""Of one file's diff; the rest is in the data file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DiffLine:
    """A line of a diff, and why it is so."""

    kind: str
    """`added`, `removed`, `place`, or `same`."""
    text: str
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class DiffFile:
    """One file of a proposal."""

    path: str
    lines: tuple[DiffLine, ...]
    more: int = 0
    """Lines that are left out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ProposalPart:
    """What is proposed for a release line, or why nothing is."""

    bump: Mapping[str, Any]
    files: tuple[DiffFile, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedstockPage:
    """What the page says."""

    name: str
    facts: Mapping[str, Any] | None
    lines: tuple[Mapping[str, Any], ...]
    needs: tuple[tuple[str, tuple[Mapping[str, Any], ...]], ...]
    """Section to what it asks for."""
    proposals: tuple[ProposalPart, ...]
    why: Mapping[str, Any] | None
    migrations: tuple[Mapping[str, Any], ...]
    dependents: tuple[Mapping[str, Any], ...]
    targets: tuple[str, ...]


def feedstock_page(document: Mapping[str, Any]) -> FeedstockPage:
    """Return the page of a feedstock's data file."""
    facts = document["facts"]
    return FeedstockPage(
        name=document["feedstock"],
        facts=facts,
        lines=tuple(document["lines"]),
        needs=_needs(facts["needs"] if facts else ()),
        proposals=tuple(
            ProposalPart(bump=bump, files=tuple(_file(edit, bump) for edit in bump["edits"]))
            for bump in document["bumps"]
        ),
        why=document["why"],
        migrations=tuple(document["migrations"]),
        dependents=tuple(document["dependents"]),
        targets=tuple(document["targets"]),
    )


def _needs(needs: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, tuple[Mapping[str, Any], ...]], ...]:
    sections: dict[str, dict[tuple[str, str], Mapping[str, Any]]] = {}
    for need in needs:
        sections.setdefault(need["section"], {}).setdefault((need["name"], need["text"]), need)
    return tuple((section, tuple(mine.values())) for section, mine in sections.items())


def _file(edit: Mapping[str, Any], bump: Mapping[str, Any]) -> DiffFile:
    """Return the diff of a file, with the reasons of the lines that carry requirements over."""
    every = edit["diff"].splitlines()[2:]
    lines = every[:_MOST_LINES]
    reasons = _Reasons(bump)
    return DiffFile(
        path=edit["path"],
        lines=tuple(_line(each, reasons) for each in lines),
        more=len(every) - len(lines),
    )


_KINDS = {"+": "added", "-": "removed", "@": "place"}


def _line(text: str, reasons: _Reasons) -> DiffLine:
    kind = _KINDS.get(text[:1], "same")
    return DiffLine(kind=kind, text=text, reasons=reasons.of(kind, text[1:]) if kind in {"added", "removed"} else ())


class _Reasons:
    """The reasons of a proposal, for the lines that they explain; each is given once."""

    def __init__(self, bump: Mapping[str, Any]) -> None:
        self._waiting = list(_explained(bump))

    def of(self, kind: str, line: str) -> tuple[str, ...]:
        found = []
        for entry in list(self._waiting):
            wanted, content, reason = entry
            if kind == wanted and content and content in line:
                found.append(reason)
                self._waiting.remove(entry)
        return tuple(dict.fromkeys(found))


def _explained(bump: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield the kind of a changed line, what it contains, and the reason."""
    if bump["to"]:
        released = (bump.get("released") or {}).get("to")
        when = f", released {released[:10]}" if released else ""
        yield "added", bump["to"], f"{bump['from']} → {bump['to']}{when}"
    for digest in bump.get("hashes", ()):
        yield from _hashes(digest)
    dependencies = bump["dependencies"]
    for line in (*dependencies["added"], *dependencies["changed"], *dependencies["removed"], *bump.get("beyond", ())):
        said = f"{line['reason']}: {line['evidence']}" if line["evidence"] else line["reason"]
        # A changed requirement is explained at its new line.
        yield ("added", line["after"], said) if line["after"] else ("removed", line["before"], said)


def _hashes(digest: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for name, value in digest.items():
        if name not in {"url", "origin"} and isinstance(value, str):
            yield "added", value, f"{name} of {digest['url']} ({digest['origin']})"

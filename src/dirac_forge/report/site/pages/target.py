"""The page of a target: why not, what would help, what it installs, what is newer upstream, and the audit."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from dirac_forge.channel.records import name_of
from dirac_forge.report.site.pages.drawing import closure_drawing
from dirac_forge.report.site.pages.matrix import NoParagraph, TargetMatrix, matrix_of, paragraphs_of
from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Branch:
    """A package in the tree of dependencies; each is unfolded once, nearest to what was asked for."""

    name: str
    version: str
    below: tuple[Branch, ...] = ()
    also: tuple[str, ...] = ()
    """Dependencies that are unfolded elsewhere."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetPage:
    """What the page says."""

    matrix: TargetMatrix
    specs: tuple[str, ...]
    paragraphs: tuple[NoParagraph, ...]
    tree: tuple[Branch, ...]
    packages: int
    outdated: int
    unknown: int
    """Packages of whose upstream nothing is known."""
    upstream: tuple[Mapping[str, Any], ...]
    """The longest outdated first, then what is not known, then what is current."""
    findings: tuple[Mapping[str, Any], ...]
    audit: Mapping[str, Any]
    drawing: Mapping[str, Any] = field(repr=False)


_ORDER = {"outdated": 0, "unknown": 1, "current": 2}
_COLOURS = {"outdated": "awaiting-pr", "current": "done", "unknown": "planned"}
"""Packages are coloured as members of a migration are."""


def target_page(document: Mapping[str, Any], changes: Mapping[str, str]) -> TargetPage:
    """Return the page of a target's data file; `changes` are those since yesterday."""
    upstream = sorted(
        document["upstream"], key=lambda each: (_ORDER[each["status"]], -(each["days"] or 0), each["package"])
    )
    statuses = [each["status"] for each in upstream]
    roots = [name_of(spec) for spec in document["specs"]]
    return TargetPage(
        matrix=matrix_of(document["target"], document["results"], changes),
        specs=tuple(document["specs"]),
        paragraphs=paragraphs_of(document["results"]),
        tree=_tree(document["packages"], roots),
        packages=len(document["packages"]),
        outdated=statuses.count("outdated"),
        unknown=statuses.count("unknown"),
        upstream=tuple(upstream),
        findings=tuple(document["audit"]["findings"]),
        audit=document["audit"],
        drawing=closure_drawing(
            document["packages"], roots, {each["package"]: _COLOURS[each["status"]] for each in upstream}
        ),
    )


def _tree(packages: Sequence[Mapping[str, Any]], roots: Sequence[str]) -> tuple[Branch, ...]:
    """Return the packages below those that were asked for; what these do not reach (Python's own) goes last."""
    known = {each["name"]: each for each in packages}
    below: dict[str, list[str]] = {name: [] for name in known}
    reached: set[str] = set()
    tops: list[str] = []
    for start in (*roots, *known):
        if start not in known or start in reached:
            continue
        tops.append(start)
        reached.add(start)
        waiting = deque([start])
        while waiting:
            name = waiting.popleft()
            for need in known[name]["depends"]:
                if need not in reached:
                    reached.add(need)
                    below[name].append(need)
                    waiting.append(need)

    def branch(name: str) -> Branch:
        mine = below[name]
        also = tuple(need for need in known[name]["depends"] if need not in mine)
        return Branch(name=name, version=known[name]["version"], below=tuple(branch(each) for each in mine), also=also)

    return tuple(branch(name) for name in tops)

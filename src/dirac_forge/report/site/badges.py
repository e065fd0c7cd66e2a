"""Badges: what a target or a migration is at, in an image for a README."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dirac_forge.report.site.links import slug
from dirac_forge.report.site.pages.home import migration_rows
from dirac_forge.report.site.pages.matrix import matrix_of
from dirac_forge.report.site.rendering import fragment

_CHARACTER = 6.6
_PAD = 12
_GOOD, _BAD, _OPEN, _UNKNOWN = "#1a7f37", "#b3261e", "#8a6100", "#57606a"


def badges(documents: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return a badge for each target and migration, by the name of its file."""
    found: dict[str, str] = {}
    for each in documents["site.json"]["targets"]:
        matrix = matrix_of(each["target"], documents[each["data"]]["results"], {})
        known = f"installable {matrix.installable}/{matrix.wanted}"
        said = f"{known}, {matrix.unknown} unknown" if matrix.unknown else known
        good = matrix.installable == matrix.wanted
        colour = _GOOD if good else _UNKNOWN if matrix.installable + matrix.unknown == matrix.wanted else _BAD
        found[f"{slug(each['target'])}.svg"] = _badge(each["target"], said, colour)
    for row in migration_rows(documents["migrations.json"]):
        said = f"{row.bar.done}/{row.bar.total} done" if row.bar.total else row.state
        found[f"migration-{slug(row.name)}.svg"] = _badge(row.name, said, _GOOD if row.state == "done" else _OPEN)
    return found


def _badge(name: str, said: str, colour: str) -> str:
    left, right = (round(len(text) * _CHARACTER + _PAD, 1) for text in (name, said))
    return fragment("badge.svg", name=name, said=said, colour=colour, left=left, right=right)

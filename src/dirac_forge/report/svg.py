"""Pictures as one self-contained SVG: a column a wave, colour for the state, a hover for the reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from dirac_forge.report.picture import COLOURS, Arrow, Box, Picture

__all__ = ["svg"]

_ROW = 24
_BOX = 18
_GAP = 90
_CHARACTER = 7.2
_MARGIN = 24
_HEAD_CHARACTERS = len("wave 10 (100)")
_HEAD = 78
_MOST_ROWS = 60
"""A wave with more members than this is drawn in several columns beside each other."""
_STYLE = """
text{font:12px ui-sans-serif,system-ui,sans-serif}
.name{fill:#fff;pointer-events:none}
.dark{fill:#1c1c1c}
.wave{font-weight:600;fill:#444}
.title{font-size:16px;font-weight:600;fill:#222}
.edge{fill:none;stroke:#888;stroke-width:1.1;stroke-opacity:.45}
.edge:hover{stroke:#000;stroke-opacity:1;stroke-width:2.5}
.through{stroke-dasharray:5 3}
.implied{stroke-opacity:.13}
.broken{stroke:#b2182b;stroke-dasharray:1 4}
.box:hover rect{stroke:#000;stroke-width:2}
"""


_DARK_TEXT = frozenset({"awaiting-pr", "awaiting-parents", "not-solvable"})
"""States with a light colour."""


@dataclass(frozen=True, slots=True)
class _Place:
    x: float
    y: float
    width: float


def svg(picture: Picture) -> str:
    """The picture; it needs no script, font or file from elsewhere."""
    columns = _columns(picture)
    places: dict[str, _Place] = {}
    heads: list[tuple[float, int]] = []
    x = float(_MARGIN)
    previous = -1
    tallest = max((len(column) for column in columns), default=0)
    for column in columns:
        wave = column[0].wave
        width = max(*(len(box.name) for box in column), _HEAD_CHARACTERS) * _CHARACTER + 16
        if wave != previous:
            heads.append((x, wave))
            previous = wave
        # Columns are centred: arrows are shorter and cross less.
        top = _HEAD + (tallest - len(column)) * _ROW / 2
        for row, box in enumerate(column):
            places[box.name] = _Place(x, top + row * _ROW, width)
        x += width + _GAP
    width = max(x - _GAP + _MARGIN, 480)
    height = _HEAD + tallest * _ROW + _MARGIN
    implied = _implied(picture)
    lines = [
        _opening(picture, width, height),
        f"<style>{_STYLE}</style>",
        '<rect width="100%" height="100%" fill="#fff"/>',
        f'<text class="title" x="{_MARGIN}" y="26">{_text(picture.title)}</text>',
        *_legend(picture),
        *(_arrow(arrow, places, implied) for arrow in _faint_first(picture.arrows, implied)),
        *(
            f'<text class="wave" x="{left:.1f}" y="{_HEAD - 8}">wave {wave + 1} ({len(picture.waves[wave])})</text>'
            for left, wave in heads
        ),
        *(_box(box, places[box.name]) for column in columns for box in column),
        "</svg>",
        "",
    ]
    return "\n".join(lines)


def _opening(picture: Picture, width: float, height: float) -> str:
    size = f'viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{_text(picture.title)}">'


def _columns(picture: Picture) -> list[list[Box]]:
    """Boxes by column; each wave is sorted by where its parents stand, so that arrows cross less."""
    parents: dict[str, list[str]] = {}
    for arrow in picture.arrows:
        parents.setdefault(arrow.child, []).append(arrow.parent)
    row: dict[str, float] = {}
    columns: list[list[Box]] = []
    for wave in picture.waves:
        height = {
            box.name: _mean([row[parent] for parent in parents.get(box.name, ()) if parent in row]) for box in wave
        }
        ordered = sorted(wave, key=lambda box: (height[box.name], box.name))
        row |= {box.name: index / len(ordered) for index, box in enumerate(ordered)}
        columns += [ordered[start : start + _MOST_ROWS] for start in range(0, len(ordered), _MOST_ROWS)]
    return columns


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _legend(picture: Picture) -> Sequence[str]:
    lines = []
    x = float(_MARGIN)
    for state in picture.states:
        count = sum(box.state == state for wave in picture.waves for box in wave)
        label = f"{state} ({count})"
        lines.append(f'<rect x="{x:.1f}" y="38" width="12" height="12" rx="3" fill="{COLOURS[state]}"/>')
        lines.append(f'<text x="{x + 17:.1f}" y="48" fill="#444">{_text(label)}</text>')
        x += 34 + len(label) * _CHARACTER
    return lines


def _implied(picture: Picture) -> frozenset[tuple[str, str]]:
    """Arrows that a longer way through other arrows says too: they are drawn faintly, so that the others are seen."""
    parents: dict[str, list[str]] = {}
    for arrow in picture.arrows:
        if not arrow.broken:
            parents.setdefault(arrow.child, []).append(arrow.parent)
    before: dict[str, set[str]] = {}
    found: set[tuple[str, str]] = set()
    for wave in picture.waves:
        for box in wave:
            own = [parent for parent in parents.get(box.name, ()) if parent in before]
            further = set().union(*(before[parent] for parent in own))
            found.update((parent, box.name) for parent in own if parent in further)
            before[box.name] = further.union(own)
    return frozenset(found)


def _faint_first(arrows: Sequence[Arrow], implied: frozenset[tuple[str, str]]) -> list[Arrow]:
    return sorted(arrows, key=lambda arrow: (arrow.parent, arrow.child) not in implied)


def _arrow(arrow: Arrow, places: dict[str, _Place], implied: frozenset[tuple[str, str]]) -> str:
    parent, child = places[arrow.parent], places[arrow.child]
    left, right = parent.x + parent.width, child.x
    top, bottom = parent.y + _BOX / 2, child.y + _BOX / 2
    bend = max(abs(right - left) / 2, 30)
    kind = " broken" if arrow.broken else " through" if arrow.through else ""
    kind += " implied" if (arrow.parent, arrow.child) in implied else ""
    curve = (
        f"M{left:.1f},{top:.1f} C{left + bend:.1f},{top:.1f} {right - bend:.1f},{bottom:.1f} {right:.1f},{bottom:.1f}"
    )
    title = _text(f"{arrow.parent} → {arrow.child}\n{arrow.why}")
    return f'<path class="edge{kind}" d="{curve}"><title>{title}</title></path>'


def _box(box: Box, place: _Place) -> str:
    dark = " dark" if box.state in _DARK_TEXT else ""
    return (
        f'<g class="box"><rect x="{place.x:.1f}" y="{place.y:.1f}" width="{place.width:.1f}" height="{_BOX}" rx="4" '
        f'fill="{COLOURS[box.state]}"><title>{_text(box.why)}</title></rect>'
        f'<text class="name{dark}" x="{place.x + 8:.1f}" y="{place.y + 13:.1f}">{_text(box.name)}</text></g>'
    )


def _text(text: str) -> str:
    # Control characters have no place in XML, not even escaped.
    return escape("".join(sign for sign in text if sign >= " " or sign in "\n\t"), quote=True)

"""Pictures as one self-contained SVG: a column a wave, colour for the state, a hover for the reason."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from dirac_forge.report.foreign import visible
from dirac_forge.report.picture import COLOURS, Arrow, Box, Picture
from dirac_forge.values import dataclass

_ROW = 24
_BOX = 18
_GAP = 90
_CHARACTER = 7.2
_MARGIN = 24
_HEAD_CHARACTERS = len("wave 10 (100)")
_HEAD = 78
_LEGEND = 24
"""For the kinds of edges, if there are any."""
_MOST_ROWS = 60
"""A wave with more members than this is drawn in several columns of the same height."""
_NARROW = 18
"""Between the columns of one wave, which no arrow connects."""
_STYLE = """
svg{--paper:#fff;--ink:#222;--soft:#444;--line:#888;--strong:#000}
text{font:12px ui-sans-serif,system-ui,sans-serif;fill:var(--soft)}
.paper{fill:var(--paper)}
.name{fill:#fff;pointer-events:none}
.dark{fill:#1c1c1c}
.wave{font-weight:600}
.rule{stroke:var(--line);stroke-opacity:.5}
.title{font-size:16px;font-weight:600;fill:var(--ink)}
.edge{fill:none;stroke:var(--line);stroke-width:1.1;stroke-opacity:.55;marker-end:url(#head)}
.edge:hover{stroke:var(--strong);stroke-opacity:1;stroke-width:2.5}
.through{stroke-dasharray:5 3}
.implied{stroke-opacity:.18}
.broken{stroke:#b2182b;stroke-dasharray:1 4}
.head{fill:var(--line)}
.box:hover rect{stroke:var(--strong);stroke-width:2}
@media (prefers-color-scheme:dark){svg{--paper:#0d1117;--ink:#e6edf3;--soft:#b1bac4;--line:#8b949e;--strong:#fff}}
"""
_MARKER = (
    '<defs><marker id="head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto" '
    'markerUnits="userSpaceOnUse"><polygon class="head" points="0,0 8,4 0,8"/></marker></defs>'
)
_KINDS = (
    ("", "needs"),
    ("through", "needs through feedstocks that are not members"),
    ("implied", "follows from other edges"),
    ("broken", "left out, because it closes a cycle"),
)
"""Class of an edge, and what the legend says of it."""


_DARK_TEXT = frozenset({"awaiting-pr", "awaiting-parents", "not-solvable"})
"""States with a light colour."""


@dataclass(frozen=True, slots=True)
class _Place:
    x: float
    y: float
    width: float


@dataclass(frozen=True, kw_only=True, slots=True)
class _Layout:
    """Where everything of a picture is drawn."""

    boxes: dict[str, _Place]
    """By the name of the box."""
    heads: dict[int, tuple[float, float]]
    """By wave, the left and the right end of its columns."""
    top: int
    """Where the boxes begin."""
    width: float
    height: float


def svg(picture: Picture) -> str:
    """Return the picture; it needs no script, font or file from elsewhere."""
    columns = _columns(picture)
    layout = _layout(columns, _HEAD + (_LEGEND if picture.arrows else 0))
    implied = _implied(picture)
    lines = [
        _opening(picture, layout.width, layout.height),
        f"<style>{_STYLE}</style>",
        _MARKER,
        '<rect class="paper" width="100%" height="100%"/>',
        f'<text class="title" x="{_MARGIN}" y="26">{_text(picture.title)}</text>',
        *_legend(picture),
        *_edge_legend(picture, implied),
        *(_arrow(arrow, layout.boxes, implied) for arrow in _faint_first(picture.arrows, implied)),
        *(
            line
            for wave, (left, end) in layout.heads.items()
            for line in _wave_head(wave, len(picture.waves[wave]), left, end, layout.top)
        ),
        *(_box(box, layout.boxes[box.name]) for column in columns for box in column),
        "</svg>",
        "",
    ]
    return "\n".join(lines)


def _layout(columns: Sequence[Sequence[Box]], top: int) -> _Layout:
    """Place the columns side by side, those of one wave close together."""
    boxes: dict[str, _Place] = {}
    heads: dict[int, tuple[float, float]] = {}
    right = float(_MARGIN)
    tallest = max(map(len, columns), default=0)
    for column in columns:
        wave = column[0].wave
        x = right + (_NARROW if wave in heads else _GAP if heads else 0)
        width = max(*(len(box.name) for box in column), _HEAD_CHARACTERS) * _CHARACTER + 16
        # Columns are centred: arrows are shorter and cross less.
        first = top + (tallest - len(column)) * _ROW / 2
        boxes |= {box.name: _Place(x, first + row * _ROW, width) for row, box in enumerate(column)}
        right = x + width
        heads[wave] = (heads.get(wave, (x, x))[0], right)
    return _Layout(
        boxes=boxes, heads=heads, top=top, width=max(right + _MARGIN, 760), height=top + tallest * _ROW + _MARGIN
    )


def _opening(picture: Picture, width: float, height: float) -> str:
    size = f'viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{_text(picture.title)}">'


def _columns(picture: Picture) -> list[Sequence[Box]]:
    """Return the boxes by column; each wave is sorted by its parents, so that arrows cross less."""
    parents: dict[str, list[str]] = {}
    for arrow in picture.arrows:
        parents.setdefault(arrow.child, []).append(arrow.parent)
    connected = {name for arrow in picture.arrows for name in (arrow.parent, arrow.child)}
    row: dict[str, float] = {}
    columns: list[Sequence[Box]] = []
    for wave in picture.waves:
        height = {
            box.name: _mean([row[parent] for parent in parents.get(box.name, ()) if parent in row]) for box in wave
        }
        # Boxes without an arrow go last, so that those with arrows are near each other.
        ordered = sorted(wave, key=lambda box: (box.name not in connected, height[box.name], box.name))
        row |= {box.name: index / len(ordered) for index, box in enumerate(ordered)}
        columns += _balanced(ordered)
    return columns


def _balanced(boxes: Sequence[Box]) -> list[Sequence[Box]]:
    """Return the boxes in as few columns as needed, each as high as the others."""
    rows = math.ceil(len(boxes) / math.ceil(len(boxes) / _MOST_ROWS)) if boxes else 1
    return [boxes[start : start + rows] for start in range(0, len(boxes), rows)]


def _wave_head(wave: int, count: int, left: float, right: float, top: int) -> tuple[str, ...]:
    """Return the name of a wave, and a line over all of its columns."""
    return (
        f'<text class="wave" x="{left:.1f}" y="{top - 14}">wave {wave + 1} ({count})</text>',
        f'<line class="rule" x1="{left:.1f}" y1="{top - 8}" x2="{right:.1f}" y2="{top - 8}"/>',
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _legend(picture: Picture) -> Sequence[str]:
    lines = []
    x = float(_MARGIN)
    for state in picture.states:
        count = sum(box.state == state for wave in picture.waves for box in wave)
        label = f"{state} ({count})"
        lines.append(f'<rect x="{x:.1f}" y="38" width="12" height="12" rx="3" fill="{COLOURS[state]}"/>')
        lines.append(f'<text x="{x + 17:.1f}" y="48">{_text(label)}</text>')
        x += 34 + len(label) * _CHARACTER
    return lines


def _edge_legend(picture: Picture, implied: frozenset[tuple[str, str]]) -> Sequence[str]:
    """Return a sample of each kind of edge that the picture has."""
    there = {_kind(arrow, implied) for arrow in picture.arrows}
    lines = []
    x = float(_MARGIN)
    for kind, words in _KINDS:
        if kind in there:
            lines.append(f'<line class="edge {kind}" x1="{x:.1f}" y1="64" x2="{x + 32:.1f}" y2="64"/>')
            lines.append(f'<text x="{x + 39:.1f}" y="68">{_text(words)}</text>')
            x += 58 + len(words) * _CHARACTER
    return lines


def _kind(arrow: Arrow, implied: frozenset[tuple[str, str]]) -> str:
    """Return the class of an edge in the legend."""
    if arrow.broken:
        return "broken"
    if (arrow.parent, arrow.child) in implied:
        return "implied"
    return "through" if arrow.through else ""


def _implied(picture: Picture) -> frozenset[tuple[str, str]]:
    """Return the arrows that a longer path implies: they are drawn faintly."""
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
    return escape(visible(text, but="\n\t"), quote=True)

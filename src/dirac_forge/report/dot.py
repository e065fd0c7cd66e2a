"""Pictures in Graphviz' language."""

from __future__ import annotations

from dirac_forge.report.foreign import visible
from dirac_forge.report.picture import COLOURS, Picture


def dot(picture: Picture) -> str:
    """Return the picture for `dot -Tsvg`; one column a wave."""
    lines = [
        "digraph migration {",
        f"  label={_quoted(picture.title)}; labelloc=t; rankdir=LR; fontname=sans;",
        '  node [shape=box, style="rounded,filled", fontname=sans, fontcolor=white];',
        '  edge [color="#00000066"];',
    ]
    for wave in picture.waves:
        lines.append("  { rank=same;")
        lines += [
            f"    {_quoted(box.name)} [fillcolor={_quoted(COLOURS[box.state])}, tooltip={_quoted(box.why)}];"
            for box in wave
        ]
        lines.append("  }")
    for arrow in picture.arrows:
        style = ["style=dotted", "constraint=false"] if arrow.broken else ["style=dashed"] if arrow.through else []
        label = [f"label={_quoted(' '.join(arrow.through))}"] if arrow.through else []
        attributes = ", ".join([f"tooltip={_quoted(arrow.why)}", *style, *label])
        lines.append(f"  {_quoted(arrow.parent)} -> {_quoted(arrow.child)} [{attributes}];")
    return "\n".join([*lines, "}", ""])


def _quoted(text: str) -> str:
    escaped = visible(text, but="\n").replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'

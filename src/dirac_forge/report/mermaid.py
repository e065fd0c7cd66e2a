"""Pictures in Mermaid's language, as GitHub shows them in Markdown."""

from __future__ import annotations

from dirac_forge.report.foreign import plain
from dirac_forge.report.picture import COLOURS, Arrow, Picture


def mermaid(picture: Picture) -> str:
    """Return the picture as a flowchart; one subgraph a wave."""
    number = {box.name: f"n{place}" for place, box in enumerate(box for wave in picture.waves for box in wave)}
    lines = ["---", f'title: "{_quoted(picture.title)}"', "---", "flowchart LR"]
    for place, wave in enumerate(picture.waves, start=1):
        lines.append(f'  subgraph wave{place}["wave {place}"]')
        lines += [f'    {number[box.name]}["{_text(box.name)}"]:::{_class(box.state)}' for box in wave]
        lines.append("  end")
    lines += [f"  {number[arrow.parent]} {_link(arrow)} {number[arrow.child]}" for arrow in picture.arrows]
    lines += [f"  classDef {_class(state)} fill:{COLOURS[state]},color:#fff,stroke:none" for state in picture.states]
    return "\n".join([*lines, ""])


def _link(arrow: Arrow) -> str:
    if arrow.broken:
        return "-.-x"
    return f'-.->|"{_text(" ".join(arrow.through))}"|' if arrow.through else "-->"


def _class(state: str) -> str:
    return state.replace("-", "")


def _quoted(text: str) -> str:
    """Return text for a double-quoted scalar of YAML, in which a backslash begins an escape."""
    return _text(text).replace("\\", "\\\\")


def _text(text: str) -> str:
    return plain(text).replace("&", "#amp;").replace('"', "#quot;")

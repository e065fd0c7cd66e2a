"""Pictures: well formed, complete, and safe whatever the names are."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from dirac_forge.report.dot import dot
from dirac_forge.report.mermaid import mermaid
from dirac_forge.report.picture import Arrow, Box, Picture
from dirac_forge.report.svg import svg

NASTY = '<script>alert("1")</script>&\x07'


@pytest.fixture
def picture() -> Picture:
    first = Box(name="a", wave=0, state="done", why="a\nhost: a/recipe/meta.yaml:3: lib")
    second = Box(name="b", wave=1, state="awaiting-pr", why=NASTY)
    return Picture(
        title=f"lib2: {NASTY}",
        waves=((first,), (second,)),
        arrows=(
            Arrow(parent="a", child="b", through=("middle",), broken=False, why="b needs a"),
            Arrow(parent="b", child="a", through=(), broken=True, why="a tests b"),
        ),
    )


def test_svg_is_self_contained_xml(picture: Picture) -> None:
    text = svg(picture)
    root = ET.fromstring(text)
    names = [node.text for node in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"a", "b", "wave 1 (1)", "wave 2 (1)", "done (1)", "awaiting-pr (1)"} <= set(names)
    titles = [node.text for node in root.iter("{http://www.w3.org/2000/svg}title")]
    assert "a → b\nb needs a" in titles
    assert "<script" not in text
    assert "href" not in text
    paths = [node.get("class") for node in root.iter("{http://www.w3.org/2000/svg}path")]
    assert paths == ["edge through", "edge broken"]


def test_columns_are_waves(picture: Picture) -> None:
    boxes = [node.find("{*}rect") for node in ET.fromstring(svg(picture)).iter("{http://www.w3.org/2000/svg}g")]
    lefts = [float(box.get("x", "")) for box in boxes if box is not None]
    assert lefts == sorted(lefts)
    assert lefts[0] < lefts[1]


def test_a_hundred_members_do_not_overlap() -> None:
    boxes = tuple(Box(name=f"feedstock-{n:03}", wave=0, state="planned", why="") for n in range(100))
    root = ET.fromstring(svg(Picture(title="t", waves=(boxes,), arrows=())))
    places = {
        (rect.get("x"), rect.get("y"))
        for node in root.iter("{http://www.w3.org/2000/svg}g")
        for rect in node.iter("{http://www.w3.org/2000/svg}rect")
    }
    assert len(places) == 100
    assert float(root.get("height", "")) < 1700


def test_nothing_to_draw() -> None:
    empty = Picture(title="t", waves=(), arrows=())
    ET.fromstring(svg(empty))
    assert mermaid(empty).endswith("flowchart LR\n")
    assert dot(empty).startswith("digraph migration {")


def test_dot(picture: Picture) -> None:
    lines = dot(picture).splitlines()
    assert '    "a" [fillcolor="#1b7837", tooltip="a\\nhost: a/recipe/meta.yaml:3: lib"];' in lines
    assert '  "a" -> "b" [tooltip="b needs a", style=dashed, label="middle"];' in lines
    assert '  "b" -> "a" [tooltip="a tests b", style=dotted, constraint=false];' in lines


def test_mermaid(picture: Picture) -> None:
    lines = mermaid(picture).splitlines()
    assert lines[3:8] == [
        "flowchart LR",
        '  subgraph wave1["wave 1"]',
        '    n0["a"]:::done',
        "  end",
        '  subgraph wave2["wave 2"]',
    ]
    assert '  n0 -.->|"middle"| n1' in lines
    assert "  n1 -.-x n0" in lines
    assert '"' not in lines[1]

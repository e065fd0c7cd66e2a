"""Pictures: well formed, complete, and safe whatever the names are."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
import yaml

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


def test_a_large_wave_has_columns_of_the_same_height_below_one_head() -> None:
    boxes = tuple(Box(name=f"feedstock-{n:03}", wave=0, state="planned", why="") for n in range(64))
    child = Box(name="child", wave=1, state="planned", why="")
    arrows = (Arrow(parent="feedstock-050", child="child", through=(), broken=False, why=""),)
    root = ET.fromstring(svg(Picture(title="t", waves=(boxes, (child,)), arrows=arrows)))
    columns: dict[str, list[str]] = {}
    for group in root.iter("{http://www.w3.org/2000/svg}g"):
        rect, text = group.find("{*}rect"), group.find("{*}text")
        assert rect is not None
        assert text is not None
        columns.setdefault(rect.get("x", ""), []).append(text.text or "")
    assert [len(column) for column in columns.values()] == [32, 32, 1]
    assert next(iter(columns.values()))[0] == "feedstock-050"  # those without an arrow go last
    heads = [node.text for node in root.iter("{http://www.w3.org/2000/svg}text") if node.get("class") == "wave"]
    assert heads == ["wave 1 (64)", "wave 2 (1)"]


def test_edges_have_heads_and_a_legend_of_the_kinds_that_are_there(picture: Picture) -> None:
    text = svg(picture)
    root = ET.fromstring(text)
    names = [node.text for node in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "needs through feedstocks that are not members" in names
    assert "left out, because it closes a cycle" in names
    assert "follows from other edges" not in names
    assert "marker-end:url(#head)" in text
    assert "@media (prefers-color-scheme:dark)" in text


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
    (front, *_) = yaml.safe_load_all("\n".join(lines[:3]))
    assert front == {"title": "lib2: <script>alert(#quot;1#quot;)</script>#amp;"}


def test_what_a_longer_way_says_too_is_faint_and_names_are_readable() -> None:
    boxes = [Box(name=name, wave=at, state="awaiting-pr" if at else "done", why=name) for at, name in enumerate("abc")]
    arrows = [
        Arrow(parent=parent, child=child, through=(), broken=False, why="")
        for parent, child in (("a", "c"), ("a", "b"), ("b", "c"))
    ]
    text = svg(Picture(title="t", waves=tuple((box,) for box in boxes), arrows=tuple(arrows)))
    root = ET.fromstring(text)
    paths = [(node.get("class"), next(iter(node)).text) for node in root.iter("{http://www.w3.org/2000/svg}path")]
    assert paths == [("edge implied", "a → c\n"), ("edge", "a → b\n"), ("edge", "b → c\n")]
    names = {
        node.text: node.get("class")
        for node in root.iter("{http://www.w3.org/2000/svg}text")
        if node.get("class", "").startswith("name")
    }
    assert names == {"a": "name", "b": "name dark", "c": "name dark"}


def test_columns_are_wide_enough_for_their_heads_and_centred() -> None:
    first = tuple(Box(name=name, wave=0, state="planned", why="") for name in "abc")
    second = (Box(name="d", wave=1, state="planned", why=""),)
    root = ET.fromstring(svg(Picture(title="t", waves=(first, second), arrows=())))
    boxes = [
        (float(node.get("y", "")), float(node.get("width", "")))
        for group in root.iter("{http://www.w3.org/2000/svg}g")
        for node in group.iter("{http://www.w3.org/2000/svg}rect")
    ]
    assert [y for y, _ in boxes] == [78.0, 102.0, 126.0, 102.0]
    assert min(width for _, width in boxes) > 100

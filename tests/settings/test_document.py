"""Every key and item of a TOML file is found on its line."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dirac_forge.errors import InputError
from dirac_forge.settings.document import Document
from dirac_forge.settings.validation import KeyPath

LAYOUTS = Path(__file__).parents[1] / "data" / "layouts.toml"


def write(folder: Path, text: str) -> Path:
    path = folder / "pyproject.toml"
    path.write_text(text, encoding="utf-8")
    return path


def paths_of(value: object, path: KeyPath = ()) -> set[KeyPath]:
    found = {path} if path else set()
    entries = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else []
    for key, item in entries:
        found |= paths_of(item, (*path, key))
    return found


def test_lines() -> None:
    document = Document.read(LAYOUTS)
    assert set(document.lines) == paths_of(tomllib.loads(LAYOUTS.read_text(encoding="utf-8")))
    expected: dict[KeyPath, int] = {
        ("top",): 2,
        ("quoted key",): 3,
        ("literal.key", "sub"): 4,
        ("when",): 5,
        ("text",): 6,
        ("raw",): 9,
        ("list",): 11,
        ("list", 0): 12,
        ("list", 1): 14,
        ("list", 1, "b", "c", 1): 14,
        ("list", 2): 15,
        ("list", 2, 0): 15,
        ("list", 2, 1): 16,
        ("a", "b.c"): 18,
        ("a", "b.c", "d", "e", "f"): 19,
        ("a", "b.c", "d", "e", "g"): 20,
        ("items", 0): 21,
        ("items", 0, "n"): 22,
        ("items", 1, "n"): 24,
        ("items", 1, "sub"): 25,
        ("items", 1, "sub", "m"): 26,
        ("items", 1, "deep", 0): 27,
        ("items", 1, "deep", 0, "k"): 28,
        ("items", 1, "deep", 0, "l"): 29,
    }
    assert {path: document.lines[path] for path in expected} == expected
    assert document.line(("items", 1, "sub", "missing", 3)) == 25
    assert document.line(("nowhere",)) == 1


class Writer:
    """Writes a tree of tables, lists and leaves as TOML in drawn layouts; each leaf holds a number of its own."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw: Callable[[st.SearchStrategy[Any]], Any] = draw
        self.leaves = 0
        self.where: dict[KeyPath, str] = {}

    def pick(self, *choices: str) -> str:
        chosen: str = self.draw(st.sampled_from(choices))
        return chosen

    def space(self) -> str:
        return self.pick("", " ", "  ")

    def gap(self) -> str:
        return self.pick("", " ", "\n", " # ] } = [x]\n", "\n\n  ")

    def key(self, key: str) -> str:
        return self.pick(key, f'"{key}"', f"'{key}'")

    def leaf(self, path: KeyPath, *, single_line: bool) -> str:
        self.leaves += 1
        mark = f"t{self.leaves}t"
        self.where[path] = mark
        forms = [f'"{mark} # ] }} \\" = ["', f"'{mark} \\ ] # '", f"'''{mark}'''", f'"""{mark}""\\""""']
        if not single_line:
            forms += [f'"""{mark}\n] = [x]\n\\""""""', f"'''{mark}\n[a]\nb = 1\n'''"]
        return self.pick(*forms)

    def value(self, node: object, path: KeyPath, *, single_line: bool) -> str:
        if isinstance(node, dict):
            pairs = [
                f"{self.key(key)}{self.space()}={self.space()}{self.value(item, (*path, key), single_line=True)}"
                for key, item in node.items()
            ]
            return "{" + self.space() + f"{self.space()},{self.space()}".join(pairs) + self.space() + "}"
        if isinstance(node, list):
            gap = self.space if single_line else self.gap
            items = [
                gap() + self.value(item, (*path, index), single_line=single_line) + gap()
                for index, item in enumerate(node)
            ]
            return "[" + ",".join(items) + ("," if items and self.draw(st.booleans()) else "") + gap() + "]"
        return self.leaf(path, single_line=single_line)

    def table(self, node: dict[str, object], path: KeyPath, header: str) -> str:
        lines, later = [], []
        for key, item in node.items():
            written = self.key(key)
            below = f"{header}{self.space()}.{self.space()}{written}" if header else written
            if isinstance(item, dict) and self.draw(st.booleans()):
                later.append(f"[{self.space()}{below}{self.space()}]\n" + self.table(item, (*path, key), below))
            elif (
                item and isinstance(item, list) and all(isinstance(e, dict) for e in item) and self.draw(st.booleans())
            ):
                later += [
                    f"[[{below}]] # x\n" + self.table(each, (*path, key, index), below)
                    for index, each in enumerate(item)
                ]
            else:
                lines.append(f"{written} = {self.value(item, (*path, key), single_line=False)}{self.space()}\n")
            lines.append(self.pick("", "\n", "# [x]\n"))
        return "".join(lines + later)


KEYS = st.sampled_from(["a", "b", "c-d", "e_f", "7"])
TREES: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    KEYS,
    st.recursive(
        st.just(None),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
        max_leaves=8,
    ),
)


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, dict[KeyPath, str]]:
    writer = Writer(draw)
    return writer.table(draw(TREES), (), ""), writer.where


@given(documents())
def test_any_layout(tmp_path_factory: pytest.TempPathFactory, drawn: tuple[str, dict[KeyPath, str]]) -> None:
    text, where = drawn
    document = Document.read(write(tmp_path_factory.getbasetemp(), text))
    assert set(document.lines) == paths_of(tomllib.loads(text))
    lines = text.split("\n")
    for path, mark in where.items():
        assert mark in lines[document.line(path) - 1]


def test_files_that_can_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    with pytest.raises(InputError) as error:
        Document.read(path)
    assert str(error.value) == f"{path} can't be read: No such file or directory"
    path.write_bytes(b"a = '\xff'")
    with pytest.raises(InputError) as error:
        Document.read(path)
    assert str(error.value) == f"{path}: not UTF-8 (byte 5), which TOML must be"
    path.write_text("a = 1\nb = = 2\n", encoding="utf-8")
    with pytest.raises(InputError) as error:
        Document.read(path)
    assert str(error.value) == f"{path}: not valid TOML: Invalid value (at line 2, column 5)"

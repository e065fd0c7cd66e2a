"""Problems that `validated` reports: file, line, key and the nearest known key."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest
from pydantic import Field, model_validator

from dirac_forge.settings.validation import InvalidError, KeyPath, Matching, StrictTable, validated, wrong


class Wheel(StrictTable):
    name: Annotated[str, Matching(r"[a-z]+", "a lower-case name")]
    size: int = 0


class Package(StrictTable):
    kind: Literal["file", "folder"] = "file"
    wheels: list[Wheel] = Field(default_factory=list)
    extras: dict[str, Wheel] | None = None
    build_number: int = Field(default=0, alias="build-number")
    ready: bool = False

    @model_validator(mode="after")
    def _ready_has_wheels(self) -> Package:
        if self.ready and not self.wheels:
            raise wrong("a package that is ready has wheels", "ready")
        return self


def problems(value: object, lines: dict[KeyPath, int]) -> list[str]:
    with pytest.raises(InvalidError) as error:
        validated(Package, value, file="F", line=lambda path: lines.get(path, 1))
    assert str(error.value) == "\n".join(line for _, line in error.value.problems)
    return [line for _, line in error.value.problems]


def test_valid_value_becomes_the_model() -> None:
    value = {"wheels": [{"name": "a", "size": 3}], "build-number": 2, "extras": {"x": {"name": "b"}}}
    package = validated(Package, value)
    assert package.wheels == [Wheel(name="a", size=3)]
    assert (package.build_number, package.extras, package.kind) == (2, {"x": Wheel(name="b")}, "file")


def test_problems_come_in_the_order_of_their_lines() -> None:
    value = {"wheels": [{"name": "A"}, {}], "kind": "disk", "build-number": "1", "ready": 1}
    lines: dict[KeyPath, int] = {("ready",): 2, ("build-number",): 3, ("kind",): 4, ("wheels", 0, "name"): 5}
    assert problems(value, {**lines, ("wheels", 1, "name"): 6}) == [
        "F:2: ready: expected true or false, got 1 (an integer)",
        "F:3: build-number: expected a whole number, got '1'",
        "F:4: kind: expected 'file' or 'folder', got 'disk'",
        "F:5: wheels[0].name: expected a lower-case name, got 'A'",
        "F:6: wheels[1].name is missing",
    ]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"build_number": 1}, "unknown key 'build_number'; did you mean 'build-number'?"),
        (
            {"zzz": 1},
            "unknown key 'zzz'; expected one of build-number, extras, kind, ready, wheels",
        ),
        ({"wheels": [{"name": "a", "sise": 1}]}, "unknown key 'wheels[0].sise'; did you mean 'size'?"),
        ({"extras": {"x": {"name": "a", "sise": 1}}}, "unknown key 'extras.x.sise'; did you mean 'size'?"),
        ({"extras": []}, "extras: expected a table, got a list"),
        ({"wheels": "a"}, "wheels: expected a list, got 'a'"),
        ({"wheels": ["https://me:secret@host"]}, "wheels[0]: expected a table, got 'https://***@host'"),
        ({"ready": True}, "ready: a package that is ready has wheels"),
        (None, "expected a table, got nothing"),
    ],
)
def test_one_problem(value: object, said: str) -> None:
    assert problems(value, {}) == [f"F:1: {said}"]

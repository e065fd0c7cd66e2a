"""Tests of a noarch recipe that names its oldest Python as a number: in run, host and tests it is raised together."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from dirac_forge.bump.drift.merge import Drift, drift
from dirac_forge.channel.names import package_for
from dirac_forge.recipe.scope import Scope
from dirac_forge.upstream.files.facts import ReleaseFacts
from support.diffs import changed_lines
from support.facts import facts

HEAD = """\
package:
  name: thing
  version: "1.0"

build:
  number: 0
  noarch: python

requirements:
  host:
    - python 3.8.*
    - pip
    - hatchling
  run:
    - python >=3.8
    - __unix
"""
V1 = f"{HEAD}\ntests:\n  - python:\n      imports: [thing]\n      python_version: 3.8.*\n"
V0 = f"{HEAD}\ntest:\n  requires:\n    - pip\n    - python 3.8\n"
LITERAL = ["- - python 3.8.*", "+ - python 3.10.*", "- - python >=3.8", "+ - python >=3.10"]
VARIABLE = ["- - python 3.8.*", "- - python >=3.8"]


def uploaded(release: ReleaseFacts, day: str) -> ReleaseFacts:
    files = tuple(
        replace(file, uploaded=datetime.fromisoformat(f"{day}T00:00:00+00:00")) for file in release.release.files
    )
    return replace(release, release=replace(release.release, files=files))


def bumped(text: str, path: str, day: str, floors: tuple[str, str] = (">=3.7", ">=3.10")) -> tuple[list[str], Drift]:
    old, new = (facts("thing", one, requires_python=floor) for one, floor in zip(("1.0", "2.0"), floors, strict=True))
    result = drift(
        text, path, [old], [uploaded(new, day)], names=lambda project: package_for(project).package, scope=Scope()
    )
    assert result.faults == ()
    return sorted(changed_lines(text, result.text)), result


@pytest.mark.parametrize(
    ("text", "path", "day", "changes"),
    [
        (V1, "recipe.yaml", "2024-06-01", [*LITERAL, "- python_version: 3.8.*", "+ python_version: 3.10.*"]),
        (V0, "meta.yaml", "2024-06-01", [*LITERAL, "- - python 3.8", "+ - python 3.10.*"]),
        (
            V1,
            "recipe.yaml",
            "2025-06-01",
            [
                *VARIABLE,
                "+ - python ${{ python_min }}.*",
                "+ - python >=${{ python_min }}",
                "- python_version: 3.8.*",
                "+ python_version: ${{ python_min }}.*",
            ],
        ),
        (
            V0,
            "meta.yaml",
            "2025-06-01",
            [
                *VARIABLE,
                "+ - python {{ python_min }}",
                "+ - python >={{ python_min }}",
                "- - python 3.8",
                "+ - python {{ python_min }}",
            ],
        ),
    ],
)
def test_the_oldest_python_is_raised_wherever_it_is_a_number(
    text: str, path: str, day: str, changes: list[str]
) -> None:
    changed, result = bumped(text, path, day)
    assert changed == sorted(changes)
    assert [one.kind for one in result.notes] == []
    assert [(one.part, one.before) for one in result.beyond] == [
        ("tests", "python 3.8.*" if path == "recipe.yaml" else "python 3.8")
    ]


def test_a_pin_that_upstream_still_admits_stays() -> None:
    assert bumped(V1, "recipe.yaml", "2025-06-01", (">=3.7", ">=3.8"))[0] == []


def test_a_pin_of_a_compiled_package_is_the_maintainers() -> None:
    text = V1.replace("  noarch: python\n", "").replace("    - python >=3.8\n", "    - python\n")
    assert bumped(text, "recipe.yaml", "2025-06-01")[0] == []

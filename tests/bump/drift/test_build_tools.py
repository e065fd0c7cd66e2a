"""Tests of tools of a build that come and go, in host and among the lines for cross-compiling."""

from __future__ import annotations

import pytest

from dirac_forge.bump.drift.merge import Drift, drift
from dirac_forge.channel.names import package_for
from dirac_forge.recipe.scope import Scope
from dirac_forge.report.bump_reasons import worded
from dirac_forge.upstream.files.facts import ReleaseFacts
from support.diffs import changed_lines
from support.facts import facts

HEAD = """\
package:
  name: thing
  version: "1.0"

build:
  number: 0

requirements:
  build:
"""
CROSS = "build_platform != target_platform"
V1 = f"""\
    - if: {CROSS}
      then:
        - python
        - cross-python_${{{{ target_platform }}}}
@CROSS@
    - ${{{{ compiler('c') }}}}
    - ${{{{ stdlib('c') }}}}
"""
SINGLE = f"""\
    - if: {CROSS}
      then: python
    - ${{{{ compiler('c') }}}}
    - ${{{{ stdlib('c') }}}}
"""
V0 = f"""\
    - python  # [{CROSS}]
    - cross-python_{{{{ target_platform }}}}  # [{CROSS}]
@CROSS@
    - {{{{ compiler('c') }}}}
    - {{{{ stdlib('c') }}}}
"""
NONE = V0.split("@CROSS@\n")[1]


def recipe(build: str, *host: str, run: tuple[str, ...] = (), crossed: str = "") -> str:
    build = build.replace("@CROSS@\n", f"{crossed}\n" if crossed else "")
    lines = "".join(f"    - {line}\n" for line in ("python", "pip", *host))
    runs = "".join(f"    - {line}\n" for line in ("python", *run))
    return f"{HEAD}{build}  host:\n{lines}  run:\n{runs}"


def built(version: str, *requires: str, needs: tuple[str, ...] = ()) -> ReleaseFacts:
    system = {"requires": list(requires), "build-backend": "setuptools.build_meta"}
    return facts(
        "thing", version, requires=needs, wheels=("cp312-cp312-linux_x86_64",), pyproject={"build-system": system}
    )


def bumped(text: str, path: str, old: ReleaseFacts, new: ReleaseFacts) -> tuple[list[str], Drift]:
    result = drift(text, path, [old], [new], names=lambda project: package_for(project).package, scope=Scope())
    assert result.faults == ()
    return changed_lines(text, result.text), result


@pytest.mark.parametrize(
    ("build", "path", "crossed"),
    [
        (V1, "recipe.yaml", ["+ - cython >=3"]),
        (SINGLE, "recipe.yaml", ["+ - if: build_platform != target_platform", "+ then: cython >=3"]),
        (V0, "meta.yaml", ["+ - cython >=3  # [build_platform != target_platform]"]),
        (NONE, "meta.yaml", []),
    ],
)
def test_a_new_tool_is_listed_for_cross_compiling_too(build: str, path: str, crossed: list[str]) -> None:
    text = recipe(build, "setuptools")
    old, new = built("1.0", "setuptools"), built("2.0", "setuptools", "cython>=3", "versioningit")
    changed, result = bumped(text, path, old, new)
    assert sorted(changed) == sorted(["+ - cython >=3", "+ - versioningit", *crossed])
    assert [(one.part, one.after) for one in result.added if one.package == "cython"] == [
        ("host", "cython >=3"),
        *([("build", "cython >=3")] if crossed else []),
    ]


@pytest.mark.parametrize(
    ("build", "path", "line"),
    [(V1, "recipe.yaml", "        - cffi >=1.1"), (V0, "meta.yaml", f"    - cffi >=1.1  # [{CROSS}]")],
)
def test_a_tool_goes_from_host_and_from_the_lines_for_cross_compiling(build: str, path: str, line: str) -> None:
    text = recipe(build, "cffi >=1.1", "setuptools", run=("cffi >=1.1",), crossed=line)
    old = built("1.0", "cffi>=1.1", "setuptools", needs=("cffi>=1.1",))
    changed, result = bumped(text, path, old, built("2.0", "setuptools"))
    assert sorted(changed) == sorted(["- - cffi >=1.1", "- - cffi >=1.1", f"- {line.strip()}"])
    assert [one.part for one in result.removed] == ["run", "host", "build"]


def test_a_tool_that_run_needs_or_that_people_list_stays_and_is_told() -> None:
    text = recipe(NONE, "packaging", "setuptools", "wheel", run=("packaging",))
    old = built("1.0", "packaging", "setuptools", "wheel", needs=("packaging",))
    changed, result = bumped(text, "meta.yaml", old, built("2.0", "setuptools", needs=("packaging",)))
    assert changed == []
    assert [worded(note) for note in result.notes] == [
        "thing: packaging stays in host; upstream builds without it now (was packaging)",
        "thing: wheel stays in host; upstream builds without it now (was wheel)",
    ]


def test_a_tool_without_a_bound_as_the_recipe_lists_them_is_not_told_again() -> None:
    text = recipe(NONE, "setuptools")
    changed, result = bumped(
        text, "meta.yaml", built("1.0", "setuptools>=60"), built("2.0", "setuptools>=60", "cppy>=1.3")
    )
    assert changed == ["+ - cppy"]
    assert [one.package for one in result.unmet] == ["setuptools"]  # as before this release

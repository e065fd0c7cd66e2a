from collections.abc import Mapping
from dataclasses import replace

import pytest

from dirac_forge.recipe.making.externals import external_notes, main_program, programs_of, script_notes
from support.facts import facts


def test_requirements_outside_of_the_index_are_told_by_section() -> None:
    external = {"host-requires": ["pkg:generic/libffi"], "dependencies": ["pkg:generic/git", "pkg:generic/openssh"]}
    made = facts("demo", pyproject={"external": external})
    made = replace(made, metadata=replace(made.metadata, requires_external=("libpq (>=9)",)))
    assert [(note.level, note.text) for note in external_notes(made)] == [
        ("todo", f"upstream requires {names}, which pip does not install: {advice}")
        for names, advice in (
            ("libpq (>=9)", "look for the packages, and add them to run"),
            ("pkg:generic/libffi", "look for the packages, and add them to host"),
            ("pkg:generic/git, pkg:generic/openssh", "look for the packages, and add them to run"),
        )
    ]
    assert list(external_notes(facts("demo"))) == []


def test_scripts_in_a_wheel_are_told() -> None:
    members = ["demo/__init__.py", *(f"demo-1.0.data/scripts/{name}" for name in ("run", "a", "b", "c"))]
    text = (
        "upstream installs scripts instead of entry points (a, b, c, …): in a noarch package they do not start on "
        "Windows; ask upstream for entry points"
    )
    assert [(note.level, note.text) for note in script_notes(facts("demo", members=members))] == [("warning", text)]
    assert list(script_notes(facts("demo"))) == []


@pytest.mark.parametrize(
    ("setup", "tool"),
    [
        ({"scripts": ["bin/run"]}, {}),
        ({}, {"setuptools": {"script-files": ["bin/run"]}}),
        ({}, {"hatch": {"build": {"targets": {"wheel": {"shared-scripts": {"bin/run.py": "run"}}}}}}),
        ({}, {"poetry": {"scripts": {"x": {"type": "file", "reference": "bin/run"}, "y": "demo:main"}}}),
    ],
)
def test_scripts_of_a_source_archive_are_told(setup: Mapping[str, object], tool: Mapping[str, object]) -> None:
    made = facts("demo", wheels=[], pyproject={"tool": tool})
    assert made.sdist is not None
    made = replace(made, sdist=replace(made.sdist, setup=setup))
    assert ["(run)" in note.text for note in script_notes(made)] == [True]


@pytest.mark.parametrize(
    ("names", "programs", "main"),
    [
        (["shellcheck"], ("shellcheck",), "shellcheck"),
        (["demo.exe", "helper.exe"], ("demo", "helper"), "demo"),
        (["a", "b"], ("a", "b"), ""),
        (["activate.sh", "demo.py", "demo-config"], (), ""),
        ([], (), ""),
    ],
)
def test_programs_of_a_wheel(names: list[str], programs: tuple[str, ...], main: str) -> None:
    members = [f"demo-1.0.data/scripts/{name}" for name in names]
    made = facts("demo", wheels=["py3-none-manylinux_2_28_x86_64"], members=members)
    assert (programs_of(made), main_program(made)) == (programs, main)
    assert programs_of(facts("demo", members=members)) == ()

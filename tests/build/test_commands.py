"""Which commands run where a target is installed."""

from __future__ import annotations

import pytest

from dirac_forge.build.commands import TargetCommand, check_targets, commands_for, never_run, read_command
from dirac_forge.build.model import PackageResult
from dirac_forge.errors import InputError

GRID = TargetCommand(target="dirac-grid", text="dirac-version")
ANY = TargetCommand(text="dirac --help")


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("dirac --help", ANY),
        ("dirac-grid:dirac-version", GRID),
        ("dirac-grid: dirac-version", GRID),
        ('python -c "print(1):2"', TargetCommand(text='python -c "print(1):2"')),
        (r"c:\programs\tool", TargetCommand(text=r"c:\programs\tool")),
        ("dirac-grid:", TargetCommand(text="dirac-grid:")),
    ],
)
def test_a_command_names_its_target_or_none(text: str, command: TargetCommand) -> None:
    assert read_command(text) == command


def test_a_command_runs_for_its_target_after_those_of_the_recipes_tests() -> None:
    result = PackageResult(
        feedstock="dirac-grid",
        output="dirac-grid",
        version="9",
        build="0",
        platform="noarch",
        status="built",
        commands=("dirac-proxy-init --help",),
    )
    asked = (GRID, ANY, TargetCommand(target="diracx", text="dirac jobs"))
    assert commands_for("dirac-grid", ["dirac-grid"], [result], asked) == [
        "dirac-proxy-init --help",
        "dirac-version",
        "dirac --help",
    ]
    assert commands_for("diracx ==0.7.0", ["diracx ==0.7.0"], [result], asked) == ["dirac --help", "dirac jobs"]
    assert never_run(asked, {"diracx": ["diracx"]}) == [GRID]


def test_a_target_that_is_none_is_refused_with_those_that_are() -> None:
    check_targets([GRID, ANY], {"dirac-grid"})
    with pytest.raises(InputError) as caught:
        check_targets([GRID, ANY], {"diracx", "db12"})
    assert caught.value.message == "--run 'dirac-grid:dirac-version': there is no target dirac-grid"
    assert caught.value.hint == "Targets here are db12, diracx. Without TARGET, the command runs for each of them."

"""Global options before the name of a command."""

from __future__ import annotations

from pathlib import Path

import pytest

from dirac_forge.cli.options import SHARED, Options, after_command


@pytest.mark.parametrize(
    ("given", "moved"),
    [
        (["check"], ["check"]),
        (["-q", "check", "x"], ["check", "-q", "x"]),
        (["--channel", "a", "-vv", "migrate", "plan"], ["migrate", "--channel", "a", "-vv", "plan"]),
        (["--channel=a", "check", "--", "-x"], ["check", "--channel=a", "--", "-x"]),
        (["--version"], ["--version"]),
        (["-q", "--help"], ["-q", "--help"]),
        (["-q"], ["-q"]),
        ([], []),
    ],
)
def test_global_options_move_behind_the_command(given: list[str], moved: list[str]) -> None:
    assert after_command(given) == moved


def test_every_global_option_is_known() -> None:
    for parameter in SHARED:
        name = {"verbosity": "verbose"}.get(parameter.name, parameter.name).replace("_", "-")
        flag = parameter.default is False or parameter.name == "verbosity"
        option = [f"--{name}"] if flag else [f"--{name}", "x"]
        assert after_command([*option, "check"]) == ["check", *option]


def test_a_next_command_is_about_the_same_workspace_and_channels() -> None:
    options = Options(workspace=Path("w"), channel=("a", "b"), python=("3.12",), pinning=Path("p"), offline=True)
    assert options.again == (
        *("--workspace", "w", "--channel", "a", "--channel", "b", "--python", "3.12", "--pinning", "p"),
        "--offline",
    )
    assert Options().again == ()

"""What a result says about the next command."""

from __future__ import annotations

from pathlib import Path

import pytest

from dirac_forge.report.document import Code, Items, Section
from dirac_forge.report.next_steps import (
    Step,
    build_steps,
    check_steps,
    current_steps,
    evidence_steps,
    first_steps,
    near,
    recipe_steps,
    repeated,
    step,
    steps_section,
    waiting_steps,
    write_steps,
    written_steps,
)


def commands(steps: tuple[Step, ...]) -> list[str]:
    return [each.command for each in steps]


def test_arguments_are_quoted_for_a_shell() -> None:
    assert step("does it", "check", "numpy >=2", "x") == (Step("dirac-forge check 'numpy >=2' x", "does it"),)


def test_a_next_command_gets_the_channels_of_this_one() -> None:
    steps = (*step("does it", "check", "numpy >=2"), *step("x", "doctor"), Step("gh auth login", "signs in"))
    assert commands(repeated(steps, ["--channel", "a b", "--offline"])) == [
        "dirac-forge check 'numpy >=2' --channel 'a b' --offline",
        "dirac-forge doctor",
        "gh auth login",
    ]


def test_a_next_command_with_a_platform_of_its_own_keeps_it() -> None:
    steps = step("does it", "migrate", "status", "m", "--platform", "linux-64")
    assert repeated(steps, ["--platform", "osx-64"]) == steps
    assert commands(repeated(steps, ["--platform", "osx-64", "--channel", "c"])) == [
        "dirac-forge migrate status m --platform linux-64 --channel c"
    ]


def test_a_command_that_nobody_would_read_is_left_out() -> None:
    assert step("does it", "bump", *map(str, range(13))) == ()


def test_steps_are_a_section_and_none_are_none() -> None:
    line = (Code("dirac-forge bump"), ": shows which feedstocks have newer releases")
    assert steps_section(step("shows which feedstocks have newer releases", "bump")) == (
        Section(title="Next", blocks=(Items((line,)),)),
    )
    assert steps_section(()) == ()


def test_paths_are_relative_to_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert near(tmp_path / "a" / "recipe.yaml") == str(Path("a", "recipe.yaml"))
    assert near(tmp_path.parent / "b") == str(tmp_path.parent / "b")


def test_written_recipes_are_checked_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert recipe_steps([tmp_path / "a"], ["a"]) == (
        Step("dirac-forge check a --with a", "checks whether it can be installed with this recipe"),
    )
    many = recipe_steps([tmp_path / str(each) for each in range(9)], ["8"])
    assert commands(many) == [f"dirac-forge check 8 {' '.join(f'--with {each}' for each in range(9))}"]
    few, several = [[tmp_path / str(each) for each in range(number)] for number in (3, 4)]
    assert commands(recipe_steps(few, ["0"], together=tmp_path)) == ["dirac-forge check 0 --with 0 --with 1 --with 2"]
    assert commands(recipe_steps(several, ["0"], together=tmp_path / "all")) == ["dirac-forge check 0 --with all"]
    assert recipe_steps([], []) == ()


@pytest.mark.parametrize(
    ("recipes", "good", "worse", "history", "command"),
    [
        ((), True, False, False, ["dirac-forge bump"]),
        ((), False, False, True, ["dirac-forge check grid --since 30d"]),
        ((), False, False, False, []),
        (("boto3",), False, False, True, ["dirac-forge build boto3"]),
        (("boto3",), False, True, True, ["dirac-forge check grid --with boto3 -v"]),
    ],
    ids=["all yes", "a no", "a no without history", "recipes that help", "recipes that do harm"],
)
def test_a_check_leads_to(recipes: tuple[str, ...], good: bool, worse: bool, history: bool, command: list[str]) -> None:
    assert commands(check_steps(["grid"], recipes, good=good, worse=worse, history=history)) == command


def test_recipes_are_built_next_only_where_that_can_be_done() -> None:
    def after(buildable: tuple[str, ...] | None) -> list[str]:
        steps = check_steps(["grid"], ["boto3"], good=False, worse=False, history=False, buildable=buildable)
        return commands(repeated(steps, ["--platform", "linux-64", "--platform", "win-64"]))

    assert after(("--platform", "linux-64")) == ["dirac-forge build boto3 --platform linux-64"]
    assert after(None) == []
    (many,) = check_steps(["grid"], ["feedstocks"], several=True, good=False, worse=False, history=False)
    assert many == Step("dirac-forge build feedstocks", "builds, installs and tests them here; runs upstream code")


def test_a_bump_leads_to() -> None:
    assert commands(write_steps(["boto3"], [])) == ["dirac-forge bump boto3 --write"]
    assert commands(write_steps(["boto3"], ["--to", "2"])) == ["dirac-forge bump boto3 --to 2 --write"]
    assert commands(written_steps(["boto3"])) == ["dirac-forge build boto3"]
    assert commands(evidence_steps(["boto3", "diracx"])) == ["dirac-forge bump boto3 diracx -v"]
    assert commands(current_steps()) == ["dirac-forge check"]


def test_a_blocked_bump_leads_to_what_blocks_it() -> None:
    here = first_steps(["grid"], ["m2crypto"], [])
    assert here == (Step("dirac-forge bump m2crypto grid", "shows both, in order"),)
    assert commands(first_steps(["grid"], [], ["m2crypto"])) == ["dirac-forge sync m2crypto"]
    assert first_steps(["grid"], [], []) == ()


def test_a_build_leads_to() -> None:
    assert commands(build_steps(["boto3"], passed=True, kept=False)) == ["dirac-forge check --with boto3"]
    assert commands(build_steps(["boto3"], passed=False, kept=False)) == ["dirac-forge build boto3 --keep"]
    assert commands(build_steps(["boto3"], ["--variant", "python=3.13"], passed=False, kept=False)) == [
        "dirac-forge build boto3 --variant python=3.13 --keep"
    ]
    assert build_steps(["boto3"], passed=False, kept=True) == ()


def test_what_waits_is_written_without_a_check() -> None:
    assert waiting_steps([], ()) == ()
    assert waiting_steps(["a"], ("--catch-up",)) == (
        Step(
            "dirac-forge bump a --catch-up --no-check --write",
            "writes also this one, which waits: nothing is proved then",
        ),
    )
    assert commands(waiting_steps(["a", "b"], ("--no-check",))) == ["dirac-forge bump a b --no-check --write"]

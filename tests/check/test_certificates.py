"""Certificates held against the solver: what is certified without a solve, a solve confirms."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from dirac_forge.channel.records import Record
from dirac_forge.channel.solver import Channel, Solution
from dirac_forge.check.cells import Cell
from dirac_forge.check.environment_proof import EnvironmentProver
from dirac_forge.check.environment_questions import used_in
from dirac_forge.check.exports import Built
from dirac_forge.check.matrix import solve_cell
from dirac_forge.check.target_proof import TargetProver
from support.channel import pkg, write_channel

NAMES = ("a", "b", "c", "d")
CASES = int(os.environ.get("DIRAC_FORGE_CERTIFICATES", "60"))
"""How many random channels are tried; a thorough run sets 2000."""
versions = st.sampled_from(["1.0", "2.0", "3.0"])
bounds = st.sampled_from(["", " >=2", " <2", " 1.*", " <3"])
others = st.sampled_from([*NAMES, "__glibc"])


def specs(most: int) -> st.SearchStrategy[list[str]]:
    return st.lists(st.builds(str.__add__, others, bounds), max_size=most)


@st.composite
def channels(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Four names in some versions, with dependencies and constraints on each other and on the machine."""
    return [
        pkg(f"{name} {version}", *_not_on(name, draw(specs(2))), constrains=_not_on(name, draw(specs(1))))
        for name in NAMES
        for version in draw(st.sets(versions, min_size=1, max_size=3))
    ]


@st.composite
def proposals(draw: st.DrawFn) -> list[Built]:
    """One or two new builds."""
    found = []
    for name in draw(st.sets(st.sampled_from(NAMES), min_size=1, max_size=2)):
        record = Record(
            name=name,
            version=draw(st.sampled_from(["1.0", "3.0", "4.0"])),
            build="new_1",
            build_number=1,
            subdir="linux-64",
            depends=tuple(_not_on(name, draw(specs(2)))),
            constrains=tuple(_not_on(name, draw(specs(1)))),
        )
        found.append(Built(feedstock=name, record=record, platform="linux-64"))
    return found


def _not_on(name: str, specs: list[str]) -> list[str]:
    return [spec for spec in specs if spec.split()[0] != name]


@settings(max_examples=CASES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(records=channels(), built=proposals(), asked=st.sampled_from(["a", "a >=2", "b"]))
def test_what_is_certified_is_what_the_solver_finds(
    records: list[dict[str, Any]], built: list[Built], asked: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        channel = Channel.open([str(write_channel(Path(folder), {"linux-64": records}))])
        cell = solve_cell(channel, Cell(target="t", platform="linux-64", python="", specs=(asked,), wanted=True))
        if cell.status != "installable":
            return
        view = channel.overlaid([one.record for one in built])
        prover = TargetProver(view, built, today=channel)
        certified = prover.certificate(cell)
        if certified is None:
            return
        event(f"certified as {certified.outcome}")
        solved = prover.verdict(cell)
        assert certified.outcome == solved.outcome
        assert certified.after.version == solved.after.version
        # The environment itself is one: every package of it, by version and build, installs together.
        exact = [f"{one.name} =={one.version} {one.build}" for one in certified.after.packages]
        assert isinstance(view.solve(exact, platform="linux-64"), Solution)


@settings(max_examples=CASES // 5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(records=channels(), built=proposals(), asked=st.sampled_from(["a", "b", "c"]))
def test_what_fits_into_an_environment_that_was_solved_can_be_installed(
    records: list[dict[str, Any]], built: list[Built], asked: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        channel = Channel.open([str(write_channel(Path(folder), {"linux-64": records}))])
        solved = channel.solve((asked,), platform="linux-64")
        environments = (solved.packages,) if isinstance(solved, Solution) else ()
        view = channel.overlaid([one.record for one in built])
        prover = EnvironmentProver(
            TargetProver(view, built, today=channel),
            (),
            lacking={},
            solvable=lambda specs, platform: isinstance(channel.solve(specs, platform=platform), Solution),
            solved=lambda _: environments,
            before=lambda _: "unknown",
            partial=False,
        )
        questions = used_in(view, built, ["linux-64"])
        for question, answer in zip(questions, prover.answers(questions), strict=True):
            found = view.solve(question.specs, platform="linux-64", required=question.required)
            assert (answer.status == "installable") == isinstance(found, Solution)

from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console

from dirac_forge.channel.records import Record
from dirac_forge.check.difference import difference
from dirac_forge.check.explanation import Cause
from dirac_forge.check.matrix import Cell
from dirac_forge.check.proposal import Proposal, Verdict
from dirac_forge.check.unblock import Remedy, Unblock
from dirac_forge.report.check import document, markdown, terminal

LIB = Record(name="lib", version="1.0", build="0", subdir="linux-64")
YES = Cell(
    target="app",
    platform="linux-64",
    python="3.12",
    specs=("app", "python 3.12.*"),
    wanted=True,
    status="installable",
    version="1.0",
    packages=(LIB,),
)
CAUSE = Cause(kind="no-build", package="lib", text="no build for win-64", chain=("app", "lib"), spec="lib <2")
NO = replace(
    YES,
    platform="win-64",
    wanted=False,
    status="not-installable",
    version="",
    packages=(),
    reason=str(CAUSE),
    causes=(CAUSE,),
    unblock=Unblock(
        remedies=(
            Remedy(package="lib", text="build lib for win-64", record=LIB),
            Remedy(package="low", text="build low for win-64", record=LIB),
        ),
        smallest=True,
    ),
)
UNKNOWN = replace(
    NO, platform="osx-64", status="unknown", reason="the channel can't be reached", causes=(), unblock=None
)
CELLS = (YES, NO, replace(NO, python="3.13"), UNKNOWN)
AFTER = replace(YES, packages=(replace(LIB, version="2.0"),))
PROPOSAL = Proposal(
    built=(),
    verdicts=(
        Verdict(before=YES, after=AFTER, outcome="same", difference=difference(YES.packages, AFTER.packages)),
        Verdict(
            before=replace(YES, python="3.13"),
            after=YES,
            outcome="worse",
            reason="lib 2.0 can't be installed with app: <why>",
            failing=(replace(LIB, version="2.0"),),
            difference=difference((), ()),
        ),
    ),
)


def shown(*args: object) -> list[str]:
    stream = io.StringIO()
    Console(file=stream, width=150, color_system=None).print(terminal(*args))  # type: ignore[arg-type]
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def test_equal_reasons_are_told_once() -> None:
    lines = shown(CELLS)
    assert "win-64, Python 3.12, 3.13: not installable" in lines
    assert lines.count("  app → lib: no build for win-64") == 1
    assert "  would unblock it: build lib, low for win-64" in lines
    assert "osx-64, Python 3.12: unknown" in lines
    assert "  the channel can't be reached" in lines


def test_what_a_proposal_changes() -> None:
    lines = shown([YES], PROPOSAL)
    assert "  lib 1.0 → 2.0" in lines
    assert "linux-64, Python 3.13: worse: lib 2.0 can't be installed with app: <why>" in lines


def test_markdown() -> None:
    text = markdown(CELLS, PROPOSAL)
    assert "| app | Python 3.12 | Python 3.13 |" in text
    assert "| linux-64 | ✓ 1.0 |  |" in text
    assert "- win-64, Python 3.12, 3.13: not installable: app → lib: no build for win-64; would unblock it: " in text
    assert "- linux-64, Python 3.13: worse: lib 2.0 can't be installed with app: &lt;why>" in text


def test_json() -> None:
    found = document(CELLS)
    assert found["results"][0] == {
        "target": "app",
        "platform": "linux-64",
        "python": "3.12",
        "specs": ["app", "python 3.12.*"],
        "status": "installable",
        "wanted": True,
        "version": "1.0",
        "packages": 1,
        "reason": None,
    }
    assert [one["status"] for one in found["results"]] == [
        "installable",
        "not-installable",
        "not-installable",
        "unknown",
    ]
    assert "with" not in found
    as_if = document(CELLS, PROPOSAL)
    assert [one["status"] for one in as_if["results"]] == ["installable", "not-installable"]
    assert as_if["with"]["outcome"] == "worse"

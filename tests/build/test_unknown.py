"""Builds that nobody can tell whether they would go through: a host does not answer, or a snapshot lacks something."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from dirac_forge.build.evidence import BuildEvidence, FailedPart, evidence_of
from dirac_forge.build.failures import DependencyFailed, Failure, MissingHeader, SourceUnavailable, Unsolvable
from dirac_forge.build.model import BuildReport, CommandRun, InstalledTarget, PackageResult, lost
from dirac_forge.cli import main
from dirac_forge.cli.build import exit_code
from dirac_forge.report.build_failures import failed_build

OPEN = Unsolvable(phase="build", environment="host of a", specs=(), reason="no answer", unknown=True)
NO = Unsolvable(phase="build", environment="host of a", specs=(), reason="no a >2")
SILENT = SourceUnavailable(phase="source", url="https://host.invalid/a", reason="no answer", unknown=True)
NEEDS = DependencyFailed(phase="build", dependency="a")
HEADER = MissingHeader(phase="build", header="a.h")


def result(failure: Failure | None) -> PackageResult:
    status = "built" if failure is None else "skipped" if failure is NEEDS else lost(failure)
    return PackageResult(
        feedstock="a", output="a", version="1", build="0", platform="noarch", status=status, failure=failure
    )


@pytest.mark.parametrize(
    ("failures", "code"),
    [
        ([None], 0),
        ([None, OPEN], 3),
        ([SILENT, NEEDS], 3),
        ([OPEN, NO], 1),
        ([OPEN, HEADER, NEEDS], 1),
    ],
)
def test_only_what_is_certain_is_a_no(failures: list[Failure | None], code: int) -> None:
    report = BuildReport(
        channel=Path("c"), platform="linux-64", isolation="none", packages=tuple(map(result, failures))
    )
    assert exit_code(report) == code


def test_target_whose_commands_fail_is_a_no_beside_an_unknown() -> None:
    broken = CommandRun(command="a", code=1, output="", seconds=0.0)
    installed = (InstalledTarget(target="a", python="", failure=OPEN),)
    report = BuildReport(channel=Path("c"), platform="linux-64", isolation="none", installed=installed)
    assert exit_code(report) == 3
    more = (*installed, InstalledTarget(target="a", python="", commands=(broken,)))
    report = BuildReport(channel=Path("c"), platform="linux-64", isolation="none", installed=more)
    assert exit_code(report) == 1


def of(feedstock: str, failure: Failure | None) -> PackageResult:
    status = "built" if failure is None else "skipped" if isinstance(failure, DependencyFailed) else lost(failure)
    return replace(result(failure), feedstock=feedstock, output=feedstock, status=status)


@pytest.mark.parametrize(
    ("failures", "unknown"),
    [
        ({"a": OPEN}, {"a"}),
        ({"a": OPEN, "b": NEEDS}, {"a", "b"}),
        ({"c": replace(NEEDS, dependency="b"), "a": SILENT, "b": NEEDS}, {"a", "b", "c"}),
        ({"c": replace(NEEDS, dependency="b"), "a": HEADER, "b": NEEDS}, set()),
        ({"a": NO, "b": OPEN}, {"b"}),
        ({"a": None}, set()),
    ],
)
def test_what_needs_a_build_of_unknown_outcome_is_unknown_too(
    failures: dict[str, Failure | None], unknown: set[str]
) -> None:
    packages = tuple(of(name, failure) for name, failure in failures.items())
    report = BuildReport(channel=Path("c"), platform="linux-64", isolation="none", packages=packages)
    assert {name for name in failures if evidence_of(report, name).unknown} == unknown


def test_of_several_parts_the_one_that_failed_for_certain_and_by_itself_is_told() -> None:
    parts = [
        FailedPart(name="open", failure=OPEN, unknown=True),
        FailedPart(name="later", failure=replace(NEEDS, dependency="own")),
        FailedPart(name="own", failure=HEADER),
    ]
    evidence = BuildEvidence(platform="linux-64", outputs=(), failed=tuple(parts))
    assert failed_build(evidence) == "own: the C header a.h was not found (and 2 more)"
    assert not evidence.unknown


def test_build_that_needs_what_only_the_embedded_snapshot_lacks_is_unknown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    recipe = tmp_path / "fresh" / "recipe" / "recipe.yaml"
    recipe.parent.mkdir(parents=True)
    recipe.write_text(
        "package: {name: fresh, version: '1.0'}\nbuild: {number: 0, noarch: generic}\n"
        "requirements:\n  host: [no-such-package-at-all]\n",
        encoding="utf-8",
    )
    arguments = ["build", "./fresh", "--channel", "embedded"]
    assert main([*arguments, "--json"]) == 3
    (package,) = json.loads(capsys.readouterr().out)["packages"]
    said = (
        "whether the environment (host of fresh) can be solved is unknown: "
        "the embedded snapshot (2026-08-21) has no no-such-package-at-all; conda-forge may have it"
    )
    assert (package["status"], package["reason"]) == ("unknown", said)
    assert main(arguments) == 3
    lines = " ".join(capsys.readouterr().out.split())
    assert "1 unknown in " in lines
    assert f"fresh 1.0 {said}." in lines

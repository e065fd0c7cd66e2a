"""Repodata patches: the condition, the records after them, the text."""

from __future__ import annotations

from dataclasses import replace

import pytest
from packaging.specifiers import SpecifierSet

from dirac_forge.audit.findings import Finding, FindingKind
from dirac_forge.audit.patches import applied, patch_yaml, patches_for
from dirac_forge.channel.records import Record
from dirac_forge.upstream.files.requirements import DeclaredRequirement

FAULTY = Record(
    name="demo", version="1.0", build="pyh_0", subdir="noarch", depends=("numpy >=1",), noarch="python", timestamp=1000
)
OTHER = replace(FAULTY, version="0.9", build="pyh_9")
LATER = replace(FAULTY, build="pyh_1", timestamp=2000)


def finding(
    record: Record = FAULTY,
    *,
    kind: FindingKind = "missing",
    dependency: str = "requests",
    declared: str = "",
    line: str = "requests>=2.31,<3",
) -> Finding:
    return Finding(
        record=record,
        kind=kind,
        dependency=dependency,
        declared=declared,
        upstream=f"Requires-Dist: {line}",
        requirement=DeclaredRequirement(line),
        where="demo.whl",
        severity="high",
        certainty="sure",
    )


def test_missing_requirement_is_added_to_the_faulty_builds_only() -> None:
    (patch,) = patches_for(finding(), [FAULTY], [FAULTY, OTHER, LATER])
    after = applied([patch], [FAULTY, OTHER, LATER])
    assert [record.depends for record in after] == [("numpy >=1", "requests >=2.31,<3"), ("numpy >=1",), ("numpy >=1",)]
    assert patch_yaml([patch]) == (
        "if:\n  name: demo\n  version: '1.0'\n  timestamp_lt: 1001\n  not_has_depends: requests?( *)\n"
        "then:\n  - add_depends: requests >=2.31,<3\n"
    )


def test_looser_requirement_is_replaced_and_its_glob_escaped() -> None:
    record = replace(FAULTY, depends=("numpy 1.*",))
    told = finding(record, kind="looser", dependency="numpy", declared="numpy 1.*", line="numpy<1.5")
    (patch,) = patches_for(told, [record], [record, LATER])
    assert applied([patch], [record])[0].depends == ("numpy 1.*,<1.5",)
    assert "has_depends: numpy 1.[*]\n" in patch_yaml([patch])
    assert "replace_depends:\n      old: numpy 1.[*]\n      new: numpy 1.*,<1.5\n" in patch_yaml([patch])


@pytest.mark.parametrize(
    ("declared", "line", "expected"),
    [
        ("numpy >=1.26", "numpy>=1.20,<2", "numpy >=1.26,<2"),
        ("numpy >=1.10,<3", "numpy>=1.20", "numpy <3,>=1.20"),
        ("numpy >=1", "numpy>1", "numpy >1"),
        ("numpy", "numpy!=1.5", "numpy !=1.5"),
    ],
    ids=["keeps its own floor", "takes the higher floor", "strict bound", "exclusion"],
)
def test_patch_only_tightens(declared: str, line: str, expected: str) -> None:
    record = replace(FAULTY, depends=(declared,))
    (patch,) = patches_for(
        finding(record, kind="looser", dependency="numpy", declared=declared, line=line), [record], [record]
    )
    assert patch.new == expected


@pytest.mark.parametrize("declared", ["numpy 1.5 h_0", "numpy 1.*|2.*", "numpy[version='>=1']"])
def test_spec_that_is_not_a_list_of_bounds_has_no_patch(declared: str) -> None:
    record = replace(FAULTY, depends=(declared,))
    told = finding(record, kind="looser", dependency="numpy", declared=declared, line="numpy<1.5")
    assert patches_for(told, [record], [record]) == ()


def test_python_range_is_tightened() -> None:
    record = replace(FAULTY, depends=("python >=3.8,<3.13.0a0",))
    told = replace(
        finding(record, kind="python-looser", dependency="python", declared="python >=3.8,<3.13.0a0"),
        requirement=None,
        specifier=SpecifierSet(">=3.9"),
    )
    (patch,) = patches_for(told, [record], [record])
    assert patch.new == "python <3.13.0a0,>=3.9"


def test_patch_names_the_files_where_the_condition_would_hit_others() -> None:
    twin = replace(FAULTY, build="pyh_2", timestamp=900)
    (patch,) = patches_for(finding(), [FAULTY], [FAULTY, twin])
    assert patch.files == ("demo-1.0-pyh_0.conda",)
    assert applied([patch], [twin]) == (twin,)


def test_files_of_the_same_name_in_another_subdir_are_not_touched() -> None:
    here = replace(FAULTY, subdir="linux-64", noarch=None)
    there = replace(here, subdir="win-64")
    (patch,) = patches_for(finding(here), [here], [here, there])
    assert (patch.subdir, patch.files) == ("linux-64", ("demo-1.0-pyh_0.conda",))
    assert applied([patch], [here, there])[1] == there
    assert "subdir_in: linux-64\n" in patch_yaml([patch])


def test_later_builds_are_not_touched() -> None:
    (patch,) = patches_for(finding(), [FAULTY], [FAULTY])
    assert not patch.hits(LATER)


def test_stricter_requirement_has_no_patch() -> None:
    assert patches_for(finding(kind="stricter", declared="numpy >=1"), [FAULTY], [FAULTY]) == ()


def test_patches_of_one_package_are_documents_of_one_file() -> None:
    (first,) = patches_for(finding(), [FAULTY], [FAULTY])
    (second,) = patches_for(finding(OTHER), [OTHER], [OTHER])
    assert patch_yaml([first, second]).count("if:\n") == 2
    assert "\n---\n" in patch_yaml([first, second])

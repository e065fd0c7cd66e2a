"""Repodata patches: the condition, the records after them, the text."""

from __future__ import annotations

from dataclasses import replace

from dirac_forge.audit.findings import Finding, FindingKind
from dirac_forge.audit.patches import applied, patch_for, patch_yaml
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
    patch = patch_for(finding(), [FAULTY], [FAULTY, OTHER, LATER])
    assert patch is not None
    after = applied([patch], [FAULTY, OTHER, LATER])
    assert [record.depends for record in after] == [("numpy >=1", "requests >=2.31,<3"), ("numpy >=1",), ("numpy >=1",)]
    assert patch_yaml([patch]) == (
        "if:\n  name: demo\n  version: '1.0'\n  timestamp_lt: 1001\n  not_has_depends: requests?( *)\n"
        "then:\n  - add_depends: requests >=2.31,<3\n"
    )


def test_looser_requirement_is_replaced_and_its_glob_escaped() -> None:
    record = replace(FAULTY, depends=("numpy 1.*",))
    told = finding(record, kind="looser", dependency="numpy", declared="numpy 1.*", line="numpy<1.5")
    patch = patch_for(told, [record], [record, LATER])
    assert patch is not None
    assert applied([patch], [record])[0].depends == ("numpy <1.5",)
    assert "has_depends: numpy 1.[*]\n" in patch_yaml([patch])
    assert "replace_depends:\n      old: numpy 1.[*]\n      new: numpy <1.5\n" in patch_yaml([patch])


def test_patch_names_the_files_where_the_condition_would_hit_others() -> None:
    twin = replace(FAULTY, build="pyh_2", timestamp=900)
    patch = patch_for(finding(), [FAULTY], [FAULTY, twin])
    assert patch is not None
    assert patch.files == ("demo-1.0-pyh_0.conda",)
    assert applied([patch], [twin]) == (twin,)


def test_later_builds_are_not_touched() -> None:
    patch = patch_for(finding(), [FAULTY], [FAULTY])
    assert patch is not None
    assert not patch.hits(LATER)


def test_stricter_requirement_has_no_patch() -> None:
    assert patch_for(finding(kind="stricter", declared="numpy >=1"), [FAULTY], [FAULTY]) is None


def test_patches_of_one_package_are_documents_of_one_file() -> None:
    first = patch_for(finding(), [FAULTY], [FAULTY])
    second = patch_for(finding(OTHER), [OTHER], [OTHER])
    assert first is not None
    assert second is not None
    assert patch_yaml([first, second]).count("if:\n") == 2
    assert "\n---\n" in patch_yaml([first, second])

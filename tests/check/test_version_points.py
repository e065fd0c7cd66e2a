"""Whether any version can meet some specs, whatever a channel has."""

from __future__ import annotations

import pytest

from dirac_forge.check.version_points import exclude_each_other, version_within


@pytest.mark.parametrize(
    ("specs", "version"),
    [
        (["a"], "0"),
        (["a >=10"], "10"),
        (["a <1.12"], "1.11"),
        (["a <2024a"], "2023"),
        (["a !=1.5.*", "a >1.5"], "1.6"),
        (["a >1.5,<1.6"], "1.5.1"),
        (["a >1.5,<1.5.0.1"], "1.5.0.0.0.0.0.1"),
        (["a >=3.5.8", "a 3.5.*"], "3.5.8"),
        (["a <1|>3", "a >=2,<4"], "3.1"),
        (["a >=1!2"], "1!2"),
        (["a 1.0+local py_0"], "1.0+local"),
        (["a latest"], "latest"),
    ],
)
def test_a_version_that_all_specs_allow(specs: list[str], version: str) -> None:
    assert version_within(specs) == version
    assert not exclude_each_other(specs)


@pytest.mark.parametrize(
    "specs",
    [
        ["a >=2,<1"],
        ["a >=2", "a <1"],
        ["a 3.5.*", "a <1"],
        ["a ==1.5", "a !=1.5.0"],
        ["a <=0.9", "a >0.9"],
        ["a 2.*,!=2.*"],
        ["a <2|>3", "a 2.5.*"],
        ["a >=1!2,<2"],
    ],
)
def test_specs_that_exclude_each_other(specs: list[str]) -> None:
    assert version_within(specs) is None
    assert exclude_each_other(specs)


def test_what_is_not_understood_is_no_proof() -> None:
    assert not exclude_each_other(["a >=1,<1", "a >=>1"])

"""Alternative ranges of one package are merged."""

from __future__ import annotations

import pytest

from dirac_forge.report.spec_ranges import merged_ranges


@pytest.mark.parametrize(
    ("specs", "merged"),
    [
        (["b >=1.43.68,<1.44.0", "b >=1.43.54,<1.44.0", "b >=1.42,<1.43"], ["b >=1.42,<1.43", "b >=1.43.54,<1.44.0"]),
        (["b >=2,<3", "b >=1,<2"], ["b >=1,<3"]),
        (["b >=1.10,<2", "b >=1.9,<1.9.5"], ["b >=1.9,<1.9.5", "b >=1.10,<2"]),
        (["b >=1,<9", "b >=2,<3"], ["b >=1,<9"]),
        (["b >=1,<2", "c >=1,<3"], ["b >=1,<2", "c >=1,<3"]),
        (["b >=1,<2", "b", "b 3.*", "b >=1,<2,!=1.5"], ["b", "b 3.*", "b >=1,<2,!=1.5", "b >=1,<2"]),
        (["b >=2,<1", "b >=1,<2"], ["b >=2,<1", "b >=1,<2"]),
        (["b >=1,<2 py_0", "b >=1,<2 py_1"], ["b >=1,<2 py_0", "b >=1,<2 py_1"]),
        ([], []),
    ],
)
def test_ranges_that_overlap_or_touch_are_one(specs: list[str], merged: list[str]) -> None:
    assert list(merged_ranges(specs)) == merged

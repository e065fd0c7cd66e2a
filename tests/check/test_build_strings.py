from __future__ import annotations

import pytest

from dirac_forge.check.build_strings import build_string, is_whole


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("", "py312habc_3"),
        ("h__cp314", "habc_3_cp314"),
        ("cxx20_h_3", "cxx20_habc_3"),
        ("cxx20_h_", "cxx20_habc_3"),
        ("py312h_3", "py312habc_3"),
        ("a b", "py312habc_3"),
    ],
)
def test_a_digest_fills_the_gap_of_a_build_string(written: str, expected: str) -> None:
    assert not is_whole(written)
    assert build_string(written, "py312h", "abc", 3) == expected


@pytest.mark.parametrize("written", ["20", "mpich_3", "release_1"])
def test_a_build_string_without_a_hash_stays(written: str) -> None:
    assert is_whole(written)

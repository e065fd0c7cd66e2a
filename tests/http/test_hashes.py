"""Hashes that are listed: all that can be computed are checked, and only hexadecimal digits are a hash."""

from __future__ import annotations

import hashlib

import pytest

from dirac_forge.http import HashMismatchError
from dirac_forge.http.hashes import check_hashes, sound_hashes

DATA = b"content"


@pytest.mark.parametrize("name", ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"])
def test_each_algorithm_is_checked(name: str) -> None:
    right = hashlib.new(name, DATA, usedforsecurity=False).hexdigest()
    check_hashes(DATA, {name: right}, "https://example.org/x")
    with pytest.raises(HashMismatchError) as error:
        check_hashes(DATA, {name: right.replace(right[0], "f" if right[0] == "0" else "0")}, "https://example.org/x")
    assert error.value.message.startswith(f"https://example.org/x is not the file that was expected: {name} ")


def test_an_algorithm_that_cannot_be_computed_is_not_checked() -> None:
    check_hashes(DATA, {"whirlpool": "00"}, "https://example.org/x")


def test_only_hexadecimal_digits_of_the_right_number_are_a_hash() -> None:
    good = "AB" * 32
    listed = {
        "SHA256": good,
        "sha1": "abc",
        "md5": "\u0660" * 32,
        "sha512": "g" * 128,
        "other": "00ff",
        "odd": 5,
        "e": "",
    }
    assert sound_hashes(listed) == {"sha256": good.lower(), "other": "00ff"}
    assert sound_hashes(["sha256"]) == {}

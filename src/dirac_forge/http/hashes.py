"""Hashes that an index lists, compared with those of the bytes that came."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from dirac_forge.errors import redact
from dirac_forge.http.answers import HashMismatchError

_LENGTHS = {"md5": 32, "sha1": 40, "sha224": 56, "sha256": 64, "sha384": 96, "sha512": 128}
"""Algorithms that can be computed, with their hexadecimal digits."""
_DIGITS = frozenset("0123456789abcdef")


def sound_hashes(value: object) -> Mapping[str, str]:
    """Return the hashes of a mapping from algorithm to digest, in lower case, without those that can't be any."""
    if not isinstance(value, Mapping):
        return {}
    found = {str(name).lower(): digest.lower() for name, digest in value.items() if isinstance(digest, str)}
    return {
        name: digest
        for name, digest in found.items()
        if len(digest) == _LENGTHS.get(name, len(digest)) and digest and _DIGITS.issuperset(digest)
    }


class HashCheck:
    """The hashes of what comes, for all algorithms that are expected and can be computed."""

    def __init__(self, expected: Mapping[str, str]) -> None:
        self._expected = {name: digest for name, digest in expected.items() if name in _LENGTHS}
        self._digests = {name: hashlib.new(name, usedforsecurity=False) for name in self._expected}

    def update(self, chunk: bytes) -> None:
        """Take in the next bytes."""
        for digest in self._digests.values():
            digest.update(chunk)

    def finish(self, url: str) -> None:
        """Raise HashMismatchError if a hash is another than expected."""
        for name, wanted in self._expected.items():
            got = self._digests[name].hexdigest()
            if got != wanted:
                raise HashMismatchError(
                    f"{redact(url)} is not the file that was expected: {name} {wanted} expected, {got} got",
                    hint="It was not used. The index is wrong, or the file was changed in transit.",
                )


def check_hashes(data: bytes, expected: Mapping[str, str], url: str) -> None:
    """Raise HashMismatchError if `data` has other hashes than expected."""
    check = HashCheck(expected)
    check.update(data)
    check.finish(url)

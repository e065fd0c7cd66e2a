"""What is computed once for the same content."""

from __future__ import annotations

from dirac_forge.upstream.once import by_content


def test_the_same_bytes_are_read_once_for_each_argument() -> None:
    asked: list[tuple[bytes, bool]] = []

    @by_content
    def length(content: bytes, doubled: bool) -> int:
        asked.append((content, doubled))
        return len(content) * (2 if doubled else 1)

    answers = [length(bytes(bytearray(b"abc")), doubled) for doubled in (False, True, False, True)]
    assert answers == [3, 6, 3, 6]
    assert asked == [(b"abc", False), (b"abc", True)]

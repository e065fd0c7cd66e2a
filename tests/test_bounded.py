"""Tars as tarfile writes them, in each format, read as tarfile reads them."""

from __future__ import annotations

import io
import tarfile

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dirac_forge.bounded import tar_entries

LONG = "/".join(["folder" * 4] * 6)


def packed(form: int) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=form) as archive:
        for name, kind in (
            ("d/", tarfile.DIRTYPE),
            ("d/a.py", tarfile.REGTYPE),
            (f"{LONG}/b", tarfile.REGTYPE),
            ("d/link", tarfile.SYMTYPE),
            ("d/hard", tarfile.LNKTYPE),
            ("d/pipe", tarfile.FIFOTYPE),
            ("d/\xfc", tarfile.REGTYPE),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname, info.mtime = kind, "d/a.py" if kind in b"12" else "", 1.5
            info.size = 3 if kind == tarfile.REGTYPE else 0
            archive.addfile(info, io.BytesIO(b"abc"))
    return stream.getvalue()


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_entries_are_those_of_tarfile(form: int) -> None:
    data = packed(form)
    found = [
        (entry.name.rstrip("/"), entry.size, entry.info.type, entry.info.linkname, entry.read(10))
        for entry in tar_entries(io.BytesIO(data), each=lambda: None)
    ]
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        expected = [
            (info.name, info.size, info.type, info.linkname, b"abc" if info.isreg() else b"") for info in archive
        ]
    assert found == expected


def told(info: tarfile.TarInfo) -> tuple[str, bytes, int, str]:
    return info.name, info.type, info.size, info.linkname if info.issym() or info.islnk() else ""


def read_first(block: bytes) -> tuple[str, bytes, int, str] | None:
    try:
        return told(next(tar_entries(io.BytesIO(block), each=lambda: None)).info)
    except tarfile.TarError:
        return None


def read_by_tarfile(block: bytes) -> tuple[str, bytes, int, str] | None:
    try:
        info = tarfile.TarInfo.frombuf(block, "utf-8", "replace")
    except tarfile.HeaderError:
        return None
    return told(info) if info.size >= 0 else None


@given(
    name=st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=200),
    kind=st.sampled_from([b"0", b"1", b"2", b"5", b"\0", b"S", b"7"]),
    size=st.integers(0, 2**40),
    changes=st.lists(st.tuples(st.integers(0, 511), st.integers(0, 255)), max_size=3),
    repaired=st.booleans(),
)
def test_header_is_read_as_tarfile_reads_it(
    name: str, kind: bytes, size: int, changes: list[tuple[int, int]], repaired: bool
) -> None:
    made = tarfile.TarInfo(name)
    made.type, made.size, made.linkname = kind, size, "target"
    block = bytearray(made.tobuf(tarfile.GNU_FORMAT)[-512:])
    for at, byte in changes:
        block[at] = byte
    if repaired:
        block[148:156] = b"%06o\0 " % (sum(block[:148]) + sum(block[156:]) + 8 * 32)
    assume(bytes(block[156:157]) not in {b"x", b"g", b"X", b"L", b"K"} and any(block))
    assert read_first(bytes(block)) == read_by_tarfile(bytes(block))


def test_damaged_header_is_refused() -> None:
    data = bytearray(packed(tarfile.USTAR_FORMAT))
    data[512 + 3] ^= 1
    with pytest.raises(tarfile.TarError, match="a header of its tar is broken \\(bad checksum\\)"):
        list(tar_entries(io.BytesIO(bytes(data)), each=lambda: None))

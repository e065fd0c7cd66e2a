"""Tars as tarfile writes them, in each format, read as tarfile reads them."""

from __future__ import annotations

import io
import tarfile

import pytest

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


def test_damaged_header_is_refused() -> None:
    data = bytearray(packed(tarfile.USTAR_FORMAT))
    data[512 + 3] ^= 1
    with pytest.raises(tarfile.TarError, match="a header of its tar is broken \\(bad checksum\\)"):
        list(tar_entries(io.BytesIO(bytes(data)), each=lambda: None))

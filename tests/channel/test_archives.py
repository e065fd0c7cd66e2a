from __future__ import annotations

import bz2
import io
import tarfile
from pathlib import Path

import pytest

from dirac_forge.channel import archives
from dirac_forge.channel.archives import LargePackageError, unpack


def package(folder: Path, *members: tuple[str, bytes], link: str = "") -> Path:
    path = folder / "demo-1.0-0.tar.bz2"
    with tarfile.open(path, "w:bz2") as archive:
        for name, content in (("info/index.json", b"{}"), *members):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        if link:
            info = tarfile.TarInfo(link)
            info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
            archive.addfile(info)
    return path


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_regular_files_are_unpacked_and_links_are_not(tmp_path: Path) -> None:
    place = tmp_path / "out"
    place.mkdir()
    unpack(package(tmp_path, ("share/a.yaml", b"a: 1\n"), ("b", b""), link="c"), place)
    assert files(place) == {"share/a.yaml": b"a: 1\n", "b": b""}


def test_what_unpacks_to_more_than_the_budget_is_not_unpacked(tmp_path: Path) -> None:
    # Less than two kilobytes of package are 257 MB of zeros.
    place = tmp_path / "out"
    place.mkdir()
    path = package(tmp_path, *((f"{n}", bytes(2**20)) for n in range(2)), ("big", bytes(255 * 2**20)))
    assert path.stat().st_size < 2000
    with pytest.raises(
        LargePackageError, match=r"^it unpacks to more than 256 MB or 100,000 files, and is not unpacked$"
    ):
        unpack(path, place)
    assert "big" not in files(place)


def test_a_package_of_too_many_files_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "_MOST_FILES", 3)
    place = tmp_path / "out"
    place.mkdir()
    with pytest.raises(LargePackageError):
        unpack(package(tmp_path, *((f"{n}", b"") for n in range(4))), place)


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/tmp/x", "a\\x", "c:x", "x/" * 600 + "x"])
def test_a_path_out_of_the_package_is_refused(tmp_path: Path, name: str) -> None:
    place = tmp_path / "out"
    place.mkdir()
    with pytest.raises(OSError, match="is not a path within the package"):
        unpack(package(tmp_path, (name, b"x")), place)
    assert files(place) == {}
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("kind", [tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE])
def test_a_path_of_gigabytes_is_not_read(tmp_path: Path, kind: bytes) -> None:
    header = tarfile.TarInfo("././@LongLink")
    header.size, header.type = 2**31, kind
    path = tmp_path / "demo-1.0-0.tar.bz2"
    path.write_bytes(bz2.compress(header.tobuf(tarfile.GNU_FORMAT) + bytes(5 * 2**20)))
    with pytest.raises(OSError, match=r"^it is not a package: a tar header of 2147483648 bytes$"):
        unpack(path, tmp_path)


def test_headers_without_end_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    header = tarfile.TarInfo("././@LongLink")
    header.size, header.type = 2**19, tarfile.GNUTYPE_LONGNAME
    block = header.tobuf(tarfile.GNU_FORMAT) + b"a" * 2**19
    path = tmp_path / "demo-1.0-0.tar.bz2"
    path.write_bytes(bz2.compress(block * 20))
    monkeypatch.setattr(archives, "_UNPACKED_LIMIT", 2**20)
    monkeypatch.setattr(archives, "_MOST_FILES", 100)
    with pytest.raises(LargePackageError):
        unpack(path, tmp_path)

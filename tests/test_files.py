"""Files are written whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from dirac_forge import files
from dirac_forge.errors import InputError
from dirac_forge.files import read_bytes, read_text, replace_file, write_file, write_files
from dirac_forge.store import Store


def listing(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_files_are_written_and_removed_together(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("gone soon", encoding="utf-8")
    write_files(tmp_path, {"a": "1\r\n", "deep/b": "2\n", "old": None})
    assert (tmp_path / "a").read_bytes() == b"1\r\n"
    assert listing(tmp_path) == {"a": "1\n", "deep/b": "2\n"}


def test_a_full_disk_leaves_everything_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(tmp_path, {"a": "old", "b": "old"})
    real = files._beside

    def full(path: Path, content: bytes) -> Path:
        if path.name == "b":
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        return real(path, content)

    monkeypatch.setattr(files, "_beside", full)
    with pytest.raises(InputError) as caught:
        write_files(tmp_path, {"a": "new", "b": "new"}, hint="Buy a disk.")
    assert caught.value.message == f"{tmp_path / 'b'} can't be written: No space left on device"
    assert caught.value.hint == "Buy a disk."
    assert listing(tmp_path) == {"a": "old", "b": "old"}


def test_a_folder_in_the_way_is_said(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(InputError, match="can't be written"):
        write_file(tmp_path / "a", "text")
    with pytest.raises(OSError):  # noqa: PT011  # which one differs by system
        replace_file(tmp_path / "a", b"text")
    assert list(tmp_path.iterdir()) == [tmp_path / "a"]


def test_a_link_out_of_the_folder_is_not_written_through(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    workspace = tmp_path / "workspace"
    (workspace / "feedstocks").mkdir(parents=True)
    folder = workspace / "feedstocks" / "demo"
    folder.symlink_to(outside)
    with pytest.raises(InputError) as error:
        write_files(folder, {"recipe/meta.yaml": "x"}, within=workspace)
    place = outside / "recipe"
    assert error.value.message == (
        f"{folder / 'recipe' / 'meta.yaml'} is not written: a link leads to {place}, outside of {workspace}"
    )
    assert list(outside.iterdir()) == []
    folder.unlink()
    folder.mkdir()
    (folder / "recipe").symlink_to(outside)
    with pytest.raises(InputError, match="is not written"):
        write_files(folder, {"recipe/meta.yaml": "x"}, within=workspace)
    assert list(outside.iterdir()) == []


def test_a_link_within_the_workspace_is_written_through(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    write_files(tmp_path / "link", {"a": "x"}, within=tmp_path)
    assert (tmp_path / "real" / "a").read_text(encoding="utf-8") == "x"


@pytest.mark.skipif(os.name == "nt", reason="there is no umask")
def test_new_files_follow_the_umask_and_old_ones_keep_their_mode(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        write_files(tmp_path, {"new": "x"})
        (tmp_path / "old").write_text("x", encoding="utf-8")
        (tmp_path / "old").chmod(0o664)
        write_files(tmp_path, {"old": "y"})
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "old").stat().st_mode) == 0o664


def test_a_pipe_or_a_device_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    for name in ("pipe", "zero"):
        with pytest.raises(OSError, match="It is not a regular file"):
            read_text(tmp_path / name)
    with pytest.raises(IsADirectoryError):
        read_text(tmp_path)


def test_what_a_shell_puts_in_the_place_of_a_file_is_read() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"a\r\nb")
    os.close(writing)
    assert read_text(Path(f"/dev/fd/{reading}")) == "a\nb"
    os.close(reading)


def test_a_file_without_reasonable_size_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(bytes(3 * 2**20))
    with pytest.raises(OSError, match="It has more than 2 MB"):
        read_bytes(path, most=2 * 2**20)


def test_errors_name_the_file_that_was_asked_for(tmp_path: Path) -> None:
    (tmp_path / "pixi.lock").mkdir()
    with pytest.raises(InputError) as caught:
        write_file(tmp_path / "pixi.lock", "text")
    assert caught.value.message == f"{tmp_path / 'pixi.lock'} can't be written: it is a folder"
    write_file(tmp_path / "a", "text")
    with pytest.raises(InputError) as caught:
        write_file(tmp_path / "a" / "b.txt", "text")
    assert caught.value.message == f"{tmp_path / 'a'} is a file, and a folder is needed there"
    with pytest.raises(InputError) as caught:
        write_file(tmp_path / "a" / "b" / "c.txt", "text")
    assert caught.value.message == f"{tmp_path / 'a'} is a file, and a folder is needed there"


@pytest.mark.parametrize("wanted", ["text", None])
def test_a_folder_in_the_way_leaves_the_other_files_as_they_were(tmp_path: Path, wanted: str | None) -> None:
    write_files(tmp_path, {"a": "old", "sub/b": "old"})
    with pytest.raises(InputError) as caught:
        write_files(tmp_path, {"a": "new", "sub": wanted})
    assert caught.value.message == f"{tmp_path / 'sub'} can't be written: it is a folder"
    assert listing(tmp_path) == {"a": "old", "sub/b": "old"}


@pytest.mark.skipif(os.name == "nt", reason="no modes of folders")
def test_the_folder_of_a_cache_and_those_that_are_made_for_it_are_private(tmp_path: Path) -> None:
    cache = tmp_path / "home" / "cache"
    Store(cache).put("kind", "abcdef", b"secret")
    assert (cache / "kind" / "ab" / "abcdef").read_bytes() == b"secret"
    assert [path.stat().st_mode & 0o777 for path in (cache.parent, cache)] == [0o700, 0o700]


@pytest.mark.skipif(os.name == "nt", reason="no modes of folders")
def test_a_cache_folder_that_somebody_made_keeps_its_mode(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    cache.chmod(0o775)
    Store(cache).put("kind", "abcdef", b"shared")
    assert cache.stat().st_mode & 0o777 == 0o775

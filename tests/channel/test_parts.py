from __future__ import annotations

import asyncio
import bz2
import io
import re
import sys
import tarfile
import zipfile
from collections.abc import Awaitable, Mapping

import pytest
from rattler import Client

from dirac_forge.channel.parts import read_remote_info
from support.server import Answer, Asked, Server

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

EXPORTS = b'{"weak": ["demo >=1,<2"]}'


def tar(*members: tuple[str, bytes]) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return target.getvalue()


def conda(info: bytes, *, before: bytes = b"", after: bytes = b"") -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("metadata.json", '{"conda_pkg_format_version": 2}')
        archive.writestr("pkg-demo-1-0.tar.zst", zstd.compress(tar()) + before)
        archive.writestr("info-demo-1-0.tar.zst", zstd.compress(info))
        archive.writestr("more", after)
    return target.getvalue()


def serving(content: bytes, *, ranges: bool = True) -> Server:
    def answer(asked: Asked) -> Answer:
        match = re.fullmatch(r"bytes=(\d*)-(\d*)", asked.headers.get("range", "")) if ranges else None
        if match is None:
            return Answer(body=content)
        first, last = match.groups()
        start = int(first) if first else max(0, len(content) - int(last))
        stop = int(last) + 1 if first else len(content)
        told = {"Content-Range": f"bytes {start}-{stop - 1}/{len(content)}"}
        return Answer(status=206, headers=told, body=content[start:stop])

    return Server(answer)


def read(url: str) -> bytes | None:
    def client(headers: Mapping[str, str]) -> Client:
        return Client(headers=dict(headers))

    def ask(question: Awaitable[None]) -> None:
        async def asked() -> None:
            await question

        asyncio.run(asked())

    return read_remote_info(url, "run_exports.json", client=client, ask=ask)


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize("before", [0, 200_000], ids=["small", "large"])
@pytest.mark.parametrize("after", [0, 200_000], ids=["last", "first"])
def test_a_file_is_read_from_a_conda_package(ranges: bool, before: int, after: int) -> None:
    body = conda(tar(("info/index.json", b"{}"), ("info/run_exports.json", EXPORTS)), before=bytes(before),
                 after=bytes(after))  # fmt: skip
    with serving(body, ranges=ranges) as server:
        assert read(f"{server.url}/demo-1-0.conda") == EXPORTS
        assert len(server.log) == (2 if ranges and after else 1)


def test_a_file_is_read_from_a_package_of_the_old_format() -> None:
    with serving(bz2.compress(tar(("lib/x", bytes(99_999)), ("info/run_exports.json", EXPORTS)))) as server:
        assert read(f"{server.url}/demo-1-0.tar.bz2") == EXPORTS


def test_a_package_without_the_file_has_none() -> None:
    with serving(conda(tar(("info/index.json", b"{}")))) as server:
        assert read(f"{server.url}/demo-1-0.conda") is None


@pytest.mark.parametrize("kind", [tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE])
def test_a_name_of_gigabytes_is_not_read(kind: bytes) -> None:
    header = tarfile.TarInfo("././@LongLink")
    header.size, header.type = 2**31, kind
    body = conda(header.tobuf(tarfile.GNU_FORMAT) + bytes(5 * 2**20))
    with serving(body) as server, pytest.raises(OSError, match=r"a tar header of 2147483648 bytes$"):
        read(f"{server.url}/demo-1-0.conda")


@pytest.mark.parametrize("body", [b"", b"junk" * 40_000, b"PK\5\6" + bytes(70_000), b"PK\5\6" + b"\xff" * 65_532])
def test_what_is_no_package_is_an_error(body: bytes) -> None:
    with serving(body) as server, pytest.raises(OSError, match=r"it is no|it has no|Invalid data|other bytes"):
        read(f"{server.url}/demo-1-0.conda")

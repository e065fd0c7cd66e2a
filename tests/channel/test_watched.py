from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from dirac_forge.channel import watched as module
from dirac_forge.channel.watched import ExcessError, watched


async def answer() -> str:
    return "yes"


async def no_answer() -> str:
    await asyncio.sleep(600)
    return "never"


async def writing(path: Path) -> str:
    with path.open("wb") as file:
        while True:
            file.write(bytes(2**20))
            file.flush()
            await asyncio.sleep(0)


def test_an_answer_is_returned(tmp_path: Path) -> None:
    assert asyncio.run(watched(answer(), seconds=5, cache=tmp_path)) == "yes"


def test_an_error_is_raised_as_it_is() -> None:
    async def fail() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        asyncio.run(watched(fail(), seconds=5, cache=None))


def test_what_takes_too_long_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(TimeoutError, match=r"^no answer within 0 s$"):
        asyncio.run(watched(no_answer(), seconds=0.1, cache=tmp_path))


def test_where_little_comes_the_patience_ends_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.process_time", lambda: 0.0)
    monkeypatch.setattr(module, "_PATIENCE", 0.1)
    with pytest.raises(TimeoutError, match=r"^no answer within 0 s$"):
        asyncio.run(watched(no_answer(), seconds=600, cache=tmp_path))


def test_a_download_that_moves_on_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def slow() -> str:
        for number in range(3):
            (tmp_path / "shards").mkdir(exist_ok=True)
            (tmp_path / "shards" / str(number)).write_bytes(bytes(2**20))
            await asyncio.sleep(0.1)
        return "yes"

    monkeypatch.setattr("time.process_time", lambda: 0.0)
    monkeypatch.setattr(module, "_PATIENCE", 0.1)
    monkeypatch.setattr(module, "_COUNT", 0.05)
    assert asyncio.run(watched(slow(), seconds=600, cache=tmp_path)) == "yes"


def test_memory_that_grows_is_no_download(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = iter(range(0, 10**12, 2**20))
    monkeypatch.setattr(module, "_memory", lambda: next(sizes))
    monkeypatch.setattr("time.process_time", lambda: 0.0)
    monkeypatch.setattr(module, "_PATIENCE", 0.1)
    (tmp_path / "kept").write_bytes(bytes(2**22))
    os.utime(tmp_path / "kept", (1, 1))
    with pytest.raises(TimeoutError, match=r"^no answer within 0 s$"):
        asyncio.run(watched(no_answer(), seconds=600, cache=tmp_path))


def test_what_computes_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def parse() -> str:
        await asyncio.sleep(0.3)
        return "yes"

    seconds = iter(range(1000))
    monkeypatch.setattr("time.process_time", lambda: next(seconds))
    monkeypatch.setattr(module, "_PATIENCE", 0.1)
    monkeypatch.setattr(module, "_COUNT", 0.05)
    assert asyncio.run(watched(parse(), seconds=600, cache=tmp_path)) == "yes"


def test_what_downloads_nothing_has_its_whole_time(monkeypatch: pytest.MonkeyPatch) -> None:
    async def solve() -> str:
        await asyncio.sleep(0.3)
        return "yes"

    monkeypatch.setattr(module, "_PATIENCE", 0.1)
    assert asyncio.run(watched(solve(), seconds=600, cache=None)) == "yes"


def test_a_file_that_has_no_end_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".tmpOLD").write_bytes(bytes(2**24))  # what a killed run left is not counted
    monkeypatch.setattr(module, "_FILE_LIMIT", 2**23)
    with pytest.raises(ExcessError, match=r"^more than \d+ MB arrived without an end$"):
        asyncio.run(watched(writing(tmp_path / ".tmpNEW"), seconds=60, cache=tmp_path))


def test_memory_that_grows_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = iter(range(0, 10**12, 2**28))
    monkeypatch.setattr(module, "_memory", lambda: next(sizes))
    with pytest.raises(ExcessError, match=r"^more than 512 MB arrived without an end$"):
        asyncio.run(watched(no_answer(), seconds=60, cache=None))

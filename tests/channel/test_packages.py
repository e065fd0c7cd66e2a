from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import rattler.index
from rattler_build import assemble_package

from dirac_forge.channel.packages import unpacked
from dirac_forge.channel.repodata import ChannelUnknownError
from dirac_forge.channel.solver import Channel
from dirac_forge.feedstock.pinning import read_pinning
from support.channel import pkg, write_channel


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A channel with a real package: the pinning in two versions."""
    folder = tmp_path_factory.mktemp("channel")
    (folder / "noarch").mkdir()
    for version in ("1.0", "2.0"):
        stage = tmp_path_factory.mktemp("stage")
        (stage / "share" / "conda-forge" / "migrations").mkdir(parents=True)
        (stage / "conda_build_config.yaml").write_text(f"zlib:\n  - '{version}'\n", encoding="utf-8")
        (stage / "share" / "conda-forge" / "migrations" / "zlib2.yaml").write_text("zlib:\n  - '2'\n", encoding="utf-8")
        assemble_package(
            name="conda-forge-pinning",
            version=version,
            target_platform="noarch",
            build_string="hd8ed1ab_0",
            output_dir=folder / "noarch",
            files_dir=stage,
            noarch="generic",
        )
    asyncio.run(rattler.index.index_fs(folder))
    return folder


def test_the_newest_pinning_of_a_folder(published: Path, tmp_path: Path) -> None:
    folder = unpacked(Channel.open([str(published)]), "conda-forge-pinning", cache=tmp_path)
    assert folder is not None
    pinning = read_pinning(folder)
    assert pinning.text == "zlib:\n  - '2.0'\n"
    assert list(pinning.migrations) == ["zlib2"]
    assert unpacked(Channel.open([str(published)]), "conda-forge-pinning", cache=tmp_path) == folder
    (folder / "conda_build_config.yaml").write_text("", encoding="utf-8")  # damaged: it is unpacked again
    assert unpacked(Channel.open([str(published)]), "conda-forge-pinning", cache=tmp_path) == folder
    assert read_pinning(folder).text == pinning.text
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def served(published: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(published)))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_newest_pinning_of_a_remote_channel(served: str, tmp_path: Path) -> None:
    channel = Channel.open([served], cache_dir=tmp_path / "repodata")
    folder = unpacked(channel, "conda-forge-pinning", cache=tmp_path)
    assert folder is not None
    assert read_pinning(folder).text == "zlib:\n  - '2.0'\n"


def test_a_file_that_is_not_the_one_listed_is_not_used(published: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed"
    shutil.copytree(published, changed)
    (changed / "noarch" / "conda-forge-pinning-2.0-hd8ed1ab_0.conda").write_bytes(b"something else")
    with pytest.raises(ChannelUnknownError, match="it is not the file that the repodata lists: its SHA-256 differs"):
        unpacked(Channel.open([str(changed)]), "conda-forge-pinning", cache=tmp_path)
    assert list((tmp_path / "packages").iterdir()) == []


@pytest.mark.parametrize("remote", [True, False])
def test_a_package_that_is_too_large_is_not_used(
    published: Path, served: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, remote: bool
) -> None:
    module = "remote" if remote else "folder"
    monkeypatch.setattr(f"dirac_forge.channel.{module}.DOWNLOAD_LIMIT", 100)
    channel = Channel.open([served if remote else str(published)], cache_dir=tmp_path / "repodata")
    with pytest.raises(ChannelUnknownError, match="more than 0 MB"):
        unpacked(channel, "conda-forge-pinning", cache=tmp_path)
    assert list((tmp_path / "packages").iterdir()) == []


def test_a_channel_without_it(tmp_path: Path) -> None:
    folder = write_channel(tmp_path / "c", {"noarch": [pkg("bare 1.0", noarch="generic", sha256="ab" * 32)]})
    channel = Channel.open([str(folder)])
    assert unpacked(channel, "conda-forge-pinning", cache=tmp_path) is None
    # A snapshot has the record and not the file.
    assert unpacked(channel, "bare", cache=tmp_path) is None

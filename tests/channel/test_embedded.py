"""The embedded snapshot: what it holds, and when it answers for conda-forge."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from dirac_forge.channel.catalogue import RattlerCatalogue
from dirac_forge.channel.embedded import EmbeddedFolder, embedded_folder
from dirac_forge.channel.solver import Channel, Solution
from dirac_forge.errors import UnknownError
from dirac_forge.progress import Silent
from support.channel import pkg, write_channel

PLATFORMS = ["linux-64", "linux-aarch64", "osx-64", "osx-arm64"]


class Warnings(Silent):
    """Keeps warnings."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def warned(self, message: str) -> None:
        self.said.append(message)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def test_it_is_unpacked_once(cache: Path) -> None:
    folder = embedded_folder(cache)
    unpacked = folder.stat().st_ino
    assert embedded_folder(cache) == folder
    assert folder.stat().st_ino == unpacked
    assert [path.name for path in cache.iterdir()] == [folder.name]


@pytest.mark.parametrize("damage", ["changed", "cut", "gone", "more", "unsealed"])
def test_a_damaged_one_is_unpacked_again(damage: str, tmp_path: Path) -> None:
    folder = embedded_folder(tmp_path)
    repodata = folder / "linux-64" / "repodata.json"
    text = repodata.read_bytes()
    match damage:
        case "changed":  # as long as before
            repodata.write_bytes(b"[" + text[1:])
        case "cut":
            repodata.write_bytes(text[:100])
        case "gone":
            repodata.unlink()
        case "more":
            (folder / "linux-32").mkdir()
            (folder / "linux-32" / "repodata.json").write_text("{}", encoding="utf-8")
        case _:
            (folder / ".sha256").unlink()
    # Also if a lock that was made from it names the folder.
    opened = Channel.open([str(folder)], embedded_dir=tmp_path)
    assert isinstance(opened.solve(["python 3.12.*"], platform="linux-64"), Solution)
    assert (repodata.read_bytes(), (folder / "linux-32").exists()) == (text, False)
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]


def test_it_has_the_pinning_and_says_its_day(cache: Path) -> None:
    folder = embedded_folder(cache)
    assert (folder / "conda-forge-pinning" / "conda_build_config.yaml").is_file()
    opened = EmbeddedFolder(folder, observer=Silent())
    assert opened.as_of >= date(2026, 8, 21)
    assert opened.label == f"conda-forge (as of {opened.as_of})"
    assert set(PLATFORMS) <= set(opened.platforms())


def test_its_folder_by_path_is_the_same_snapshot(cache: Path) -> None:
    """A lock that was made from it names the folder: it has one day, and what it lacks is unknown."""
    opened = Channel.open([embedded_folder(cache).as_uri(), str(embedded_folder(cache))], embedded_dir=cache)
    assert [type(source) for source in opened.sources] == [EmbeddedFolder, EmbeddedFolder]
    assert set(opened.snapshots.values()) == {""}


def test_its_folder_without_a_day_passes_for_no_whole_channel(tmp_path: Path) -> None:
    folder = write_channel(tmp_path / "embedded-0123456789abcdef", {"noarch": [pkg("tool 1")]})
    with pytest.raises(UnknownError) as caught:
        Channel.open([str(folder)], embedded_dir=tmp_path)
    assert str(caught.value) == (
        "the embedded snapshot is damaged: snapshot.json does not say its day\n"
        f"Remove {folder}: it is unpacked again at the next use."
    )
    (folder / "snapshot.json").write_text("{", encoding="utf-8")
    with pytest.raises(UnknownError, match=r"^the embedded snapshot is damaged: .*snapshot\.json: the description"):
        Channel.open([str(folder)], embedded_dir=tmp_path)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_dirac_grid_is_installable_from_it(cache: Path, platform: str) -> None:
    channel = Channel.open(["embedded"], embedded_dir=cache)
    assert not channel.remote
    assert channel.dated is not None
    found = channel.solve(["dirac-grid", "python 3.12.*"], platform=platform)
    assert isinstance(found, Solution)
    assert found.get("diraccommon") is not None


def test_conda_forge_that_can_not_be_reached_is_replaced_and_said(cache: Path) -> None:
    watcher = Warnings()
    asked: list[str] = []

    def unreachable(url: str) -> bool:
        asked.append(url)
        return False

    channel = Channel.open(["conda-forge"], embedded_dir=cache, reachable=unreachable, observer=watcher)
    assert channel.dated is not None
    assert asked == ["https://conda.anaconda.org/conda-forge/"]
    assert watcher.as_of == channel.dated
    expected = f"conda-forge can't be reached: the embedded snapshot of {channel.dated} is used instead"
    assert watcher.said == [expected]


def test_other_channels_and_reachable_ones_are_not_replaced(cache: Path, tmp_path: Path) -> None:
    folder = write_channel(tmp_path / "own", {"noarch": [pkg("a 1")]})
    assert Channel.open(["bioconda"], embedded_dir=cache, reachable=lambda _: False).dated is None
    assert Channel.open(["conda-forge"], embedded_dir=cache, reachable=lambda _: True).dated is None
    assert Channel.open([str(folder)], embedded_dir=cache, reachable=lambda _: False).dated is None


def test_offline_without_cached_repodata(cache: Path, tmp_path: Path) -> None:
    repodata = tmp_path / "repodata"
    watcher = Warnings()
    opened = Channel.open(["conda-forge"], embedded_dir=cache, cache_dir=repodata, offline=True, observer=watcher)
    assert opened.dated is not None
    assert watcher.said == [f"offline: the embedded snapshot of {opened.dated} is used instead"]
    repodata.mkdir()
    (repodata / "something.json").touch()
    assert Channel.open(["conda-forge"], embedded_dir=cache, cache_dir=repodata, offline=True).dated is None


def test_what_it_lacks_is_unknown_and_what_it_has_is_dated(cache: Path) -> None:
    catalogue = RattlerCatalogue.open(["embedded"], PLATFORMS, embedded_dir=cache)
    assert catalogue.status("no-such-package-in-it", "").status == "unknown"
    available = catalogue.status("requests", ">=2")
    assert (available.status, available.as_of) == ("available", Channel.open(["embedded"], embedded_dir=cache).dated)
    assert catalogue.status("requests", ">=9999").status == "outdated"
    assert not catalogue.info(["requests"]).complete


def test_a_spec_that_names_conda_forge_means_it(cache: Path) -> None:
    channel = Channel.open(["conda-forge"], embedded_dir=cache, reachable=lambda _: False)
    found = channel.solve(["conda-forge::python 3.12.* *_cpython"], platform="linux-64")
    assert isinstance(found, Solution)
    python = found.get("python")
    assert python is not None
    assert python.version.startswith("3.12.")
    index = channel.index("linux-64")
    assert index.match("conda-forge::python")[1] == index.match("python")[1] != 0
    assert index.match("bioconda::python")[1] == 0

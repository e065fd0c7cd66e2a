"""The local channel: whole packages only, one writer, and manifests of what they were built from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dirac_forge.build.local_channel import LocalChannel, locked
from dirac_forge.build.repodata import sha256_of
from dirac_forge.errors import InputError
from support.condachannel import plain_package, platform


def package(folder: Path, build: str = "0") -> Path:
    return plain_package(folder / "made", folder / "stage", "thing", "1.0", depends=["other >=2"], build=build)


def test_added_package_is_in_the_repodata_with_its_hash(tmp_path: Path) -> None:
    archive = package(tmp_path)
    digest = sha256_of(archive)
    channel = LocalChannel(tmp_path / "channel", platform=platform())
    place = channel.add(archive, subdir="noarch", manifest={"key": "k"})
    assert place == tmp_path / "channel" / "noarch" / "thing-1.0-0.conda"
    assert not archive.exists()
    entry = json.loads((tmp_path / "channel" / "noarch" / "repodata.json").read_text(encoding="utf-8"))[
        "packages.conda"
    ][place.name]
    assert (entry["name"], entry["depends"], entry["noarch"], entry["sha256"]) == (
        "thing",
        ["other >=2"],
        "generic",
        digest,
    )
    assert LocalChannel(tmp_path / "channel", platform=platform()).manifest("noarch", place.name) == {
        "key": "k",
        "sha256": digest,
    }


def test_package_without_its_manifest_counts_as_not_built(tmp_path: Path) -> None:
    channel = LocalChannel(tmp_path / "channel", platform=platform())
    place = channel.add(package(tmp_path), subdir="noarch", manifest={"key": "k"})
    (tmp_path / "channel" / ".manifests" / "noarch" / f"{place.name}.json").unlink()
    assert channel.manifest("noarch", place.name) is None


def test_entry_whose_file_is_gone_is_dropped(tmp_path: Path) -> None:
    channel = LocalChannel(tmp_path / "channel", platform=platform())
    channel.add(package(tmp_path), subdir="noarch", manifest={}).unlink()
    assert LocalChannel(tmp_path / "channel", platform=platform()).hashes() == {}


def test_entry_whose_file_is_not_whole_is_dropped(tmp_path: Path) -> None:
    channel = LocalChannel(tmp_path / "channel", platform=platform())
    place = channel.add(package(tmp_path), subdir="noarch", manifest={})
    place.write_bytes(place.read_bytes()[:-1])
    assert LocalChannel(tmp_path / "channel", platform=platform()).hashes() == {}


def test_file_without_an_entry_is_not_in_the_channel(tmp_path: Path) -> None:
    (tmp_path / "channel" / "noarch").mkdir(parents=True)
    (tmp_path / "channel" / "noarch" / "thing-1.0-0.conda").write_bytes(b"half")
    assert LocalChannel(tmp_path / "channel", platform=platform()).hashes() == {}


def test_package_that_is_built_again_replaces_its_entry(tmp_path: Path) -> None:
    channel = LocalChannel(tmp_path / "channel", platform=platform())
    channel.add(package(tmp_path), subdir="noarch", manifest={"key": "old"})
    (tmp_path / "stage" / "more.txt").write_text("more", encoding="utf-8")
    again = plain_package(tmp_path / "made", tmp_path / "stage", "thing", "1.0", depends=["other >=3"])
    digest = sha256_of(again)
    channel.add(again, subdir="noarch", manifest={"key": "new"})
    read = json.loads((tmp_path / "channel" / "noarch" / "repodata.json").read_text(encoding="utf-8"))["packages.conda"]
    entry = read["thing-1.0-0.conda"]
    assert (entry["depends"], entry["sha256"]) == (["other >=3"], digest)
    assert channel.manifest("noarch", "thing-1.0-0.conda") == {"key": "new", "sha256": digest}


def test_file_that_is_no_package_is_not_added(tmp_path: Path) -> None:
    broken = tmp_path / "broken-1.0-0.conda"
    broken.write_bytes(b"PK nothing")
    channel = LocalChannel(tmp_path / "channel", platform=platform())
    with pytest.raises(InputError, match=r"^broken-1\.0-0\.conda is not a package: Invalid data stream"):
        channel.add(broken, subdir="noarch", manifest={})
    assert not list((tmp_path / "channel").rglob("*.conda"))


def test_second_writer_is_refused_before_it_changes_anything(tmp_path: Path) -> None:
    folder = tmp_path / "channel"
    with locked(folder):
        LocalChannel(folder, platform=platform())
        before = {path: path.stat().st_ino for path in folder.rglob("repodata.json")}
        with pytest.raises(InputError, match="another build is writing into this channel"), locked(folder):
            LocalChannel(folder, platform=platform())
        assert {path: path.stat().st_ino for path in folder.rglob("repodata.json")} == before
    with locked(folder):
        pass

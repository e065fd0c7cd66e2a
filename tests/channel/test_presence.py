"""Whether a channel has packages: a no, an unknown, and nothing to say."""

from __future__ import annotations

from pathlib import Path

import pytest

from dirac_forge.channel.presence import require_packages
from dirac_forge.channel.solver import Channel
from dirac_forge.errors import InputError, UnknownError
from support.channel import pkg, write_channel


def channel_of(folder: Path) -> Channel:
    records = [pkg("app 1"), pkg("torn 1", "python >=>3")]
    return Channel.open([str(write_channel(folder / "mine", {"linux-64": records}))])


def test_packages_of_any_platform_are_enough(tmp_path: Path) -> None:
    require_packages(channel_of(tmp_path), ["app >=9", "app"], ["linux-64", "osx-64"])


def test_an_absent_package_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        require_packages(channel_of(tmp_path), ["app", "lost >=1", "gone"], ["linux-64"])
    assert caught.value.message == f"{tmp_path / 'mine'} has no package lost or gone for linux-64"


def test_a_package_with_malformed_records_is_unknown(tmp_path: Path) -> None:
    with pytest.raises(UnknownError) as caught:
        require_packages(channel_of(tmp_path), ["torn"], ["linux-64"])
    assert caught.value.message == (
        f"{tmp_path / 'mine'} has no readable record of torn for linux-64: "
        "malformed records are left out (see the warnings)"
    )


def test_a_package_that_the_embedded_snapshot_lacks_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_channel(tmp_path / "part", {"linux-64": [pkg("app 1")]})
    (folder / "snapshot.json").write_text('{"as_of": "2026-08-21"}', encoding="utf-8")
    monkeypatch.setattr("dirac_forge.channel.repodata.embedded_folder", lambda _: folder)
    channel = Channel.open(["embedded"], embedded_dir=tmp_path)
    require_packages(channel, ["app"], ["linux-64"])
    with pytest.raises(UnknownError) as caught:
        require_packages(channel, ["lost"], ["linux-64"])
    assert caught.value.message == (
        "the embedded snapshot (2026-08-21) has no lost for linux-64; conda-forge may have it"
    )

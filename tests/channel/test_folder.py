"""Folders as channels."""

from __future__ import annotations

import bz2
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dirac_forge.channel.solver import Channel, Solution
from dirac_forge.channel.sources import ChannelUnknownError
from dirac_forge.errors import InputError
from support.channel import pkg, write_channel


def test_repodata_without_any_list_is_unreadable_and_an_empty_list_is_none(tmp_path: Path) -> None:
    write_channel(tmp_path, {"linux-64": [pkg("lib 1.0")]})
    (tmp_path / "noarch").mkdir(exist_ok=True)
    repodata = tmp_path / "noarch" / "repodata.json"
    repodata.write_text('{"packages": {}}', encoding="utf-8")
    assert Channel.open([str(tmp_path)]).index("linux-64").group("lib").records
    repodata.write_text("{}", encoding="utf-8")
    with pytest.raises(ChannelUnknownError, match="lists no packages"):
        Channel.open([str(tmp_path)]).index("linux-64").group("lib")


MALFORMED = pkg("lib 2.0") | {"build_number": "two"}


def versions(channel: Channel, spec: str) -> dict[str, str]:
    found = channel.solve([spec], platform="linux-64")
    assert isinstance(found, Solution), found
    return {record.name: record.version for record in found.packages}


def test_a_malformed_record_is_left_out_for_all_who_ask_at_once(tmp_path: Path) -> None:
    apps = [pkg(f"app{at} 1.0", "lib") for at in range(40)]
    write_channel(tmp_path, {"linux-64": [*apps, pkg("lib 1.0"), MALFORMED]})
    for _ in range(3):
        channel = Channel.open([str(tmp_path)])
        with ThreadPoolExecutor(8) as executor:
            found = list(executor.map(lambda at, channel=channel: versions(channel, f"app{at}"), range(8)))
        assert found == [{f"app{at}": "1.0", "lib": "1.0"} for at in range(8)]


def test_a_replaced_file_is_read_as_it_was_when_it_was_opened(tmp_path: Path) -> None:
    """The solver must not see other records than the rest of the run."""
    write_channel(tmp_path / "channel", {"linux-64": [pkg("lib 1.0")], "osx-64": [pkg("lib 1.0")]})
    channel = Channel.open([str(tmp_path / "channel")])
    assert channel.index("linux-64").group("lib").records
    write_channel(tmp_path / "new", {"linux-64": [pkg("lib 9.0")]})
    (tmp_path / "new/linux-64/repodata.json").replace(tmp_path / "channel/linux-64/repodata.json")
    assert versions(channel, "lib") == {"lib": "1.0"}
    assert versions(Channel.open([str(tmp_path / "channel")]), "lib") == {"lib": "9.0"}


def test_repodata_that_is_only_there_compressed_is_named(tmp_path: Path) -> None:
    (tmp_path / "noarch").mkdir()
    (tmp_path / "noarch" / "repodata.json.zst").write_bytes(b"")
    with pytest.raises(InputError, match="not a channel") as caught:
        Channel.open([str(tmp_path)])
    assert caught.value.hint == (
        "noarch/repodata.json.zst alone is not read: decompress it. "
        "`rattler-index` and `conda index` write these files."
    )


def test_repodata_next_to_compressed_copies_is_read_itself(tmp_path: Path) -> None:
    write_channel(tmp_path, {"linux-64": [pkg("lib 1.0")]})
    for subdir in ("linux-64", "noarch"):
        stale = bz2.compress((tmp_path / subdir / "repodata.json").read_bytes())
        (tmp_path / subdir / "repodata.json.bz2").write_bytes(stale)
    write_channel(tmp_path, {"linux-64": [pkg("lib 2.0")]})
    assert versions(Channel.open([str(tmp_path)]), "lib") == {"lib": "2.0"}

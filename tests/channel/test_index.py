"""Records by name."""

from __future__ import annotations

from pathlib import Path

from dirac_forge.channel.solver import Channel
from support.channel import pkg, write_channel


def test_platforms_share_the_records_that_are_for_any(tmp_path: Path) -> None:
    both = [pkg("tool 1.0", "lib")]
    folder = write_channel(
        tmp_path / "c",
        {"noarch": [pkg("pure 1.0", "tool", noarch="generic")], "linux-64": both, "osx-64": [pkg("tool 1.0", "other")]},
    )
    channel = Channel.open([str(folder)])
    linux, osx = channel.index("linux-64"), channel.index("osx-64")
    assert linux.group("pure").records[0] is osx.group("pure").records[0]
    assert linux.group("tool").records[0].depends == ("lib",)
    assert osx.group("tool").records[0].depends == ("other",)


def test_an_unparsable_spec_names_nothing(tmp_path: Path) -> None:
    index = Channel.open([str(write_channel(tmp_path, {"linux-64": [pkg("lib 1.0")]}))]).index("linux-64")
    name, mask = index.match("noarch/lib >=1")
    assert (name, mask, index.group(name).records) == ("", 0, ())

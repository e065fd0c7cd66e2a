"""What packages export, and the environments that were solved on the way."""

from __future__ import annotations

from pathlib import Path

from dirac_forge.channel.solver import Channel
from dirac_forge.check.exports import ChannelExports
from support.channel import pkg, write_channel


def test_the_environments_of_a_platform_are_the_same_values_each_time(tmp_path: Path) -> None:
    records = {"linux-64": [pkg("app 1.0", "lib"), pkg("lib 1.0")], "osx-64": [pkg("lib 1.0")]}
    exports = ChannelExports(Channel.open([str(write_channel(tmp_path, records))]), lambda _: None)
    for specs, platform in ((("app",), "linux-64"), (("app",), "osx-64"), (("lib",), "osx-64")):
        exports.host(specs, platform)
    (first,), (again,) = exports.environments("linux-64"), exports.environments("linux-64")
    assert [record.name for record in first] == ["app", "lib"]
    assert again is first  # what is found out about an environment is kept by its identity

"""Folders as channels."""

from __future__ import annotations

from pathlib import Path

import pytest

from dirac_forge.channel.solver import Channel
from dirac_forge.channel.sources import ChannelUnknownError
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

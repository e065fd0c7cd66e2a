"""The files of packages in folders, and of installed environments."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from dirac_forge.channel.file_lists import FileList, file_list, installed_files
from dirac_forge.channel.records import Record
from dirac_forge.channel.solver import Channel
from dirac_forge.errors import UnknownError
from support.channel import pkg, write_channel

DEMO = Record(name="demo", version="1.0", build="0", subdir="noarch", file_name="demo-1.0-0.tar.bz2")


def channel(folder: Path, infos: dict[str, Any]) -> Channel:
    write_channel(folder, {"noarch": [pkg("demo 1.0", noarch="python")]})
    with tarfile.open(folder / "noarch" / DEMO.file, "w:bz2") as archive:
        for name, document in infos.items():
            content = json.dumps(document).encode()
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return Channel.open([str(folder)])


def test_files_and_entry_points_of_a_package_in_a_folder(tmp_path: Path) -> None:
    paths = [{"_path": "site-packages/demo.py", "sha256": "ab"}, {"_path": "python-scripts/tool"}]
    opened = channel(
        tmp_path,
        {
            "info/index.json": {"name": "demo", "version": "1.0", "build": "0", "build_number": 0},
            "info/paths.json": {"paths": paths, "paths_version": 1},
            "info/link.json": {"noarch": {"type": "python", "entry_points": ["run = demo:main"]}},
        },
    )
    listed = file_list(opened, DEMO)
    assert listed == FileList(paths={"site-packages/demo.py": "ab", "python-scripts/tool": ""}, commands=("run",))
    assert listed.placed("3.12") == {
        "lib/python3.12/site-packages/demo.py": "ab",
        "bin/tool": "",
        "bin/run": "",
    }


def test_package_that_is_not_there_has_no_list(tmp_path: Path) -> None:
    write_channel(tmp_path, {"noarch": [pkg("demo 1.0")]})
    assert file_list(Channel.open([str(tmp_path)]), DEMO) is None


def test_package_without_a_list_is_told(tmp_path: Path) -> None:
    opened = channel(tmp_path, {"info/index.json": {}})
    with pytest.raises(UnknownError, match=r"demo-1\.0-0\.tar\.bz2: its list of files can't be read"):
        file_list(opened, DEMO)


def test_files_of_an_installed_package() -> None:
    entry = {"files": ["bin/a", "bin/b"], "paths_data": {"paths": [{"_path": "bin/a", "sha256": "cd"}]}}
    assert installed_files(entry) == FileList(paths={"bin/a": "cd", "bin/b": ""})
    assert installed_files({}) == FileList(paths={})

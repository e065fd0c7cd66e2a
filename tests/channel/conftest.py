"""Small channels in folders, and listings, written by the tests."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from dirac_forge.channel.listing import Listing, PackageInfo


@pytest.fixture
def channel(tmp_path: Path) -> Callable[..., Path]:
    """Writes a channel: `channel(folder, "name version needs…", "linux-64/name version needs…", python=[…])`."""

    def write(folder: str, *records: str, python: Iterable[str] = ()) -> Path:
        entries = [_record(text) for text in records] + [_record(f"{text} python", "python") for text in python]
        for subdir in {"noarch"} | {entry["subdir"] for entry in entries}:
            packages = {f"{e['name']}-{e['version']}-{e['build']}.conda": e for e in entries if e["subdir"] == subdir}
            target = tmp_path / folder / subdir
            target.mkdir(parents=True)
            repodata = {"info": {"subdir": subdir}, "packages": {}, "packages.conda": packages}
            (target / "repodata.json").write_text(json.dumps(repodata), encoding="utf-8")
        return tmp_path / folder

    return write


def _record(text: str, noarch: str | None = None) -> dict[str, Any]:
    name, version, *depends = text.split()
    subdir, _, name = name.rpartition("/")
    entry = {
        "name": name,
        "version": version,
        "build": "h0_0",
        "build_number": 0,
        "subdir": subdir or "noarch",
        "depends": depends,
    }
    return {**entry, "noarch": noarch} if noarch else entry


@pytest.fixture
def listing() -> Callable[..., Listing]:
    """Makes a listing of a channel `here`: Python packages as `name` or `name=version`, others in `other`."""

    def make(*python: str, other: Iterable[str] = (), unread: tuple[str, ...] = ()) -> Listing:
        packages = {}
        for text, is_python in [*((t, True) for t in python), *((t, False) for t in other)]:
            name, _, version = text.partition("=")
            packages[name] = PackageInfo(
                name=name,
                versions=(version or "1.0",),
                python=is_python,
                channel="here",
            )
        return Listing(packages=packages, unread=unread)

    return make

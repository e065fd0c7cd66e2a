"""Snapshots: closures of targets as channel folders."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from dirac_forge.channel.snapshot import closure, snapshot_of
from dirac_forge.channel.solver import Channel, Solution
from dirac_forge.errors import InputError
from dirac_forge.files import write_files
from dirac_forge.progress import Silent
from support.channel import pkg, pythons, write_channel

JUNE = 1_780_272_000_000  # milliseconds, 2026-06-01


@pytest.fixture
def channel(tmp_path: Path) -> Channel:
    folder = write_channel(
        tmp_path / "channel",
        {
            "noarch": [
                pkg("grid 2", "tool >=1", "python", noarch="python", timestamp=JUNE, sha256="0" * 64, license="MIT"),
                pkg("grid 1", "old", noarch="generic"),
                pkg("other 1", "grid", noarch="generic"),
            ],
            "linux-64": [*pythons("3.12"), pkg("tool 1", "__glibc >=2.17"), pkg("old 1")],
            "osx-64": [*pythons("3.12"), pkg("tool 2", "libcxx"), pkg("libcxx 20")],
        },
        run_exports={"linux-64": {"tool-1-0.conda": {"weak": ["tool >=1,<2"]}}},
    )
    return Channel.open([str(folder)])


def test_closure_follows_every_build_and_leaves_out_dependents(channel: Channel) -> None:
    def found(platform: str, *specs: str) -> list[set[str]]:
        return [set(names) for names in closure(channel.index(platform), specs)]

    assert found("linux-64", "grid >=2") == [{"grid", "tool", "python", "old"}, set()]
    assert found("osx-64", "grid") == [{"grid", "tool", "python", "libcxx"}, {"old"}]
    assert found("osx-64", "nothing") == [set(), {"nothing"}]


def test_snapshot_is_a_channel_that_answers_alike(channel: Channel, tmp_path: Path) -> None:
    platforms = ("linux-64", "osx-64")
    made = snapshot_of(
        {platform: channel.index(platform) for platform in platforms},
        ["grid"],
        exports=channel.run_exports,
        about={"targets": ["grid"]},
        today=None,
    )
    assert (made.as_of, made.names, made.records) == (date(2026, 6, 1), 5, 8)
    write_files(tmp_path / "frozen", made.files)
    about = json.loads((tmp_path / "frozen" / "snapshot.json").read_text(encoding="utf-8"))
    absent = {"linux-64": [], "osx-64": ["old"]}
    assert about == {"as_of": "2026-06-01", "names": 5, "records": 8, "targets": ["grid"], "absent": absent}
    frozen = Channel.open([str(tmp_path / "frozen")])
    for platform in platforms:
        before, after = (each.solve(["grid"], platform=platform) for each in (channel, frozen))
        assert isinstance(before, Solution)
        assert isinstance(after, Solution)
        assert [str(each) for each in after.packages] == [str(each) for each in before.packages]
    (tool,) = frozen.index("linux-64").group("tool").records
    exports = frozen.run_exports(tool)
    assert exports is not None
    assert exports.weak == ("tool >=1,<2",)


def test_compact_snapshot_has_no_hashes_and_licences(channel: Channel) -> None:
    def entry(compact: bool) -> dict[str, object]:
        made = snapshot_of(
            {"linux-64": channel.index("linux-64")},
            ["grid"],
            exports=lambda _: None,
            about={},
            today=date(2026, 11, 1),
            compact=compact,
        )
        assert made.as_of == date(2026, 11, 1)
        found: dict[str, object] = json.loads(made.files["noarch/repodata.json"])["packages.conda"]["grid-2-0.conda"]
        return found

    assert entry(False).keys() - entry(True).keys() == {"sha256", "license"}
    assert not entry(False).keys() & {"url", "fn", "channel"}


@pytest.mark.parametrize(
    ("channels", "spec", "expected"),
    [
        (["conda-forge"], "conda-forge::tool", True),
        (["conda-forge"], "https://conda.anaconda.org/conda-forge::tool", True),
        (["https://example.org/mine/"], "https://example.org/mine::tool", True),
        (["conda-forge"], "bioconda::tool", False),
        (["conda-forge", "bioconda"], "conda-forge::tool", False),  # it may be from either
        (["no: channel"], "conda-forge::tool", False),
    ],
)
def test_a_snapshot_answers_for_its_channel(tmp_path: Path, channels: list[str], spec: str, expected: bool) -> None:
    write_channel(tmp_path, {"linux-64": [pkg("tool 1")]})
    (tmp_path / "snapshot.json").write_text(json.dumps({"as_of": "2026-06-01", "channels": channels}), encoding="utf-8")
    snapshot = Channel.open([str(tmp_path)])
    assert isinstance(snapshot.solve([spec], platform="linux-64"), Solution) == expected
    assert bool(snapshot.index("linux-64").match(spec)[1]) == expected


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"as_of": "2026-06-01", "tar', "Unterminated string starting at: line 1 column 25 (char 24)"),
        ("[]", "it is not a JSON object"),
        ('{"as_of": "June"}', "as_of is 'June', expected a day such as 2026-06-01"),
        ('{"as_of": 20260601.5}', "as_of is 20260601.5, expected a day such as 2026-06-01"),
        ('{"channels": "conda-forge"}', "channels is 'conda-forge', expected a list of names"),
        ('{"platforms": [64]}', "platforms is [64], expected a list of names"),
        ('{"targets": {"tool": true}}', "targets is {'tool': True}, expected a list of names"),
    ],
)
def test_a_snapshot_that_does_not_say_what_it_is_passes_for_no_whole_channel(
    tmp_path: Path, text: str, problem: str
) -> None:
    write_channel(tmp_path, {"linux-64": [pkg("tool 1")]})
    (tmp_path / "snapshot.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        Channel.open([str(tmp_path)])
    assert str(caught.value) == (
        f"{tmp_path / 'snapshot.json'}: the description of the snapshot can't be read: {problem}\n"
        "Write it again with `dirac-forge snapshot`; remove this file if the folder is a whole channel."
    )


def test_a_snapshot_says_that_it_was_not_made_for_a_platform(tmp_path: Path) -> None:
    write_channel(tmp_path, {"linux-64": [pkg("tool 1")]})
    (tmp_path / "snapshot.json").write_text('{"as_of": "2026-06-01", "platforms": ["linux-64"]}', encoding="utf-8")
    observer = Silent()
    snapshot = Channel.open([str(tmp_path)], observer=observer)
    assert isinstance(snapshot.solve(["tool"], platform="linux-64"), Solution)
    assert observer.warnings == []
    assert not isinstance(snapshot.solve(["tool"], platform="osx-64"), Solution)
    assert observer.warnings == [f"{tmp_path}: the snapshot was made for linux-64; it has nothing for osx-64"]


def test_the_embedded_snapshot_does_not_warn_of_platforms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_channel(tmp_path / "part", {"linux-64": [pkg("tool 1")]})
    about = '{"as_of": "2026-06-01", "platforms": ["linux-64"]}'
    (tmp_path / "part" / "snapshot.json").write_text(about, encoding="utf-8")
    monkeypatch.setattr("dirac_forge.channel.repodata.embedded_folder", lambda _: tmp_path / "part")
    observer = Silent()
    snapshot = Channel.open(["embedded"], embedded_dir=tmp_path, observer=observer)
    assert not isinstance(snapshot.solve(["tool"], platform="osx-64"), Solution)
    assert observer.warnings == []

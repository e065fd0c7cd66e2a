"""Wheels: which one is read, how much of it is fetched, and what it says."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from packaging.version import Version

from dirac_forge.http import HashMismatchError, Http
from dirac_forge.store import Store
from dirac_forge.upstream.files.facts import EntryPoint, WheelFacts
from dirac_forge.upstream.files.wheel import best_wheel, wheel_facts
from dirac_forge.upstream.index.client import IndexClient
from dirac_forge.upstream.index.project import Release, ReleaseFile
from support.archives import wheel
from support.facts import told
from support.index import IndexFile, PackageIndex

NAME = "demo-1.0-py3-none-any.whl"
SCRIPTS = "[console_scripts]\nrun = demo:main [extra]\n[gui_scripts]\nshow = demo:show\n[other]\nx = y\n"
INFO = {
    "entry_points.txt": SCRIPTS,
    "licenses/LICENSE": "MIT text",
    "licenses/vendor/COPYING": "BSD text",
    "AUTHORS": "me",
}
SMALL = wheel("demo", "1.0", "Requires-Dist: six", files={"demo/__init__.py": "", "demo/data.txt": "x"}, info=INFO)
LARGE = wheel("demo", "1.0", "Requires-Dist: six", files={"demo/blob.bin": os.urandom(600_000)}, info=INFO)
MANY = wheel("demo", "1.0", "Requires-Dist: six", files={f"demo/module_{n:05}.py": "" for n in range(4000)}, info=INFO)


def read(index: PackageIndex, *, full: bool, store: Store | None = None) -> WheelFacts:
    with Http(cache=None) as http:
        (release,) = IndexClient(http, url=index.url).project("demo").releases
        index.forget()
        return wheel_facts(http, release.wheels[0], store or Store(None), project="demo", full=full)


def asked(index: PackageIndex) -> list[tuple[str, str | None]]:
    return [(item.path.rpartition("/")[2], item.headers.get("range")) for item in index.log]


def test_all_that_a_wheel_says() -> None:
    with PackageIndex({"demo": {NAME: SMALL}}) as index:
        facts = read(index, full=True)
    assert (facts.filename, facts.pure, facts.abi3, told(facts)) == (NAME, True, False, ())
    assert facts.metadata.requires_dist.lines == ("six",)
    assert facts.entry_points == (
        EntryPoint(name="run", value="demo:main", extras=("extra",)),
        EntryPoint(name="show", value="demo:show", gui=True),
    )
    assert facts.license_texts == {"LICENSE": "MIT text", "vendor/COPYING": "BSD text", "AUTHORS": "me"}
    assert facts.members[:2] == ("demo-1.0.dist-info/AUTHORS", "demo-1.0.dist-info/METADATA")
    assert facts.members[-2:] == ("demo/__init__.py", "demo/data.txt")


def test_folders_of_pth_files_are_read_and_nothing_of_them_is_run() -> None:
    text = "# more\r\nwin\r\nwin\\lib\r\n../out\r\nimport startup\r\n"
    with PackageIndex({"demo": {NAME: wheel("demo", "1.0", files={"demo.pth": text, "win/api.pyd": ""})}}) as index:
        assert read(index, full=True).path_folders == ("win", "win/lib")


def test_a_metadata_file_is_taken_where_the_index_has_one() -> None:
    with PackageIndex({"demo": {NAME: SMALL}}) as index:
        facts = read(index, full=False)
        assert asked(index) == [(f"{NAME}.metadata", None)]
    assert facts.metadata.requires_dist.lines == ("six",)
    assert facts.members == ()


def test_a_metadata_file_that_is_missing_is_got_over() -> None:
    with PackageIndex({"demo": {NAME: SMALL}}, failures={f"/files/demo/{NAME}.metadata": 404}) as index:
        assert read(index, full=False).metadata.requires_dist.lines == ("six",)


@pytest.mark.parametrize(
    ("content", "requests"),
    [(SMALL, [f"bytes=-{len(SMALL)}"]), (LARGE, ["bytes=-98304"])],
)
def test_one_request_is_enough(content: bytes, requests: list[str]) -> None:
    with PackageIndex({"demo": {NAME: content}}, metadata=False) as index:
        assert read(index, full=True).metadata.requires_dist.lines == ("six",)
        assert asked(index) == [(NAME, item) for item in requests]


def test_a_large_directory_takes_two() -> None:
    with PackageIndex({"demo": {NAME: MANY}}, metadata=False) as index:
        facts = read(index, full=True)
        assert len(index.log) == 2
    assert len(facts.members) == 4007
    assert facts.entry_points[0].name == "run"


@pytest.mark.parametrize("full", [False, True])
def test_without_ranges_the_whole_file_is_checked(full: bool) -> None:
    with PackageIndex({"demo": {NAME: LARGE}}, metadata=False, ranges=False) as index:
        assert read(index, full=full).metadata.requires_dist.lines == ("six",)
    claim = IndexFile(content=LARGE, sha256="00" * 32)
    with (
        PackageIndex({"demo": {NAME: claim}}, metadata=False, ranges=False) as index,
        pytest.raises(HashMismatchError, match="is not the file that was expected"),
    ):
        read(index, full=full)


def test_a_small_wheel_comes_whole_and_is_checked() -> None:
    claim = IndexFile(content=SMALL, sha256="00" * 32)
    with (
        PackageIndex({"demo": {NAME: claim}}, metadata=False) as index,
        pytest.raises(HashMismatchError, match=r"is not the file that was expected: sha256 0000"),
    ):
        read(index, full=True)


def test_what_was_read_is_read_once(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with PackageIndex({"demo": {NAME: LARGE}}, metadata=False) as index:
        light = read(index, full=False, store=store)
        assert asked(index)
        assert read(index, full=False, store=store) == light
        assert asked(index) == []
        full = read(index, full=True, store=store)
        assert asked(index)
        assert read(index, full=True, store=store) == full
        assert asked(index) == []
    # Another index that claims the same hash is asked itself: the parts that were read were never hashed.
    with PackageIndex({"demo": {NAME: LARGE}}, metadata=False) as other:
        read(other, full=True, store=store)
        assert asked(other)


def test_without_a_hash_nothing_is_kept(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with PackageIndex({"demo": {NAME: IndexFile(content=LARGE, sha256="")}}, metadata=False) as index:
        read(index, full=True, store=store)
        read(index, full=True, store=store)
        assert asked(index)
    assert list(tmp_path.iterdir()) == []


def release(*names: str, yanked: str = "") -> Release:
    files = [
        ReleaseFile(filename=name, url="u", kind="wheel", version=Version("1"), yanked="x" if name == yanked else None)
        for name in names
    ]
    return Release(project="demo", version=Version("1"), files=tuple(files))


PURE = "demo-1-py3-none-any.whl"
LINUX = "demo-1-cp313-cp313-manylinux_2_17_x86_64.whl"
THREADS = "demo-1-cp314-cp314t-manylinux_2_17_x86_64.whl"
OLD = "demo-1-cp39-cp39-manylinux_2_17_x86_64.whl"
ARM = "demo-1-cp314-cp314-manylinux_2_17_aarch64.whl"
ABI3 = "demo-1-cp310-abi3-manylinux_2_17_x86_64.whl"
MAC = "demo-1-cp314-cp314-macosx_11_0_arm64.whl"
PY2 = "demo-1-py2-none-any.whl"


@pytest.mark.parametrize(
    ("names", "yanked", "best"),
    [
        ([LINUX, PURE, MAC], "", PURE),
        ([OLD, MAC, LINUX, ARM, THREADS, ABI3], "", LINUX),
        ([PY2], "", None),
        ([PY2, MAC], "", MAC),
        ([], "", None),
        ([THREADS, MAC], "", MAC),
        ([PURE, LINUX], PURE, LINUX),
        (["demo-1-py2.py3-none-any.whl", LINUX], "", "demo-1-py2.py3-none-any.whl"),
    ],
)
def test_the_best_wheel(names: list[str], yanked: str, best: str | None) -> None:
    for order in (names, names[::-1]):
        found = best_wheel(release(*order, yanked=yanked))
        assert (found.filename if found else None) == best

from __future__ import annotations

import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from dirac_forge.channel.answering import Answering
from dirac_forge.channel.records import Record, RunExports
from dirac_forge.channel.repodata import ChannelUnknownError, Folder
from dirac_forge.channel.solver import Channel, NoSolution, Solution
from dirac_forge.errors import InputError
from dirac_forge.progress import Silent
from support.channel import pkg, write_channel


def versions(found: Solution | NoSolution) -> dict[str, str]:
    assert isinstance(found, Solution), found
    return {record.name: record.version for record in found.packages}


@pytest.fixture
def simple(tmp_path: Path) -> Path:
    return write_channel(
        tmp_path / "simple",
        {
            "noarch": [pkg("app 1.0", "lib >=1", noarch="generic"), pkg("app 2.0", "lib >=2", noarch="generic")],
            "linux-64": [pkg("lib 1.0"), pkg("lib 2.0", "__glibc >=2.17"), pkg("lib 2.1", "__glibc >=2.34")],
            "osx-64": [pkg("lib 1.0")],
        },
    )


def test_the_highest_versions_that_the_machine_can_have(simple: Path) -> None:
    channel = Channel.open([str(simple)])
    assert versions(channel.solve(["app"], platform="linux-64")) == {"app": "2.0", "lib": "2.0"}
    assert versions(channel.solve(["app"], platform="osx-64")) == {"app": "1.0", "lib": "1.0"}
    assert isinstance(channel.solve(["app"], platform="win-64"), NoSolution)


def test_python_and_its_abi_agree_also_in_a_channel_whose_records_do_not_say_so(tmp_path: Path) -> None:
    thin = [
        *(pkg(f"python 3.{minor}.1", build="h0_0_cpython") for minor in (10, 11, 12)),
        *(pkg(f"python_abi 3.{minor}", build=f"0_cp3{minor}") for minor in (10, 11, 12)),
        pkg("fast 1.0", "python", "python_abi 3.11.* *_cp311", build="py311_0"),
        pkg("fast 0.9", "python", "python_abi 3.10.* *_cp310", build="py310_0"),
    ]
    channel = Channel.open([str(write_channel(tmp_path, {"linux-64": thin}))])
    assert isinstance(channel.solve(["fast 1.0", "python 3.10.*"], platform="linux-64"), NoSolution)
    older = channel.solve(["fast", "python 3.10.*"], platform="linux-64")
    assert versions(older) == {"fast": "0.9", "python": "3.10.1", "python_abi": "3.10"}
    # What is requested first is as new as can be, not Python.
    newest = channel.solve(["fast"], platform="linux-64")
    assert versions(newest) == {"fast": "1.0", "python": "3.11.1", "python_abi": "3.11"}
    python, abi = (channel.index("linux-64").newest(spec) for spec in ("python 3.11.*", "python_abi 3.11"))
    assert python is not None
    assert abi is not None
    assert (python.constrains, abi.constrains) == (("python_abi 3.11.* *_cp311",), ("python 3.11.*",))


def test_the_workspace_decides_about_the_machine(simple: Path) -> None:
    channel = Channel.open([simple.as_uri()], machines={"linux-64": {"__glibc": "2.34"}})
    assert versions(channel.solve(["app"], platform="linux-64")) == {"app": "2.0", "lib": "2.1"}


def test_a_name_comes_from_the_first_channel_that_has_it(tmp_path: Path, simple: Path) -> None:
    mine = write_channel(tmp_path / "mine", {"linux-64": [pkg("lib 1.5")]})
    first = Channel.open([str(mine), str(simple)])
    assert versions(first.solve(["app"], platform="linux-64")) == {"app": "1.0", "lib": "1.5"}
    second = Channel.open([str(simple), str(mine)])
    assert versions(second.solve(["app"], platform="linux-64")) == {"app": "2.0", "lib": "2.0"}
    group = first.index("linux-64").group("lib")
    assert (group.channel, [below.channel for below in group.hidden]) == (str(mine), [str(simple)])


@pytest.mark.parametrize("kept", [True, False])
def test_the_first_channel_that_has_a_name_hides_others_also_where_no_build_of_it_matches(
    tmp_path: Path, kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not kept:
        monkeypatch.setattr("dirac_forge.channel.folder._MOST_KEPT", 0)
    one = write_channel(tmp_path / "one", {"linux-64": [pkg("lib 1.0")], "noarch": [pkg("lib 1.5", noarch="generic")]})
    two = write_channel(tmp_path / "two", {"linux-64": [pkg("lib 2.0"), pkg("app 1.0", "lib >=2")]})
    channel = Channel.open([str(one), str(two)])
    for specs, expected in (
        (["lib"], {"lib": "1.5"}),
        (["lib >=2"], None),
        (["app"], None),
        (["app", "lib >=2"], None),
        ([f"{two.as_uri()}::lib"], {"lib": "2.0"}),
        ([f"{two.as_uri()}::lib", "app"], {"lib": "2.0", "app": "1.0"}),
    ):
        found = channel.solve(specs, platform="linux-64")
        assert (versions(found) if isinstance(found, Solution) else None) == expected


def new(text: str, *depends: str, subdir: str = "linux-64", build: str = "0", number: int = 0) -> Record:
    name, version = text.split()
    return Record(name=name, version=version, build=build, build_number=number, subdir=subdir, depends=depends)


def test_a_folder_before_the_others_is_read_as_it_is_now(tmp_path: Path, simple: Path) -> None:
    channel = Channel.open([str(simple)])
    mine = write_channel(tmp_path / "mine", {"linux-64": [pkg("tool 1.0")]})
    assert versions(channel.below(mine).solve(["app", "tool"], platform="linux-64"))["tool"] == "1.0"
    write_channel(mine, {"linux-64": [pkg("tool 1.0"), pkg("tool 2.0"), pkg("lib 3.0")]})
    found = versions(channel.below(mine).solve(["app", "tool"], platform="linux-64"))
    assert found == {"app": "2.0", "lib": "3.0", "tool": "2.0"}


def test_records_laid_over_a_channel_join_the_ones_it_has(simple: Path) -> None:
    channel = Channel.open([str(simple)])
    newer = channel.overlaid([new("lib 3.0")])
    assert versions(newer.solve(["app"], platform="linux-64")) == {"app": "2.0", "lib": "3.0"}
    assert versions(newer.solve(["app", "lib <2"], platform="linux-64")) == {"app": "1.0", "lib": "1.0"}
    assert versions(channel.solve(["app"], platform="linux-64")) == {"app": "2.0", "lib": "2.0"}
    twice = newer.overlaid([new("app 3.0", "lib >=3", subdir="noarch")])
    assert versions(twice.solve(["app"], platform="linux-64")) == {"app": "3.0", "lib": "3.0"}


def test_an_overlay_joins_the_channel_that_has_its_name(tmp_path: Path, simple: Path) -> None:
    mine = write_channel(tmp_path / "mine", {"noarch": [pkg("other 1.0", noarch="generic")]})
    channel = Channel.open([str(mine), str(simple)]).overlaid([new("lib 0.5")])
    assert versions(channel.solve(["app"], platform="linux-64")) == {"app": "2.0", "lib": "2.0"}


def test_each_record_of_an_overlay_joins_the_channel_that_has_its_name(tmp_path: Path, simple: Path) -> None:
    mine = write_channel(tmp_path / "mine", {"noarch": [pkg("other 1.0", noarch="generic")]})
    channel = Channel.open([str(mine), str(simple)])
    view = channel.overlaid([new("other 2.0", "lib <2"), new("lib 3.0"), new("fresh 1.0", "lib >=3")])
    assert versions(view.solve(["other"], platform="linux-64")) == {"lib": "1.0", "other": "2.0"}
    assert versions(view.solve(["fresh"], platform="linux-64")) == {"fresh": "1.0", "lib": "3.0"}


def test_a_required_record_is_that_very_one(simple: Path) -> None:
    channel = Channel.open([str(simple)])
    same = new("lib 2.0", "ghost")
    view = channel.overlaid([same])
    # The published lib 2.0 has the same version and build, and would do.
    assert isinstance(view.solve(["app"], platform="linux-64"), Solution)
    assert isinstance(view.solve(["app"], platform="linux-64", required=[same]), NoSolution)
    good = new("lib 2.0")
    found = channel.overlaid([good]).solve(["app"], platform="linux-64", required=[good])
    assert isinstance(found, Solution)
    assert found.get("lib") == good


def test_malformed_overlays_are_named(simple: Path) -> None:
    with pytest.raises(InputError, match=r"the records of lib not a version 0 are malformed: "):
        Channel.open([str(simple)]).overlaid(
            [Record(name="lib", version="not a version", build="0", subdir="linux-64")]
        )


def test_threads_share_one_channel(simple: Path) -> None:
    channel = Channel.open([str(simple)])
    with ThreadPoolExecutor(8) as executor:
        found = list(executor.map(lambda _: versions(channel.solve(["app"], platform="linux-64")), range(32)))
    assert found == [{"app": "2.0", "lib": "2.0"}] * 32


def test_run_exports_come_from_the_file_beside_the_repodata(tmp_path: Path) -> None:
    folder = write_channel(
        tmp_path / "exporting",
        {"linux-64": [pkg("zlib 1.3"), pkg("zlib 1.2")]},
        run_exports={"linux-64": {"zlib-1.3-0.conda": {"weak": ["zlib >=1.3,<2.0a0"]}}},
    )
    channel = Channel.open([str(folder)])
    newest, older = channel.index("linux-64").group("zlib").records
    assert channel.run_exports(newest) == RunExports(weak=("zlib >=1.3,<2.0a0",))
    assert channel.run_exports(older) is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        ("[]", "they are not as CEP 12 has them"),
        (
            '{"packages.conda": {"lib-2.0-0.conda": {"run_exports": {"weak": "lib >=2"}}}}',
            "weak: expected a list of specs, not 'lib >=2'",
        ),
    ],
)
def test_run_exports_that_can_not_be_read_are_unknown(simple: Path, text: str, problem: str) -> None:
    path = simple / "linux-64" / "run_exports.json"
    path.write_text(text, encoding="utf-8")
    channel = Channel.open([str(simple)])
    record = channel.index("linux-64").group("lib").records[0]
    with pytest.raises(ChannelUnknownError) as caught:
        channel.run_exports(record)
    assert caught.value.message == f"{path}: the run_exports can't be read: {problem}"


# --- bad input


def test_a_truncated_file_is_unknown_and_named(simple: Path) -> None:
    path = simple / "linux-64" / "repodata.json"
    path.write_text(path.read_text(encoding="utf-8")[:-100], encoding="utf-8")
    channel = Channel.open([str(simple)])
    with pytest.raises(ChannelUnknownError) as caught:
        channel.solve(["app"], platform="linux-64")
    assert caught.value.message.startswith(f"{path}: the repodata can't be read: it is cut off (EOF while parsing")
    assert caught.value.exit_code == 3
    assert versions(channel.solve(["app"], platform="osx-64")) == {"app": "1.0", "lib": "1.0"}


@pytest.mark.parametrize("size", [-100, None])
def test_threads_that_meet_the_same_error_get_the_same_answer(
    simple: Path, size: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = simple / "linux-64" / "repodata.json"
    text = path.read_text(encoding="utf-8").replace('"2.1"', "21" if size is None else '"2.1"')
    path.write_text(text[:size], encoding="utf-8")
    channel = Channel.open([str(simple)])
    folder = channel.sources[0]
    assert isinstance(folder, Folder)
    runs: list[tuple[bool, frozenset[str]]] = []

    def run(answering: Answering, wanted: Any, platform: str, *more: Any) -> Any:
        try:
            return as_it_is(answering, wanted, platform, *more)
        finally:
            runs.append(folder.reading)
            if len(runs) == 1:  # while this one fails, another thread has the folder read in the next way
                folder.read_sparsely()

    as_it_is = Answering._run
    monkeypatch.setattr(Answering, "_run", run)
    if size is None:
        assert versions(channel.solve(["app"], platform="linux-64")) == {"app": "2.0", "lib": "2.0"}
    else:
        with pytest.raises(ChannelUnknownError) as caught:
            channel.solve(["app"], platform="linux-64")
        assert caught.value.message.startswith(f"{path}: the repodata can't be read: it is cut off (EOF while parsing")
    # A truncated file is found when it is opened, before the solver's library reads it.
    assert [sparsely for sparsely, _ in runs][:2] == ([False, True] if size is None else [False])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is empty"),
        ("\n ", "it is empty"),
        ("<html>", "it is not a JSON object, so it is not repodata"),
        ("\n[]", "it is not a JSON object, so it is not repodata"),
        (
            '{"packages": null}',
            "it is damaged, or not repodata (invalid type: null, expected a map at line 1 column 17)",
        ),
        (
            '{"packages": []}',
            "it is damaged, or not repodata (invalid type: sequence, expected a map at line 1 column 13)",
        ),
        (
            '{"packages": {"a-1-0.conda": {"name": "a\n',
            "it is cut off (control character (\\u0000-\\u001F) found while parsing a string at line 1 column 40)",
        ),
    ],
)
def test_what_is_no_repodata_is_unknown(simple: Path, text: str, why: str) -> None:
    path = simple / "noarch" / "repodata.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ChannelUnknownError) as caught:
        Channel.open([str(simple)]).solve(["app"], platform="linux-64")
    assert (
        caught.value.message == f"{path}: the repodata can't be read: {why}; fetch this file or index the channel again"
    )


def test_a_record_with_an_unparsable_spec_is_left_out_with_one_warning(tmp_path: Path) -> None:
    folder = write_channel(
        tmp_path / "c", {"linux-64": [pkg("app 1.0"), pkg("app 2.0", "lib >=>1 ??"), pkg("lib 1.0")]}
    )
    watcher = Silent()
    channel = Channel.open([str(folder)], observer=watcher)
    for _ in range(2):
        assert versions(channel.solve(["app"], platform="linux-64")) == {"app": "1.0"}
    assert [record.version for record in channel.index("linux-64").group("app").records] == ["1.0"]
    path = folder / "linux-64" / "repodata.json"
    assert watcher.warnings == [f"{path}: app-2.0-0.conda is left out: the spec 'lib >=>1 ??' can't be parsed"]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"version": "2.0 !!"}, "malformed version string"),
        ({"build_number": None}, "build_number: expected an integer, not None"),
        ({"depends": [3]}, "depends: expected a list of strings, not [3]"),
    ],
)
def test_a_malformed_record_is_left_out_with_one_warning(tmp_path: Path, change: dict[str, Any], problem: str) -> None:
    folder = write_channel(
        tmp_path / "c", {"linux-64": [pkg("app 1.0", "lib"), pkg("lib 1.0"), pkg("lib 2.0") | change]}
    )
    watcher = Silent()
    channel = Channel.open([str(folder)], observer=watcher)
    assert versions(channel.solve(["app"], platform="linux-64")) == {"app": "1.0", "lib": "1.0"}
    (warning,) = watcher.warnings
    assert warning.startswith(f"{folder / 'linux-64' / 'repodata.json'}: lib-")
    assert f".conda is left out: {problem}" in warning


def test_a_folder_without_a_channel_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"not a channel: it has no <subdir>/repodata\.json"):
        Channel.open([str(tmp_path)])
    with pytest.raises(InputError, match=r"nowhere: there is no such folder"):
        Channel.open([str(tmp_path / "nowhere")])
    with pytest.raises(InputError, match="no channel is given"):
        Channel.open([])


def test_wrong_specs_and_platforms_are_wrong_use(simple: Path) -> None:
    channel = Channel.open([str(simple)])
    with pytest.raises(InputError, match=r"'app >=>1' is not a package spec"):
        channel.solve(["app >=>1"], platform="linux-64")
    with pytest.raises(InputError, match=r"^'app >=1 <' is not a package spec: '<' is not a build string\n"):
        channel.solve(["app >=1 <"], platform="linux-64")
    with pytest.raises(InputError, match=r"'app>=1<2' is not a package spec: '<2' is not a build string"):
        channel.solve(["app>=1<2"], platform="linux-64")
    assert isinstance(channel.solve(["app 1.* ^.*$"], platform="linux-64"), Solution)
    with pytest.raises(InputError, match="'linux' is not a platform"):
        channel.solve(["app"], platform="linux")


# --- remote channels


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: Any) -> None:
        """Nothing."""


class _Server(ThreadingHTTPServer):
    def handle_error(self, *args: Any) -> None:
        """A client that goes away in the middle is not news."""


@pytest.fixture
def served(simple: Path) -> Any:
    server = _Server(("127.0.0.1", 0), partial(_Quiet, directory=str(simple)))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_remote_channel_is_read_through_the_gateway(served: str, tmp_path: Path) -> None:
    channel = Channel.open([served], cache_dir=tmp_path / "cache")
    assert versions(channel.solve(["app"], platform="linux-64")) == {"app": "2.0", "lib": "2.0"}
    view = channel.overlaid([new("lib 3.0")])
    assert versions(view.solve(["app"], platform="linux-64")) == {"app": "2.0", "lib": "3.0"}
    assert view.index("linux-64").match("lib >=2,<4")[1].bit_count() == 3
    assert channel.index("linux-64").names() == {"app", "lib"}


def test_a_remote_channel_hides_the_one_below_it(served: str, tmp_path: Path) -> None:
    below = write_channel(tmp_path / "below", {"linux-64": [pkg("lib 9.0")]})
    channel = Channel.open([served, str(below)], cache_dir=tmp_path / "cache")
    assert isinstance(channel.solve(["lib >=9"], platform="linux-64"), NoSolution)
    assert versions(channel.solve(["lib"], platform="linux-64")) == {"lib": "2.0"}


def test_what_the_solver_passes_over_in_a_remote_channel_is_told_once(
    served: str, simple: Path, tmp_path: Path
) -> None:
    write_channel(simple, {"noarch": [pkg("app 1.0", noarch="generic"), pkg("app 2.0", "l >=>1 ??", noarch="generic")]})
    watcher = Silent()
    channel = Channel.open([served], cache_dir=tmp_path / "cache", observer=watcher)
    for platform in ("linux-64", "osx-64"):
        assert versions(channel.solve(["app"], platform=platform)) == {"app": "1.0"}
    assert watcher.warnings == [f"{served}: app-2.0-0.conda is left out: the spec 'l >=>1 ??' can't be parsed"]


def test_what_another_platform_of_a_remote_channel_has(served: str, tmp_path: Path) -> None:
    channel = Channel.open([served], cache_dir=tmp_path / "cache")
    assert isinstance(channel.solve(["app"], platform="win-64"), NoSolution)
    having = [name for name in channel.platforms() if channel.index(name).group("lib").records]
    assert having == ["linux-64", "osx-64"]


def test_a_snapshot_and_a_remote_channel_together(served: str, tmp_path: Path) -> None:
    mine = write_channel(tmp_path / "mine", {"linux-64": [pkg("lib 1.5")]})
    channel = Channel.open([str(mine), served], cache_dir=tmp_path / "cache")
    assert versions(channel.solve(["app"], platform="linux-64")) == {"app": "1.0", "lib": "1.5"}


def test_credentials_are_never_told(served: str, tmp_path: Path) -> None:
    secret = served.replace("http://", "http://me:hunter2@")
    channel = Channel.open([secret], cache_dir=tmp_path / "cache")
    found = channel.solve(["app"], platform="linux-64")
    assert isinstance(found, Solution)
    assert {record.channel for record in found.packages} == {served.replace("http://", "http://***@") + "/"}
    token = Channel.open([f"{served}/t/hunter2/private"], cache_dir=tmp_path / "cache")
    with pytest.raises(ChannelUnknownError) as caught:
        token.solve(["app"], platform="linux-64")
    assert "hunter2" not in str(caught.value)


@pytest.mark.skipif(os.name == "nt", reason="no modes of folders")
@pytest.mark.parametrize("there", [False, True], ids=["new", "open to all"])
def test_nobody_else_can_read_the_urls_that_the_gateway_keeps(served: str, tmp_path: Path, *, there: bool) -> None:
    folder = tmp_path / "cache" / "repodata"
    if there:
        folder.mkdir(parents=True, mode=0o755)
    secret = served.replace("http://", "http://me:hunter2@")
    assert isinstance(Channel.open([secret], cache_dir=folder).solve(["app"], platform="linux-64"), Solution)
    having = [path for path in tmp_path.rglob("*") if path.is_file() and b"hunter2" in path.read_bytes()]
    assert having  # else nothing has to be hidden
    assert {path.parent for path in having} == {folder}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert there or folder.parent.stat().st_mode & 0o777 == 0o700


def test_an_unreachable_channel_is_asked_once_and_unknown(tmp_path: Path) -> None:
    asked: list[str] = []

    def reachable(url: str) -> bool:
        asked.append(url)
        return False

    channel = Channel.open(["https://conda.example.invalid/c"], cache_dir=tmp_path, reachable=reachable)
    for platform in ("linux-64", "osx-64", "linux-64"):
        with pytest.raises(
            ChannelUnknownError, match=r"the channel https://conda\.example\.invalid/c can't be reached"
        ):
            channel.solve(["app"], platform=platform)
    assert asked == ["https://conda.example.invalid/c/"]


def test_a_name_that_is_no_folder_is_said_to_be_taken_as_a_channel(tmp_path: Path) -> None:
    channel = Channel.open(["snapshto"], cache_dir=tmp_path, reachable=lambda _: False)
    with pytest.raises(ChannelUnknownError) as caught:
        channel.solve(["app"], platform="linux-64")
    assert caught.value.message == (
        "the channel snapshto can't be reached at https://conda.anaconda.org/snapshto (there is no folder of this name)"
    )


def test_a_url_without_a_channel_is_unknown(served: str, tmp_path: Path) -> None:
    channel = Channel.open([f"{served}/nowhere"], cache_dir=tmp_path / "cache")
    with pytest.raises(ChannelUnknownError, match="can't be read for linux-64: HTTP status client error"):
        channel.solve(["app"], platform="linux-64")


@pytest.mark.parametrize("text", ["[]", "<html>"])
def test_what_comes_and_is_no_repodata_is_unknown(simple: Path, served: str, tmp_path: Path, text: str) -> None:
    (simple / "linux-64" / "repodata.json").write_text(text, encoding="utf-8")
    channel = Channel.open([served], cache_dir=tmp_path / "cache")
    with pytest.raises(ChannelUnknownError) as caught:
        channel.solve(["app"], platform="linux-64")
    why = "the answer is not repodata: check for a proxy or a login page"
    assert caught.value.message == f"the channel {served} can't be read for linux-64: {why}"


DAMAGED = "is damaged, cut off or not repodata"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is empty (EOF while parsing a value at line 1 column 0)"),
        ('{"packages": {"a-1-0.conda": {"name": "a', "is cut off (EOF while parsing a string at line 1 column 40)"),
        (
            '{"packages": {"a-1-0.conda": {"name": "a\n',
            f"{DAMAGED} (control character (\\u0000-\\u001F) found while parsing a string at line 1 column 40)",
        ),
        (
            '{"packages": []}',
            f"{DAMAGED} (invalid type: sequence, expected a map at line 1 column 13)",
        ),
        (
            '{"packages": null}',
            f"{DAMAGED} (invalid type: null, expected a map at line 1 column 17)",
        ),
    ],
)
def test_what_comes_empty_cut_off_or_damaged_is_called_so(
    simple: Path, served: str, tmp_path: Path, text: str, why: str
) -> None:
    (simple / "linux-64" / "repodata.json").write_text(text, encoding="utf-8")
    channel = Channel.open([served], cache_dir=tmp_path / "cache")
    with pytest.raises(ChannelUnknownError) as caught:
        channel.solve(["app"], platform="linux-64")
    assert caught.value.message == (
        f"the channel {served} can't be read for linux-64: the answer {why}; try again, or report it to the "
        "channel's operators"
    )


def test_a_channel_that_breaks_off_is_unknown(simple: Path, tmp_path: Path) -> None:
    class Broken(_Quiet):
        def do_GET(self) -> None:
            if not self.path.endswith("linux-64/repodata.json"):
                return super().do_GET()
            body = (simple / "linux-64" / "repodata.json").read_bytes()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
            return None

    server = _Server(("127.0.0.1", 0), partial(Broken, directory=str(simple)))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        channel = Channel.open(
            [f"http://127.0.0.1:{server.server_port}"], cache_dir=tmp_path / "cache", patience=1.5, retries=0
        )
        with pytest.raises(ChannelUnknownError, match=r"the channel http://\S+ can't be read for linux-64"):
            channel.solve(["app"], platform="linux-64")
        assert versions(channel.solve(["app"], platform="osx-64")) == {"app": "1.0", "lib": "1.0"}
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_channel_that_stops_half_way_is_not_waited_for(simple: Path, tmp_path: Path) -> None:
    leave = threading.Event()

    class Stuck(_Quiet):
        def do_GET(self) -> None:
            if not self.path.endswith("linux-64/repodata.json"):
                return super().do_GET()
            self.send_response(200)
            self.send_header("Content-Length", "100000")
            self.end_headers()
            leave.wait()
            return None

    server = _Server(("127.0.0.1", 0), partial(Stuck, directory=str(simple)))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        channel = Channel.open([f"http://127.0.0.1:{server.server_port}"], cache_dir=tmp_path / "cache", patience=0.5)
        for _ in range(2):
            with pytest.raises(
                ChannelUnknownError, match=r"the channel http://\S+ can't be read for linux-64: no answer within "
            ):
                channel.solve(["app"], platform="linux-64")
    finally:
        leave.set()
        server.shutdown()
        server.server_close()
        thread.join()


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    record = Record(
        name="lib",
        version="1.0",
        build="h1_2",
        build_number=2,
        subdir="noarch",
        depends=("a >=1",),
        constrains=("b <2",),
        noarch="python",
        timestamp=1_700_000_000_000,
    )
    folder = write_channel(tmp_path, {"noarch": [record.to_json()]})
    (read,) = Channel.open([str(folder)]).index("linux-64").group("lib").records
    assert json.loads(json.dumps(read.to_json())) == record.to_json()


def test_channel_as_of_a_moment_uses_nothing_newer(tmp_path: Path) -> None:
    old, new = 1_600_000_000_000, 1_700_000_000_000
    records = [pkg("tool 1.0", timestamp=old), pkg("tool 2.0", timestamp=new), pkg("tool 0.5")]
    channel = Channel.open([str(write_channel(tmp_path, {"linux-64": records}))])
    moment = datetime.fromtimestamp(new / 1000 - 1, UTC)
    now = channel.solve(["tool"], platform="linux-64")
    then = channel.as_of(moment).solve(["tool"], platform="linux-64")
    assert isinstance(now, Solution)
    assert isinstance(then, Solution)
    assert [record.version for record in (*now.packages, *then.packages)] == ["2.0", "1.0"]
    assert isinstance(channel.as_of(moment).solve(["tool >=2"], platform="linux-64"), NoSolution)
    assert [record.version for record in channel.as_of(moment).index("linux-64").group("tool").records] == [
        "1.0",
        "0.5",
    ]
    assert len(channel.index("linux-64").group("tool").records) == 3


def test_preferred_records_stay_unless_a_spec_forbids_them(tmp_path: Path) -> None:
    records = [pkg("tool 1.0", "lib"), pkg("tool 2.0", "lib >=2"), pkg("lib 1.0"), pkg("lib 2.0")]
    channel = Channel.open([str(write_channel(tmp_path, {"linux-64": records}))])
    first = channel.solve(["tool 1.*", "lib 1.*"], platform="linux-64")
    assert isinstance(first, Solution)
    raw = channel.raw("linux-64", first.packages)
    assert [str(record.file_name) for record in raw] == ["lib-1.0-0.conda", "tool-1.0-0.conda"]
    kept = channel.preferring(raw)
    for spec, expected in (("tool", ["1.0", "1.0"]), ("tool >=2", ["2.0", "2.0"])):
        found = kept.solve([spec], platform="linux-64")
        assert isinstance(found, Solution)
        assert [record.version for record in found.packages] == expected


@pytest.mark.parametrize("kept", [True, False])
def test_what_stays_in_memory_of_a_folder_changes_no_answer(
    simple: Path, kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not kept:
        monkeypatch.setattr("dirac_forge.channel.folder._MOST_KEPT", 0)
    channel = Channel.open([str(simple)])
    (folder,) = channel.sources
    assert isinstance(folder, Folder)
    # Without a subdir there is nothing to keep.
    assert (folder.is_kept("linux-64"), folder.is_kept("win-64")) == (kept, False)
    assert versions(channel.solve(["app"], platform="linux-64")) == {"app": "2.0", "lib": "2.0"}
    newer = Record(name="lib", version="3.0", build="0", subdir="linux-64", depends=("__glibc >=2.17",))
    view = channel.overlaid([newer])
    assert versions(view.solve(["app"], platform="linux-64", required=[newer])) == {"app": "2.0", "lib": "3.0"}
    assert versions(view.solve(["app", "lib <3"], platform="linux-64")) == {"app": "2.0", "lib": "2.0"}
    assert isinstance(channel.solve(["lib >2"], platform="osx-64"), NoSolution)


def test_a_folder_with_a_malformed_record_is_not_kept(tmp_path: Path) -> None:
    bad = pkg("lib 2.0") | {"build_number": "two"}
    channel = Channel.open([str(write_channel(tmp_path, {"linux-64": [pkg("lib 1.0"), bad]}))])
    (folder,) = channel.sources
    assert isinstance(folder, Folder)
    assert folder.is_kept("linux-64")
    assert versions(channel.solve(["lib"], platform="linux-64")) == {"lib": "1.0"}
    assert not folder.is_kept("linux-64")

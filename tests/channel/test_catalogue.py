from __future__ import annotations

import functools
import http.server
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dirac_forge.channel.catalogue import RattlerCatalogue
from dirac_forge.channel.listing import Availability, PackageInfo
from dirac_forge.errors import InputError
from dirac_forge.progress import Silent

SHARED = Path(__file__).parents[2] / "../shared/conda-forge/channel"

MakeChannel = Callable[..., Path]


class _Handler(http.server.SimpleHTTPRequestHandler):
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        try:
            super().do_GET()
        except (BrokenPipeError, ConnectionResetError):  # the client needs no more of the answer
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet."""


@pytest.fixture
def serve() -> Iterator[Callable[[Path], tuple[str, list[str]]]]:
    """Serves a folder on this machine: the URL, and the list of paths that were asked for."""
    servers = []

    def start(folder: Path) -> tuple[str, list[str]]:
        asked: list[str] = []
        handler = type("Handler", (_Handler,), {"asked": asked})
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(handler, directory=str(folder)))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        servers.append((server, thread))
        return f"http://127.0.0.1:{server.server_port}", asked

    yield start
    for server, thread in servers:
        server.shutdown()
        server.server_close()
        thread.join()


def test_what_a_snapshot_of_a_part_lacks_is_unknown(channel: MakeChannel) -> None:
    folder = channel("part", "noarch/there 1.0 python")
    (folder / "snapshot.json").write_text('{"as_of": "2026-11-01", "targets": ["there"]}', encoding="utf-8")
    catalogue = RattlerCatalogue.open([folder], ["linux-64"])
    assert [catalogue.status(*each).status for each in (("there", ""), ("there", ">=2"), ("absent", ""))] == [
        "available",
        "outdated",
        "unknown",
    ]
    (folder / "snapshot.json").unlink()
    assert RattlerCatalogue.open([folder], ["linux-64"]).status("absent", "").status == "missing"


def test_what_a_snapshot_has(channel: MakeChannel) -> None:
    folder = channel(
        "here",
        "linux-64/compiled 1.9 python_abi",
        "linux-64/compiled 1.10 python_abi",
        "osx-64/compiled 1.10",
        "win-64/compiled 2.0",
        "noarch/once-python 1.0 python",
        "linux-64/once-python 2.0 zlib",
        "alias 3.0 compiled",
        python=["pure 0.1"],
    )

    catalogue = RattlerCatalogue.open([folder], ["linux-64", "osx-64"])
    listing = catalogue.info(["compiled", "pure", "alias", "once-python", "absent", "no name!"])

    def info(name: str, *versions: str, python: bool) -> PackageInfo:
        return PackageInfo(name=name, versions=versions, python=python, channel=str(folder))

    assert dict(listing) == {
        "compiled": info("compiled", "1.10", "1.9", python=True),
        "pure": info("pure", "0.1", python=True),
        "alias": info("alias", "3.0", python=False),
        "once-python": info("once-python", "2.0", "1.0", python=False),
    }
    assert listing.complete


def test_how_requirements_stand(channel: MakeChannel) -> None:
    catalogue = RattlerCatalogue.open([channel("here", python=["pure 1.0", "pure 1.2.1"])], ["linux-64"])

    assert catalogue.status("pure", ">=1.1") == Availability(status="available", satisfying="1.2.1", newest="1.2.1")
    assert catalogue.status("pure", ">=2") == Availability(status="outdated", newest="1.2.1")
    assert catalogue.status("absent", "") == Availability(status="missing")
    assert catalogue.satisfies("pure", "1.0.*")
    assert not catalogue.satisfies("pure", ">1.2.1")
    assert not catalogue.satisfies("absent", "")


def test_the_first_channel_that_has_a_name_counts(channel: MakeChannel) -> None:
    first = channel("first", python=["both 1.0"])
    second = channel("second", python=["both 2.0", "second-only 1.0"])

    catalogue = RattlerCatalogue.open([str(first), second.as_uri()], ["linux-64"])

    assert catalogue.status("both", ">=2") == Availability(status="outdated", newest="1.0")
    assert catalogue.info(["second-only"])["second-only"].channel == str(second)


def test_a_remote_channel_is_read(
    channel: MakeChannel, serve: Callable[[Path], tuple[str, list[str]]], tmp_path: Path
) -> None:
    url, asked = serve(channel("here", "linux-64/compiled 1.0 python_abi", python=["pure 0.1"]))
    probed: list[str] = []

    def reachable(host: str) -> bool:
        probed.append(host)
        return True

    catalogue = RattlerCatalogue.open([url], ["linux-64"], cache_dir=tmp_path / "cache", reachable=reachable)

    assert {name: info.newest for name, info in catalogue.info(["compiled", "pure", "absent"]).items()} == {
        "compiled": "1.0",
        "pure": "0.1",
    }
    assert catalogue.status("absent", "") == Availability(status="missing")
    assert probed == [f"{url}/"]
    assert asked.count("/noarch/repodata.json") == 1


def test_offline_a_remote_channel_is_what_the_cache_has(
    channel: MakeChannel, serve: Callable[[Path], tuple[str, list[str]]], tmp_path: Path
) -> None:
    url, asked = serve(channel("here", "linux-64/compiled 1.0 python_abi", python=["pure 0.1"]))
    observer = Silent()
    cold = RattlerCatalogue.open([url], ["linux-64"], offline=True, cache_dir=tmp_path, observer=observer)
    assert cold.status("pure", "") == Availability(status="unknown")
    assert len(observer.warnings) == 1
    RattlerCatalogue.open([url], ["linux-64"], cache_dir=tmp_path).info(["pure"])
    asked.clear()

    warm = RattlerCatalogue.open([url], ["linux-64"], offline=True, cache_dir=tmp_path)

    assert warm.status("pure", "") == Availability(status="available", satisfying="0.1", newest="0.1")
    assert asked == []


def test_a_channel_that_can_not_be_reached_is_unknown_and_said_once(channel: MakeChannel) -> None:
    observer = Silent()
    probed: list[str] = []

    def reachable(host: str) -> bool:
        probed.append(host)
        return False

    catalogue = RattlerCatalogue.open(
        ["https://me:secret@example.org/t/tk-secret/chan", channel("here", python=["pure 1.0"])],
        ["linux-64", "osx-64"],
        reachable=reachable,
        observer=observer,
    )

    listing = catalogue.info(["pure", "absent"])

    assert list(listing) == ["pure"]
    assert listing.unread == ("https://***@example.org/t/***/chan",)
    assert catalogue.status("absent", "") == Availability(status="unknown")
    assert catalogue.status("pure", ">=2") == Availability(status="unknown", newest="1.0")
    assert catalogue.status("pure", "") == Availability(status="available", satisfying="1.0", newest="1.0")
    assert len(probed) == 1
    assert observer.warnings == [
        "the channel https://***@example.org/t/***/chan can't be reached: what it has is unknown"
    ]


def test_a_channel_on_conda_anaconda_org_is_called_by_its_name() -> None:
    observer = Silent()

    catalogue = RattlerCatalogue.open(
        ["conda-forge", "https://conda.anaconda.org/t/tk-secret/mine/label/dev"],
        ["linux-64"],
        reachable=lambda _: False,
        observer=observer,
    )

    assert catalogue.info(["pure"]).unread == ("conda-forge", "t/***/mine/label/dev")
    assert observer.warnings == [
        "the channel conda-forge can't be reached: what it has is unknown",
        "the channel t/***/mine/label/dev can't be reached: what it has is unknown",
    ]


def test_a_url_that_is_no_channel_is_unknown(serve: Callable[[Path], tuple[str, list[str]]], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    url, _ = serve(tmp_path / "empty")
    observer = Silent()

    catalogue = RattlerCatalogue.open([url], ["linux-64"], cache_dir=tmp_path / "cache", observer=observer)

    assert catalogue.status("pure", "") == Availability(status="unknown")
    reason = f"HTTP status client error (404 File not found) for url ({url}/noarch/repodata.json)"
    assert observer.warnings == [f"the channel {url} can't be read for linux-64: {reason}: what it has is unknown"]


def test_a_malformed_remote_channel_is_unknown(
    channel: MakeChannel, serve: Callable[[Path], tuple[str, list[str]]], tmp_path: Path
) -> None:
    folder = channel("here", "linux-64/compiled 1.0")
    (folder / "noarch" / "repodata.json").write_text('{"packages": {', encoding="utf-8")
    url, _ = serve(folder)

    catalogue = RattlerCatalogue.open([url], ["linux-64"], cache_dir=tmp_path / "cache")

    assert catalogue.status("pure", "") == Availability(status="unknown")


def test_a_truncated_snapshot_is_unknown_and_named_once(channel: MakeChannel) -> None:
    folder = channel("here", "linux-64/compiled 1.0")
    path = folder / "noarch" / "repodata.json"
    path.write_text('{"packages": {', encoding="utf-8")
    observer = Silent()

    catalogue = RattlerCatalogue.open([folder], ["linux-64", "osx-64"], observer=observer)

    assert catalogue.status("pure", "") == Availability(status="unknown")
    assert catalogue.status("compiled", "") == Availability(status="unknown")
    (warning,) = observer.warnings
    assert warning.startswith(f"{path}: the repodata can't be read: it is cut off (EOF while parsing")
    assert warning.endswith(": what it has is unknown")


@pytest.mark.parametrize(
    ("depends", "problem"),
    [(3, "depends: expected a list of strings, not 3"), (["lib >=>1 ??"], "the spec 'lib >=>1 ??' can't be parsed")],
)
def test_a_malformed_record_is_left_out_with_one_warning_and_what_it_has_is_unknown(
    channel: MakeChannel, depends: object, problem: str
) -> None:
    folder = channel("here", "linux-64/compiled 1.0", python=["pure 1.0", "pure 2.0", "other 1.0"])
    path = folder / "noarch" / "repodata.json"
    repodata = json.loads(path.read_text(encoding="utf-8"))
    repodata["packages.conda"]["pure-2.0-h0_0.conda"]["depends"] = depends
    repodata["packages.conda"]["other-1.0-h0_0.conda"]["depends"] = depends
    path.write_text(json.dumps(repodata), encoding="utf-8")
    observer = Silent()

    catalogue = RattlerCatalogue.open([folder], ["linux-64", "osx-64"], observer=observer)

    assert catalogue.info(["pure", "other"])["pure"].versions == ("1.0",)
    assert catalogue.status("other", "") == Availability(status="unknown")
    assert catalogue.status("pure", ">=2") == Availability(status="unknown", newest="1.0")
    assert catalogue.status("pure", ">=1").status == "available"
    assert catalogue.status("compiled", ">=2").status == "outdated"
    assert catalogue.status("absent", "").status == "missing"
    assert sorted(observer.warnings) == [
        f"{path}: other-1.0-h0_0.conda is left out: {problem}",
        f"{path}: pure-2.0-h0_0.conda is left out: {problem}",
    ]


@pytest.mark.parametrize("spelled", ["nowhere", "./nowhere"])
def test_a_folder_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spelled: str) -> None:
    monkeypatch.chdir(tmp_path)
    folder: str | Path = Path(spelled) if spelled == "nowhere" else spelled

    with pytest.raises(InputError, match=r"^nowhere: there is no such folder"):
        RattlerCatalogue.open([folder], ["linux-64"])


def test_a_folder_that_is_no_channel(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        RattlerCatalogue.open([tmp_path], ["linux-64"])

    assert caught.value.message == f"{tmp_path}: not a channel: it has no <subdir>/repodata.json"


def test_a_bare_word_is_a_folder_where_there_is_one(
    channel: MakeChannel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel("snapshot", python=["pure 1.0"])
    monkeypatch.chdir(tmp_path)

    assert RattlerCatalogue.open(["snapshot"], ["linux-64"]).satisfies("pure", "")


def test_text_that_is_no_channel() -> None:
    with pytest.raises(InputError, match=r"^'http://' is not a channel: empty host\n"):
        RattlerCatalogue.open(["http://"], ["linux-64"])


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared")
def test_the_snapshot_has_what_dirac_grid_needs() -> None:
    catalogue = RattlerCatalogue.open([SHARED], ["linux-64", "osx-arm64"])

    assert catalogue.status("dirac-grid", ">=9").status == "available"
    assert catalogue.status("cwltool", ">=99").status == "outdated"
    assert catalogue.info(["typing_extensions", "krb5"])["krb5"].python is False

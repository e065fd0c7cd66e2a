"""Builds on a Dask cluster with two workers in processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from build.conftest import plain_project
from build.test_command import run, statuses
from dirac_forge import cluster
from dirac_forge.build.cluster import BuildWorkers
from dirac_forge.cli import main
from support.clusters import workers
from support.condachannel import platform


@pytest.fixture
def address() -> Iterator[str]:
    """A scheduler with two workers, in other processes."""
    with workers(2) as found:
        yield found


def test_packages_are_built_by_the_workers(
    tmp_path: Path, empty_channel: Path, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    plain_project(tmp_path, "lower")
    plain_project(tmp_path, "upper", needs="lower")
    code, document = run(capsys, tmp_path, empty_channel, "--cluster", address)
    assert (code, statuses(document)) == (0, {"lower": "built", "upper": "built"})
    assert sorted(path.name for path in (tmp_path / "build" / "slots").iterdir()) == ["0", "given"]


class Workers:
    """Answers for workers, as a cluster does."""

    def __init__(self, *isolations: str) -> None:
        self.isolations = isolations

    def told(self, function: object, token: str) -> dict[str, tuple[str, str, str]]:
        word = Path(token).read_text(encoding="utf-8")
        return {f"tcp://{at}": (platform(), word, kind) for at, kind in enumerate(self.isolations)}


@pytest.mark.parametrize(
    ("kinds", "weakest"),
    [(("bwrap", "bwrap"), "bwrap"), (("bwrap", "none"), "none"), (("unshare", "bwrap"), "unshare")],
)
def test_weakest_isolation_of_the_workers_is_told(tmp_path: Path, kinds: tuple[str, ...], weakest: str) -> None:
    assert BuildWorkers(cast("cluster.Cluster", Workers(*kinds))).check(tmp_path) == weakest


def test_cluster_that_does_not_answer_is_an_unknown(
    tmp_path: Path,
    empty_channel: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cluster, "_SECONDS", 1)
    plain_project(tmp_path, "lower")
    arguments = ["build", "--workspace", str(tmp_path), "--channel", str(empty_channel)]
    assert main([*arguments, "--cluster", "tcp://127.0.0.1:9"]) == 3
    assert "error: no Dask scheduler answers at tcp://127.0.0.1:9: " in capsys.readouterr().err

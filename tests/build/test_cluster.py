"""Builds on a Dask cluster with two workers in processes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from build.conftest import Project
from build.test_command import run, statuses
from dirac_forge.build import cluster
from dirac_forge.cli import main

SERVE = """
from distributed import LocalCluster
import sys
with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
    print(cluster.scheduler_address, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def address() -> Iterator[str]:
    """A scheduler with two workers, in other processes."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", SERVE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.stdin.close()
            server.wait(timeout=60)


def test_packages_are_built_by_the_workers(
    tmp_path: Path, python_channel: Path, project: Project, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    project("lower")
    project("upper", run=("lower",), code="import lower\n\ndef main():\n    lower.main()\n")
    code, document = run(capsys, tmp_path, python_channel, "--cluster", address)
    assert (code, statuses(document)) == (0, {"lower": "built", "upper": "built"})
    assert sorted(path.name for path in (tmp_path / "build" / "slots").iterdir()) == ["0"]


def test_cluster_that_does_not_answer_is_an_unknown(
    tmp_path: Path,
    python_channel: Path,
    project: Project,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cluster, "_SECONDS", 1)
    project("lower")
    arguments = ["build", "--workspace", str(tmp_path), "--channel", str(python_channel)]
    assert main([*arguments, "--cluster", "tcp://127.0.0.1:9"]) == 3
    assert "error: no Dask scheduler answers at tcp://127.0.0.1:9: " in capsys.readouterr().err

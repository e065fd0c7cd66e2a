"""A Dask cluster of worker processes."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

SERVE = """
from distributed import LocalCluster
import sys
if __name__ == "__main__":
    with LocalCluster(n_workers=int(sys.argv[1]), threads_per_worker=1, processes=True, dashboard_address=None) as it:
        print(it.scheduler_address, flush=True)
        sys.stdin.read()
"""


@contextlib.contextmanager
def workers(count: int = 2) -> Iterator[str]:
    """Start a scheduler and workers in other processes; its address."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", SERVE, str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        env=environment,
    ) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.stdin.close()
            server.wait(timeout=60)


def lengths(tasks: Sequence[str]) -> list[int]:
    """Return the length of each task; one that is the path of a missing file makes it, and kills the worker."""
    for task in tasks:
        if task.startswith("/") and not Path(task).exists():
            Path(task).touch()
            os._exit(1)
    return [len(task) for task in tasks]

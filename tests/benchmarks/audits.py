"""How close `dirac-forge audit` comes to the time that its downloads alone take (see replay.py).

python tests/benchmarks/audits.py SNAPSHOT [--latency 0.14] [--connections N]

The closure of dirac-grid: at most 1.5 times the bare downloads with an empty cache, at most 3 s with a warm one.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from replay import compare, environment_of, options_of

_LONGEST = 600.0
"""Seconds of one run, after which it counts as failed."""


def command(index: str, cache: Path, connections: int, *, snapshot: Path) -> float:
    """Seconds of one run with this cache."""
    arguments = ("dirac-grid", "--channel", str(snapshot), "--index-url", index, "--severity", "high", "-q")
    with tempfile.TemporaryDirectory() as workspace:
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "dirac_forge", "audit", *arguments, "--workspace", workspace],
            check=False,
            stdout=subprocess.DEVNULL,
            env=environment_of(cache, connections),
            timeout=_LONGEST,
        )
        seconds = time.perf_counter() - start
    if done.returncode not in (0, 1):  # 1: there are findings
        raise SystemExit(f"audit failed with exit code {done.returncode}")
    return seconds


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("snapshot", type=Path)
    options = parser.parse_args()
    run = partial(command, snapshot=options.snapshot.absolute())
    compare(
        run,
        name="audit of dirac-grid",
        most=1.5,
        most_warm=3.0,
        folder=options.folder,
        latency=options.latency,
        connections=options.connections,
    )


if __name__ == "__main__":
    main()

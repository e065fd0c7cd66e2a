"""How close `dirac-forge bump` comes to the time that its downloads alone take (see replay.py).

    python tests/benchmarks/bumps.py WORKSPACE [--channel DIR --pinning DIR] [--latency 0.14] [--connections N]

WORKSPACE is a folder with `feedstocks/`. With a channel each proposal is proved with the solver, else nothing is.
"""

from __future__ import annotations

import subprocess
import sys
import time
from functools import partial
from pathlib import Path

from replay import compare, environment_of, options_of


def command(arguments: list[str], index: str, cache: Path, connections: int) -> float:
    """Seconds of one run with this cache."""
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "dirac_forge", "bump", "--index-url", index, "-q", "--json", *arguments],
        stdout=subprocess.DEVNULL,
        env=environment_of(cache, connections),
        check=False,
    )
    if done.returncode not in {0, 1, 3}:  # 1: a bump is blocked; 3: something is unknown
        sys.exit(f"dirac-forge bump left with {done.returncode}")
    return time.perf_counter() - start


if __name__ == "__main__":
    parser = options_of(__doc__)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--channel", type=Path)
    parser.add_argument("--pinning", type=Path)
    options = parser.parse_args()
    asked = ["--workspace", str(options.workspace)]
    asked += ["--channel", str(options.channel)] if options.channel else ["--no-check"]
    asked += ["--pinning", str(options.pinning)] if options.pinning else []
    compare(
        partial(command, asked),
        name="bumps, proved" if options.channel else "bumps",
        most=1.5 if options.channel else 1.2,
        folder=options.folder,
        latency=options.latency,
        connections=options.connections,
    )

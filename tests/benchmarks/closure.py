"""How close `dirac-forge recipe DIRAC` comes to the time that its downloads alone take (see replay.py).

python tests/benchmarks/closure.py [--latency 0.14] [--connections N]
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from replay import compare, environment_of, options_of


def command(index: str, cache: Path, connections: int) -> float:
    """Seconds of one run with this cache."""
    with tempfile.TemporaryDirectory() as output:
        channel = Path(output, "channel", "noarch")
        channel.mkdir(parents=True)
        (channel / "repodata.json").write_text(
            json.dumps({"info": {"subdir": "noarch"}, "packages": {}, "packages.conda": {}}), encoding="utf-8"
        )
        start = time.perf_counter()
        subprocess.run(
            [
                *(
                    sys.executable,
                    "-m",
                    "dirac_forge",
                    "recipe",
                    "DIRAC",
                    "--deps",
                    "none",
                    "--output",
                    f"{output}/out",
                ),
                *("--index-url", index, "--channel", str(channel.parent), "-q"),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            env=environment_of(cache, connections),
        )
        return time.perf_counter() - start


if __name__ == "__main__":
    options = options_of(__doc__).parse_args()
    compare(
        command,
        name="closure of DIRAC",
        most=1.15,
        folder=options.folder,
        latency=options.latency,
        connections=options.connections,
    )

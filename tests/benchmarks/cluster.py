"""1,200 cells (100 targets on 4 platforms with 3 Pythons): bare solves, one process, and two workers of a cluster.

    python tests/benchmarks/cluster.py SNAPSHOT [--targets 100]

Targets are the Python packages of dirac-grid's closure in a snapshot. One thread each, so that processes are compared.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from checks import PLATFORMS, bare, timed
from distributed import LocalCluster
from figures import figure

from dirac_forge.channel.opening import ChannelAddress
from dirac_forge.channel.solver import Channel, Solution
from dirac_forge.check.cells import Cell, cells_of
from dirac_forge.check.matrix import check
from dirac_forge.check.on_cluster import check_on_cluster
from dirac_forge.check.targets import make_target
from dirac_forge.cluster import connected
from dirac_forge.progress import Silent

PYTHONS = ("3.11", "3.12", "3.13")


def questions(snapshot: Path, targets: int) -> Iterator[Cell]:
    """The cells of so many targets."""
    found = Channel.open([str(snapshot)]).solve(["dirac-grid", "python 3.12.*"], platform="linux-64")
    assert isinstance(found, Solution)
    names = [one.name for one in found.packages if any(spec.startswith("python") for spec in one.depends)]
    for name in names[:targets]:
        yield from cells_of(make_target(name, [name]), platforms=PLATFORMS, pythons=PYTHONS)


def here(channels: ChannelAddress, cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """The cells answered by this process."""
    with ThreadPoolExecutor(1) as executor:
        return check(channels.open(Silent()), cells, executor=executor, remedies=False)


def there(address: str, channels: ChannelAddress, cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """The cells answered by a cluster."""
    with connected(address) as cluster:
        return check_on_cluster(cluster, channels, cells, observer=Silent(), remedies=False)


def _address(snapshot: Path, cache: str) -> ChannelAddress:
    """The snapshot with a cache of its own, so that no run finds the solutions of another."""
    return ChannelAddress(channels=(str(snapshot),), machines=(), cache=cache, offline=True)


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("snapshot", type=Path)
    parser.add_argument("--targets", type=int, default=100)
    given = parser.parse_args()
    snapshot = given.snapshot.absolute()
    cells = list(questions(snapshot, given.targets))
    print(f"{len(cells)} cells")
    least = timed(lambda: bare(snapshot, [(cell.platform, list(cell.specs)) for cell in cells], threads=1))
    answers = []
    with tempfile.TemporaryDirectory() as cache:
        alone = timed(lambda: answers.append(here(_address(snapshot, cache), cells)))
    with (
        tempfile.TemporaryDirectory() as cache,
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as started,  # type: ignore[no-untyped-call]
    ):
        both = timed(lambda: answers.append(there(started.scheduler_address, _address(snapshot, cache), cells)))
    assert answers[0] == answers[1]
    print(f"bare {least:.2f} s, one process {alone:.2f} s, two workers {both:.2f} s: {alone / both:.2f} times as fast")
    figure("1,200 cells beside bare solves", alone / least, 1.1)
    figure("two workers beside one process", both / alone, 1 / 1.6)


if __name__ == "__main__":
    main()

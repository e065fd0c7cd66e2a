"""What checks cost beside the bare solver on the same records, in one run.

    python tests/benchmarks/checks.py SNAPSHOT [--records 700000]

Printed are three ratios: 20 cells of dirac-grid, explanations and remedies included; 100 overlays, each required
together with the target; the first answer from a synthetic channel of many records, with the peak memory. "Bare" is
`solve_with_sparse_repodata` on as many threads.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import rattler
from figures import figure
from rattler import MatchSpec, SparseRepoData
from rattler.exceptions import SolverError
from rattler.solver import solve_with_sparse_repodata

from dirac_forge.channel.solver import Channel
from dirac_forge.channel.virtual import to_rattler, virtual_packages
from dirac_forge.check.cells import cells_of
from dirac_forge.check.matrix import check
from dirac_forge.check.targets import make_target

PLATFORMS = ("linux-64", "linux-aarch64", "osx-64", "osx-arm64")
PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
THREADS = 2


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def bare(snapshot: Path, questions: list[tuple[str, list[str]]], *, threads: int = THREADS) -> None:
    channel = rattler.Channel(snapshot.as_uri())
    subdirs = {"noarch", *(platform for platform, _ in questions)}
    opened = {subdir: SparseRepoData(channel, subdir, snapshot / subdir / "repodata.json") for subdir in subdirs}

    def solve(question: tuple[str, list[str]]) -> None:
        platform, specs = question
        machine = [to_rattler(package) for package in virtual_packages(platform)]
        wanted = [MatchSpec(spec) for spec in specs]
        records = [opened[platform], opened["noarch"]]
        with suppress(SolverError):
            asyncio.run(solve_with_sparse_repodata(wanted, records, virtual_packages=machine))

    with ThreadPoolExecutor(threads) as executor:
        list(executor.map(solve, questions))


def cells(snapshot: Path) -> None:
    with ThreadPoolExecutor(THREADS) as executor:
        target = make_target("dirac-grid", ["dirac-grid"])
        check(Channel.open([str(snapshot)]), cells_of(target, platforms=PLATFORMS, pythons=PYTHONS), executor=executor)


def overlays(snapshot: Path, count: int) -> None:
    """Each overlay is another package's next build, required with the target, against an answer that is known."""
    # Neither `check` without --with nor the memory that is measured below has these.
    from dirac_forge.check.expected_records import Built  # noqa: PLC0415
    from dirac_forge.check.target_proof import TargetProver  # noqa: PLC0415

    channel = Channel.open([str(snapshot)])
    target = make_target("dirac-grid", ["dirac-grid"], platforms=["linux-64"], pythons=["3.12"])
    with ThreadPoolExecutor(THREADS) as executor:
        (before,) = check(channel, cells_of(target), executor=executor)
        pinned = {spec.split()[0] for record in before.packages for spec in record.depends if spec.count(" ") == 2}
        noarch = [one for one in before.packages if one.subdir == "noarch" and one.name not in pinned]

        def one(at: int) -> str:
            record = noarch[at % len(noarch)]
            number = record.build_number + 1 + at // len(noarch)
            record = replace(record, build=f"next_{number}", build_number=number, channel="", file_name="")
            built = Built(feedstock=record.name, record=record, platform="linux-64")
            return TargetProver(channel.overlaid([record]), [built], today=channel).verdict(before).outcome

        assert set(executor.map(one, range(count))) == {"same"}


def synthetic(folder: Path, records: int) -> None:
    """A channel with the shape of a large one: many names in many builds, each with some dependencies."""
    for subdir, share in (("linux-64", 0.75), ("noarch", 0.25)):
        entries: dict[str, object] = {}
        for at in range(int(records * share)):
            name, build = f"{subdir[:2]}-p{at // 100}", at % 100
            depends = [f"{subdir[:2]}-p{at // 100 - step} >={build // 2}" for step in (1, 7) if at // 100 >= step]
            entries[f"{name}-{build}-h{at:07x}_0.conda"] = {
                "name": name,
                "version": str(build),
                "build": f"h{at:07x}_0",
                "build_number": 0,
                "depends": depends,
                "subdir": subdir,
                "md5": f"{at:032x}",
                "sha256": f"{at:064x}",
                "size": at,
                "timestamp": 1_700_000_000_000 + at,
                "license": "BSD-3-Clause",
            }
        (folder / subdir).mkdir(parents=True)
        ordered = dict(sorted(entries.items()))  # as conda-index writes them
        data = {"info": {"subdir": subdir}, "packages": {}, "packages.conda": ordered, "repodata_version": 1}
        (folder / subdir / "repodata.json").write_text(json.dumps(data), encoding="utf-8")


def first_answer(folder: Path, kind: str) -> None:
    """In a fresh process: one question, and the peak memory of it."""
    spec = "li-p400"
    if kind == "bare":
        seconds = timed(lambda: bare(folder, [("linux-64", [spec])]))
    else:
        target = make_target(spec, [spec], platforms=["linux-64"], pythons=[])
        with ThreadPoolExecutor(1) as executor:
            seconds = timed(lambda: check(Channel.open([str(folder)]), cells_of(target), executor=executor))
    print(json.dumps({"seconds": seconds, "memory": peak_memory()}))


def peak_memory() -> float:
    """Of this process, in GB: the kernel's own mark, since Linux hands `ru_maxrss` on from the parent over `exec`."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text(encoding="utf-8").partition("VmHWM:")[2].split()[0]) * 1024 / 1e9
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9


def measured(folder: Path, kind: str) -> dict[str, float]:
    command = (sys.executable, __file__, str(folder), "--first", kind)
    found: dict[str, float] = json.loads(
        subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True).stdout
    )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("snapshot", type=Path)
    parser.add_argument("--records", type=int, default=700_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--first", choices=["bare", "ours"])
    args = parser.parse_args()
    snapshot = args.snapshot.absolute()
    if args.first:
        first_answer(snapshot, args.first)
        return
    questions = [(platform, ["dirac-grid", f"python {python}.*"]) for platform in PLATFORMS for python in PYTHONS]
    hundred = [("linux-64", ["dirac-grid", "python 3.12.*"])] * 100
    pairs = [(timed(lambda: bare(snapshot, questions)), timed(lambda: cells(snapshot))) for _ in range(args.repeat)]
    show("20 cells", min(pair[0] for pair in pairs), min(pair[1] for pair in pairs), 1.15)
    show("100 overlays", timed(lambda: bare(snapshot, hundred)), timed(lambda: overlays(snapshot, 100)), 1.5)
    with tempfile.TemporaryDirectory() as folder:
        synthetic(Path(folder), args.records)
        runs = [(measured(Path(folder), "bare"), measured(Path(folder), "ours")) for _ in range(args.repeat)]
        one = min(run[0]["seconds"] for run in runs), min(run[1]["seconds"] for run in runs)
        show(f"{args.records} records, first answer", *one, 1.3)
        memory = max(run[0]["memory"] for run in runs), max(run[1]["memory"] for run in runs)
        print(f"peak memory: bare {memory[0]:.2f} GB")
        figure(f"{args.records} records, peak memory", memory[1], 0.45, unit="GB")


def show(what: str, bare_seconds: float, ours: float, most: float) -> None:
    print(f"{what}: bare {bare_seconds:.2f} s, ours {ours:.2f} s")
    figure(what, ours / bare_seconds, most)


if __name__ == "__main__":
    main()

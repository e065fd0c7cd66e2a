"""A run of the bot over very many feedstocks, against a local GitHub that is slow and has limits.

    PYTHONPATH=src:tests python tests/benchmarks/soak.py

makes 1,000 bare feedstocks of which 200 are outdated, runs the bot twice, each time as a program of its own, and prints
the time (beside the least that GitHub's limits allow), the memory of the bot, and whether there is exactly one request
for each outdated feedstock. Exits with 1 where one of these is not as it should be. Takes a quarter of an hour: GitHub
asks for a second between two requests that change something.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from figures import figure

from dirac_forge.bot.connections import Connections
from dirac_forge.bot.release_lines import ReleaseLine, look
from dirac_forge.bot.run import BotRun
from dirac_forge.http import Http
from dirac_forge.progress import Silent
from dirac_forge.pullrequest.clones import Clones
from dirac_forge.pullrequest.feedstock_files import full_name_of
from dirac_forge.pullrequest.github import GitHub as Client
from dirac_forge.pullrequest.github_destination import GitHubDestination
from dirac_forge.pullrequest.ledger import Ledger
from dirac_forge.pullrequest.tokens import Token
from dirac_forge.settings import BotSettings, Settings
from support.bots import TOKEN, Mover, feedstock_files
from support.github import GitHub, Limit

LATENCY = 0.02
MOST, WINDOW = 5_000, 3_600.0
"""The primary limit: so many requests in so many seconds."""
SPACING = 1.0
"""Seconds between two requests that change something:
https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api"""
RATIO = 1.1
MEMORY = 400.0
THREADS = 8


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feedstocks", type=int, default=1_000)
    parser.add_argument("--outdated", type=int, default=200)
    parser.add_argument("role", nargs="?", default="all", choices=["all", "serve", "bot"])
    parser.add_argument("rest", nargs="*")
    asked = parser.parse_args()
    if asked.role == "serve":
        return serve(Path(asked.rest[0]), asked.feedstocks)
    if asked.role == "bot":
        return bot(Path(asked.rest[0]), asked.rest[1], asked.feedstocks, asked.outdated)
    return measured(asked.feedstocks, asked.outdated)


def measured(feedstocks: int, outdated: int) -> int:
    """Start the other two, and say how it went."""
    with tempfile.TemporaryDirectory(prefix="dirac-forge-soak-") as name:
        folder = Path(name)
        sizes = ("--feedstocks", str(feedstocks), "--outdated", str(outdated))
        command = (sys.executable, __file__, *sizes)
        begin = time.monotonic()
        with subprocess.Popen(
            (*command, "serve", str(folder / "github")),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        ) as server:
            assert server.stdin is not None
            assert server.stdout is not None
            url = server.stdout.readline().strip()
            print(f"{feedstocks} feedstocks made in {time.monotonic() - begin:.0f} s", flush=True)
            good = True
            for number in (1, 2):
                good &= one_run(number, (*command, "bot", str(folder), url), server, outdated)
            server.stdin.close()
    return 0 if good else 1


def one_run(number: int, command: tuple[str, ...], server: subprocess.Popen[str], outdated: int) -> bool:
    begin = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, encoding="utf-8", check=True)
    seconds = time.monotonic() - begin
    told: dict[str, Any] = json.loads(done.stdout)
    assert server.stdin is not None
    assert server.stdout is not None
    server.stdin.write("tell\n")
    server.stdin.flush()
    stats: dict[str, Any] = json.loads(server.stdout.readline())
    # A window's worth may be used up at once, so the first window costs nothing.
    primary, secondary = (stats["requests"] - MOST) / MOST * WINDOW, (stats["writes"] - 1) * SPACING
    floor = max(primary, secondary, stats["requests"] * LATENCY / THREADS)
    print(
        f"run {number}: {seconds:.0f} s, the limits allow {floor:.0f} s at least ({stats['requests']} requests, "
        f"{stats['writes']} of them writes): ratio {seconds / max(floor, 1e-9):.2f}; memory {told['memory']:.0f} MB; "
        f"{told['states']}; {stats['pulls']} requests on {stats['with']} feedstocks",
        flush=True,
    )
    if number == 1:
        figure("bot's first run beside GitHub's limits", seconds / max(floor, 1e-9), RATIO)
    good = stats["pulls"] == stats["with"] == outdated and told["memory"] <= MEMORY
    return bool(good and (number > 1 or seconds <= RATIO * floor))


def serve(folder: Path, feedstocks: int) -> int:
    """GitHub, until there is no more to read; each line that comes is answered with what stands."""
    with GitHub(folder, latency=LATENCY) as github:
        github.user("bot", token=TOKEN)
        github.limit = Limit(most=MOST, window=WINDOW)
        for number in range(feedstocks):
            name = f"f{number:04}"
            github.repository(f"conda-forge/{name}-feedstock", feedstock_files(name))
        print(github.url, flush=True)
        for _ in sys.stdin:
            pulls = Counter({one.full_name: len(one.pulls) for one in github.repositories.values() if one.pulls})
            stats = {
                "requests": len(github.requests),
                "writes": sum(one.method != "GET" for one in github.requests),
                "pulls": sum(pulls.values()),
                "with": len(pulls),
            }
            github.forget()
            print(json.dumps(stats), flush=True)
    return 0


def bot(folder: Path, url: str, feedstocks: int, outdated: int) -> int:
    """One run, as a program of its own: its memory is the bot's alone."""
    every = feedstocks // outdated
    names = [f"f{number:04}" for number in range(feedstocks)]
    decider = Mover(versions={name: "2.0" for number, name in enumerate(names) if number % every == 0})
    settings = Settings(
        workspace=folder,
        cache=folder / "cache",
        feedstock_url=f"{url}/conda-forge/{{name}}-feedstock",
        bot=BotSettings(per_run=10_000),
    )
    observer = Silent()
    with ExitStack() as stack:
        http = stack.enter_context(Http(cache=None, timeout=30))
        client = Client(http, Token(TOKEN), api_url=f"{url}/api/v3", observer=observer, spacing=SPACING)
        clones = Clones(folder / "clones", environment=client.git_environment)
        executor = stack.enter_context(ThreadPoolExecutor(THREADS))
        destination = GitHubDestination(
            forge=client, clones=clones, repository=lambda name: full_name_of(settings, name)[0]
        )
        connections = Connections(
            ledger=stack.enter_context(Ledger.open(folder / "ledger.sqlite")),
            clones=clones,
            destination=destination,
            executor=executor,
            observer=observer,
            forge=client,
        )
        lines = [ReleaseLine(name=name) for name in names]
        begin = time.monotonic()
        looked_in = 0.0

        def looked() -> Any:
            nonlocal looked_in
            found = look(lines, settings=settings, clones=clones, executor=executor, observer=observer)
            looked_in = time.monotonic() - begin
            return found

        result = BotRun(connections=connections, settings=settings.bot, look=looked, decider=decider).run()
    states = Counter(one.state for one in result.outcomes)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told = {"memory": memory, "states": f"{dict(states)}, looked in {looked_in:.0f} s"}
    print(json.dumps(told), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

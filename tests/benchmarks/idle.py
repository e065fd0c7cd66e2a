"""A turn of the bot that finds nothing new, over very many feedstocks.

    PYTHONPATH=src:tests python tests/benchmarks/idle.py

makes 300 feedstocks, each of a project of an index, runs `dirac-forge bot run --pr` until nothing is left to do, and
then once more: prints the time and the requests of that turn. Exits with 1 where they are more than 5 s or 20 requests
to GitHub.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import resource
import sys
import tempfile
import time
from contextlib import redirect_stdout
from pathlib import Path

from figures import figure

from cli.test_bot import recipe, release
from dirac_forge.cli import main as program
from support.bots import TOKEN
from support.channel import pkg, write_channel
from support.github import GitHub
from support.index import PackageIndex

MOST_SECONDS = 5.0
MOST_REQUESTS = 20


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feedstocks", type=int, default=300)
    count = parser.parse_args().feedstocks
    names = [f"project{number:03}" for number in range(count)]
    with tempfile.TemporaryDirectory(prefix="dirac-forge-idle-") as folder:
        root = Path(folder)
        channel = write_channel(root / "channel", {"noarch": [pkg("target 1.0", noarch="python")], "linux-64": []})
        files = {name: {f"{name}-1.0.tar.gz": release(name, "1.0")} for name in names}
        with GitHub(root / "github") as github, PackageIndex(files) as index:
            github.user("bot", token=TOKEN)
            for name in names:
                made: dict[str, str | bytes] = {"recipe/recipe.yaml": recipe(name), "conda-forge.yml": "bot: {}\n"}
                github.repository(f"conda-forge/{name}-feedstock", made)
                for path, text in made.items():
                    place = root / "workspace/feedstocks" / name / path
                    place.parent.mkdir(parents=True, exist_ok=True)
                    place.write_text(str(text), encoding="utf-8")
            (root / "workspace/pyproject.toml").write_text(
                f'[tool.dirac-forge]\nchannels = ["{channel}"]\nplatforms = ["linux-64"]\npythons = ["3.12"]\n'
                f'feedstock-url = "{github.url}/conda-forge/{{name}}-feedstock"\ncache = "{root / "cache"}"\n'
                '[tool.dirac-forge.targets.target]\nspecs = ["target"]\n',
                encoding="utf-8",
            )
            os.environ |= {"GITHUB_API_URL": github.api_url, "GITHUB_TOKEN": TOKEN}
            good = False
            for turn in ("first", "idle"):
                good = measured(turn, root / "workspace", github, index)
    return 0 if good else 1


def measured(turn: str, workspace: Path, github: GitHub, index: PackageIndex) -> bool:
    """One turn; whether it was idle and cheap."""
    github.forget()
    begin, cpu = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_utime
    said = io.StringIO()
    with redirect_stdout(said):
        code = program(["bot", "run", "--pr", "--json", "--workspace", str(workspace), "--index-url", index.url])
    seconds, cpu = time.monotonic() - begin, resource.getrusage(resource.RUSAGE_SELF).ru_utime - cpu
    api, by_git = len(github.requests), len(github.git_requests)
    idle = json.loads(said.getvalue()).get("idle", False)
    print(
        f"{turn} turn: exit {code}, {seconds:.1f} s ({cpu:.1f} s of CPU, also the servers'), "
        f"{api + by_git} requests to GitHub ({by_git} by git), idle: {idle}",
        flush=True,
    )
    if turn == "idle":
        figure("an idle turn of the bot", cpu, MOST_SECONDS, unit="s of CPU")
        figure("an idle turn, to GitHub", api + by_git, MOST_REQUESTS, unit="requests")
    return bool(code == 0 and idle and api + by_git <= MOST_REQUESTS and cpu <= MOST_SECONDS)


if __name__ == "__main__":
    sys.exit(main())

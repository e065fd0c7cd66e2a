"""Processor time of `build` next to that of rattler-build alone, for a few recipes; run by hand.

    python tests/benchmarks/builds.py CHANNEL RECIPE_FOLDER…

CHANNEL is a channel in a folder with Python and build backends. Sources come from the network once.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from dirac_forge.build import session
from dirac_forge.build.isolation import Isolation, working
from dirac_forge.build.model import BuildReport
from dirac_forge.build.session import BuildRequest, run_builds
from dirac_forge.channel.virtual import this_platform
from dirac_forge.check.why_not import why_not
from dirac_forge.cli.console import Terminal
from dirac_forge.cli.context import Context
from dirac_forge.cli.options import Options
from dirac_forge.feedstock.workspace import FeedstockFolder, read_workspace

ALONE = """
import sys
from pathlib import Path
from rattler_build import PlatformConfig, RenderConfig, Stage0Recipe, ToolConfiguration, VariantConfig
platform, python, out, channel, *recipes = sys.argv[1:]
machine = PlatformConfig(target_platform=platform, build_platform=platform, host_platform=platform)
for recipe in recipes:
    for one in Stage0Recipe.from_file(recipe).render(
        VariantConfig({"python_min": [python]}), RenderConfig(platform=machine)
    ):
        tools = ToolConfiguration(test_strategy="native", compression_threads=1)
        one.run_build(tool_config=tools, output_dir=out, channels=[channel])
"""


def counted() -> None:
    """Isolate by `unshare` where that works: bwrap does not wait for its child, whose time would not be counted."""
    kind: Isolation = "unshare" if "unshare" in working() else "none"
    vars(session)["detect"] = lambda: kind
    os.environ["DIRAC_FORGE_UNISOLATED_BUILDS"] = "1"


def spent() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def ours(folder: Path, channel: Path, recipes: list[Path], *, force: bool) -> tuple[float, float, BuildReport]:
    """Processor seconds, seconds, and what was built; targets are not installed."""
    begun, started = spent(), time.monotonic()
    options = Options(workspace=folder, channel=(str(channel),), quiet=True)
    with Terminal(quiet=True) as observer, Context.of(options, os.environ, observer) as context:
        folders = tuple(FeedstockFolder(recipe.name, recipe) for recipe in recipes)
        request = BuildRequest(folders=folders, jobs=1, force=force, install=False)
        report = run_builds(context, read_workspace(folder), request, explain=why_not)
    return spent() - begun, time.monotonic() - started, report


def main() -> None:
    counted()
    channel, *recipes = (Path(text).absolute() for text in sys.argv[1:])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ours(folder, channel, recipes, force=False)  # downloads sources, fills caches
        cpu, wall, report = ours(folder, channel, recipes, force=True)
        local = sorted((folder / "build" / "sources").rglob("*.tar.gz"))
        begun = spent()
        copies = [copy(recipe, folder / "alone" / recipe.name, local) for recipe in recipes]
        python = f"{sys.version_info.major}.{sys.version_info.minor}"
        arguments = [this_platform(), python, str(folder / "out"), channel.as_uri(), *map(str, copies)]
        alone = [sys.executable, "-c", ALONE, *arguments]
        subprocess.run(alone, check=False, capture_output=True)
        first = spent() - begun
        begun = spent()
        subprocess.run(alone, check=False, capture_output=True)
        again = spent() - begun
        _, second, _ = ours(folder, channel, recipes, force=False)
    for one in report.packages:
        print(f"{one.output}: {one.status}")
    print(f"build: {cpu:.1f} s of processor, {wall:.1f} s")
    print(f"rattler-build alone: {min(first, again):.1f} s of processor")
    print(f"unchanged: {second:.1f} s")


def copy(recipe: Path, place: Path, archives: list[Path]) -> Path:
    """The recipe with its source from a file."""
    text = (recipe / "recipe" / "recipe.yaml").read_text(encoding="utf-8")
    lines = text.splitlines()
    for at, line in enumerate(lines):
        if line.strip().startswith("url: "):
            digest = next(each.split()[-1] for each in lines[at:] if "sha256:" in each)
            archive = next(path for path in archives if digest in str(path))
            lines[at] = line.partition("url:")[0] + f"url: {archive.as_uri()}"
    place.mkdir(parents=True)
    (place / "recipe.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return place / "recipe.yaml"


if __name__ == "__main__":
    main()

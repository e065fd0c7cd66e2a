"""All checks, as one command: `python tests`.

Needs only Python and git: what the checks are made with goes into `.venv` beside this folder, anew where pyproject.toml
has changed. `--here` uses the packages of the Python that runs it instead; names of steps run only these. Where npm is
there too, GitHub's description of its API goes into `.openapi`, for the tests that hold requests to it, and what drives
a browser into `tools/site/node_modules`; as root with apt-get chromium is installed for it.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import venv
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STEPS: dict[str, list[tuple[str, ...]]] = {
    "format": [("ruff", "format", "--check", ".")],
    "lint": [("ruff", "check", ".")],
    "types": [("mypy",)],
    "layers": [("lint-imports",)],
    "docs": [("mkdocs", "build", "--strict", "--quiet", "--site-dir", "build/site")],
    "tests": [
        ("coverage", "erase"),
        ("coverage", "run", "-m", "pytest", "-n", "auto"),
        ("coverage", "combine", "--quiet"),
        ("coverage", "report"),
    ],
}
"""Name of a step to its commands, which run until one fails."""
DESCRIPTION = ("@octokit/openapi", "23.0.2", "71a18407dd5e8464f4e0525daf03deabbe65abd9287d6adc7b5d98f516cd0d0c")
"""The npm package with GitHub's description of its REST API, its version, and the SHA-256 of its tarball."""
BROWSER = {"chromium": "chromium", "node": "nodejs", "npm": "npm"}
"""Program to Debian's package of it, for the tests of the status site."""
PYTEST_SUMMARY = re.compile(r"=+ .*\b(passed|failed|error|errors|no tests ran)\b.* in [\d.]+s.*=+")


def main() -> int:
    """Run the steps, and return 0 where every step succeeded."""
    if sys.version_info < (3, 11):  # noqa: UP036  # the user may not know
        sys.exit("dirac-forge needs Python 3.11 or newer; this is " + sys.version.split()[0])
    parser = argparse.ArgumentParser(prog="python tests", description="Run all checks, or some.")
    parser.add_argument("steps", nargs="*", metavar="STEP", help=f"one of {', '.join(STEPS)} (default: all)")
    parser.add_argument("--here", action="store_true", help="use the packages of this Python, not those of .venv")
    arguments = parser.parse_args()
    unknown = set(arguments.steps) - set(STEPS)
    if unknown:
        parser.error(f"no such step: {', '.join(sorted(unknown))}; expected {', '.join(STEPS)}")
    python = sys.executable if arguments.here else environment(ROOT / ".venv")
    fetching = threading.Thread(target=fetch_browser, args=(ROOT / "tools/site",))
    if "tests" in (arguments.steps or STEPS):
        fetching.start()
        describe(ROOT / ".openapi")
    steps = tuple(arguments.steps or STEPS)
    others = [step for step in steps if step != "tests"]
    with ThreadPoolExecutor(max_workers=2) as executor:  # the tests then take every core
        # The longest first: the others run beside it, and each prints what it said when it ends.
        longest_first = sorted(others, key=lambda step: step != "types")
        well = dict(zip(longest_first, executor.map(partial(check, python), longest_first), strict=True))
    summary = ""
    if "tests" in steps:
        fetching.join()
        start = time.monotonic()
        well["tests"], summary = run(python, "tests", partial(print, end="", flush=True))
        conclude("tests", start, well=well["tests"])
    failed = [step for step in steps if not well[step]]
    say(f"failed: {', '.join(failed)}" if failed else "all steps succeeded")
    print(summary, flush=True)
    return 1 if failed else 0


def check(python: str, step: str) -> bool:
    """Return whether a step succeeded, having printed at once all that it said."""
    start = time.monotonic()
    lines: list[str] = []
    well, _ = run(python, step, lines.append)
    print("".join(lines), end="", flush=True)
    conclude(step, start, well=well)
    return well


def conclude(step: str, start: float, *, well: bool) -> None:
    """Say how a step ended, and how long it took since `start`."""
    say(f"{step}: {'ok' if well else 'FAILED'} ({time.monotonic() - start:.0f} s)")


def run(python: str, step: str, show: Callable[[str], object]) -> tuple[bool, str]:
    """Return whether a step succeeded, and pytest's summary line if it ran pytest; `show` gets each line."""
    closing = ""
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONUNBUFFERED": "1"}
    programs = f"{Path(python).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    for name, *options in STEPS[step]:
        say(f"{step}: {' '.join([name, *options])}")
        process = subprocess.Popen(
            [shutil.which(name, path=programs) or name, *options],
            cwd=ROOT,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        with process:
            for line in process.stdout or ():
                show(line)
                closing = line.strip() if PYTEST_SUMMARY.fullmatch(line.strip()) else closing
        if process.returncode != 0:
            return False, closing
    return True, closing


def environment(folder: Path) -> str:
    """Return the Python of a virtual environment with everything that the checks need."""
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes() + sys.version.encode()).hexdigest()
    stamp = folder / "made-for"
    if not (python.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == wanted):
        say(f"making {folder}")
        venv.create(folder, clear=True, with_pip=True)
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        subprocess.run([*pip, "--upgrade", "pip>=25.1"], check=True)  # the first that knows --group
        subprocess.run(
            [*pip, "--editable", ".", "--group", "test", "--group", "lint", "--group", "docs"], check=True, cwd=ROOT
        )
        stamp.write_text(wanted, encoding="utf-8")
    return str(python)


def describe(folder: Path) -> None:
    """Fetch GitHub's description of its API as data; without it the tests that need it are skipped."""
    package, version, digest = DESCRIPTION
    name, stamp = "api.github.com.json", folder / "made-for"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == digest:
        return
    npm = shutil.which("npm")
    if npm is None:
        say(f"npm is not there: the tests that need {package} are skipped")
        return
    say(f"fetching {package}@{version}")
    with tempfile.TemporaryDirectory() as temporary:
        options = ["--silent", "--ignore-scripts", "--fetch-retries=0", "--fetch-timeout=60000"]
        try:
            subprocess.run(
                [npm, "pack", f"{package}@{version}", *options, "--pack-destination", temporary],
                check=True,
                timeout=300,
                stdout=subprocess.DEVNULL,
            )
            (tarball,) = Path(temporary).glob("*.tgz")
            if hashlib.sha256(tarball.read_bytes()).hexdigest() != digest:
                raise ValueError(f"the tarball's SHA-256 is not {digest}")
            with tarfile.open(tarball) as packed:
                content = packed.extractfile(f"package/generated/{name}")
                assert content is not None
                folder.mkdir(exist_ok=True)
                (folder / name).write_bytes(content.read())
        except (OSError, ValueError, KeyError, subprocess.SubprocessError, tarfile.TarError) as error:
            say(f"{package} can't be fetched ({error}): the tests that need it are skipped")
            return
    stamp.write_text(digest, encoding="utf-8")


def fetch_browser(folder: Path) -> None:
    """Install chromium (as root, with apt-get) and what drives it; without them the tests that need it are skipped."""
    missing = [package for program, package in BROWSER.items() if shutil.which(program) is None]
    apt = shutil.which("apt-get")
    try:
        if missing and apt is not None and getattr(os, "geteuid", lambda: 1)() == 0:
            environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            install = ["install", "--yes", "--no-install-recommends", *missing]
            for arguments in (["update"], install):
                subprocess.run([apt, "-qq", *arguments], env=environ, timeout=400, check=True, capture_output=True)
        npm = shutil.which("npm")
        if npm is not None and not (folder / "node_modules/playwright-core").is_dir():
            options = ["--silent", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=0"]
            subprocess.run([npm, "ci", *options], cwd=folder, timeout=300, check=True, capture_output=True)
    except (OSError, subprocess.SubprocessError) as error:
        say(f"a browser can't be installed ({error}): the tests that need one are skipped")


def say(text: str) -> None:
    """Print a line of this program."""
    print(f"--- {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())

"""Hostile input for the whole program, by hand: each case in a child process whose memory and time are measured.

    PYTHONPATH=$PWD/src:$PWD/tests python tests/hostile.py [PART OF A CASE'S NAME]…

A case is handled where the exit code is 0 to 3 (130 or 141 for signals), nothing raw and no traceback reaches the
terminal, and the child takes less than 60 s and 1 GB. The exit code is 1 where some case is not handled.
"""

from __future__ import annotations

import json
import os
import re
import resource
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from support.archives import metadata, sdist, wheel
from support.index import IndexFile, PackageIndex

SECONDS = 60
MEGABYTES = 1000
DIGITS = "9" * 5000
NASTY = "a\x1b[2J\u202eb"


@dataclass(frozen=True, kw_only=True)
class Case:
    """One run of the program."""

    name: str
    command: Sequence[str]
    files: Mapping[str, str | bytes] = field(default_factory=dict)
    """Below the workspace."""
    projects: Mapping[str, Mapping[str, bytes | IndexFile]] = field(default_factory=dict)
    """On the index, which `{index}` in the command stands for."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Environment variables."""
    talk: tuple[bytes, bytes, float] | None = None
    """What a host says, which `{server}` in the command stands for: a beginning, then a piece again and again, with
    seconds between."""
    prepare: Callable[[Path], object] | None = None
    """Makes what is not a file in the workspace."""


def lines(*fields: str) -> dict[str, bytes]:
    return {
        "demo-1.0-py3-none-any.whl": wheel("demo", "1.0", *fields),
        "demo-1.0.tar.gz": sdist("demo", "1.0", {"x": ""}),
    }


def source(files: Mapping[str, str | bytes]) -> dict[str, bytes]:
    return {"demo-1.0.tar.gz": sdist("demo", "1.0", dict(files))}


RECIPE = ("recipe", "demo", "--index-url", "{index}", "--deps", "none")
TREE = ("recipe", "demo", "--index-url", "{index}")


def archives() -> Iterator[Case]:
    """Yield wheels and source archives."""
    setups = {
        "dotted import": "import " + ".".join(["a"] * 50_000),
        "sum": "x = " + " + ".join(["1"] * 20_000),
        "multiplied": "\n".join(
            ["x0 = ['aaaaaaaa'] + ['b'] * 7", *(f"x{n} = [{', '.join([f'x{n - 1}'] * 8)}]" for n in range(1, 10))]
        )
        + "\nfrom setuptools import setup\nsetup(name='demo', install_requires=x9)",
        "many": "from setuptools import setup\nsetup(name='demo', install_requires=[" + "'a'," * 60_000 + "])",
    }
    for name, text in setups.items():
        yield Case(name=f"setup.py {name}", command=RECIPE, projects={"demo": source({"setup.py": text})})
    nested = "[" * 5000
    for name, text in {
        "toml nested": f"x = {nested}",
        "toml dotted": "a" + ".a" * 20_000 + " = 1",
        "toml digits": f"x = {DIGITS}",
        "toml build requires": '[build-system]\nrequires = ["x @ https://e/$(id)", "../../x", "y; ' + "(" * 3000 + '"]',
    }.items():
        yield Case(
            name=name,
            command=RECIPE,
            projects={"demo": source({"pyproject.toml": text, "PKG-INFO": metadata("demo", "1.0")})},
        )
    for name, fields in {
        "requires digits": (f"Requires-Dist: x=={DIGITS}",),
        "requires many": tuple(f"Requires-Dist: p{n}" for n in range(50_000)),
        "requires url": (
            "Requires-Dist: x @ https://e/$(id);python_version>'3'",
            "Requires-Dist: y @ file:///etc/passwd",
        ),
        "requires nested": (f"Requires-Dist: x; {'(' * 5000}os_name == 'a'",),
        "extras many": tuple(f"Provides-Extra: e{n}" for n in range(3000))
        + tuple(f"Requires-Dist: demo[e{n + 1}]; extra == 'e{n}'" for n in range(3000))
        + ("Requires-Dist: demo[e0]",),
        "controls": (
            f"Summary: {NASTY}",
            f"License: {NASTY}",
            f"Requires-Dist: {NASTY}",
            f"Home-page: http://[{NASTY}",
        ),
        "python digits": (f"Requires-Python: >={DIGITS}",),
        "license files": ("License-File: ../../etc/passwd", "License-File: /etc/passwd"),
        "urls": ("Project-URL: Source, http://[", "Project-URL: Home, //[", f"Project-URL: x, https://e/{DIGITS}"),
    }.items():
        yield Case(name=name, command=TREE, projects={"demo": lines(*fields)})
    chain = {
        f"p{n}": {f"p{n}-1.0-py3-none-any.whl": wheel(f"p{n}", "1.0", f"Requires-Dist: p{n + 1}")} for n in range(3000)
    }
    yield Case(name="endless chain", command=TREE, projects={"demo": lines("Requires-Dist: p0"), **chain})
    good = sdist("demo", "1.0", {"PKG-INFO": metadata("demo", "1.0")})
    yield Case(
        name="hash abc",
        command=RECIPE,
        projects={"demo": {"demo-1.0.tar.gz": IndexFile(content=good, sha256="abc")}},
    )


META = """\
{{% set version = "1.0" %}}
package:
  name: demo
  version: {{{{ version }}}}
source:
  url: {url}
  sha256: {sha256}
build:
  number: {number}
  noarch: python
requirements:
  host: [python, pip]
  run: [{run}]
"""


def meta(
    *,
    url: str = "https://example.org/demo-{{ version }}.tar.gz",
    sha256: str = "0" * 64,
    number: str = "0",
    run: str = "python",
) -> str:
    return META.format(url=url, sha256=sha256, number=number, run=run)


BUMP = ("bump", "demo", "--to", "2.0", "--no-check", "--offline")


def recipes() -> Iterator[Case]:
    """Yield recipes and the files next to them."""
    place = "feedstocks/demo/recipe/meta.yaml"
    for name, text in {
        "number digits": meta(number=DIGITS),
        "number superscript": meta(number="²"),
        "sum": meta(number="{{ 1" + " + 1" * 5000 + " }}"),
        "filters": meta(number="{{ x" + " | e" * 5000 + " }}"),
        "attributes": meta(number="{{ x" + ".y" * 5000 + " }}"),
        "url": meta(url="http://["),
        "lists": meta(run="{{ [[[['a'] * 900] * 900] * 900] * 900 }}"),
        "spec": meta(run="'python " + "[" * 5000 + "'"),
        "selector": meta() + "  # [" + "not " * 5000 + "win]\n",
        "literal": meta(number="{{ " + DIGITS + " }}"),
    }.items():
        for command in (BUMP, ("check", "demo", "--with", "demo", "--offline")):
            yield Case(name=f"meta.yaml {name}, {command[0]}", command=command, files={place: text})
    merged = "a: &a\n  <<: *a\n"
    bomb = "a0: &a0 {}\n" + "".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 10))
    for name, text in {"merge": merged, "bomb": bomb, "brackets": "[" * 5000, "digits": f"x: {DIGITS}\n"}.items():
        for other in ("conda-forge.yml", "recipe/conda_build_config.yaml", ".ci_support/linux_64_.yaml"):
            files = {place: meta(), f"feedstocks/demo/{other}": text}
            yield Case(name=f"{other} {name}", command=("check", "demo", "--with", "demo", "--offline"), files=files)
        yield Case(
            name=f"migration {name}",
            command=("migrate", "plan", "m", "--offline"),
            files={"migrations/m.yaml": text, place: meta()},
        )


def arguments() -> Iterator[Case]:
    """Yield what is typed, and settings."""
    for to in ("latest", " ", "../../x", "{{ x }}", DIGITS, "[", "²"):
        yield Case(
            name=f"--to {to[:10]}",
            command=("bump", "demo", "--to", to, "--offline", "--no-check"),
            files={"feedstocks/demo/recipe/meta.yaml": meta()},
        )
    for command in (
        ("migrate", "plan", "M", "--target", "["),
        ("bot", "sweep", "https://[/pull/1"),
        ("bot", "run", "--every", f"{DIGITS}h"),
        ("check", "[" * 5000),
        ("check", "--python", DIGITS, "x"),
        ("recipe", NASTY),
        ("lock", "[" * 5000),
    ):
        yield Case(name=" ".join(command)[:40], command=(*command, "--offline"))
    for key, value in {"TIMEOUT": DIGITS, "CONNECTIONS": "²", "INDEX_URL": "http://["}.items():
        yield Case(name=f"setting {key}", command=("doctor",), settings={f"DIRAC_FORGE_{key}": value})
    yield Case(name="recipe digits", command=("recipe", f"six=={DIGITS}"))
    yield Case(name="check long name", command=("check", "a" * 100_000))
    for key in ("HTTP_PROXY", "HTTPS_PROXY"):
        yield Case(name=f"proxy {key}", command=("recipe", "six"), settings={key: "http://["})


OK = b"HTTP/1.1 200 OK\r\n"
PAGE = OK + b"Content-Type: application/vnd.pypi.simple.v1+json\r\n"


def servers() -> Iterator[Case]:
    """Yield hosts that answer slowly, or without end."""
    for name, talk in {
        "status": (b"HTTP/1.1 200 ", b"O", 0.5),
        "header": (OK + b"X: ", b"a", 0.5),
        "interim": (b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.002),
        "headers": (OK, b"X: a\r\n", 0.0),
        "body": (PAGE + b"\r\n", b" ", 0.5),
        "endless": (PAGE + b"\r\n", b" " * 65536, 0.0),
        "chunks": (PAGE + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n", 0.01),
        "html": (OK + b"Content-Type: text/html\r\n\r\n" + b"<![" * 50_000, b"<!--", 0.001),
    }.items():
        index = ("recipe", "demo", "--index-url", "{server}/simple/", "--deps", "none")
        for command in (index, ("check", "python", "--channel", "{server}")):
            yield Case(name=f"server {name}, {command[0]}", command=command, talk=talk)


def workspaces() -> Iterator[Case]:
    """Yield folders with what is not a file, and channels that no tool would write."""
    recipe = {"feedstocks/demo/recipe/meta.yaml": meta()}
    for name, prepare in {
        "pipe for conda-forge.yml": lambda root: os.mkfifo(root / "feedstocks/demo/conda-forge.yml"),
        "endless variants": lambda root: (root / "feedstocks/demo/recipe/conda_build_config.yaml").symlink_to(
            "/dev/zero"
        ),
        "link to itself": lambda root: (root / "feedstocks/loop").symlink_to("loop"),
        "bytes for archived.txt": lambda root: (root / "feedstocks/archived.txt").write_bytes(b"\xff\xfe"),
        "pipe for settings": lambda root: os.mkfifo(root / "pyproject.toml"),
    }.items():
        for command in (("bump", "--offline", "--no-check"), ("migrate", "list"), ("bot", "run", "--offline")):
            yield Case(name=f"{name}, {' '.join(command[:2])}", command=command, files=recipe, prepare=prepare)
    records: dict[str, dict[str, object]] = {
        "needs": {"depends": [f"b{number}" for number in range(50_000)]},
        "globs": {"depends": ["*", "^x$", "b[build='\x1b[2J']"]},
        "date": {"timestamp": 10**17},
        "build": {"build": NASTY},
    }
    for name, record in records.items():
        entry: dict[str, object] = {
            "name": "a",
            "version": "1",
            "build": "0",
            "build_number": 0,
            "depends": [],
            "subdir": "linux-64",
        }
        files = {
            "snapshot/noarch/repodata.json": '{"packages": {}}',
            "snapshot/linux-64/repodata.json": json.dumps({"packages": {"a-1-0.tar.bz2": entry | record}}),
        }
        for words in (["check", "a"], ["snapshot", "a", "--output", "o"], ["audit", "a"]):
            asked = (*words, "--channel", "snapshot")
            yield Case(name=f"repodata {name}, {words[0]}", command=asked, files=files)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a case."""

    code: int
    seconds: float
    megabytes: int
    output: str

    @property
    def problem(self) -> str:
        """Why it is not handled, "" where it is."""
        if self.code not in {0, 1, 2, 3}:
            return f"exit code {self.code}"
        if re.search(r"Traceback|internal error", self.output):
            return "a traceback or internal error"
        if re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", self.output):
            return "control characters on the terminal"
        if self.seconds > SECONDS:
            return f"{self.seconds:.0f} s"
        return f"{self.megabytes} MB" if self.megabytes > MEGABYTES else ""


def run(case: Case) -> Outcome:
    """Run a case in a fresh workspace."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        command = list(case.command)
        if case.projects:
            index = stack.enter_context(PackageIndex(case.projects))
            command = [word.replace("{index}", index.url) for word in command]
        if case.talk is not None:
            url = stack.enter_context(talking(*case.talk))
            command = [word.replace("{server}", url) for word in command]
        for name, content in case.files.items():
            path = folder / "workspace" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        (folder / "workspace").mkdir(exist_ok=True)
        if case.prepare is not None:
            case.prepare(folder / "workspace")
        for platform in ("noarch", "linux-64"):
            (folder / "channel" / platform).mkdir(parents=True)
            (folder / "channel" / platform / "repodata.json").write_text(
                '{"packages": {}, "packages.conda": {}}', encoding="utf-8"
            )
        environment = {**os.environ, "DIRAC_FORGE_CACHE": str(folder / "cache"), **case.settings}
        command += [] if "--channel" in command else ["--channel", str(folder / "channel")]
        command += ["--platform", "linux-64", "--python", "3.12"] if case.command[0] not in ("migrate", "bot") else []
        start = time.monotonic()
        with subprocess.Popen(
            [sys.executable, "-m", "dirac_forge", *command],
            cwd=folder / "workspace",
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as process:
            try:
                output, _ = process.communicate(timeout=2 * SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                output, _ = process.communicate()
        seconds = time.monotonic() - start
        return Outcome(
            code=process.returncode, seconds=seconds, megabytes=_peak(), output=output.decode("utf-8", "replace")
        )


@contextmanager
def talking(start: bytes, piece: bytes, pause: float) -> Iterator[str]:
    """Serve each request with `start`, then `piece` again and again; the host's URL."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def talk(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                connection.recv(65536)
                connection.sendall(start)
                while True:
                    connection.sendall(piece)
                    time.sleep(pause)

        def serve() -> None:
            with suppress(OSError):
                while True:
                    threading.Thread(target=talk, args=(listening.accept()[0],), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def _peak() -> int:
    """Return the largest memory of any child so far: each case runs in a process of its own for that."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024


def main(argv: Sequence[str]) -> int:
    """Run the cases whose name has one of the arguments in it, all without."""
    makers: tuple[Callable[[], Iterator[Case]], ...] = (archives, recipes, arguments, servers, workspaces)
    cases = [case for make in makers for case in make() if not argv or any(part in case.name for part in argv)]
    bad = 0
    for case in cases:
        number = os.fork()
        if number == 0:
            outcome = run(case)
            word = "BAD" if outcome.problem else "ok "
            cost = f"{outcome.seconds:5.1f} s {outcome.megabytes:5d} MB"
            print(f"{word} {outcome.code} {cost}  {case.name}  {outcome.problem}", flush=True)
            if outcome.problem:
                print("    " + outcome.output[-600:].replace("\n", "\n    "), flush=True)
            os._exit(bool(outcome.problem))
        bad += os.waitstatus_to_exitcode(os.waitpid(number, 0)[1]) != 0
    print(f"{len(cases) - bad} of {len(cases)} handled")
    return int(bad > 0)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

"""The child process that runs rattler-build: one job in a JSON file in, one answer in a JSON file out.

A script of its own that imports nothing of dirac-forge, so that it runs in a sandbox or a container with `python -I`.
The answer is renamed into place before the interpreter exits, because rattler may abort at exit after its work is done.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

Job = dict[str, Any]
Answer = dict[str, Any]
_MOST_PROCESSES = 4096
"""Of one job, threads included, as in a container."""
_GRACE = 10.0
"""Seconds in which what a script left running may end by itself."""
_ENDED = "Z"
"""The state of a process that has ended and that its parent has not waited for (proc(5))."""


def main(job_path: str, answer_path: str, log_path: str) -> None:
    """Do the job and write the answer; leave at once, without the interpreter's own exit."""
    job = json.loads(Path(job_path).read_text(encoding="utf-8"))
    _limit(job.get("memory"))
    with Path(log_path).open("a", buffering=1, encoding="utf-8", errors="replace") as log:
        if job["alone"] and os.getppid() == 1:
            _watch(log)
        started = time.monotonic()
        try:
            answer = _MODES[job["mode"]](job, log)
        except Exception as error:  # noqa: BLE001  # whatever it is, the parent process reads it
            answer = {"error": _words(error), "type": type(error).__name__}
            log.write(f"{answer['error']}\n")
        answer["seconds"] = time.monotonic() - started
        log.flush()
    fresh = Path(f"{answer_path}.new")
    fresh.write_text(json.dumps(answer), encoding="utf-8")
    fresh.replace(answer_path)
    os._exit(0)


def _limit(memory: int | None) -> None:
    """Limit the data of this process and of those that it starts."""
    if os.name == "posix":
        import resource  # noqa: PLC0415

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if _counts_alone():
            _, most = resource.getrlimit(resource.RLIMIT_NPROC)
            few = _MOST_PROCESSES if most == resource.RLIM_INFINITY else min(most, _MOST_PROCESSES)
            resource.setrlimit(resource.RLIMIT_NPROC, (few, few))
        if memory:
            resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))


def _watch(log: TextIO) -> None:
    """Start the process that ends leftovers. A thread would stand still: rattler-build does not let others run."""
    engine = os.getpid()
    if os.fork():
        return
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):  # whoever waits for the end of what is printed must not wait for this process
        os.dup2(nowhere, stream)
    _end_leftovers(log, engine)
    os._exit(0)


def _end_leftovers(log: TextIO, engine: int) -> None:
    """End what a script left running once it has ended itself: rattler-build waits as long as anybody may still print.

    For an engine that is the child of the first process of a namespace, as `bwrap`, a container's init or `enter.py`
    is. What a script leaves becomes a child of that one: an ended child of the engine is the script, which nobody has
    waited for yet.
    """
    me = os.getpid()
    since: float | None = None
    while os.getppid() == engine:
        time.sleep(1.0)
        known = {process: found for process, found in _processes().items() if process not in {1, me, engine}}
        scripts = [state for parent, state in known.values() if parent == engine]
        left = [process for process, (_, state) in known.items() if state != _ENDED]
        since = (since or time.monotonic()) if left and all(state == _ENDED for state in scripts) else None
        if since is None or time.monotonic() - since < _GRACE:
            continue
        log.write("the script has ended; processes that it left running are ended too\n")
        for process in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        since = None


def _processes() -> dict[int, tuple[int, str]]:
    """Return parent and state of every process that can be seen (proc(5))."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, parent, *_ = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            found[int(path.parent.name)] = int(parent), state
    return found


def _counts_alone() -> bool:
    """Whether this process is in a user namespace, in which other processes of the user do not count."""
    try:
        return Path("/proc/self/uid_map").read_text(encoding="ascii").split() != ["0", "0", "4294967295"]
    except OSError:  # not Linux
        return False


def _words(error: Exception) -> str:
    return str(getattr(error, "message", None) or error).removeprefix("PyRattlerBuildError: ")


class _Watch:
    """Writes what rattler-build says into the log as it comes."""

    def __init__(self, log: TextIO) -> None:
        self._log = log

    def on_log(self, event: Any) -> None:
        for line in str(event.message).splitlines():
            self._log.write(f"{line}\n")
        self._log.flush()

    def on_build_step(self, event: Any) -> None:
        self._log.write(f"== {event.step_name} {event.message}\n")

    def on_download_start(self, event: Any) -> None: ...
    def on_download_progress(self, event: Any) -> None: ...
    def on_download_complete(self, event: Any) -> None: ...


def _rendered(path: str, platform: str, variants: list[dict[str, str]]) -> list[Any]:
    """Return the outputs of a recipe, each once, over all variants."""
    from rattler_build import PlatformConfig, RenderConfig, Stage0Recipe, VariantConfig  # noqa: PLC0415

    machine = PlatformConfig(target_platform=platform, build_platform=platform, host_platform=platform)
    recipe = Stage0Recipe.from_file(path)
    found: dict[tuple[str, str, str], Any] = {}
    for values in variants or [{}]:
        config = VariantConfig({key: [value] for key, value in values.items()})
        for one in recipe.render(config, RenderConfig(platform=machine)):
            package = one.recipe.package
            found.setdefault((str(package.name), str(package.version), str(one.recipe.build.string)), one)
    return list(found.values())


def _render(job: Job, log: TextIO) -> Answer:
    answers: list[Answer] = []
    for asked in job["recipes"]:
        try:
            outputs = _rendered(asked["path"], job["platform"], asked["variants"])
            answers.append({"outputs": [_described(one) for one in outputs]})
        except Exception as error:  # noqa: BLE001  # each recipe by itself
            log.write(f"{asked['path']}: {_words(error)}\n")
            answers.append({"error": _words(error)})
    return {"recipes": answers}


def _described(one: Any) -> Answer:
    whole = one.recipe.to_dict()
    build, needs = whole.get("build") or {}, whole.get("requirements") or {}
    return {
        "name": str(one.recipe.package.name),
        "version": str(one.recipe.package.version),
        "build": str(one.recipe.build.string),
        "noarch": build.get("noarch"),
        "variant": {key: str(value) for key, value in one.variant.items()},
        "requirements": {part: needs.get(part) or [] for part in ("build", "host", "run")},
        "tests": whole.get("tests") or [],
        "licence_files": (whole.get("about") or {}).get("license_file") or [],
    }


def _build(job: Job, log: TextIO) -> Answer:
    from rattler_build import ToolConfiguration  # noqa: PLC0415

    outputs = _rendered(job["recipe"], job["platform"], job["variants"])
    key = (job["output"], job["build"])
    found = [one for one in outputs if (str(one.recipe.package.name), str(one.recipe.build.string)) == key]
    if not found:
        raise LookupError(f"the recipe does not render to {' '.join(key)} here")
    wanted = found[0]
    tools = ToolConfiguration(test_strategy="skip", keep_build=job["keep"], compression_threads=job["threads"])
    result = wanted.run_build(
        tool_config=tools,
        output_dir=job["folder"],
        channels=job["channels"],
        progress_callback=_Watch(log),
        no_include_recipe=True,
    )
    (package,) = result.packages
    return {"package": str(package), "tests": _tests(Path(package))}


def _tests(package: Path) -> list[Answer]:
    """Return the tests that a package carries, as far as their environments depend on them."""
    from rattler_build import CommandsTest, DownstreamTest, PackageContentsTest, PythonTest  # noqa: PLC0415
    from rattler_build import Package as Archive  # noqa: PLC0415

    found: list[Answer] = []
    for test in Archive.from_file(package).tests:
        entry: Answer = {"kind": type(test).__name__.removesuffix("Test").lower(), "index": test.index}
        if isinstance(test, PythonTest):
            version = test.python_version
            entry["pip_check"] = test.pip_check
            if version is not None and not version.is_none():
                entry["pythons"] = version.as_multiple() or [version.as_single()]
        elif isinstance(test, CommandsTest):
            entry |= {"run": test.requirements_run, "build": test.requirements_build, "script": test.script}
        elif isinstance(test, DownstreamTest):
            entry["downstream"] = test.downstream
        elif isinstance(test, PackageContentsTest):
            entry["contents"] = True
        found.append(entry)
    return found


def _test(job: Job, log: TextIO) -> Answer:
    from rattler_build import Package  # noqa: PLC0415

    package = Package.from_file(job["package"])
    runs = []
    for asked in job["runs"]:
        started = time.monotonic()
        log.write(f"== test {asked['index']} {asked['label']}\n")
        try:
            result = package.run_test(asked["index"], channel=asked["channels"], progress_callback=_Watch(log))
            run = {"passed": bool(result.success), "output": list(result.output)[-400:]}
        except Exception as error:  # noqa: BLE001  # each test by itself
            run = {"passed": False, "output": [*(getattr(error, "log", None) or ()), _words(error)][-400:]}
        runs.append({**run, "seconds": time.monotonic() - started})
        log.flush()
    return {"runs": runs}


def _listed(job: Job, log: TextIO) -> Answer:
    """Return the tests of a package that is there already."""
    del log
    return {"tests": _tests(Path(job["package"]))}


def _install(job: Job, log: TextIO) -> Answer:
    """Install all packages of a folder into a prefix, then run commands in it."""
    from rattler import RepoDataRecord, install  # noqa: PLC0415

    prefix = Path(job["prefix"])
    archives = sorted(Path(job["mirror"]).glob("*/*.conda")) + sorted(Path(job["mirror"]).glob("*/*.tar.bz2"))

    async def installed() -> None:
        records = [await RepoDataRecord.from_package_archive(archive) for archive in archives]
        await install(records=records, target_prefix=prefix, show_progress=False)

    started = time.monotonic()
    asyncio.run(installed())
    took = time.monotonic() - started
    programs = [prefix / "bin"] if os.name != "nt" else [prefix, prefix / "Library" / "bin", prefix / "Scripts"]
    path = os.pathsep.join([*map(str, programs), os.environ.get("PATH", "")])
    environment = {**os.environ, "PATH": path, "CONDA_PREFIX": str(prefix), "PREFIX": str(prefix)}
    answers = [_ran(command, environment, job["folder"], job["seconds"], log) for command in job["commands"]]
    return {"packages": len(archives), "installed": took, "commands": answers}


def _ran(command: str, environment: dict[str, str], folder: str, seconds: float, log: TextIO) -> Answer:
    log.write(f"+ {command}\n")
    started = time.monotonic()
    # The commands are those of a recipe's tests, which are lines for a shell.
    shell = ["cmd", "/d", "/c", command] if os.name == "nt" else ["bash", "-c", command]
    try:
        done = subprocess.run(
            shell,
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=seconds,
            check=False,
        )
        code, raw = done.returncode, done.stdout
    except subprocess.TimeoutExpired as error:
        code, raw = -1, (error.stdout or b"") + f"\nno end within {seconds:g} s\n".encode()
    text = raw.decode("utf-8", errors="replace")[-_LONGEST:]
    log.write(text)
    return {"command": command, "code": code, "output": text, "seconds": time.monotonic() - started}


_LONGEST = 20_000
_MODES: dict[str, Callable[[Job, TextIO], Answer]] = {
    "render": _render,
    "build": _build,
    "test": _test,
    "tests": _listed,
    "install": _install,
}

if __name__ == "__main__":
    main(*sys.argv[1:4])

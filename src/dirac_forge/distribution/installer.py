"""Installers made by constructor from a lock, and tried in a fresh prefix.

constructor is a program from conda-forge (https://conda.github.io/constructor/); the package of that name on PyPI is
something else. An installer runs code of the packages that it holds, so it is tried like a build: its own home, no
secrets, no network where the platform allows that.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from rattler import RepoDataRecord

from dirac_forge.build.isolation import Seen, child_environment, detect, wrapped
from dirac_forge.distribution.locks import DEFAULT_ENVIRONMENT
from dirac_forge.errors import InputError
from dirac_forge.programs import Finished, TooMuchError, TooSlowError, run
from dirac_forge.values import dataclass
from dirac_forge.yaml_text import yaml_text

_BUILD_SECONDS = 3600.0
_STEP_SECONDS = 900.0
_OUTPUT = 16 * 1024 * 1024
_SHOWN = 2000
_ENDINGS = (".sh", ".pkg", ".exe")


@dataclass(frozen=True, kw_only=True, slots=True)
class BuiltInstaller:
    """An installer and what it took to make it."""

    path: Path
    size: int
    """Bytes."""
    seconds: float
    others: tuple[Path, ...] = ()
    """Further installers (`installer_type: all`) and `build_outputs`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TrialStep:
    """One thing that was tried."""

    what: str
    status: Literal["passed", "failed"]
    seconds: float
    output: str = ""
    """The end of what it printed, where it failed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """An installer run into a fresh prefix."""

    steps: tuple[TrialStep, ...]
    isolated: bool
    """Whether files and network of this machine were out of reach."""

    @property
    def passed(self) -> bool:
        """Whether every step passed."""
        return all(step.status == "passed" for step in self.steps)


def find_constructor(path: str | None) -> str:
    """Return the constructor program on a search path.

    Raises:
        InputError: there is none.
    """
    program = shutil.which("constructor", path=path)
    if program is None:
        raise InputError(
            "constructor is not installed",
            hint="Install it from conda-forge: `conda install -c conda-forge constructor`. The package of that name on "
            "PyPI is something else.",
        )
    return program


def build_installer(
    program: str,
    folder: Path,
    construct: Mapping[str, object],
    records: Mapping[str, Sequence[RepoDataRecord]],
    channels: Mapping[str, Sequence[str]],
    *,
    asked: Mapping[str, Sequence[str]],
    platform: str,
    output: Path,
    scratch: Path,
    environment: Mapping[str, str],
) -> BuiltInstaller:
    """Build the installer for `platform` from exactly these packages.

    Args:
        program: constructor.
        folder: where construct.yaml and the files that it names are.
        construct: the file's content for the platform.
        records: environment to packages.
        channels: environment to the channels that they come from, in priority order.
        asked: environment to what the file asks for.
        platform: conda's name of it.
        output: the folder for the installer.
        scratch: an empty folder, for a copy of `folder` and constructor's own files.
        environment: of the process, without secrets.

    Raises:
        InputError: constructor failed, or made nothing.
    """
    copy = scratch / "construct"
    document = _placed(_pinned(construct, records, channels, asked), folder)
    shutil.copytree(folder, copy, symlinks=True, ignore=_earlier(folder, construct))
    (copy / "construct.yaml").write_text(yaml_text(document), encoding="utf-8")
    made = scratch / "made"
    made.mkdir()
    start = time.monotonic()
    command = (
        program,
        str(copy),
        "--platform",
        platform,
        "--output-dir",
        str(made),
        "--cache-dir",
        str(scratch / "cache"),
    )
    done = _run(command, _BUILD_SECONDS, environment, copy)
    found = sorted((path for path in made.iterdir() if path.suffix in _ENDINGS), key=_tried_first)
    if done.code != 0 or not found:
        end = _end(done)
        raise InputError([f"constructor failed for {platform} (exit code {done.code}):", *end.splitlines()])
    output.mkdir(parents=True, exist_ok=True)
    target = _kept(found[0], output)
    rest = [path for path in sorted(made.rglob("*")) if path.is_file() and path != found[0]]
    others = tuple(_kept(path, output / path.parent.relative_to(made)) for path in rest)
    return BuiltInstaller(path=target, size=target.stat().st_size, seconds=time.monotonic() - start, others=others)


def _tried_first(path: Path) -> tuple[int, str]:
    """Return what sorts the installers by which one is tried: shell scripts before others."""
    return _ENDINGS.index(path.suffix), path.name


def _kept(path: Path, folder: Path) -> Path:
    """Copy what constructor made into a folder, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / path.name
    partial = target.with_name(f".{target.name}.partial")
    shutil.copyfile(path, partial)
    partial.chmod(0o755 if path.suffix in _ENDINGS else 0o644)
    partial.replace(target)
    return target


def _earlier(folder: Path, construct: object) -> Callable[[str, list[str]], set[str]]:
    """Return what leaves out `.git`, and next to construct.yaml the installers of earlier runs, which are large.

    What the file names is none of these: scripts such as `post_install: setup.sh` have the ending of an installer.
    """
    named = {Path(text).name for text in _texts(construct)}

    def ignored(place: str, names: list[str]) -> set[str]:
        top = Path(place) == folder
        large = {name for name in names if top and name.endswith(_ENDINGS) and name not in named}
        return large | ({".git"} & set(names))

    return ignored


def _texts(value: object) -> Iterator[str]:
    """Yield every text of a document, keys too."""
    match value:
        case str():
            yield value
        case Mapping():
            for each in (*value.keys(), *value.values()):
                yield from _texts(each)
        case list() | tuple():
            for each in value:
                yield from _texts(each)


def _placed(value: Any, folder: Path) -> Any:
    """Return the document with the full paths of files outside of the folder, of which a copy is built."""
    match value:
        case str() if value.startswith("../") and (folder / value).exists():
            return str((folder / value).resolve())
        case Mapping():
            return {_placed(key, folder): _placed(each, folder) for key, each in value.items()}
        case list() | tuple():
            return [_placed(each, folder) for each in value]
    return value


def _pinned(
    construct: Mapping[str, object],
    records: Mapping[str, Sequence[RepoDataRecord]],
    channels: Mapping[str, Sequence[str]],
    asked: Mapping[str, Sequence[str]],
) -> dict[str, object]:
    """Return the file with the specs of each environment replaced by the exact packages of the lock.

    constructor notes the specs as asked for by the user, so that a later `conda update` would keep each as it is: what
    the file asks for is given as `user_requested_specs`. https://github.com/conda/constructor/blob/main/CONSTRUCT.md
    """
    document = _pinned_environment(
        construct, records[DEFAULT_ENVIRONMENT], channels[DEFAULT_ENVIRONMENT], asked.get(DEFAULT_ENVIRONMENT, ())
    )
    extra = document.get("extra_envs")
    if isinstance(extra, Mapping):
        document["extra_envs"] = {
            name: _pinned_environment(value, records[name], channels[name], asked.get(name, ()))
            if isinstance(value, Mapping)
            else value
            for name, value in extra.items()
            if name in records
        }
    return document


def _pinned_environment(
    written: Mapping[str, object], records: Sequence[RepoDataRecord], channels: Sequence[str], asked: Sequence[str]
) -> dict[str, object]:
    requested = written.get("user_requested_specs") or list(asked)
    other_sources = {"environment", "environment_file"}  # constructor takes these before `specs`
    return {
        **{key: value for key, value in written.items() if key not in other_sources and value is not None},
        "channels": list(channels),
        "specs": _exact(records),
        **({"user_requested_specs": requested} if requested else {}),
    }


def _exact(records: Sequence[RepoDataRecord]) -> list[str]:
    ordered = sorted(records, key=lambda record: record.name.normalized)
    return [f"{record.name.normalized}=={record.version}={record.build}" for record in ordered]


def try_installer(
    path: Path,
    *,
    scratch: Path,
    imports: Sequence[str] = (),
    commands: Sequence[str] = (),
    expected: Mapping[str, frozenset[str]] | None = None,
) -> Trial:
    """Run an installer into a fresh prefix below `scratch`, then `pip check`, imports and commands in it.

    Later steps are left out where the installation itself fails. `expected` has the packages that each environment
    must then have, as `name-version-build`; None compares nothing.

    Raises:
        InputError: the file is not an installer that can run here.
    """
    if path.suffix != ".sh" or os.name != "posix":
        raise InputError(f"{path}: only a .sh installer can be tried, on Linux or macOS")
    if not path.is_file():
        raise InputError(f"{path}: there is no such file")
    home, prefix = scratch / "home", scratch / "prefix"
    (home / "tmp").mkdir(parents=True)
    isolation = detect()
    seen = Seen(writable=(scratch,), readable=(path.resolve(),))
    environment = child_environment(os.environ, home=home, cache_folder=home / ".cache")
    environment["PATH"] = f"{prefix / 'bin'}{os.pathsep}{environment['PATH']}"
    python = str(prefix / "bin" / "python")

    def step(what: str, command: Sequence[str]) -> TrialStep:
        start = time.monotonic()
        try:
            done = _run(wrapped(command, seen=seen, isolation=isolation), _STEP_SECONDS, environment, scratch)
        except InputError as error:
            return TrialStep(what=what, status="failed", seconds=time.monotonic() - start, output=error.message)
        status: Literal["passed", "failed"] = "passed" if done.code == 0 else "failed"
        output = "" if status == "passed" else _end(done)
        return TrialStep(what=what, status=status, seconds=time.monotonic() - start, output=output)

    steps = [step("install", ["bash", str(path.resolve()), "-b", "-p", str(prefix)])]
    if steps[0].status == "passed":
        steps += [_contents(prefix, name, packages) for name, packages in (expected or {}).items()]
        steps.append(step("pip check", [python, "-m", "pip", "check"]))
        steps += [step(f"import {name}", [python, "-c", f"import {name}"]) for name in imports]
        steps += [step(command, ["bash", "-c", command]) for command in commands]
    return Trial(steps=tuple(steps), isolated=isolation != "none")


def _contents(prefix: Path, environment: str, expected: frozenset[str]) -> TrialStep:
    """Compare the packages that were installed with those that the installer was built from."""
    base = environment == DEFAULT_ENVIRONMENT
    folder = (prefix if base else prefix / "envs" / environment) / "conda-meta"
    found = {each.name.removesuffix(".json") for each in folder.glob("*.json")}
    lines = [f"missing: {name}" for name in sorted(expected - found)]
    lines += [f"not in the solution: {name}" for name in sorted(found - expected)]
    return TrialStep(
        what="packages" if base else f"packages of {environment}",
        status="failed" if lines else "passed",
        seconds=0.0,
        output="\n".join(lines)[:_SHOWN],
    )


def _run(command: Sequence[str], seconds: float, environment: Mapping[str, str], folder: Path) -> Finished:
    try:
        return run(command, timeout=seconds, environment=environment, folder=folder, limit=_OUTPUT)
    except FileNotFoundError as error:
        raise InputError(f"{command[0]}: there is no such program") from error
    except (TooSlowError, TooMuchError) as error:
        raise InputError(f"{command[0]}: {error}") from error


def _end(done: Finished) -> str:
    """Return the end of what a program printed, errors last."""
    return (done.output + done.errors).decode(errors="replace").strip()[-_SHOWN:]

"""A conda channel made of what is at hand: the running Python, and wheels as noarch packages.

conda-forge is not needed: builds, solves, installs and imports are real. The Python leans on the system's libraries.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Sequence
from configparser import ConfigParser
from dataclasses import dataclass
from email.parser import HeaderParser
from functools import cache
from importlib.metadata import Distribution, distribution
from pathlib import Path

import rattler
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from rattler_build import assemble_package

MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"
_LEFT_OUT = (
    *("site-packages", "test", "tests", "idlelib", "turtledemo", "ensurepip", "lib2to3", "tkinter", "pydoc_data"),
    *("*.a", "*.opt-1.pyc", "*.opt-2.pyc"),
)

_IN_FOLDERS = ("site-packages", "lib-dynload")
"""What of the standard library's folder is not in the zip file."""


@cache
def platform() -> str:
    """The platform of this machine."""
    return str(rattler.platform.Subdir.current())


@dataclass(frozen=True)
class Interpreter:
    """A Python of this machine that can become a package."""

    base: Path
    version: str
    library: Path
    """The folder of its shared library."""
    shared: str
    """The name of that library; "" where it is linked into the program."""

    @property
    def minor(self) -> str:
        return ".".join(self.version.split(".")[:2])


_ASK = (
    "import sys, sysconfig as s; get = s.get_config_var; "
    "print(sys.base_prefix, '.'.join(map(str, sys.version_info[:3])), get('LIBDIR'), "
    "get('Py_ENABLE_SHARED') and get('INSTSONAME') or '', sep='\\n')"
)


def interpreter(program: Path | str = sys.executable) -> Interpreter:
    """What a Python says of itself."""
    done = subprocess.run([program, "-I", "-c", _ASK], capture_output=True, text=True, encoding="utf-8", check=True)
    base, version, library, shared = done.stdout.split("\n")[:4]
    return Interpreter(Path(base), version, Path(library), shared)


@cache
def another_interpreter() -> Interpreter | None:
    """A newer Python of this machine, as pyenv and the hosts of CI install them; None where there is none."""
    minors = [f"3.{minor}" for minor in range(sys.version_info.minor + 1, 20)]
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    hosted = Path(os.environ.get("RUNNER_TOOL_CACHE", "/opt/hostedtoolcache")) / "Python"
    for minor in minors:
        for program in [*root.glob(f"{minor}.*/bin/python{minor}"), *hosted.glob(f"{minor}.*/*/bin/python{minor}")]:
            try:
                return interpreter(program)
            except (OSError, subprocess.CalledProcessError):
                continue
    return None


def python_package(channel: Path, stage: Path, python: Interpreter | None = None) -> Path:
    """Package a Python into a channel: the running one, where none is given.

    Its library is one zip file, which every Python looks into: an environment has tens of files, not thousands.
    """
    python = python or interpreter()
    base, minor = python.base, f"python{python.minor}"
    (stage / "bin").mkdir(parents=True)
    executable = stage / "bin" / minor
    shutil.copyfile((base / "bin" / minor).resolve(), executable)
    _own_library_path(executable, python.library)
    executable.chmod(0o755)
    for name in ("python", "python3"):
        (stage / "bin" / name).symlink_to(minor)
    (stage / "lib").mkdir()
    if python.shared and (python.library / python.shared).is_file():
        shutil.copyfile(python.library / python.shared, stage / "lib" / python.shared)
        (stage / "lib" / python.shared).chmod(0o755)
    library = stage / "lib" / minor
    shutil.copytree(base / "lib" / minor, library, ignore=shutil.ignore_patterns(*_LEFT_OUT))
    for externally in library.glob("EXTERNALLY-MANAGED"):
        externally.unlink()
    (library / "site-packages").mkdir(exist_ok=True)
    (library / "site-packages" / "README.txt").write_text("Packages go here.\n", encoding="utf-8")
    _without_symbols([executable, *(stage / "lib").glob("*.so*"), *library.glob("lib-dynload/*.so")])
    _zip_library(library, stage / "lib" / f"{minor.replace('.', '')}.zip")
    made = assemble_package(
        name="python",
        version=python.version,
        target_platform=platform(),
        build_string="0_cpython",
        output_dir=channel / platform(),
        files_dir=stage,
        depends=[f"python_abi {python.minor}.*"],
        license="PSF-2.0",
        compression_level=1,
    )
    abi = f"1_cp{python.minor.replace('.', '')}"
    plain_package(channel, stage.with_name(f"{stage.name}-abi"), "python_abi", python.minor, build=abi)
    return Path(made.path)


def _without_symbols(files: Iterable[Path]) -> None:
    """Take debug symbols away: more than half of what environments would be made of."""
    strip = shutil.which("strip")
    if strip is not None and sys.platform == "linux":
        subprocess.run([strip, "--strip-debug", *map(str, files)], check=False, capture_output=True)


def _zip_library(library: Path, archive: Path) -> None:
    """Move the modules of the standard library into a zip file; `os.py` stays, by which Python finds its library."""
    with zipfile.ZipFile(archive, "w") as packed:  # stored: zlib is a module that is imported from there
        for source in sorted(library.rglob("*.py")):
            inner = source.relative_to(library)
            if inner.parts[0] in _IN_FOLDERS:
                continue
            compiled = next(source.parent.glob(f"__pycache__/{source.stem}.cpython-*.pyc"), None)
            if compiled is None:
                packed.write(source, inner)
            else:
                _valid_anywhere(packed, compiled, str(inner.with_suffix(".pyc")))
    for path in library.iterdir():
        if path.is_dir() and path.name not in _IN_FOLDERS:
            shutil.rmtree(path)
        elif path.is_file() and path.name != "os.py":
            path.unlink()


def _valid_anywhere(archive: zipfile.ZipFile, compiled: Path, name: str) -> None:
    """Add a compiled module that is valid whatever the time of its source: https://peps.python.org/pep-0552/."""
    raw = compiled.read_bytes()
    archive.writestr(name, raw[:4] + (1).to_bytes(4, "little") + raw[8:])


def _own_library_path(executable: Path, library: Path) -> None:
    """Let a program look for its library next to itself: a shorter path fits where the longer one was."""
    raw = executable.read_bytes()
    old, new = str(library).encode() + b"\0", b"$ORIGIN/../lib\0"
    if old in raw and len(new) <= len(old):
        executable.write_bytes(raw.replace(old, new.ljust(len(old), b"\0"), 1))


def plain_package(
    channel: Path,
    stage: Path,
    name: str,
    version: str,
    *,
    depends: Sequence[str] = (),
    build: str = "0",
    noarch: bool = True,
) -> Path:
    """A package with what lies in `stage`."""
    stage.mkdir(parents=True, exist_ok=True)
    subdir = "noarch" if noarch else platform()
    made = assemble_package(
        name=name,
        version=version,
        target_platform=subdir,
        build_string=build,
        output_dir=channel / subdir,
        files_dir=stage,
        depends=list(depends),
        noarch="generic" if noarch else None,
    )
    return Path(made.path)


def wheel_package(channel: Path, stage: Path, wheel: Path) -> Path:
    """A pure wheel as a noarch package; its requirements without extras become dependencies."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(stage / "site-packages")
    info = next((stage / "site-packages").glob("*.dist-info"))
    for data in list((stage / "site-packages").glob("*.data")):
        _spread(data, stage)
    (info / "INSTALLER").write_text("conda\n", encoding="utf-8")
    metadata = HeaderParser().parsestr((info / "METADATA").read_text(encoding="utf-8"))
    _write_scripts(info, stage / "python-scripts")
    made = assemble_package(
        name=canonicalize_name(str(metadata["Name"])),
        version=str(metadata["Version"]),
        target_platform="noarch",
        build_string="pyh0_0",
        output_dir=channel / "noarch",
        files_dir=stage,
        depends=["python", *_depends(metadata.get_all("Requires-Dist") or ())],
        noarch="python",
        compression_level=1,
    )
    return Path(made.path)


def installed_package(channel: Path, stage: Path, project: str) -> Path:
    """A pure project as it is installed next to this Python, as a noarch package.

    Its modules are in one zip file on the path (https://docs.python.org/3/library/site.html), compiled for this Python
    and as source for others: an environment with it has few files, and nothing to compile.
    """
    found = distribution(project)
    place = stage / "site-packages"
    place.mkdir(parents=True)
    place.joinpath(f"{project}.pth").write_text(f"{project}.zip\n", encoding="utf-8")
    with zipfile.ZipFile(place / f"{project}.zip", "w") as packed:
        for file in found.files or ():
            source = Path(str(found.locate_file(file)))
            if ".." in file.parts or not source.is_file():
                continue
            if file.parts[-2:-1] == ("__pycache__",):
                module = file.name.partition(".")[0]
                _valid_anywhere(packed, source, f"{file.parent.parent}/{module}.pyc")
            else:
                packed.write(source, str(file))
    _add_programs(stage / "python-scripts", found)
    made = assemble_package(
        name=canonicalize_name(project),
        version=found.version,
        target_platform="noarch",
        build_string="pyh0_0",
        output_dir=channel / "noarch",
        files_dir=stage,
        depends=["python", *_depends(found.requires or ())],
        noarch="python",
        compression_level=1,
    )
    return Path(made.path)


def _add_programs(folder: Path, found: Distribution) -> None:
    """Write a project's programs, for the Python that they are installed beside: else the system's would run."""
    for entry in found.entry_points.select(group="console_scripts"):
        folder.mkdir(exist_ok=True)
        code = f"import sys; from {entry.module} import {entry.attr}; sys.exit({entry.attr}())"
        text = f'#!/bin/sh\nexec "$(dirname "$0")/python" -c \'{code}\' "$@"\n'
        folder.joinpath(entry.name).write_text(text, encoding="utf-8")
        folder.joinpath(entry.name).chmod(0o755)


def _spread(data: Path, stage: Path) -> None:
    for part in data.iterdir():
        target = {"purelib": stage / "site-packages", "scripts": stage / "python-scripts", "data": stage}[part.name]
        shutil.copytree(part, target, dirs_exist_ok=True)
    shutil.rmtree(data)


def _write_scripts(info: Path, folder: Path) -> None:
    """`assemble_package` knows no entry points: a script each does as well."""
    path = info / "entry_points.txt"
    parser = ConfigParser(delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(path.read_text(encoding="utf-8") if path.is_file() else "")
    for name, place in parser["console_scripts"].items() if "console_scripts" in parser else ():
        module, _, attribute = place.split("[")[0].strip().partition(":")
        folder.mkdir(exist_ok=True)
        call = f"import sys\nfrom {module} import {attribute.split('.')[0]}\nsys.exit({attribute}())\n"
        (folder / name).write_text(f"#!/usr/bin/env python\n{call}", encoding="utf-8")
        (folder / name).chmod(0o755)


def _depends(requirements: Iterable[str]) -> list[str]:
    found = []
    for text in requirements:
        need = Requirement(text)
        if need.marker is None or need.marker.evaluate({"extra": ""}):
            name = canonicalize_name(need.name).replace("typing-extensions", "typing_extensions")
            specs = ",".join(sorted(str(each).replace("===", "==") for each in need.specifier))
            found.append(f"{name} {specs}".strip())
    return found


def index(channel: Path) -> None:
    """Write the repodata anew; old records of unchanged file names are not kept."""
    for subdir in ("noarch", platform()):
        (channel / subdir).mkdir(parents=True, exist_ok=True)
    asyncio.run(rattler.index.index_fs(channel, force=True, write_zst=False, write_shards=False))

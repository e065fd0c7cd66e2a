"""What a child process may see and use: its files, an environment without secrets, no network, limits.

`bwrap` or `unshare` on Linux, where the kernel lets them; elsewhere files and network are those of the user, which the
report says.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Literal

from dirac_forge.errors import InputError
from dirac_forge.programs import TooSlowError, run
from dirac_forge.values import dataclass

Isolation = Literal["bwrap", "unshare", "none"]
UNISOLATED = "upstream code could read and change your files and use your network"
"""What may happen where nothing is isolated."""
ALLOW_UNISOLATED = "set DIRAC_FORGE_UNISOLATED_BUILDS=1 on a disposable machine"
_ANSWER = 30.0
"""Seconds."""
_KEPT = frozenset(
    (
        *("LANG", "LC_ALL", "LC_CTYPE", "TZ", "CPU_COUNT", "SOURCE_DATE_EPOCH"),
        *("SDKROOT", "DEVELOPER_DIR", "CONDA_BUILD_SYSROOT", "MACOSX_DEPLOYMENT_TARGET", "OSX_SDK_DIR"),
        *("NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE", "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC"),
        *("PATHEXT", "PROGRAMDATA", "PROGRAMFILES", "PROGRAMFILES(X86)", "COMMONPROGRAMFILES"),
    )
)
_SYSTEM = frozenset(
    ("bin", "sbin", "lib", "lib32", "lib64", "libx32", "usr", "etc", "opt", "nix", "gnu", "dev", "proc", "sys", "var")
)
"""Folders at the top that programs need (https://refspecs.linuxfoundation.org/FHS_3.0/fhs/ch03.html)."""
_PROGRAMS = _SYSTEM - {"opt", "var"}
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PROBE_SECONDS = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What one child process may use."""

    seconds: float = 3600.0
    memory: int | None = None
    """Bytes of data for each process; None: no limit."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """The files of one child process: everything else is read-only or hidden."""

    writable: tuple[Path, ...]
    readable: tuple[Path, ...] = ()
    """Below what is hidden, still to be seen."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Container:
    """An image to run child processes in; its `python` has py-rattler-build."""

    program: str
    image: str

    @classmethod
    def of(cls, image: str) -> Container:
        """Return a container of docker or podman.

        Raises InputError if neither is on PATH, if it can't be used (no daemon), or for an invalid image.
        """
        if not image or image.startswith("-"):
            raise InputError(f"--container: {image!r} is not the name of an image")
        program = shutil.which("docker") or shutil.which("podman")
        if program is None:
            raise InputError("--container needs docker or podman on PATH", hint="Install one, or omit --container.")
        _require_usable(program)
        return cls(program=program, image=image)


def _require_usable(program: str) -> None:
    """Raise InputError if docker has no daemon to talk to, or podman does not work: no build of the run would."""
    try:
        found = run([program, "info"], timeout=_ANSWER, environment=os.environ)
        said = found.errors.decode("utf-8", "replace").strip().splitlines() if found.code else []
        why = "" if not found.code else said[-1] if said else f"`info` exited with code {found.code}"
    except TooSlowError:
        why = f"`info` did not answer in {_ANSWER:.0f} s"
    if why:
        raise InputError(
            f"--container: {Path(program).name} can't be used: {why}", hint="Start it, or omit --container."
        )


def child_environment(environment: Mapping[str, str], *, home: Path, cache_folder: Path) -> dict[str, str]:
    """Return the environment of a child: its own home, and of ours only what says how the machine works."""
    kept = {name: value for name, value in environment.items() if name.upper() in _KEPT}
    if os.name == "nt":
        kept["PATH"] = environment.get("PATH", "")
        kept |= {"USERPROFILE": str(home), "APPDATA": str(home), "LOCALAPPDATA": str(home), "TEMP": str(home / "tmp")}
    else:
        kept["PATH"] = _PATH
        kept["TMPDIR"] = str(home / "tmp")
    kept.setdefault("LANG", "C.UTF-8")
    return {
        **kept,
        "HOME": str(home),
        "RATTLER_CACHE_DIR": str(cache_folder),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "PYTHONUNBUFFERED": "1",
        "PYTHONNOUSERSITE": "1",
        "PIP_NO_INPUT": "1",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
    }


def detect() -> Isolation:
    """Return the isolation that is used on this machine: the first of those that work."""
    return next(iter(working()), "none")


@cache
def working() -> tuple[Literal["bwrap", "unshare"], ...]:
    """Return the kinds of isolation that work on this machine, found out once by trying."""
    if sys.platform != "linux":
        return ()
    kinds: tuple[Literal["bwrap", "unshare"], ...] = ("bwrap", "unshare")
    return tuple(kind for kind in kinds if shutil.which(kind) is not None and _works(kind))


def _works(kind: Literal["bwrap", "unshare"]) -> bool:
    seen = Seen(writable=(Path(os.devnull).parent / "shm",) if Path("/dev/shm").is_dir() else ())  # noqa: S108
    try:
        command = wrapped(["true"], seen=seen, isolation=kind)
        done = subprocess.run(command, capture_output=True, timeout=_PROBE_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


@cache
def hidden() -> tuple[Path, ...]:
    """Return what a child does not see: everything at the top but the system's own, homes elsewhere, and for root
    what nobody else may read.

    That is homes, sockets of agents and daemons, data, and what others put into /tmp.
    """
    top = [path for path in sorted(Path("/").iterdir()) if path.name not in _SYSTEM and not path.is_symlink()]
    found: list[Path] = []
    for path in (*top, *_homes(), Path("/run"), Path("/var/tmp"), *_of_root()):  # noqa: S108
        real = path.resolve()
        if real.exists() and real != Path("/") and not any(real.is_relative_to(other) for other in found):
            found.append(real)
    return tuple(found)


def _homes() -> Iterator[Path]:
    """Yield where this user's files are, wherever that is; what programs need is not hidden with them."""
    yield Path.home()
    named = [os.environ.get(f"XDG_{name}_HOME", "").strip() for name in ("CONFIG", "DATA", "CACHE", "STATE")]
    if sys.platform != "win32":
        import pwd  # noqa: PLC0415  # there is none on Windows

        with suppress(KeyError):  # a number without a name
            named.append(pwd.getpwuid(os.getuid()).pw_dir)
    for path in map(Path, named):
        # Users of services have homes such as /usr/sbin.
        if path.is_absolute() and len(path.parts) > 2 and path.parts[1] not in _PROGRAMS:
            yield path


def _of_root() -> Iterator[Path]:
    """Yield what only root can read of the system's configuration and data, where this process is root's."""
    if sys.platform == "win32" or os.geteuid() != 0:
        return
    for top in (Path("/etc"), Path("/var"), Path("/var/lib")):
        for folder, folders, files in os.walk(top):
            inner = [Path(folder, name) for name in folders]
            private = {path.name for path in inner if not _is_public(path, stat.S_IXOTH)}
            yield from (path for path in inner if path.name in private)
            folders[:] = [] if top != Path("/etc") else [name for name in folders if name not in private]
            yield from (path for path in (Path(folder, name) for name in files) if not _is_public(path, stat.S_IROTH))


def _is_public(path: Path, right: int) -> bool:
    """Whether others have a right; a link is as public as what it leads to."""
    try:
        return path.is_symlink() or bool(path.lstat().st_mode & right)
    except OSError:
        return True


def wrapped(command: Sequence[str], *, seen: Seen, isolation: Isolation) -> list[str]:
    """Return the command, made to run isolated."""
    match isolation:
        case "bwrap":
            return _in_bwrap(command, seen)
        case "unshare":
            return _unshared(command, seen)
        case "none":
            return list(command)


def _in_bwrap(command: Sequence[str], seen: Seen) -> list[str]:
    binds = _pairs("--tmpfs", filter(Path.is_dir, hidden()), twice=False)
    binds += [part for path in hidden() if not path.is_dir() for part in ("--ro-bind", os.devnull, str(path))]
    binds += [*_pairs("--ro-bind", _needed(seen)), *_pairs("--bind", seen.writable)]
    spaces = ("--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts")
    # Started by root it would keep root's rights, and with them the right to take mounts away.
    locked = ("--cap-drop", "ALL", "--die-with-parent", "--new-session")
    head = ["bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", *binds]
    return [*head, *spaces, *locked, "--", *command]


def _pairs(option: str, paths: Iterable[Path], *, twice: bool = True) -> list[str]:
    """Return the option for each path: where it is, and where it shall be."""
    return [part for path in paths for part in (option, *([str(path)] * (2 if twice else 1)))]


def _unshared(command: Sequence[str], seen: Seen) -> list[str]:
    plan = [f"hide={path}" for path in hidden()]
    plan += [f"read={path}" for path in _needed(seen)]
    plan += [f"write={path}" for path in seen.writable]
    spaces = ("--user", "--map-root-user", "--mount", "--net", "--pid", "--ipc", "--uts")
    enter = (sys.executable, "-I", "-S", str(Path(__file__).with_name("enter.py")))
    return [
        *_ended_with_us("KILL"),
        "unshare",
        *spaces,
        "--fork",
        "--kill-child",
        "--mount-proc",
        "--",
        *enter,
        *plan,
        "--",
        *command,
    ]


def _ended_with_us(by: str) -> tuple[str, ...]:
    """Return what goes before a command, so that it gets a signal where this process is killed."""
    return ("setpriv", "--pdeathsig", by, "--") if shutil.which("setpriv") else ()


def _needed(seen: Seen) -> tuple[Path, ...]:
    """Return what stays visible in hidden folders: this Python, this package, and what is asked for."""
    mine = (Path(sys.prefix), Path(sys.base_prefix), Path(sys.executable).parent, Path(__file__).parent, *seen.readable)
    unseen = hidden()
    found = dict.fromkeys(path.absolute() for path in mine if path.exists())
    found |= dict.fromkeys(path.resolve() for path in mine if path.exists())
    return tuple(path for path in found if any(path.is_relative_to(other) for other in unseen))


def contained(
    command: Sequence[str],
    *,
    container: Container,
    name: str,
    seen: Seen,
    environment: Mapping[str, str],
    limits: Limits,
) -> list[str]:
    """Return the command in a container called `name`: no network, no privileges, nothing of the host but the child's
    own folders.
    """
    mounts = [part for path in seen.readable for part in ("--volume", f"{path}:{path}:ro")]
    mounts += [part for path in seen.writable for part in ("--volume", f"{path}:{path}")]
    variables = [part for name in sorted(environment) for part in ("--env", f"{name}={environment[name]}")]
    memory = ["--memory", str(limits.memory)] if limits.memory else []
    user = ["--user", f"{os.getuid()}:{os.getgid()}"] if sys.platform != "win32" else []
    locked = ("--network", "none", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--pids-limit", "4096")
    head = [container.program, "run", "--rm", "--init", "--name", name, *locked, *memory, *user, *mounts, *variables]
    # The program passes it on to the container, which the kernel does not end with it.
    return [*_ended_with_us("TERM"), *head, "--entrypoint", command[0], container.image, *command[1:]]


def end_container(container: Container, name: str) -> None:
    """End a container, which goes on by itself where only the program that started it was ended."""
    with suppress(OSError, TooSlowError):
        run([container.program, "kill", name], timeout=_ANSWER, environment=os.environ)

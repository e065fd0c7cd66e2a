"""A program run where it sees no secrets: other processes, the home folder, temporary folders and sockets are hidden.

conda-smithy renders `meta.yaml` with an unrestricted Jinja environment, so a recipe runs code with the rights of the
user who started it. In the jail this code has process, mount and IPC namespaces of its own: it can't see the processes
outside, `/proc` shows only its own, the folders in which tokens are kept are empty, every file system is read-only but
for the work tree, and what it starts ends with it. The network stays, because conda-smithy reads conda-forge's pinning.

This file is also the program that `unshare` starts; it then imports nothing but the standard library.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Jail", "find_jail"]

_UNSHARE = ("--user", "--map-root-user", "--mount", "--pid", "--fork", "--kill-child=KILL", "--ipc", "--uts")
_HIDDEN = ("/root", "/home", "/tmp", "/var/tmp", "/run", "/dev/shm", "/var/lib/systemd/credentials")  # noqa: S108
_RESOLVER = Path("/etc/resolv.conf")
_KEPT = frozenset({"PATH", "LANG", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CONDA_PREFIX"})
_PROXIES = frozenset({"http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"})

# https://man7.org/linux/man-pages/man2/mount.2.html, mount_setattr(2), prctl(2)
_MS_BIND, _MS_REMOUNT, _MS_REC, _MS_PRIVATE = 0x1000, 0x20, 0x4000, 0x40000
_MS_NOSUID, _MS_NODEV, _MS_NOEXEC = 0x2, 0x4, 0x8
_AT_FDCWD, _AT_RECURSIVE, _MOUNT_ATTR_RDONLY = -100, 0x8000, 0x1
_SYS_MOUNT_SETATTR = 442
_PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 24, 38


@dataclass(frozen=True, kw_only=True, slots=True)
class Jail:
    """How programs are jailed on this machine."""

    unshare: Path
    hidden: tuple[Path, ...] = ()
    """Folders (and files) that are hidden next to the home folder and the temporary ones."""

    def command(self, command: Sequence[str], *, folder: Path, readable: Sequence[Path] = ()) -> tuple[str, ...]:
        """Return the command that runs `command` in the jail: in `folder`, the only one that it may write to.

        `readable` folders are visible also where they lie in a hidden one.
        """
        program = Path(command[0])
        plan = {
            "command": [str(program), *command[1:]],
            "writable": [str(folder)],
            "readable": [str(path) for path in (*_needed(program), *readable)],
            "hidden": [str(path) for path in (*map(Path, _HIDDEN), Path.home(), *self.hidden)],
        }
        return (str(self.unshare), *_UNSHARE, "--", sys.executable, "-I", "-S", __file__, json.dumps(plan))


def find_jail(hidden: Sequence[Path] = ()) -> Jail | None:
    """Return the jail of this machine; None where it can't be made: not on Linux, or namespaces are not allowed."""
    unshare = shutil.which("unshare") if sys.platform == "linux" else None
    if unshare is None:
        return None
    jail = Jail(unshare=Path(unshare), hidden=tuple(hidden))
    try:
        command = jail.command(("/proc/self/exe", "-I", "-S", "-c", _PROBE), folder=Path(__file__).parent)
        command = (*command[:-1], json.dumps({**json.loads(command[-1]), "writable": []}))
        done = subprocess.run(command, capture_output=True, timeout=30, env=jailed_environment(os.environ), check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return jail if done.returncode == 0 and done.stdout.strip() == b"jailed" else None


_PROBE = "import os; print('jailed' if os.getpid() < 10 and not os.listdir('/tmp') else '')"


def jailed_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that a jailed program needs, and no others: sockets of agents are named in them, too."""
    kept = {name: text for name, text in environment.items() if name in _KEPT or name.startswith("LC_")}
    return kept | {name: text for name, text in environment.items() if name in _PROXIES and "@" not in text}


def _needed(program: Path) -> list[Path]:
    """Return the folders that a program needs where they lie in hidden ones: its environment, and Python's."""
    places = {program.parent, program.resolve().parent}
    places |= {folder.parent for folder in places if (folder.parent / "conda-meta").is_dir()}
    places |= {Path(sys.prefix), Path(sys.base_prefix), Path(__file__).parent}
    if _RESOLVER.is_symlink():
        places.add(_RESOLVER.resolve().parent)
    return sorted(place for place in places if place.is_dir())


def _enter(plan: Mapping[str, Sequence[str]]) -> None:
    """Set the jail up; the namespaces are there already. Raises OSError where the kernel does not allow a step."""
    _mount("none", "/", "", _MS_REC | _MS_PRIVATE)
    for path in plan["writable"]:
        _mount(path, path, "", _MS_BIND)
    attributes = (ctypes.c_uint64 * 4)(_MOUNT_ATTR_RDONLY, 0, 0, 0)
    _checked(
        _libc().syscall(_SYS_MOUNT_SETATTR, _AT_FDCWD, b"/", _AT_RECURSIVE, ctypes.byref(attributes), 32), "read-only"
    )
    for path in plan["writable"]:
        _mount("none", path, "", _MS_REMOUNT | _MS_BIND | _MS_NOSUID | _MS_NODEV)
    kept = {path: os.open(path, os.O_PATH) for path in (*plan["readable"], *plan["writable"])}
    hidden = [path for path in dict.fromkeys(plan["hidden"]) if Path(path).exists()]
    _hide([path for path in hidden if not _below(path, hidden)])
    for path, opened in kept.items():
        if any(Path(path).is_relative_to(each) for each in hidden):
            Path(path).mkdir(parents=True, exist_ok=True)
            _mount(f"/proc/self/fd/{opened}", path, "", _MS_BIND)
        os.close(opened)
    _hide([path for path in hidden if _below(path, kept) and Path(path).exists()])
    _mount("proc", "/proc", "proc", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC)
    # The old working folder is outside: from there `..` would lead into what is hidden.
    os.chdir(next(iter(plan["writable"]), "/"))
    _drop_capabilities()


def _below(path: str, folders: Iterable[str]) -> bool:
    return any(path != each and Path(path).is_relative_to(each) for each in folders)


def _hide(paths: Sequence[str]) -> None:
    for path in paths:
        if Path(path).is_dir():
            _mount("tmpfs", path, "tmpfs", _MS_NOSUID | _MS_NODEV)
        else:
            _mount("/dev/null", path, "", _MS_BIND)


def _drop_capabilities() -> None:
    """Give up the rights over the namespaces, so that nothing hidden can be uncovered."""
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_bytes())
    for capability in range(last + 1):
        _checked(_libc().prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0), "capabilities")
    _checked(_libc().prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "privileges")


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _mount(source: str, target: str, kind: str, flags: int) -> None:
    encoded = (source.encode(), target.encode(), kind.encode() or None)
    _checked(_libc().mount(*encoded, ctypes.c_ulong(flags), None), target)


def _checked(result: int, about: str) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), about)


def _main() -> None:
    plan = json.loads(sys.argv[1])
    try:
        _enter(plan)
        os.execv(plan["command"][0], plan["command"])  # noqa: S606  # that is what this program is for
    except OSError as error:
        sys.exit(f"jail: {error}")


if __name__ == "__main__":
    _main()

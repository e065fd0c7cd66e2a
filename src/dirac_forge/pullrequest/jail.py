"""A program run where it sees no secrets: other processes, the home folder, temporary folders and sockets are hidden.

conda-smithy renders `meta.yaml` with an unrestricted Jinja environment, so a recipe runs code with the rights of the
user who started it. In the jail this code has process, mount and IPC namespaces of its own: it can't see the processes
outside, `/proc` shows only its own, everything at the top of the file system but the system's own folders is empty, so
are the devices (a terminal is one), every file system is read-only but for the work tree, and what it starts ends with
it. The network stays, because conda-smithy reads conda-forge's pinning; sockets of agents and of the session bus, which
may have names that are in no file system, and the kernel's key rings are refused by a filter of system calls.

This file is also the program that `unshare` starts; it then imports nothing but the standard library.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import platform
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass  # that of `dirac_forge.values` can't be imported inside
from pathlib import Path

_UNSHARE = ("--user", "--map-root-user", "--mount", "--pid", "--fork", "--kill-child=KILL", "--ipc", "--uts")
_HIDDEN = ("/dev", "/var/tmp", "/var/lib/systemd/credentials")  # noqa: S108
_SYSTEM = frozenset(
    ("bin", "sbin", "lib", "lib32", "lib64", "libx32", "usr", "etc", "opt", "nix", "gnu", "proc", "sys", "var")
)
"""Folders at the top that programs need (https://refspecs.linuxfoundation.org/FHS_3.0/fhs/ch03.html)."""
_DEVICES = tuple(f"/dev/{name}" for name in ("null", "zero", "full", "random", "urandom"))
_RESOLVER = Path("/etc/resolv.conf")
_KEPT = frozenset({"PATH", "LANG", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CONDA_PREFIX"})
_PROXIES = frozenset({"http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"})

# https://man7.org/linux/man-pages/man2/mount.2.html, mount_setattr(2), prctl(2)
_MS_BIND, _MS_REC, _MS_PRIVATE = 0x1000, 0x4000, 0x40000
_MS_NOSUID, _MS_NODEV, _MS_NOEXEC = 0x2, 0x4, 0x8
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_MOUNT_ATTR_RDONLY, _MOUNT_ATTR_NOSUID, _MOUNT_ATTR_NODEV = 0x1, 0x2, 0x4
_SYS_MOUNT_SETATTR = 442
_PR_SET_SECCOMP, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 22, 24, 38

# https://www.kernel.org/doc/html/latest/userspace-api/seccomp_filter.html, bpf.h, seccomp.h, audit.h, socket.h
_LOAD, _IS, _FROM, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
_ALLOW, _REFUSE, _FILTER = 0x7FFF0000, 0x00050000, 2
_FAMILIES = (2, 10, 16)
"""Of sockets: IPv4, IPv6, and netlink, which looking a name up needs."""
_IO_URING_SETUP = 425
_CALLS = {
    "x86_64": (0xC000003E, 41, (248, 249, 250)),
    "aarch64": (0xC00000B7, 198, (217, 218, 219)),
    "riscv64": (0xC00000F3, 198, (217, 218, 219)),
    "ppc64le": (0xC0000015, 326, (269, 270, 271)),
}
"""Machine to its number in audit.h, and the numbers of `socket`, and of `add_key`, `request_key` and `keyctl`."""
_X32 = 0x40000000
"""System calls of x86_64 from here on are those of another interface, with numbers of its own."""


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
            "hidden": [str(path) for path in (*_data(), *map(Path, _HIDDEN), Path.home(), *self.hidden)],
        }
        return (str(self.unshare), *_UNSHARE, "--", sys.executable, "-I", "-S", __file__, json.dumps(plan))


def find_jail(hidden: Sequence[Path] = ()) -> Jail | None:
    """Return the jail of this machine, or None if it can't be made: not on Linux, or namespaces are not allowed."""
    unshare = shutil.which("unshare") if sys.platform == "linux" else None
    if unshare is None:
        return None
    jail = Jail(unshare=Path(unshare), hidden=tuple(hidden))
    try:
        with tempfile.TemporaryDirectory(prefix="dirac-forge-") as folder:
            probe = (sys.executable, "-I", "-S", "-c", _PROBE, folder)
            command = jail.command(probe, folder=Path(folder) / "writable")
            Path(folder, "writable").mkdir()
            Path(folder, "hidden").touch()
            environment = jailed_environment(os.environ)
            done = subprocess.run(command, capture_output=True, timeout=30, env=environment, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return jail if done.returncode == 0 and done.stdout.strip() == b"jailed" else None


_PROBE = "import os, sys; print('jailed' if os.getpid() < 10 and os.listdir(sys.argv[1]) == ['writable'] else '')"


def jailed_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that a jailed program needs, and no others: sockets of agents are named in them, too."""
    kept = {name: text for name, text in environment.items() if name in _KEPT or name.startswith("LC_")}
    return kept | {name: text for name, text in environment.items() if name in _PROXIES and "@" not in text}


def _data() -> list[Path]:
    """Return the folders at the top that are not the system's: homes, temporary files, sockets of daemons, data."""
    return [path for path in sorted(Path("/").iterdir()) if path.name not in _SYSTEM and not path.is_symlink()]


def _needed(program: Path) -> list[Path]:
    """Return the folders that a program needs where they lie in hidden ones: its environment, and Python's."""
    places = {program.parent, program.resolve().parent}
    places |= {folder.parent for folder in places if (folder.parent / "conda-meta").is_dir()}
    places |= {Path(sys.prefix), Path(sys.base_prefix), Path(__file__).parent}
    if _RESOLVER.is_symlink():
        places.add(_RESOLVER.resolve().parent)
    return sorted(place for place in places if place.is_dir())


def _enter(plan: Mapping[str, Sequence[str]]) -> None:
    """Set the jail up; the namespaces are there already. Raises OSError if the kernel does not allow a step."""
    _mount("none", "/", "", _MS_REC | _MS_PRIVATE)
    _make_read_only(plan["writable"])
    _cover(plan)
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_bytes())
    _mount_proc()
    _make_devices()
    # The old working folder is outside: from there `..` would lead into what is hidden.
    os.chdir(next(iter(plan["writable"]), "/"))
    _drop_capabilities(last)
    _refuse_calls()


def _cover(plan: Mapping[str, Sequence[str]]) -> None:
    """Hide what is to be hidden, and show again what is in it and needed."""
    hidden = _existing(dict.fromkeys(plan["hidden"]))
    shown = (*plan["readable"], *plan["writable"], *_DEVICES)
    inner = _inside(shown, hidden)
    opened = {path: os.open(path, os.O_PATH) for path in {*inner, "/dev/null"}}
    _hide([path for path in hidden if not _below(path, hidden)], nothing=opened["/dev/null"])
    for path in inner:
        _show(path, opened[path])
    _hide(_existing(path for path in hidden if _below(path, shown)), nothing=opened["/dev/null"])
    for number in opened.values():
        os.close(number)


def _inside(paths: Iterable[str], folders: Collection[str]) -> list[str]:
    """Return the paths that are below one of the folders, and none of these."""
    return [path for path in paths if path not in folders and _below(path, folders)]


def _mount_proc() -> None:
    """Mount a /proc with the processes of the jail alone, or an empty folder where the kernel allows none.

    It does not where parts of the old one are covered, as in a service with `ProtectKernelTunables`: the new one would
    show them (https://man7.org/linux/man-pages/man7/user_namespaces.7.html).
    """
    try:
        _mount("proc", "/proc", "proc", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC)
    except PermissionError:
        _mount("tmpfs", "/proc", "tmpfs", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC)


def _make_read_only(writable: Iterable[str]) -> None:
    """Make every file system read-only but for these folders."""
    for path in writable:
        _mount(path, path, "", _MS_BIND)
    _set_attributes("/", _AT_RECURSIVE, wanted=_MOUNT_ATTR_RDONLY)
    for path in writable:
        _set_attributes(path, 0, wanted=_MOUNT_ATTR_NOSUID | _MOUNT_ATTR_NODEV, unwanted=_MOUNT_ATTR_RDONLY)


def _set_attributes(path: str, flags: int, *, wanted: int, unwanted: int = 0) -> None:
    """Set and clear attributes of a mount; others stay, which the kernel may insist on (Linux 5.12)."""
    attributes = (ctypes.c_uint64 * 4)(wanted, unwanted, 0, 0)
    place = path.encode()
    _checked(_libc().syscall(_SYS_MOUNT_SETATTR, _AT_FDCWD, place, flags, ctypes.byref(attributes), 32), path)


def _show(path: str, number: int) -> None:
    """Bind what was opened as `number` to its place below a hidden folder."""
    place, opened = Path(path), f"/proc/self/fd/{number}"
    if Path(opened).is_dir():
        place.mkdir(parents=True, exist_ok=True)
    else:
        place.touch()
    _mount(opened, path, "", _MS_BIND)


def _make_devices() -> None:
    """Make what programs expect in the folder of devices, beside those that are shown."""
    Path("/dev/shm").mkdir()  # noqa: S108
    for name, target in (("fd", "fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        Path("/dev", name).symlink_to(f"/proc/self/{target}")


def _existing(paths: Iterable[str]) -> list[str]:
    return [path for path in paths if Path(path).exists()]


def _below(path: str, folders: Iterable[str]) -> bool:
    return any(path != each and Path(path).is_relative_to(each) for each in folders)


def _hide(paths: Sequence[str], *, nothing: int) -> None:
    """Put an empty folder or file instead of each; `nothing` is what was opened as /dev/null."""
    for path in paths:
        if Path(path).is_dir():
            _mount("tmpfs", path, "tmpfs", _MS_NOSUID | _MS_NODEV)
        else:
            _mount(f"/proc/self/fd/{nothing}", path, "", _MS_BIND)


def _drop_capabilities(last: int) -> None:
    """Give up the rights over the namespaces, so that nothing hidden can be uncovered."""
    for capability in range(last + 1):
        _checked(_libc().prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0), "capabilities")
    _checked(_libc().prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "privileges")


def _refuse_calls() -> None:
    """Refuse sockets but those of the internet, the kernel's key rings, and `io_uring`, which opens sockets, too."""
    program = b"".join(struct.pack("=HBBI", *line) for line in _filter(platform.machine()))
    buffer = ctypes.create_string_buffer(program, len(program))
    described = ctypes.create_string_buffer(struct.pack("HP", len(program) // 8, ctypes.addressof(buffer)))
    _checked(_libc().prctl(_PR_SET_SECCOMP, _FILTER, described, 0, 0), "system calls")


def _filter(machine: str) -> list[tuple[int, int, int, int]]:
    """Return the filter as instructions (what, lines to skip where it is so, and if it is not, value).

    Raises OSError for a machine of which the numbers of system calls are not known.
    """
    if machine not in _CALLS:
        raise OSError(errno.ENOSYS, "no filter of system calls is known for this machine", machine)
    architecture, socket, keys = _CALLS[machine]
    refused = (*keys, _IO_URING_SETUP)
    checks = [(_FROM, _X32), *((_IS, number) for number in refused)]
    families = [(_IS, family, len(_FAMILIES) - place, 0) for place, family in enumerate(_FAMILIES)]
    # The lines after the checks: the one for `socket`, its argument, the families, refuse, allow.
    end = len(_FAMILIES) + 2
    return [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_IS, 1, 0, architecture),
        (_RETURN, 0, 0, _REFUSE | errno.EPERM),
        (_LOAD, 0, 0, _NUMBER),
        *((what, len(checks) - place - 1 + end, 0, value) for place, (what, value) in enumerate(checks)),
        (_IS, 0, end, socket),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        *((what, skip, other, value) for what, value, skip, other in families),
        (_RETURN, 0, 0, _REFUSE | errno.EPERM),
        (_RETURN, 0, 0, _ALLOW),
    ]


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

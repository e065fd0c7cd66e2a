"""The first program in new namespaces: puts the mounts in place, gives up the right to change them, and stays.

The command is its child, because the first process of a namespace becomes the parent of all whose own parent has ended.

A script of its own (standard library only): `enter.py hide=DIR… read=DIR… write=DIR… -- COMMAND…`.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import socket
import struct
import sys
from pathlib import Path

_BIND, _RECURSIVE, _PRIVATE = 4096, 16384, 1 << 18
_READ_ONLY, _AT_RECURSIVE, _AT_FDCWD = 1, 0x8000, -100
_NEW_USER, _NEW_PRIVILEGES, _DROP = 0x10000000, 38, 24  # unshare(2), prctl(2)
_CAPABILITIES_VERSION = 0x20080522  # capset(2)
_MOUNT_SETATTR = 442  # the same on every architecture: https://man7.org/linux/man-pages/man2/mount_setattr.2.html
_DEVICES = tuple(f"/dev/{name}" for name in ("null", "zero", "full", "random", "urandom", "tty"))
_OF_THE_KERNEL = ("sys", "sysrq-trigger", "irq", "bus", "fs", "acpi", "scsi", "driver", "mtrr", "tty", "asound")
"""What is in /proc for the whole machine: root may write to it, in whatever namespace it is."""
_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def _mount(source: str, target: str, kind: str = "", flags: int = 0, data: str = "") -> None:
    texts = [text.encode() or None for text in (source, target, kind, data)]
    _check(_libc.mount(texts[0], texts[1], texts[2], ctypes.c_ulong(flags), texts[3]), f"mount {target}")


def _read_only(path: str, wanted: bool = True) -> None:
    """Make a mount and everything below it read-only, or writable again (Linux 5.12)."""
    attributes = (ctypes.c_uint64 * 4)(*((_READ_ONLY, 0) if wanted else (0, _READ_ONLY)), 0, 0)
    _check(
        _libc.syscall(_MOUNT_SETATTR, _AT_FDCWD, path.encode(), _AT_RECURSIVE, attributes, ctypes.c_size_t(32)),
        f"mount_setattr {path}",
    )


def _place(path: str, folder: bool) -> None:
    """Make what something is mounted on, where it is hidden."""
    place = Path(path)
    (place if folder else place.parent).mkdir(parents=True, exist_ok=True)
    if not folder and not place.exists():
        place.touch()


def _loopback() -> None:
    """Switch the loopback interface on: tests talk to themselves over it."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        fcntl.ioctl(door.fileno(), 0x8914, struct.pack("16sh14x", b"lo", 0x41))  # SIOCSIFFLAGS: IFF_UP | IFF_RUNNING


def _own_devices(opened: dict[str, int]) -> None:
    """Mount a /dev with what every program expects: terminals of the user and disks are not in it."""
    _mount("tmpfs", "/dev", "tmpfs", data="mode=0755")
    for path, descriptor in opened.items():
        _place(path, folder=False)
        _mount(f"/proc/self/fd/{descriptor}", path, flags=_BIND)
        _read_only(path, False)
        os.close(descriptor)
    for name, target in (("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")):
        Path("/dev", name).symlink_to(f"/proc/self/fd{target}")
    for name, kind, data in (("shm", "tmpfs", "mode=1777"), ("pts", "devpts", "newinstance,ptmxmode=0666,mode=620")):
        Path("/dev", name).mkdir()
        _mount(kind, f"/dev/{name}", kind, data=data)
    Path("/dev/ptmx").symlink_to("pts/ptmx")


def _protect_kernel() -> None:
    for path in (f"/proc/{name}" for name in _OF_THE_KERNEL):
        if Path(path).exists():
            _mount(path, path, flags=_BIND | _RECURSIVE)
            _read_only(path)


def _give_up_rights() -> None:
    """Enter a second user namespace, with no right over the mounts of the first, and without capabilities."""
    user, group = os.getuid(), os.getgid()
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_bytes())
    _check(_libc.unshare(_NEW_USER), "unshare")
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        Path("/proc/self", name).write_text(text, encoding="ascii")
    for capability in range(last + 1):
        _check(_libc.prctl(_DROP, capability, 0, 0, 0), "capabilities")
    _check(_libc.prctl(_NEW_PRIVILEGES, 1, 0, 0, 0), "privileges")
    # The command could not have any after exec; this process, which stays, still has all of them.
    header, none = (ctypes.c_uint32 * 2)(_CAPABILITIES_VERSION, 0), (ctypes.c_uint32 * 6)()
    _check(_libc.capset(header, none), "capabilities")


def _stay(command: int) -> int:
    """Wait for every process that ends, until the command does; return its exit code, as a shell has it."""
    while True:
        process, status = os.wait()
        if process == command:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def main(arguments: list[str]) -> None:
    """Mount the folders, drop privileges, and run the command; all that it leaves running ends with it."""
    end = arguments.index("--")
    plan = [text.partition("=")[::2] for text in arguments[:end]]
    # Opened first: what is hidden can still be bound by its descriptor.
    devices = {path: os.open(path, os.O_PATH) for path in _DEVICES if Path(path).exists()}
    opened = [(kind, path, os.open(path, os.O_PATH)) for kind, path in plan if kind != "hide"]
    folder = Path.cwd()
    _loopback()
    _mount("none", "/", flags=_RECURSIVE | _PRIVATE)
    _read_only("/")
    _read_only("/proc", False)  # of this process namespace alone; the maps of the second user namespace go there
    _protect_kernel()
    _own_devices(devices)
    for kind, path in plan:
        if kind == "hide" and Path(path).is_dir():
            _mount("tmpfs", path, "tmpfs", data="mode=0755")
        elif kind == "hide" and Path(path).exists():
            _mount("/dev/null", path, flags=_BIND)
    for kind, path, descriptor in opened:
        _place(path, Path(f"/proc/self/fd/{descriptor}").is_dir())
        _mount(f"/proc/self/fd/{descriptor}", path, flags=_BIND | _RECURSIVE)
        _read_only(path, kind == "read")
        os.close(descriptor)
    if folder.is_dir():
        os.chdir(folder)
    _give_up_rights()
    command = arguments[end + 1 :]
    child = os.fork()
    if child == 0:
        os.execvp(command[0], command)  # noqa: S606
    sys.exit(_stay(child))


if __name__ == "__main__":
    main(sys.argv[1:])

"""The first program in new namespaces: puts the mounts in place, gives up the right to change them, and goes on.

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
_MOUNT_SETATTR = 442  # the same on every architecture: https://man7.org/linux/man-pages/man2/mount_setattr.2.html
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


def main(arguments: list[str]) -> None:
    """Mount the folders, drop privileges, and run the command."""
    end = arguments.index("--")
    plan = [text.partition("=")[::2] for text in arguments[:end]]
    # Opened first: what is hidden can still be bound by its descriptor.
    opened = [(kind, path, os.open(path, os.O_PATH)) for kind, path in plan if kind != "hide"]
    folder = Path.cwd()
    _loopback()
    _mount("none", "/", flags=_RECURSIVE | _PRIVATE)
    _read_only("/")
    _read_only("/proc", False)  # of this process namespace alone; the maps of the second user namespace go there
    for kind, path in [*plan, ("hide", "/dev/shm")]:  # noqa: S108
        if kind == "hide" and Path(path).is_dir():
            _mount("tmpfs", path, "tmpfs", data="mode=0755")
    for kind, path, descriptor in opened:
        _place(path, Path(f"/proc/self/fd/{descriptor}").is_dir())
        _mount(f"/proc/self/fd/{descriptor}", path, flags=_BIND | _RECURSIVE)
        _read_only(path, kind == "read")
        os.close(descriptor)
    if folder.is_dir():
        os.chdir(folder)
    # A second user namespace: in it there is no right over the mounts of the first.
    command = ["unshare", "--user", "--map-current-user", "--", *arguments[end + 1 :]]
    os.execvp(command[0], command)  # noqa: S606


if __name__ == "__main__":
    main(sys.argv[1:])

"""The right to run: of two bots with one ledger, one works and the other gets a BusyError."""

from __future__ import annotations

import os
import secrets
import socket
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

from dirac_forge.errors import ForgeError
from dirac_forge.pullrequest.ledger import Ledger
from dirac_forge.untrusted import parse_whole_number


class BusyError(ForgeError):
    """Another bot has the right to run, or took it over."""


def this_process() -> str:
    """Return a name for this process, by which the same machine can tell later whether it still runs."""
    return f"{socket.gethostname()}/{_space()}/{os.getpid()}/{secrets.token_hex(4)}"


def told(holder: str) -> str:
    """Return a process with its machine, for a person; another name as it is."""
    host, _, rest = holder.partition("/")
    space, _, rest = rest.partition("/")
    number = rest.partition("/")[0]
    if parse_whole_number(number) is None:
        return holder
    machine = "this machine" if (host, space) == (socket.gethostname(), _space()) else host
    return f"process {number} on {machine}"


def dead(holder: str) -> bool:
    """Whether a process of that name is known not to run any more: only who shares its machine can know."""
    host, _, rest = holder.partition("/")
    space, _, rest = rest.partition("/")
    number = rest.partition("/")[0]
    if (host, space) != (socket.gethostname(), _space()) or parse_whole_number(number) is None:
        return False
    if os.name == "nt":  # there 0 is no question but Ctrl+C
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return False


def _space() -> str:
    """Return the space in which process numbers are unique: one boot and one container."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}:{Path('/proc/self/ns/pid').readlink().name}"
    except OSError:
        return "-"


class Lease:
    """`with Lease(ledger) as lease:` raises BusyError if another bot runs; one that died is taken over.

    It ends by itself after `length` and is renewed by `renew`, which raises BusyError once it was lost.
    """

    def __init__(self, ledger: Ledger, *, holder: str = "", length: timedelta = timedelta(minutes=30)) -> None:
        self._ledger = ledger
        self._length = length
        self.holder = holder or this_process()

    def renew(self) -> None:
        """Extend the lease, with every step; writes only after a good part of the time has passed."""
        now = self._ledger.now()
        if not self._length / 2 < self._mine() - now <= self._length:
            with self._ledger.transaction():
                self._mine()
                self._ledger.hold(self.holder, now + self._length)

    def __enter__(self) -> Self:
        with self._ledger.transaction():
            now = self._ledger.now()
            known = self._ledger.holder()
            if known is not None and known[0] != self.holder and not self._over(*known, now):
                end = f"{known[1]:%Y-%m-%d %H:%M} UTC"
                raise BusyError(
                    f"another bot is running with this ledger: {told(known[0])}",
                    hint=f"Wait until it ends, or stop it. If it died, a run after {end} takes over.",
                )
            self._ledger.hold(self.holder, now + self._length)
        return self

    def __exit__(self, *_: object) -> None:
        with self._ledger.transaction():
            known = self._ledger.holder()
            if known is not None and known[0] == self.holder:
                self._ledger.hold("", known[1])

    def _mine(self) -> datetime:
        known = self._ledger.holder()
        if known is None or known[0] != self.holder:
            raise BusyError("another bot took over the lease", hint="It continues the work; nothing is lost.")
        return known[1]

    def _over(self, holder: str, expires: datetime, now: datetime) -> bool:
        # Further away than it can be: the clock that gave it was wrong.
        return expires <= now or expires - now > 2 * self._length or dead(holder)

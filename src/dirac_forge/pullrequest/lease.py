"""The right to run: of two bots with one ledger, one works and the other is told."""

from __future__ import annotations

from datetime import timedelta
from types import TracebackType
from typing import Self

from dirac_forge.errors import ForgeError
from dirac_forge.pullrequest.ledger import Ledger

__all__ = ["BusyError", "Lease"]


class BusyError(ForgeError):
    """Another bot has the right to run, or took it over."""


class Lease:
    """`with Lease(ledger):` raises BusyError where another bot runs; one that died is taken over.

    It ends by itself after `length` and is renewed by `renew`, which raises BusyError once it was lost.
    """

    def __init__(self, ledger: Ledger, *, holder: str = "", length: timedelta = timedelta(minutes=30)) -> None:
        raise NotImplementedError

    def renew(self) -> None:
        """Go on: to be called before every effect."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        raise NotImplementedError

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        raise NotImplementedError

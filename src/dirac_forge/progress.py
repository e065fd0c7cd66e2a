"""An observer for long work; the terminal's one lives in `cli`, libraries and tests use the silent one."""

from __future__ import annotations

from datetime import date
from typing import Protocol


class Observer(Protocol):
    """Who is watching. Every method may be called from any thread."""

    def started(self, task: str, total: int | None = None) -> None:
        """Tell that the work named `task` starts, with `total` steps if that is known."""
        ...

    def advanced(self, task: str, *, done: int = 1, total: int | None = None, detail: str = "") -> None:
        """Tell that `done` more steps of `task` are done; `total` is its new total, `detail` its current step."""
        ...

    def finished(self, task: str) -> None:
        """Tell that the work named `task` has ended."""
        ...

    def warned(self, message: str) -> None:
        """Tell something that the user should know; the same message is shown once a run."""
        ...

    def dated(self, day: date, folder: str = "") -> None:
        """Tell that answers come from the snapshot in `folder`, or from the embedded one, as of `day`."""
        ...


class Silent:
    """Watches and says nothing; keeps the warnings, once each, in order."""

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self.as_of: date | None = None

    def started(self, task: str, total: int | None = None) -> None:
        """Show nothing."""

    def advanced(self, task: str, *, done: int = 1, total: int | None = None, detail: str = "") -> None:
        """Show nothing."""

    def finished(self, task: str) -> None:
        """Show nothing."""

    def warned(self, message: str) -> None:
        """Keep the message."""
        if message not in self.warnings:
            self.warnings.append(message)

    def dated(self, day: date, folder: str = "") -> None:
        """Keep the day of the embedded snapshot."""
        self.as_of = self.as_of if folder else day

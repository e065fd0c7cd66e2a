"""The errors that a user is told about; each class carries the exit code of the command line."""

from __future__ import annotations

from typing import ClassVar

__all__ = ["ForgeError", "InputError", "UnknownError"]


class ForgeError(Exception):
    """Something went wrong that the user should read as words, never as a traceback.

    A message says what happened, where (file, key, line or URL) and what was expected; `hint` says what to do next.
    """

    exit_code: ClassVar[int] = 2

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class InputError(ForgeError):
    """Wrong use, or input that can't be read: exit code 2."""


class UnknownError(ForgeError):
    """The answer that was asked for could not be found out (dead network, broken host): exit code 3."""

    exit_code: ClassVar[int] = 3

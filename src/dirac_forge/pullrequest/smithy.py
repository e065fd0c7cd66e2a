"""conda-smithy, where it is on PATH: rerender a feedstock, and lint its recipe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

__all__ = ["Rerendered", "Smithy", "find_smithy"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rerendered:
    """What became of a rerender."""

    state: Literal["done", "ask", "failed"]
    """`ask`: conda-smithy is not here, the service must be asked; `failed`: it did not get through, ask as well."""
    text: str = ""
    version: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Smithy:
    """The program, which was asked for its version."""

    command: Path
    version: str

    def rerender(self, folder: Path, *, timeout: float = 900.0) -> Rerendered:
        """Rerender the feedstock in `folder`, files only: no commit, no network of ours, no tokens."""
        raise NotImplementedError

    def lint(self, folder: Path, *, timeout: float = 120.0) -> tuple[str, ...]:
        """What conda-smithy has against the recipe, a line each; () where nothing. Raises UnknownError where it can't
        tell.
        """
        raise NotImplementedError


def find_smithy(path: Sequence[Path] | None = None) -> Smithy | None:
    """conda-smithy on PATH (or in these folders); None where there is none, or only PyPI's placeholder."""
    raise NotImplementedError

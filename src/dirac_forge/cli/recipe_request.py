"""What the command line asks of `dirac-forge recipe`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class RecipeRequest:
    """What the command line asks of `dirac-forge recipe`."""

    projects: tuple[str, ...]
    output: Path | None = None
    feedstock: str = ""
    format: Literal["v1", "v0"] = "v1"
    deps: Literal["missing", "none", "all"] = "missing"
    table: bool = False
    build: bool = False
    pr: bool = False
    force: bool = False
    maintainers: tuple[str, ...] = ()
    published: bool = False

"""The outbox: branches, patches and bodies in a folder, for who has no token or wants to look first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dirac_forge.pullrequest.clones import Author, Clones

__all__ = ["Outbox"]


_US = Author(name="dirac-forge", email="dirac-forge@users.noreply.github.com")


@dataclass(frozen=True, kw_only=True)
class Outbox:
    """A Destination: `folder/<feedstock>/<branch>/` with change.patch, body.md and request.json for each change, and
    all branches in the bare repository `folder/<feedstock>.git`.
    """

    folder: Path
    clones: Clones
    repository: Callable[[str], tuple[str, str]]
    """Feedstock to `owner/name` and the URL (or path) that it is cloned from."""
    by: Author = _US
    staged: tuple[str, str] = ("conda-forge/staged-recipes", "https://github.com/conda-forge/staged-recipes")
    name: str = "outbox"

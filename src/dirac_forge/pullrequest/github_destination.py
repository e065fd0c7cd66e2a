"""Where changes go with a token: to pull requests on GitHub, from branches of a fork."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dirac_forge.pullrequest.clones import Author, Clones
from dirac_forge.pullrequest.forge import Forge
from dirac_forge.pullrequest.ledger import Ledger

__all__ = ["GitHubDestination"]


@dataclass(kw_only=True)
class GitHubDestination:
    """A Destination on a forge."""

    forge: Forge
    clones: Clones
    ledger: Ledger
    repository: Callable[[str], str] = "conda-forge/{}-feedstock".format
    """Feedstock to `owner/name`."""
    staged: str = "conda-forge/staged-recipes"
    by: Author | None = None
    """Who commits are by; the token's owner where it isn't given."""
    name: str = "github"

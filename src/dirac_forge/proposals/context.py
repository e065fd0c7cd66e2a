"""The context of a run: settings, HTTP, the store; the caller hands it in."""

from __future__ import annotations

from typing import Protocol

from dirac_forge.http import Http
from dirac_forge.progress import Observer
from dirac_forge.settings import Settings
from dirac_forge.store import Store
from dirac_forge.upstream.sources.github import GitHubAccess

__all__ = ["ProposalContext"]


class ProposalContext(Protocol):
    """Settings, and the ways to everything outside."""

    @property
    def settings(self) -> Settings:
        """What the workspace says."""
        ...

    @property
    def observer(self) -> Observer:
        """Who is watching."""
        ...

    @property
    def http(self) -> Http:
        """The session; made when it is first asked for."""
        ...

    @property
    def github(self) -> GitHubAccess:
        """Where releases on GitHub are read, and with which token."""
        ...

    @property
    def store(self) -> Store:
        """What was read from files, by their hash."""
        ...

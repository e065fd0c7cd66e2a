"""The context of a run: settings, HTTP, the store; the caller hands it in."""

from __future__ import annotations

from typing import Protocol

from dirac_forge.channel.opening import ChannelContext
from dirac_forge.http import Http
from dirac_forge.upstream.sources.github import GitHubAccess


class ProposalContext(ChannelContext, Protocol):
    """Settings, and the ways to everything outside."""

    @property
    def http(self) -> Http:
        """The session; made when it is first asked for."""
        ...

    @property
    def github(self) -> GitHubAccess:
        """Where releases on GitHub are read, and with which token."""
        ...

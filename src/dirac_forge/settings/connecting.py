"""The HTTP session that settings ask for."""

from __future__ import annotations

from dirac_forge.http import Http, Trust
from dirac_forge.progress import Observer
from dirac_forge.settings.model import Settings


def http_of(settings: Settings, *, github_url: str, observer: Observer) -> Http:
    """Return a session with the cache, the limits and the trusted hosts of the settings."""
    return Http(
        cache=settings.cache,
        offline=settings.offline,
        connections=settings.connections,
        timeout=settings.timeout,
        observer=observer,
        trust=trust_of(settings, github_url=github_url),
    )


def trust_of(settings: Settings, *, github_url: str) -> Trust:
    """Return the hosts that the settings name."""
    return Trust.of(
        services=(settings.index_url, *settings.channels, github_url),
        feedstocks=settings.feedstock_url,
        internal_hosts=settings.internal_hosts,
    )

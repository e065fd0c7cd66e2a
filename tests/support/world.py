"""What a run of proposals is given: settings, and ways out."""

from __future__ import annotations

from dataclasses import dataclass, field

from dirac_forge.http import Http
from dirac_forge.progress import Silent
from dirac_forge.settings import Settings
from dirac_forge.store import Store
from dirac_forge.upstream.sources.github import GitHubAccess


@dataclass
class World:
    settings: Settings
    http: Http
    observer: Silent = field(default_factory=Silent)
    store: Store = field(default_factory=lambda: Store(None))
    github: GitHubAccess = field(default_factory=lambda: GitHubAccess(url="https://api.example.org"))

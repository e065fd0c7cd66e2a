"""What the registries of other languages have in common: a name and a version in the URL, JSON answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from dirac_forge.errors import redact
from dirac_forge.http import Page, UnreachableError
from dirac_forge.untrusted import parse_json
from dirac_forge.upstream.sources.origins import Origin, SourceUrl
from dirac_forge.upstream.sources.source import ReleaseSource
from dirac_forge.upstream.sources.tags import HostVersion, read_version, spelled_in

LARGEST = 64 * 1024**2
"""Bytes; npm's largest documents have some 30 MB."""


class Registry(ReleaseSource):
    """A registry whose URLs match `pattern`: a group `name`, and `version` where the rest of the path may spell one."""

    pattern: ClassVar[re.Pattern[str]]

    def is_host(self, host: str) -> bool:
        """Return whether the registry, or a mirror of it, may have this name."""
        return True

    def recognises(self, url: SourceUrl) -> bool:
        """Return whether host and path are the registry's."""
        return self.is_host(url.host) and self.pattern.search(url.path) is not None

    def origin(self, url: SourceUrl, version: str) -> Origin | None:
        """Return the project; None if the URL has another version."""
        match = self.pattern.search(url.path)
        if match is None:
            return None
        told = match.groupdict().get("version") or ""
        # CRAN has `7.3-60` where the recipe has `7.3_60`.
        same = re.split(r"[._-]", told) == re.split(r"[._-]", version) if told else spelled_in(url.path, version)
        return Origin(kind=self.name, name=match["name"], url=url.text) if same else None


def semver(text: object) -> HostVersion | None:
    """Read a version of npm or crates.io: `1.2.3`, `1.2.3-beta.1`; what follows `+` says nothing."""
    if not isinstance(text, str):
        return None
    return read_version(re.sub(r"-(alpha|beta|rc|pre|dev)\.?(\d+)$", r"-\1\2", text.partition("+")[0]))


def json_of(page: Page) -> Mapping[str, Any]:
    """Read a JSON mapping; raises UnreachableError for anything else."""
    try:
        document = parse_json(page.body)
    except (ValueError, RecursionError) as exc:
        raise nonsense(page, "no JSON") from exc
    if not isinstance(document, dict):
        raise nonsense(page, "JSON that is not a mapping")
    return document


def mapping(value: object) -> Mapping[str, Any]:
    """Return a JSON mapping, {} for anything else."""
    return value if isinstance(value, dict) else {}


def nonsense(page: Page, what: str) -> UnreachableError:
    """Return the error for a page that is not a registry's."""
    return UnreachableError(f"{redact(page.url)} answered {what}, not a registry's page of a project")

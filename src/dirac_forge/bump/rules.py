"""What a feedstock's settings have against a version: its release line, and `version_updates` of conda-forge.yml."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from fnmatch import fnmatchcase

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from dirac_forge.bump.cooldown import Cooldown
from dirac_forge.bump.objections import (
    ExcludedVersion,
    Objection,
    OddVersion,
    OffBranch,
    TagNotAllowed,
    TooYoung,
    UnkeptVersion,
)
from dirac_forge.bump.upstream_versions import SAME, UpstreamVersions
from dirac_forge.feedstock.botconfig import VersionUpdates
from dirac_forge.upstream.sources.tags import HostVersion
from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """Of one feedstock, on one branch."""

    feedstock: str = ""
    branch: str = "main"
    allowed: SpecifierSet = field(default_factory=SpecifierSet)
    """The versions that belong on the branch."""
    updates: VersionUpdates = field(default_factory=VersionUpdates)
    refused: Mapping[Version, Objection] = field(default_factory=dict)
    """Versions that were tried, and what was wrong with them."""
    cooldown: Cooldown | None = None
    upstream: UpstreamVersions = SAME

    def too_young(self, version: Version, released: datetime | None) -> TooYoung | None:
        """Return why a version waits until it is older."""
        if self.cooldown is None:
            return None
        return self.cooldown.objection((self.feedstock, self.branch, str(version)), released)

    def objection(self, version: Version, tags: tuple[str, ...] = ()) -> Objection | None:
        """Return why a version is not taken, None if nothing speaks against it; `tags` are those that it has."""
        if not self.allowed.contains(self._compared(version), prereleases=True):
            return OffBranch(allowed=self.allowed)
        if version in self.refused:
            return self.refused[version]
        return self._excluded(version) or self._tag(tags) or self._odd(version) or self._unkept(version)

    def _compared(self, version: Version) -> Version | str:
        """Return a version as the release line's bounds mean it: with the packager's epoch if these have one."""
        plain = version.plain if isinstance(version, HostVersion) else version
        return f"{self.upstream.epoch}{plain}" if "!" in str(self.allowed) else plain

    def _excluded(self, version: Version) -> ExcludedVersion | None:
        spelled = re.sub(r"[-_]", ".", str(version))
        excluded = ((self.upstream.of(text), line) for text, line in self.updates.exclude.items())
        lines = (line for text, line in excluded if re.sub(r"[-_]", ".", text) == spelled)
        line = next(lines, None)
        return None if line is None else ExcludedVersion(line=line)

    def _tag(self, tags: tuple[str, ...]) -> TagNotAllowed | None:
        globs = self.updates.allowed_tag_globs
        for tag in tags if globs is not None else ():
            # The bot compares with the whole name of a reference in one of its sources, and with the tag in others.
            if not any(fnmatchcase(name, glob) for glob in globs or () for name in (tag, f"refs/tags/{tag}")):
                return TagNotAllowed(tag=tag, line=self._line("allowed_tag_globs"))
        return None

    def _odd(self, version: Version) -> OddVersion | None:
        odd = self.updates.even_odd_versions and version.minor % 2
        return OddVersion(line=self._line("even_odd_versions")) if odd else None

    def _unkept(self, version: Version) -> UnkeptVersion | None:
        fraction = self.updates.random_fraction_to_keep
        if fraction is None or kept_fraction(self.feedstock, str(version)) < fraction:
            return None
        return UnkeptVersion(fraction=fraction, line=self._line("random_fraction_to_keep"))

    def _line(self, key: str) -> int:
        """Return the key's line in conda-forge.yml, 0 if it is not known."""
        return self.updates.lines.get(key, 0)


def kept_fraction(feedstock: str, version: str) -> float:
    """Return a number from 0 to 1, always the same for a feedstock and version: no run takes what another left out."""
    digest = hashlib.sha256(f"{feedstock} {version}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 256**6

"""What a feedstock's settings have against a version: its release line, and `version_updates` of conda-forge.yml."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from dirac_forge.feedstock.botconfig import VersionUpdates
from dirac_forge.upstream.sources.tags import HostVersion

__all__ = ["Rules", "kept_fraction"]

_FILE = "conda-forge.yml"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """Of one feedstock, on one branch."""

    feedstock: str = ""
    allowed: SpecifierSet = field(default_factory=SpecifierSet)
    """The versions that belong on the branch."""
    updates: VersionUpdates = field(default_factory=VersionUpdates)
    refused: Mapping[Version, str] = field(default_factory=dict)
    """Versions that were tried, and what was wrong with them."""

    def objection(self, version: Version, tags: tuple[str, ...] = ()) -> str:
        """Why a version is not taken; "" where nothing speaks against it. `tags` are those of it, where it has some."""
        plain = version.plain if isinstance(version, HostVersion) else version
        if not self.allowed.contains(plain, prereleases=True):
            return f"it does not belong on this branch ({self.allowed})"
        if version in self.refused:
            return self.refused[version]
        return self._excluded(version) or self._tag(tags) or self._odd(version) or self._left_out(version)

    def _excluded(self, version: Version) -> str:
        spelled = re.sub(r"[-_]", ".", str(version))
        for text, line in self.updates.exclude.items():
            if re.sub(r"[-_]", ".", text) == spelled:
                return f"excluded by {_FILE}, line {line}"
        return ""

    def _tag(self, tags: tuple[str, ...]) -> str:
        globs = self.updates.allowed_tag_globs
        if globs is None:
            return ""
        for tag in tags:
            # The bot compares with the whole name of a reference in one of its sources, and with the tag in others.
            if not any(fnmatchcase(name, glob) for glob in globs for name in (tag, f"refs/tags/{tag}")):
                return f"its tag {tag} is none of those that {self._where('allowed_tag_globs')} allows"
        return ""

    def _odd(self, version: Version) -> str:
        if self.updates.even_odd_versions and version.minor % 2:
            return f"its second number is odd, so it is no stable version ({self._where('even_odd_versions')})"
        return ""

    def _left_out(self, version: Version) -> str:
        fraction = self.updates.random_fraction_to_keep
        if fraction is None or kept_fraction(self.feedstock, str(version)) < fraction:
            return ""
        return (
            f"only {fraction:g} of all versions are taken ({self._where('random_fraction_to_keep')}), "
            "and the hash of feedstock and version says that this is none of them"
        )

    def _where(self, key: str) -> str:
        return f"{_FILE}, line {self.updates.lines[key]}" if key in self.updates.lines else _FILE


def kept_fraction(feedstock: str, version: str) -> float:
    """A number from 0 to 1, always the same for a feedstock and version: no run takes what another left out."""
    digest = hashlib.sha256(f"{feedstock} {version}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 256**6

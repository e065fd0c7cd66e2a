"""The version and kind in a distribution's file name, legacy spellings included."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from packaging.utils import canonicalize_name
from packaging.version import Version

from dirac_forge.untrusted import parse_version

SDIST_SUFFIXES = (".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz", ".tbz", ".tbz2", ".txz", ".tar", ".tar.Z")
"""PEP 625 knows .tar.gz only; older releases came in all of these."""

_OTHER = re.compile(r"\.(?:egg|exe|msi|rpm|deb|dmg|asc|sig|metadata|provenance|sha256|md5)\Z", re.IGNORECASE)
_DUMB = re.compile(r"\.(?:aix|cygwin|darwin|linux|macosx|solaris|sunos|win)[-.\w]*\Z", re.IGNORECASE)


class Named(NamedTuple):
    """What a file name says."""

    kind: Literal["wheel", "sdist"]
    version: Version


class WheelTags(NamedTuple):
    """The compatibility tags of a wheel's name (PEP 425), compressed sets taken apart."""

    pythons: tuple[str, ...]
    abis: tuple[str, ...]
    platforms: tuple[str, ...]


def wheel_tags(filename: str) -> WheelTags:
    """Return the tags of a wheel's file name; a name without tags gives empty ones."""
    parts = filename.removesuffix(".whl").rsplit("-", 3)
    if len(parts) != 4:
        return WheelTags((), (), ())
    return WheelTags(tuple(parts[1].split(".")), tuple(parts[2].split(".")), tuple(parts[3].split(".")))


class FileNames:
    """Reads the file names of one project; each version text is parsed once (a page repeats it a hundred times)."""

    def __init__(self, project: str) -> None:
        self._normalised = canonicalize_name(project)
        parts = [re.escape(part) for part in self._normalised.split("-")]
        self._prefix = re.compile("[-_.]+".join(parts) + r"-(?=v?\d)", re.IGNORECASE)
        self._versions: dict[str, Version | None] = {}
        self._names: dict[str, bool] = {}

    def read(self, filename: str) -> Named | None:
        """Return kind and version; None if the version can't be read, or the file is another project's."""
        if filename.endswith(".whl"):
            parts = filename.split("-")
            own = len(parts) in (5, 6) and self._is_own(parts[0])
            version = self._version(parts[1]) if own else None
            return Named("wheel", version) if version is not None else None
        suffix = _sdist_suffix(filename)
        match = self._prefix.match(filename) if suffix else None
        version = self._version(filename[match.end() : -len(suffix)]) if match else None
        return Named("sdist", version) if version is not None else None

    @staticmethod
    def is_other(filename: str) -> bool:
        """Return whether the file is neither wheel nor sdist: an egg, an installer, a built "dumb" archive, a
        signature.
        """
        if _OTHER.search(filename):
            return True
        suffix = _sdist_suffix(filename)
        return suffix != "" and _DUMB.search(filename[: -len(suffix)]) is not None

    def _is_own(self, name: str) -> bool:
        if name not in self._names:
            self._names[name] = canonicalize_name(name) == self._normalised
        return self._names[name]

    def _version(self, text: str) -> Version | None:
        try:
            return self._versions[text]
        except KeyError:
            pass
        # Wheels escape `-` as `_` (PEP 427): `1.0-1` comes as `1.0_1`.
        version = parse_version(text) or (parse_version(text.replace("_", "-")) if "_" in text else None)
        self._versions[text] = version
        return version


def _sdist_suffix(filename: str) -> str:
    return next((suffix for suffix in SDIST_SUFFIXES if filename.endswith(suffix)), "")

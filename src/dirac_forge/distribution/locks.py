"""Values: the exact packages of a distribution, by environment and platform."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import field, replace
from pathlib import PurePosixPath
from urllib.parse import unquote

from rattler import RepoDataRecord

from dirac_forge.errors import redact
from dirac_forge.values import dataclass

DEFAULT_ENVIRONMENT = "default"
NO_PLATFORM = "noarch"
"""The platform of a list or prefix in which every package is for any platform."""
_ENDINGS = (".conda", ".tar.bz2")


@dataclass(frozen=True, kw_only=True, slots=True)
class LockedPackage:
    """One package file; what its source does not tell is empty."""

    name: str
    version: str
    build: str
    subdir: str = ""
    url: str = ""
    sha256: str = ""
    md5: str = ""
    size: int | None = None
    """Bytes."""
    license: str = ""
    depends: tuple[str, ...] = ()
    depends_known: bool = True
    """A list of URLs tells nothing of requirements; without any, others say that there are none."""
    asked: bool = False
    """The distribution asks for it by name."""

    @property
    def licence_known(self) -> bool:
        """Whether it has a licence or was read from a whole record, which a missing size tells apart."""
        return bool(self.license) or self.size is not None

    def __str__(self) -> str:
        return f"{self.name} {self.version} {self.build}".rstrip()


@dataclass(frozen=True, kw_only=True, slots=True)
class Lock:
    """The packages of each environment on each platform."""

    name: str
    """What it was read from, for messages and headings."""
    environments: Mapping[str, Mapping[str, tuple[LockedPackage, ...]]] = field(default_factory=dict)
    """Environment to platform to packages, sorted by name."""
    channels: tuple[str, ...] = ()
    """URLs, the first has priority."""
    from_index: tuple[str, ...] = ()
    """Names of packages that pip installs: no channel has them, and they are not among the packages."""

    def placed(self, platform: str) -> Lock:
        """Return the lock with packages that are all for any platform (`noarch`) placed on this one."""
        environments = {
            name: {platform if each == NO_PLATFORM else each: packages for each, packages in platforms.items()}
            for name, platforms in self.environments.items()
        }
        return replace(self, environments=environments)

    def only(self, platforms: Collection[str]) -> Lock:
        """Return the lock on these platforms, and lists without a platform (`noarch`), which may be for any."""
        environments = {
            name: {each: packages for each, packages in some.items() if each in {*platforms, NO_PLATFORM}}
            for name, some in self.environments.items()
        }
        return replace(self, environments=environments)

    @property
    def package_channels(self) -> tuple[str, ...]:
        """Return the channels that the URLs of its packages are in."""
        every = (each for some in self.environments.values() for packages in some.values() for each in packages)
        found = (each.url.rpartition(f"/{each.subdir}/")[0] for each in every if each.subdir)
        return tuple(dict.fromkeys(filter(None, found)))

    @property
    def platforms(self) -> tuple[str, ...]:
        """Return the platforms of all environments, sorted."""
        return tuple(sorted({platform for each in self.environments.values() for platform in each}))


def locked(record: RepoDataRecord, *, asked: bool = False) -> LockedPackage:
    """Return our value of the solver's record."""
    return LockedPackage(
        name=record.name.normalized,
        version=str(record.version),
        build=str(record.build),
        subdir=record.subdir,
        url=redact(record.url),
        sha256=record.sha256.hex() if record.sha256 else "",
        md5=record.md5.hex() if record.md5 else "",
        size=record.size,
        license=record.license or "",
        depends=tuple(record.depends),
        asked=asked,
    )


def file_parts(location: str) -> tuple[str, str, str, str] | None:
    """Return subdir, name, version and build from a package's URL or file name; None for another file."""
    path = PurePosixPath(unquote(location.partition("#")[0].partition("?")[0]))
    ending = next((ending for ending in _ENDINGS if path.name.endswith(ending)), None)
    parts = path.name.removesuffix(ending).rsplit("-", 2) if ending else []
    if len(parts) != 3 or not all(parts):
        return None
    name, version, build = parts
    return path.parent.name, name, version, build

"""Values: the builds that are compared, the environments that install them, and what the channel knows around them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache

from packaging.specifiers import SpecifierSet
from packaging.version import Version
from rattler import Version as CondaVersion
from rattler import VersionSpec

from dirac_forge.channel.index import parsed
from dirac_forge.channel.records import Record
from dirac_forge.upstream.files.requirements import DeclaredRequirement
from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Use:
    """An environment that installs the build."""

    target: str
    """What asks for it; "" if no environment was solved."""
    platform: str
    python: str
    """`X.Y`."""
    versions: Mapping[str, str]
    """Package to the version that is installed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Declared:
    """One dependency of a build."""

    name: str
    version: str
    """The version part of its spec; "" for any version."""
    build: str
    """The build part of its spec; "" for any build."""
    spec: str

    @property
    def exact(self) -> bool:
        """Whether it names one build, as `pin_subpackage(exact=True)` does for outputs of one recipe."""
        return bool(self.build) and "*" not in self.build and self.version.startswith("==")

    def admits(self, version: str) -> bool:
        """Whether the spec admits a version of the package."""
        return not self.version or _matches(self.version, version)


@dataclass(frozen=True, kw_only=True, slots=True)
class Published:
    """What upstream's metadata of the build's version says."""

    project: str
    requirements: tuple[DeclaredRequirement, ...]
    requires_python: SpecifierSet | None
    where: str
    complete: bool = True
    """False if there may be other requirements: upstream computes them when it builds, or a line cannot be read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """What the channel has around a build."""

    versions: Callable[[str], Sequence[str]]
    """The channel's versions of a package, newest first; empty where no channel has it."""
    newest: Callable[[Declared], Record | None]
    """The newest build that a dependency admits."""
    runs_on: Callable[[str, str, str], bool] = lambda _name, _version, _python: True
    """Whether the channel has a build of a package's version that a Python (`X.Y`) can install."""
    builds: Sequence[Record] = ()
    """All builds of the package, of every version."""
    overrides: Mapping[str, str] | None = None
    """Project to package, the workspace's."""
    python_min: str = ""
    """The oldest Python (`X.Y`) that the channel builds for; that older ones are left out is its policy."""


@lru_cache(maxsize=200_000)
def _matches(spec: str, version: str) -> bool:
    return _version_spec(spec).matches(_conda_version(version))


_version_spec = lru_cache(maxsize=20_000)(VersionSpec)
_conda_version = lru_cache(maxsize=50_000)(CondaVersion)


def declared_of(record: Record) -> tuple[Declared, ...]:
    """Return the dependencies of a build; specs that can't be parsed are left out."""
    return tuple(
        Declared(
            name=wanted.name.normalized,
            version=wanted.version or "",
            build=str(wanted.build or ""),
            spec=spec,
        )
        for spec in record.depends
        if (wanted := parsed(spec)) is not None
    )


def admits_python(record: Record, python: str) -> bool:
    """Whether a build can be installed with a Python, `X.Y`."""
    return all(
        each.admits(f"{python}.99" if each.name == "python" else python)
        for each in declared_of(record)
        if each.name in {"python", "python_abi"}
    )


def minor_versions(texts: Iterable[str]) -> list[Version]:
    """Return the `X.Y` of these versions, newest first."""
    minors = {(v.major, v.minor) for text in texts if (v := released_version(text))}
    return [Version(f"{major}.{minor}") for major, minor in sorted(minors, reverse=True)]


@lru_cache(maxsize=50_000)
def released_version(text: str) -> Version | None:
    """Return the version in PEP 440's terms; None for a pre-release, or where it has no such form."""
    try:
        version = Version(text)
    except ValueError:
        return None
    return None if version.is_prerelease else version

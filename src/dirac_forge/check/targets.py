"""Targets: the specs that must stay installable, by platform and Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime

from dirac_forge.channel.solver import parse_spec
from dirac_forge.channel.virtual import known_platform
from dirac_forge.errors import InputError
from dirac_forge.values import dataclass

DEFAULT_PLATFORMS = ("linux-64", "linux-aarch64", "osx-64", "osx-arm64")
DEFAULT_PYTHONS = ("3.11", "3.12", "3.13", "3.14")
DEFAULT_ENVIRONMENT = "default"


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """Specs that must be installable together."""

    name: str
    specs: tuple[str, ...]
    by_platform: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Where the specs differ by platform: all of them; a platform that is missing here has `specs`."""
    platforms: tuple[str, ...] = DEFAULT_PLATFORMS
    """Where a no is unexpected."""
    pythons: tuple[str, ...] = DEFAULT_PYTHONS
    """For which `X.Y` a no is unexpected."""
    environment: str = DEFAULT_ENVIRONMENT
    """Of a file with several environments, the one that this is."""
    channels: tuple[str, ...] = ()
    """The channels that a file names, in priority order."""
    machine: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By platform, the virtual packages that a file asks for."""
    exclude: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By platform, packages that a file takes out after the solve; what depends on them stays."""
    together: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By platform, what other environments ask for that are solved together with this one (a solve group)."""
    solve_group: str = ""
    """Environments of one group are solved together."""
    installer: bool = False
    """Whether constructor makes an installer of it, which adds requirements that no file names."""
    until: datetime | None = None
    """Packages that were uploaded later are left out."""
    notes: tuple[str, ...] = ()
    """The parts of a file that are left out."""

    def specs_for(self, platform: str) -> tuple[str, ...]:
        """Return what is requested on a platform."""
        return self.by_platform.get(platform, self.specs)

    def all_specs(self) -> tuple[tuple[str, ...], ...]:
        """Return the lists of specs, of every platform."""
        return (self.specs, *self.by_platform.values())

    def wants(self, platform: str, python: str) -> bool:
        """Whether a no would be unexpected here."""
        return platform in self.platforms and (not python or not self.pythons or python in self.pythons)


def make_target(
    name: str,
    specs: Sequence[str],
    *,
    platforms: Sequence[str] = DEFAULT_PLATFORMS,
    pythons: Sequence[str] = DEFAULT_PYTHONS,
) -> Target:
    """Return a target from specs.

    Raises:
        InputError: no spec, one that can't be parsed, or an unknown platform.
    """
    if not specs:
        raise InputError(f"the target {name} has no specs", hint='Give it one: specs = ["dirac-grid"].')
    for spec in specs:
        parse_spec(spec)
    for platform in platforms:
        known_platform(platform)
    return Target(name=name, specs=tuple(specs), platforms=tuple(platforms), pythons=tuple(pythons))

"""Values: what someone could do so that a target can be installed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from dirac_forge.values import dataclass

if TYPE_CHECKING:
    from dirac_forge.channel.records import Record
    from dirac_forge.check.causes import PythonLine


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildFor:
    """Build the package for a platform that it has no builds for."""

    platform: str
    like: str = ""
    """The platform of the build whose requirements it is supposed to have; "" if that has none or is of the system."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildForPython:
    """Build the package for a Python."""

    pythons: tuple[PythonLine, ...]
    """The one that a build was supposed for; several where the answers to several questions are told as one."""
    version: str = ""
    """"" for the newest one of the channel."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildVersion:
    """Build another version of the package."""

    version: str
    platform: str
    unseen: bool = False
    """The channel has it for no platform, so it is not known whether there is such a release."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NewPackage:
    """Make a recipe for a package that no channel has."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NewerMachine:
    """Use a machine with another version of a virtual package."""

    name: str
    version: str


PinKind = Literal["python", "abi", "exact", "bound"]
"""What a pin looks like, as far as its text tells: the Pythons that the package declares; what it was built with
(`>=1.2,<1.3.0a0`, as run_exports write it); one version alone; any other bound."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RelaxPin:
    """Take away a pin of the package."""

    version: str
    on: str
    spec: str
    kind: PinKind = "bound"
    platform: str = ""
    """Where the package would have to be built again, for a pin of what it was built with."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RelaxConstraints:
    """Take away the constraints of the package."""

    version: str
    specs: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class TakeFrom:
    """Let a channel of lower priority have the package: it has a version that fits."""

    channel: str
    version: str
    instead_of: str
    """The channel that comes first."""


Action = BuildFor | BuildForPython | BuildVersion | NewPackage | NewerMachine | RelaxPin | RelaxConstraints | TakeFrom


@dataclass(frozen=True, kw_only=True, slots=True)
class Remedy:
    """One thing that someone could do."""

    action: Action
    package: str
    record: Record | None = None
    """The record that would then be in the channel; None for another machine."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Unblock:
    """Remedies that together make it installable; that they do was proved by solving with their records."""

    remedies: tuple[Remedy, ...]
    smallest: bool
    """Leaving out any one of them was tried, and fails."""

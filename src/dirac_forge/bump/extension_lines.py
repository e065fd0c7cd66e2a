"""Values: release lines of extensions (`lhcbdirac`) that need what a feedstock makes."""

from __future__ import annotations

from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class ExtensionLine:
    """One release line of an extension, as its recipe or its newest package in the channel says."""

    extension: str
    branch: str = ""
    version: str = ""
    package: str
    """What it needs of what others make."""
    spec: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ExtensionFit:
    """A release line that takes the new version of a package."""

    line: ExtensionLine
    new: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ExtensionLeft:
    """A release line that takes the old version of a package and not the new one."""

    line: ExtensionLine
    old: str
    new: str

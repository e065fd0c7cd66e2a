"""What constructor makes of a solve that the file does not say: it adds packages, or refuses.

https://github.com/conda/constructor/blob/main/constructor/fcp.py
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from dirac_forge.distribution.locks import DEFAULT_ENVIRONMENT
from dirac_forge.distribution.solving import SolvedDistribution
from dirac_forge.values import dataclass

ObjectionKind = Literal["adds-python", "needs-conda", "nothing-to-exclude"]
"""`adds-python`: to the base environment, whatever is asked for; `needs-conda`: extra environments need it in the base
environment; `nothing-to-exclude`: constructor refuses to take out what is not there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class InstallerObjection:
    """A difference between what was solved and what constructor ships."""

    kind: ObjectionKind
    package: str
    platforms: tuple[str, ...]


def installer_objections(solved: SolvedDistribution) -> tuple[InstallerObjection, ...]:
    """Return what constructor would add to the base environment or refuse; nothing if no installer is made."""
    found: dict[tuple[ObjectionKind, str], list[str]] = {}
    if solved.distribution.installer:
        for platform in solved.records.get(DEFAULT_ENVIRONMENT, {}):
            for objection in _of_platform(solved, platform):
                found.setdefault(objection, []).append(platform)
    return tuple(
        InstallerObjection(kind=kind, package=package, platforms=tuple(platforms))
        for (kind, package), platforms in found.items()
    )


def _of_platform(solved: SolvedDistribution, platform: str) -> Iterator[tuple[ObjectionKind, str]]:
    names = solved.names[DEFAULT_ENVIRONMENT, platform]
    if "python" not in names:
        yield "adds-python", "python"
    if "conda" not in names and any(
        platform in there for name, there in solved.records.items() if name != DEFAULT_ENVIRONMENT
    ):
        yield "needs-conda", "conda"
    for excluded in solved.distribution.exclude.get(DEFAULT_ENVIRONMENT, {}).get(platform, ()):
        if excluded not in names:
            yield "nothing-to-exclude", excluded

"""Values: the questions that targets ask, by platform and Python, and their answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from dirac_forge.channel.records import Record, name_of
from dirac_forge.check.answer_reasons import CellReason, causes_of
from dirac_forge.check.causes import Cause
from dirac_forge.check.remedies import Unblock
from dirac_forge.check.targets import Target
from dirac_forge.values import dataclass

Status = Literal["installable", "not-installable", "unknown"]


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldBack:
    """A version that is newer than the one installed, and the facts about the machine that keep it away."""

    package: str
    version: str
    causes: tuple[Cause, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """One target on one platform with one Python."""

    target: str
    platform: str
    python: str
    """`X.Y`, or "" if the target says itself which Python it wants."""
    specs: tuple[str, ...]
    """What is requested, Python included."""
    wanted: bool
    """The target says that it must be installable here; elsewhere a no is expected."""
    channels: tuple[str, ...] = ()
    """The channels that are asked, if the target's file names some."""
    status: Status = "unknown"
    version: str = ""
    """The version that is installed of the first spec's package."""
    packages: tuple[Record, ...] = ()
    """What is installed."""
    reason: CellReason | None = None
    """Why not, or why it is unknown."""
    unblock: Unblock | None = None
    older: str = ""
    """A version of the target that can be installed if the one asked for can't."""
    held_back: HeldBack | None = None
    """A newer version that this kind of machine can't have."""

    @property
    def causes(self) -> tuple[Cause, ...]:
        """What stands in the way."""
        return causes_of(self.reason)

    @property
    def question(self) -> Cell:
        """The same question, not answered yet."""
        return Cell(
            target=self.target,
            platform=self.platform,
            python=self.python,
            specs=self.specs,
            wanted=self.wanted,
            channels=self.channels,
        )

    @property
    def unexpected(self) -> bool:
        """It should be installable, and is not."""
        return self.wanted and self.status == "not-installable"


def cells_of(target: Target, *, platforms: Sequence[str] = (), pythons: Sequence[str] = ()) -> tuple[Cell, ...]:
    """Return the questions that a target asks; `platforms` and `pythons` ask others than its own."""
    return tuple(
        Cell(
            target=target.name,
            platform=platform,
            python=python,
            specs=(
                *target.specs_for(platform),
                *target.together.get(platform, ()),
                *((python_spec(python),) if python else ()),
            ),
            wanted=target.wants(platform, python),
        )
        for platform in tuple(platforms) or target.platforms
        if target.specs_for(platform)
        for python in _rows(target, pythons)
    )


def _rows(target: Target, pythons: Sequence[str]) -> tuple[str, ...]:
    """Return the Pythons to ask about: those asked for; else only "" if the target itself says which it wants."""
    if pythons:
        return tuple(pythons)
    if any(name_of(spec) == "python" for specs in (*target.all_specs(), *target.together.values()) for spec in specs):
        return ("",)
    return target.pythons or ("",)


def python_spec(python: str) -> str:
    """Return the spec of a Python: `3.14` for any build of it, `3.14t` for the free-threaded one."""
    if python.endswith("t"):
        minor = python.removesuffix("t")
        return f"python {minor}.* *_cp{minor.replace('.', '')}t"
    return f"python {python}.*"


def is_abi_of(spec: str, python: str) -> bool:
    """Whether a requirement on python_abi, as builds have it, is for a Python."""
    minor = python.removesuffix("t")
    of_minor = spec.startswith((f"python_abi {minor}.", f"python_abi {minor} "))
    return of_minor and spec.endswith("t") == python.endswith("t")


def version_in(packages: Iterable[Record], spec: str) -> str:
    """Return the version of the package that a spec asks for, or "" if it is not among these."""
    name = name_of(spec)
    return next((record.version for record in packages if record.name == name), "")

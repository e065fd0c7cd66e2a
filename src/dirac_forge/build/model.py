"""Values: what is to be built, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Final, Literal

from dirac_forge.build.failures import DependencyFailed, Failure, is_unanswered
from dirac_forge.build.isolation import Container, Isolation, Limits
from dirac_forge.values import dataclass

Status = Literal["built", "tested", "unchanged", "failed", "skipped", "unknown"]
FINE: Final = frozenset[Status]({"built", "tested", "unchanged"})
"""There is a package that passed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildOptions:
    """How builds are run."""

    platform: str
    """This machine's."""
    pythons: tuple[str, ...]
    """`X.Y` that the channel has and that tests run with, lowest first."""
    available: tuple[str, ...]
    """All `X.Y` that the channel has, lowest first: what a recipe's lowest Python is taken from."""
    folder: Path
    """Absolute; holds the local channel, logs, caches and work in progress."""
    isolation: Isolation
    container: Container | None = None
    limits: Limits = field(default_factory=Limits)
    jobs: int = 1
    keep: bool = False
    """Keep the folders of builds."""
    force: bool = False
    """Build what is unchanged, too."""
    test_only: bool = False
    """Test what the local channel has, build nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Unit:
    """One output of one recipe in one variant: what one build makes."""

    feedstock: str
    recipe: Path
    """The recipe's file."""
    home: Path
    """The feedstock's folder: the only one of this machine that a source may be in."""
    digest: str
    """SHA-256 of the recipe's folder and the variants."""
    output: str
    version: str
    build: str
    subdir: str
    noarch: str | None = None
    variant: Mapping[str, str] = field(default_factory=dict)
    """The keys that it uses."""
    variants: tuple[Mapping[str, str], ...] = ()
    """All of the recipe's, which renders as a whole."""
    build_specs: tuple[str, ...] = ()
    host_specs: tuple[str, ...] = ()
    run_names: tuple[str, ...] = ()
    """Packages that it needs at run time, as far as the recipe says."""
    licence_files: tuple[str, ...] = ()

    @property
    def file(self) -> str:
        """The package's file name."""
        return f"{self.output}-{self.version}-{self.build}.conda"

    @property
    def key(self) -> tuple[str, str]:
        """What distinguishes it from every other unit."""
        return (self.subdir, self.file)

    def __str__(self) -> str:
        return f"{self.output} {self.version} {self.build}"


@dataclass(frozen=True, kw_only=True, slots=True)
class PackageTest:
    """One test that a package carries."""

    index: int
    kind: str
    """`python`, `commands`, `packagecontents`, `downstream`…"""
    pip_check: bool = False
    pythons: tuple[str, ...] = ()
    """Version specs that it names itself."""
    run: tuple[str, ...] = ()
    """Packages that it needs besides the package."""
    build: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class TestRun:
    """A test that ran in one environment."""

    kind: str
    python: str
    """`X.Y`, several with commas; "" for an environment without Python."""
    passed: bool
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class PackageResult:
    """What became of one output."""

    feedstock: str
    output: str
    version: str
    build: str
    platform: str
    status: Status
    seconds: float = 0.0
    tests: tuple[TestRun, ...] = ()
    failure: Failure | None = None
    """Why it failed or was skipped."""
    place: str = ""
    """File and line of the recipe that the failure comes from."""
    log: Path | None = None
    file: Path | None = None
    commands: tuple[str, ...] = ()
    """What its recipe runs to test it, where that needs nothing besides the package."""


def not_rendered(feedstock: str, platform: str, status: Status, failure: Failure) -> PackageResult:
    """Return the result of a recipe none of whose packages is known: it is named after its feedstock."""
    return PackageResult(
        feedstock=feedstock,
        output=feedstock,
        version="",
        build="",
        platform=platform,
        status=status,
        failure=failure,
    )


def lost(failure: Failure) -> Status:
    """Return the status of what was not built: `unknown` if nobody could tell whether it can be."""
    return "unknown" if is_unanswered(failure) else "failed"


@dataclass(frozen=True, kw_only=True, slots=True)
class CommandRun:
    """A command in an environment with the target."""

    command: str
    code: int
    output: str
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class InstalledTarget:
    """A target installed from the local channel and the configured ones."""

    target: str
    python: str
    packages: int = 0
    seconds: float = 0.0
    pip_check: CommandRun | None = None
    commands: tuple[CommandRun, ...] = ()
    failure: Failure | None = None
    log: Path | None = None

    @property
    def passed(self) -> bool:
        """Whether it was installed, pip found nothing wrong, and all commands ran."""
        runs = (*self.commands, *((self.pip_check,) if self.pip_check else ()))
        return self.failure is None and all(run.code == 0 for run in runs)


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildReport:
    """Everything that a run found out."""

    channel: Path
    platform: str
    isolation: Isolation | Literal["container"]
    packages: tuple[PackageResult, ...] = ()
    installed: tuple[InstalledTarget, ...] = ()
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether all was built, tested and installed."""
        fine = all(each.status in FINE for each in self.packages)
        return fine and all(each.passed for each in self.installed)

    @property
    def unknown(self) -> bool:
        """Whether nothing failed but for what is unknown; packages that need such a one don't count."""
        told = [one.failure for one in self.packages if one.failure is not None]
        certain = [one for one in told if not is_unanswered(one) and not isinstance(one, DependencyFailed)]
        installs = [one.failure for one in self.installed if not one.passed]
        open_installs = [one for one in installs if one is not None and is_unanswered(one)]
        return not certain and len(open_installs) == len(installs) and bool([*told, *installs])

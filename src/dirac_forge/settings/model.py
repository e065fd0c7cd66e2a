"""The values of settings, with the built-in defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

from packaging.specifiers import SpecifierSet

from dirac_forge.settings.schedule import ScheduleWindow
from dirac_forge.values import dataclass

_PLATFORMS = ("linux-64", "linux-aarch64", "osx-64", "osx-arm64")


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetSettings:
    """A target: specs that must stay installable on each of these platforms with each of these Pythons."""

    name: str
    specs: tuple[str, ...]
    """Conda specs, installed together."""
    platforms: tuple[str, ...]
    pythons: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedstockSettings:
    """One feedstock: the projects that it packages, and its release lines."""

    name: str
    projects: tuple[str, ...] = ()
    """Released together, as outputs of one recipe; in this order."""
    branches: Mapping[str, SpecifierSet] = field(default_factory=dict)
    """Branch to the versions that belong on it; {} if every version belongs on the default branch."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BotSettings:
    """Limits of a run of the bot."""

    open_per_feedstock: int = 3
    """Pull requests that are open at the same time on one feedstock."""
    per_run: int = 20
    """Pull requests that one run opens."""
    paused: tuple[str, ...] = ()
    """Feedstocks, release lines (`NAME@BRANCH`), migrations, or `all`."""
    build: bool = False
    """Whether every proposal is built, installed and tested before it is sent; this runs code from upstream."""
    ledger: Path | None = None
    """Absolute; the file in which the bot remembers, None: `.dirac-forge/ledger.sqlite` of the workspace."""
    open_in_all: int = 200
    """Pull requests that are open at the same time on all feedstocks."""
    other_requests: str = "wait"
    """What to do where somebody else's request makes the same change: `wait`, `comment` or `ignore`."""
    version_delay: timedelta = timedelta()
    """How long a new version waits before its request is opened."""
    migration_delay: timedelta = timedelta()
    fork_owner: str = ""
    """The account whose forks carry the branches; "" for the token's owner."""
    dashboard: str = ""
    """`owner/name` of the repository with the issue that shows the state of the bot; "" for a file in the outbox."""
    groups: tuple[tuple[str, ...], ...] = ()
    """Feedstocks whose bumps are opened together, linked, and merged in order."""
    cooldown: timedelta = timedelta()
    """Minimum age of a release; if none is old enough, one that makes a target installable may be younger."""
    schedule: tuple[ScheduleWindow, ...] = ()
    """When new requests are opened; () for always."""
    labels: tuple[str, ...] = ()
    """Labels of new requests, if the token may set them."""
    reviewers: tuple[str, ...] = ()
    """GitHub users or teams (`organisation/team`) that are asked to review new requests."""
    draft: bool = False
    """Whether new requests are drafts."""
    withdrawn_releases: str = "close"
    """What to do with the open request for a release that upstream yanked or deleted: `close` or `mark`."""
    distributions: tuple[str, ...] = ()
    """Files of distributions, relative to the workspace, for which each run reports what the next release would get."""


DIRAC_FEEDSTOCKS = (
    FeedstockSettings(
        name="dirac-grid",
        projects=("DIRACCommon", "DIRAC"),
        branches=MappingProxyType({"main": SpecifierSet(">=9"), "v8.0.x": SpecifierSet(">=8.0,<8.1")}),
    ),
    FeedstockSettings(
        name="diracx",
        projects=(
            "diracx-core",
            "diracx-client",
            "diracx-db",
            "diracx-logic",
            "diracx-routers",
            "diracx-tasks",
            "diracx-api",
            "diracx-cli",
            "diracx-testing",
            "diracx",
        ),
    ),
)
"""Built in, so that `recipe DIRAC` works in an empty folder. A workspace adds feedstocks, or replaces one of these by a
feedstock with the same name or a project of it."""

DIRAC_TARGETS = (
    TargetSettings(name="dirac-grid", specs=("dirac-grid",), platforms=_PLATFORMS, pythons=("3.11", "3.12", "3.13")),
)
"""Built in; replaced by the targets of a workspace."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """All settings of a run. Holds no tokens: URLs with credentials are refused when settings are read."""

    workspace: Path
    """Absolute; the folder with `feedstocks/` and `migrations/`."""
    cache: Path
    """Absolute; HTTP answers and what was read from archives."""
    channels: tuple[str, ...] = ("conda-forge",)
    """Names, URLs, or absolute paths of folders (snapshots); the first has priority."""
    platforms: tuple[str, ...] = _PLATFORMS
    """Conda subdirs."""
    pythons: tuple[str, ...] = ("3.10", "3.11", "3.12", "3.13", "3.14")
    """`X.Y`: Pythons that the channel builds for, for which markers are evaluated; `X.Yt` is a free-threaded one."""
    python_min: str = "3.10"
    """`X.Y`: the channel's own minimum (CFEP-25: `python_min` of conda-forge's global pinning)."""
    pinning: Path | None = None
    """Absolute; a folder with `conda_build_config.yaml`, None: the channel's `conda-forge-pinning` package."""
    maintainers: tuple[str, ...] = ()
    """GitHub users or teams (`organisation/team`) of new recipes: never somebody who did not ask."""
    targets: Mapping[str, TargetSettings] = field(
        default_factory=lambda: {target.name: target for target in DIRAC_TARGETS}
    )
    feedstocks: Mapping[str, FeedstockSettings] = field(
        default_factory=lambda: {each.name: each for each in DIRAC_FEEDSTOCKS}
    )
    names: Mapping[str, str] = field(default_factory=dict)
    """Normalised project (PEP 503) to package, where the tables are wrong."""
    virtual_packages: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Platform to virtual package (`__glibc`) to `VERSION` or `VERSION BUILD`, or "" to take one away; on top of the
    built-in ones."""
    bot: BotSettings = field(default_factory=BotSettings)
    index_url: str = "https://pypi.org/simple/"
    """Base of the Simple API, with a slash at the end."""
    feedstock_url: str = "https://github.com/conda-forge/{name}-feedstock"
    """Where the repository of feedstock `{name}` is: a URL or a path."""
    internal_hosts: tuple[str, ...] = ()
    """Names of hosts that URLs of recipes may lead to at an address that is not public."""
    cache_limit: int = 5000
    """Megabytes that the cache may have; beyond that, what was not used for longest is removed."""
    connections: int = 8
    """Connections to one host at the same time."""
    timeout: float = 30.0
    """Seconds without data after which a download is given up."""
    offline: bool = False
    unisolated_builds: bool = False
    """Whether upstream code is run where this machine can't isolate it."""
    flags: frozenset[str] = frozenset()
    """Names of the fields that were given as flags, which override what a target says."""

    @property
    def threads(self) -> int:
        """The threads that ask a host: some read answers, or wait for one, while all connections are busy."""
        return self.connections + 16

    @property
    def gil_pythons(self) -> tuple[str, ...]:
        """The Pythons with the global interpreter lock, for which recipes are made and releases are chosen."""
        return tuple(python for python in self.pythons if not python.endswith("t"))

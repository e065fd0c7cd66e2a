"""The table `[tool.dirac-forge]`: its keys, their types and forms, and the JSON Schema that follows from them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, core_schema

from dirac_forge.errors import redact
from dirac_forge.settings.schedule import ScheduleWindow, window_of
from dirac_forge.settings.validation import Matching, StrictTable, nearest, unexpected, wrong
from dirac_forge.untrusted import split_url


@dataclass(frozen=True, slots=True)
class _Listed:
    """Annotates a tuple that is written as a list, without repetitions; `expected` says of what."""

    expected: str
    empty: bool = False

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_wrap_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(schema), "uniqueItems": True, **({} if self.empty else {"minItems": 1})}

    def _check(self, value: object, items: Callable[[object], tuple[Any, ...]]) -> tuple[Any, ...]:
        if not isinstance(value, (list, tuple)):
            raise unexpected(f"a list of {self.expected}")
        if not value and not self.empty:
            raise wrong(f"expected a list of {self.expected}, got an empty one")
        return tuple(dict.fromkeys(items(tuple(value))))


@dataclass(frozen=True, slots=True)
class _Count:
    """Annotates a whole number within limits."""

    least: int
    most: int

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self._check)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.least, "maximum": self.most}

    def _check(self, value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not self.least <= value <= self.most:
            raise unexpected(f"a whole number from {self.least} to {self.most}")
        return value


def _filled(value: object) -> str:
    if isinstance(value, Path):  # a flag
        value = str(value)
    if not isinstance(value, str):
        raise unexpected("a string")
    if not value.strip():
        raise wrong("expected some text, got an empty string")
    return value.strip()


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not (math.isfinite(value) and value > 0):
        raise unexpected("a number of seconds greater than 0")
    return float(value)


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise unexpected("true or false")
    return value


def _specifiers(text: str) -> SpecifierSet:
    try:
        return SpecifierSet(text)
    except ValueError:
        raise unexpected("versions such as '>=8.0,<8.1' (PEP 440)") from None


def _base(info: ValidationInfo) -> Path:
    """Return the folder that relative paths are relative to."""
    return info.context or Path()


def _folder(text: str, info: ValidationInfo) -> Path:
    return (_base(info) / Path(text).expanduser()).absolute()


def _refuse_credentials(text: str, instead: str) -> None:
    if redact(text) != text:
        raise wrong(f"credentials do not belong in settings ({redact(text)}); {instead}")


def _url(text: str) -> str:
    parts = split_url(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
        raise unexpected("an http or https URL")
    _refuse_credentials(text, "put them into ~/.netrc")
    return text.rstrip("/")


def _feedstock_url(text: str) -> str:
    if "{name}" not in text or set("{}") & set(text.replace("{name}", "")):
        raise unexpected("a URL or path with {name} in it")
    _refuse_credentials(text, "use git's credential helper")
    return text


_CHANNEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*(/[A-Za-z0-9_.-]+)*")


def _channel(text: str, info: ValidationInfo) -> str:
    """Return the name of a channel, its URL, or the absolute path of a folder.

    A path starts with `.`, `/`, `~` or a drive, or is a folder that exists (`snapshots/today`); everything else is a
    name (`conda-forge`, `conda-forge/label/rc`).
    """
    if text.startswith("file://"):
        return text
    if "://" in text:
        _refuse_credentials(text, "use `rattler auth login` or ~/.netrc")
        return _url(text)
    path = _base(info) / Path(text).expanduser()
    if path.is_dir():
        return str(path.absolute())
    if text.startswith((".", "/", "~", "\\")) or re.match(r"[A-Za-z]:", text):
        raise wrong(f"there is no folder {path}")
    if _CHANNEL.fullmatch(text) is None:
        raise unexpected("the name, URL or folder of a channel")
    return text


_PLATFORMS = frozenset(
    {
        *("linux-32", "linux-64", "linux-aarch64", "linux-armv6l", "linux-armv7l", "linux-loongarch64"),
        *("linux-ppc", "linux-ppc64", "linux-ppc64le", "linux-riscv32", "linux-riscv64", "linux-s390x"),
        *("osx-64", "osx-arm64", "win-32", "win-64", "win-arm64", "ios-arm64", "iossimulator-64", "iossimulator-arm64"),
        *("android-32", "android-64", "android-aarch64", "android-armv7a"),
        *("freebsd-32", "freebsd-64", "freebsd-arm64", "freebsd-ppc64", "freebsd-ppc64le"),
        *("emscripten-wasm32", "emscripten-wasm64", "wasi-wasm32", "zos-z"),
    }
)
"""The subdirs that rattler knows, except noarch."""


def _known_platform(text: str) -> str:
    if text not in _PLATFORMS:
        raise wrong(f"{text!r} is not a platform; {nearest(text, _PLATFORMS)}")
    return text


_Text = Annotated[str, PlainValidator(_filled), WithJsonSchema({"type": "string", "minLength": 1})]
_Channel = Annotated[_Text, AfterValidator(_channel)]
_Folder = Annotated[Path, BeforeValidator(_folder), BeforeValidator(_filled), WithJsonSchema({"type": "string"})]
_Versions = Annotated[
    SpecifierSet, PlainValidator(lambda value: _specifiers(_filled(value))), WithJsonSchema({"type": "string"})
]
_Boolean = Annotated[bool, PlainValidator(_boolean), WithJsonSchema({"type": "boolean"})]
_Seconds = Annotated[float, PlainValidator(_seconds), WithJsonSchema({"type": "number", "exclusiveMinimum": 0})]
_IndexUrl = Annotated[_Text, AfterValidator(_url), AfterValidator(lambda url: f"{url}/")]
_Platform = Annotated[
    str, Matching(r"[a-z]+-[a-z0-9_]+", "a platform such as 'linux-64'"), AfterValidator(_known_platform)
]
_Python = Annotated[str, Matching(r"[1-9]\d*\.\d+", "a Python version such as '3.12'")]
_PythonLine = Annotated[str, Matching(r"[1-9]\d*\.\d+t?", "a Python version such as '3.12'")]
"""`3.14t` is the free-threaded Python."""
_Package = Annotated[str, Matching(r"[a-z0-9_][a-z0-9_.-]*", "the name of a conda package (lower case)")]
_Feedstock = Annotated[str, Matching(r"[a-z0-9_][a-z0-9_.-]*", "the name of a feedstock (lower case)")]
_Project = Annotated[str, Matching(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", "the name of a project")]
_Person = Annotated[str, Matching(r"@?[A-Za-z0-9][A-Za-z0-9-]*(/[A-Za-z0-9_.-]+)?", "a GitHub user or team")]
_HostName = Annotated[
    str, Matching(r"[A-Za-z0-9:]([A-Za-z0-9.:_-]*[A-Za-z0-9:])?", "the name or address of a host, without a port")
]
_VirtualPackage = Annotated[str, Matching(r"__[a-z0-9_]+", "the name of a virtual package, such as '__glibc'")]
_VirtualVersion = Annotated[
    str,
    Matching(
        r"([0-9A-Za-z_.]+( [0-9A-Za-z_.]+)?)?",
        "a version such as '2.28' (or '1 x86_64_v3', with a build; '' removes the package)",
    ),
]
_Platforms = Annotated[tuple[_Platform, ...], _Listed("platforms")]
_Pythons = Annotated[tuple[_PythonLine, ...], _Listed("Python versions, in quotes")]
_Projects = Annotated[tuple[_Project, ...], _Listed("projects", empty=True)]


class _KebabTable(StrictTable):
    model_config = ConfigDict(alias_generator=lambda name: name.replace("_", "-"))


class TargetTable(_KebabTable):
    """What must stay installable on each of these platforms with each of these Pythons."""

    specs: Annotated[tuple[_Text, ...], _Listed("conda specs")] = ()
    """Conda specs, installed together; default: the name of the target."""
    platforms: _Platforms = ()
    """Default: the platforms of the workspace."""
    pythons: _Pythons = ()
    """Default: the Pythons of the workspace."""


class FeedstockTable(_KebabTable):
    """One feedstock: the projects that it packages, and its release lines."""

    projects: _Projects = ()
    """Projects that are released together, as outputs of one recipe; in this order."""
    branches: dict[_Text, _Versions] = Field(default_factory=dict)
    """Branch to the versions that belong on it; default: all belong on the default branch, none on another."""


def _span(value: object) -> timedelta:
    match = _SPAN.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise unexpected("a time such as '30m', '12h' or '3d', in quotes")
    return timedelta(**{_UNITS[match["unit"]]: int(match["number"])})


_SPAN = re.compile(r"(?P<number>\d{1,5})\s*(?P<unit>[mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_Span = Annotated[timedelta, PlainValidator(_span), WithJsonSchema({"type": "string", "pattern": f"^{_SPAN.pattern}$"})]
_OthersRule = Annotated[str, Matching(r"wait|comment|ignore", "wait, comment or ignore")]
_Repository = Annotated[str, Matching(r"[A-Za-z0-9-]{1,39}/[A-Za-z0-9_.-]{1,100}", "a repository such as 'owner/name'")]


def _own_label(label: str) -> str:
    if label.strip().lower() == "automerge":
        raise unexpected(
            "another label: the bot sets 'automerge' itself, when all checks have passed and `bot: automerge` in the "
            "feedstock's conda-forge.yml allows it"
        )
    return label


_Label = Annotated[str, Matching(r"[^\s,][^,\n]{0,49}", "the name of a label"), AfterValidator(_own_label)]
_WithdrawnRule = Annotated[str, Matching(r"close|mark", "close or mark")]
_Window = Annotated[
    ScheduleWindow, PlainValidator(window_of), WithJsonSchema({"type": "string", "pattern": r"\d\d:\d\d-\d\d:\d\d$"})
]
_Group = Annotated[tuple[_Text, ...], _Listed("feedstocks")]


class BotTable(_KebabTable):
    """Limits of a run of the bot."""

    open_per_feedstock: Annotated[int, _Count(0, 1000)] = 0
    """Pull requests that are open at the same time on one feedstock."""
    per_run: Annotated[int, _Count(0, 10_000)] = 0
    """Pull requests that one run opens."""
    paused: Annotated[tuple[_Text, ...], _Listed("names", empty=True)] = ()
    """Feedstocks, release lines (`NAME@BRANCH`), migrations, or `all`."""
    build: _Boolean = False
    """Build, install and test every proposal before it is sent; this runs code from upstream."""
    ledger: _Folder | None = None
    """The file in which the bot keeps its records; default: `.dirac-forge/ledger.sqlite` of the workspace."""
    open_in_all: Annotated[int, _Count(0, 10_000)] = 0
    """Pull requests that are open at the same time on all feedstocks."""
    other_requests: _OthersRule = ""
    """What to do if somebody else's request makes the same change: wait, comment (our report, once) or ignore it."""
    version_delay: _Span | None = None
    """How long a new version waits before its request is opened, so that conda-forge's bot can go first."""
    migration_delay: _Span | None = None
    """Like `version-delay`, for rebuilds."""
    fork_owner: _Person | None = None
    """The account whose forks carry the branches; default: the token's owner."""
    dashboard: _Repository | None = None
    """The repository with the issue that shows the state of the bot; default: `dashboard.md` in the outbox."""
    groups: Annotated[tuple[_Group, ...], _Listed("groups", empty=True)] = ()
    """Lists of feedstocks whose bumps are opened together, linked, and merged in order."""
    cooldown: _Span | None = None
    """Minimum age of a release; if none is old enough, one that makes a target installable may be younger."""
    schedule: Annotated[tuple[_Window, ...], _Listed("windows", empty=True)] = ()
    """When new requests are opened, in UTC: `mon-fri 08:00-18:00`; default: always."""
    labels: Annotated[tuple[_Label, ...], _Listed("labels", empty=True)] = ()
    """Labels of new requests, if the token may set them."""
    reviewers: Annotated[tuple[_Person, ...], _Listed("GitHub users or teams", empty=True)] = ()
    """Users or teams (`organisation/team`) that are asked to review new requests."""
    draft: _Boolean = False
    """Open requests as drafts."""
    withdrawn_releases: _WithdrawnRule = ""
    """What to do with the open request for a release that upstream yanked or deleted: close or mark it."""
    distributions: Annotated[tuple[_Text, ...], _Listed("files", empty=True)] = ()
    """Files of distributions (`construct.yaml`) in the workspace. Each run says what would change in the next release,
    compared with the `pixi.lock` next to the file (or with 30 days ago, if there is none), and what can't be solved."""


def _each_project_once(feedstocks: dict[str, FeedstockTable]) -> dict[str, FeedstockTable]:
    owner: dict[str, str] = {}
    for name, feedstock in feedstocks.items():
        for project in feedstock.projects:
            first = owner.setdefault(canonicalize_name(project), name)
            if first != name:
                said = f"{project} belongs to {first} already; a project has one feedstock"
                raise wrong(said, name, "projects")
    return feedstocks


class ForgeTable(_KebabTable):
    """Settings of dirac-forge: `[tool.dirac-forge]` of a workspace's pyproject.toml."""

    channels: Annotated[tuple[_Channel, ...], _Listed("channels")] = ()
    """Channels by name, URL or folder; the first has priority."""
    platforms: _Platforms = ()
    """Platforms (conda subdirs) to build for. Migrations always look at every platform of a feedstock."""
    pythons: _Pythons = ()
    """Python versions that the channel builds for; markers are evaluated for each of them."""
    python_min: _Python = ""
    """The channel's minimum Python version (`python_min` of conda-forge's global pinning)."""
    maintainers: Annotated[tuple[_Person, ...], _Listed("GitHub users or teams", empty=True)] = ()
    """GitHub users or teams (`organisation/team`) that maintain new recipes."""
    index_url: _IndexUrl = ""
    """Simple API of the package index."""
    feedstock_url: Annotated[_Text, AfterValidator(_feedstock_url)] = ""
    """URL or path of the repository of the feedstock `{name}`."""
    internal_hosts: Annotated[tuple[_HostName, ...], _Listed("names of hosts", empty=True)] = ()
    """Hosts with non-public addresses (loopback, link-local, private) that URLs of recipes may lead to."""
    pinning: _Folder | None = None
    """Folder with `conda_build_config.yaml`; default: the channel's `conda-forge-pinning` package."""
    cache: _Folder | None = None
    """Folder for HTTP responses and the contents of archives; default: the user's cache folder."""
    cache_limit: Annotated[int, _Count(10, 10_000_000)] = 0
    """Size of the cache in megabytes. Once a day, the least recently used entries beyond it are removed."""
    connections: Annotated[int, _Count(1, 64)] = 0
    """Connections to one host at the same time."""
    timeout: _Seconds = 0
    """Seconds without data after which a download is given up."""
    offline: _Boolean = False
    """Use only cached data."""
    unisolated_builds: _Boolean = False
    """Also build where this machine can't isolate builds, which can then read and change the user's files."""
    targets: dict[_Text, TargetTable] = Field(default_factory=dict)
    """What must stay installable, by name; replaces the built-in targets."""
    feedstocks: Annotated[dict[_Feedstock, FeedstockTable], AfterValidator(_each_project_once)] = Field(
        default_factory=dict
    )
    """Feedstocks by name; added to the built-in ones."""
    names: dict[_Project, _Package] = Field(default_factory=dict)
    """The package of a project, if the name tables are wrong."""
    virtual_packages: dict[_Platform, dict[_VirtualPackage, _VirtualVersion]] = Field(default_factory=dict)
    """Virtual packages of a platform, with VERSION or `VERSION BUILD`, or "" to remove one."""
    bot: BotTable = BotTable()
    """Limits of a run of the bot."""

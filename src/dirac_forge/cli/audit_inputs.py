"""What an audit looks at: the closures of targets, the packages of locks and prefixes, recent uploads."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dirac_forge.audit.channel_faults import InstalledBuild
from dirac_forge.audit.findings import Finding, Severity
from dirac_forge.audit.run import AuditedBuild, builds_of, python_builds, recent_uploads
from dirac_forge.channel.file_lists import FileList, file_list
from dirac_forge.channel.opening import ChannelAddress, channel_address, open_channel
from dirac_forge.channel.records import Record
from dirac_forge.channel.solver import Channel
from dirac_forge.channel.virtual import this_platform
from dirac_forge.check.asked_targets import asked_targets
from dirac_forge.check.cells import Cell
from dirac_forge.check.configured import asked_channels
from dirac_forge.check.grouped import grouped_cells
from dirac_forge.check.matrix import check as check_cells
from dirac_forge.check.since import uploaded_at
from dirac_forge.cli.context import Context
from dirac_forge.cli.distributions import lock_from
from dirac_forge.distribution.locked_records import added_requirements, locked_environments, prefix_files
from dirac_forge.distribution.reading import is_lock
from dirac_forge.errors import InputError, UnknownError
from dirac_forge.progress import Observer
from dirac_forge.report.proof_words import cell_words
from dirac_forge.report.since import end_words
from dirac_forge.values import dataclass

_HINT = "`dirac-forge check` says why."


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditRequest:
    """The options of the command."""

    specs: tuple[str, ...] = ()
    severity: Severity = "medium"
    baseline: Path | None = None
    accept: str = ""
    """The reason with which all findings join the baseline."""
    since: str = ""
    patches: Path | None = None
    broken: Path | None = None
    write: bool = False
    pr: bool = False
    cluster: str = ""
    """Address of a Dask scheduler, whose workers ask upstream."""

    @property
    def again(self) -> tuple[str, ...]:
        """The arguments by which a next command comes to the same findings."""
        severity = "" if self.severity == "medium" else self.severity
        given = (("--severity", severity), ("--baseline", self.baseline), ("--since", self.since))
        return (*self.specs, *(part for option, value in given if value for part in (option, str(value))))


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditInput:
    """Builds of one channel that are audited together."""

    channel: Channel
    address: ChannelAddress
    """Of the same channel, for other processes."""
    environments: tuple[tuple[str, str, tuple[Record, ...]], ...] = ()
    """Target, platform, packages."""
    builds: tuple[AuditedBuild, ...] = ()
    """The Python packages among them."""
    uploads: tuple[InstalledBuild, ...] = ()
    """What was uploaded of late, also what is not a Python package."""
    cells: tuple[Cell, ...] = ()
    """The solved targets, on which repodata patches are proved."""
    prefix: Path | None = None
    """An installed environment: its conda-meta lists the files."""
    patched: tuple[Finding, ...] = ()
    """Requirements that the channel added since the packages were locked."""


def audit_inputs(
    context: Context,
    specs: Sequence[str],
    *,
    since: str,
    executor: Executor,
    found: Callable[[AuditedBuild], object] = lambda _: None,
) -> list[AuditInput]:
    """Return what is audited; a target that cannot be installed is a warning.

    `found` is told of the builds of each environment as soon as it is solved, from any thread.

    Raises:
        InputError: nothing can be installed, a file can't be read, or `since` is not an age.
    """
    if since:
        return [_recent(context, since, specs)]
    locks = [Path(text) for text in specs if text not in context.settings.targets and _is_lock_file(text)]
    others = [text for text in specs if Path(text) not in locks]
    inputs = [_locked(context, path) for path in locks]
    if others or not locks:
        inputs += _solved(context, others, executor, found)
    return inputs


def _is_lock_file(text: str) -> bool:
    path = Path(text)
    return path.exists() and is_lock(path)


def _locked(context: Context, path: Path) -> AuditInput:
    lock = lock_from(context, path)
    channels = asked_channels(context.settings, lock.channels)
    channel = open_channel(context, channels)
    # Packages for any platform do not tell where they are installed: a prefix is mostly one of this machine.
    only = context.settings.platforms if "platforms" in context.settings.flags else ()
    lock = lock.placed(only[0] if only else this_platform())
    if only:
        if not {*only} & {*lock.platforms}:
            raise InputError(
                f"{path}: it has no packages for {', '.join(only)}", hint=f"Its platforms: {', '.join(lock.platforms)}."
            )
        lock = lock.only(only)
    environments = tuple(locked_environments(lock, channel.index))
    return AuditInput(
        channel=channel,
        address=channel_address(context.settings, channels),
        environments=environments,
        builds=builds_of(environments),
        prefix=path if path.is_dir() else None,
        patched=tuple(added_requirements(lock, channel.index)),
    )


def _solved(
    context: Context, specs: Sequence[str], executor: Executor, found: Callable[[AuditedBuild], object]
) -> list[AuditInput]:
    """Return what each target installs on its platforms."""
    targets = asked_targets(context.settings, specs, context.observer)

    def solved(cell: Cell) -> None:
        for build in builds_of([(cell.target, cell.platform, cell.packages)]):
            found(build)

    inputs = []
    for group in grouped_cells(context, targets):
        cells = check_cells(
            group.channel,
            group.cells,
            executor=executor,
            observer=context.observer,
            remedies=False,
            solved_cell=solved,
        )
        _warn(context, cells)
        installed = tuple(cell for cell in cells if cell.status == "installable")
        environments = tuple((cell.target, cell.platform, cell.packages) for cell in installed)
        inputs.append(
            AuditInput(
                channel=group.channel,
                address=group.address,
                environments=environments,
                builds=builds_of(environments),
                cells=tuple(cells),
            )
        )
    _require_solved(inputs)
    return inputs


def _require_solved(inputs: Sequence[AuditInput]) -> None:
    """Raise InputError if no target can be installed, UnknownError if that is not known of one."""
    if any(each.environments for each in inputs):
        return
    if any(cell.status == "unknown" for each in inputs for cell in each.cells):
        raise UnknownError("whether any target can be installed is unknown, so nothing was audited", hint=_HINT)
    raise InputError("nothing to audit: no target can be installed", hint=_HINT)


def _warn(context: Context, cells: Iterable[Cell]) -> None:
    for cell in cells:
        if cell.status != "installable":
            python = f" with Python {cell.python}" if cell.python else ""
            context.observer.warned(
                f"{cell.target} on {cell.platform}{python} is not audited: {cell_words(cell.reason)}"
            )


def _newest_upload(channel: Channel, platforms: Sequence[str]) -> datetime | None:
    """Return the newest upload of any package, or None if no record has a timestamp."""
    indices = [channel.index(platform) for platform in platforms]
    groups = (index.group(name) for index in indices for name in index.names())
    newest = max((record.timestamp or 0 for group in groups for record in group.records), default=0)
    return uploaded_at(newest) if newest else None


def _recent(context: Context, age: str, specs: Sequence[str]) -> AuditInput:
    """Return the builds uploaded within `age`; a noarch build counts once."""
    if specs:
        raise InputError(
            f"--since {age} audits every upload, not only {specs[0]}",
            hint=f"Leave out --since or {specs[0]}.",
        )
    channel = open_channel(context)
    start = datetime.now(UTC) - _age(age)
    if channel.end is not None and start.date() > channel.end.day:
        raise UnknownError(f"--since {age}: what was uploaded is unknown: {end_words(channel.end)}")
    since = int(start.timestamp() * 1000)
    python_min = context.settings.python_min
    found: dict[tuple[str, str], AuditedBuild] = {}
    every: dict[tuple[str, str], InstalledBuild] = {}
    for platform in reversed(context.settings.platforms):
        index = channel.index(platform)
        uploads = recent_uploads(index, since)
        for record in uploads:
            every[record.subdir, record.file] = InstalledBuild(record=record, platform=platform, targets=())
        for build in python_builds(index, uploads, python_min=python_min):
            found[build.record.subdir, build.record.file] = build
    if not every:
        newest = _newest_upload(channel, context.settings.platforms)
        ends = f"; the newest upload of the channel is of {newest.date()}" if newest is not None else ""
        context.observer.warned(f"nothing was uploaded within {age}{ends}")
    return AuditInput(
        channel=channel,
        address=channel_address(context.settings),
        builds=tuple(found.values()),
        uploads=tuple(every.values()),
    )


def _age(text: str) -> timedelta:
    units = {"h": "hours", "d": "days", "w": "weeks"}
    match = re.fullmatch(r"([1-9][0-9]{0,4})([hdw])", text)
    if match is None:
        raise InputError(f"--since {text}: expected a number from 1 to 99999 with a unit", hint="Write 12h, 7d or 2w.")
    return timedelta(**{units[match[2]]: int(match[1])})


def file_lists(found: AuditInput, observer: Observer) -> Callable[[Record], FileList | None]:
    """Return a function from a record to the files that it installs, or None if they are not known.

    A package that is there and can't be read is a warning.
    """
    if found.prefix is not None:
        installed = prefix_files(found.prefix)
        return lambda record: installed.get((record.subdir, record.file))
    known: dict[tuple[str, str], FileList | None] = {}

    def listed(record: Record) -> FileList | None:
        key = (record.subdir, record.file)
        if key not in known:
            try:
                known[key] = file_list(found.channel, record)
            except UnknownError as error:
                observer.warned(error.message)
                known[key] = None
        return known[key]

    return listed

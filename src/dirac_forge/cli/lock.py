"""`dirac-forge lock`: the exact packages of a distribution on each platform."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from dirac_forge.channel.records import name_of
from dirac_forge.channel.solver import Channel
from dirac_forge.cli.context import Context
from dirac_forge.cli.distributions import channels_for, diff_arguments, known_records, publishable
from dirac_forge.cli.moments import require_past
from dirac_forge.distribution.installer_rules import installer_objections
from dirac_forge.distribution.lock_check import LockCheck, other_channels, repeated_packages, surplus_environments
from dirac_forge.distribution.lockable import UnlockablePackages, unlockable
from dirac_forge.distribution.locked_files import lost_files, patched_records
from dirac_forge.distribution.locks import DEFAULT_ENVIRONMENT
from dirac_forge.distribution.origins import (
    LockOrigin,
    distributions_in,
    is_made_from,
    is_manifest,
    noted_origin,
    origin_of,
)
from dirac_forge.distribution.reading import read_lock_channels
from dirac_forge.distribution.solving import (
    Distribution,
    Known,
    SolvedDistribution,
    lock_of,
    missing_dependencies,
    outdated,
    solve,
    unsatisfied,
)
from dirac_forge.distribution.writing import as_conda_lock, as_explicit, as_pixi_lock
from dirac_forge.errors import InputError
from dirac_forge.files import write_differing
from dirac_forge.report.document import Block, Items, Paragraph, Section, listed, words
from dirac_forge.report.installer_objections import objection_words
from dirac_forge.report.locks import (
    check_json,
    check_sections,
    failed_json,
    failed_lines,
    lock_json,
    lock_sections,
)
from dirac_forge.report.next_steps import Step, near, step
from dirac_forge.report.removed_packages import missing_words
from dirac_forge.report.terminal import Shown
from dirac_forge.report.unlockable import locked_lines, reasons_json, refused_json, refused_sections
from dirac_forge.untrusted import time_from
from dirac_forge.values import dataclass

_THREADS = 4
_MOST_UNDATED = 5
"""Names in a warning."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LockRequest:
    """The options of the command."""

    file: str
    format: Literal["pixi", "conda-lock", "explicit"]
    output: Path | None
    update: tuple[str, ...]
    check: bool
    as_of: str
    force: bool = False
    """Whether a lock that was made from another file is replaced."""

    @property
    def path(self) -> Path:
        """Where the lock is."""
        if self.output is not None:
            return self.output
        folder = Path(self.file).parent if Path(self.file).is_file() else Path()
        return folder / {"pixi": "pixi.lock", "conda-lock": "conda-lock.yml", "explicit": "locks"}[self.format]


def lock(context: Context, request: LockRequest) -> int:
    """Solve, write or compare the lock, answer with what is in it, and return the exit code."""
    distribution = publishable(context, request.file)
    _require_format(request, distribution)
    _require_own_lock(request)
    moment = moment_of(request.as_of) if request.as_of else None
    channel_of = channels_for(context, distribution, moment=moment)
    known = known_records(context, request.path) if request.check or request.update else {}
    keep = _kept(known, request.update, distribution.asked) if request.update else None
    with ThreadPoolExecutor(_THREADS) as executor:
        solved = solve(channel_of, distribution, executor=executor, observer=context.observer, keep=keep)
    if request.check:
        return _checked(context, request, solved, known, channel_of)
    if solved.failed:
        return _failed(context, request, solved)
    doubtful = unlockable(solved, channel_of)
    if refused := [each for each in doubtful if each.refused]:
        return _refused(context, solved, refused)
    others = known if request.update and "platforms" in context.settings.flags else {}
    return _locked(context, request, solved, channel_of, doubtful, others)


def _require_format(request: LockRequest, distribution: Distribution) -> None:
    """Raise InputError if the format can't hold what is requested."""
    if (request.check or request.update) and request.format != "pixi":
        raise InputError(f"--check and --update read a pixi.lock, not {request.format}")
    if request.format == "conda-lock" and len(distribution.environments) > 1:
        raise InputError("conda-lock's format holds one environment", hint="Use --format pixi or explicit.")


def _require_own_lock(request: LockRequest) -> None:
    """Raise InputError if the lock to read or write is that of another file, or may be."""
    written = not (request.check or request.update)
    if written and request.force:
        return
    force = ", or replace the lock with --force" if written else ""
    hint = f"Name another file with --output{force}."
    there = sorted(request.path.glob("*.txt")) if request.format == "explicit" else [request.path]
    for path in there:
        noted, made_from = noted_origin(path), is_made_from(path, request.file)
        if noted is not None and not made_from and not _is_itself(request, path):
            raise InputError(f"{path} is the lock of {noted.beside(path)}, not of {request.file}", hint=hint)
        files = distributions_in(path.parent) if noted is None and path == request.path and path.is_file() else ()
        if len(files) > 1 and request.output is None:
            names = listed([each.name for each in files])
            raise InputError(f"{path} does not say which file it was made from, and next to it are {names}", hint=hint)


def _is_itself(request: LockRequest, path: Path) -> bool:
    """Whether the file to lock is the lock."""
    return Path(request.file).resolve() == path.resolve()


def _origin(request: LockRequest) -> LockOrigin:
    """Return what the lock notes as its origin."""
    place = request.path / "list" if request.format == "explicit" else request.path
    again = noted_origin(request.path) if _is_itself(request, request.path) else None
    return again or origin_of(request.file, place)


def _locked(
    context: Context,
    request: LockRequest,
    solved: SolvedDistribution,
    channel_of: Callable[[str], Channel],
    doubtful: Sequence[UnlockablePackages],
    others: Known,
) -> int:
    """Write the lock, and answer with what is in it and what of it can't be checked or installed.

    `others` are locked records that stay on platforms that were not solved.
    """
    if undated := _undated(solved) if request.as_of else ():
        names = words(undated, _MOST_UNDATED)
        context.observer.warned(f"--as-of: the channel has no upload time for {names}: the locked builds may be newer")
    for missing in missing_dependencies(solved):
        context.observer.warned(missing_words(missing))
    for objection in installer_objections(solved):
        context.observer.warned(objection_words(objection))
    solved = solved.keeping(others)
    urls = {name: [source.channel.base_url for source in channel_of(name).sources] for name in solved.records}
    written, unchanged = (list(map(str, paths)) for paths in write_differing(_texts(request, solved, urls)))
    found = lock_of(solved, urls, solved.distribution.name)
    channels = [part for each in context.options.channel for part in ("--channel", each)]
    audited = step("faults in these packages", "audit", near(request.path), *channels)
    after = audited if request.format != "explicit" else ()
    for line in locked_lines(doubtful):
        context.observer.warned(line)
    document = lock_json(found, written, unchanged) | {"unverified": reasons_json(doubtful)}
    context.answer(Shown(lock_sections(found, written, unchanged)), document, steps=after)
    return 0


def _undated(solved: SolvedDistribution) -> tuple[str, ...]:
    """Return the packages whose records have no time of upload."""
    records = (record for platforms in solved.records.values() for each in platforms.values() for record in each)
    return tuple(sorted({record.name.normalized for record in records if record.timestamp is None}))


def moment_of(text: str) -> datetime:
    """Return the end of a day, or the moment that a date with a time names, in UTC.

    Raises:
        InputError: the text is not a date, or one in the future.
    """
    try:
        moment = time_from(text)
        begins = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        if "T" not in text and " " not in text.strip():
            moment += timedelta(days=1)
    except (ValueError, OverflowError) as error:
        raise InputError(f"{text[:40]!r} is not a date", hint="Write it as 2026-08-01 or 2026-08-01T12:00.") from error
    require_past(begins, f"--as-of {text}")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _kept(known: Known, update: Sequence[str], asked: Collection[str]) -> Known:
    """Return the locked records but for what is to move; what the file newly asks for may be named, too."""
    names = set(map(_name, update))
    locked = {record.name.normalized for records in known.values() for record in records}
    if missing := sorted(names - locked - set(asked)):
        hint = "Add the package to the file first."
        raise InputError(f"--update: neither in the lock nor in the file: {', '.join(missing)}", hint=hint)
    return {
        key: [record for record in records if record.name.normalized not in names] for key, records in known.items()
    }


def _name(text: str) -> str:
    """Return the package that --update names. Raises InputError for a spec with more than a name."""
    name = name_of(text)
    if not text or name != text.lower():
        raise InputError(
            f"--update {text!r}: expected the name of a package",
            hint="Put the version into the file; --update moves a package to the newest version that the file allows.",
        )
    return name


def _texts(request: LockRequest, solved: SolvedDistribution, urls: Mapping[str, Sequence[str]]) -> dict[Path, str]:
    """Return the files of the lock."""
    origin = _origin(request)
    if request.format == "pixi":
        note = "" if is_manifest(Path(origin.text)) else origin.note
        return {request.path: as_pixi_lock(solved.records, urls, note)}
    if request.format == "conda-lock":
        (name, by_platform), *_ = solved.records.items()
        specs = solved.distribution.environments[name]
        return {request.path: as_conda_lock(by_platform, urls[name], specs, origin.text)}
    texts: dict[Path, str] = {}
    for environment, platforms in solved.records.items():
        for platform, records in platforms.items():
            name = platform if environment == DEFAULT_ENVIRONMENT else f"{environment}-{platform}"
            texts[request.path / f"{name}.txt"] = as_explicit(records, platform, origin.note)
    return texts


def _failed(context: Context, request: LockRequest, solved: SolvedDistribution) -> int:
    blocks: list[Block] = [Items(failed_lines(solved.failed))]
    if not Path(request.file).exists():
        blocks.append(Paragraph(f"There is no file {request.file}: it was taken as a package spec."))
    blocks.append(Paragraph("Nothing was written."))
    section = Section(title=f"{solved.distribution.name} cannot be locked", blocks=tuple(blocks))
    after = () if request.as_of else step("shows what would make it installable", "check", request.file)
    document = {"name": solved.distribution.name, "failed": failed_json(solved.failed), "written": []}
    context.answer(Shown([section]), document, steps=after)
    return 1 if any(cell.status == "not-installable" for cell in solved.failed) else 3


def _refused(context: Context, solved: SolvedDistribution, refused: Sequence[UnlockablePackages]) -> int:
    """Answer with what the lock would have, and why it is not written."""
    found = lock_of(solved, {}, solved.distribution.name)
    after = step("checks whether conda-forge can be reached", "doctor") if context.observer.as_of else ()
    context.answer(Shown(refused_sections(found, refused)), refused_json(found, refused), steps=after)
    return 3


def _checked(
    context: Context,
    request: LockRequest,
    solved: SolvedDistribution,
    known: Known,
    channel_of: Callable[[str], Channel],
) -> int:
    """Compare the lock with the file, with the channels that are requested, and with the new solve."""
    environments = solved.distribution.environments
    channels = {name: channel_of(name) for name in environments}
    today = channels_for(context, replace(solved.distribution, until=None))
    found = LockCheck(
        unsatisfied=unsatisfied(solved.distribution, known),
        repeated=repeated_packages(known),
        surplus=surplus_environments(known, environments, every_platform="platforms" not in context.settings.flags),
        failed=solved.failed,
        channels=other_channels(
            read_lock_channels(request.path), {name: channel.urls for name, channel in channels.items()}
        ),
        lost=lost_files(known, environments, today),
        patched=patched_records(known, environments, today),
        outdated=outdated(solved, known),
        as_of=next((channel.dated for channel in channels.values() if channel.dated), None),
    )
    sections = check_sections(str(request.path), found, solved.distribution.asked)
    document = check_json(solved.distribution.name, str(request.path), found)
    context.answer(Shown(sections), document, steps=_after_check(request, found))
    return {"up-to-date": 0, "outdated": 1, "not-solvable": 1, "unknown": 3}[found.status]


def _after_check(request: LockRequest, found: LockCheck) -> tuple[Step, ...]:
    match found.status:
        case "unknown":
            return step("checks whether conda-forge can be reached", "doctor")
        case "not-solvable":
            return () if request.as_of else step("shows what would make it installable", "check", request.file)
    changes = diff_arguments(near(request.path), "today", request.file)
    # `diff` compares with today only.
    after = step("every change", "diff", *changes) if found.outdated and not (request.as_of or request.update) else ()
    return after + (
        step("writes it again", "lock", request.file, *_options(request)) if found.status == "outdated" else ()
    )


def _options(request: LockRequest) -> list[str]:
    """Return the options of the request that decide what is locked, and where."""
    given = [("--output", near(request.output))] if request.output is not None else []
    given += [("--as-of", request.as_of)] if request.as_of else []
    given += [("--update", name) for name in request.update]
    return [part for option in given for part in option]

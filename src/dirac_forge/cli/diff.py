"""`dirac-forge diff`: what changes between two states of a distribution."""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from dirac_forge.channel.opening import open_channel
from dirac_forge.channel.snapshot_file import SnapshotEnd
from dirac_forge.check.configured import asked_channels
from dirac_forge.cli.context import Context
from dirac_forge.cli.distributions import DIFF_FILE, channels_for, distribution_of, lock_from
from dirac_forge.distribution.completion import completed, incomplete, unheard_of, with_asked
from dirac_forge.distribution.difference import LockDifference, difference_of
from dirac_forge.distribution.ends import past_end
from dirac_forge.distribution.files import read_distribution
from dirac_forge.distribution.locks import Lock
from dirac_forge.distribution.origins import distributions_in, noted_origin
from dirac_forge.distribution.reading import is_lock
from dirac_forge.distribution.revisions import committed
from dirac_forge.distribution.security import SecurityReport, security_of
from dirac_forge.distribution.solving import Distribution, lock_of, solve
from dirac_forge.errors import ForgeError, InputError, UnknownError
from dirac_forge.report.difference import SolvedState, difference_json, difference_sections
from dirac_forge.report.document import listed, words
from dirac_forge.report.locks import failed_lines
from dirac_forge.report.markdown import markdown as as_markdown
from dirac_forge.report.next_steps import step
from dirac_forge.report.terminal import Shown
from dirac_forge.upstream.index.vulnerabilities import VulnerabilityLookup
from dirac_forge.values import dataclass

_TODAY = "today"
_THREADS = 4
_MOST_LACKING = 3
"""Names in a warning."""


def diff(context: Context, old: str, new: str, *, file: str, markdown: bool, security: bool = True) -> int:
    """Read or solve both states, answer with their difference, and return the exit code."""
    old, new = _range(old, new)
    of = file or _file_of(old, new)
    solved = () if file or markdown else _solved_states(of, old, new)
    difference, report, ends = compared(context, old, new, file=of, security=security)
    if not (difference.asked_known or difference.empty):
        context.observer.warned(
            "it is unknown which packages were requested by name; give the file that lists them with --file FILE"
        )
    lead = tuple(context.settings.targets)
    sections = difference_sections(difference, lead=lead, security=report, solved=solved)
    text = as_markdown(sections) if markdown else Shown(sections)
    again = (old, new, *(("--file", file) if file else ()), "--markdown")
    steps = () if difference.empty or markdown else step("prints the release notes", "diff", *again)
    context.answer(text, {"file": of or None, **difference_json(difference, report, ends)}, steps=steps)
    return UnknownError.exit_code if ends else 0


def compared(
    context: Context, old: str, new: str, *, file: str, security: bool = True
) -> tuple[LockDifference, SecurityReport | None, tuple[SnapshotEnd, ...]]:
    """Return the difference of two states, and the security fixes in it if they are asked for.

    Last, the snapshots that do not reach the day of a state, which is unknown then.
    """
    nothing_to_solve = _is_packages(old) and _is_packages(new)
    if nothing_to_solve:
        _refuse_what_has_no_effect(context, file)
    states = [_state(context, each, file) for each in (old, new)]
    before, after = (state.lock for state in states)
    if "platforms" in context.settings.flags:
        before, after = (each.only(context.settings.platforms) for each in (before, after))
    # Two locks need no file: that of the current folder may be of another distribution.
    asked = _asked(context, file) if file else frozenset()
    difference = difference_of(with_asked(before, asked), with_asked(after, asked))
    report = _security(context, difference) if security else None
    return difference, report, tuple(dict.fromkeys(state.end for state in states if state.end is not None))


def _file_of(old: str, new: str) -> str:
    """Return the file of the states that are solved: that of a lock that they are compared with, else the one here.

    "" if nothing is solved. Raises InputError if it is not known which file is meant.
    """
    if _is_packages(old) and _is_packages(new):
        return ""
    lock = next((Path(each) for each in (old, new) if _is_packages(each) and is_lock(Path(each))), None)
    noted = noted_origin(lock) if lock is not None else None
    hint = "--file FILE names the distribution's file."
    if lock is not None and noted is not None:
        found = noted.beside(lock)
        if noted.is_file and not Path(found).is_file():
            raise InputError(f"{lock} is the lock of {found}, which is not there", hint=hint)
        return found
    folder = lock.parent if lock is not None and lock.is_file() else Path()
    files = distributions_in(folder)
    if len(files) == 1:
        return str(files[0])
    where = "here" if folder == Path() else f"in {folder}"
    if not files:
        raise InputError(f"there is no {DIFF_FILE} and no other file of a distribution {where}", hint=hint)
    raise InputError(
        f"{where} are {listed([each.name for each in files])}: it is not known which one is meant", hint=hint
    )


def _solved_states(file: str, *states: str) -> tuple[SolvedState, ...]:
    """Return the states that are solved from a file."""
    solved = [each for each in dict.fromkeys(states) if not _is_packages(each)]
    return tuple(SolvedState(file=file, revision="" if each == _TODAY else each) for each in solved)


def _refuse_what_has_no_effect(context: Context, file: str) -> None:
    """Raise InputError for options that two locks have no use for."""
    if "pythons" in context.settings.flags:
        raise InputError("--python has no effect: both states are lists of packages, and nothing is solved")
    if file and not Path(file).is_file():
        raise InputError(f"--file: there is no file {file}")


def _range(old: str, new: str) -> tuple[str, str]:
    """Return `OLD..NEW` as git writes it, if no file has that name; an end that is left out is HEAD."""
    if new or ".." not in old or Path(old).exists():
        return old, new or _TODAY
    first, _, last = old.partition("..")
    return first or "HEAD", last.lstrip(".") or "HEAD"


def _asked(context: Context, file: str) -> frozenset[str]:
    """Return the names that the distribution's file asks for; none if it is not there or can't be read."""
    if not Path(file).is_file() or is_lock(Path(file)):
        return frozenset()
    try:
        return read_distribution(file, platforms=context.settings.platforms).asked
    except InputError:
        return frozenset()


def _security(context: Context, difference: LockDifference) -> SecurityReport:
    """Return the security fixes, as far as the index knows."""
    lookup = VulnerabilityLookup(context.http, context.settings.index_url)
    with ThreadPoolExecutor(context.settings.connections) as executor:
        return security_of(difference, lookup, executor=executor)


def _is_packages(text: str) -> bool:
    """Whether a state is read from packages that were chosen already, rather than solved from the file."""
    return text != _TODAY and Path(text).exists()


@dataclass(frozen=True, kw_only=True, slots=True)
class _State:
    """The packages of one side."""

    lock: Lock
    end: SnapshotEnd | None = None
    """The snapshot that does not reach the day as of which it was solved, if one does not."""


def _state(context: Context, text: str, file: str) -> _State:
    """Return the packages of a lock, a prefix, `today`, or a git revision of `file`."""
    path = Path(text)
    if text == _TODAY:
        return _solved(context, distribution_of(context, file), text)
    if _is_packages(text):
        return _State(lock=_completed(context, _read(context, path)))
    return _revision(context, text, Path(file))


def _read(context: Context, path: Path) -> Lock:
    if path.suffix in (".sh", ".pkg", ".exe"):
        raise InputError(
            f"{path}: an installer, not a list of its packages",
            hint="Give the list that constructor writes next to it (`build_outputs: [pkgs_list]`), or a prefix that it "
            "installed.",
        )
    if path.is_dir() or is_lock(path) or path.suffix in (".yml", ".yaml"):
        return lock_from(context, path)
    raise InputError(f"{path}: not a lock", hint="Give a lock, an installed prefix, a git revision, or `today`.")


def _completed(context: Context, lock: Lock) -> Lock:
    """Return the lock, completed with what the channel knows of its packages."""
    if not incomplete(lock):
        return lock
    found = lock
    try:
        channel = open_channel(context, asked_channels(context.settings, lock.channels))
        found = completed(lock, channel.index)
        if incomplete(found) and lock.package_channels and "channels" not in context.settings.flags:
            found = completed(found, open_channel(context, lock.package_channels).index)
    except ForgeError as error:
        context.observer.warned(f"{lock.name}: requirements, sizes and licences are unknown: {error.message}")
        return found
    if lacking := unheard_of(found):
        names = words(lacking, _MOST_LACKING)
        context.observer.warned(
            f"{lock.name}: requirements, sizes and licences of {names} are unknown: the channel lacks these builds"
        )
    if unsized := tuple(name for name in incomplete(found) if name not in lacking):
        names = words(unsized, _MOST_LACKING)
        context.observer.warned(f"{lock.name}: the channel has no sizes for the builds of {names}")
    return found


def _revision(context: Context, revision: str, file: Path) -> _State:
    """Return the file as a revision has it: a lock is read, anything else solved as of the commit's date."""
    found = committed(file, revision)
    with tempfile.TemporaryDirectory(prefix="dirac-forge-") as folder:
        path = Path(folder) / file.name
        path.write_bytes(found.content)
        if is_lock(path):
            return _State(lock=replace(lock_from(context, path), name=revision))
        distribution = distribution_of(context, str(path)).moved(folder, file.parent)
    return _solved(context, distribution, revision, moment=found.moment)


def _solved(context: Context, distribution: Distribution, name: str, *, moment: datetime | None = None) -> _State:
    channel_of = channels_for(context, distribution, moment=moment)
    with ThreadPoolExecutor(_THREADS) as executor:
        solved = solve(channel_of, distribution, executor=executor, observer=context.observer)
    if solved.failed:
        kind = InputError if any(cell.status == "not-installable" for cell in solved.failed) else UnknownError
        told = (f"{name} cannot be solved:", *(f"- {line}" for line in failed_lines(solved.failed)))
        raise kind(told, hint="`dirac-forge check` shows what would help.")
    urls = {each: [source.channel.base_url for source in channel_of(each).sources] for each in solved.records}
    ends = (past_end(channel_of(each), moment) for each in solved.records if moment is not None)
    return _State(lock=lock_of(solved, urls, name), end=next((end for end in ends if end is not None), None))

"""`dirac-forge diff`: what changes between two states of a distribution."""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from dirac_forge.cli.context import Context
from dirac_forge.cli.distributions import channels_for, distribution_of
from dirac_forge.distribution.difference import difference_of
from dirac_forge.distribution.locks import Lock
from dirac_forge.distribution.reading import is_lock, read_lock
from dirac_forge.distribution.revisions import committed
from dirac_forge.distribution.solving import Distribution, lock_of, solve
from dirac_forge.errors import InputError, UnknownError
from dirac_forge.report.distribution import difference_json, difference_sections
from dirac_forge.report.markdown import markdown as as_markdown
from dirac_forge.report.terminal import Shown

__all__ = ["diff", "state_of"]

_TODAY = "today"
_THREADS = 4


def diff(context: Context, old: str, new: str, *, file: str, markdown: bool) -> int:
    """Read or solve both states, answer with their difference, and return the exit code."""
    before, after = (state_of(context, each, file) for each in (old, new))
    difference = difference_of(before, after)
    sections = difference_sections(difference, lead=tuple(context.settings.targets))
    text = as_markdown(sections) if markdown else Shown(sections)
    context.answer(text, difference_json(difference))
    return 0


def state_of(context: Context, text: str, file: str) -> Lock:
    """Return the packages of a lock, a prefix, `today`, or a git revision of `file`."""
    path = Path(text)
    if text == _TODAY:
        return _solved(context, distribution_of(context, file), text)
    if path.exists():
        if path.is_dir() or is_lock(path) or path.suffix in (".yml", ".yaml"):
            return read_lock(path)
        raise InputError(f"{text}: not a lock", hint="Give a lock, an installed prefix, a git revision, or `today`.")
    return _revision(context, text, Path(file))


def _revision(context: Context, revision: str, file: Path) -> Lock:
    """The file as a revision has it: a lock is read, anything else solved as of the commit's date."""
    found = committed(file, revision)
    with tempfile.TemporaryDirectory(prefix="dirac-forge-") as folder:
        path = Path(folder) / file.name
        path.write_bytes(found.content)
        if is_lock(path):
            return replace(read_lock(path), name=revision)
        distribution = distribution_of(context, str(path))
    return _solved(context, distribution, revision, moment=found.moment)


def _solved(context: Context, distribution: Distribution, name: str, *, moment: datetime | None = None) -> Lock:
    channel_of = channels_for(context, distribution, moment=moment)
    with ThreadPoolExecutor(_THREADS) as executor:
        solved = solve(channel_of, distribution, executor=executor, observer=context.observer)
    if solved.failed:
        kind = InputError if any(cell.status == "not-installable" for cell in solved.failed) else UnknownError
        reasons = "; ".join(f"{cell.target}, {cell.platform}: {cell.reason}" for cell in solved.failed)
        raise kind(f"{name}: cannot be solved: {reasons}", hint="`dirac-forge check` shows what would help.")
    urls = {each: [source.channel.base_url for source in channel_of(each).sources] for each in solved.records}
    return lock_of(solved, urls, name)

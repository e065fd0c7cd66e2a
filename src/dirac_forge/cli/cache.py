"""`dirac-forge cache`: what the cache holds, and how to get rid of it."""

from __future__ import annotations

from dirac_forge.cache import Pruned, prune, sizes
from dirac_forge.cli.context import Context
from dirac_forge.report.document import Code, Paragraph, Section, Table
from dirac_forge.report.terminal import Shown

__all__ = ["clear", "prune_to", "size"]

_MB = 1_000_000


def size(context: Context) -> int:
    """Answer with number and size of the entries, by kind; the exit code is 0."""
    settings = context.settings
    found = sizes(settings.cache)
    total = sum(each for _, each in found.values())
    document = {
        "folder": str(settings.cache),
        "limit": settings.cache_limit * _MB,
        "bytes": total,
        "kinds": [{"kind": kind, "entries": count, "bytes": each} for kind, (count, each) in found.items()],
    }
    said = f"{_megabytes(total)} of at most {_megabytes(settings.cache_limit * _MB)} in "
    rows = tuple((kind, f"{count:,}", _megabytes(each)) for kind, (count, each) in found.items())
    table = (Table(("kind", "entries", "size"), rows),) if rows else ()
    context.answer(
        Shown((Section(title="Cache", blocks=(Paragraph((said, Code(str(settings.cache)))), *table)),)), document
    )
    return 0


def prune_to(context: Context, megabytes: int | None) -> int:
    """Remove what was not used for longest, down to the limit of the settings or `megabytes`; the exit code is 0."""
    most = context.settings.cache_limit if megabytes is None else megabytes
    return _answer(context, prune(context.settings.cache, most * _MB))


def clear(context: Context) -> int:
    """Remove all that can be fetched or made again, also what was used just now; the exit code is 0."""
    return _answer(context, prune(context.settings.cache, -1, unused=0.0))


def _answer(context: Context, done: Pruned) -> int:
    folder = str(context.settings.cache)
    document = {"folder": folder, "removed": done.entries, "freed": done.freed, "bytes": done.left}
    text = f"{done.entries:,} entries removed, {_megabytes(done.freed)}; {_megabytes(done.left)} left in "
    context.answer(Shown((Section(title="Cache", blocks=(Paragraph((text, Code(folder))),)),)), document)
    return 0


def _megabytes(count: int) -> str:
    return f"{count / _MB:,.1f} MB"

"""`dirac-forge cache`: what the cache holds, and how to get rid of it."""

from __future__ import annotations

from collections.abc import Mapping

from dirac_forge.cache import Pruned, prune, sizes
from dirac_forge.cli.context import Context
from dirac_forge.report.document import Code, Paragraph, Section, Table
from dirac_forge.report.terminal import Shown
from dirac_forge.untrusted import parse_whole_number

_MB = 1_000_000
_EARLIER = "from earlier versions of dirac-forge"
_WHAT = {
    "built-recipes": "recipes for builds",
    "choice": "chosen releases",
    "clones": "clones of repositories",
    "clones-anonymous": "clones of repositories",
    "embedded": "the embedded snapshot, unpacked",
    "facts": "rendered recipes",
    "github-releases": "releases on GitHub",
    "http": "HTTP responses",
    "packages": "packages",
    "published": "metadata of published packages",
    "repodata": "repodata of channels",
    "run-exports": "run_exports of packages",
    "sdist": "metadata of source archives",
    "sdist-build": "metadata of source archives",
    "skips": "variants that recipes skip",
    "solved": "solver results",
    "wheel": "wheel metadata",
    "wheel-metadata": "wheel metadata",
    "workspace": "rendered recipes",
}
"""What is kept, by kind."""


def size(context: Context) -> int:
    """Answer with number and size of the entries, by what they are; the exit code is 0."""
    settings = context.settings
    found = sizes(context.cache_folder)
    total = sum(each for _, each in found.values())
    document = {
        "folder": str(context.cache_folder),
        "limit": settings.cache_limit * _MB,
        "bytes": total,
        "kinds": [{"kind": kind, "entries": count, "bytes": each} for kind, (count, each) in found.items()],
    }
    said = f"{_megabytes(total)} of at most {_megabytes(settings.cache_limit * _MB)} in "
    rows = tuple((what, f"{count:,}", _megabytes(each)) for what, (count, each) in _told(found).items())
    table = (Table(("what", "entries", "size"), rows),) if rows else ()
    context.answer(
        Shown((Section(title="Cache", blocks=(Paragraph((said, Code(str(context.cache_folder)))), *table)),)), document
    )
    return 0


def prune_to(context: Context, megabytes: int | None) -> int:
    """Remove the least recently used entries, down to the limit of the settings or `megabytes`; the exit code is 0."""
    most = context.settings.cache_limit if megabytes is None else megabytes
    return _answer(context, prune(context.cache_folder, most * _MB))


def clear(context: Context) -> int:
    """Remove everything that can be fetched or made again, recently used or not; the exit code is 0."""
    return _answer(context, prune(context.cache_folder, -1, unused=0.0))


def _answer(context: Context, done: Pruned) -> int:
    folder = str(context.cache_folder)
    document = {"folder": folder, "removed": done.entries, "freed": done.freed, "bytes": done.left}
    entries = "1 entry" if done.entries == 1 else f"{done.entries:,} entries"
    text = f"{entries} removed, {_megabytes(done.freed)}; {_megabytes(done.left)} left in "
    context.answer(Shown((Section(title="Cache", blocks=(Paragraph((text, Code(folder))),)),)), document)
    return 0


def _told(found: Mapping[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    """Return number and bytes by what is kept; last what only earlier versions of dirac-forge read."""
    newest: dict[str, int] = {}
    for kind in found:
        base, version = _versioned(kind)
        newest[base] = max(newest.get(base, 0), version)
    told: dict[str, tuple[int, int]] = {}
    for kind, (count, size) in found.items():
        base, version = _versioned(kind)
        what = _WHAT.get(base, base) if version == newest[base] else _EARLIER
        known = told.get(what, (0, 0))
        told[what] = known[0] + count, known[1] + size
    return dict(sorted(told.items(), key=lambda item: (item[0] == _EARLIER, item[0].casefold())))


def _versioned(kind: str) -> tuple[str, int]:
    """Return the name of a kind, and the number of what is kept of it: `sdist-5`, or 0 if it has none."""
    base, _, version = kind.rpartition("-")
    if base == "embedded":
        return base, 0
    number = parse_whole_number(version)
    return (base, number) if base and number is not None else (kind, 0)


def _megabytes(count: int) -> str:
    return f"{count / _MB:,.1f} MB"

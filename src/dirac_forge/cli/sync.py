"""`dirac-forge sync`: feedstocks of the workspace, copied from their repositories."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from rich.table import Table

from dirac_forge.channel.opening import open_readable_channel
from dirac_forge.channel.presence import require_packages
from dirac_forge.channel.solver import Solution
from dirac_forge.check.configured import specs_of
from dirac_forge.cli.context import Context
from dirac_forge.errors import ForgeError, InputError, UnknownError
from dirac_forge.feedstock.archived import ARCHIVED, note_archived
from dirac_forge.feedstock.condaforgeyml import ForgeConfigError, parse_forge_config
from dirac_forge.feedstock.sources import read_sources
from dirac_forge.feedstock.sync import Synced, SyncedLine
from dirac_forge.feedstock.sync import sync as bring_up_to_date
from dirac_forge.files import read_text, unreadable
from dirac_forge.http import NotFoundError
from dirac_forge.proposals.migrations import warn
from dirac_forge.report.next_steps import step
from dirac_forge.report.terminal import flat, joined, sentences
from dirac_forge.untrusted import parse_json

_ALL = "https://raw.githubusercontent.com/regro/cf-graph-countyfair/master/all_feedstocks.json"
_OUTPUTS = "https://raw.githubusercontent.com/conda-forge/feedstock-outputs/main/outputs/{0}/{1}/{2}/{name}.json"
_CONDA_FORGE = re.compile(r"://[^/]+/conda-forge/")
_LARGEST_LIST = 20_000_000
_LARGEST_OUTPUT = 100_000


def sync(context: Context, names: Sequence[str], *, closure: str | None, all_: bool, force: bool) -> int:
    """Copy feedstocks into the workspace, answer with what changed, and return the exit code. Raises UnknownError."""
    settings = context.settings
    folder = settings.workspace / "feedstocks"
    lines = tuple(dict.fromkeys(_wanted(context, names, closure=closure, all_=all_)))
    if settings.offline and "://" in settings.feedstock_url:
        raise UnknownError("offline: repositories can't be fetched", hint="Leave out --offline, or set feedstock-url.")
    named = {line.name for line in lines}
    archived = _archived(context) & named
    left = [line for line in lines if line.name in archived]
    results = _copied(context, folder, [line for line in lines if line.name not in archived], force=force)
    if more := [line for line in dict.fromkeys(_rebuilt_lines(folder, results)) if line not in lines]:
        results += _copied(context, folder, more, force=force)
    note_archived(folder, archived, among=named)
    warn(context.observer, _problems(folder, results))
    return _answer(context, (*results, *(Synced(line=line, state="archived", text=ARCHIVED) for line in left)))


def _copied(context: Context, folder: Path, lines: Sequence[SyncedLine], *, force: bool) -> tuple[Synced, ...]:
    settings = context.settings
    with ThreadPoolExecutor(settings.connections) as executor:
        return bring_up_to_date(
            folder,
            lines,
            repository=lambda name: settings.feedstock_url.format(name=name),
            executor=executor,
            force=force,
            observer=context.observer,
        )


def _rebuilt_lines(folder: Path, results: Sequence[Synced]) -> Iterator[SyncedLine]:
    """Yield the release lines that the feedstocks' own `abi_migration_branches` name; what can't be read names none."""
    for one in results:
        if one.line.branch in {"", "main", "master"} and one.state in {"new", "updated", "unchanged"}:
            path = folder / one.line.folder / "conda-forge.yml"
            with suppress(ForgeConfigError, OSError, UnicodeDecodeError):
                branches = parse_forge_config(read_text(path), path=path).bot.abi_migration_branches
                yield from (
                    SyncedLine(name=one.line.name, branch=branch)
                    for branch in branches
                    if branch not in {"main", "master"}
                )


def _wanted(context: Context, names: Sequence[str], *, closure: str | None, all_: bool) -> Iterator[SyncedLine]:
    """Yield the feedstocks and release lines that are requested; without names, those of the workspace."""
    yield from _named(context, names)
    if closure is not None:
        yield from (SyncedLine(name=name) for name in _closure(context, closure))
    if all_:
        yield from (SyncedLine(name=name) for name in _all(context))
    if not (names or closure or all_):
        for source, entry in read_sources(context.settings.workspace / "feedstocks").items():
            yield SyncedLine(name=source.partition("@")[0], branch=entry.branch)
        yield from _named(context, sorted(context.settings.feedstocks))


def _archived(context: Context) -> frozenset[str]:
    """Return the feedstocks that conda-forge lists as archived; none if the repositories are others.

    Where the list can't be read, a warning is given, and no feedstock is taken to be archived.
    """
    if not _CONDA_FORGE.search(context.settings.feedstock_url):
        return frozenset()
    try:
        listed = parse_json(context.http.page(_ALL, limit=_LARGEST_LIST).body)
        return frozenset(str(name) for name in listed["archived"])
    except (UnknownError, NotFoundError, ValueError, KeyError, TypeError) as error:
        why = error.message if isinstance(error, ForgeError) else f"{_ALL} is not the list that was expected"
        context.observer.warned(f"it is unknown which feedstocks are archived: {why}")
        return frozenset()


def _problems(folder: Path, results: tuple[Synced, ...]) -> list[str]:
    """Return what is wrong with each conda-forge.yml that was copied."""
    found: list[str] = []
    for one in results:
        path = folder / one.line.folder / "conda-forge.yml"
        if one.state not in {"new", "updated"} or not path.is_file():
            continue
        shown = f"{one.line.folder}/conda-forge.yml"
        try:
            found += (key.message(shown) for key in parse_forge_config(read_text(path), path=shown).unknown)
        except ForgeConfigError as exc:
            found.append(exc.message)
        except (OSError, UnicodeDecodeError) as exc:
            found.append(f"{shown} can't be read: {unreadable(exc)}")
    return found


def _answer(context: Context, results: tuple[Synced, ...]) -> int:
    document = {
        "feedstocks": [
            {"feedstock": one.line.folder, "state": one.state, "commit": one.commit, "reason": one.text}
            for one in results
        ]
    }
    table = _table(results)
    counts = Counter(one.state for one in results)
    lines = _unreached(results)
    summary = sentences([*lines, ", ".join(f"{count} {state}" for state, count in counts.items()) or "nothing to sync"])
    copied = counts.keys() & {"new", "updated", "unchanged"}
    steps = step("shows which of them have newer releases", "bump") if copied else ()
    context.answer(joined([table, summary] if table.rows else [summary]), document, steps)
    return 3 if "unknown" in counts else 1 if counts.keys() & {"missing", "error", "kept"} else 0


def _table(results: tuple[Synced, ...]) -> Table:
    table = Table("feedstock", "", "")
    for one in results:
        if one.state not in {"unknown", "unchanged"}:
            table.add_row(flat(one.line.folder), one.state, flat(one.text or one.commit[:12]))
    return table


def _unreached(results: tuple[Synced, ...]) -> list[str]:
    """Return a line for each reason why folders could not be asked about."""
    folders: dict[str, list[str]] = {}
    for one in results:
        if one.state == "unknown":
            folders.setdefault(one.text, []).append(one.line.folder)
    return [f"Unknown: {', '.join(names)}: {reason}" for reason, names in folders.items()]


def _named(context: Context, names: Sequence[str]) -> list[SyncedLine]:
    """Return feedstocks with the release lines that the settings know, or exactly the line that is named."""
    lines: list[SyncedLine] = []
    for name in names:
        base, _, branch = name.removesuffix("-feedstock").partition("@")
        if branch:
            lines.append(SyncedLine(name=base, branch=branch))
            continue
        lines.append(SyncedLine(name=base))
        settings = context.settings.feedstocks.get(base)
        branches = settings.branches if settings is not None else {}
        lines += [SyncedLine(name=base, branch=line) for line in branches if line not in {"main", "master"}]
    return lines


def _closure(context: Context, target: str) -> list[str]:
    """Return the feedstocks of all packages that a target installs on any of its platforms."""
    packages = _installed(context, target)
    if not packages:
        raise UnknownError(f"the closure of {target} is unknown", hint=f"`dirac-forge check {target}` says why.")
    if "://" not in context.settings.feedstock_url:
        return sorted(name for name in packages if _is_there(context, name))
    return sorted({feedstock for name in packages for feedstock in _makers(context, name)})


def _installed(context: Context, target: str) -> dict[str, None]:
    """Return the names of the packages that a target installs, with a warning for platforms without a solution."""
    channel = open_readable_channel(context)
    if channel is None:
        raise InputError("the closure of a target needs a channel", hint="Give one with --channel.")
    specs, platforms = specs_of(context.settings, target)
    require_packages(channel, specs, platforms)
    packages: dict[str, None] = {}
    for platform in platforms:
        found = channel.solve(specs, platform=platform)
        if isinstance(found, Solution):
            packages.update(dict.fromkeys(record.name for record in found.packages))
        else:
            context.observer.warned(f"{target} has no solution on {platform}: its closure there is unknown")
    return packages


def _is_there(context: Context, name: str) -> bool:
    place = context.settings.feedstock_url.format(name=name)
    there = Path(place).exists() or Path(f"{place}.git").exists()
    if not there:
        context.observer.warned(f"{name}: no feedstock repository has this name, so its feedstock is unknown")
    return there


def _makers(context: Context, package: str) -> list[str]:
    """Return the feedstocks that may make a package, by conda-forge's own list."""
    letters = [*(sign for sign in package if sign.isalnum()), "z", "z", "z"]
    url = _OUTPUTS.format(*letters, name=package)
    try:
        entry = parse_json(context.http.page(url, limit=_LARGEST_OUTPUT).body)
        return [str(name) for name in entry["feedstocks"]]
    except (NotFoundError, ValueError, KeyError, TypeError):
        return [package]


def _all(context: Context) -> list[str]:
    """Return every feedstock: those in the folder of repositories, else those that conda-forge lists."""
    url = context.settings.feedstock_url
    if "://" not in url:
        pattern = Path(url).name
        before, _, after = pattern.partition("{name}")
        names = [path.name.removesuffix(".git") for path in Path(url).parent.iterdir()]
        return sorted(name.removeprefix(before).removesuffix(after) for name in names if not name.startswith("."))
    listed = parse_json(context.http.page(_ALL, limit=_LARGEST_LIST).body)
    return sorted(str(name) for name in listed["active"])

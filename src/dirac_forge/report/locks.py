"""Locks as text and JSON."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from dirac_forge.check.cells import Cell
from dirac_forge.check.targets import DEFAULT_ENVIRONMENT
from dirac_forge.distribution.lock_check import LockCheck, OtherChannels, RepeatedPackage, SurplusEnvironment
from dirac_forge.distribution.locked_files import LostFile, PatchedRecord
from dirac_forge.distribution.locks import Lock, LockedPackage
from dirac_forge.distribution.solving import OutdatedPackage, UnsatisfiedSpecs
from dirac_forge.report.document import Block, Code, Items, Line, Paragraph, Section, listed, words
from dirac_forge.report.numbers import counted
from dirac_forge.report.proof_words import cell_words

_MEGABYTE = 1_000_000
_MOST_OUTDATED = 3
"""Packages of a line of `lock --check`; `diff` shows all."""


def lock_sections(lock: Lock, written: Sequence[str], unchanged: Sequence[str] = ()) -> tuple[Section, ...]:
    """Return what was locked, by environment and platform, and where it was written."""
    blocks: list[Block] = [Items(content_lines(lock))]
    for word, paths in (("Written: ", written), ("Unchanged: ", unchanged)):
        if paths:
            blocks.append(Paragraph((word, Code(", ".join(paths)))))
    return (Section(title=f"{lock.name} locked", blocks=tuple(blocks)),)


def content_lines(lock: Lock) -> tuple[Line, ...]:
    """Return a line for each environment and platform: how many packages, and how large where that is known."""
    lines: list[Line] = []
    for environment, platforms in lock.environments.items():
        for platform, packages in platforms.items():
            size = _size(packages)
            where = f"{environment}, {platform}" if len(lock.environments) > 1 else platform
            lines.append(f"{where}: {counted(len(packages), 'package')}" + (f", {size}" if size else ""))
    return tuple(lines)


def failed_lines(failed: Sequence[Cell]) -> tuple[str, ...]:
    """Return a line for each reason why environments have no solution, with their platforms."""
    alike: dict[tuple[str, str], list[str]] = {}
    for cell in failed:
        alike.setdefault((cell.target, cell_words(cell.reason)), []).append(cell.platform)
    return tuple(f"{target}, {words(platforms)}: {reason}" for (target, reason), platforms in alike.items())


def check_sections(path: str, found: LockCheck, asked: Collection[str]) -> tuple[Section, ...]:
    """Return what a lock does not satisfy and what would change in it; `asked` names first."""
    absent = {(each.environment, each.platform) for each in found.unsatisfied if each.absent}
    there = [each for each in found.outdated if (each.environment, each.platform) not in absent]
    changes = _outdated_lines(there, asked)
    lines = difference_lines(found)
    if found.status != "unknown":
        lines = (*lines, *changes)
        return (Section(title=f"{path}: {_STATUS[found.status]}", blocks=(Items(lines),) if lines else ()),)
    if found.as_of is None:
        title = f"{path}: whether it is outdated is unknown"
        return (Section(title=title, blocks=(Items((*lines, *changes)),)),)
    compared = f"conda-forge may have newer packages than the embedded snapshot ({found.as_of}). Compared with that:"
    same = Items(tuple(changes) or ("no package would change",))
    title = f"{path}: it satisfies the file, but may be outdated"
    return (Section(title=title, blocks=(Paragraph(compared), same)),)


def difference_lines(found: LockCheck) -> tuple[Line, ...]:
    """Return a line for each way in which a lock is not what its file and channels ask for, but for newer packages."""
    return (
        *(f"cannot be solved now: {line}" for line in failed_lines(found.failed)),
        *_repeated_lines(found.repeated),
        *_surplus_lines(found.surplus),
        *_unsatisfied_lines(found.unsatisfied),
        *_channel_lines(found.channels),
        *_lost_lines(found.lost),
        *_patched_lines(found.patched),
    )


_STATUS = {
    "up-to-date": "up to date",
    "outdated": "outdated",
    "not-solvable": "the file it was made from cannot be solved now",
}


def _named(environments: Iterable[str]) -> bool:
    """Whether lines name their environments: the default one goes without a name where it is the only one."""
    return not set(environments) <= {DEFAULT_ENVIRONMENT}


def _repeated_lines(repeated: Sequence[RepeatedPackage]) -> list[str]:
    return [
        f"{each.environment}, {each.platform}: {each.name} is locked {len(each.builds)} times: {listed(each.builds)}"
        for each in repeated
    ]


def _surplus_lines(surplus: Sequence[SurplusEnvironment]) -> list[str]:
    return [
        f"the file has no environment {each.environment}"
        if not each.platform
        else f"the file does not have {each.environment} on {each.platform}"
        for each in surplus
    ]


def _channel_lines(channels: Sequence[OtherChannels]) -> tuple[str, ...]:
    """Return a line for each environment whose packages are from other channels than those that are requested."""
    named = _named(each.environment for each in channels)
    return tuple(
        f"{f'{each.environment}, ' if named else ''}locked from {listed(each.locked) or 'no channel'}; "
        f"asked for: {listed(each.asked)}"
        for each in channels
    )


_LOST = {"gone": "the channel no longer has", "other-hash": "the channel has, with another hash than the lock,"}


def _lost_lines(lost: Sequence[LostFile]) -> list[str]:
    """Return a line for each group of platforms whose locked files are lost in the same way."""
    by_place: dict[tuple[str, str, str], list[str]] = {}
    for each in lost:
        by_place.setdefault((each.environment, each.platform, each.reason), []).append(each.file)
    named = _named(each.environment for each in lost)
    alike: dict[tuple[str, str], list[str]] = {}
    for (environment, platform, reason), files in by_place.items():
        key = (f"{environment}, " if named else "", f"{_LOST[reason]} {listed(files)}")
        alike.setdefault(key, []).append(platform)
    return [f"{environment}{words(platforms)}: {text}" for (environment, text), platforms in alike.items()]


def _patched_lines(patched: Sequence[PatchedRecord]) -> list[str]:
    """Return a line for each file of which the channel changed the requirements, with the platforms."""
    named = _named(each.environment for each in patched)
    alike: dict[tuple[str, str], list[str]] = {}
    for each in patched:
        changes = ", ".join([*(f"+{spec}" for spec in each.added), *(f"-{spec}" for spec in each.removed)])
        text = f"the channel changed the requirements of {each.file} ({changes})"
        alike.setdefault((f"{each.environment}, " if named else "", text), []).append(each.platform)
    return [f"{environment}{words(platforms)}: {text}" for (environment, text), platforms in alike.items()]


def failed_json(failed: Sequence[Cell]) -> list[dict[str, Any]]:
    """Return the environments that cannot be solved, or are not known, for --json."""
    return [
        {
            "environment": cell.target,
            "platform": cell.platform,
            "status": cell.status,
            "reason": cell_words(cell.reason),
        }
        for cell in failed
    ]


def check_json(name: str, path: str, found: LockCheck) -> dict[str, Any]:
    """Return the document for --check --json."""
    return {
        "name": name,
        "lock": path,
        "status": found.status,
        "unsatisfied": [
            f"{each.environment} {each.platform}: {spec}" for each in found.unsatisfied for spec in each.specs
        ],
        "failed": failed_json(found.failed),
        "repeated": [
            {
                "environment": each.environment,
                "platform": each.platform,
                "name": each.name,
                "builds": list(each.builds),
            }
            for each in found.repeated
        ],
        "surplus": [{"environment": each.environment, "platform": each.platform or None} for each in found.surplus],
        "channels": [
            {"environment": each.environment, "locked": list(each.locked), "asked": list(each.asked)}
            for each in found.channels
        ],
        "lost": [
            {
                "environment": each.environment,
                "platform": each.platform,
                "name": each.name,
                "file": each.file,
                "reason": each.reason,
            }
            for each in found.lost
        ],
        "patched": [
            {
                "environment": each.environment,
                "platform": each.platform,
                "name": each.name,
                "file": each.file,
                "added": list(each.added),
                "removed": list(each.removed),
            }
            for each in found.patched
        ],
        "outdated": [
            {
                "environment": each.environment,
                "platform": each.platform,
                "name": each.name,
                "from": each.old or None,
                "to": each.new or None,
            }
            for each in found.outdated
        ],
    }


def _unsatisfied_lines(unsatisfied: Sequence[UnsatisfiedSpecs]) -> list[str]:
    """Return a line for each group of platforms on which the lock lacks the same."""
    named = _named(each.environment for each in unsatisfied)
    alike: dict[tuple[str, str], list[str]] = {}
    for each in unsatisfied:
        text = "not in the lock" if each.absent else f"not satisfied: {', '.join(each.specs)}"
        alike.setdefault((f"{each.environment}, " if named else "", text), []).append(each.platform)
    return [f"{environment}{words(platforms)}: {text}" for (environment, text), platforms in alike.items()]


def _outdated_lines(outdated: Sequence[OutdatedPackage], asked: Collection[str]) -> list[str]:
    """Return a line for each group of platforms on which the same would change: `asked` names first."""
    by_place: dict[tuple[str, str], list[OutdatedPackage]] = {}
    for each in outdated:
        by_place.setdefault((each.environment, each.platform), []).append(each)
    named = _named(environment for environment, _ in by_place)
    alike: dict[tuple[str, str], list[str]] = {}
    for (environment, platform), some in by_place.items():
        alike.setdefault((f"{environment}, " if named else "", _outdated(some, asked)), []).append(platform)
    return [f"{environment}{words(platforms)}: {text}" for (environment, text), platforms in alike.items()]


def _outdated(some: Sequence[OutdatedPackage], asked: Collection[str]) -> str:
    order = sorted(some, key=lambda each: (each.old == each.new, each.name not in asked))
    shown = list(map(_change, order[:_MOST_OUTDATED]))
    more = ["…"] if len(order) > len(shown) else []
    return f"{counted(len(some), 'package')} would change ({'; '.join([*shown, *more])})"


def _change(each: OutdatedPackage) -> str:
    if each.old == each.new:
        return f"{each.name} {each.new}, another build"
    if not (each.old and each.new):
        return f"{each.name} {each.new} (new)" if each.new else f"no {each.name}"
    return f"{each.name} {each.old} → {each.new}"


def lock_json(lock: Lock, written: Sequence[str], unchanged: Sequence[str] = ()) -> dict[str, Any]:
    """Return the document for --json."""
    return {
        "name": lock.name,
        "channels": list(lock.channels),
        "written": list(written),
        "unchanged": list(unchanged),
        "environments": {
            environment: {
                platform: [
                    {
                        "name": each.name,
                        "version": each.version,
                        "build": each.build,
                        "url": each.url,
                        "asked": each.asked,
                    }
                    for each in packages
                ]
                for platform, packages in platforms.items()
            }
            for environment, platforms in lock.environments.items()
        },
    }


def _size(packages: Sequence[LockedPackage]) -> str:
    """Return the size of all packages, or "" if one is not known."""
    sizes = [each.size for each in packages]
    known = [size for size in sizes if size is not None]
    return f"{sum(known) / _MEGABYTE:.0f} MB to download" if known and len(known) == len(sizes) else ""

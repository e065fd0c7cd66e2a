"""Locks and their differences as text, Markdown and JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dirac_forge.distribution.difference import ChangeKind, LockDifference, PackageChange, PlatformDifference
from dirac_forge.distribution.installer import BuiltInstaller, Trial
from dirac_forge.distribution.locks import Lock, LockedPackage
from dirac_forge.report.document import Block, Bold, Code, Items, Line, Paragraph, Quote, Section

__all__ = [
    "difference_json",
    "difference_sections",
    "installer_json",
    "installer_sections",
    "lock_json",
    "lock_sections",
]

_HEADINGS: tuple[tuple[str, tuple[ChangeKind, ...]], ...] = (
    ("Added", ("added",)),
    ("Removed", ("removed",)),
    ("Upgraded", ("up",)),
    ("Downgraded", ("down",)),
    ("Rebuilt", ("rebuilt", "moved")),
)
_MEGABYTE = 1_000_000


def lock_sections(lock: Lock, written: Sequence[str], notes: Sequence[str]) -> tuple[Section, ...]:
    """Return what was locked, by environment and platform, and where it was written."""
    lines: list[Line] = []
    for environment, platforms in lock.environments.items():
        for platform, packages in platforms.items():
            size = _size(packages)
            where = f"{environment}, {platform}" if len(lock.environments) > 1 else platform
            lines.append(f"{where}: {len(packages)} packages" + (f", {size}" if size else ""))
    blocks: list[Block] = [Items(tuple(lines)), *(Paragraph(note) for note in notes)]
    if written:
        blocks.append(Paragraph(("Written: ", Code(", ".join(written)))))
    return (Section(title=f"{lock.name} locked", blocks=tuple(blocks)),)


def lock_json(lock: Lock, written: Sequence[str]) -> dict[str, Any]:
    """Return the document for --json."""
    return {
        "name": lock.name,
        "channels": list(lock.channels),
        "written": list(written),
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


def difference_sections(difference: LockDifference, *, lead: Sequence[str] = ()) -> tuple[Section, ...]:
    """Return the changes as release notes have them; packages named in `lead` come first, on a line of their own.

    Platforms with the same changes share a section.
    """
    if difference.empty:
        return (Section(title=f"{difference.old} → {difference.new}", blocks=(Paragraph("Nothing changes."),)),)
    sections = []
    for environment, platforms in difference.environments.items():
        groups: dict[tuple[tuple[str, str, str], ...], list[str]] = {}
        for platform, each in platforms.items():
            groups.setdefault(tuple(_signature(change) for change in each.changes), []).append(platform)
        for alike in groups.values():
            of = f"{environment}: " if len(difference.environments) > 1 else ""
            sections.append(_platform_section(f"{of}{', '.join(alike)}", platforms[alike[0]], lead))
    for word, missing in (("Only in", difference.only_old), ("New in", difference.only_new)):
        if missing:
            lock = difference.old if missing is difference.only_old else difference.new
            sections.append(Section(title=f"{word} {lock}: {', '.join(missing)}", blocks=()))
    head = Section(title=f"{difference.old} → {difference.new}", blocks=())
    return (head, *(section.below() for section in sections))


def _signature(change: PackageChange) -> tuple[str, str, str]:
    versions = tuple(each.version if each else "" for each in (change.old, change.new))
    return change.name, change.kind, " ".join(versions)


def _platform_section(title: str, each: PlatformDifference, lead: Sequence[str]) -> Section:
    first = [change for name in lead for change in each.changes if change.name == name]
    blocks: list[Block] = [Paragraph(Bold(_versions(change))) for change in first]
    for heading, kinds in _HEADINGS:
        mine = [change for change in each.of(*kinds) if change not in first]
        blocks += _change_blocks(f"{heading}:", [change for change in mine if change.asked])
        blocks += _change_blocks(f"{heading} (dependencies):", [change for change in mine if not change.asked])
    blocks += _size_blocks(each.old_size, each.new_size)
    if not each.changes:
        blocks.insert(0, Paragraph("Nothing changes."))
    return Section(title=title, blocks=tuple(blocks))


def _change_blocks(heading: str, changes: Sequence[PackageChange]) -> list[Block]:
    return [Paragraph(heading), Items(tuple(map(_line, changes)))] if changes else []


def _size_blocks(old: int | None, new: int | None) -> list[Block]:
    if old is None or new is None:
        return []
    delta = (new - old) / _MEGABYTE
    return [Paragraph(f"Size of all packages: {new / _MEGABYTE:.0f} MB ({delta:+.1f} MB).")]


def _line(change: PackageChange) -> Line:
    text = _versions(change)
    pins = [f"{old or 'nothing'} → {new or 'nothing'}" for old, new in change.pins]
    if pins:
        text += f"; because of {', '.join(pins)}"
    if change.kind == "rebuilt" and not pins:
        text += "; its dependencies are the same"
    if change.licence:
        text += f"; licence {change.licence[0]} → {change.licence[1]}"
    return text


def _versions(change: PackageChange) -> str:
    old, new = change.old, change.new
    if change.kind == "rebuilt" and old and new:
        return f"{change.name} {new.version}: {old.build} → {new.build}"
    if change.kind == "moved" and new:
        return f"{change.name} {new.version} {new.build}: another file of the same name"
    if old and new:
        return f"{change.name} {old.version} → {new.version}"
    package = new or old
    return f"{change.name} {package.version}" if package else change.name


def difference_json(difference: LockDifference) -> dict[str, Any]:
    """Return the document for --json; the default environment's platforms are at the top."""
    environments = {
        environment: {platform: _platform_json(each) for platform, each in platforms.items()}
        for environment, platforms in difference.environments.items()
    }
    first: Mapping[str, Any] = next(iter(environments.values()), {})
    return {
        "old": difference.old,
        "new": difference.new,
        "platforms": first,
        "environments": environments,
        "only_old": list(difference.only_old),
        "only_new": list(difference.only_new),
    }


def _platform_json(each: PlatformDifference) -> dict[str, Any]:
    return {
        "added": [_package_json(change.new) for change in each.of("added") if change.new],
        "removed": [_package_json(change.old) for change in each.of("removed") if change.old],
        "changed": [_change_json(change) for change in each.of("up", "down", "rebuilt", "moved")],
        "size": {"from": each.old_size, "to": each.new_size},
    }


def _package_json(package: LockedPackage) -> dict[str, Any]:
    return {"name": package.name, "version": package.version, "build": package.build, "asked": package.asked}


def _change_json(change: PackageChange) -> dict[str, Any]:
    return {
        "name": change.name,
        "kind": change.kind,
        "from": f"{change.old.version} {change.old.build}".rstrip() if change.old else "",
        "to": f"{change.new.version} {change.new.build}".rstrip() if change.new else "",
        "why": [{"from": old, "to": new} for old, new in change.pins],
        "licence": list(change.licence) if change.licence else None,
        "asked": change.asked,
    }


def _size(packages: Sequence[LockedPackage]) -> str:
    """The size of all packages; "" where one is not known."""
    sizes = [each.size for each in packages]
    known = [size for size in sizes if size is not None]
    return f"{sum(known) / _MEGABYTE:.0f} MB to download" if known and len(known) == len(sizes) else ""


def installer_sections(built: BuiltInstaller | None, trial: Trial | None) -> tuple[Section, ...]:
    """Return what was built, and each step of its trial."""
    sections = []
    if built is not None:
        line = f"{built.size / _MEGABYTE:.0f} MB, built in {built.seconds:.0f} s"
        sections.append(Section(title=str(built.path), blocks=(Paragraph(line),)))
    if trial is not None:
        blocks: list[Block] = []
        for step in trial.steps:
            blocks.append(Items((f"{step.status}: {step.what} ({step.seconds:.0f} s)",)))
            if step.output:
                blocks.append(Quote(tuple(step.output.splitlines())))
        if not trial.isolated:
            blocks.append(
                Paragraph("It ran with access to this machine's files and network: neither bwrap nor unshare works.")
            )
        title = "The installer works" if trial.passed else "The installer fails"
        sections.append(Section(title=title, blocks=tuple(blocks)))
    return tuple(sections)


def installer_json(built: BuiltInstaller | None, trial: Trial | None) -> dict[str, Any]:
    """Return the document for --json."""
    return {
        "installer": None if built is None else {"path": str(built.path), "size": built.size, "seconds": built.seconds},
        "trial": None
        if trial is None
        else {
            "passed": trial.passed,
            "isolated": trial.isolated,
            "steps": [
                {"what": step.what, "status": step.status, "seconds": step.seconds, "output": step.output}
                for step in trial.steps
            ],
        },
    }

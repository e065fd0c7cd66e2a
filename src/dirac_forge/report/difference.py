"""Differences of locks as text, Markdown and JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dirac_forge.channel.snapshot_file import SnapshotEnd
from dirac_forge.distribution.difference import ChangeKind, LockDifference, PackageChange, PlatformDifference
from dirac_forge.distribution.locks import LockedPackage
from dirac_forge.distribution.security import SecurityChange, SecurityReport
from dirac_forge.report.document import Block, Bold, Items, Line, Paragraph, Section, words
from dirac_forge.report.numbers import counted
from dirac_forge.report.since import end_words
from dirac_forge.upstream.index.vulnerabilities import Vulnerability
from dirac_forge.values import dataclass

_HEADINGS: tuple[tuple[str, tuple[ChangeKind, ...]], ...] = (
    ("Added", ("added",)),
    ("Removed", ("removed",)),
    ("Upgraded", ("up",)),
    ("Downgraded", ("down",)),
    ("Rebuilt", ("rebuilt", "moved")),
)
_MEGABYTE = 1_000_000
_MOST_UNKNOWN = 5
"""Names on a line of packages without advisories; JSON has all."""
_UNKNOWN_SECURITY: Mapping[str, str] = {
    "no-release": "the index has no page with advisories",
    "unreachable": "the index did not answer",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class SolvedState:
    """A state that is solved, and the file that it is a state of."""

    file: str
    revision: str = ""
    """A git revision; "" for the file as it is now."""


_Alike = tuple[PackageChange, ...]
"""One change, as each of several platforms has it."""


def difference_sections(
    difference: LockDifference,
    *,
    lead: Sequence[str] = (),
    security: SecurityReport | None = None,
    solved: Sequence[SolvedState] = (),
) -> tuple[Section, ...]:
    """Return the changes as release notes have them; packages named in `lead` come first, on a line of their own.

    What changes alike on several platforms appears once, for all of them. `solved` are the states whose file is named.
    """
    title = f"{difference.old} → {difference.new}"
    head = tuple(Paragraph(_state_words(state)) for state in solved)
    if difference.empty:
        return (Section(title=title, blocks=(*head, Paragraph("Nothing changes."))),)
    sections: list[Section] = []
    for environment, platforms in difference.environments.items():
        of = f"{environment}: " if len(difference.environments) > 1 else ""
        sections += _environment_sections(of, platforms, lead, security, known=difference.asked_known)
    for word, lock, missing in (
        ("Only in", difference.old, difference.only_old),
        ("New in", difference.new, difference.only_new),
    ):
        if missing:
            sections.append(Section(title=f"{word} {lock}: {', '.join(missing)}", blocks=()))
    sections += _security_sections(security)
    return (Section(title=title, blocks=head), *(section.below() for section in sections))


def _state_words(state: SolvedState) -> str:
    if not state.revision:
        return f"today is {state.file}, solved now."
    return f"{state.revision} is {state.file} at that commit, solved as of its date."


def _environment_sections(
    of: str,
    platforms: Mapping[str, PlatformDifference],
    lead: Sequence[str],
    security: SecurityReport | None,
    *,
    known: bool,
) -> list[Section]:
    sections = [
        _platforms_section(f"{of}{', '.join(alike)}", changes, lead, security, known=known)
        for alike, changes in _by_platforms(platforms).items()
    ]
    unchanged = [platform for platform, each in platforms.items() if not each.changes]
    if unchanged:
        sections.append(Section(title=f"{of}{', '.join(unchanged)}", blocks=(Paragraph("Nothing changes."),)))
    sizes = [line for platform, each in platforms.items() if (line := _size_line(platform, each))]
    return [*sections, *Section.of(f"{of}Size of all packages", [Items(tuple(sizes))] if sizes else [])]


def _by_platforms(platforms: Mapping[str, PlatformDifference]) -> dict[tuple[str, ...], list[_Alike]]:
    """Return the changes by the platforms that have them, those of most platforms first."""
    found: dict[tuple[object, ...], tuple[list[str], list[PackageChange]]] = {}
    for platform, each in platforms.items():
        for change in each.changes:
            names, changes = found.setdefault(_signature(change), ([], []))
            names.append(platform)
            changes.append(change)
    groups: dict[tuple[str, ...], list[_Alike]] = {}
    for names, changes in found.values():
        groups.setdefault(tuple(names), []).append(tuple(changes))
    return dict(sorted(groups.items(), key=lambda group: -len(group[0])))


def _signature(change: PackageChange) -> tuple[object, ...]:
    versions = tuple(each.version if each else "" for each in (change.old, change.new))
    return change.name, change.kind, change.asked, versions, change.cause, change.licence


def _platforms_section(
    title: str, changes: Sequence[_Alike], lead: Sequence[str], security: SecurityReport | None, *, known: bool
) -> Section:
    """Return the changes on some platforms; without `known` requests, no package is called a dependency."""
    rest = " (dependencies)" if known else ""
    first = [some for name in lead for some in changes if some[0].name == name]
    others = [some for some in changes if some not in first]
    blocks: list[Block] = [Paragraph(_lead_line(some, security)) for some in first]
    for heading, kinds in _HEADINGS:
        for told, asked in ((f"{heading}:", True), (f"{heading}{rest}:", False)):
            blocks += _change_blocks(told, _belonging(others, kinds, asked=asked), security)
    return Section(title=title, blocks=tuple(blocks))


def _belonging(changes: Sequence[_Alike], kinds: Sequence[ChangeKind], *, asked: bool) -> list[_Alike]:
    return [some for some in changes if some[0].kind in kinds and some[0].asked is asked]


def _lead_line(some: _Alike, security: SecurityReport | None) -> Line:
    told = _advisories(some[0], security)
    return (Bold(_versions(some[0])), f"; {'; '.join(told)}" if told else "")


def _change_blocks(heading: str, changes: Sequence[_Alike], security: SecurityReport | None) -> list[Block]:
    """Return the changes under their heading; packages that were rebuilt for the same cause share a line."""
    causes: dict[tuple[tuple[str, str], ...], list[_Alike]] = {}
    for some in changes:
        causes.setdefault(some[0].cause, []).append(some)
    together = {pins: alike for pins, alike in causes.items() if pins and len(alike) > 1}
    lines = [_cause_line(pins, alike) for pins, alike in together.items()]
    lines += [_line(some, security) for some in changes if some[0].cause not in together]
    return [Paragraph(heading), Items(tuple(lines))] if lines else []


def _cause_line(pins: Sequence[tuple[str, str]], alike: Sequence[_Alike]) -> str:
    named = []
    for some in alike:
        details = _details(some)
        named.append(some[0].name + (f" ({'; '.join(details)})" if details else ""))
    return f"{_because(pins)} ({len(alike)}): {', '.join(named)}"


def _size_line(platform: str, each: PlatformDifference) -> str:
    if each.old_size is None or each.new_size is None:
        return ""
    delta = (each.new_size - each.old_size) / _MEGABYTE
    return f"{platform}: {each.new_size / _MEGABYTE:.0f} MB ({delta:+.1f} MB)"


def _line(some: _Alike, security: SecurityReport | None) -> str:
    change = some[0]
    return "; ".join([_versions(change), *_rebuilt(change), *_details(some), *_advisories(change, security)])


def _details(some: _Alike) -> list[str]:
    """Return what else changes: the licence, and the size where that is a megabyte or more on some platform."""
    change = some[0]
    told = [f"licence {' → '.join(each or 'none' for each in change.licence)}"] if change.licence else []
    growths = {f"{each.growth / _MEGABYTE:+.1f} MB": abs(each.growth) for each in some if each.growth is not None}
    largest = max(growths, key=growths.__getitem__, default="")
    if largest and growths[largest] >= _MEGABYTE:
        told.append(largest if len(growths) == 1 else f"up to {largest}")
    return told


def _rebuilt(change: PackageChange) -> list[str]:
    """Return why a package was built again, as far as its dependencies show."""
    if change.kind != "rebuilt":
        return []
    if change.cause:
        return [_because(change.cause)]
    if change.requirements_known:
        return ["its dependencies are the same"]
    return ["why is unknown, because the requirements of one of the builds are not known"]


def _because(pins: Sequence[tuple[str, str]]) -> str:
    """Return `because of openssl >=3.4,<4 → >=3.5,<4; now also requires liba`."""
    changed = [f"{old if ' ' in old else f'{old} (any version)'} → {_bounds(new)}" for old, new in pins if old and new]
    added = [new for old, new in pins if not old]
    removed = [old for old, new in pins if not new]
    parts = (("because of", changed), ("now also requires", added), ("no longer requires", removed))
    return "; ".join(f"{verb} {', '.join(some)}" for verb, some in parts if some)


def _bounds(spec: str) -> str:
    return spec.partition(" ")[2] or "any version"


def _known(change: PackageChange, security: SecurityReport | None) -> SecurityChange | None:
    """Return what the index knows about a change, or None if it knows nothing."""
    if security is None or change.old is None or change.new is None:
        return None
    return security.of(change.name, change.old.version, change.new.version)


def _advisories(change: PackageChange, security: SecurityReport | None) -> list[str]:
    found = _known(change, security)
    if found is None:
        return []
    fixed = [f"fixes {', '.join(each.name for each in found.fixed)}"] if found.fixed else []
    return [*fixed, *([f"adds {', '.join(each.name for each in found.introduced)}"] if found.introduced else [])]


def _security_sections(security: SecurityReport | None) -> tuple[Section, ...]:
    """Return how many changes are security fixes, and of which that is not known; nothing if no version changes."""
    if security is None:
        return ()
    lines: list[Line] = []
    if security.changes:
        fixes = sum(bool(each.fixed) for each in security.changes) or "none"
        adding = sum(bool(each.introduced) for each in security.changes)
        changed = counted(len(security.changes), "changed Python package")
        added = f", {adding} with new advisories" if adding else ""
        lines.append(f"{changed}: {fixes} with security fixes that the index knows of{added}.")
    lines += _unknown_lines(security)
    return Section.of("Security", [Items(tuple(lines))] if lines else [])


def _unknown_lines(security: SecurityReport) -> Iterator[Line]:
    for kind, reason in _UNKNOWN_SECURITY.items():
        unknown = [each for each in security.unknown if each.kind == kind]
        if unknown:
            names = words(sorted({each.name for each in unknown}), _MOST_UNKNOWN)
            yield f"Unknown for {names}: {reason} ({unknown[0].detail})."
    if security.uncovered:
        names = words(security.uncovered, _MOST_UNKNOWN)
        yield f"Unknown for {names}: the index only knows Python packages."


def _versions(change: PackageChange) -> str:
    old, new = change.old, change.new
    match change.kind:
        case "rebuilt" if old and new:
            return f"{change.name} {new.version}: {old.build} → {new.build}"
        case "moved" if new:
            return f"{change.name} {new.version} {new.build}: a different file with the same name"
        case _ if old and new:
            return f"{change.name} {old.version} → {new.version}"
        case _:
            package = new or old
            return f"{change.name} {package.version}" if package else change.name


def difference_json(
    difference: LockDifference, security: SecurityReport | None = None, ends: Sequence[SnapshotEnd] = ()
) -> dict[str, Any]:
    """Return the document for --json; the default environment's platforms are at the top.

    `ends` are snapshots that do not reach the day of a state: what was uploaded by then is not known.
    """
    environments = {
        environment: {platform: _platform_json(each, security) for platform, each in platforms.items()}
        for environment, platforms in difference.environments.items()
    }
    first: Mapping[str, Any] = next(iter(environments.values()), {})
    return {
        "asked_known": difference.asked_known,
        "old": difference.old,
        "new": difference.new,
        "platforms": first,
        "environments": environments,
        "only_old": list(difference.only_old),
        "only_new": list(difference.only_new),
        "security": None if security is None else _security_json(security),
        "unknown": list(map(end_words, ends)),
    }


def _security_json(security: SecurityReport) -> dict[str, Any]:
    return {
        "known": len(security.changes),
        "unknown": [
            {"name": each.name, "from": each.old, "to": each.new, "kind": each.kind, "detail": each.detail}
            for each in security.unknown
        ],
        "not_covered": list(security.uncovered),
    }


def _platform_json(each: PlatformDifference, security: SecurityReport | None) -> dict[str, Any]:
    return {
        "added": [_package_json(change.new) for change in each.of("added") if change.new],
        "removed": [_package_json(change.old) for change in each.of("removed") if change.old],
        "changed": [_change_json(change, security) for change in each.of("up", "down", "rebuilt", "moved")],
        "size": {"from": each.old_size, "to": each.new_size},
    }


def _package_json(package: LockedPackage) -> dict[str, Any]:
    return {
        "name": package.name,
        "version": package.version,
        "build": package.build,
        "asked": package.asked,
        "licence": package.license or None,
        "size": package.size,
    }


def _change_json(change: PackageChange, security: SecurityReport | None) -> dict[str, Any]:
    old, new = change.old, change.new
    return {
        "name": change.name,
        "kind": change.kind,
        "from": _build_text(old),
        "to": _build_text(new),
        "why": [{"from": before, "to": after} for before, after in change.pins],
        "licence": list(change.licence) if change.licence else None,
        "size": {"from": old.size if old else None, "to": new.size if new else None},
        "security": _advisories_json(_known(change, security)),
        "asked": change.asked,
    }


def _build_text(package: LockedPackage | None) -> str:
    return f"{package.version} {package.build}".rstrip() if package else ""


def _advisories_json(known: SecurityChange | None) -> dict[str, Any] | None:
    """Return the advisories of a change; null where the index knows nothing about it."""
    if known is None:
        return None
    return {
        "fixed": [_advisory_json(each) for each in known.fixed],
        "introduced": [_advisory_json(each) for each in known.introduced],
    }


def _advisory_json(advisory: Vulnerability) -> dict[str, Any]:
    return {"id": advisory.id, "aliases": list(advisory.aliases), "link": advisory.link or None}

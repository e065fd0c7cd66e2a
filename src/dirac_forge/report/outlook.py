"""The daily line about a distribution, for the summary of the bot and its dashboard."""

from __future__ import annotations

from typing import Any

from dirac_forge.check.since import Turn
from dirac_forge.distribution.difference import LockDifference, PackageChange
from dirac_forge.distribution.outlook import DistributionOutlook, FailedPlatform
from dirac_forge.report.document import words
from dirac_forge.report.numbers import counted
from dirac_forge.report.proof_words import cell_words
from dirac_forge.report.since import end_words, upload_words

_MOST = 5


def outlook_lines(outlook: DistributionOutlook) -> tuple[str, ...]:
    """Return a line about what the next release would get, and one for each platform that does not solve."""
    name = outlook.name
    if outlook.problem:
        return (f"{name}: unknown: {outlook.problem}",)
    return (*_change_lines(outlook), *(_failed_line(name, each) for each in outlook.failed))


def _change_lines(outlook: DistributionOutlook) -> tuple[str, ...]:
    difference = outlook.difference
    end = f"; {end_words(outlook.end)}, later uploads are not known" if outlook.end is not None else ""
    if difference is None:
        unknown = f"since {outlook.since:%Y-%m-%d} is unknown{end}"
        return (f"what changed for {outlook.name} {unknown}",) if outlook.past_end else ()
    changes = _changes(difference)
    if not changes:
        return (f"the next {outlook.name} would be the same as {difference.old}{end}",)
    asked = [change for change in changes if change.asked]
    told = words([_change(change) for change in asked or changes], _MOST)
    others = len(changes) - len(asked) if asked else 0
    more = f", and {counted(others, 'change')} of dependencies" if others else ""
    return (f"the next {outlook.name} would get {told}{more}, compared with {difference.old}{end}",)


def _changes(difference: LockDifference) -> list[PackageChange]:
    """Return each change once, whatever the number of platforms that have it; what is requested first."""
    found: dict[tuple[str, str], PackageChange] = {}
    for platforms in difference.environments.values():
        for each in platforms.values():
            for change in each.changes:
                found.setdefault((change.name, change.kind), change)
    return sorted(found.values(), key=lambda change: (not change.asked, change.name))


def _change(change: PackageChange) -> str:
    match change.kind:
        case "added" if change.new:
            return f"{change.name} {change.new.version} (new)"
        case "removed":
            return f"no {change.name}"
        case "up" | "down" if change.old and change.new:
            return f"{change.name} {change.old.version} → {change.new.version}"
        case _:
            return f"{change.name} rebuilt"


def _failed_line(name: str, failed: FailedPlatform) -> str:
    cell, turn = failed.cell, failed.turn
    where = cell.platform if cell.target == "default" else f"{cell.platform} ({cell.target})"
    if cell.status == "unknown":
        return f"{name} on {where}: unknown: {cell_words(cell.reason)}"
    return f"{name} can't be solved on {where}{_since(turn)}: {cell_words(cell.reason)}"


def _since(turn: Turn | None) -> str:
    """Return since when, and by which upload; "" if that is not known."""
    if turn is None:
        return ""
    if turn.moment is None:
        return f", as on {turn.since:%Y-%m-%d}"
    uploads = upload_words(turn)
    were = "was" if len(turn.uploads) == 1 else "were"
    return f" since {turn.moment:%Y-%m-%d %H:%M} UTC, when {words(uploads, _MOST)} {were} uploaded"


def outlook_json(outlook: DistributionOutlook) -> dict[str, Any]:
    """Return an entry of `distributions` in the JSON of `bot run`."""
    difference = outlook.difference
    return {
        "name": outlook.name,
        "compared_with": difference.old if difference is not None else None,
        "changes": [_change_json(change) for change in (_changes(difference) if difference is not None else ())],
        "failed": list(map(_failed_json, outlook.failed)),
        "unknown": end_words(outlook.end) if outlook.end is not None and outlook.past_end else None,
        "ends": outlook.end.day.isoformat() if outlook.end is not None else None,
        "problem": outlook.problem or None,
    }


def _change_json(change: PackageChange) -> dict[str, Any]:
    return {
        "name": change.name,
        "kind": change.kind,
        "from": change.old.version if change.old else None,
        "to": change.new.version if change.new else None,
        "asked": change.asked,
    }


def _failed_json(failed: FailedPlatform) -> dict[str, Any]:
    cell, turn = failed.cell, failed.turn
    return {
        "environment": cell.target,
        "platform": cell.platform,
        "status": cell.status,
        "reason": cell_words(cell.reason),
        "since": turn.moment.isoformat() if turn and turn.moment else None,
        "uploads": [str(one) for one in turn.uploads] if turn else [],
    }

"""Plans for a new platform, and what a migration does to targets, as JSON and as text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table

from dirac_forge.migration.addition import Addition
from dirac_forge.migration.effects import TargetClosure, TargetEffect, Today, WaveEffect
from dirac_forge.report import document
from dirac_forge.report.document import Section, words
from dirac_forge.report.migration import sentences
from dirac_forge.report.migration_status import missing_words
from dirac_forge.report.terminal import Shown

__all__ = ["addition_json", "addition_text", "effect_json", "effect_text"]

_SHORT = {"installable": "yes", "not-installable": "no", "unknown": "unknown"}
_MOST_NAMES = 20
"""In a sentence; --json has all."""
_MOST_LINES = 6
"""Of what the solver says."""


def addition_json(addition: Addition) -> dict[str, Any]:
    """The plan as `migrate plan --add-platform --json` prints it."""
    count = max((one.wave for one in addition.feedstocks), default=-1) + 1
    return {
        "platform": addition.platform,
        "target": addition.target,
        "members": [
            {
                "feedstock": one.feedstock,
                "packages": list(one.packages),
                "wave": one.wave,
                "waits_for": list(one.waits_for),
                "skipped": one.skipped,
                "path": list(one.path),
                "runs": one.runs,
            }
            for one in addition.feedstocks
        ],
        "waves": [[one.feedstock for one in addition.feedstocks if one.wave == wave] for wave in range(count)],
        "smallest": list(addition.smallest),
        "proof": {
            "status": addition.proof.status,
            "reason": addition.proof.reason,
            "each": addition.proof.each,
            "nowhere": list(addition.proof.nowhere),
        }
        if addition.proof is not None
        else None,
        "cycles": [
            {
                "members": list(cycle.members),
                "broken_edges": [{"parent": parent, "child": child} for parent, child in cycle.broken],
            }
            for cycle in addition.cycles
        ],
        "unknown": list(addition.unknown),
    }


def addition_text(addition: Addition) -> RenderableType:
    """Waves in columns of a table, then what stands in the way."""
    if not addition.feedstocks and not addition.unknown:
        return sentences([f"{addition.target} has all it needs on {addition.platform}."])
    lines = _smallest_lines(addition)
    if addition.unknown:
        names = words(addition.unknown, _MOST_NAMES)
        lines.append(f"No feedstock of the workspace makes {names}. `dirac-forge sync` them to see further.")
    for cycle in addition.cycles:
        edges = ", ".join(f"{parent} -> {child}" for parent, child in cycle.broken)
        lines.append(f"A cycle: {', '.join(cycle.members)}; the order leaves out {edges}.")
    title = f"{addition.target} on {addition.platform}"
    blocks = (_order_table(addition),) if addition.feedstocks else ()
    return Group(Shown([Section(title=title, blocks=blocks)]), sentences(lines))


def _order_table(addition: Addition) -> document.Table:
    rows = []
    for one in addition.feedstocks:
        remark = f"skipped: {one.skipped}" if one.skipped else "" if one.runs else "only to build"
        rows.append((str(one.wave + 1), one.feedstock, ", ".join(one.packages), ", ".join(one.waits_for), remark))
    narrow = tuple(
        f"wave {wave}: {name} ({packages})" + (f", after {after}" if after else "") + (f", {remark}" if remark else "")
        for wave, name, packages, after, remark in rows
    )
    return document.Table(("wave", "feedstock", "packages", "waits for", ""), tuple(rows), narrow=narrow)


def _smallest_lines(addition: Addition) -> list[str]:
    """What the target needs at least, and whether that is enough."""
    if not addition.smallest:
        return []
    target, platform, names = addition.target, addition.platform, words(addition.smallest, _MOST_NAMES)
    packages = "this package" if len(addition.smallest) == 1 else f"these {len(addition.smallest)} packages"
    proof = addition.proof
    lines = []
    if proof is None or proof.status == "unknown":
        lines.append(f"{target} on {platform} needs at least {packages}: {names}.")
        if proof is not None:
            lines.append(f"The solver could not be asked whether that is enough: {proof.reason}")
    elif proof.status == "installable":
        start = "Smallest set" if proof.each else "Enough"
        lines.append(f"{start}: {target} is installable on {platform} once it has {packages}: {names}.")
        ending = " Without any one of them it is not." if proof.each else ""
        lines.append(f"The solver confirms this, given builds like those of the other platforms.{ending}")
    else:
        lines.append(f"{target} is not installable on {platform} even with {packages} there: {names}.")
        lines.append(f"  {proof.reason}")
    if proof is not None and proof.nowhere:
        lines.append(f"No platform has a build of {words(proof.nowhere, _MOST_NAMES)}, so the solver was given none.")
    return lines


def effect_json(effect: TargetEffect) -> dict[str, Any]:
    """What a plan does to a target, as it stands in `targets` of `migrate plan --json`."""
    return {
        "target": effect.target,
        "missing": [{"package": each.package, "version": each.pin} for each in effect.missing],
        "waves": [
            {
                "wave": one.wave,
                "platform": one.platform,
                "new": {"status": one.new.status, "reason": one.new.reason},
                "old": {"status": one.old.status, "reason": one.old.reason},
            }
            for one in effect.waves
        ],
        "closure": {
            platform: {
                "members": list(closure.members),
                "critical_path": list(closure.critical_path),
                "length": len(closure.critical_path),
                "outside": list(closure.outside),
                "proved": closure.proved,
                "reason": closure.reason if closure.today is None else _untried(effect.target, platform, closure.today),
                "touched": closure.today is None or closure.today.touched,
            }
            for platform, closure in effect.closures.items()
        },
    }


def effect_text(effect: TargetEffect) -> RenderableType:
    """A table of platforms and of the waves after which something changes, and the closure."""
    if effect.missing:
        what = missing_words(effect.missing, all_=True)
        return sentences([f"{what} What that does to {effect.target} can't be tried yet."])
    if effect.closures and all(each.today and not each.today.touched for each in effect.closures.values()):
        return sentences([f"{effect.target} needs none of the migrated packages: the migration does not change it."])
    last = {each.platform: each for each in effect.waves}
    lines = [
        line
        for platform, closure in effect.closures.items()
        for line in _closure_lines(effect.target, platform, closure, last.get(platform))
    ]
    return Group(_wave_table(effect), sentences(lines)) if effect.waves else sentences(lines)


def _wave_table(effect: TargetEffect) -> Table:
    """Return a row for each wave after which something changes."""
    title = f"is {effect.target} installable? with the new pin / with the old one"
    table = Table("after wave", *effect.closures, title=title)
    cells = {
        (each.wave, each.platform): f"{_SHORT[each.new.status]} / {_SHORT[each.old.status]}" for each in effect.waves
    }
    before: list[str] = []
    for wave in sorted({each.wave for each in effect.waves}):
        row = [cells.get((wave, platform), "") for platform in effect.closures]
        if row != before:
            table.add_row(str(wave) if wave else "none", *row)
        before = row
    return table


def _untried(target: str, platform: str, today: Today) -> str:
    """Return why a migration was not tried on a target."""
    if today.installable is None:
        return f"{platform}: whether {target} is installable today is unknown: {today.reason}"
    if not today.installable:
        return f"{platform}: {target} is not installable today, whatever the migration does: {today.reason}"
    return f"{platform}: {target} needs none of the migrated packages there."


def _outside_lines(platform: str, outside: Sequence[str]) -> list[str]:
    if not outside:
        return []
    words = "this outside package" if len(outside) == 1 else f"these {len(outside)} outside packages"
    return [
        (
            f"{platform}: with {words} rebuilt too, which no feedstock here makes "
            f"(`dirac-forge sync` brings them in): {', '.join(outside)}."
        )
    ]


def _closure_lines(target: str, platform: str, closure: TargetClosure, last: WaveEffect | None) -> list[str]:
    """What has to be done for a target on one platform."""
    if closure.today is not None or last is None:
        return [_untried(target, platform, closure.today)] if closure.today is not None else []
    lines = _outside_lines(platform, closure.outside)
    members = ", ".join(closure.members)
    if not closure.proved:
        done = f"with {members} rebuilt" if members else "and no member would change that"
        lines.append(f"{platform}: {last.new.status} with the new pin, {done}:")
        lines += [f"  {line}" for line in closure.reason.splitlines()[:_MOST_LINES]]
    elif not closure.members:
        lines.append(f"{platform}: installable with the new pin without any further member.")
    else:
        count = len(closure.members)
        path = " -> ".join(closure.critical_path)
        words = "member has" if count == 1 else "members have"
        lines.append(
            f"{platform}: {count} {words} to be done before {target} is installable with the new pin: {members}."
        )
        lines.append(f"  The longest chain has {len(closure.critical_path)}: {path}")
    return lines

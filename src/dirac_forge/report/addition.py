"""Plans for a new platform, as JSON and as text for a terminal."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType

from dirac_forge.migration.addition import Addition, AdditionProof
from dirac_forge.report import document
from dirac_forge.report.document import Section, words
from dirac_forge.report.proof_words import cell_words
from dirac_forge.report.remedy_words import unblock_text
from dirac_forge.report.terminal import Shown, sentences

_MOST_NAMES = 20
"""In a sentence; --json has all."""


def addition_json(addition: Addition) -> dict[str, Any]:
    """Return the plan as `migrate plan --add-platform --json` prints it."""
    count = max((one.wave for one in addition.feedstocks), default=-1) + 1
    return {
        "platform": addition.platform,
        "target": addition.target,
        "members": [
            {
                "feedstock": one.feedstock,
                "packages": list(one.packages),
                "wave": one.wave + 1,
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
            "reason": _reason(addition.proof),
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


def _reason(proof: AdditionProof) -> str:
    helps = f"; this would help: {unblock_text(proof.unblock)}" if proof.unblock is not None else ""
    return f"{cell_words(proof.reason)}{helps}"


def addition_text(addition: Addition) -> RenderableType:
    """Return the waves as a table, then what stands in the way."""
    if not addition.feedstocks and not addition.unknown:
        return sentences([f"{addition.target} needs no further packages on {addition.platform}."])
    lines = _smallest_lines(addition)
    if addition.unknown:
        names = words(addition.unknown, _MOST_NAMES)
        what = "it needs" if len(addition.unknown) == 1 else "they need"
        lines.append(
            f"The plan is incomplete: no feedstock of this workspace makes {names}, so what {what} there is unknown."
        )
    for cycle in addition.cycles:
        edges = ", ".join(f"{parent} -> {child}" for parent, child in cycle.broken)
        lines.append(f"A cycle: {', '.join(cycle.members)}; the order leaves out {edges}.")
    title = f"{addition.target} on {addition.platform}"
    blocks = (_order_table(addition),) if addition.feedstocks else ()
    return Group(Shown([Section(title=title, blocks=blocks)]), sentences(lines))


def _order_table(addition: Addition) -> document.Table:
    rows = []
    for one in addition.feedstocks:
        remark = f"skipped: {one.skipped}" if one.skipped else "" if one.runs else "needed for builds only"
        packages = "" if one.packages == (one.feedstock,) else ", ".join(one.packages)
        rows.append((str(one.wave + 1), one.feedstock, packages, ", ".join(one.waits_for), remark))
    narrow = tuple(
        f"wave {wave}: {name}"
        + (f" ({packages})" if packages else "")
        + (f", after {after}" if after else "")
        + (f"; {remark}" if remark else "")
        for wave, name, packages, after, remark in rows
    )
    return document.Table(("wave", "feedstock", "packages", "waits for", ""), tuple(rows), narrow=narrow)


def _smallest_lines(addition: Addition) -> list[str]:
    """Return what the target needs at least, and whether that is enough."""
    if not addition.smallest:
        known = addition.proof is not None and addition.proof.status == "installable"
        return [f"{addition.target} can be installed on {addition.platform} already."] if known else []
    lines = _enough_lines(addition, addition.proof)
    nowhere = addition.proof.nowhere if addition.proof is not None else ()
    if nowhere:
        names = words(nowhere, _MOST_NAMES)
        lines.append(f"The solver got no build of {names}, because no platform has one to copy from.")
    return lines


def _enough_lines(addition: Addition, proof: AdditionProof | None) -> list[str]:
    """Return the packages that the target needs, and the solver's answer whether they are enough."""
    target, platform, names = addition.target, addition.platform, words(addition.smallest, _MOST_NAMES)
    packages = "this package" if len(addition.smallest) == 1 else f"these {len(addition.smallest)} packages"
    are = "is" if len(addition.smallest) == 1 else "are"
    match proof:
        case None:
            return [f"{target} on {platform} needs at least {packages}: {names}."]
        case AdditionProof(status="unknown"):
            return [
                f"{target} on {platform} needs at least {packages}: {names}.",
                f"Whether that is enough is unknown: {_reason(proof)}",
            ]
        case AdditionProof(status="installable"):
            ending = " All of them are needed." if proof.each else ""
            return [
                f"{target} becomes installable on {platform} once {packages} {are} built for it: {names}.",
                f"The solver confirms this, given builds like those of the other platforms.{ending}",
            ]
        case _:
            return [
                f"{target} is not installable on {platform} even with {packages} there: {names}.",
                f"  {_reason(proof)}",
            ]

"""What a migration does to targets, as JSON and as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Group, RenderableType

from dirac_forge.migration.effects import TargetClosure, TargetEffect, Today
from dirac_forge.migration.older import GuessedMaker
from dirac_forge.report.document import Section, Table, words
from dirac_forge.report.migration_status import missing_words
from dirac_forge.report.proof_words import cell_words
from dirac_forge.report.remedy_words import remedy_phrases, unblock_text
from dirac_forge.report.terminal import Shown, sentences

_SHORT = {"installable": "yes", "not-installable": "no", "unknown": "unknown"}
_MOST_NAMES = 20
"""In a sentence; --json has all."""


def effect_json(effect: TargetEffect) -> dict[str, Any]:
    """Return what a plan does to a target, as `targets` of `migrate plan --json` has it."""
    return {
        "target": effect.target,
        "unknown": effect.unknown,
        "guessed_makers": [
            {"package": each.package, "feedstock": each.feedstock, "recipe": each.version} for each in effect.guessed
        ],
        "missing": [{"package": each.package, "version": each.pin} for each in effect.missing],
        "waves": [
            {
                "wave": one.wave,
                "platform": one.platform,
                "new": {"status": one.new.status, "reason": cell_words(one.new.reason)},
                "old": {"status": one.old.status, "reason": cell_words(one.old.reason)},
            }
            for one in effect.waves
        ],
        "closure": {
            platform: {
                "members": list(closure.members),
                "critical_path": list(closure.critical_path),
                "length": len(closure.critical_path),
                "outside": list(closure.outside),
                "builds_instead": list(remedy_phrases(closure.builds.remedies)) if closure.builds is not None else [],
                "proved": closure.proved,
                "unknown": closure.unknown,
                "reason": cell_words(closure.reason) if closure.today is None else _untried(effect, closure.today),
                "touched": True if closure.today is None else closure.today.touched,
                "readiness": closure.readiness,
                "last_wave": closure.last_wave or None,
            }
            for platform, closure in effect.closures.items()
        },
    }


def effect_text(effect: TargetEffect) -> RenderableType:
    """Return a table of platforms and of the waves after which something changes, and the closure."""
    if effect.missing and not effect.tried:
        what = missing_words(effect.missing, all_=True)
        return sentences([f"{what} Its effect on {effect.target} can't be solved yet."])
    if effect.closures and all(each.readiness == "untouched" for each in effect.closures.values()):
        return sentences([_untouched(effect)])
    every = {each.package for each in effect.missing}.issuperset(effect.packages)
    head = [missing_words(effect.missing, all_=every)] if effect.missing else []
    lines = [*head, *_by_platform(effect), *map(_guess, effect.guessed)]
    table = (Shown([_wave_section(effect)]),) if len(_table_rows(effect)) > 1 else ()
    return Group(*table, sentences(lines))


def _untouched(effect: TargetEffect) -> str:
    return f"{effect.target} needs none of the migrated packages: the migration does not change it."


def _wave_section(effect: TargetEffect) -> Section:
    """Return a row for each wave after which something changes; a list where the platforms do not fit into a line."""
    rows = tuple((str(wave) if wave else "none", *row) for wave, row in _table_rows(effect))
    narrow = tuple(
        f"after {f'wave {wave}' if wave != 'none' else 'no wave'}: "
        + ", ".join(f"{platform} {cell}" for platform, cell in zip(effect.closures, cells, strict=True))
        for wave, *cells in rows
    )
    table = Table(("after wave", *effect.closures), rows, narrow=narrow)
    return Section(title=f"is {effect.target} installable? with the new pin / with the old one", blocks=(table,))


def _table_rows(effect: TargetEffect) -> list[tuple[int, list[str]]]:
    cells = {
        (each.wave, each.platform): f"{_SHORT[each.new.status]} / {_SHORT[each.old.status]}" for each in effect.waves
    }
    rows: list[tuple[int, list[str]]] = []
    for wave in sorted({each.wave for each in effect.waves}):
        row = [cells.get((wave, platform), "not tried") for platform in effect.closures]
        if not rows or row != rows[-1][1]:
            rows.append((wave, row))
    return rows


def _by_platform(effect: TargetEffect) -> Iterator[str]:
    """Yield what has to be done on each platform; platforms with the same work share a line."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for platform, closure in effect.closures.items():
        alike.setdefault(tuple(_closure_lines(effect, closure)), []).append(platform)
    for (first, *rest), platforms in alike.items():
        where = ", ".join(platforms)
        if not rest:
            yield f"{where}: {first}"
        else:
            yield f"{where}:"
            yield from (f"  {line}" for line in (first, *rest))


def _untried(effect: TargetEffect, today: Today) -> str:
    """Return why a migration was not tried on a target."""
    target = effect.target
    if today.installable is None:
        return f"whether {target} is installable today is unknown: {cell_words(today.reason)}"
    if not today.installable:
        return f"{target} is not installable today, whatever the migration does: {cell_words(today.reason)}"
    if today.touched is None:
        return (
            f"whether the migration changes {target} is unknown: nothing here says what is exported by "
            f"{words(effect.packages)}, and not all feedstocks of {target} are in this workspace."
        )
    return f"the migration changes nothing that {target} needs there."


def _closure_lines(effect: TargetEffect, closure: TargetClosure) -> Iterator[str]:
    """Yield what has to be done for a target on one platform: at least one line."""
    if closure.today is not None:
        yield _untried(effect, closure.today)
    elif closure.proved:
        yield from _proof_lines(effect.target, closure)
    else:
        yield from _failure_lines(effect.target, closure)


def _failure_lines(target: str, closure: TargetClosure) -> Iterator[str]:
    done = words((*closure.members, *closure.outside), _MOST_NAMES)
    if closure.solved:
        tail = f"with {done} rebuilt" if done else "and no member changes that"
        yield f"not installable with the new pin, {tail}:"
    else:
        yield f"whether {target} is installable with the new pin{f' and {done} rebuilt' if done else ''} is unknown:"
    yield f"  {cell_words(closure.reason)}"
    if closure.outside:
        yield f"No feedstock of this workspace makes {words(closure.outside, _MOST_NAMES)}."


def _proof_lines(target: str, closure: TargetClosure) -> Iterator[str]:
    if closure.readiness == "after-members":
        count = "1 member has" if len(closure.members) == 1 else f"{len(closure.members)} members have"
        yield f"{count} to be done before {target} is installable with the new pin: {', '.join(closure.members)}."
        yield f"The longest chain has {len(closure.critical_path)}: {' -> '.join(closure.critical_path)}"
        yield from _outside_too(target, closure)
    elif closure.readiness == "after-others":
        yield from _outside_only(target, closure)
    else:
        yield "installable with the new pin; no further member has to be rebuilt."


def _outside_too(target: str, closure: TargetClosure) -> Iterator[str]:
    outside = closure.outside
    if closure.builds is not None:
        yield f"This is needed too: {unblock_text(closure.builds)}."
        yield from _or_rebuilt(target, outside)
    elif len(outside) == 1:
        yield f"This package has to be rebuilt too: {outside[0]}."
    elif outside:
        yield f"These {len(outside)} packages have to be rebuilt too: {words(outside, _MOST_NAMES)}."
    yield from _unknown_order(outside)


def _outside_only(target: str, closure: TargetClosure) -> Iterator[str]:
    names = words(closure.outside, _MOST_NAMES)
    if closure.builds is not None:
        yield f"installable with the new pin after this: {unblock_text(closure.builds)}."
        yield from _or_rebuilt(target, closure.outside)
    else:
        yield f"installable with the new pin once {names} {'is' if len(closure.outside) == 1 else 'are'} rebuilt."
    yield from _unknown_order(closure.outside)


def _or_rebuilt(target: str, outside: Sequence[str]) -> Iterator[str]:
    verb = "is" if len(outside) == 1 else "are"
    yield f"Or once {words(outside, _MOST_NAMES)} {verb} rebuilt, which {target} installs there today."


def _guess(each: GuessedMaker) -> str:
    return (
        f"{each.package} {each.built} may come (judging by its name) from {each.feedstock}, whose recipe here is older "
        f"({each.version}): `dirac-forge sync {each.feedstock}` fetches the newest."
    )


def _unknown_order(outside: Sequence[str]) -> Iterator[str]:
    """Yield why nothing is known of what packages from elsewhere wait for."""
    if len(outside) == 1:
        yield "No feedstock of this workspace makes it, so what it waits for is unknown."
    elif outside:
        yield "No feedstock of this workspace makes them, so what they wait for is unknown."

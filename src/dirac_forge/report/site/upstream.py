"""The newest upstream release of each package of a target, against what the target installs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from rattler import Version
from rattler.exceptions import InvalidVersionError

from dirac_forge.bump.proposal import Bump
from dirac_forge.bump.skip_reasons import Current
from dirac_forge.feedstock.change import Skip
from dirac_forge.report.bump_reasons import skip_text
from dirac_forge.values import dataclass

_DEFAULTS = {"main", "master"}


@dataclass(frozen=True, kw_only=True, slots=True)
class UpstreamAnswer:
    """What a run of `bump` found out about a feedstock's upstream."""

    newest: str = ""
    """The newest version that fits, or "" if unknown."""
    released: datetime | None = None
    reason: str = ""
    """Why nothing newer is proposed, or why it is not known."""


def upstream_answers(results: Sequence[Bump | Skip]) -> dict[str, UpstreamAnswer]:
    """Return what `bump` found out, by feedstock; of several release lines the default one counts."""
    answers: dict[str, UpstreamAnswer] = {}
    for result in results:
        name = result.feedstock if isinstance(result, Skip) else result.change.feedstock
        branch = result.branch if isinstance(result, Skip) else result.change.branch
        if branch in _DEFAULTS or name not in answers:
            answers[name] = _answer(result)
    return answers


def _answer(result: Bump | Skip) -> UpstreamAnswer:
    match result:
        case Bump():
            return UpstreamAnswer(newest=result.new, released=result.released)
        case Skip(reason=Current(version=version)):
            return UpstreamAnswer(newest=version, reason=skip_text(result))
        case Skip():
            return UpstreamAnswer(reason=skip_text(result))


def upstream_row(
    package: Mapping[str, Any],
    makers: Sequence[str],
    answers: Mapping[str, UpstreamAnswer],
    *,
    now: datetime,
) -> dict[str, Any]:
    """Return what is known of a package's upstream: `current`, `outdated` (by how many days) or `unknown`.

    `makers` are the feedstocks that make it, `answers` those of `upstream_answers`.
    """
    name = next((each for each in makers if each in answers), makers[0] if makers else "")
    row: dict[str, Any] = {
        "package": package["name"],
        "version": package["version"],
        "feedstock": name or None,
        "newest": None,
        "released": None,
        "days": None,
    }
    answer = answers.get(name, UpstreamAnswer(reason=_UNASKED if name else _UNMADE))
    if not answer.newest:
        return {**row, "status": "unknown", "reason": answer.reason}
    return row | _compared(package["version"], answer, now)


_UNASKED = "its feedstock was not checked"
_UNMADE = "no feedstock of the workspace makes it"


def _compared(version: str, answer: UpstreamAnswer, now: datetime) -> dict[str, Any]:
    """Return the parts of a row that compare an installed version with the newest one."""
    released = answer.released
    days = (now - released.astimezone(UTC)).days if released is not None else None
    status = _status(version, answer.newest)
    return {
        "newest": answer.newest,
        "released": released.isoformat() if released is not None else None,
        "days": days if status == "outdated" else None,
        "status": status,
        "reason": answer.reason or None,
    }


def _status(installed: str, newest: str) -> Literal["current", "outdated", "unknown"]:
    try:
        return "outdated" if Version(installed) < Version(newest) else "current"
    except InvalidVersionError:
        return "current" if installed == newest else "unknown"

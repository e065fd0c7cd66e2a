"""Why feedstocks are not rebuilt for a migration, in words."""

from __future__ import annotations

from collections.abc import Mapping

from dirac_forge.feedstock.archived import ARCHIVED
from dirac_forge.migration.exclusions import NoRebuild
from dirac_forge.report.bump_reasons import worded

_SAYS: Mapping[str, str] = {
    "archived": ARCHIVED,
    "unreadable": "its recipe can't be read: {problem}",
    "pinning": "the pinning itself is not rebuilt",
    "excluded": "the migration excludes it",
    "maker": "it makes a migrated package",
    "noarch": "everything it builds is noarch",
    "noarch-python": "everything it builds with Python is noarch",
    "platforms": "it is not built on {platforms}",
    "same-variants": "none of its variants has the new values: a rebuild changes nothing",
    "skips-variants": "its recipe skips what the migration adds ({place}): a rebuild changes nothing",
    "own-pin": "its recipe asks for {need} itself ({place}), not {pin}: a rebuild changes nothing",
    "build-only": "it has {need} only in build ({place}), which does not count as host next to {beside}",
    "unchanged-platforms": "it is built with {need} on {platforms} only, where the migration changes nothing",
    "no-member": "it is not a member of the migration",
    "applied": "the migration is applied already",
}


@worded.register
def no_rebuild_text(reason: NoRebuild) -> str:
    """Return the reason in words."""
    return _SAYS[reason.kind].format(
        problem=reason.problem,
        platforms=", ".join(reason.platforms),
        place=reason.place,
        need=reason.need,
        pin=reason.pin,
        beside=reason.beside,
    )

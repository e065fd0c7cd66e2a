"""Why what was solved is not locked, as text and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dirac_forge.distribution.lockable import UnlockablePackages, UnlockableReason
from dirac_forge.distribution.locks import Lock, LockedPackage
from dirac_forge.report.document import Items, Paragraph, Section, listed
from dirac_forge.report.locks import content_lines, lock_json
from dirac_forge.report.numbers import counted

OTHER_CHANNEL = "Use a channel that has the package files, such as a mirror: --channel URL."
_MOST_NAMED = 3
_SAYS: dict[UnlockableReason, str] = {
    "embedded": "{packages} from the embedded snapshot, which has neither package files nor hashes, and has builds "
    "that conda-forge may not have",
    "snapshot": "{packages} from the snapshot {place}, which has no package files",
    "unbuilt": "{packages} not built yet: {names}",
    "no-hash": "{packages} without a hash in the channel: {names}",
}
_NO_FILES = "such packages can't be installed from this lock, because there are no files to download"
_FOLLOWS: dict[UnlockableReason, str] = {
    "embedded": _NO_FILES,
    "snapshot": _NO_FILES,
    "unbuilt": _NO_FILES,
    "no-hash": "files of such packages can't be verified after the download, and `dirac-forge installer` refuses them",
}
"""What it means for those who install from a lock."""


def refused_sections(lock: Lock, refused: Sequence[UnlockablePackages]) -> tuple[Section, ...]:
    """Return what the lock would have, and why it is not written."""
    return (
        Section(
            title=f"{lock.name} can be solved, but not locked",
            blocks=(
                Items(content_lines(lock)),
                Paragraph("Nothing was written: these packages could not be installed from the lock."),
                Items(refused_lines(refused)),
                Paragraph(OTHER_CHANNEL),
            ),
        ),
    )


def refused_lines(refused: Sequence[UnlockablePackages]) -> tuple[str, ...]:
    """Return a line for each reason, with how many packages it is about: the build of several platforms is one."""
    return tuple(_line(each, _named(each.packages)) for each in refused)


def locked_lines(doubtful: Sequence[UnlockablePackages]) -> tuple[str, ...]:
    """Return a warning for each reason to doubt what a lock has, with what follows for those who install from it."""
    return tuple(
        f"the lock has {line}; {_FOLLOWS[each.reason]}"
        for each, line in zip(doubtful, refused_lines(doubtful), strict=True)
    )


def _line(each: UnlockablePackages, names: Sequence[str]) -> str:
    return _SAYS[each.reason].format(
        packages=counted(len(names), "package"), place=each.place, names=listed(names, most=_MOST_NAMED)
    )


def _named(packages: Sequence[LockedPackage]) -> list[str]:
    """Return each build once, with the platforms that it is for."""
    platforms: dict[str, dict[str, None]] = {}
    for each in packages:
        platforms.setdefault(str(each), {})[each.subdir] = None
    places = {name: [one for one in found if one not in ("", "noarch")] for name, found in platforms.items()}
    return [f"{name} ({listed(found)})" if found else name for name, found in places.items()]


def refused_json(lock: Lock, refused: Sequence[UnlockablePackages]) -> dict[str, Any]:
    """Return the document for --json: what the lock would have, and why it is not written."""
    return lock_json(lock, ()) | {"refused": reasons_json(refused)}


def reasons_json(packages: Sequence[UnlockablePackages]) -> list[dict[str, Any]]:
    """Return what can't be installed and checked from a lock, by reason."""
    return [
        {"reason": each.reason, "snapshot": each.place or None, "packages": [str(one) for one in each.packages]}
        for each in packages
    ]

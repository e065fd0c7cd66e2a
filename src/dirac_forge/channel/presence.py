"""Whether a channel has packages at all, before anything is planned with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dirac_forge.channel.records import name_of
from dirac_forge.channel.solver import Channel
from dirac_forge.errors import InputError, UnknownError


def require_packages(channel: Channel, specs: Iterable[str], platforms: Sequence[str]) -> None:
    """Check that a channel has the package of each spec on at least one of the platforms.

    Raises:
        InputError: it does not.
        UnknownError: only a snapshot of a part of a channel lacks it, or its records are malformed.
    """
    indices = [channel.index(platform) for platform in platforms]
    names = dict.fromkeys(map(name_of, specs))
    absent = [name for name in names if not any(index.group(name).records for index in indices)]
    if not absent:
        return
    what = f"{' or '.join(absent)} for {', '.join(platforms)}"
    if gap := next((gap for name in absent for index in indices if (gap := index.gap(name))), None):
        raise UnknownError(
            f"{gap.label} has no {what}; {gap.whole} may have {'it' if len(absent) == 1 else 'them'}",
            hint="Nothing was done.",
        )
    where = ", ".join(source.label for source in channel.sources)
    if any(index.leaves_out(name) for name in absent for index in indices):
        raise UnknownError(
            f"{where} has no readable record of {what}: malformed records are left out (see the warnings)",
            hint="Nothing was done.",
        )
    raise InputError(
        f"{where} has no package {what}", hint="Nothing was done. `dirac-forge check` shows similar names."
    )

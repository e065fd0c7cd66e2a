"""The outlook of the workspace's distributions, which the bot shows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dirac_forge.cli.context import Context
from dirac_forge.cli.distributions import channels_for, distribution_of
from dirac_forge.distribution.locks import Lock
from dirac_forge.distribution.origins import own_lock
from dirac_forge.distribution.outlook import DistributionOutlook, outlook_of
from dirac_forge.distribution.reading import read_lock
from dirac_forge.errors import ForgeError

_BACK = timedelta(days=30)
_THREADS = 4


def outlooks(context: Context) -> tuple[DistributionOutlook, ...]:
    """Return the outlook of each file in `bot.distributions`; one that can't be had says why, and stops nothing."""
    since = datetime.now(UTC) - _BACK
    return tuple(
        _outlook(context, context.settings.workspace / file, since) for file in context.settings.bot.distributions
    )


def _outlook(context: Context, file: Path, since: datetime) -> DistributionOutlook:
    try:
        distribution = distribution_of(context, str(file))
        with ThreadPoolExecutor(_THREADS) as executor:
            return outlook_of(
                channels_for(context, distribution),
                distribution,
                _released(file),
                since=since,
                executor=executor,
                observer=context.observer,
            )
    except ForgeError as error:
        return DistributionOutlook(name=file.name, since=since, problem=error.message)


def _released(file: Path) -> Lock | None:
    """Return the lock of the last release: `pixi.lock` or `conda-lock.yml` next to the file; None without one."""
    lock = own_lock(file)
    return None if lock is None else read_lock(lock)

"""Distributions and their channels, as the files, the options and the environment of a command say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path

from dirac_forge.channel.opening import open_channel
from dirac_forge.channel.solver import Channel
from dirac_forge.check.configured import asked_channels, replaced_channels
from dirac_forge.check.grouped import warn_of_replaced
from dirac_forge.cli.context import Context
from dirac_forge.distribution.ends import day_of, past_end
from dirac_forge.distribution.files import read_distribution
from dirac_forge.distribution.locks import Lock
from dirac_forge.distribution.reading import pip_packages, read_lock, read_pixi_lock
from dirac_forge.distribution.solving import Distribution, Known
from dirac_forge.errors import InputError, redact
from dirac_forge.report.document import listed
from dirac_forge.report.since import end_words

DIFF_FILE = "construct.yaml"
"""The file of `diff` if none is given."""

_OVERRIDES = {
    "CONDA_OVERRIDE_GLIBC": ("__glibc", ("linux",)),
    "CONDA_OVERRIDE_LINUX": ("__linux", ("linux",)),
    "CONDA_OVERRIDE_OSX": ("__osx", ("osx",)),
    "CONDA_OVERRIDE_WIN": ("__win", ("win",)),
    "CONDA_OVERRIDE_CUDA": ("__cuda", ("linux", "win")),
    "CONDA_OVERRIDE_ARCHSPEC": ("__archspec", ("linux", "osx", "win")),
}
"""https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-virtual.html"""


def distribution_of(context: Context, file: str) -> Distribution:
    """Read the file of a distribution; what it says that is not locked becomes a warning.

    Raises:
        InputError: the file can't be read, or --python gives several versions.
    """
    settings = context.settings
    found = read_distribution(
        file, platforms=settings.platforms, only=settings.platforms if "platforms" in settings.flags else ()
    )
    if "pythons" in settings.flags:
        found = found.on_python(*settings.pythons)
    for note in found.notes:
        context.observer.warned(note)
    named = [replaced for channels in found.channels.values() for replaced in replaced_channels(settings, channels)]
    warn_of_replaced(context, named)
    return found


def publishable(context: Context, file: str) -> Distribution:
    """Read the file of a distribution of which something is written that others get: a lock, an installer.

    Raises InputError as `distribution_of` does, and if the URL of a channel has credentials: what is written would
    have them, too.
    """
    found = distribution_of(context, file)
    for channels in found.channels.values():
        for channel in asked_channels(context.settings, channels):
            if redact(channel) != channel:
                raise InputError(
                    f"{file}: the URL of the channel {redact(channel)} has credentials, which would be written into "
                    "what is made of this file",
                    hint="Write it without them, and use `rattler auth login` or ~/.netrc.",
                )
    return found


def lock_from(context: Context, path: Path) -> Lock:
    """Read a lock or a prefix, and warn of the packages in it that no channel has. Raises InputError."""
    lock = read_lock(path)
    if lock.from_index:
        context.observer.warned(f"{path}: packages from pip are left out: {listed(lock.from_index)}")
    return lock


def known_records(context: Context, path: Path) -> Known:
    """Return the records of a pixi.lock by environment and platform; what pip installs becomes a warning.

    Raises:
        InputError: there is no such lock, or it can't be read.
    """
    if not path.is_file():
        raise InputError(f"{path}: there is no such lock", hint="Write it with `dirac-forge lock` first.")
    lock = read_pixi_lock(path)
    if by_pip := pip_packages(lock):
        context.observer.warned(f"{path}: packages from pip are neither compared nor kept: {listed(by_pip)}")
    return {
        (name, platform): records
        for name, environment in lock.environments()
        for platform, records in environment.conda_repodata_records().items()
    }


def channels_for(
    context: Context, distribution: Distribution, *, moment: datetime | None = None
) -> Callable[[str], Channel]:
    """Return a function from an environment to its channels, each opened once.

    The channels are those of --channel, else those of the file, else those of the settings. `moment` takes them as
    they were then, with a warning where a snapshot ends before.
    """
    settings = context.settings

    @cache
    def opened(environment: str) -> Channel:
        channel = open_channel(context, asked_channels(settings, distribution.channels.get(environment, ())))
        for platform in distribution.environments.get(environment, {}):
            asked = distribution.machines.get(environment, {}).get(platform, {})
            if packages := {**asked, **_overridden(context.environ, platform)}:
                channel = channel.on_machine(platform, packages)
        end = past_end(channel, moment) if moment is not None else None
        if end is not None and moment is not None:
            context.observer.warned(f"{end_words(end)}; what was uploaded by {day_of(moment)} is not known")
        for latest in filter(None, (moment, distribution.until)):
            channel = channel.as_of(latest)
        return channel

    return opened


def _overridden(environ: Mapping[str, str], platform: str) -> dict[str, str]:
    """Return the virtual packages that CONDA_OVERRIDE_* variables set on a platform."""
    family = platform.partition("-")[0]
    return {name: environ[key] for key, (name, families) in _OVERRIDES.items() if key in environ and family in families}


def diff_arguments(old: str, new: str, file: str) -> tuple[str, ...]:
    """Return the arguments of `diff` for two states of a distribution's file."""
    return (old, new, *(() if file == DIFF_FILE else ("--file", file)))

"""The evidence for faults of builds, from a channel and a pinning."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from rattler import RepoDataRecord

from dirac_forge.audit.channel_faults import BuildState, ChannelEvidence, PinnedExport, PinnedExports
from dirac_forge.channel.records import Record, RunExports, name_of
from dirac_forge.channel.solver import Channel

if TYPE_CHECKING:
    from dirac_forge.feedstock.pinning import Pinning

_VARIANTS = frozenset({"python", "python_min", "numpy", "perl", "r_base"})
"""Keys with a value for each variant, which builds are made for one after the other."""


def channel_evidence(
    channel: Channel, pinning: Pinning | None, exports: Callable[[Record, str], RunExports | None]
) -> ChannelEvidence:
    """Return what the channel and the pinning tell; `exports` are a package's run_exports on a platform."""

    def state(record: Record, platform: str) -> BuildState:
        index = channel.index(platform)
        builds = index.group(record.name).records
        if any((each.subdir, each.file) == (record.subdir, record.file) for each in builds):
            return "present"
        if (record.version, record.build) in index.removed(record.name):
            return "removed"
        # The embedded snapshot has not all that conda-forge has.
        return "gone" if builds and channel.dated is None else "unknown"

    def licence(record: Record, platform: str) -> str | None:
        index = channel.index(platform)
        group = index.group(record.name)
        for mine, raw in zip(group.records, group.found, strict=True):
            if mine == record and isinstance(raw, RepoDataRecord):
                return raw.license or (None if raw.size is None else "")
        return None

    def pinned(platform: str, needed: frozenset[str]) -> PinnedExports | None:
        return None if pinning is None else _pinned(channel, pinning, platform, needed, exports)

    return ChannelEvidence(
        state=state,
        licence=licence,
        versions=lambda name, platform: tuple(
            dict.fromkeys(each.version for each in channel.index(platform).group(name).records)
        ),
        pinned=pinned,
        pinned_in="" if pinning is None else "conda_build_config.yaml of conda-forge-pinning",
    )


def _pinned(
    channel: Channel,
    pinning: Pinning,
    platform: str,
    needed: frozenset[str],
    exports: Callable[[Record, str], RunExports | None],
) -> PinnedExports:
    """Return what builds that need these packages are pinned to, by keys of the pinning that the channel has."""
    index = channel.index(platform)
    values = {
        key.replace("_", "-"): (key, versions)
        for key, versions in pinning.configuration(platform, platform).values.items()
        if _concerns(key, needed)
    }
    index.prefetch(values)
    found: dict[str, list[PinnedExport]] = {}
    unknown: set[str] = set()
    for name, (key, versions) in values.items():
        for value in filter(_is_version, versions):
            newest = index.newest(f"{name} {value}.*")
            # What a version exports that the channel lacks is not known; a key may be none of its packages.
            lacking = None if index.group(name).records else RunExports()
            told = exports(newest, platform) if newest is not None else lacking
            if told is None:
                unknown.add(name)
                continue
            for spec in (*told.weak, *told.strong):
                found.setdefault(name_of(spec), []).append(PinnedExport(key=key, value=value, spec=spec))
    return PinnedExports(of={name: tuple(each) for name, each in found.items()}, unknown=frozenset(unknown))


def _concerns(key: str, needed: frozenset[str]) -> bool:
    """Whether a key may pin one of these packages: `libboost_devel` is for `libboost`, `zlib` for `libzlib`.

    Asking for run_exports is a request for each package, so that the others are not asked.
    """
    stem = key.replace("_", "-").removesuffix("-devel").removesuffix("-dev")
    return key not in _VARIANTS and any(stem in name for name in needed)


def _is_version(text: str) -> bool:
    return text[:1].isdigit() and " " not in text and "*" not in text

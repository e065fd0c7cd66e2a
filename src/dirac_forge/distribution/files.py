"""Distributions from files: what is asked for, by environment and platform."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from operator import attrgetter
from typing import TypeVar

from dirac_forge.check.files.kinds import read_targets
from dirac_forge.check.targets import Target
from dirac_forge.distribution.solving import Distribution
from dirac_forge.errors import InputError

T = TypeVar("T")


def read_distribution(text: str, *, platforms: Sequence[str], only: Sequence[str] = ()) -> Distribution:
    """Return the distribution that a file or a spec describes.

    Args:
        text: an environment.yml, construct.yaml, pixi.toml, list of specs, or a spec.
        platforms: where a file names none itself.
        only: these platforms, whatever the file names; empty for all.

    Raises:
        InputError: the file can't be read, a spec can't be parsed, or the file has none of the platforms.
    """
    targets = read_targets(text, platforms=platforms)
    by_name = {target.environment: target for target in targets}
    environments = {name: _specs(target, only) for name, target in by_name.items()}
    if not any(environments.values()):
        raise _nothing(text, targets, only)
    return Distribution(
        name=targets[0].name,
        environments=environments,
        channels=_each(by_name, attrgetter("channels")),
        together=_each(by_name, attrgetter("together")),
        solve_groups={name: group for name, group in _each(by_name, attrgetter("solve_group")).items() if group},
        until=next(filter(None, (target.until for target in targets)), None),
        exclude=_each(by_name, attrgetter("exclude")),
        installer=any(target.installer for target in targets),
        machines=_each(by_name, attrgetter("machine")),
        notes=tuple(dict.fromkeys(chain.from_iterable(target.notes for target in targets))),
    )


def _each(targets: Mapping[str, Target], what: Callable[[Target], T]) -> dict[str, T]:
    """Return something of each environment."""
    return {name: what(target) for name, target in targets.items()}


def _specs(target: Target, only: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return what a target asks for, by the platforms on which it asks for something."""
    return {platform: specs for platform in (only or target.platforms) if (specs := target.specs_for(platform))}


def _nothing(text: str, targets: Sequence[Target], only: Sequence[str]) -> InputError:
    asked = ", ".join(only) or "any platform"
    has = ", ".join(dict.fromkeys(each for target in targets for each in target.platforms if target.specs_for(each)))
    return InputError(f"{text}: it has no specs for {asked}", hint=f"Its platforms: {has}." if has else None)

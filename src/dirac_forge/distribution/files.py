"""Distributions from files: what is asked for, by environment and platform."""

from __future__ import annotations

from collections.abc import Sequence

from dirac_forge.check.files.kinds import read_targets
from dirac_forge.distribution.solving import Distribution

__all__ = ["read_distribution"]


def read_distribution(text: str, *, platforms: Sequence[str]) -> Distribution:
    """Return the distribution that a file (environment, construct.yaml, list of specs) or a spec describes.

    Raises:
        InputError: the file can't be read, or a spec can't be parsed.
    """
    targets = read_targets(text, platforms=platforms)
    environments = {
        target.environment: {platform: specs for platform in platforms if (specs := target.specs_for(platform))}
        for target in targets
    }
    notes = tuple(dict.fromkeys(note for target in targets for note in target.notes))
    return Distribution(name=targets[0].name, environments=environments, notes=notes)

"""Distributions from files: what is asked for, by environment and platform."""

from __future__ import annotations

from collections.abc import Sequence

from dirac_forge.check.targets import read_target
from dirac_forge.distribution.locks import DEFAULT_ENVIRONMENT
from dirac_forge.distribution.solving import Distribution

__all__ = ["read_distribution"]


def read_distribution(text: str, *, platforms: Sequence[str]) -> Distribution:
    """Return the distribution that a file (environment, construct.yaml, list of specs) or a spec describes.

    Raises:
        InputError: the file can't be read, or a spec can't be parsed.
    """
    target = read_target(text, platforms=platforms)
    environments = {
        DEFAULT_ENVIRONMENT: {platform: specs for platform in platforms if (specs := target.specs_for(platform))}
    }
    return Distribution(name=target.name, environments=environments, notes=target.notes)

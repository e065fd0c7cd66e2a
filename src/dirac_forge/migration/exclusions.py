"""Why a feedstock is not rebuilt for a migration: values."""

from __future__ import annotations

from typing import Literal

from dirac_forge.feedstock.change import SkipReason
from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class NoRebuild(SkipReason):
    """Why a feedstock that has to do with a migration is not a member, or is not changed for it."""

    kind: Literal[
        "archived",
        "unreadable",
        "pinning",
        "excluded",
        "maker",
        "noarch",
        "noarch-python",
        "platforms",
        "same-variants",
        "skips-variants",
        "own-pin",
        "build-only",
        "unchanged-platforms",
        "no-member",
        "applied",
    ]
    """`pinning`: it is the pinning; `excluded`: the migration names it; `maker`: it makes a migrated package; `noarch`:
    all its packages are; `noarch-python`: all those with Python in host are; `platforms`: it is not built on those of
    the migration; `same-variants`: none of its variants has the new values; `skips-variants`: its recipe skips them;
    `own-pin`: its recipe asks for another version itself;
    `build-only`: it needs a migrated package in build, and not there in place of host; `unchanged-platforms`: it needs
    the migrated packages only where the migration changes nothing; `applied`: it has the migration already."""
    problem: str = ""
    """What is wrong with a recipe that can't be read."""
    platforms: tuple[str, ...] = ()
    """Those of the migration; with `unchanged-platforms` those where the recipe needs a migrated package."""
    place: str = ""
    """`recipe/meta.yaml:4`: the line that decides."""
    need: str = ""
    """The requirement that decides."""
    pin: str = ""
    """The new version, which that requirement excludes."""
    beside: str = ""
    """With `build-only`: what has strong run_exports, as recipes write it, so that host is not empty."""

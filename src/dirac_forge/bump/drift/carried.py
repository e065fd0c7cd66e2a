"""Values: lines that are carried over from upstream, and what stops a recipe from moving by itself."""

from __future__ import annotations

from typing import Literal

from dirac_forge.recipe.making.nature_reasons import NatureReason
from dirac_forge.values import dataclass

Part = Literal["build", "host", "run", "python", "entry_points", "output", "about", "tests"]


@dataclass(frozen=True, kw_only=True, slots=True)
class LagStart:
    """The first release with what the recipe still lacks."""

    version: str
    date: str = ""
    """`2025-03-01`; "" if the index does not tell."""


CarriedKind = Literal[
    "bound-moved",
    "bound-passed",
    "bound-behind",
    "asked-now",
    "asked-before",
    "dead-condition",
    "no-longer-asked",
    "built-with",
    "not-built-with",
    "program-run",
    "no-distutils",
    "pip-without-setuptools",
    "stdlib-asked",
    "listed-twice",
    "conditions-gone",
    "floor-rose",
    "floor-higher",
    "python-min-asked",
    "commands-changed",
    "added",
    "dropped",
    "licence-changed",
    "licence-files-changed",
    "module-gone",
    "new-project",
    "required",
    "declared",
]
"""What upstream, or conda-forge, changed; `bound-passed`: upstream's bound moved past the recipe's bound."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CarriedReason:
    """Why a line is carried over."""

    kind: CarriedKind
    extra: str = ""
    """Of upstream, which asks for it; "" for upstream itself."""
    python: str = ""
    """The version of Python that makes it necessary."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Carried:
    """One line that is carried over from upstream."""

    output: str
    part: Part
    package: str
    """The package, or the name of an entry point, output, module, or key of `about`."""
    project: str = ""
    """The project behind it, as upstream spells it."""
    before: str = ""
    """What the recipe had, "" if it is new."""
    after: str = ""
    """What it says now, "" if it goes."""
    line: int = 0
    """In the text before, from 1; 0 for a new line."""
    evidence: str = ""
    """Upstream's line behind it."""
    reason: CarriedReason
    optional: bool = False
    """A marker or an extra makes it optional for upstream."""
    lags: bool = False
    """Upstream had it before this release already."""
    since: LagStart | None = None
    """When that began; None if nobody looked."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CompiledNow:
    """A `noarch: python` output whose upstream has compiled code now."""

    output: str
    evidence: NatureReason
    languages: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class TooLowPython:
    """A noarch output that is built with an older Python than upstream admits: pip refuses, and the build fails."""

    output: str
    has: str
    wants: str
    evidence: str
    update: bool = True
    """Carrying requirements over raises it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LicenceComparison:
    """The licence of an output's edited recipe next to upstream's."""

    output: str
    recipe: str
    """As the recipe writes it."""
    upstream: str
    declared: bool
    """Whether upstream states it as an SPDX expression; else it was read out of classifiers and licence files."""
    agrees: bool
    told: bool = False
    """Whether a note reports the difference already."""
    unlisted: tuple[str, ...] = ()
    """Files that upstream's metadata names (License-File) and that the edited recipe does not list."""
    all_listed: bool = False
    """Whether the licence files were compared, and the edited recipe lists each one that upstream has."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UnmetRequirement:
    """A requirement of the new version that the edited recipe does not imply, and that no other note reports."""

    output: str
    part: Literal["host", "run"]
    package: str
    lines: tuple[int, ...] = ()
    """Of the edited text, from 1; () if the recipe does not list the package."""
    has: tuple[str, ...] = ()
    """What these lines say."""
    asked: tuple[str, ...]
    """Upstream's specs for conda: several where it asks for other versions elsewhere."""
    evidence: str
    """Upstream's lines behind it."""
    pythons: tuple[str, ...] = ()
    """Where it falls short; () for all that upstream asks for it."""
    platforms: tuple[str, ...] = ()
    """The same of platforms."""
    fresh: bool
    """Whether upstream asked for something else before this release."""
    newest: bool = False
    """Whether the newest version satisfies both, which is what a build takes."""

    @property
    def to_review(self) -> bool:
        """Whether a person has to look: upstream asks for it from this release on, and no build takes care of it."""
        return self.fresh and not self.newest

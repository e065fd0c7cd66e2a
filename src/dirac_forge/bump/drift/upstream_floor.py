"""The lowest Python that two releases admit."""

from __future__ import annotations

from collections.abc import Sequence

from packaging.version import Version

from dirac_forge.bump.drift.clauses import clauses_of, lower_bound
from dirac_forge.bump.drift.lines import RequirementLine
from dirac_forge.bump.drift.needs import floor_of
from dirac_forge.recipe.scope import Scope
from dirac_forge.upstream.files.facts import ReleaseFacts
from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class UpstreamFloor:
    """The lowest Python that upstream admits, before and now."""

    old: Version | None
    new: Version | None
    requires_python: str | None

    @classmethod
    def of(cls, old: ReleaseFacts, new: ReleaseFacts) -> UpstreamFloor:
        """Return the floors of two releases."""
        before, after = old.metadata.requires_python, new.metadata.requires_python
        return cls(old=floor_of(before), new=floor_of(after), requires_python=after)

    @property
    def rose(self) -> bool:
        """Whether it is known to be higher than before."""
        return self.old is not None and self.new is not None and self.new > self.old

    def __str__(self) -> str:
        return f"Requires-Python: {self.requires_python or 'none'}"

    def needed(self, low: Sequence[RequirementLine], scope: Scope) -> bool:
        """Whether a build would fail with a lower floor."""
        if self.new is None or self.old == self.new:
            return False
        return self.new > Version(scope.python_min) or any(map(pins_python, low))


def pins_python(line: RequirementLine) -> bool:
    """Return whether a line of host asks for one Python."""
    return line.section == "host" and any(clause.side == "equal" for clause in clauses_of(line.spec) or ())


def too_low(line: RequirementLine, floor: Version, *, pinned: bool = False) -> bool:
    """Return whether a line admits Pythons below upstream's lowest one, everywhere.

    One that asks for a single Python counts in host with `pinned`: otherwise the maintainers chose it.
    """
    if line.conditional or line.kind != "package":
        return False
    bound = lower_bound([clause for clause in clauses_of(line.spec) or () if clause.side in {"low", "equal"}])
    # A channel has the newest micro release of each Python: 3.9 is as good as upstream's 3.9.2.
    return (
        bound is not None
        and bound.release[:2] < floor.release[:2]
        and (line.template or ">" in line.spec or (pinned and pins_python(line)))
    )

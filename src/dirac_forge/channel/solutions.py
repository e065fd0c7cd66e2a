"""Values: what a solver answers, and the specs that it is asked."""

from __future__ import annotations

from dataclasses import dataclass

from rattler import MatchSpec
from rattler.exceptions import InvalidMatchSpecError

from dirac_forge.channel.records import Record
from dirac_forge.channel.remote import innermost
from dirac_forge.errors import InputError

__all__ = ["NoSolution", "Solution", "parse_spec"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Solution:
    """What would be installed, by name."""

    packages: tuple[Record, ...]

    def get(self, name: str) -> Record | None:
        """Return the package with this name."""
        return next((record for record in self.packages if record.name == name), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class NoSolution:
    """The specs can't be installed together; `text` is what the solver says, raw."""

    text: str


def parse_spec(spec: str) -> MatchSpec:
    """Return a spec that a user wrote.

    Raises:
        InputError: it can't be parsed.
    """
    try:
        return MatchSpec(spec)
    except InvalidMatchSpecError as exc:
        raise InputError(
            f"{spec!r} is not a package spec: {innermost(exc)}",
            hint="Write it as conda does: NAME, 'NAME >=1.2', 'NAME 1.2.*'.",
        ) from exc

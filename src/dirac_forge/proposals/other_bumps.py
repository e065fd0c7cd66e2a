"""Bumps of a run that may unblock another one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from dirac_forge.bump.merge_order import OrderPlace
from dirac_forge.proposals.candidates import Candidate


class OtherBumps:
    """The bumps of a run, as those to choose from that may unblock one."""

    def __init__(self, subjects: Mapping[str, Candidate], places: Mapping[str, OrderPlace]) -> None:
        """Take the bumps and their places in the order, both by key."""
        self._subjects = subjects
        self._places = places

    def making(self, packages: Collection[str]) -> list[str]:
        """Return the bumps that could be installed themselves and make one of these packages."""
        return [
            key
            for key, place in self._places.items()
            if not self._subjects[key].provides.keys().isdisjoint(packages)
            and not any(lack.certain for lack in place.lacks)
        ]

    def waiting_for(self, key: str, packages: Collection[str]) -> list[str]:
        """Return the bumps that make one of these packages and wait for `key`."""
        return [other for other in self.making(packages) if key in self._places[other].behind]

    def subjects(self, keys: Sequence[str]) -> list[Candidate]:
        """Return these and what they wait for, in the order of the run."""
        wanted = {*keys, *(other for key in keys for other in self._places[key].behind)}
        return [self._subjects[key] for key in self._places if key in wanted]

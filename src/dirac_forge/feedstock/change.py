"""Values: what is proposed for a feedstock, or why nothing is."""

from __future__ import annotations

from typing import Literal

from dirac_forge.feedstock.unified import unified_diff
from dirac_forge.values import dataclass

ADMIN_REQUESTS = "admin-requests"
"""conda-forge's repository of requests to its core team; it is not a feedstock."""


class SkipReason:
    """Base of typed reasons for a skip: frozen dataclasses, which `report` turns into words."""

    __slots__ = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorded(SkipReason):
    """A reason as it was written into a file or a database; its fields were not kept."""

    code: str
    """Its type: the class name in lower case, with hyphens."""
    text: str
    """Its words."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Edit:
    """One file of a feedstock, before and after."""

    path: str
    """Relative to the feedstock, with forward slashes."""
    before: str | None
    """None if there is no such file yet."""
    after: str | None
    """None if the file goes away."""

    @property
    def diff(self) -> str:
        """The edit as a unified diff; "" if nothing changes."""
        return unified_diff(
            self.before or "",
            self.after or "",
            old=f"a/{self.path}" if self.before is not None else "/dev/null",
            new=f"b/{self.path}" if self.after is not None else "/dev/null",
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """Edits to a feedstock, with what a reviewer needs; a pull request carries them out."""

    feedstock: str
    branch: str = "main"
    kind: Literal["bump", "migration", "recipe", "fix"]
    key: str
    """What the change is about: the version, or the migration's name; with kind, feedstock and branch it is unique."""
    title: str
    body: str = ""
    """Markdown for the reviewer; `report` writes it once everything that belongs in it is known."""
    reasons: tuple[object, ...] = ()
    """For the commit message: typed reasons, or text where `report` has worded them with the body."""
    edits: tuple[Edit, ...] = ()

    @property
    def in_feedstock(self) -> bool:
        """Whether it is for a feedstock, which is rerendered: not for a repository of requests or new recipes."""
        return self.kind != "recipe" and self.feedstock != ADMIN_REQUESTS


@dataclass(frozen=True, kw_only=True, slots=True)
class Skip:
    """Nothing is proposed for a feedstock, and why."""

    feedstock: str
    branch: str = "main"
    reason: str | SkipReason
    """A typed reason, or the message of an error."""
    kind: Literal["nothing", "no", "unreadable", "unknown"] = "nothing"
    """There is nothing to do; what was asked for is not there; the feedstock can't be read or edited; nobody could
    tell."""
    hint: str = ""
    current: str = ""
    """The version that the recipe has, where that is known."""

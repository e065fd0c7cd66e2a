"""What is proposed for one feedstock: a bump with its edits and reasons, or a skip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from dirac_forge.bump.versions import Edited
from dirac_forge.feedstock.change import Change, Edit
from dirac_forge.upstream.choice import Rejected

if TYPE_CHECKING:
    from dirac_forge.bump.drift.merge import Drift
    from dirac_forge.check.proof import Proof

__all__ = ["Bump", "ProjectLink", "bump_of"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ProjectLink:
    """Where to read about a release."""

    title: str
    """`release`, `changes`, `changelog`, `repository`."""
    url: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Bump:
    """A feedstock's move to a newer release."""

    change: Change
    old: str
    new: str
    edited: Edited
    chosen: str = ""
    """Why this version, as a clause."""
    status: Literal["proposed", "blocked"] = "proposed"
    waits_for: tuple[str, ...] = ()
    """Feedstocks whose bumps come first, and packages that have to come from elsewhere."""
    blocked_by: tuple[str, ...] = ()
    """Why it is blocked, a sentence each."""
    notes: tuple[str, ...] = ()
    """What a person should look at."""
    rejected: tuple[Rejected, ...] = ()
    """Newer versions that were passed over, newest first."""
    drift: Drift | None = None
    """What changed in upstream's requirements; None where nobody looked."""
    proof: Proof | None = None
    """What the solver says; None where it was not asked."""
    released: datetime | None = None
    """When upstream released the new version, where that is known."""
    old_released: datetime | None = None
    links: tuple[ProjectLink, ...] = ()
    patches: tuple[str, ...] = ()
    """Patches that the recipe carries: a person sees whether they still apply."""
    satisfies: tuple[str, ...] = ()
    """Release lines of extensions that the new version belongs to, each as a sentence."""
    recipes: tuple[Change, ...] = ()
    """New recipes for packages that it needs and the channel lacks."""


def bump_of(
    feedstock: str,
    branch: str,
    path: str,
    edited: Edited,
    *,
    rejected: Sequence[Rejected] = (),
    chosen: str = "",
    patches: Sequence[str] = (),
) -> Bump:
    """The bump that an edited recipe is; `path` is the recipe's in the feedstock, `chosen` why this version.

    Its change has no body yet: `report` writes that when all is known.
    """
    chosen = chosen or f"{edited.new} was asked for"
    change = Change(
        feedstock=feedstock,
        branch=branch,
        kind="bump",
        key=edited.new,
        title=f"{feedstock} {edited.new}",
        reasons=(chosen,),
        edits=(Edit(path=path, before=edited.before, after=edited.after),),
    )
    return Bump(
        change=change,
        old=edited.old,
        new=edited.new,
        edited=edited,
        chosen=chosen,
        notes=edited.notes,
        rejected=tuple(rejected),
        patches=tuple(patches),
    )

"""What is proposed for one feedstock: a bump with its edits and reasons, or a skip."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal

from dirac_forge.bump.blockers import Blocker
from dirac_forge.bump.bump_notes import BumpNote
from dirac_forge.bump.changelog import Changelog
from dirac_forge.bump.extension_lines import ExtensionFit
from dirac_forge.bump.new_recipes import NewRecipe
from dirac_forge.bump.objections import PassedOver
from dirac_forge.bump.patches import PatchResult
from dirac_forge.bump.skip_reasons import StillBlocked
from dirac_forge.bump.upstream_versions import SAME, UpstreamVersions
from dirac_forge.bump.versions import Edited
from dirac_forge.feedstock.change import Change, Edit, Skip
from dirac_forge.values import dataclass

if TYPE_CHECKING:
    from dirac_forge.build.evidence import BuildEvidence
    from dirac_forge.bump.drift.merge import Drift
    from dirac_forge.check.proof import Proof


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
    upstream: UpstreamVersions = SAME
    """What upstream calls these versions."""
    asked: bool = False
    """Whether this version was asked for; else it is the newest that fits."""
    status: Literal["proposed", "waiting", "blocked", "unknown"] = "proposed"
    """Waiting is for other proposals only; what is blocked needs a person, or something that is proposed nowhere.

    Unknown is one that was to be built, where nobody can tell whether it can be.
    """
    waits_for: tuple[str, ...] = ()
    """Feedstocks whose bumps come first, and packages that have to come from elsewhere."""
    blocked_by: tuple[Blocker, ...] = ()
    notes: tuple[BumpNote, ...] = ()
    """What a person should look at."""
    rejected: tuple[PassedOver, ...] = ()
    """Newer versions that were passed over, newest first."""
    drift: Drift | None = None
    """What changed in upstream's requirements; None if nobody looked."""
    proof: Proof | None = None
    """What the solver says; None if it was not asked."""
    build: BuildEvidence | None = None
    """How its build went; None if it was not built."""
    released: datetime | None = None
    """When upstream released the new version, where that is known."""
    old_released: datetime | None = None
    links: tuple[ProjectLink, ...] = ()
    tried: tuple[PatchResult, ...] = ()
    """What becomes of the recipe's patches on the new sources; () if they were not tried."""
    patches: tuple[str, ...] = ()
    """Patches that the recipe carries: a person sees whether they still apply."""
    satisfies: tuple[ExtensionFit, ...] = ()
    """Release lines of extensions that the new version belongs to."""
    changelog: Changelog | None = None
    """Upstream's notes on the versions in between; None if it was not looked for, or says nothing."""
    recipes: tuple[NewRecipe, ...] = ()
    """New recipes for packages that it needs and the channel lacks."""

    @property
    def old_release(self) -> str:
        """What upstream calls the old version."""
        return self.upstream.of(self.old)

    @property
    def new_release(self) -> str:
        """What upstream calls the new version."""
        return self.upstream.of(self.new)

    @property
    def moves(self) -> bool:
        """Whether it goes to another version; else it only catches up with what upstream requires of this one."""
        return self.old != self.new


def still_blocked(bump: Bump) -> Skip:
    """Return the answer for a bump that was decided again and can't be sent now."""
    return Skip(
        feedstock=bump.change.feedstock,
        branch=bump.change.branch,
        reason=StillBlocked(by=bump.blocked_by),
        kind="unknown" if bump.status == "unknown" else "no",
        current=bump.old,
    )


def catch_up_of(feedstock: str, branch: str, path: str, text: str, raised: str, version: str) -> Bump:
    """Return the proposal to bring a recipe to upstream's state at its own version; `raised` has its next build number.

    Its requirements are still those of `text`.
    """
    change = Change(
        feedstock=feedstock,
        branch=branch,
        kind="fix",
        key=f"requirements of {version}",
        title=f"Requirements as upstream declares them for {version}",
        edits=(Edit(path=path, before=text, after=raised),),
    )
    edited = Edited(before=text, after=raised, old=version, new=version)
    return Bump(change=change, old=version, new=version, edited=edited)


def bump_of(feedstock: str, branch: str, path: str, edited: Edited, *, asked: bool = True) -> Bump:
    """Return the bump that an edited recipe is; `path` is the recipe's in the feedstock.

    Its change has neither reasons nor a body yet: `report` words them when everything is known.
    """
    change = Change(
        feedstock=feedstock,
        branch=branch,
        kind="bump",
        key=edited.new,
        title=f"{feedstock} {edited.new}",
        edits=(Edit(path=path, before=edited.before, after=edited.after),),
    )
    return Bump(change=change, old=edited.old, new=edited.new, edited=edited, asked=asked, notes=edited.notes)
